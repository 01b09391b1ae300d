"""Several pools as one: a mirror over their mirrors, a board over their boards, and how each of them is seen now."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

from xsconsole.domain import allowances
from xsconsole.domain.board import EMPTY_BOARD, Board, Card
from xsconsole.domain.closures import together
from xsconsole.domain.events import LinkChanged, LinkState
from xsconsole.domain.ids import ConfigurationId, Ref, Uuid
from xsconsole.domain.inventory import Inventory, Record
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Intent
from xsconsole.domain.runs import Target
from xsconsole.domain.words import count, instant, listing
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

    @property
    def called(self) -> str:
        """What it is called in a sentence: by its address, where its name was never heard."""
        return self.url if self.name == self.url else f"“{shortened(self.name)}”"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one pool has, as last heard of."""

    sight: PoolSight
    board: Board


def joined(boards: Sequence[Board], names: Sequence[str] = ()) -> Board:
    """Return one board over several: columns of the newest version of the first one's workflow, and all cards.

    `names` are those of the pools: a card of which machines stand in several says where each is.
    """
    if len(boards) == 1:
        return boards[0]
    leading = leading_board(boards)
    if leading is None:
        return EMPTY_BOARD
    places = homes(boards)
    cards = {id_: boards[place].cards[id_] for id_, place in places.items()}
    for id_ in {id_ for board in boards for id_ in board.cards if boards[places[id_]] is not board}:
        others = [at for at, board in enumerate(boards) if at != places[id_] and id_ in board.cards]
        named = [(names[at] if at < len(names) else "", boards[at].cards[id_]) for at in others]
        cards[id_] = _spread(cards[id_], named)
    return Board(
        workflow=leading.workflow,
        cards=cards,
        strays=tuple(stray for board in boards for stray in board.strays),
        unreadable=tuple(name for board in boards for name in board.unreadable),
        is_published=leading.is_published,
        closures=together(board.closures for board in boards),
        allowances=allowances.together(board.allowances for board in boards),
    )


def homes(boards: Sequence[Board]) -> dict[ConfigurationId, int]:
    """Return at which board each configuration is at home: where a run goes on, or else where most of its members are.

    Where it is the same, the first one.
    """
    found: dict[ConfigurationId, int] = {}
    for at, board in enumerate(boards):
        for id_, card in board.cards.items():
            known = found.get(id_)
            if known is None or _weight(card) > _weight(boards[known].cards[id_]):
                found[id_] = at
    return found


def _weight(card: Card) -> tuple[bool, bool, int]:
    # What is missing is known from the roster, which stands where the configuration was made.
    return card.run is not None, bool(card.members), len(card.members) + len(card.missing)


def _spread(card: Card, others: Sequence[tuple[str, Card]]) -> Card:
    """Return a card that tells what of it is in other pools."""
    here = {member.uuid for member in card.members}
    told = []
    for name, other in others:
        if card.run is not None and other.run is not None and card.run.record.run == other.run.record.run:
            continue  # it is on its way from one to the other, and that is no trouble
        pool = f"pool “{shortened(name)}”"
        away = tuple(member.name for member in other.members if member.uuid not in here)
        twice = tuple(member.name for member in other.members if member.uuid in here)
        if away:
            told.append(f"{count(len(away), 'machine')} of it in {pool}: {listing(away)}.")
        if twice:
            told.append(f"{count(len(twice), 'machine')} in {pool} with the uuid of one of these: {listing(twice)}.")
        if not other.members and card.run is None and other.run is None:
            told.append(f"Its roster still stands in {pool}: connected to that alone, dissolve what is left there.")
    abroad = tuple((name, other.members) for name, other in others if other.members)
    return replace(card, problems=(*card.problems, *told), abroad=abroad)


def on_its_way(card: Card) -> str:
    """Return the pool to which a run brings a configuration now, or back, while machines of it are in both; else empty.

    As a stream each is in both at once. That is no trouble, as what stands in several pools for no reason is.
    """
    intent = card.run.record.plan.intent if card.run is not None else None
    if card.run is None or intent is None or len(intent.pool_names) != 2:
        return ""
    if not any(shortened(pool, 60) in intent.pool_names for pool, _ in card.abroad):
        return ""
    comes_back = (card.id != intent.configuration) is not card.run.record.is_undoing
    return intent.pool_names[0 if comes_back else 1]


def spread(card: Card) -> Refused | None:
    """Return why a configuration cannot be moved that misses machines which stand in other pools; None of others."""
    found = [
        f"{listing(names)} in pool “{shortened(pool)}”"
        for pool, members in card.abroad
        if (names := tuple(member.name for member in members if member.uuid in card.missing))
    ]
    if not found:
        return None
    return Refused(
        reason=f"“{shortened(card.name)}” stands in several pools: {', '.join(found)}.",
        mend="Migrate all its machines into one pool, or take out of it what is missing here.",
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


def waited_for(intent: Intent, sights: Iterable[PoolSight]) -> str:
    """Return the name of the pool that is away and that a run between two waits for; nothing where both are there."""
    return next((one.name for one in sights if one.pool in intent.pools and not one.is_live), "")


def away(sight: PoolSight) -> Refused | None:
    """Return why nothing can be changed on a pool now; None where it can be."""
    if sight.is_live:
        return None
    name = f"Pool “{shortened(sight.name)}”"
    seen = f" What is shown is its state of {instant(sight.link.as_of)}." if sight.link.as_of is not None else ""
    if sight.link.state is LinkState.CLOSED:
        return Refused(reason=f"{name} is not connected.{seen}", mend="Connect to it first.")
    if sight.link.state is LinkState.CONNECTING:
        return Refused(reason=f"{name} is still being connected to.{seen}", mend="Wait until that is done.")
    if sight.link.has_given_up:
        return Refused(reason=f"{name} is away, and nothing is tried any more.{seen}", mend="Connect to it again.")
    return Refused(reason=f"{name} is away.{seen}", mend="Wait until it is back, or connect to another of its hosts.")


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
    here = away(at) or spread(card)
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
    """Pools that follow another version than the one shown, or another workflow; None stands for nothing.

    What is shown may stand nowhere itself: then it `is_proposed`. `unreached` are those with a workflow of their own
    in which no stage of it lives: publishing it writes nothing there. One that has none is given it when asked.
    """

    shown: Workflow
    pools: tuple[tuple[str, Workflow | None], ...]
    is_proposed: bool = False
    unreached: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        told = listing(tuple(self._of(name, own) for name, own in self.pools))
        if self.is_proposed:
            return f"{told}: the columns are those of “{shortened(self.shown.name)}”, which can be published there."
        words = f"The columns are those of version {self.shown.version} of “{shortened(self.shown.name)}”; {told}."
        if not self.unreached:
            return words
        named = listing(tuple(f"“{shortened(name)}”" for name in self.unreached))
        return f"{words} None of its stages lives in {named}: publishing writes there once one does."

    def _of(self, name: str, own: Workflow | None) -> str:
        pool = f"“{shortened(name)}”"
        if own is None:
            return f"{pool} has no workflow" if self.is_proposed else f"{pool} has none"
        if own.id != self.shown.id:
            return f"{pool} follows another workflow, “{shortened(own.name)}”"
        same = " with other content" if own.version == self.shown.version else ""
        return f"{pool} has version {own.version}{same}"


def differing(parts: Sequence[Part], board: Board) -> Differing | None:
    """Return which of the pools that are heard of follow something else than what is shown; None where none does."""
    shown = board.workflow
    if shown is None:
        return None
    followed = [(part.sight, part.board.workflow if part.board.is_published else None) for part in parts]
    others = tuple(
        (sight.name, own) for sight, own in followed if sight.is_live and (own is None or own.digest != shown.digest)
    )
    if not others:
        return None
    reached = {stage.binding.pool.uuid for stage in shown.stages if stage.binding.pool is not None}
    unreached = tuple(
        sight.name
        for sight, own in followed
        if sight.is_live and own is not None and own.digest != shown.digest and sight.pool not in reached
    )
    is_proposed = not board.is_published
    return Differing(shown=shown, pools=others, is_proposed=is_proposed, unreached=() if is_proposed else unreached)
