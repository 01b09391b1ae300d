"""What would be done, as far as this console sees now: its own pool, and others that it is connected to."""

from pathlib import Path
from typing import Protocol

from xsconsole.console.desks import Desk, Keeper
from xsconsole.console.own_scripts import noted_here, refusal_here, refused_here
from xsconsole.console.refusals import record_refusal
from xsconsole.console.requests.desk import Requests
from xsconsole.domain.approval import Matter, Requester, Tally, tally
from xsconsole.domain.board import Board
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.plan import Plan
from xsconsole.domain.runs import Target
from xsconsole.engine.commands import Demote, Plannable, Promote, Settle
from xsconsole.engine.neighbours import Abroad
from xsconsole.engine.plans.planner import plan
from xsconsole.engine.plans.targets import targets
from xsconsole.engine.ports import Identity
from xsconsole.engine.requests.standing import authors_of
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
    made = plan(command, console.board, console.inventory, _actor(console), at, also_at, console.abroad.land)
    return noted_here(made, console.home.settings.home)


def answers(console: Seeing, configuration: ConfigurationId) -> tuple[Target, ...]:
    """Return every stage of the workflow with what a drop there would do, or why it would not. Pure."""
    at, also_at = console.requests.moment()
    lands = console.abroad.land
    found = targets(configuration, console.board, console.inventory, _actor(console), at, also_at, lands)
    return refused_here(found, console.home.settings.home)


async def demand_begun_here(desk: Desk, command: Plannable | Settle, home: Path) -> None:
    """Refuse, on record, to begin what would come to a gate whose script cannot be run here.

    Raises:
        NotPromotable: naming the script and its folder; nothing was changed.
    """
    workflow = desk.board.workflow
    if not isinstance(command, Promote | Demote) or workflow is None:
        return
    card = desk.board.cards.get(command.configuration)
    way = workflow.transition(card.stage, command.target) if card is not None else None
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


def _actor(console: Seeing) -> str:
    return console.identity.actor if console.identity is not None else ""
