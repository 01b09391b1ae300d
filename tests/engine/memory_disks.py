"""The part of the port on the pool of values that attaches, makes and destroys single disks."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from tests.engine.memory_pool import MemoryPool
from xsconsole.domain.actions.copies import Slot
from xsconsole.domain.actions.provisions import DiskShape
from xsconsole.domain.disks import DISK_ROLE_KEY
from xsconsole.domain.ids import Ref, RunId, Uuid
from xsconsole.domain.inventory import VBD, VDI
from xsconsole.engine.ports import Attached, Progress
from xsconsole.errors import PoolFailed

Do = Callable[[str, Callable[[], Any]], Awaitable[Any]]


@dataclass(slots=True)
class MemoryDisks:
    """Disks of the pool of values. What a step made is told by `made`, which lies beside the records."""

    pool: MemoryPool
    do: Do

    async def at(self, vm: Uuid, device: str) -> Attached | None:
        def look() -> Attached | None:
            for drive in self._drives(vm):
                if drive.userdevice == device:
                    disk = self.pool.records[drive.VDI]
                    holders = sum(other.VDI == drive.VDI for other in self._all(VBD))
                    return Attached(disk=disk.uuid, made=self.pool.made.get(disk.uuid, ""), holders=holders)
            return None

        found: Attached | None = await self.do("disk_at", look)
        return found

    async def named(self, name: str) -> tuple[Uuid, ...]:
        def look() -> tuple[Uuid, ...]:
            return tuple(disk.uuid for disk in self._all(VDI) if disk.name_label == name)

        found: tuple[Uuid, ...] = await self.do("disks_named", look)
        return found

    async def holders(self, disk: Uuid) -> int:
        def look() -> int:
            refs = {found.ref for found in self._all(VDI) if found.uuid == disk}
            return sum(drive.VDI in refs for drive in self._all(VBD))

        found: int = await self.do("holders", look)
        return found

    async def create(self, name: str, made: str, size_bytes: int, sr: Uuid) -> None:
        await self.do("create_disk", lambda: self.pool.new_disk(name, made, size_bytes, sr))

    async def rename(self, disk: Uuid, name: str) -> None:
        await self.do("rename_disk", lambda: self.pool.put(msgspec.structs.replace(self._disk(disk), name_label=name)))

    async def attach(self, vm: Uuid, disk: Uuid, slot: Slot) -> None:
        def attach() -> None:
            found = self._disk(disk)
            machine = self.pool.demand(vm, "attach", ("Halted",))
            if any(drive.userdevice == slot.device for drive in self._drives(vm)):
                raise PoolFailed(code="DEVICE_ALREADY_EXISTS", parameters=(slot.device,), method="VBD.create")
            self.pool.attach(machine, found, slot.device, slot.mode, slot.other_config)

        await self.do("attach", attach)

    async def detach(self, vm: Uuid, disk: Uuid) -> None:
        def detach() -> None:
            for drive in self._drives(vm):
                if self.pool.records[drive.VDI].uuid == disk:
                    self.pool.demand(vm, "detach", ("Halted",))
                    self.pool.detach(drive)

        await self.do("detach", detach)

    async def destroy(self, disk: Uuid, run: RunId) -> None:
        def destroy() -> None:
            for found in [found for found in self._all(VDI) if found.uuid == disk]:
                for drive in [drive for drive in self._all(VBD) if found.ref == drive.VDI]:
                    self.pool.detach(drive)
                self.pool.drop_record(found)

        await self.do("destroy_disk", destroy)

    async def write(self, disk: Uuid, content: Callable[[], bytes], run: RunId, on_progress: Progress) -> None:
        def write() -> None:
            image = content()
            assert len(image) <= self._disk(disk).virtual_size
            self.pool.written[disk] = image

        await self.do("write_disk", write)

    async def make_of(self, vm: Uuid, disks: Mapping[str, DiskShape]) -> None:
        def make() -> None:
            self.pool.demand(vm, "make_of", ("Halted",))
            for drive in self._drives(vm):
                disk, shape = self.pool.records[drive.VDI], disks.get(drive.userdevice)
                if shape is not None and isinstance(disk, VDI):
                    size = max(disk.virtual_size, shape.size_bytes)
                    self.pool.put(msgspec.structs.replace(disk, virtual_size=size, name_label=shape.name))
                    roles = {**drive.other_config, DISK_ROLE_KEY: shape.role}
                    self.pool.put(msgspec.structs.replace(drive, other_config=roles))

        await self.do("make_of", make)

    def _all(self, kind: type[Any]) -> list[Any]:
        return [record for record in self.pool.records.values() if isinstance(record, kind)]

    def _drives(self, vm: Uuid) -> list[VBD]:
        found = self.pool.find(vm)
        return [] if found is None else [drive for drive in self._all(VBD) if found.ref == drive.VM]

    def _disk(self, uuid: Uuid) -> VDI:
        found: list[VDI] = [disk for disk in self._all(VDI) if disk.uuid == uuid]
        if not found:
            raise PoolFailed(code="UUID_INVALID", parameters=("VDI", uuid), method="VDI.get_by_uuid")
        return found[0]


def lengthen_chain(pool: MemoryPool, machine: Uuid, depth: int) -> None:
    """Let a machine's first disk stand on hidden ones, so that it is the last of so many."""
    drive = pool.records[pool.vm(machine).VBDs[0]]
    assert isinstance(drive, VBD)
    disk = pool.records[drive.VDI]
    assert isinstance(disk, VDI)
    parent = ""
    for number in range(depth - 1):
        uuid = Uuid(f"hidden-{number}")
        pool.put(VDI(ref=Ref(uuid), uuid=uuid, SR=disk.SR, managed=False, sm_config={"vhd-parent": parent}))
        parent = uuid
    pool.put(msgspec.structs.replace(disk, sm_config={"vhd-parent": parent}))
