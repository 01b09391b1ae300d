"""What is known of one configuration at a moment, for the detail pane."""

from collections.abc import Iterator

from xsconsole.domain.folding import shown
from xsconsole.domain.projection import PastCard, PastPool
from xsconsole_ui.texts import tr


def card_fields(pool: PastPool, card: PastCard) -> tuple[tuple[str, str], ...]:
    return tuple((name, text) for name, text in _fields(pool, card) if text)


def _fields(pool: PastPool, card: PastCard) -> Iterator[tuple[str, str]]:
    face = card.face
    stage = pool.workflow.stage(face.stage) if pool.workflow is not None else None
    yield tr("Configuration"), shown(face.name, 200)
    yield tr("Service"), shown(face.service, 100)
    yield tr("Version"), shown(face.version, 100)
    yield tr("Stage"), shown(stage.name if stage is not None else face.stage, 100)
    yield tr("Standing"), shown(card.standing, 40)
    yield tr("Revision"), str(face.revision) if not card.is_partial else ""
    if card.run is not None:
        yield tr("In work"), shown(card.run.what, 300)
        yield tr("Since row"), str(card.run.opened)
    for member in face.members:
        yield tr("Member"), f"{shown(member.name, 100)} ({shown(member.role, 60)}), {member.vm}"
    for gone in face.missing:
        yield tr("Missing"), str(gone)
    if card.is_partial:
        yield tr("Members"), tr("not known: no row up to here tells of them")
    yield tr("Told by row"), str(card.seq)
    yield tr("Configuration id"), str(face.id)
    yield tr("Pool id"), str(pool.pool)
