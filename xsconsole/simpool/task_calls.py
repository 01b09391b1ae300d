"""The calls of class `task`: tasks that a client makes, and what it may do to those of others."""

from collections.abc import Mapping

from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.roles import Role, denial, is_allowed, require_key


async def _create(call: Call, label: str, description: str) -> str:
    return call.pool.tasks.make(label, user=call.session.user.name, description=description)


async def _destroy(call: Call, ref: str) -> None:
    _require_own(call, ref, "task.destroy_any")
    call.pool.tasks.destroy(ref)


async def _cancel(call: Call, ref: str) -> None:
    _require_own(call, ref, "task.cancel_any")
    # Calls of class `task` have no task of their own; this is the name that XAPI shows instead of one.
    call.pool.tasks.cancel(ref, by=f"DummyRef:|{call.pool.identities.uuid()}|task.cancel")


async def _set_status(call: Call, ref: str, status: str) -> None:
    call.pool.tasks.set_status(ref, status)


async def _set_other_config(call: Call, ref: str, value: Mapping[str, str]) -> None:
    """Write the whole map; each key that changes is looked at, for some are guarded."""
    before = call.pool.db.get("task", ref, "other_config")
    for key in before.keys() | value.keys():
        if before.get(key) != value.get(key):
            require_key(call.session.user.role, "task", "set_other_config", "other_config", key)
    call.pool.db.set("task", ref, other_config=dict(value))


def _require_own(call: Call, ref: str, permission: str) -> None:
    """Let pass who started the task, or who may do it to anybody's.

    Raises:
        XapiError: HANDLE_INVALID; RBAC_PERMISSION_DENIED.
    """
    call.pool.db.row("task", ref)
    user = call.session.user
    if call.pool.tasks.owner(ref) == user.name or is_allowed(user.role, Role.POOL_OPERATOR):
        return
    raise denial(permission, Role.POOL_OPERATOR)


CALLS: Mapping[str, Handler] = {
    "task.create": _create,
    "task.destroy": _destroy,
    "task.cancel": _cancel,
    "task.set_status": _set_status,
    "task.set_other_config": _set_other_config,
}
