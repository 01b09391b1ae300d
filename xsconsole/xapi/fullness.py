"""Which storage is full: XAPI says that one is, and not which."""

from collections.abc import Sequence

from xsconsole.domain.ids import NULL_REF
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import size
from xsconsole.errors import ConsoleError, PoolFailed
from xsconsole.xapi.session import PoolSession

FULL = frozenset({"SR_BACKEND_FAILURE_44", "SR_FULL"})
IN_PLACE = frozenset({"VM.snapshot", "VM.checkpoint", "VM.clone", "VM.revert"})
"""Calls on a VM or a snapshot that take room where its disks are, and nowhere else."""


async def note_storages(session: PoolSession, failure: PoolFailed, method: str, params: Sequence[object]) -> None:
    """Add to a failure for want of space the storages that can be meant, the fullest first, and what was wanted."""
    if failure.code not in FULL:
        return
    try:
        found, wanted_bytes = await _meant(session, method, params)
        storages = [await session.call("SR.get_record", ref) for ref in found]
    except ConsoleError:
        return  # what failed is told anyway
    free = sorted(
        (int(storage["physical_size"]) - int(storage["physical_utilisation"]), str(storage["name_label"]))
        for storage in storages
    )
    wanted = f", {size(wanted_bytes)} wanted" if wanted_bytes else ""
    failure.storages = tuple(f"“{shortened(name, 60)}” ({size(max(0, left))} free{wanted})" for left, name in free)


async def _meant(session: PoolSession, method: str, params: Sequence[object]) -> tuple[set[str], int]:
    """Return the storages that a call takes room in, and how much as far as the call says it; 0: that is not known."""
    match method, tuple(params):
        case "VDI.pool_migrate", (disk, storage, *_):
            return {str(storage)}, int(await session.call("VDI.get_virtual_size", disk))
        case "VM.copy", (vm, _, storage, *_):
            disks = await _disks_of(session, vm)
            sizes = [int(await session.call("VDI.get_virtual_size", disk)) for disk in disks]
            return (await _storages_of(session, disks) if storage == NULL_REF else {str(storage)}), sum(sizes)
        case _, (vm, *_) if method in IN_PLACE:
            return await _storages_of(session, await _disks_of(session, vm)), 0
    return set(), 0


async def _storages_of(session: PoolSession, disks: Sequence[str]) -> set[str]:
    return {str(await session.call("VDI.get_SR", disk)) for disk in disks}


async def _disks_of(session: PoolSession, vm: object) -> list[str]:
    records = [await session.call("VBD.get_record", vbd) for vbd in await session.call("VM.get_VBDs", vm)]
    found = (record for record in records if record["type"] == "Disk" and not record["empty"])
    return [str(record["VDI"]) for record in found if record["VDI"] != NULL_REF]
