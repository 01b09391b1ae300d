"""Where a configuration comes from, and what comes from it: in words, and as a graph."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from xsconsole.domain.board import Board, Card
from xsconsole.domain.ids import ConfigurationId, StageId, TransitionId, WorkflowId
from xsconsole.domain.naming import shortened
from xsconsole.domain.points.sets import Candidate
from xsconsole.domain.poolstate import Origin
from xsconsole.domain.words import count, instant
from xsconsole.domain.workflow import Kind, Method, Stage, Transition, Workflow

NO_COLOUR = "#808080"  # of a stage that nobody knows


def descent(origin: Origin, workflow: Workflow | None) -> str:
    """Return of what a configuration is a copy, and how far apart its machines were frozen for that."""
    if origin.blueprint is not None:
        return f"Made of {blueprint_words(origin)}."
    stage = workflow.stage(origin.stage) if workflow else None
    kind = "Full copy" if origin.method == Method.FULL_COPY else "Linked clone"
    kind = "Restored from the archive" if origin.archive is not None else kind
    text = f"{kind} of {shortened(origin.name, 60)} in {stage.name if stage else shortened(origin.stage, 40)}"
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


def _frozen(at: datetime, skew_s: float) -> str:
    return f"frozen at {instant(at)} within {math.floor(skew_s) + 1} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """A configuration of a family. `stage` is where it stands, or stood when it was copied, where it is gone.

    `is_blueprint`: it is none, but the version of a blueprint that others were made of.
    """

    configuration: ConfigurationId
    name: str
    stage: StageId
    origin: Origin | None = None
    is_gone: bool = False
    is_blueprint: bool = False


def family(configuration: ConfigurationId, board: Board) -> tuple[Relative, ...]:
    """Return a configuration with all that it descends from and all that descends from those, originals first.

    Copies carry their origin, so one that is gone is known as long as a copy of it stands; what it came from is not.
    """
    known = {card.id: _standing(card) for card in board.cards.values()}
    for card in board.cards.values():
        origin = card.origin
        if origin is not None and origin.configuration not in known:
            is_blueprint = origin.blueprint is not None
            known[origin.configuration] = Relative(
                configuration=origin.configuration,
                name=blueprint_words(origin) if is_blueprint else origin.name,
                stage=origin.stage,
                is_gone=not is_blueprint,
                is_blueprint=is_blueprint,
            )
    if configuration not in known:
        return ()
    first = configuration
    seen = {first}
    while (origin := known[first].origin) is not None and origin.configuration not in seen:
        first = origin.configuration
        seen.add(first)
    copies: dict[ConfigurationId, list[ConfigurationId]] = defaultdict(list)
    for relative in known.values():
        if relative.origin is not None:
            copies[relative.origin.configuration].append(relative.configuration)
    found: dict[ConfigurationId, Relative] = {}
    waiting = [first]
    while waiting:
        one = waiting.pop(0)
        if one not in found:
            found[one] = known[one]
            waiting += sorted(copies[one], key=lambda id_: (known[id_].name.casefold(), id_))
    return tuple(found.values())


def _standing(card: Card) -> Relative:
    return Relative(configuration=card.id, name=card.name, stage=card.stage, origin=card.origin)


def drawn(relatives: Sequence[Relative], workflow: Workflow | None) -> Workflow:
    """Return a family as a graph that can be drawn as a workflow is: a node for each, a way for each copy."""
    known = {relative.configuration for relative in relatives}
    stages = []
    for relative in relatives:
        stage = workflow.stage(relative.stage) if workflow is not None else None
        name, colour = (
            shortened(relative.name, 60 if relative.is_blueprint else 40),
            stage.colour if stage is not None else NO_COLOUR,
        )
        place = stage.name if stage is not None else shortened(relative.stage, 40)
        told = f"was in {place}" if relative.is_gone else "in the library" if relative.is_blueprint else f"in {place}"
        stages.append(Stage(id=StageId(relative.configuration), name=name, colour=colour, description=told))
    ways = tuple(
        Transition(
            id=TransitionId(f"copy-{relative.configuration}"),
            source=StageId(relative.origin.configuration),
            target=StageId(relative.configuration),
            kind=Kind.PROMOTE,
            method=Method(relative.origin.method),
        )
        for relative in relatives
        if relative.origin is not None and relative.origin.configuration in known
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
    for other in sorted(board.cards.values(), key=lambda each: (each.name, each.id)):
        if other.succession is not None and other.succession.incumbent == card.id and standby_of(other, board):
            taken = f"{shortened(other.name, 60)} took its place in {_stage_name(other.stage, board)}."
            told.append(taken if card.is_up else f"It stands by: {taken}")
    return tuple(told)


def _stage_name(stage: StageId, board: Board) -> str:
    found = board.workflow.stage(stage) if board.workflow is not None else None
    return found.name if found is not None else shortened(stage, 40)
