"""The tooltip of a line: everything that has no room in it."""

from xsconsole.console import Estate
from xsconsole.domain import words
from xsconsole.domain.board import Board
from xsconsole.domain.estate import away
from xsconsole.domain.guests import guest_of
from xsconsole.domain.inventory import SR, VM, Host, HostMetrics, Inventory
from xsconsole.domain.inventory_items import Item, Sort
from xsconsole.domain.outline.rows import Row
from xsconsole_ui.texts import tr


def hint(row: Row, estate: Estate) -> str:
    if row.item is None:
        return row.name
    inventory, board = estate.inventory, estate.board
    console = estate.of_pool(row.item.pool)
    sight = estate.sight_of(console) if console is not None else None
    lines: list[str] = []
    match row.sort:
        case Sort.POOL:
            lines = [] if sight is None else [sight.url]
        case Sort.HOST:
            lines = _host(row.item, inventory)
        case Sort.VM:
            lines = _vm(row.item, inventory, board)
        case Sort.SR:
            lines = _sr(row.item, inventory)
        case _:
            pass
    refusal = away(sight) if sight is not None else None
    if refusal is not None:
        lines.append(refusal.reason)
    if estate.has_several and row.sort is not Sort.POOL:
        lines.append(tr("Pool {name}").format(name=row.item.pool_name))
    return "\n".join((row.name, *lines))


def _host(item: Item, inventory: Inventory) -> list[str]:
    host = inventory.get(Host, item.ref)
    if host is None:
        return []
    metrics = inventory.get(HostMetrics, host.metrics)
    lines = [host.address] if host.address else []
    if item.state == "down":
        lines.append(tr("The pool hears nothing of this host."))
    elif item.state == "disabled":
        lines.append(tr("In maintenance: no VM starts here."))
    if metrics is not None and metrics.memory_total:
        used = metrics.memory_total - metrics.memory_free
        lines.append(
            tr("Memory: {used} of {size} in use").format(used=words.size(used), size=words.size(metrics.memory_total))
        )
    return lines


def _vm(item: Item, inventory: Inventory, board: Board) -> list[str]:
    vm = inventory.get(VM, item.ref)
    if vm is None:
        return []
    processors = words.count(vm.VCPUs_max, "vCPU")
    lines = [f"{vm.power_state} · {processors} · {words.size(vm.memory_dynamic_max or vm.memory_static_max)}"]
    guest = guest_of(inventory, vm)
    addresses = sorted({address for key, address in guest.networks.items() if key.endswith("/ip")}) if guest else []
    if addresses:
        lines.append(", ".join(addresses))
    if vm.current_operations:
        lines.append(tr("Busy: {names}").format(names=", ".join(sorted(set(vm.current_operations.values())))))
    card = board.cards.get(item.configuration) if item.configuration else None
    if card is not None:
        lines.append(tr("Member of {name}, in {stage}").format(name=card.name, stage=board.stage_name(card.stage)))
    elif item.is_stray:
        lines.append(
            tr("A clone that still carries the mark of the VM it was made from: adopt it, or let it be cleaned.")
        )
    return lines


def _sr(item: Item, inventory: Inventory) -> list[str]:
    sr = inventory.get(SR, item.ref)
    if sr is None:
        return []
    kind = f"{sr.type}, {'shared' if sr.shared else 'local'}"
    if not sr.physical_size:
        return [kind]
    return [
        kind,
        tr("{used} of {size} in use").format(
            used=words.size(sr.physical_utilisation), size=words.size(sr.physical_size)
        ),
    ]
