"""One pool as a run needs it: the engine's port over session and tasks. Objects are named by uuid."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime

from xsconsole.domain.ids import NULL_REF, Ref, RunId, Uuid
from xsconsole.domain.inventory import VM
from xsconsole.domain.poolstate import STAGE_FIELD_NAME
from xsconsole.engine.ports import (
    LEAST_PRIORITY,
    CopyPort,
    DiskPort,
    Field,
    Identity,
    NetworkPort,
    PlacingPort,
    Progress,
    ServicePort,
    TemplatePort,
    TravelPort,
)
from xsconsole.errors import ConnectionLost, PoolFailed
from xsconsole.xapi import custom_fields
from xsconsole.xapi.copies import XapiCopies
from xsconsole.xapi.disks import XapiDisks
from xsconsole.xapi.disposal import GONE, Disposal
from xsconsole.xapi.errors import BadAnswer
from xsconsole.xapi.networks import XapiNetworks
from xsconsole.xapi.placing import XapiPlacing
from xsconsole.xapi.records import instant_of, record_of
from xsconsole.xapi.services import XapiServices
from xsconsole.xapi.session import PoolSession
from xsconsole.xapi.tasks import Tasks, Waiting
from xsconsole.xapi.templates import XapiTemplates
from xsconsole.xapi.transfer import XapiTransfers
from xsconsole.xapi.travels import XapiTravels

NO_ANSWER_FROM_GUEST = frozenset(
    {"VM_SHUTDOWN_TIMEOUT", "VM_FAILED_SHUTDOWN_ACKNOWLEDGMENT", "VM_LACKS_FEATURE", "VM_MISSING_PV_DRIVERS"}
)
RACES = 20

log = logging.getLogger(__name__)


class XapiPool:
    """The engine's `PoolPort` on a real wire."""

    def __init__(
        self, session: PoolSession, tasks: Tasks, transfers: XapiTransfers, *, until_available: Waiting
    ) -> None:
        self._session = session
        self._tasks = tasks
        self._transfers = transfers
        self._until_available = until_available
        self._disposal = Disposal(session, tasks)
        self.placing: PlacingPort = XapiPlacing(session, tasks)
        self.services: ServicePort = XapiServices(session, tasks)
        self.networks: NetworkPort = XapiNetworks(session)
        self.templates: TemplatePort = XapiTemplates(session)
        copies = XapiCopies(session, tasks, self._disposal, self.placing, transfers)
        self.copies: CopyPort = copies
        self.disks: DiskPort = XapiDisks(session, self._disposal, transfers)
        self.travels: TravelPort = XapiTravels(session, tasks, copies)

    @property
    def identity(self) -> Identity:
        return self._session.login.identity

    async def time(self) -> datetime:
        coordinator = await self._session.call("pool.get_master", self._session.login.pool_ref)
        told = instant_of(str(await self._session.call("host.get_servertime", coordinator)))
        if told is None:
            raise ConnectionLost(pool=self._session.pool_name, cause="it tells no time", was_sent=False)
        return told

    async def until_available(self, timeout_s: float) -> None:
        await self._until_available(timeout_s)

    async def keys(self, field: Field, vm: Uuid | None = None) -> Mapping[str, str]:
        cls, name = field.value.split(".")
        ref = await self._holder(cls, vm)
        if ref is None:
            return {}
        try:
            found: dict[str, str] = await self._session.call(f"{cls}.get_{name}", ref)
        except PoolFailed as failure:
            if failure.code in GONE:
                return {}
            raise
        return found

    async def add_key(self, field: Field, key: str, value: str, vm: Uuid | None = None) -> bool:
        cls, name = field.value.split(".")
        ref = await self._present_holder(cls, vm)
        try:
            await self._session.call(f"{cls}.add_to_{name}", ref, key, value)
        except PoolFailed as failure:
            if failure.code == "MAP_DUPLICATE_KEY":
                return False
            raise
        return True

    async def remove_key(self, field: Field, key: str, vm: Uuid | None = None) -> None:
        cls, name = field.value.split(".")
        ref = await self._holder(cls, vm)
        if ref is not None:
            await self._session.call(f"{cls}.remove_from_{name}", ref, key)

    async def read_vm(self, vm: Uuid) -> VM | None:
        ref = await self._ref(vm)
        return None if ref is None else await self._vm(ref)

    async def is_attended(self, vm: Uuid) -> bool:
        ref = await self._ref(vm)
        host = NULL_REF if ref is None else await self._session.call("VM.get_resident_on", ref)
        if host == NULL_REF:
            return False
        metrics = await self._session.call("host.get_metrics", host)
        return bool(await self._session.call("host_metrics.get_live", metrics))

    async def snapshots_of(self, vm: Uuid) -> tuple[VM, ...]:
        ref = await self._ref(vm)
        present = None if ref is None else await self._vm(ref)
        if present is None:
            return ()
        found = [await self._vm(snapshot) for snapshot in present.snapshots]
        return tuple(snapshot for snapshot in found if snapshot is not None)

    async def snapshot(self, vm: Uuid, name: str, run: RunId, on_progress: Progress) -> Uuid:
        ref = await self._present_holder("VM", vm)
        made = await self._tasks.run("VM.snapshot", ref, name, run=run, on_progress=on_progress)
        return Uuid(await self._session.call("VM.get_uuid", made))

    async def revert(self, snapshot: Uuid, run: RunId, on_progress: Progress) -> None:
        ref = await self._present_holder("VM", snapshot)
        await self._tasks.run("VM.revert", ref, run=run, on_progress=on_progress)

    async def destroy_snapshot(self, snapshot: Uuid, run: RunId) -> None:
        ref = await self._ref(snapshot)
        if ref is None:
            await self._disposal.finish(snapshot, run)
        else:
            await self._disposal.destroy(ref, run)

    async def start(self, vm: Uuid, run: RunId, on_progress: Progress, host: Uuid | None = None) -> None:
        ref = await self._present_holder("VM", vm)
        start_paused, force = False, False
        if host is None:
            await self._tasks.run("VM.start", ref, start_paused, force, run=run, on_progress=on_progress)
        else:
            place = await self._session.call("host.get_by_uuid", host)
            await self._tasks.run("VM.start_on", ref, place, start_paused, force, run=run, on_progress=on_progress)

    async def shut_down(self, vm: Uuid, run: RunId, on_progress: Progress, *, may_force: bool = False) -> None:
        ref = await self._present_holder("VM", vm)
        try:
            await self._tasks.run("VM.clean_shutdown", ref, run=run, on_progress=on_progress)
        except PoolFailed as failure:
            if not may_force or failure.code not in NO_ANSWER_FROM_GUEST:
                raise
            await self._tasks.run("VM.hard_shutdown", ref, run=run, on_progress=on_progress)

    async def set_ha_restart_priority(self, vm: Uuid, priority: str) -> None:
        ref = await self._present_holder("VM", vm)
        await self._session.call("VM.set_ha_restart_priority", ref, priority)

    async def define_stage_field(self) -> None:
        # Once the old value is removed the new one has to be added, whoever stops waiting meanwhile.
        await asyncio.shield(self._define_stage_field())

    async def announce(self, name: str, body: str, vm: Uuid | None = None, *, priority: int = LEAST_PRIORITY) -> None:
        cls, uuid = ("Pool", self.identity.pool) if vm is None else ("VM", vm)
        await self._session.call("message.create", name, priority, cls, uuid, body)

    async def cancel(self, run: RunId) -> None:
        self._transfers.stop(run)
        await self._tasks.cancel(run)

    async def quiesce(self, run: RunId, timeout_s: float) -> None:
        await self._tasks.quiesce(run, timeout_s)

    async def _define_stage_field(self) -> None:
        for _ in range(RACES):
            present = (await self.keys(Field.GUI)).get(custom_fields.KEY, "")
            try:
                wanted = custom_fields.with_field(present, STAGE_FIELD_NAME)
            except ValueError as failure:
                log.warning("the stage is not shown to other programs: %s", failure)
                return
            if wanted is None:
                return
            if present:
                await self.remove_key(Field.GUI, custom_fields.KEY)
            await self.add_key(Field.GUI, custom_fields.KEY, wanted)
            # Not done yet: another client may have changed the value in between. The next turn looks.

    async def _ref(self, vm: Uuid) -> Ref | None:
        try:
            return Ref(await self._session.call("VM.get_by_uuid", vm))
        except PoolFailed as failure:
            if failure.code in GONE:
                return None
            raise

    async def _holder(self, cls: str, vm: Uuid | None) -> Ref | None:
        """Return whose map is meant; None where the VM is gone."""
        if cls == "pool":
            return self._session.login.pool_ref
        assert vm is not None, "a VM's map needs the VM"
        return await self._ref(vm)

    async def _present_holder(self, cls: str, vm: Uuid | None) -> Ref:
        ref = await self._holder(cls, vm)
        if ref is None:
            raise PoolFailed(code="UUID_INVALID", parameters=("VM", str(vm)), method="VM.get_by_uuid")
        return ref

    async def _vm(self, ref: Ref) -> VM | None:
        try:
            return record_of(VM, ref, await self._session.call("VM.get_record", ref))
        except BadAnswer as failure:
            raise ConnectionLost(pool=self._session.pool_name, cause=str(failure), was_sent=False) from failure
        except PoolFailed as failure:
            if failure.code in GONE:
                return None
            raise
