"""Where a configuration comes from, and what comes from it: in words, and as a graph."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import zip_longest

import msgspec

from xsconsole.domain.actions.archives import Ancestor
from xsconsole.domain.archive import Deleted
from xsconsole.domain.blueprint import Source
from xsconsole.domain.board import Board, Card
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import ArchiveId, ConfigurationId, StageId, TransitionId, WorkflowId
from xsconsole.domain.naming import shortened
from xsconsole.domain.points.sets import Candidate
from xsconsole.domain.poolstate import Origin
from xsconsole.domain.words import count, instant
from xsconsole.domain.workflow import Kind, Method, Stage, Transition, Workflow

NO_COLOUR = "#808080"  # of a stage that nobody knows
MOST_ORIGINS = 8  # of a copy, each copied from the next: they stand in a key of the pool
ARCHIVE_NODE = "archive-"
NOT_TOLD = 0  # as a revision: of what only an archive tells of


def descent(origin: Origin, workflow: Workflow | None) -> str:
    """Return of what a configuration is a copy, and how far apart its machines were frozen for that."""
    if origin.blueprint is not None:
        return f"Made of {blueprint_words(origin)}."
    if not origin.stage:  # as an archive tells of it
        return f"Made of {shortened(origin.name, 80)}."
    stage = workflow.stage(origin.stage) if workflow else None
    kind = "Full copy" if origin.method == Method.FULL_COPY else "Linked clone"
    kind = "Restored from the archive" if origin.archive is not None else kind
    text = f"{kind} of {shortened(origin.name, 60)} in {stage.name if stage else shortened(origin.stage, 40)}"
    if origin.revision == NOT_TOLD:
        return f"{text}."
    if origin.frozen_at is None or origin.skew_s is None:
        return f"{text}, whose machines were off."
    return f"{text}, {_frozen(origin.frozen_at, origin.skew_s)}."


def blueprint_words(origin: Origin) -> str:
    """Return such as `blueprint web shop, version 3`, of the origin of what was made of one."""
    return f"blueprint {shortened(origin.name, 60)}, version {origin.revision}"


def method_again(origin: Origin | None) -> Method:
    """Return how a copy is made anew: as it was made, or else as linked clones."""
    was = origin.method if origin is not None else ""
    return Method.FULL_COPY if was == Method.FULL_COPY else Method.LINKED_CLONE


def frozen_words(candidate: Candidate) -> str:
    """Return such as `frozen at 2026-11-27 14:02 UTC within 2 s, as a power cut would have left it`.

    XAPI tells the second of a snapshot and no less, so a second is added to what it tells.
    """
    how = "as a power cut would have left it" if candidate.is_of_running else "while it was off"
    return f"{_frozen(candidate.at, candidate.skew_s)}, {how}"


def captured_words(source: Source) -> str:
    """Return what a version of a blueprint was captured from, and how far apart its machines were frozen for that."""
    text = f"Captured from {source.name} in {source.stage}"
    if source.frozen_at is None or source.skew_ms is None:
        return text
    return f"{text}, {_frozen(source.frozen_at, source.skew_ms / 1000)}"


def _frozen(at: datetime, skew_s: float) -> str:
    return f"frozen at {instant(at)} within {math.floor(skew_s) + 1} s"


def origins_of(card: Card, board: Board) -> tuple[Origin, ...]:
    """Return what a configuration was copied from, what that was copied from, and so on, as far as it is known.

    What stands tells itself what it comes from. Of what is gone the copies tell that were made of it.
    """
    found: list[Origin] = []
    origin, told, seen = card.origin, tuple[Origin, ...](), {card.id}
    while origin is not None and origin.configuration not in seen and len(found) < MOST_ORIGINS:
        seen.add(origin.configuration)
        found.append(_bare(origin))
        told = origin.before or told
        source = board.cards.get(origin.configuration)
        if source is not None:
            origin = source.origin
            if told and origin is not None and told[0].configuration == origin.configuration:
                told = told[1:]
        else:
            origin, told = (told[0], told[1:]) if told else (None, ())
    return tuple(found)


def handed_on(origin: Origin | None) -> tuple[Origin, ...]:
    """Return what a copy is told of where its original comes from: by what that knows itself, whatever stands."""
    if origin is None:
        return ()
    return (_bare(origin), *origin.before)[:MOST_ORIGINS]


def _bare(origin: Origin) -> Origin:
    return msgspec.structs.replace(origin, before=(), kept=(), incumbent=None, place=None)


def origins_told(ancestors: Iterable[Ancestor]) -> tuple[Origin, ...]:
    """Return what an archive tells of where it comes from, as origins."""
    return tuple(
        Origin(
            configuration=one.configuration,
            name=one.name,
            stage=one.stage,
            revision=NOT_TOLD,
            method=one.method,
            archive=one.archive,
        )
        for one in ancestors
    )[:MOST_ORIGINS]


def origin_words(card: Card, board: Board) -> tuple[str, ...]:
    """Return where a configuration comes from, in sentences: what it is a copy of, and then what that was one of."""
    first, *others = [descent(origin, board.workflow) for origin in origins_of(card, board)] or [""]
    return (first, *(f"That was: {other[0].lower()}{other[1:]}" for other in others)) if first else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """A configuration of a family. `stage` is where it stands, or stood when it was copied, where it is gone.

    `parent` is what it comes from. With a `version` it is none, but that version of a blueprint, of which others were
    made; `is_archive`: it is an archive of one, and `fate` what became of it where none is kept that can be believed.
    """

    configuration: ConfigurationId
    name: str
    stage: StageId
    origin: Origin | None = None
    parent: ConfigurationId | None = None
    is_gone: bool = False
    version: int | None = None
    is_archive: bool = False
    is_damaged: bool = False
    fate: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An archive that is kept somewhere: of what it is, and what that was copied from, nearest first."""

    archive: ArchiveId
    configuration: ConfigurationId
    name: str
    stage: StageId
    ancestors: tuple[Ancestor, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownArchives:
    """What is known of archives: those that can be believed, where one lies that cannot, and which were deleted."""

    stored: tuple[Stored, ...] = ()
    unread: Mapping[ArchiveId, str] = field(default_factory=dict)
    deleted: Mapping[ArchiveId, Deleted] = field(default_factory=dict)

    def fate_of(self, archive: ArchiveId) -> str:
        """Return what became of an archive that is not among the stored."""
        if archive in self.unread:
            return f"damaged: its document {shortened(self.unread[archive], 120)} cannot be read"
        gone = self.deleted.get(archive)
        return f"deleted {instant(gone.at)} by {gone.by}" if gone else "kept nowhere known here"


def family(configuration: ConfigurationId, board: Board, archives: KnownArchives | None = None) -> tuple[Relative, ...]:
    """Return a configuration with all that it descends from and all that descends from those, originals first.

    Copies carry where they come from, so what is gone is known as long as a copy of it stands, or an archive tells of
    it. Archives stand after who was archived, and before who came back; None: it is not known what became of them.
    """
    known = _known(board, archives)
    if configuration not in known:
        return ()
    first = configuration
    seen = {first}
    while (parent := known[first].parent) is not None and parent not in seen:
        first = parent
        seen.add(first)
    copies: dict[ConfigurationId, list[ConfigurationId]] = defaultdict(list)
    for relative in known.values():
        if relative.parent is not None:
            copies[relative.parent].append(relative.configuration)
    found: dict[ConfigurationId, Relative] = {}
    waiting = [first]
    while waiting:
        one = waiting.pop(0)
        if one not in found:
            found[one] = known[one]
            waiting += sorted(copies[one], key=lambda id_: (natural(known[id_].name), id_))
    return tuple(found.values())


def _known(board: Board, kept: KnownArchives | None) -> dict[ConfigurationId, Relative]:
    """Return all that the board tells of, by node of the graph."""
    known: dict[ConfigurationId, Relative] = {}
    archives: dict[ConfigurationId, Relative] = {}
    for card in board.cards.values():
        known[card.id] = _relative(card.id, card.name, card.stage, card.origin)
        if card.archived is not None:
            archive = _archive(card.archived.archive, card.id, card.archived.stage)
            archives[archive.configuration] = archive
    for card in board.cards.values():
        _take_in(origins_of(card, board), known, archives)
    for one in kept.stored if kept is not None else ():
        chain = origins_told(one.ancestors)
        gone = _relative(one.configuration, one.name, one.stage, next(iter(chain), None))
        known.setdefault(one.configuration, replace(gone, is_gone=True))
        _take_in(chain, known, archives)
        archive = _archive(one.archive, one.configuration, one.stage)
        archives[archive.configuration] = archive
    if kept is not None:
        for node in archives.keys() - {_archive_node(one.archive) for one in kept.stored}:
            id_ = ArchiveId(node.removeprefix(ARCHIVE_NODE))
            is_damaged, fate = id_ in kept.unread, kept.fate_of(id_)
            archives[node] = replace(archives[node], is_gone=not is_damaged, is_damaged=is_damaged, fate=fate)
    return {**known, **archives}


def _take_in(
    chain: Sequence[Origin],
    known: dict[ConfigurationId, Relative],
    archives: dict[ConfigurationId, Relative],
) -> None:
    """Take in what one comes from, as far as that is not known already."""
    for origin, before in zip_longest(chain, chain[1:]):
        standing = known.get(origin.configuration)
        if standing is None or (standing.is_gone and standing.origin is None):
            known[origin.configuration] = _gone(origin, before)
        if origin.archive is not None:
            archive = _archive(origin.archive, origin.configuration, origin.stage)
            archives[archive.configuration] = archive


def _relative(id_: ConfigurationId, name: str, stage: StageId, origin: Origin | None) -> Relative:
    parent = None
    if origin is not None:
        parent = origin.configuration if origin.archive is None else _archive_node(origin.archive)
    return Relative(configuration=id_, name=name, stage=stage, origin=origin, parent=parent)


def _gone(origin: Origin, before: Origin | None) -> Relative:
    """Return what is only known by its copies, itself a copy of `before`."""
    relative = _relative(origin.configuration, origin.name, origin.stage, before)
    return replace(relative, is_gone=origin.is_copy, version=None if origin.is_copy else origin.revision)


def _archive(archive: ArchiveId, of: ConfigurationId, stage: StageId) -> Relative:
    called = f"archive {archive[:8]}"  # of whom, the way to it says
    return Relative(configuration=_archive_node(archive), name=called, stage=stage, parent=of, is_archive=True)


def _archive_node(archive: ArchiveId) -> ConfigurationId:
    return ConfigurationId(f"{ARCHIVE_NODE}{archive}")


def drawn(
    relatives: Sequence[Relative], workflow: Workflow | None, pools: Mapping[ConfigurationId, str] | None = None
) -> Workflow:
    """Return a family as a graph that can be drawn as a workflow is: a node for each, a way for each copy.

    `pools` says on which pool each stands, where that has to be told.
    """
    known = {relative.configuration for relative in relatives}
    stages = []
    for relative in relatives:
        stage = workflow.stage(relative.stage) if workflow is not None else None
        name, colour = shortened(relative.name, 40), stage.colour if stage is not None else NO_COLOUR
        place = stage.name if stage is not None else shortened(relative.stage, 40)
        told = f"was in {place}" if relative.is_gone else f"in {place}"
        told = f"version {relative.version} in the library" if relative.version is not None else told
        pool = (pools or {}).get(relative.configuration, "")
        told = f"{told} on {shortened(pool, 40)}" if pool else told
        told = (relative.fate or f"made in {place}") if relative.is_archive else told
        stages.append(Stage(id=StageId(relative.configuration), name=name, colour=colour, description=told))
    ways = tuple(
        Transition(
            id=TransitionId(f"copy-{relative.configuration}"),
            source=StageId(relative.parent),
            target=StageId(relative.configuration),
            kind=Kind.PROMOTE,
            # Into an archive: how is a word about copies, and nothing is said of it.
            method=Method(relative.origin.method) if relative.origin is not None else Method.MOVE,
        )
        for relative in relatives
        if relative.parent is not None and relative.parent in known
    )
    return Workflow(id=WorkflowId("lineage"), name="Lineage", version=1, stages=tuple(stages), transitions=ways)


def standby_of(card: Card, *boards: Board) -> Card | None:
    """Return who had the place that a configuration took, as long as this has it and that is still on one of them."""
    succession = card.succession
    if succession is None or succession.place != card.stage:
        return None
    cards = [found for board in boards if (found := board.cards.get(succession.incumbent))]
    standby = max(cards, key=lambda each: len(each.members), default=None)  # it may be on its way from one to the other
    return standby if standby is not None and standby.stage != card.stage and standby.id != card.id else None


def place_words(card: Card, board: Board) -> tuple[str, ...]:
    """Return whose place a configuration took and who took its own, as long as they could change places again."""
    told = []
    standby, succession = standby_of(card, board), card.succession
    if standby is not None and succession is not None:
        stay = "stays" if len(succession.kept) == 1 else "stay"
        kept = f", with {count(len(succession.kept), 'disk')} that {stay} there" if succession.kept else ""
        told.append(
            f"It took the place of {shortened(standby.name, 60)} in {_stage_name(card.stage, board)}{kept}; "
            f"{shortened(standby.name, 60)} {'runs' if standby.is_up else 'stands by'} in "
            f"{_stage_name(standby.stage, board)}."
        )
    for other in sorted(board.cards.values(), key=lambda each: (natural(each.name), each.id)):
        if other.succession is not None and other.succession.incumbent == card.id and standby_of(other, board):
            taken = f"{shortened(other.name, 60)} took its place in {_stage_name(other.stage, board)}."
            told.append(taken if card.is_up else f"It stands by: {taken}")
    return tuple(told)


def _stage_name(stage: StageId, board: Board) -> str:
    found = board.workflow.stage(stage) if board.workflow is not None else None
    return found.name if found is not None else shortened(stage, 40)
