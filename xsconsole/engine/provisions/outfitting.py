"""What a machine made of a template gets of its blueprint, beside what every copy gets."""

from xsconsole.domain.actions.mends import MEMORY, PROCESSORS, MendedField
from xsconsole.domain.actions.provisions import OutfitCopy
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VM
from xsconsole.engine.ports import PoolPort
from xsconsole.engine.values import insist


async def outfit(pool: PoolPort, vm: Uuid, action: OutfitCopy) -> None:
    """Give a machine that is off its interfaces, processors, memory and disks, as often as wanted."""
    await insist(pool, lambda: pool.placing.set_interfaces(vm, action.networks))
    found = await insist(pool, lambda: pool.read_vm(vm))
    fields = [] if found is None else _fields(found, action)
    if fields:
        await insist(pool, lambda: pool.placing.write_fields(vm, fields))
    await insist(pool, lambda: pool.disks.make_of(vm, action.disks))


def outfit_amiss(vm: VM, action: OutfitCopy) -> list[str]:
    """Return what a machine has not as its blueprint wants it."""
    amiss = []
    if action.vcpus is not None and vm.VCPUs_max != action.vcpus:
        amiss.append(f"has {vm.VCPUs_max} processors")
    if action.memory_bytes is not None and vm.memory_static_max != action.memory_bytes:
        amiss.append("has other memory")
    return amiss


def _fields(vm: VM, action: OutfitCopy) -> list[MendedField]:
    """Return what is to be written: where the template has as much, how many start and how far it breathes stay."""
    wanted: dict[str, int] = {}
    if action.vcpus not in (None, vm.VCPUs_max):
        wanted |= dict.fromkeys(PROCESSORS, action.vcpus)
    if action.memory_bytes not in (None, vm.memory_static_max):
        least = min(vm.memory_static_min, action.memory_bytes)
        wanted |= dict.fromkeys(MEMORY, action.memory_bytes) | {MEMORY[0]: least}
    return [MendedField(field=field, value=value, original=None) for field, value in wanted.items()]
