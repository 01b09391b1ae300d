"""A pool as a value model: the second adapter of `PoolPort`, small and exact, for millions of steps without a wire.

It follows `xapi/facts`: `add_to` is atomic, `VM.revert` brings `other_config`, name and blocks of the snapshot back
and takes new disks, `VM.snapshot` and `VM.revert` set `parent`.
"""

from collections.abc import Collection, Mapping

import msgspec

from tests.engine.memory_records import MemoryRecords
from xsconsole.domain.ids import NULL_REF, Ref, Uuid
from xsconsole.domain.inventory import (
    PIF,
    SR,
    VBD,
    VDI,
    VIF,
    VM,
    GuestMetrics,
    Host,
    HostMetrics,
    Network,
    Pool,
)
from xsconsole.engine.ports import Field
from xsconsole.errors import PoolFailed

GIB = 1024**3
POWER_OPERATIONS = {
    "Halted": ("start", "clone", "copy", "destroy", "export", "migrate_send"),
    "Running": ("clean_shutdown", "hard_shutdown", "pause", "suspend", "pool_migrate", "migrate_send"),
    "Paused": ("unpause", "hard_shutdown"),
    "Suspended": ("resume", "hard_shutdown"),
}


class MemoryPool(MemoryRecords):
    """The pool itself. `contents` stands for what is on the disks of a machine or a snapshot."""

    def __init__(self, first: int = 1, name: str = "acme") -> None:
        super().__init__(first)
        self.contents: dict[Uuid, str] = {}
        self.schedules: dict[Ref, str] = {}  # of snapshots, by reference: their names
        self.made: dict[Uuid, str] = {}
        self.written: dict[Uuid, bytes] = {}  # disks, by what was sent to them
        self.messages: list[tuple[str, str]] = []
        self._sources: dict[Uuid, VM] = {}
        self.is_away = False
        self.pool = self._put(Pool(ref=self._ref(), uuid=self._uuid(), name_label=name))
        self.storage = self._put(
            SR(
                ref=self._ref(),
                uuid=self._uuid(),
                name_label="SAN-gold",
                type="lvmoiscsi",
                shared=True,
                physical_size=4096 * GIB,
            )
        )
        metrics = self._put(
            HostMetrics(ref=self._ref(), uuid=self._uuid(), live=True, memory_free=64 * GIB, memory_total=64 * GIB)
        )
        self.host = self._put(Host(ref=self._ref(), uuid=self._uuid(), name_label="xen-1", metrics=metrics.ref))

    # What tests say and ask

    def add_vm(self, name: str, power_state: str = "Halted", order: int = 0, **fields: object) -> VM:
        metrics = self._put(GuestMetrics(ref=self._ref(), uuid=self._uuid(), PV_drivers_detected=True))
        vm = VM(
            ref=self._ref(),
            uuid=self._uuid(),
            name_label=name,
            power_state=power_state,
            order=order,
            memory_static_max=2 * GIB,
            guest_metrics=metrics.ref,
        )
        vm = msgspec.structs.replace(vm, **fields)
        self.contents[vm.uuid] = f"disk of {name}"
        self.put_vm(msgspec.structs.replace(vm, VBDs=(self._new_disk(vm.ref, 10 * GIB),)))
        return self.vm(vm.uuid)

    def vm(self, uuid: Uuid) -> VM:
        found = self.find(uuid)
        assert found is not None, uuid
        return found

    def find(self, uuid: Uuid) -> VM | None:
        return next((vm for vm in self.vms() if vm.uuid == uuid), None)

    def vms(self) -> list[VM]:
        return [record for record in self.records.values() if isinstance(record, VM)]

    def change(self, uuid: Uuid, **fields: object) -> VM:
        self.put_vm(msgspec.structs.replace(self.vm(uuid), **fields))
        return self.vm(uuid)

    def put_raw(self, vm: VM) -> None:
        """Show a machine exactly so, whatever the pool would make of it."""
        self._put(vm)

    def add_disk(self, uuid: Uuid, name: str, device: str = "0") -> Uuid:
        vm = self.vm(uuid)
        drive = self._new_disk(vm.ref, GIB, name=name, device=device)
        self.change(uuid, VBDs=(*vm.VBDs, drive))
        return self._disks(self.vm(uuid))[-1].uuid

    def forget(self, uuid: Uuid) -> None:
        """Delete a machine behind everybody's back."""
        self._drop(self.vm(uuid))

    def clone(self, uuid: Uuid, name: str) -> VM:
        source = self.vm(uuid)
        return self.add_vm(name, other_config=dict(source.other_config))

    def put_vm(self, vm: VM) -> None:
        if not vm.is_a_snapshot:
            operations = (*POWER_OPERATIONS[vm.power_state], "snapshot")
            allowed = tuple(operation for operation in operations if operation not in vm.blocked_operations)
            vm = msgspec.structs.replace(vm, allowed_operations=allowed)
        self._put(vm)

    def snapshots_of(self, uuid: Uuid) -> tuple[VM, ...]:
        ref = self.vm(uuid).ref
        return tuple(vm for vm in self.vms() if vm.is_a_snapshot and vm.snapshot_of == ref)

    @property
    def keys(self) -> dict[str, str]:
        return dict(self._pool_record().other_config)

    # What the port does

    def map_of(self, map_: Field, vm: Uuid | None) -> dict[str, str] | None:
        if vm is None:
            pool = self._pool_record()
            return dict(pool.gui_config if map_ is Field.GUI else pool.other_config)
        found = self.find(vm)
        if found is None:
            return None
        return dict(found.blocked_operations if map_ is Field.BLOCKED else found.other_config)

    def set_map(self, map_: Field, vm: Uuid | None, values: dict[str, str]) -> None:
        if vm is None:
            name = "gui_config" if map_ is Field.GUI else "other_config"
            self.pool = self._put(msgspec.structs.replace(self._pool_record(), **{name: values}))
        else:
            name = "blocked_operations" if map_ is Field.BLOCKED else "other_config"
            self.change(vm, **{name: values})

    def demand(self, uuid: Uuid, operation: str, power_states: tuple[str, ...]) -> VM:
        vm = self.find(uuid)
        if vm is None:
            raise PoolFailed(code="UUID_INVALID", parameters=("VM", uuid), method=f"VM.{operation}")
        if operation in vm.blocked_operations:
            raise PoolFailed(code="OPERATION_BLOCKED", parameters=(vm.ref, vm.blocked_operations[operation]))
        if vm.power_state not in power_states:
            raise PoolFailed(code="VM_BAD_POWER_STATE", parameters=(vm.ref, power_states[0].lower(), vm.power_state))
        return vm

    def snapshot(self, uuid: Uuid, name: str) -> Uuid:
        source = self.demand(uuid, "snapshot", tuple(POWER_OPERATIONS))
        ref = self._ref()
        copy = msgspec.structs.replace(
            source,
            ref=ref,
            uuid=self._uuid(),
            name_label=name,
            is_a_snapshot=True,
            is_a_template=True,
            snapshot_of=source.ref,
            power_state="Halted",
            blocked_operations={},
            order=0,
            allowed_operations=("revert", "clone", "destroy"),
            VBDs=self._like(source, ref, is_snapshot=True),
            VIFs=tuple(self._new_interface(ref, vif.network, vif.device, vif.MAC) for vif in self.interfaces(uuid)),
            snapshots=(),
        )
        self.contents[copy.uuid] = self.contents[uuid]
        self._sources[copy.uuid] = source
        self._put(copy)
        self.change(uuid, parent=ref, snapshots=(*source.snapshots, ref))
        return copy.uuid

    def revert(self, snapshot: Uuid) -> None:
        point = self.vm(snapshot)
        vm = next(vm for vm in self.vms() if vm.ref == point.snapshot_of)
        before = self._sources[snapshot]
        self._drop_disks(vm)
        restored = msgspec.structs.replace(
            before,
            ref=vm.ref,
            uuid=vm.uuid,
            power_state="Halted",
            parent=point.ref,
            tags=vm.tags,
            affinity=vm.affinity,
            snapshots=vm.snapshots,
            VIFs=vm.VIFs,
            VBDs=(self._new_disk(vm.ref, 10 * GIB, sr=self._disks(point)[0].SR),),
        )
        (disk,) = self._disks(restored)
        for mine in self._disks(point):
            self._put(msgspec.structs.replace(mine, snapshot_of=disk.ref))
        self.put_vm(restored)
        self.move_interfaces(vm.uuid, self.networks_of(snapshot))
        self.contents[vm.uuid] = self.contents[snapshot]

    def destroy_snapshot(self, snapshot: Uuid) -> None:
        found = self.find(snapshot)
        if found is None:
            return
        for child in self.vms():
            if child.parent == found.ref or found.ref in child.snapshots:
                parent = found.parent if child.parent == found.ref else child.parent
                left = tuple(ref for ref in child.snapshots if ref != found.ref)
                self._put(msgspec.structs.replace(child, parent=parent, snapshots=left))
        self._drop(found)

    def copy(self, source: Uuid, name: str, operation: str, sr: Uuid | None = None) -> Uuid:
        """Copy a halted machine or a snapshot as XAPI does: it brings much along and resets what the facts name."""
        before = self.demand(source, operation, ("Halted",))
        ref = self._ref()
        home = self.storage if sr is None else self._storage(sr)
        copy = msgspec.structs.replace(
            before,
            ref=ref,
            uuid=self._uuid(),
            name_label=name,
            is_a_snapshot=False,
            snapshot_of=NULL_REF,
            snapshot_time=None,
            snapshots=(),
            parent=NULL_REF,
            appliance=NULL_REF,
            blocked_operations={},
            order=0,
            start_delay=0,
            shutdown_delay=0,
            other_config={**before.other_config, "mac_seed": self._uuid()},
            VBDs=self._like(before, ref, home.ref),
            VIFs=tuple(self._new_interface(ref, vif.network, vif.device) for vif in self.interfaces(before.uuid)),
        )
        self.contents[copy.uuid] = self.contents[source]
        self.put_vm(copy)
        return copy.uuid

    def destroy(self, uuid: Uuid, keep: Collection[Uuid] | None = ()) -> None:
        if self.find(uuid) is not None:
            self._drop(self.demand(uuid, "destroy", ("Halted",)), keep)

    def host_ref(self, host: Uuid | None) -> Ref:
        found = (record for record in self.records.values() if isinstance(record, Host) and record.uuid == host)
        return next((record.ref for record in found), NULL_REF)

    def start(self, uuid: Uuid, host: Uuid) -> None:
        self.change(uuid, power_state="Running", resident_on=self.host_ref(host))

    def interfaces(self, uuid: Uuid) -> list[VIF]:
        found = (self.records[ref] for ref in self.vm(uuid).VIFs)
        return [vif for vif in found if isinstance(vif, VIF)]

    def networks_of(self, uuid: Uuid) -> dict[str, Uuid]:
        return {vif.device: self.records[vif.network].uuid for vif in self.interfaces(uuid)}

    def move_interfaces(self, uuid: Uuid, networks: Mapping[str, Uuid]) -> None:
        by_uuid = {record.uuid: record.ref for record in self.records.values() if isinstance(record, Network)}
        for vif in self.interfaces(uuid):
            if vif.device in networks:
                self._put(msgspec.structs.replace(vif, network=by_uuid[networks[vif.device]]))

    def add_network(self, name: str) -> Network:
        return self._put(Network(ref=self._ref(), uuid=self._uuid(), name_label=name))

    def remove_network(self, uuid: Uuid) -> None:
        for record in [one for one in self.records.values() if one.uuid == uuid]:
            assert not any(isinstance(one, VIF | PIF) and one.network == record.ref for one in self.records.values())
            self._remove(record)

    def add_storage(self, name: str, **fields: object) -> SR:
        sr = SR(ref=self._ref(), uuid=self._uuid(), name_label=name, type="nfs", physical_size=4096 * GIB)
        return self._put(msgspec.structs.replace(sr, **fields))

    def add_host(self, name: str, memory_free: int) -> Host:
        metrics = HostMetrics(
            ref=self._ref(), uuid=self._uuid(), live=True, memory_free=memory_free, memory_total=64 * GIB
        )
        return self._put(Host(ref=self._ref(), uuid=self._uuid(), name_label=name, metrics=self._put(metrics).ref))

    def plug(self, uuid: Uuid, network: Network, device: str = "0") -> None:
        vm = self.vm(uuid)
        self.change(uuid, VIFs=(*vm.VIFs, self._new_interface(vm.ref, network.ref, device)))

    def new_disk(self, name: str, made: str, size_bytes: int, sr: Uuid) -> None:
        disk = VDI(
            ref=self._ref(), uuid=self._uuid(), name_label=name, SR=self._storage(sr).ref, virtual_size=size_bytes
        )
        self.made[disk.uuid] = made
        self._put(msgspec.structs.replace(disk, virtual_size=size_bytes))

    def attach(self, vm: VM, disk: VDI, device: str, mode: str, other_config: dict[str, str]) -> None:
        drive = VBD(
            ref=self._ref(),
            uuid=self._uuid(),
            VM=vm.ref,
            VDI=disk.ref,
            userdevice=device,
            mode=mode,
            other_config=other_config,
        )
        self._put(drive)
        self.change(vm.uuid, VBDs=(*vm.VBDs, drive.ref))

    def detach(self, drive: VBD) -> None:
        self._remove(drive)
        for vm in [vm for vm in self.vms() if drive.ref in vm.VBDs]:
            self.change(vm.uuid, VBDs=tuple(ref for ref in vm.VBDs if ref != drive.ref))

    def bring(self, pool: "MemoryPool", uuid: Uuid) -> None:
        """Take over what is on the disks of a machine or a snapshot that comes from another pool."""
        self.contents[uuid] = pool.contents[uuid]
        if uuid in pool._sources:
            self._sources[uuid] = pool._sources[uuid]

    # Inside

    def _storage(self, uuid: Uuid) -> SR:
        return next(record for record in self.records.values() if isinstance(record, SR) and record.uuid == uuid)

    def _new_interface(self, vm: Ref, network: Ref, device: str, mac: str = "") -> Ref:
        number = next(self._numbers)
        vif = VIF(
            ref=self._ref(),
            uuid=self._uuid(),
            VM=vm,
            network=network,
            device=device,
            MAC=mac or f"02:00:00:00:00:{number:02x}",
        )
        return self._put(vif).ref

    def _pool_record(self) -> Pool:
        record = self.records[self.pool.ref]
        assert isinstance(record, Pool)
        return record

    def _new_disk(
        self,
        vm: Ref,
        size_bytes: int,
        snapshot_of: Ref = NULL_REF,
        name: str = "disk",
        device: str = "0",
        sr: Ref | None = None,
    ) -> Ref:
        disk = self._put(
            VDI(
                ref=self._ref(),
                uuid=self._uuid(),
                name_label=name,
                SR=sr or self.storage.ref,
                virtual_size=size_bytes,
                snapshot_of=snapshot_of,
            )
        )
        return self._put(VBD(ref=self._ref(), uuid=self._uuid(), VM=vm, VDI=disk.ref, userdevice=device)).ref

    def _like(self, vm: VM, owner: Ref, sr: Ref | None = None, *, is_snapshot: bool = False) -> tuple[Ref, ...]:
        """Give a machine disks like those of another one, attached alike."""
        found = []
        for drive, disk in zip((self.records[ref] for ref in vm.VBDs), self._disks(vm), strict=True):
            assert isinstance(drive, VBD)
            origin = disk.ref if is_snapshot else NULL_REF
            ref = self._new_disk(owner, disk.virtual_size, origin, disk.name_label, drive.userdevice, sr or disk.SR)
            made = self.records[ref]
            self._put(msgspec.structs.replace(made, mode=drive.mode, other_config=dict(drive.other_config)))
            found.append(ref)
        return tuple(found)

    def _disks(self, vm: VM) -> list[VDI]:
        drives = [self.records[ref] for ref in vm.VBDs]
        disks = [self.records[drive.VDI] for drive in drives if isinstance(drive, VBD)]
        return [disk for disk in disks if isinstance(disk, VDI)]

    def _drop_disks(self, vm: VM, keep: Collection[Uuid] | None = ()) -> None:
        drives = [record for record in self.records.values() if isinstance(record, VBD)]
        for disk in self._disks(vm):
            holders = {drive.VM for drive in drives if disk.ref == drive.VDI}
            if keep is not None and disk.uuid not in keep and holders == {vm.ref}:
                self._remove(disk)
        for drive in vm.VBDs:
            self._remove(self.records[drive])

    def _drop(self, vm: VM, keep: Collection[Uuid] | None = ()) -> None:
        self._drop_disks(vm, keep)
        for interface in vm.VIFs:
            self._remove(self.records[interface])
        self._remove(vm)
        self.contents.pop(vm.uuid, None)
