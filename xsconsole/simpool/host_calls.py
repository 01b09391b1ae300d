"""Calls to hosts, and to what connects them to storage and networks."""

from collections.abc import Mapping
from datetime import datetime

from xsconsole.simpool import placement
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL


async def enable(call: Call, host: str) -> None:
    call.pool.db.set("host", host, enabled=True)
    call.pool.refresh_allowed_operations("host", host)


async def disable(call: Call, host: str, auto_enable: bool = True) -> None:  # noqa: ARG001
    call.pool.db.set("host", host, enabled=False)
    call.pool.refresh_allowed_operations("host", host)


async def get_servertime(call: Call, host: str) -> datetime:
    call.pool.db.row("host", host)
    return call.pool.clock.now()


async def get_vms_which_prevent_evacuation(call: Call, host: str) -> dict[str, tuple[str, ...]]:
    """Return the VMs of a host that no other host could take, with the reason as a list."""
    db = call.pool.db
    found = {}
    for vm in db.get("host", host, "resident_VMs"):
        if db.get("VM", vm, "is_control_domain"):
            continue
        reasons = [placement.obstacle(db, vm, other) for other in db.refs("host") if other != host]
        if reasons and None in reasons:
            continue
        reason = next((one for one in reasons if one is not None), XapiError("NO_HOSTS_AVAILABLE"))
        found[vm] = reason.description
    return found


async def plug_storage(call: Call, pbd: str) -> None:
    call.pool.db.set("PBD", pbd, currently_attached=True)


async def unplug_storage(call: Call, pbd: str) -> None:
    """Take an SR from a host, unless a VM there uses one of its disks."""
    db, row = call.pool.db, call.pool.db.row("PBD", pbd)
    used = []
    for vdi in db.get("SR", row["SR"], "VDIs"):
        for vbd in db.get("VDI", vdi, "VBDs"):
            attached = db.row("VBD", vbd)
            if attached["currently_attached"] and db.get("VM", attached["VM"], "resident_on") in (row["host"], NULL):
                used.append(vdi)
    if used:
        raise XapiError("VDI_IN_USE", *used)
    db.set("PBD", pbd, currently_attached=False)


async def scan_interfaces(call: Call, host: str) -> None:
    call.pool.db.row("host", host)


async def call_plugin(call: Call, host: str, plugin: str, function: str, arguments: Mapping[str, str]) -> str:
    """Refuse: the hosts have no plugins."""
    del function, arguments
    call.pool.db.row("host", host)
    raise XapiError("XENAPI_MISSING_PLUGIN", plugin)


CALLS: Mapping[str, Handler] = {
    "host.enable": enable,
    "host.disable": disable,
    "host.call_plugin": call_plugin,
    "host.get_servertime": get_servertime,
    "host.get_server_localtime": get_servertime,
    "host.get_vms_which_prevent_evacuation": get_vms_which_prevent_evacuation,
    "PBD.plug": plug_storage,
    "PBD.unplug": unplug_storage,
    "PIF.scan": scan_interfaces,
}
