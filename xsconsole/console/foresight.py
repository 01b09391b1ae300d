"""What would be done, as far as this console sees now: its own pool, and others that it is connected to."""

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from xsconsole.console.desks import Desk, Keeper
from xsconsole.console.own_scripts import noted_here, refusal_here, refused_here, told_too
from xsconsole.console.refusals import record_refusal
from xsconsole.console.requests.desk import Requests
from xsconsole.domain.approval import Matter, Requester, Tally, tally
from xsconsole.domain.board import Board
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.plan import Plan
from xsconsole.domain.runs import Target
from xsconsole.domain.workflow import Transition
from xsconsole.engine.commands import Demote, Plannable, Promote, Settle
from xsconsole.engine.neighbours import Abroad
from xsconsole.engine.plans.planner import plan
from xsconsole.engine.plans.targets import targets
from xsconsole.engine.ports import Identity
from xsconsole.engine.requests.standing import authors_of
from xsconsole.errors import NotPromotable
from xsconsole.store.keys import is_signature


class Seeing(Protocol):
    """A console, as far as it looks."""

    abroad: Abroad
    requests: Requests

    @property
    def home(self) -> Keeper: ...

    @property
    def board(self) -> Board: ...

    @property
    def inventory(self) -> Inventory: ...

    @property
    def identity(self) -> Identity | None: ...


def planned(console: Seeing, command: Plannable) -> Plan:
    """Return what the command would do; raises `Refused` with the reason and the mend. Pure."""
    at, also_at = console.requests.moment()
    home, way = console.home.settings.home, _way(console.board, command)
    is_urgent = isinstance(command, Promote | Demote) and command.emergency is not None
    try:
        made = plan(command, console.board, console.inventory, _actor(console), at, also_at, console.abroad.land)
    except NotPromotable as refusal:
        raise (told_too(refusal, way, home, is_urgent=is_urgent) if way is not None else refusal) from None
    missing = refusal_here(way, home) if is_urgent and way is not None else None
    if missing is not None:  # an emergency goes past no gate that only the machines can answer
        raise missing
    return noted_here(made, home)


def answers(console: Seeing, configuration: ConfigurationId) -> tuple[Target, ...]:
    """Return every stage of the workflow with what a drop there would do, or why it would not. Pure."""
    at, also_at = console.requests.moment()
    lands = console.abroad.land
    found = targets(configuration, console.board, console.inventory, _actor(console), at, also_at, lands)
    card, workflow, home = console.board.cards.get(configuration), console.board.workflow, console.home.settings.home

    def told(target: Target) -> Target:
        way = workflow.transition(card.stage, target.stage) if workflow is not None and card is not None else None
        refusal = target.refusal
        if way is None or not isinstance(refusal, NotPromotable):
            return target
        return replace(target, refusal=told_too(refusal, way, home))

    return refused_here(tuple(map(told, found)), home)


async def demand_begun_here(desk: Desk, command: Plannable | Settle, home: Path) -> None:
    """Refuse, on record, to begin what would come to a gate whose script cannot be run here.

    Raises:
        NotPromotable: naming the script and its folder; nothing was changed.
    """
    way = _way(desk.board, command)
    refusal = refusal_here(way, home) if way is not None else None
    if refusal is not None:
        await record_refusal(desk, command, refusal)
        raise refusal


def tallied(console: Seeing, plan: Plan) -> Tally | None:
    """Return how the rules of a plan would stand if it were asked for here and now; None where it has none."""
    workflow = console.board.workflow
    if plan.demand is None or workflow is None:
        return None
    card = console.board.cards.get(plan.intent.configuration)
    requester = Requester(fingerprint=console.home.key_fingerprint, actor=_actor(console))
    authors = authors_of(workflow, card)
    return tally(plan.demand.rules, workflow, Matter.PROMOTION, plan.digest, (), requester, is_signature, authors)


def _way(board: Board, command: Plannable | Settle) -> Transition | None:
    """Return the way along which a command leads; None where it is none of that kind, or there is no such way."""
    if not isinstance(command, Promote | Demote) or board.workflow is None:
        return None
    card = board.cards.get(command.configuration)
    return board.workflow.transition(card.stage, command.target) if card is not None else None


def _actor(console: Seeing) -> str:
    return console.identity.actor if console.identity is not None else ""
