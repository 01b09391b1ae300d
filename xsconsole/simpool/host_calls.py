"""What hosts answer: their time, and that they have no plugins."""

import json
from collections.abc import Mapping
from datetime import datetime

from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError


async def get_servertime(call: Call, host: str) -> datetime:
    call.pool.db.row("host", host)
    return call.pool.clock.now()


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
    "host.call_plugin": call_plugin,
    "host.call_extension": call_extension,
    "host.list_methods": list_methods,
    "host.get_servertime": get_servertime,
    "host.get_server_localtime": get_servertime,
}
