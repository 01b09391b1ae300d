"""Machines that become templates, and the other way round: the engine's `TemplatePort` over a session."""

from xsconsole.domain.ids import NULL_REF, Ref, Uuid
from xsconsole.engine.archives.template_port import Belonging
from xsconsole.errors import PoolFailed
from xsconsole.xapi.disposal import GONE, ref_of
from xsconsole.xapi.session import PoolSession


class XapiTemplates:
    """Templates of one pool."""

    def __init__(self, session: PoolSession) -> None:
        self._session = session

    async def make(self, vm: Uuid) -> None:
        ref = await self._session.call("VM.get_by_uuid", vm)
        record = await self._session.call("VM.get_record", ref)
        # XAPI makes no template of what is in a vApp, has a schedule of snapshots, or is kept up by HA.
        if record["ha_restart_priority"]:
            await self._session.call("VM.set_ha_restart_priority", ref, "")
        if record["appliance"] != NULL_REF:
            await self._session.call("VM.set_appliance", ref, NULL_REF)
        if record.get("snapshot_schedule", NULL_REF) != NULL_REF:
            await self._session.call("VM.set_snapshot_schedule", ref, NULL_REF)
        await self._session.call("VM.set_is_a_template", ref, True)

    async def unmake(self, vm: Uuid, belonging: Belonging) -> None:
        ref = await self._session.call("VM.get_by_uuid", vm)
        await self._session.call("VM.set_is_a_template", ref, False)
        uuid = belonging.appliance
        appliance = await ref_of(self._session, "VM_appliance", uuid) if uuid is not None else None
        for field, found in (("appliance", appliance), ("snapshot_schedule", belonging.schedule)):
            if found is not None:
                await self._unless_gone(f"VM.set_{field}", ref, found)
        if belonging.ha_restart_priority:
            await self._session.call("VM.set_ha_restart_priority", ref, belonging.ha_restart_priority)

    async def _unless_gone(self, method: str, vm: Ref, found: Ref) -> None:
        try:
            await self._session.call(method, vm, found)
        except PoolFailed as failure:
            if failure.code not in GONE:
                raise
