"""A projected board beside the one that a pool shows: where they differ, the record does not tell all."""

from collections.abc import Iterator
from dataclasses import dataclass

from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.naming import shortened
from xsconsole.domain.projection.faces import face_of
from xsconsole.domain.projection.past import PastCard, PastPool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One configuration that does not stand as the rows tell."""

    configuration: ConfigurationId
    sentence: str


def compared(past: PastPool, board: Board) -> tuple[Mismatch, ...]:
    """Return where a pool shows something else than the rows amount to; what runs changes by halves and is left out."""
    found = sorted({*past.cards, *board.cards})
    return tuple(
        Mismatch(configuration=id_, sentence=sentence)
        for id_ in found
        for sentence in _told(past.cards.get(id_), board.cards.get(id_))
    )


def _told(was: PastCard | None, card: Card | None) -> Iterator[str]:
    if was is None:
        if card is not None and card.standing is not Standing.RUNNING:
            yield f"“{shortened(card.name, 60)}” stands on the pool, and no row tells of it."
        return
    name = f"“{shortened(was.face.name, 60)}”"
    if card is None:
        if was.run is None:
            yield f"{name} stands by the rows, and not on the pool."
        return
    if card.standing is Standing.RUNNING or was.standing == Standing.RUNNING.value:
        return
    now = face_of(card)
    if was.face.stage != now.stage:
        yield f"{name} stands in {now.stage} on the pool, and by the rows in {was.face.stage}."
    elif not was.is_partial and was.face.members != now.members:
        yield f"{name} has other members on the pool than by the rows."
    elif not was.is_partial and was.face != now:
        yield f"{name} is another on the pool than by the rows: its name, version or standing differs."
