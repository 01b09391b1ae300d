"""Where a machine is in its pool: the engine's `PlacingPort` over session and tasks."""

from collections.abc import Mapping, Sequence
from typing import Any

from xsconsole.domain.actions.mends import MendedField
from xsconsole.domain.ids import NULL_REF, Ref, RunId, Uuid
from xsconsole.engine.ports import Progress
from xsconsole.errors import PoolFailed
from xsconsole.xapi.disposal import DISK, ref_of
from xsconsole.xapi.mending import add_interface, give_mac, make_up, wear, write_fields
from xsconsole.xapi.session import PoolSession
from xsconsole.xapi.tasks import Tasks

LIVE = {"live": "true"}
APPLIANCE, SCHEDULE = "vApp", "snapshot schedule"  # as they are told


class XapiPlacing:
    """Networks, storage and hosts of the machines of one pool."""

    def __init__(self, session: PoolSession, tasks: Tasks) -> None:
        self._session = session
        self._tasks = tasks

    async def write_fields(self, vm: Uuid, fields: Sequence[MendedField]) -> None:
        await write_fields(self._session, await self._ref("VM", vm), fields)

    async def macs_of(self, vm: Uuid) -> Mapping[str, str]:
        return {device: str(interface["MAC"]) for device, interface in (await self._interfaces(vm)).items()}

    async def give_macs(self, vm: Uuid, macs: Mapping[str, str]) -> None:
        machine = await self._ref("VM", vm)
        await make_up(self._session, machine, vm, await self._interfaces(vm))
        for device, interface in (await self._interfaces(vm)).items():
            await give_mac(self._session, machine, vm, interface, macs.get(device, ""))

    async def set_interfaces(self, vm: Uuid, networks: Mapping[str, Uuid]) -> None:
        present, machine = await self._interfaces(vm), await self._ref("VM", vm)
        for device, interface in present.items():
            if device not in networks:
                await self._session.call("VIF.destroy", interface["ref"])
        await self.put_on(vm, networks)
        for device in sorted(networks.keys() - present.keys(), key=int):
            await add_interface(self._session, machine, device, await self._ref("network", networks[device]))

    async def wear(self, vm: Uuid, source: Uuid, networks: Mapping[str, Uuid]) -> None:
        refs = {device: await self._ref("network", network) for device, network in networks.items()}
        wanted = {
            device: {**interface, "network": refs[device]}
            for device, interface in (await self._interfaces(source)).items()
        }
        await wear(self._session, await self._ref("VM", vm), await self._interfaces(vm), wanted)

    async def networks_of(self, vm: Uuid) -> Mapping[str, Uuid]:
        return {
            device: Uuid(await self._session.call("network.get_uuid", interface["network"]))
            for device, interface in (await self._interfaces(vm)).items()
        }

    async def put_on(self, vm: Uuid, networks: Mapping[str, Uuid]) -> None:
        for device, interface in (await self._interfaces(vm)).items():
            wanted = networks.get(device)
            if wanted is not None:
                network = await self._ref("network", wanted)
                if interface["network"] != network:
                    await self._session.call("VIF.move", interface["ref"], network)

    async def storage_of(self, vm: Uuid, device: str) -> Uuid | None:
        disk = await self._disk_at(vm, device)
        if disk is None:
            return None
        return Uuid(await self._session.call("SR.get_uuid", await self._session.call("VDI.get_SR", disk)))

    async def move_disk(self, vm: Uuid, device: str, sr: Uuid, run: RunId, on_progress: Progress) -> None:
        disk = await self._disk_at(vm, device)
        if disk is not None:
            storage = await self._ref("SR", sr)
            await self._tasks.run("VDI.pool_migrate", disk, storage, {}, run=run, on_progress=on_progress)

    async def home_of(self, vm: Uuid) -> Uuid | None:
        return await self._host(await self._session.call("VM.get_affinity", await self._ref("VM", vm)))

    async def prefer(self, vm: Uuid, host: Uuid | None) -> None:
        home = NULL_REF if host is None else await self._ref("host", host)
        await self._session.call("VM.set_affinity", await self._ref("VM", vm), home)

    async def host_of(self, vm: Uuid) -> Uuid | None:
        return await self._host(await self._session.call("VM.get_resident_on", await self._ref("VM", vm)))

    async def migrate(self, vm: Uuid, host: Uuid, run: RunId, on_progress: Progress) -> None:
        machine, place = await self._ref("VM", vm), await self._ref("host", host)
        await self._tasks.run("VM.pool_migrate", machine, place, LIVE, run=run, on_progress=on_progress)

    async def company_of(self, vm: Uuid, *, has_schedule: bool) -> Mapping[str, str]:
        ref, found = await self._ref("VM", vm), {}
        appliance = await self._session.call("VM.get_appliance", ref)
        if appliance != NULL_REF:
            found[APPLIANCE] = str(await self._session.call("VM_appliance.get_name_label", appliance))
        schedule = await self._session.call("VM.get_snapshot_schedule", ref) if has_schedule else NULL_REF
        if schedule != NULL_REF:
            found[SCHEDULE] = str(await self._session.call("VMSS.get_name_label", schedule))
        return found

    async def join(self, vm: Uuid, company: Mapping[str, str]) -> Mapping[str, str]:
        ref, lacking = await self._ref("VM", vm), {}
        if (name := company.get(APPLIANCE)) is not None:
            known = sorted(await self._session.call("VM_appliance.get_by_name_label", name))
            if not known:
                made = {"name_label": name, "name_description": ""}
                known = [await self._session.call("VM_appliance.create", made)]
            await self._session.call("VM.set_appliance", ref, known[0])
        if (name := company.get(SCHEDULE)) is not None:
            try:
                known = sorted(await self._session.call("VMSS.get_by_name_label", name))
                await self._session.call("VM.set_snapshot_schedule", ref, known[0])
            except (PoolFailed, IndexError):  # none of that name, or one that does not take it
                lacking[SCHEDULE] = name
        return lacking

    async def _host(self, ref: str) -> Uuid | None:
        return None if ref == NULL_REF else Uuid(await self._session.call("host.get_uuid", ref))

    async def _interfaces(self, vm: Uuid) -> dict[str, dict[str, Any]]:
        """Return a machine's interfaces as records with their references, by device."""
        found = {}
        for ref in await self._session.call("VM.get_VIFs", await self._ref("VM", vm)):
            record = await self._session.call("VIF.get_record", ref)
            found[str(record["device"])] = {**record, "ref": ref}
        return found

    async def _disk_at(self, vm: Uuid, device: str) -> Ref | None:
        ref = await ref_of(self._session, "VM", vm)
        for drive in [] if ref is None else await self._session.call("VM.get_VBDs", ref):
            record = await self._session.call("VBD.get_record", drive)
            if record["userdevice"] == device and record["type"] == DISK and not record["empty"]:
                return Ref(record["VDI"])
        return None

    async def _ref(self, cls: str, uuid: Uuid) -> Ref:
        return Ref(await self._session.call(f"{cls}.get_by_uuid", uuid))
