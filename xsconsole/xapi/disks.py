"""Single disks of halted machines: the engine's `DiskPort` over session and tasks."""

from collections.abc import Callable, Mapping
from typing import Any

from xsconsole.domain.actions.copies import Slot
from xsconsole.domain.actions.provisions import DiskShape
from xsconsole.domain.disks import DISK_ROLE_KEY
from xsconsole.domain.ids import Ref, RunId, Uuid
from xsconsole.domain.poolstate import PREFIX
from xsconsole.engine.ports import Attached, Progress
from xsconsole.errors import PoolFailed
from xsconsole.xapi.disposal import DISK, GONE, Disposal, ref_of
from xsconsole.xapi.session import PoolSession
from xsconsole.xapi.transfer import XapiTransfers

MADE_KEY = PREFIX + "made"


class XapiDisks:
    """Disks on one pool."""

    def __init__(self, session: PoolSession, disposal: Disposal, transfers: XapiTransfers) -> None:
        self._session = session
        self._disposal = disposal
        self._transfers = transfers

    async def at(self, vm: Uuid, device: str) -> Attached | None:
        for _, drive in await self._drives(vm):
            if drive["userdevice"] == device and drive["type"] == DISK and not drive["empty"]:
                disk = await self._session.call("VDI.get_record", drive["VDI"])
                made = disk["other_config"].get(MADE_KEY, "")
                return Attached(disk=Uuid(disk["uuid"]), made=made, holders=len(disk["VBDs"]))
        return None

    async def named(self, name: str) -> tuple[Uuid, ...]:
        found = []
        for ref in await self._session.call("VDI.get_by_name_label", name):
            try:
                found.append(Uuid(await self._session.call("VDI.get_uuid", ref)))
            except PoolFailed as failure:
                if failure.code not in GONE:
                    raise
        return tuple(found)

    async def holders(self, disk: Uuid) -> int:
        ref = await ref_of(self._session, "VDI", disk)
        return 0 if ref is None else len(await self._session.call("VDI.get_VBDs", ref))

    async def create(self, name: str, made: str, size_bytes: int, sr: Uuid) -> None:
        record = {
            "name_label": name,
            "name_description": "",
            "SR": await self._present("SR", sr),
            "virtual_size": str(size_bytes),
            "type": "user",
            "sharable": False,
            "read_only": False,
            "other_config": {MADE_KEY: made},
        }
        await self._session.call("VDI.create", record)

    async def rename(self, disk: Uuid, name: str) -> None:
        await self._session.call("VDI.set_name_label", await self._present("VDI", disk), name)

    async def attach(self, vm: Uuid, disk: Uuid, slot: Slot) -> None:
        record = {
            "VM": await self._present("VM", vm),
            "VDI": await self._present("VDI", disk),
            "userdevice": slot.device,
            "bootable": slot.is_bootable,
            "mode": slot.mode,
            "type": DISK,
            "empty": False,
            "unpluggable": True,
            "other_config": slot.other_config,
            "qos_algorithm_type": "",
            "qos_algorithm_params": {},
        }
        await self._session.call("VBD.create", record)

    async def detach(self, vm: Uuid, disk: Uuid) -> None:
        ref = await ref_of(self._session, "VDI", disk)
        for vbd, drive in await self._drives(vm):
            if ref is not None and drive["VDI"] == ref:
                await self._session.call("VBD.destroy", vbd)

    async def destroy(self, disk: Uuid, run: RunId) -> None:
        ref = await ref_of(self._session, "VDI", disk)
        if ref is not None:
            await self._disposal.destroy_disk(ref, run)

    async def write(self, disk: Uuid, content: Callable[[], bytes], run: RunId, on_progress: Progress) -> None:
        await self._transfers.write_disk(disk, content, run, lambda _, share: on_progress(share))

    async def make_of(self, vm: Uuid, disks: Mapping[str, DiskShape]) -> None:
        for vbd, drive in await self._drives(vm):
            shape = disks.get(drive["userdevice"]) if drive["type"] == DISK and not drive["empty"] else None
            if shape is None:
                continue
            size_bytes = int(await self._session.call("VDI.get_virtual_size", drive["VDI"]))
            if size_bytes < shape.size_bytes:
                await self._session.call("VDI.resize", drive["VDI"], str(shape.size_bytes))
            if drive["other_config"].get(DISK_ROLE_KEY) != shape.role:
                await self._session.call("VBD.remove_from_other_config", vbd, DISK_ROLE_KEY)
                await self._session.call("VBD.add_to_other_config", vbd, DISK_ROLE_KEY, shape.role)
            await self._session.call("VDI.set_name_label", drive["VDI"], shape.name)

    async def _drives(self, vm: Uuid) -> list[tuple[Ref, dict[str, Any]]]:
        ref = await ref_of(self._session, "VM", vm)
        if ref is None:
            return []
        found = []
        for vbd in await self._session.call("VM.get_VBDs", ref):
            found.append((Ref(vbd), await self._session.call("VBD.get_record", vbd)))
        return found

    async def _present(self, cls: str, uuid: Uuid) -> Ref:
        return Ref(await self._session.call(f"{cls}.get_by_uuid", uuid))
