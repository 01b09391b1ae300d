"""What the guest in a machine says of itself, while there is one."""

from xsconsole.domain.inventory import VM, GuestMetrics, Inventory

_HELD = frozenset({"Running", "Paused"})


def guest_of(inventory: Inventory, vm: VM) -> GuestMetrics | None:
    """Return what the guest says now; None of a machine that is off.

    XAPI keeps what a guest said last until the next start, and copies it to clones and snapshots: none of them has
    these addresses.
    """
    return inventory.get(GuestMetrics, vm.guest_metrics) if vm.power_state in _HELD else None
