"""What may be asked of the agent inside a guest: little, not often, and a script only where the pool allows it."""

from collections.abc import Mapping

from xsconsole.simpool import machines
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.roles import Role, is_allowed

PAUSE_S = 10.0
_PLUGIN = "guest-agent-operation"
_SCRIPTS_ALLOWED = "allow_guest_agent_run_script"
_SCRIPT_NEEDS = ("username", "password", "script")
_LONGEST_SCRIPT = 1024
_REMOTE_DESKTOP = ("request-rdp-on", "request-rdp-off")


async def call_plugin(call: Call, vm: str, plugin: str, function: str, arguments: Mapping[str, str]) -> str:
    """Refuse what these agents cannot do: they know no remote desktop, and no way to run a script.

    The order of the refusals is xapi's; calls to one VM are `PAUSE_S` apart.
    """
    machines.refuse_unless_allowed(call.pool, vm, "call_plugin")
    if plugin != _PLUGIN:
        raise XapiError("XENAPI_MISSING_PLUGIN", plugin)
    _assert_not_too_soon(call.pool, vm)
    if function == "run-script":
        _assert_script(call, arguments)
    elif function not in _REMOTE_DESKTOP:
        told = f'The requested fn "{function}" could not be found in plugin "{plugin}".'
        raise XapiError("XENAPI_PLUGIN_FAILURE", "failed to find fn", told, told)
    told = (
        f'The requested fn "{function}" of plugin "{plugin}" could not be executed for '
        "lack of guest agent control feature."
    )
    raise XapiError("XENAPI_PLUGIN_FAILURE", "failed to execute fn", told, told)


def _assert_not_too_soon(pool: Pool, vm: str) -> None:
    now = pool.clock.monotonic()
    wait_s = pool.plugin_calls.get(vm, now - PAUSE_S) + PAUSE_S - now
    if wait_s > 0:
        raise XapiError("VM_CALL_PLUGIN_RATE_LIMIT", vm, f"{PAUSE_S:g}.", f"{wait_s:.12g}")
    pool.plugin_calls[vm] = now


def _assert_script(call: Call, arguments: Mapping[str, str]) -> None:
    if call.pool.db.get("pool", call.pool.ref, "other_config").get(_SCRIPTS_ALLOWED) != "true":
        raise XapiError("FEATURE_RESTRICTED")
    for name in _SCRIPT_NEEDS:
        if name not in arguments:
            raise XapiError("XENAPI_PLUGIN_FAILURE", "missing argument", "", f"Argument {name} is required.")
    if not is_allowed(call.session.user.role, Role.VM_POWER_ADMIN):
        told = "No permission to run script, must have VM power admin role or higher."
        raise XapiError("RBAC_PERMISSION_DENIED", "vm.call_plugin", told)
    if len(arguments["script"].encode()) > _LONGEST_SCRIPT:
        told = "The script length must not exceed 1024 bytes"
        raise XapiError("XENAPI_PLUGIN_FAILURE", "length restriction", "", told)


CALLS: Mapping[str, Handler] = {"VM.call_plugin": call_plugin}
