"""Several promotions, demotions or verbs planned together: each as if the runs of those before it stood on the pool."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from xsconsole.domain.batch import BatchPlan, Part, PartState
from xsconsole.domain.board import Board, Card, RunView, Standing
from xsconsole.domain.ids import ConfigurationId, ConsoleId, RunId, StageId, Uuid
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Plan, RunKind
from xsconsole.domain.poolstate import RunRecord
from xsconsole.domain.rosters import awaited
from xsconsole.domain.workflow import Kind, Workflow
from xsconsole.engine.archives.return_checks import card_to_be
from xsconsole.engine.commands import Demote, OfService, Promote, Provision, Together
from xsconsole.engine.plans.lands import Land, Lands, no_land
from xsconsole.engine.plans.planner import plan
from xsconsole.errors import NotPromotable, Refused


def moves_to(cards: Iterable[Card], target: StageId, workflow: Workflow, reason: str = "") -> Together:
    """Return the command that brings all these cards to a stage, each by the way that leads there from its own."""
    commands: list[Promote | Demote] = []
    for card in cards:
        edge = workflow.transition(card.stage, target)
        kind = Demote if edge is not None and edge.kind is Kind.DEMOTE else Promote
        commands.append(kind(configuration=card.id, revision=card.revision, target=target, reason=reason))
    return Together(commands=tuple(commands), target=target)


def plan_together(
    together: Together,
    board: Board,
    inventory: Inventory,
    actor: str,
    at: datetime,
    also_at: tuple[datetime, ...] = (),
    lands: Lands = no_land,
    demand_here: Callable[[Plan], None] | None = None,
) -> BatchPlan:
    """Return one plan of all: places, space and memory that earlier ones take are taken for later ones.

    `demand_here` refuses what cannot be begun at this console; it then takes nothing either.

    They run side by side, as far as they do not need the same place or configuration. What others have to approve is
    asked for, each by a request of its own. Whoever has a checklist cannot go with others. Pure, as `plan` is.
    """
    parts: list[Part] = []
    for command in together.commands:
        card = board.cards.get(command.configuration)
        name = card.name if card is not None else _name_of(command)
        try:
            made = plan(command, board, inventory, actor, at, also_at, lands)
            demand_unasked(made)
            if demand_here is not None:
                demand_here(made)
        except Refused as refusal:
            parts.append(_refused(command.configuration, name, refusal))
            continue
        parts.append(Part(configuration=command.configuration, name=name, plan=made, after=_before(made, parts)))
        view = _as_run(made, actor, at)
        board = _with_run(board, made, view)
        lands = _with_arrival(lands, board.cards[made.intent.configuration], view)
    return BatchPlan(target=together.target, parts=tuple(parts))


def _name_of(command: Promote | Demote | Provision | OfService) -> str:
    return command.newcomers[0].name if isinstance(command, Provision) else str(command.configuration)


def _refused(configuration: ConfigurationId, name: str, refusal: Refused) -> Part:
    return Part(configuration=configuration, name=name, refusal=refusal, state=PartState.REFUSED)


def _before(made: Plan, parts: Iterable[Part]) -> tuple[ConfigurationId, ...]:
    """Return whose runs have to end first: they lease something that this one leases too."""
    needed = {*made.leases, *made.leases_abroad}
    return tuple(
        part.configuration
        for part in parts
        if part.plan is not None and part.plan.demand is None and made.demand is None
        if needed & {*part.plan.leases, *part.plan.leases_abroad}
    )


def demand_alone_no_more(made: Plan) -> None:
    """Refuse what has to be decided on by itself.

    Raises:
        NotPromotable: others have to approve it, or it has a checklist.
    """
    if made.demand is not None:
        raise NotPromotable(
            reason=f"Others have to approve the way of “{shortened(made.intent.name)}”.",
            mend="Ask for it alone: its plan asks for approval.",
        )
    demand_unasked(made)


def demand_unasked(made: Plan) -> None:
    """Refuse what asks whoever confirms it.

    Whether to delete for good is asked about all of them together.

    Raises:
        NotPromotable: it has a checklist.
    """
    if made.questions and made.intent.kind is not RunKind.DELETE:
        raise NotPromotable(
            reason=f"The way of “{shortened(made.intent.name)}” has a checklist.",
            mend="Promote it alone, and go through the checklist.",
        )


def _as_run(made: Plan, actor: str, at: datetime) -> RunView:
    record = RunRecord(
        run=RunId(f"planned-{made.intent.configuration}"),
        plan=made,
        plan_digest=made.digest,
        actor=actor,
        console=ConsoleId(""),
        console_name="",
        reason="",
        started_at=at,
    )
    return RunView(record=record, holder=None)


def _with_run(board: Board, made: Plan, view: RunView) -> Board:
    """Return the board as it would be while the plan is carried out."""
    intent = made.intent
    concerned = {intent.configuration, *intent.others}
    touched = {id_: board.cards[id_] for id_ in concerned & board.cards.keys()}
    coming = {card.id: card for card in _coming(made)}
    running = {id_: replace(card, run=view, standing=Standing.RUNNING) for id_, card in (coming | touched).items()}
    return replace(board, cards={**board.cards, **running})


def _coming(made: Plan) -> Iterator[Card]:
    """Return the cards of what a plan makes of a blueprint."""
    intent = made.intent
    for id_ in (intent.configuration, *intent.beside) if intent.kind is RunKind.PROVISION else ():
        value = awaited(id_, made)
        if value is not None:
            yield card_to_be(id_, value.name, value.service, value.version, value.stage)


def _with_arrival(lands: Lands, card: Card, view: RunView) -> Lands:
    """Return other pools as they would be then: what a plan brings into one has its place there, space and memory."""
    intent = view.record.plan.intent

    def land(pool: Uuid) -> Land | None:
        found = lands(pool)
        if found is None or pool != intent.abroad:
            return found
        made = intent.makes or card.id
        arriving = replace(card, id=made, run=view, standing=Standing.RUNNING)
        return replace(found, board=replace(found.board, cards={**found.board.cards, made: arriving}))

    return land
