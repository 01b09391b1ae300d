"""The part of the port on the pool of values that moves machines into another pool of values."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from tests.engine.memory_pool import MemoryPool
from tests.engine.memory_sending import receive
from xsconsole.domain.ids import NULL_REF, Ref, RunId, Uuid
from xsconsole.domain.inventory import SR, VBD, VDI, VM, GuestMetrics, Network
from xsconsole.engine.ports import Berth, Progress, TravelPort
from xsconsole.errors import PoolFailed

Do = Callable[..., Awaitable[Any]]


@dataclass(slots=True)
class MemoryTravels:
    """The ways out of the pool of values, and into it."""

    pool: MemoryPool
    do: Do

    async def may_go(self, vm: Uuid, to: TravelPort, berth: Berth) -> None:
        assert isinstance(to, MemoryTravels)
        await self.do("assert_can_migrate", lambda: demand(self.pool, vm, to.pool))

    async def go(self, vm: Uuid, to: TravelPort, berth: Berth, run: RunId, on_progress: Progress) -> None:
        assert isinstance(to, MemoryTravels)
        await self.do("migrate_send", lambda: move(self.pool, vm, to.pool, berth), on_progress)

    async def stream(self, vm: Uuid, to: TravelPort, sr: Uuid, run: RunId, on_progress: Progress) -> None:
        assert isinstance(to, MemoryTravels)
        await self.do("stream", lambda: receive(self.pool, vm, to.pool, sr, is_restore=True), on_progress)

    async def land(self, vm: Uuid, networks: Mapping[str, Uuid]) -> None:
        await self.do("land", lambda: self.pool.move_interfaces(vm, networks))


def demand(pool: MemoryPool, vm: Uuid, there: MemoryPool) -> VM:
    """Return the machine, where XAPI would let it go."""
    found = pool.demand(vm, "migrate_send", ("Halted", "Running"))
    if there.find(vm) is not None:
        raise PoolFailed(code="DUPLICATE_VM", parameters=(vm,), method="VM.migrate_send")
    for drive in found.VBDs:
        disk = pool.records[getattr(pool.records[drive], "VDI", NULL_REF)]
        if isinstance(disk, VDI) and disk.cbt_enabled:
            raise PoolFailed(code="VDI_CBT_ENABLED", parameters=(disk.ref,), method="VM.migrate_send")
    return found


def move(pool: MemoryPool, uuid: Uuid, there: MemoryPool, berth: Berth) -> None:
    """Let a machine and its snapshots be in the other pool, the same ones, with other references and disks."""
    source = demand(pool, uuid, there)
    arrived: dict[Ref, Ref] = {}
    disks: dict[Ref, Ref] = {}
    own = {vif.MAC: berth.networks[vif.device] for vif in pool.interfaces(uuid)}
    for one in (source, *pool.snapshots_of(uuid)):
        metrics = there.put_anew(GuestMetrics(ref=NULL_REF, uuid=Uuid(""), PV_drivers_detected=True))
        before = msgspec.structs.replace(
            one,
            snapshot_of=arrived.get(one.snapshot_of, NULL_REF),
            snapshots=(),
            parent=NULL_REF,
            affinity=NULL_REF,
            appliance=NULL_REF,
            snapshot_schedule=NULL_REF,
            resident_on=there.host_ref(berth.host) if one.power_state == "Running" else NULL_REF,
            guest_metrics=metrics.ref,
            VBDs=(),
            VIFs=(),
        )
        made = there.put_again(before)
        arrived[one.ref] = made.ref
        drives = []
        for ref in one.VBDs:
            drive = pool.records[ref]
            assert isinstance(drive, VBD)
            disk = pool.records[drive.VDI]
            assert isinstance(disk, VDI)
            usual = berth.storage.get(drive.userdevice, berth.sr)
            sr = _of(there, SR, berth.snapshot_storage.get(f"{one.uuid}/{drive.userdevice}", usual))
            parent = disks.get(disk.snapshot_of, NULL_REF)
            disks[disk.ref] = there.put_anew(msgspec.structs.replace(disk, SR=sr, snapshot_of=parent)).ref
            drives.append(there.put_anew(msgspec.structs.replace(drive, VM=made.ref, VDI=disks[disk.ref])).ref)
        nics = []
        for vif in pool.interfaces(one.uuid):
            network = own[vif.MAC] if vif.MAC in own else berth.snapshot_networks[vif.MAC]
            placed = msgspec.structs.replace(vif, VM=made.ref, network=_of(there, Network, network))
            nics.append(there.put_anew(placed).ref)
        there.put_vm(msgspec.structs.replace(made, VBDs=tuple(drives), VIFs=tuple(nics)))
        there.bring(pool, one.uuid)
    for old, ref in arrived.items():
        vm = there.records[ref]
        before = pool.records[old]
        assert isinstance(vm, VM)
        assert isinstance(before, VM)
        family = tuple(arrived[each] for each in before.snapshots)
        there.put_vm(msgspec.structs.replace(vm, snapshots=family, parent=arrived.get(before.parent, NULL_REF)))
    for one in (*pool.snapshots_of(uuid), source):
        pool.forget(one.uuid)


def _of(pool: MemoryPool, kind: type[SR] | type[Network], uuid: Uuid) -> Ref:
    return next(record.ref for record in pool.records.values() if isinstance(record, kind) and record.uuid == uuid)
