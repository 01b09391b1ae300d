"""What goes from one pool into another: how machines stand before and after, and how a move may end."""

from typing import Any

from tests.engine.memory_pool import MemoryPool
from tests.engine.two_pools import Company
from xsconsole.domain.ids import NULL_REF, Uuid
from xsconsole.domain.inventory import VDI
from xsconsole.domain.workflow import Method
from xsconsole.domain.workflow.values import RestorePointRule

MOVE: dict[str, Any] = {"method": Method.MOVE, "restore_point": RestorePointRule()}


def machines(pool: MemoryPool) -> dict[str, tuple[object, ...]]:
    """Say of each machine of a pool: uuid, power, networks, storages, MAC addresses, what is blocked, and its disks."""
    found = {}
    for vm in pool.vms():
        if vm.is_a_snapshot:
            continue
        disks = [pool.records[getattr(pool.records[drive], "VDI", NULL_REF)] for drive in vm.VBDs]
        found[vm.name_label] = (
            vm.uuid,
            vm.power_state,
            tuple(pool.networks_of(vm.uuid).values()),
            tuple(pool.records[disk.SR].uuid for disk in disks if isinstance(disk, VDI)),
            tuple(vif.MAC for vif in pool.interfaces(vm.uuid)),
            dict(vm.blocked_operations),
            pool.contents[vm.uuid],
        )
    return found


def is_clear(company: Company) -> bool:
    pools = (company.test.pool, company.production.pool)
    return not any(".run." in key for pool in pools for key in pool.keys)


def rosters(pool: MemoryPool) -> int:
    return sum("xsconsole.configuration." in key for key in pool.keys)


class Ends:
    """How a move may end: all machines in the one pool or all in the other, each once, and nothing left of it."""

    def __init__(self, company: Company) -> None:
        self.before = machines(company.test.pool)
        self._snapshots = _snapshots(company.test.pool)

    def look(self, company: Company) -> bool:
        """Return whether they have moved."""
        test, production = company.test.pool, company.production.pool
        assert is_clear(company)
        is_moved = not machines(test)
        where, nowhere = (production, test) if is_moved else (test, production)
        addresses = {name: (state[0], state[4]) for name, state in self.before.items()}
        assert {name: (state[0], state[4]) for name, state in machines(where).items()} == addresses
        assert list(nowhere.vms()) == [], "neither a machine nor a snapshot is left of what went"
        assert (rosters(where), rosters(nowhere)) == (1, 0)
        if not is_moved:
            assert machines(test) == self.before
            assert _snapshots(test) == self._snapshots
        return is_moved


def _snapshots(pool: MemoryPool) -> set[Uuid]:
    return {vm.uuid for vm in pool.vms() if vm.is_a_snapshot}
