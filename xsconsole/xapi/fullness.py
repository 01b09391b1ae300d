"""Which storage is full: XAPI says that one is, and not which."""

from xsconsole.domain.ids import NULL_REF
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import size
from xsconsole.errors import ConsoleError, PoolFailed
from xsconsole.xapi.session import PoolSession

FULL = frozenset({"SR_BACKEND_FAILURE_44", "SR_FULL"})
IN_PLACE = frozenset({"VM.snapshot", "VM.checkpoint", "VM.clone", "VM.revert"})
"""Calls on a VM or a snapshot that take room where its disks are, and nowhere else."""


async def note_storages(session: PoolSession, failure: PoolFailed, method: str, vm: object) -> None:
    """Add to a failure for want of space the storages that the disks of a VM are on, the fullest first."""
    if failure.code not in FULL or method not in IN_PLACE:
        return
    try:
        storages = [await session.call("SR.get_record", ref) for ref in await _storages_of(session, vm)]
    except ConsoleError:
        return  # what failed is told anyway
    free = sorted(
        (int(storage["physical_size"]) - int(storage["physical_utilisation"]), str(storage["name_label"]))
        for storage in storages
    )
    failure.storages = tuple(f"“{shortened(name, 60)}” ({size(max(0, left))} free)" for left, name in free)


async def _storages_of(session: PoolSession, vm: object) -> set[str]:
    found = set()
    for vbd in await session.call("VM.get_VBDs", vm):
        record = await session.call("VBD.get_record", vbd)
        if record["type"] == "Disk" and not record["empty"] and record["VDI"] != NULL_REF:
            found.add(str(await session.call("VDI.get_SR", record["VDI"])))
    return found
