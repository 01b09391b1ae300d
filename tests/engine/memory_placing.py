"""The part of the port on the pool of values that brings machines to networks, storages and hosts."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tests.engine.memory_pool import MemoryPool
from xsconsole.domain.actions.mends import MAPS, MEMORY, MendedField
from xsconsole.domain.ids import NULL_REF, Ref, RunId, Uuid
from xsconsole.domain.inventory import SR, VBD, VDI, Appliance, Network
from xsconsole.engine.ports import Progress
from xsconsole.xapi.mending import LIMITS, SETTERS

VCPUS = {"vcpus_max": "VCPUs_max", "vcpus_at_startup": "VCPUs_at_startup"}
Do = Callable[..., Awaitable[Any]]


@dataclass(slots=True)
class MemoryPlacing:
    """Where the machines of the pool of values are."""

    pool: MemoryPool
    do: Do

    async def write_fields(self, vm: Uuid, fields: Sequence[MendedField]) -> None:
        def write() -> None:
            machine = self.pool.demand(vm, "write", ("Halted", "Running"))
            changes: dict[str, Any] = {}
            for one in fields:
                name = {**SETTERS, **dict(zip(MEMORY, LIMITS, strict=True)), **VCPUS}[one.field]
                if one.field in MAPS:
                    kept = {**changes.get(name, getattr(machine, name))}
                    kept.pop(one.key, None)
                    changes[name] = kept if one.value is None else {**kept, one.key: one.value}
                else:
                    changes[name] = one.value
            self.pool.change(vm, **changes)

        await self.do("write_fields", write)

    async def macs_of(self, vm: Uuid) -> Mapping[str, str]:
        found: Mapping[str, str] = await self.do(
            "macs_of", lambda: {vif.device: vif.MAC for vif in self.pool.interfaces(vm)}
        )
        return found

    async def give_macs(self, vm: Uuid, macs: Mapping[str, str]) -> None:
        def give() -> None:
            self.pool.demand(vm, "give_macs", ("Halted",))
            for ref in self.pool.vm(vm).VIFs:
                vif = self.pool.records[ref]
                if vif.device in macs:
                    self.pool.put(msgspec.structs.replace(vif, MAC=macs[vif.device]))

        await self.do("give_macs", give)

    async def set_interfaces(self, vm: Uuid, networks: Mapping[str, Uuid]) -> None:
        await self.do("set_interfaces", lambda: self._set_interfaces(vm, networks))

    async def wear(self, vm: Uuid, source: Uuid, networks: Mapping[str, Uuid]) -> None:
        def wear() -> None:
            macs = {vif.device: vif.MAC for vif in self.pool.interfaces(source)}
            self._set_interfaces(vm, networks)
            for vif in self.pool.interfaces(vm):
                self.pool.put(msgspec.structs.replace(vif, MAC=macs[vif.device]))

        await self.do("wear", wear)

    async def networks_of(self, vm: Uuid) -> Mapping[str, Uuid]:
        found: Mapping[str, Uuid] = await self.do("networks_of", lambda: self.pool.networks_of(vm))
        return found

    async def put_on(self, vm: Uuid, networks: Mapping[str, Uuid]) -> None:
        await self.do("put_on", lambda: self.pool.move_interfaces(vm, networks))

    async def storage_of(self, vm: Uuid, device: str) -> Uuid | None:
        found: Uuid | None = await self.do("storage_of", lambda: self._storage_of(vm, device))
        return found

    async def move_disk(self, vm: Uuid, device: str, sr: Uuid, run: RunId, on_progress: Progress) -> None:
        await self.do("move_disk", lambda: self._move(vm, device, sr), on_progress)

    async def home_of(self, vm: Uuid) -> Uuid | None:
        found: Uuid | None = await self.do("home_of", lambda: self._uuid_of(self.pool.vm(vm).affinity))
        return found

    async def prefer(self, vm: Uuid, host: Uuid | None) -> None:
        await self.do("prefer", lambda: self.pool.change(vm, affinity=self.pool.host_ref(host)))

    async def host_of(self, vm: Uuid) -> Uuid | None:
        found: Uuid | None = await self.do("host_of", lambda: self._uuid_of(self.pool.vm(vm).resident_on))
        return found

    async def migrate(self, vm: Uuid, host: Uuid, run: RunId, on_progress: Progress) -> None:
        def migrate() -> None:
            self.pool.demand(vm, "pool_migrate", ("Running",))
            self.pool.change(vm, resident_on=self.pool.host_ref(host))

        await self.do("migrate", migrate, on_progress)

    async def company_of(self, vm: Uuid, *, has_schedule: bool) -> Mapping[str, str]:
        found: Mapping[str, str] = await self.do("company_of", lambda: self._company_of(vm, has_schedule))
        return found

    async def join(self, vm: Uuid, company: Mapping[str, str]) -> Mapping[str, str]:
        lacking: Mapping[str, str] = await self.do("join", lambda: self._join(vm, company))
        return lacking

    def _set_interfaces(self, uuid: Uuid, networks: Mapping[str, Uuid]) -> None:
        vm = self.pool.demand(uuid, "set_interfaces", ("Halted",))
        for vif in self.pool.interfaces(uuid):
            if vif.device not in networks:
                self.pool.drop_record(vif)
        kept = {vif.device: vif.ref for vif in self.pool.interfaces(uuid) if vif.device in networks}
        self.pool.change(uuid, VIFs=tuple(kept.values()))
        by_uuid = {each.uuid: each for each in self.pool.records.values() if isinstance(each, Network)}
        for device in networks.keys() - kept.keys():
            self.pool.plug(vm.uuid, by_uuid[networks[device]], device)
        self.pool.move_interfaces(uuid, networks)

    def _company_of(self, vm: Uuid, has_schedule: bool) -> Mapping[str, str]:
        held = self.pool.records.get(self.pool.vm(vm).appliance)
        found = {"vApp": held.name_label} if isinstance(held, Appliance) else {}
        if has_schedule and (ref := self.pool.vm(vm).snapshot_schedule) != NULL_REF:
            found["snapshot schedule"] = self.pool.schedules[ref]
        return found

    def _join(self, vm: Uuid, company: Mapping[str, str]) -> Mapping[str, str]:
        lacking = {}
        if (name := company.get("vApp")) is not None:
            held = (one for one in self.pool.records.values() if isinstance(one, Appliance) and one.name_label == name)
            made = next(held, None) or self.pool.put_anew(Appliance(ref=NULL_REF, uuid=Uuid(""), name_label=name))
            self.pool.change(vm, appliance=made.ref)
        if (name := company.get("snapshot schedule")) is not None:
            ref = next((ref for ref, known in self.pool.schedules.items() if known == name), None)
            if ref is None:
                lacking["snapshot schedule"] = name
            else:
                self.pool.change(vm, snapshot_schedule=ref)
        return lacking

    def _move(self, uuid: Uuid, device: str, sr: Uuid) -> None:
        """Put another disk on that storage in the place of the one that is there."""
        self.pool.demand(uuid, "migrate_send", ("Halted", "Running"))
        drive, disk = self._disk_at(uuid, device)
        there = next(each for each in self.pool.records.values() if isinstance(each, SR) and each.uuid == sr)
        fresh = self.pool.put_anew(msgspec.structs.replace(disk, SR=there.ref))
        for other in [each for each in self.pool.records.values() if isinstance(each, VDI)]:
            if other.snapshot_of == disk.ref:
                self.pool.put(msgspec.structs.replace(other, snapshot_of=fresh.ref))
        self.pool.put(msgspec.structs.replace(drive, VDI=fresh.ref))
        self.pool.drop_record(disk)

    def _storage_of(self, uuid: Uuid, device: str) -> Uuid:
        return self.pool.records[self._disk_at(uuid, device)[1].SR].uuid

    def _disk_at(self, uuid: Uuid, device: str) -> tuple[VBD, VDI]:
        for ref in self.pool.vm(uuid).VBDs:
            drive = self.pool.records[ref]
            if isinstance(drive, VBD) and drive.userdevice == device:
                disk = self.pool.records[drive.VDI]
                assert isinstance(disk, VDI)
                return drive, disk
        raise AssertionError(f"nothing at {device}")

    def _uuid_of(self, ref: Ref) -> Uuid | None:
        return None if ref == NULL_REF else self.pool.records[ref].uuid
