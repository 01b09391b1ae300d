"""Stages that hold more than they may, and what is left in one pool of a configuration that stands in another.

Neither can be prevented: consoles that see one pool each may fill one place in the same second, and no call of XAPI
spans two pools. So it is told, with what mends it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from xsconsole.domain.acts import Kind, ObjectId
from xsconsole.domain.board import Card
from xsconsole.domain.estate import Part, homes, leading_board
from xsconsole.domain.health import Finding, Severity
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import count, listing
from xsconsole.domain.workflow import Stage, Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Configurations in a stage that takes fewer of their like; `like` says of what, such as `of shop`."""

    stage: Stage
    cards: tuple[Card, ...]
    most: int
    like: str = ""

    @property
    def sentence(self) -> str:
        """Return it in few words, for the column itself."""
        like = f" {self.like}" if self.like else ""
        return f"{count(len(self.cards), 'configuration')}{like}, and the limit is {self.most}: demote one."


def crowds(stage: Stage, cards: Iterable[Card]) -> tuple[Crowd, ...]:
    """Return what a stage has too much of. A configuration on its way has two places, and counts in none of them."""
    limits = stage.limits
    if (limits.per_service, limits.configurations, limits.running) == (None, None, None):
        return ()
    settled = tuple(card for card in cards if card.run is None and card.members and card.stage == stage.id)
    by_service: dict[str, list[Card]] = defaultdict(list)
    for card in settled:
        by_service[card.service].append(card)
    running = tuple(card for card in settled if card.is_up)
    kinds = [(tuple(same), limits.per_service, f"of {shortened(service)}") for service, same in by_service.items()]
    kinds += [(settled, limits.configurations, ""), (running, limits.running, "with running machines")]
    return tuple(
        Crowd(stage=stage, cards=found, most=most, like=like)
        for found, most, like in kinds
        if most is not None and len(found) > most
    )


def examined_places(parts: Sequence[Part]) -> Iterator[Finding | None]:
    """Look at the stages of all pools together, and then at each configuration that several pools know."""
    leading = leading_board([part.board for part in parts])
    workflow = leading.workflow if leading is not None else None
    at_home = homes([part.board for part in parts])
    followers = [
        (card, parts[at])
        for id_, at in at_home.items()
        if workflow is not None and _follows(parts[at], workflow)
        for card in (parts[at].board.cards[id_],)
    ]
    places = {card.id: part for card, part in followers}
    for stage in workflow.stages if workflow is not None else ():
        yield None
        for crowd in crowds(stage, (card for card, _ in followers)):
            yield _overfull(crowd, [places[card.id] for card in crowd.cards], names_pools=len(parts) > 1)
    for part in parts:
        for card in part.board.cards.values():
            home = parts[at_home[card.id]]
            is_left = home is not part and not card.members and card.run is None
            there = home.board.cards[card.id]
            yield _leftover(there, part, home) if is_left and there.members and there.run is None else None


def _follows(part: Part, workflow: Workflow) -> bool:
    own = part.board.workflow
    return own is not None and own.id == workflow.id


def _overfull(crowd: Crowd, parts: Sequence[Part], *, names_pools: bool) -> Finding:
    names = tuple(
        f"{shortened(card.name)} in pool “{shortened(part.sight.name)}”" if names_pools else shortened(card.name)
        for card, part in zip(crowd.cards, parts, strict=True)
    )
    stage, like = shortened(crowd.stage.name), f" {crowd.like}" if crowd.like else ""
    whose = parts[-1].sight
    return Finding(
        severity=Severity.WARNING,
        kind="stage overfull",
        sentence=f"{stage} has {count(len(names), 'configuration')}{like} and takes {crowd.most}: {listing(names)}.",
        mend="Demote one of them, or raise the limit in the workflow. Nothing more comes here until then.",
        object=ObjectId(kind=Kind.VM, uuid=crowd.cards[-1].members[0].uuid, pool=whose.pool),
        name=stage,
        pool=whose.name if names_pools else "",
    )


def _leftover(card: Card, part: Part, home: Part) -> Finding:
    pool, there = part.sight, shortened(home.sight.name)
    return Finding(
        severity=Severity.HINT,
        kind="leftover roster",
        sentence=f"The roster of “{shortened(card.name)}” still stands here, and its machines in pool “{there}”.",
        mend=f"Connected to this pool alone, dissolve it: xsconsole config dissolve {card.id} --pool {pool.url}",
        object=ObjectId(kind=Kind.POOL, uuid=pool.pool, pool=pool.pool),
        name=card.name,
        pool=pool.name,
    )
