"""Machines on their way into another pool, from host to host or streamed: the engine's `TravelPort` over the wire."""

import contextlib
from collections.abc import Mapping
from typing import Any

from xsconsole.domain.ids import Ref, RunId, Uuid
from xsconsole.engine.ports import Berth, Progress, TravelPort
from xsconsole.errors import PoolFailed, PoolUnavailable
from xsconsole.xapi.copies import XapiCopies
from xsconsole.xapi.disposal import DISK
from xsconsole.xapi.session import PoolSession
from xsconsole.xapi.tasks import Tasks

LIVE = True  # what runs goes on running; of what is off it means nothing
NO_ADDRESS = "HOST_HAS_NO_MANAGEMENT_IP"


class XapiTravels:
    """The ways out of one pool, and into it."""

    def __init__(self, session: PoolSession, tasks: Tasks, copies: XapiCopies) -> None:
        self._session = session
        self._tasks = tasks
        self.copies = copies

    async def may_go(self, vm: Uuid, to: TravelPort, berth: Berth) -> None:
        assert isinstance(to, XapiTravels), "both ends are on a wire"
        arguments = await self._arguments(vm, to, berth)
        try:
            await self._session.call("VM.assert_can_migrate", *arguments)
        finally:
            with contextlib.suppress(PoolUnavailable, PoolFailed):
                await to.end(arguments[1])

    async def go(self, vm: Uuid, to: TravelPort, berth: Berth, run: RunId, on_progress: Progress) -> None:
        arguments = await self._arguments(vm, to, berth)
        await self._tasks.run("VM.migrate_send", *arguments, run=run, on_progress=on_progress)

    async def stream(self, vm: Uuid, to: TravelPort, sr: Uuid, run: RunId, on_progress: Progress) -> None:
        assert isinstance(to, XapiTravels), "both ends are on a wire"
        there = to.copies.transfers
        await self.copies.transfers.send(vm, there, sr, run, lambda _, share: on_progress(share), is_restore=True)

    async def land(self, vm: Uuid, networks: Mapping[str, Uuid]) -> None:
        await self.copies.land(vm, networks)

    async def _arguments(self, vm: Uuid, to: TravelPort, berth: Berth) -> tuple[Any, ...]:
        assert isinstance(to, XapiTravels), "both ends are on a wire"
        ref = Ref(await self._session.call("VM.get_by_uuid", vm))
        snapshots = [Ref(each) for each in await self._session.call("VM.get_snapshots", ref)]
        disks = {
            disk: await to.ref("SR", berth.storage.get(device, berth.sr)) for device, disk in await self._disks(ref)
        }
        nics = await self._nics(ref)
        networks = {nic["ref"]: await to.ref("network", berth.networks[nic["device"]]) for nic in nics}
        own = {nic["MAC"] for nic in nics}
        for snapshot in snapshots:
            uuid = await self._session.call("VM.get_uuid", snapshot)
            for device, disk in await self._disks(snapshot):
                usual = berth.storage.get(device, berth.sr)
                disks[disk] = await to.ref("SR", berth.snapshot_storage.get(f"{uuid}/{device}", usual))
            for nic in await self._nics(snapshot):
                wanted = berth.snapshot_networks.get(nic["MAC"])
                if wanted is not None and nic["MAC"] not in own:
                    networks[nic["ref"]] = await to.ref("network", wanted)
        options: dict[str, str] = {}
        return ref, await to.receiving(berth.host), LIVE, disks, networks, options

    async def receiving(self, host: Uuid) -> dict[str, str]:
        """Prepare a host for what comes. The answer holds a session: it is passed on and never written anywhere."""
        ref = await self.ref("host", host)
        for pif in await self._session.call("host.get_PIFs", ref):
            record = await self._session.call("PIF.get_record", pif)
            if record["management"]:
                found: dict[str, str] = await self._session.call("host.migrate_receive", ref, record["network"], {})
                return found
        raise PoolFailed(code=NO_ADDRESS, parameters=(host,), method="host.migrate_receive")

    async def end(self, reception: Mapping[str, str]) -> None:
        """Log the session out that a host was prepared with, where nothing will come."""
        await self._session.log_out(Ref(reception["session_id"]))

    async def ref(self, cls: str, uuid: Uuid) -> Ref:
        return Ref(await self._session.call(f"{cls}.get_by_uuid", uuid))

    async def _disks(self, vm: Ref) -> list[tuple[str, Ref]]:
        """Return the disks of a machine or a snapshot with their devices."""
        found = []
        for drive in await self._session.call("VM.get_VBDs", vm):
            record = await self._session.call("VBD.get_record", drive)
            if record["type"] == DISK and not record["empty"]:
                found.append((str(record["userdevice"]), Ref(record["VDI"])))
        return found

    async def _nics(self, vm: Ref) -> list[dict[str, Any]]:
        return [
            {**await self._session.call("VIF.get_record", ref), "ref": ref}
            for ref in await self._session.call("VM.get_VIFs", vm)
        ]
