"""Several pools as one: a mirror over their mirrors, a board over their boards, and how each of them is seen now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

from xsconsole.domain.board import EMPTY_BOARD, Board, Card
from xsconsole.domain.closures import together
from xsconsole.domain.events import LinkChanged, LinkState
from xsconsole.domain.ids import ConfigurationId, Ref, Uuid
from xsconsole.domain.inventory import Inventory, Record
from xsconsole.domain.naming import shortened
from xsconsole.domain.runs import Target
from xsconsole.domain.words import instant, listing
from xsconsole.domain.workflow import Stage, Workflow
from xsconsole.errors import Refused

R = TypeVar("R", bound=Record)


class Inventories(Inventory):
    """The mirrors of several pools, looked at as one; each goes on taking in what its own pool says.

    References are unique among pools. A uuid can stand in two, such as that of a storage that both see: the first
    pool's is found.
    """

    def __init__(self, parts: Sequence[Inventory] = ()) -> None:
        super().__init__()
        self._parts = tuple(parts)

    @property
    def parts(self) -> tuple[Inventory, ...]:
        return self._parts

    def show(self, parts: Sequence[Inventory]) -> None:
        """Look at these from now on."""
        self._parts = tuple(parts)

    def all(self, kind: type[R]) -> Iterator[R]:
        return chain.from_iterable(part.all(kind) for part in self._parts)

    def get(self, kind: type[R], ref: Ref) -> R | None:
        for part in self._parts:
            found = part.get(kind, ref)
            if found is not None:
                return found
        return None

    def holding(self, kind: type[Record], ref: Ref) -> Inventory | None:
        return next((part for part in self._parts if part.holding(kind, ref) is not None), None)

    def by_uuid(self, kind: type[R], uuid: Uuid) -> R | None:
        found = (part.by_uuid(kind, uuid) for part in self._parts)
        return next((record for record in found if record is not None), None)

    def count(self, kind: type[Record]) -> int:
        return sum(part.count(kind) for part in self._parts)

    def total(self) -> int:
        return sum(part.total() for part in self._parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSight:
    """One pool as it is seen now: by its uuid and its reference, which are empty before anything was heard of it."""

    pool: Uuid
    ref: Ref
    name: str
    url: str
    link: LinkChanged
    hosts: int = 0
    objects: int = 0

    @property
    def is_live(self) -> bool:
        return self.link.state is LinkState.LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one pool has, as last heard of."""

    sight: PoolSight
    board: Board


def joined(boards: Sequence[Board]) -> Board:
    """Return one board over several: columns of the newest version of the first one's workflow, and all cards.

    What stands on two pools at once, as while it is copied, is the card of the one that has its members.
    """
    if len(boards) == 1:
        return boards[0]
    leading = leading_board(boards)
    if leading is None:
        return EMPTY_BOARD
    cards: dict[ConfigurationId, Card] = {}
    for board in boards:
        for id_, card in board.cards.items():
            known = cards.get(id_)
            if known is None or (card.members and not known.members):
                cards[id_] = card
    return Board(
        workflow=leading.workflow,
        cards=cards,
        strays=tuple(stray for board in boards for stray in board.strays),
        unreadable=tuple(name for board in boards for name in board.unreadable),
        is_published=leading.is_published,
        closures=together(board.closures for board in boards),
    )


def leading_board(boards: Sequence[Board]) -> Board | None:
    """Return the board whose workflow gives the columns: published goes before assumed, then the newest version."""
    followed = [board for board in boards if board.workflow is not None]
    published = [board for board in followed if board.is_published] or followed
    if not published:
        return boards[0] if boards else None
    first = published[0].workflow
    same = [board for board in published if first is not None and board.workflow and board.workflow.id == first.id]
    return max(same, key=lambda board: board.workflow.version if board.workflow else 0)


def away(sight: PoolSight) -> Refused | None:
    """Return why nothing can be changed on a pool now; None where it can be."""
    if sight.is_live:
        return None
    name = f"Pool “{shortened(sight.name)}”"
    seen = f" What is shown is its state of {instant(sight.link.as_of)}." if sight.link.as_of is not None else ""
    if sight.link.state is LinkState.CLOSED:
        return Refused(reason=f"{name} is not connected.{seen}", mend="Connect to it first.")
    if sight.link.has_given_up:
        return Refused(reason=f"{name} is away, and nothing is tried any more.{seen}", mend="Connect to it again.")
    return Refused(reason=f"{name} is away.{seen}", mend="Wait until it is back.")


def place_of(stage: Stage, sights: Sequence[PoolSight]) -> Refused | None:
    """Return why nothing can come to a stage now, because its pool is not here; None where it is, or any will do."""
    bound = stage.binding.pool
    if bound is None:
        return None
    sight = next((sight for sight in sights if sight.pool == bound.uuid), None)
    if sight is not None:
        return away(sight)
    name = shortened(bound.name or bound.uuid)
    return Refused(
        reason=f"{shortened(stage.name)} lives in pool “{name}”, to which there is no connection.",
        mend="Connect to that pool.",
    )


def answered(
    card: Card,
    found: Sequence[Target],
    at: PoolSight,
    sights: Sequence[PoolSight],
    shown: Workflow,
    own: Workflow | None,
) -> tuple[Target, ...]:
    """Return an answer for every column shown: as the card's pool says, or why its pool or the stage's is in the way.

    `shown` gives the columns, `own` is what stands on the card's pool.
    """
    by_stage = {target.stage: target for target in found}
    here = away(at)
    answers: list[Target] = []
    for stage in shown.stages:
        target = by_stage.get(stage.id)
        if target is None:
            has = f"version {own.version} of the workflow" if own is not None else "no workflow"
            refusal: Refused | None = Refused(
                reason=f"“{shortened(at.name)}” has {has}, in which there is no stage “{shortened(stage.name)}”.",
                mend="Publish the newest version there.",
            )
            answers.append(Target(stage=stage.id, kind=None, plan=None, refusal=refusal))
            continue
        refusal = (here or place_of(stage, sights)) if stage.id != card.stage else None
        answers.append(target if refusal is None else replace(target, refusal=refusal))
    return tuple(answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """Pools that follow another version than the one shown, or another workflow; None stands for nothing."""

    shown: Workflow
    pools: tuple[tuple[str, Workflow | None], ...]

    @property
    def sentence(self) -> str:
        return (
            f"The columns are those of version {self.shown.version} of “{shortened(self.shown.name)}”; "
            f"{listing(tuple(self._of(name, own) for name, own in self.pools))}."
        )

    def _of(self, name: str, own: Workflow | None) -> str:
        pool = f"“{shortened(name)}”"
        if own is None:
            return f"{pool} has none"
        if own.id != self.shown.id:
            return f"{pool} follows another workflow, “{shortened(own.name)}”"
        same = " with other content" if own.version == self.shown.version else ""
        return f"{pool} has version {own.version}{same}"


def differing(parts: Sequence[Part], shown: Workflow | None) -> Differing | None:
    """Return which of the pools that are heard of follow something else than what is shown; None where none does."""
    if shown is None:
        return None
    others = tuple(
        (part.sight.name, part.board.workflow if part.board.is_published else None)
        for part in parts
        if part.sight.is_live and (part.board.workflow is None or part.board.workflow.digest != shown.digest)
    )
    return Differing(shown=shown, pools=others) if others else None
