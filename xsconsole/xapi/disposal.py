"""Machines and snapshots destroyed with the disks that only they have."""

import asyncio
from collections.abc import Collection
from typing import Any

from xsconsole.domain.ids import Ref, RunId, Uuid
from xsconsole.errors import PoolFailed
from xsconsole.xapi.session import PoolSession
from xsconsole.xapi.tasks import Tasks

GONE = frozenset({"HANDLE_INVALID", "UUID_INVALID"})
DISK = "Disk"
# At a disk, the run and the machine or snapshot with which it is destroyed: a console may die between the two.
GOES_WITH_KEY = "xsconsole.goes_with"
# A disk can be busy for a while after its VM is gone.
FREEING_WAITS_S = (0.2, 0.5, 1.0, 2.0, 5.0, 5.0, 5.0, 5.0, 5.0)


async def ref_of(session: PoolSession, cls: str, uuid: Uuid) -> Ref | None:
    """Return an object's reference; None where it is gone."""
    try:
        return Ref(await session.call(f"{cls}.get_by_uuid", uuid))
    except PoolFailed as failure:
        if failure.code in GONE:
            return None
        raise


class Disposal:
    """Destroys on one pool; what is gone already is no error."""

    def __init__(self, session: PoolSession, tasks: Tasks) -> None:
        self._session = session
        self._tasks = tasks

    async def destroy(self, ref: Ref, run: RunId, keep: Collection[Ref | None] | None = ()) -> None:
        """Destroy a machine or a snapshot, then its disks but those to `keep`; with None it keeps all."""
        disks = [] if keep is None else [disk for disk in await self._own_disks(ref) if disk not in keep]
        await self._mark(disks, ref, run)
        # The VM goes first: a snapshot without its disks would look like one that can be returned to.
        try:
            await self._unless_gone(self._tasks.run("VM.destroy", ref, run=run))
        except PoolFailed:
            for disk in disks:
                await self._unless_gone(self._session.call("VDI.remove_from_other_config", disk, GOES_WITH_KEY))
            raise
        for disk in disks:
            await self.destroy_disk(disk, run)

    async def finish(self, vm: Uuid, run: RunId) -> None:
        """Destroy the disks that this run had yet to destroy when the machine or snapshot was gone."""
        for ref, record in (await self._session.call("VDI.get_all_records")).items():
            if record["other_config"].get(GOES_WITH_KEY) == _mark_of(run, vm) and not record["VBDs"]:
                await self.destroy_disk(Ref(ref), run)

    async def _mark(self, disks: Collection[Ref], vm: Ref, run: RunId) -> None:
        if not disks:
            return
        mark = _mark_of(run, await self._session.call("VM.get_uuid", vm))
        for disk in disks:
            await self._unless_gone(self._session.call("VDI.remove_from_other_config", disk, GOES_WITH_KEY))
            await self._unless_gone(self._session.call("VDI.add_to_other_config", disk, GOES_WITH_KEY, mark))

    async def _own_disks(self, vm: Ref) -> list[Ref]:
        """Return the disks that no other VM has."""
        disks = []
        for vbd in await self._session.call("VM.get_VBDs", vm):
            record = await self._session.call("VBD.get_record", vbd)
            if record["type"] == DISK and not record["empty"]:
                holders = await self._session.call("VDI.get_VBDs", record["VDI"])
                if holders == [vbd]:
                    disks.append(Ref(record["VDI"]))
        return disks

    async def destroy_disk(self, disk: Ref, run: RunId) -> None:
        """Destroy a disk; one that is busy is waited for."""
        for wait_s in FREEING_WAITS_S:
            try:
                await self._unless_gone(self._tasks.run("VDI.destroy", disk, run=run))
            except PoolFailed as failure:
                if failure.code != "VDI_IN_USE":
                    raise
                await asyncio.sleep(wait_s)
            else:
                return
        await self._unless_gone(self._tasks.run("VDI.destroy", disk, run=run))

    async def _unless_gone(self, call: Any) -> None:
        try:
            await call
        except PoolFailed as failure:
            if failure.code not in GONE:
                raise


def _mark_of(run: RunId, vm: Uuid) -> str:
    return f"{run} {vm}"
