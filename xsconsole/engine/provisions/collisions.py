"""What configurations of a blueprint could collide with: names of machines and configurations, addresses of guests."""

from collections.abc import Sequence

from xsconsole.domain.board import Board
from xsconsole.domain.guests import guest_of
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import listing
from xsconsole.domain.workflow import Workflow
from xsconsole.engine.commands import Newcomer, Provision
from xsconsole.engine.plans.machine_names import names_on
from xsconsole.errors import NotPromotable


def demand_names(newcomers: Sequence[Newcomer], board: Board, inventory: Inventory) -> None:
    """Refuse names of machines that something has already, or will have.

    Raises:
        NotPromotable: naming the first, and how many more.
    """
    taken = names_on(board, inventory)
    seen: dict[str, str] = {}
    doubled: list[str] = []
    for newcomer in newcomers:
        for member in newcomer.members:
            if member.name in taken or member.name in seen:
                doubled.append(member.name)
            seen[member.name] = newcomer.name
    if doubled:
        whose = taken.get(doubled[0]) or f"another machine of {shortened(seen[doubled[0]], 60)}"
        more = f", and {len(doubled) - 1} more names are taken" if len(doubled) > 1 else ""
        raise NotPromotable(
            reason=f"“{shortened(doubled[0], 60)}” is the name of {whose}{more}.",
            mend="Give another service, one that counts such as shop-{{ number }}, or other values; "
            "or use {{ number }} in the name patterns of the blueprint.",
        )


def demand_titles(command: Provision, board: Board, workflow: Workflow) -> None:
    """Refuse names of configurations that others have."""
    taken, seen = _titles(board, command, workflow), set[str]()
    for newcomer in command.newcomers:
        where = taken.get(newcomer.name)
        if where is not None or newcomer.name in seen:
            raise NotPromotable(
                reason=f"“{shortened(newcomer.name, 60)}” is the name of a configuration {where or 'made beside it'}.",
                mend="Choose another name or version.",
            )
        seen.add(newcomer.name)


def address_words(newcomers: Sequence[Newcomer], inventory: Inventory) -> list[str]:
    """Return what to know of addresses that were given and that a guest has already."""
    known = _addresses(inventory)
    used = sorted({(address, known[address]) for one in newcomers for address in one.addresses if address in known})
    if not used:
        return []
    told = tuple(f"{address} ({shortened(machine, 40)})" for address, machine in used)
    return [
        f"A guest of the pool has the address {listing(told)} already."
        if len(told) == 1
        else f"Guests of the pool have these addresses already: {listing(told)}."
    ]


def _titles(board: Board, command: Provision, workflow: Workflow) -> dict[str, str]:
    own = {one.configuration for one in command.newcomers}
    others = [card for card in board.cards.values() if card.id not in own]
    stages = {stage.id: stage.name for stage in workflow.stages}
    return {card.name: f"in {stages.get(card.stage, 'a stage that is gone')}" for card in others}


def _addresses(inventory: Inventory) -> dict[str, str]:
    found: dict[str, str] = {}
    for vm in inventory.all(VM):
        guest = guest_of(inventory, vm)
        if guest is not None:
            found |= dict.fromkeys(guest.networks.values(), vm.name_label)
    return found
