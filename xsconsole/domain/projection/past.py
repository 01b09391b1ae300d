"""The board and the workflow as rows tell of them: a pure function of the rows up to a moment, in their order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec

from xsconsole.domain.board import Standing
from xsconsole.domain.canonical import Json
from xsconsole.domain.ids import ConfigurationId, RunId, StageId, Uuid
from xsconsole.domain.projection.faces import Face, unpack
from xsconsole.domain.record import AuditEvent, AuditRow, Outcome
from xsconsole.domain.workflow import Workflow, from_stored
from xsconsole.errors import Refused

PROJECTED = frozenset(
    {
        *(AuditEvent.CONNECTED, AuditEvent.LINK_LOST, AuditEvent.LINK_RESTORED, AuditEvent.CONSOLE_STOPPED),
        AuditEvent.DISCONNECTED,
        *(AuditEvent.WORKFLOW_PUBLISHED, AuditEvent.WORKFLOW_SEEN, AuditEvent.STANDS, AuditEvent.OBSERVED),
        *(AuditEvent.RUN_OPENED, AuditEvent.RUN_RESUMED, AuditEvent.RUN_UNDOING, AuditEvent.RUN_INTERRUPTED),
        AuditEvent.RUN_CLOSED,
    }
)
"""Kinds of rows that a projection is made of; all others change neither the board nor the workflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMark:
    """A run of the console that wrote the rows, while it goes on."""

    run: RunId
    what: str
    source: StageId | None
    target: StageId | None
    opened: int  # the row
    makes: bool = False  # another configuration, which stands by rows of its own
    is_undoing: bool = False
    is_interrupted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCard:
    """A configuration at a moment. `seq` is the row that told of it last; of a partial one no members are known."""

    face: Face
    seq: int
    run: RunMark | None = None
    is_partial: bool = False

    @property
    def standing(self) -> str:
        if self.run is None:
            return self.face.standing
        return (Standing.INTERRUPTED if self.run.is_interrupted else Standing.RUNNING).value


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPool:
    """One pool at a moment. Before a whole look (`looked` is its row) others may stand there, of which no row tells."""

    pool: Uuid
    cards: Mapping[ConfigurationId, PastCard] = field(default_factory=dict)
    workflow: Workflow | None = None
    workflow_version: int = 0  # 0: no row tells; without `workflow` its text is not known
    workflow_seq: int = 0
    looked: int | None = None
    is_followed: bool = False  # the console was connected, so that what others did was seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """All pools as row `seq` left them. `hidden` are rows up to it whose values are not shown."""

    seq: int = 0
    at: datetime | None = None
    pools: Mapping[Uuid, PastPool] = field(default_factory=dict)
    hidden: int = 0

    @property
    def cards(self) -> tuple[tuple[PastPool, PastCard], ...]:
        """Return every card with its pool, by service and name."""
        found = [(pool, card) for pool in self.pools.values() for card in pool.cards.values()]
        return tuple(sorted(found, key=lambda one: (one[1].face.name.casefold(), one[1].face.id)))

    @property
    def unknown(self) -> tuple[str, ...]:
        """Return what these rows cannot tell of that moment, as sentences."""
        said: list[str] = []
        if not self.pools:
            said.append("No row up to here tells of a pool.")
        if self.hidden:
            rows = f"{self.hidden} rows up to here do not show their values: what they changed is not in it."
            one = "1 row up to here does not show its values: what it changed is not in it."
            said.append(one if self.hidden == 1 else rows)
        for pool in self.pools.values():
            if pool.looked is None:
                said.append(f"No row shows all of pool {pool.pool[:8]}: others may have stood there.")
            elif not pool.is_followed:
                said.append(f"The console was not connected to pool {pool.pool[:8]}: it is shown as last seen.")
            if pool.workflow is None:
                said.append(f"No row holds the workflow of pool {pool.pool[:8]}.")
            partial = sum(card.is_partial for card in pool.cards.values())
            if partial:
                said.append(f"Of {partial} in pool {pool.pool[:8]} only name and stage are known, not the members.")
        return tuple(said)


class Projector:
    """Takes rows in, oldest first, and holds what they amount to."""

    def __init__(self, begin: Past | None = None) -> None:
        self.past = begin or Past()

    def hear(self, row: AuditRow) -> Past:
        """Take one row in."""
        fact, past = row.fact, replace(self.past, seq=row.seq, at=row.at)
        if fact.event is AuditEvent.CONSOLE_STOPPED:
            pools = {id_: replace(pool, is_followed=False) for id_, pool in past.pools.items()}
            past = replace(past, pools=pools)
        elif fact.pool is not None and fact.event in PROJECTED:
            before = past.pools.get(fact.pool) or PastPool(pool=fact.pool)
            past = replace(past, pools={**past.pools, fact.pool: _after(before, row)})
        self.past = past
        return past

    def pass_over(self, seq: int) -> Past:
        """Take note of a row whose values are not shown."""
        self.past = replace(self.past, seq=seq, hidden=self.past.hidden + 1)
        return self.past


def projected(rows: Iterable[AuditRow], until: int | None = None) -> Past:
    """Return what rows amount to, oldest first, up to and with row `until`."""
    projector = Projector()
    for row in rows:
        if until is not None and row.seq > until:
            break
        projector.hear(row)
    return projector.past


def _after(pool: PastPool, row: AuditRow) -> PastPool:
    details = row.fact.details or {}
    match row.fact.event:
        case AuditEvent.CONNECTED:
            return _looked_at(replace(pool, is_followed=True), row, details)
        case AuditEvent.LINK_LOST | AuditEvent.DISCONNECTED:
            return replace(pool, is_followed=False)
        case AuditEvent.LINK_RESTORED:
            return replace(pool, is_followed=pool.looked is not None)
        case AuditEvent.WORKFLOW_PUBLISHED if row.fact.outcome is not Outcome.DONE:
            return pool
        case AuditEvent.WORKFLOW_PUBLISHED | AuditEvent.WORKFLOW_SEEN:
            return _with_workflow(pool, row, details.get("content"), details.get("version"))
        case AuditEvent.STANDS:
            return _standing(pool, row, details)
        case AuditEvent.OBSERVED:
            return _moved(pool, row, row.fact.target)
        case AuditEvent.RUN_CLOSED:
            return _closed(pool, row)
        case _:
            known = _with_workflow(pool, row, details.get("content"), details.get("version"))
            return _in_work(known if pool.workflow is None else pool, row, details)


def _looked_at(pool: PastPool, row: AuditRow, details: Mapping[str, Json]) -> PastPool:
    packed, old = details.get("faces"), details.get("board")
    faces = unpack(packed) if isinstance(packed, str) else None
    if faces is not None:
        cards = {face.id: PastCard(face=face, seq=row.seq) for face in faces}
    elif isinstance(old, dict):  # rows of earlier programs tell where everything stood, and no more
        named = {ConfigurationId(id_): one for id_, one in old.items() if isinstance(one, dict)}
        cards = {
            id_: _partial(id_, str(one.get("name", "")), StageId(str(one.get("stage", ""))), row.seq)
            for id_, one in named.items()
        }
    else:
        return replace(pool, looked=None, cards={})
    running = {card.face.id: card.run for card in pool.cards.values() if card.run is not None}
    cards = {id_: replace(card, run=running.get(id_)) for id_, card in cards.items()}
    looked = replace(pool, cards=cards, looked=row.seq)
    return _with_workflow(looked, row, details.get("content"), details.get("version"))


def _with_workflow(pool: PastPool, row: AuditRow, content: Json, version: Json) -> PastPool:
    if not isinstance(version, int):
        return pool
    try:
        workflow = from_stored(content) if isinstance(content, str) else None
    except Refused:  # of a newer program, or damaged
        workflow = None
    return replace(pool, workflow=workflow, workflow_version=version, workflow_seq=row.seq)


def _standing(pool: PastPool, row: AuditRow, details: Mapping[str, Json]) -> PastPool:
    id_ = row.fact.configuration
    if id_ is None:
        return pool
    if details.get("is_gone") is True:
        return replace(pool, cards=_without(pool, id_))
    before = pool.cards.get(id_)
    try:
        face = msgspec.convert(details.get("face"), Face)
    except msgspec.ValidationError:  # withheld, or of a newer program
        return _moved(pool, row, row.fact.target)
    run = before.run if before is not None else None
    return _with(pool, PastCard(face=face, seq=row.seq, run=run))


def _moved(pool: PastPool, row: AuditRow, target: StageId | None) -> PastPool:
    id_ = row.fact.configuration
    if id_ is None:
        return pool
    if target is None:
        return replace(pool, cards=_without(pool, id_))
    before = pool.cards.get(id_) or _partial(id_, row.fact.configuration_name, target, row.seq)
    face = msgspec.structs.replace(before.face, stage=target)
    return _with(pool, replace(before, face=face, seq=row.seq))


def _in_work(pool: PastPool, row: AuditRow, details: Mapping[str, Json]) -> PastPool:
    fact = row.fact
    if fact.configuration is None or fact.run is None:
        return pool
    stage = fact.source or fact.target or StageId("")
    before = pool.cards.get(fact.configuration)
    card = before or _partial(fact.configuration, fact.configuration_name, stage, row.seq)
    mark = card.run
    if mark is None or mark.run != fact.run:
        mark = RunMark(
            run=fact.run,
            what=str(details.get("what", "")),
            source=fact.source,
            target=fact.target,
            opened=row.seq,
            makes="makes" in details,
        )
    is_undoing = mark.is_undoing or fact.event is AuditEvent.RUN_UNDOING
    is_interrupted = fact.event is AuditEvent.RUN_INTERRUPTED
    return _with(pool, replace(card, run=replace(mark, is_undoing=is_undoing, is_interrupted=is_interrupted)))


def _closed(pool: PastPool, row: AuditRow) -> PastPool:
    card = pool.cards.get(row.fact.configuration) if row.fact.configuration is not None else None
    if card is None or card.run is None or card.run.run != row.fact.run:
        return pool
    mark, after = card.run, replace(card, run=None, seq=row.seq)
    if row.fact.outcome is Outcome.DONE and not mark.makes:
        stage = mark.target
    elif row.fact.outcome is Outcome.UNDONE:
        stage = mark.source
    else:  # how it ended was not seen, or it made another one: the rows that follow tell
        return _with(pool, after)
    if stage is None:
        return replace(pool, cards=_without(pool, card.face.id))
    face = msgspec.structs.replace(after.face, stage=stage, standing=Standing.WHOLE.value)
    return _with(pool, replace(after, face=face))


def _partial(id_: ConfigurationId, name: str, stage: StageId, seq: int) -> PastCard:
    face = Face(
        id=id_,
        name=name,
        service="",
        version="",
        stage=stage,
        revision=0,
        workflow_version=0,
        standing=Standing.WHOLE.value,
        members=(),
    )
    return PastCard(face=face, seq=seq, is_partial=True)


def _with(pool: PastPool, card: PastCard) -> PastPool:
    return replace(pool, cards={**pool.cards, card.face.id: card})


def _without(pool: PastPool, id_: ConfigurationId) -> Mapping[ConfigurationId, PastCard]:
    return {known: card for known, card in pool.cards.items() if known != id_}
