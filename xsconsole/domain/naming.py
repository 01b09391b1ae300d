"""What people call things on a command line or in the find field, and which thing they mean."""

from collections.abc import Iterable
from typing import TypeVar

from xsconsole.domain.board import Board, Card
from xsconsole.domain.folding import shortened
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import SR, VM, Host, Inventory, Network
from xsconsole.domain.workflow import Stage, Workflow
from xsconsole.errors import Ambiguous, NotFound

__all__ = [
    "clear_name",
    "find_configuration",
    "find_stage",
    "find_vm",
    "full_name",
    "missing_configuration",
    "own_name",
    "shortened",
]

SHOWN_CHOICES = 12
ID_BEGINNING = 6


def own_name(card: Card) -> str:
    """Return what it is called where that is more than its service and version, as of what was renamed."""
    return "" if card.name == f"{card.service} {card.version}".strip() else card.name


def full_name(card: Card) -> str:
    """Return a name that `find_configuration` understands and that no other card has, where there is such a one."""
    return f"{card.service}@{card.version}" if card.service and card.version else card.name


def clear_name(card: Card, board: Board) -> str:
    """Return the full name where it means this card alone, as it does not where a copy has it too; else the id."""
    try:
        return full_name(card) if find_configuration(board, full_name(card)).id == card.id else card.id
    except (Ambiguous, NotFound):
        return card.id


def find_configuration(board: Board, name: str) -> Card:
    """Return the card meant by an id or its beginning, a name, a service, service@version or service@stage.

    Raises:
        NotFound: nothing is called so; `choices` are the names there are.
        Ambiguous: several are; `choices` are names that tell them apart.
    """
    by_id = [card for card in board.cards.values() if card.id == name]
    found = by_id or [card for card in board.cards.values() if name in _names(board, card)]
    if not found:
        wanted = name.casefold()
        found = [card for card in board.cards.values() if wanted in {text.casefold() for text in _names(board, card)}]
    if not found and len(name) >= ID_BEGINNING:
        found = [card for card in board.cards.values() if card.id.startswith(name.casefold())]
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotFound(
            reason=f"No configuration is called “{shortened(name)}”.",
            mend="`xsconsole config list` shows them all.",
            choices=_choices(board.cards.values()),
        )
    raise Ambiguous(
        reason=f"“{shortened(name)}” fits {len(found)} configurations.",
        mend="Name one of them as service@version, service@stage or by its id.",
        choices=_choices(found, board),
    )


def missing_configuration(board: Board, name: str) -> NotFound | None:
    """Return why nothing here is called so; None where something is."""
    try:
        find_configuration(board, name)
    except NotFound as failure:
        return failure
    except Ambiguous:
        return None
    return None


def find_stage(workflow: Workflow, name: str) -> Stage:
    """Return the stage with this id or name, whatever the case of its letters.

    Raises:
        NotFound: with the stages there are.
    """
    wanted = name.casefold()
    for stage in workflow.stages:
        if wanted in (stage.id.casefold(), stage.name.casefold()):
            return stage
    raise NotFound(
        reason=f"Workflow “{workflow.name}” has no stage “{shortened(name)}”.",
        mend="Name one of its stages.",
        choices=tuple(stage.name for stage in workflow.stages),
    )


def find_vm(inventory: Inventory, name: str) -> VM:
    """Return the ordinary VM with this uuid or name.

    Raises:
        NotFound: there is none. Ambiguous: several have the name; `choices` are their uuids.
    """
    by_uuid = inventory.by_uuid(VM, Uuid(name))
    if by_uuid is not None and by_uuid.is_ordinary:
        return by_uuid
    found = [vm for vm in inventory.all(VM) if vm.is_ordinary and vm.name_label == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise Ambiguous(
            reason=f"{len(found)} VMs are called “{shortened(name)}”.",
            mend="Name it by its uuid.",
            choices=_first(tuple(vm.uuid for vm in found)),
        )
    raise NotFound(reason=f"The pool has no VM called “{shortened(name)}”.", mend="Name a VM by its name or uuid.")


def find_storage(inventory: Inventory, name: str) -> SR:
    """Return the storage with this uuid or name.

    Raises:
        NotFound, Ambiguous: with the choices.
    """
    return _one(inventory, SR, name, "storage", "storages")


def find_network(inventory: Inventory, name: str) -> Network:
    """Return the network with this uuid or name; raises as `find_storage` does."""
    return _one(inventory, Network, name, "network", "networks")


def find_host(inventory: Inventory, name: str) -> Host:
    """Return the host with this uuid or name; raises as `find_storage` does."""
    return _one(inventory, Host, name, "host", "hosts")


T = TypeVar("T", SR, Network, Host)


def _one(inventory: Inventory, kind: type[T], name: str, one: str, many: str) -> T:
    by_uuid = inventory.by_uuid(kind, Uuid(name))
    found = [by_uuid] if by_uuid is not None else [each for each in inventory.all(kind) if each.name_label == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise Ambiguous(
            reason=f"{len(found)} {many} are called “{shortened(name)}”.",
            mend="Name it by its uuid.",
            choices=_first(tuple(each.uuid for each in found)),
        )
    raise NotFound(
        reason=f"The pool has no {one} called “{shortened(name)}”.",
        mend="Name one by its name or uuid.",
        choices=_first(tuple(sorted(each.name_label for each in inventory.all(kind)))),
    )


def _names(board: Board, card: Card) -> set[str]:
    names = {card.name, f"{card.service}@{card.version}", f"{card.service}@{card.stage}"}
    if card.service:
        names.add(card.service)
    stage = board.workflow.stage(card.stage) if board.workflow else None
    if stage is not None:
        names.add(f"{card.service}@{stage.name}")
    return names


def _choices(cards: Iterable[Card], board: Board | None = None) -> tuple[str, ...]:
    names = []
    for card in cards:
        stage = board.workflow.stage(card.stage) if board and board.workflow else None
        is_plain = card.name in (full_name(card), f"{card.service} {card.version}")
        own = "" if is_plain else f"“{shortened(card.name, 40)}”, "  # such as of a copy in a fence
        names.append(f"{full_name(card)} ({own}{stage.name}, {card.id})" if stage else full_name(card))
    return _first(tuple(shortened(name, 160) for name in sorted(names)))


def _first(choices: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first few, and how many more there are."""
    more = len(choices) - SHOWN_CHOICES
    return (*choices[:SHOWN_CHOICES], f"… and {more} more") if more > 0 else choices
