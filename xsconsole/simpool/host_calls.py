"""Calls to hosts, and to what connects them to storage and networks."""

import json
from collections.abc import Mapping
from datetime import datetime

from xsconsole.simpool import placement
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError


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


async def scan_interfaces(call: Call, host: str) -> None:
    call.pool.db.row("host", host)


async def call_plugin(call: Call, host: str, plugin: str, function: str, arguments: Mapping[str, str]) -> str:
    """Refuse: the hosts have no plugins."""
    del function, arguments
    call.pool.db.row("host", host)
    raise XapiError("XENAPI_MISSING_PLUGIN", plugin)


async def list_methods(call: Call) -> None:
    """Refuse: nobody has ever written it; `system.listMethods` is what tells."""
    del call
    raise XapiError("NOT_IMPLEMENTED", "list_method")


async def call_extension(call: Call, host: str, text: str) -> str:
    """Refuse: the hosts have no extensions."""
    call.pool.db.row("host", host)
    try:
        request = json.loads(text)
    except ValueError as failure:
        words = f"Line 1, bytes 0-{len(text)}:\\nInvalid token '{text}'"
        raise XapiError("INTERNAL_ERROR", f'Yojson__Common.Json_error("{words}")') from failure
    name = request.get("method", "") if isinstance(request, dict) else text
    raise XapiError("MESSAGE_METHOD_UNKNOWN", name)


CALLS: Mapping[str, Handler] = {
    "host.enable": enable,
    "host.disable": disable,
    "host.call_plugin": call_plugin,
    "host.call_extension": call_extension,
    "host.list_methods": list_methods,
    "host.get_servertime": get_servertime,
    "host.get_server_localtime": get_servertime,
    "host.get_vms_which_prevent_evacuation": get_vms_which_prevent_evacuation,
    "PIF.scan": scan_interfaces,
}
