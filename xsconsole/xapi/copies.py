"""Machines made of other machines: the engine's `CopyPort` over session and tasks."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from xsconsole.domain.ids import NULL_REF, Ref, RunId, Uuid
from xsconsole.domain.inventory import VM
from xsconsole.engine.ports import CopyPort, PlacingPort, Progress, Shape, Sink, Span, Transferred
from xsconsole.errors import PoolFailed
from xsconsole.xapi.disposal import GONE, Disposal, ref_of
from xsconsole.xapi.records import record_of
from xsconsole.xapi.session import PoolSession
from xsconsole.xapi.tasks import Tasks
from xsconsole.xapi.transfer import XapiTransfers

IMPORT_KEY = "import_task"  # in the `other_config` of what an import makes


class XapiCopies:
    """Copies on one pool."""

    def __init__(
        self,
        session: PoolSession,
        tasks: Tasks,
        disposal: Disposal,
        placing: PlacingPort,
        transfers: XapiTransfers,
    ) -> None:
        self._session = session
        self._tasks = tasks
        self._disposal = disposal
        self._placing = placing
        self.transfers = transfers

    async def named(self, name: str) -> tuple[VM, ...]:
        found = []
        for ref in await self._session.call("VM.get_by_name_label", name):
            try:
                vm = record_of(VM, Ref(ref), await self._session.call("VM.get_record", ref))
            except PoolFailed as failure:
                if failure.code in GONE:
                    continue
                raise
            if not vm.is_a_snapshot:
                found.append(vm)
        return tuple(found)

    async def clone(self, source: Uuid, name: str, run: RunId, on_progress: Progress) -> None:
        await self._tasks.run("VM.clone", await self._ref("VM", source), name, run=run, on_progress=on_progress)

    async def copy(self, source: Uuid, name: str, sr: Uuid | None, run: RunId, on_progress: Progress) -> None:
        storage = NULL_REF if sr is None else await self._ref("SR", sr)
        vm = await self._ref("VM", source)
        await self._tasks.run("VM.copy", vm, name, storage, run=run, on_progress=on_progress)

    async def send(self, source: Uuid, to: CopyPort, sr: Uuid, run: RunId, on_progress: Progress) -> None:
        assert isinstance(to, XapiCopies), "both ends are on a wire"
        await self.transfers.send(source, to.transfers, sr, run, lambda _, share: on_progress(share))

    async def export(self, source: Uuid, file: Path, run: RunId, on_progress: Progress) -> Transferred:
        return await self.transfers.export_vm(source, file, run, lambda _, share: on_progress(share), replaces=True)

    async def export_into(self, source: Uuid, sink: Sink, run: RunId, on_progress: Progress) -> Transferred:
        return await self.transfers.export_into(source, sink, run, lambda _, share: on_progress(share))

    async def bring(
        self, file: Path, sr: Uuid, run: RunId, on_progress: Progress, within: Span | None = None
    ) -> tuple[tuple[Uuid, ...], Transferred]:
        return await self.transfers.import_vm(file, run, lambda _, share: on_progress(share), sr=sr, within=within)

    async def shape(self, vm: Uuid, shape: Shape) -> None:
        ref = await self._ref("VM", vm)
        home = NULL_REF if shape.home is None else await self._ref("host", shape.home)
        for field, value in {
            "is_a_template": False,
            "ha_restart_priority": "",
            "tags": [],
            "affinity": home,
            "order": shape.order,
            "start_delay": shape.start_delay_s,
            "shutdown_delay": shape.shutdown_delay_s,
            "name_label": shape.name,
        }.items():
            await self._session.call(f"VM.set_{field}", ref, value)
        arrived = await self._made_on_arrival(ref)
        if shape.is_off_networks:
            await self._take_off(ref, arrived)
            await self._tidy(arrived)
        await self._placing.put_on(vm, shape.networks)
        if shape.is_template:
            await self._session.call("VM.set_is_a_template", ref, True)
        await self._tidy(arrived)

    async def land(self, vm: Uuid, networks: Mapping[str, Uuid]) -> None:
        """Put what was imported on networks, by device; those go that its import made and nothing is on any more."""
        arrived = await self._made_on_arrival(await self._ref("VM", vm))
        await self._placing.put_on(vm, networks)
        await self._tidy(arrived)

    async def destroy(self, vm: Uuid, run: RunId, keep: Collection[Uuid] | None) -> None:
        ref = await ref_of(self._session, "VM", vm)
        if ref is None:
            if keep is not None:
                await self._disposal.finish(vm, run)
            return
        kept = None if keep is None else [await ref_of(self._session, "VDI", disk) for disk in keep]
        arrived = await self._made_on_arrival(ref)
        await self._disposal.destroy(ref, run, kept)
        await self._tidy(arrived)

    async def _made_on_arrival(self, vm: Ref) -> list[Ref]:
        """Return the networks of a machine that its import made, because there was none of that name."""
        found = []
        for vif in await self._session.call("VM.get_VIFs", vm):
            network = Ref(await self._session.call("VIF.get_network", vif))
            record = await self._session.call("network.get_record", network)
            if IMPORT_KEY in record["other_config"] and not record["PIFs"]:
                found.append(network)
        return list(dict.fromkeys(found))

    async def _take_off(self, vm: Ref, arrived: Collection[Ref]) -> None:
        """Take every interface of a machine away.

        A network that its import made goes with the last one on it, in one call: who was cut off between the two would
        leave a network of which nobody knows any more why it is there.
        """
        for vif in await self._session.call("VM.get_VIFs", vm):
            network = Ref(await self._session.call("VIF.get_network", vif))
            if network in arrived and await self._session.call("network.get_VIFs", network) == [vif]:
                await self._session.call("network.destroy", network)
            else:
                await self._session.call("VIF.destroy", vif)

    async def _tidy(self, networks: Iterable[Ref]) -> None:
        """Take those away on which nothing is any more."""
        for network in networks:
            try:
                if not await self._session.call("network.get_VIFs", network):
                    await self._session.call("network.destroy", network)
            except PoolFailed as failure:
                if failure.code not in GONE:
                    raise

    async def _ref(self, cls: str, uuid: Uuid) -> Ref:
        return Ref(await self._session.call(f"{cls}.get_by_uuid", uuid))
