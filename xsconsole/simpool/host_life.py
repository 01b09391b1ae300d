"""Hosts in and out of service: disabled, evacuated, shut down, started, removed."""

import asyncio
from collections.abc import Mapping

from xsconsole.simpool import availability, domains, failover, placement, power
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.messages import post
from xsconsole.simpool.model import NULL
from xsconsole.simpool.pool import Pool

SHUTDOWN_S = 2.0
BOOT_S = 5.0
FENCE_S = 5.0
AT_ONCE = 10
"""How many VMs leave a host at the same time, where the caller does not say."""

_IMPORTANT = 3


async def enable(call: Call, host: str) -> None:
    _assert_live(call.pool, host)
    _set_enabled(call.pool, host, is_enabled=True)


async def disable(call: Call, host: str, auto_enable: bool = True) -> None:  # noqa: ARG001
    call.pool.db.row("host", host)
    _set_enabled(call.pool, host, is_enabled=False)


async def get_vms_which_prevent_evacuation(call: Call, host: str) -> dict[str, tuple[str, ...]]:
    """Return the VMs of a host that no other host could take, with the reason as a list."""
    call.pool.db.row("host", host)
    return {vm: error.description for vm, error in _stuck(call.pool, host).items()}


async def assert_can_evacuate(call: Call, host: str) -> None:
    call.pool.db.row("host", host)
    _assert_can_leave(call.pool, host)


async def evacuate(call: Call, host: str, network: str = NULL, evacuate_batch_size: int = 0) -> None:
    """Move all VMs of a host elsewhere; the host takes none meanwhile."""
    del network
    pool, db = call.pool, call.pool.db
    if db.get("host", host, "enabled"):
        _set_enabled(pool, host, is_enabled=False)
    _assert_can_leave(pool, host)
    db.set("host", host, current_operations={**db.get("host", host, "current_operations"), call.task: "evacuate"})
    waiting = _guests(pool, host)
    width = evacuate_batch_size or AT_ONCE
    try:
        while waiting:
            batch, waiting = waiting[:width], waiting[width:]
            moves = (_leave(call, vm, host) for vm in batch if db.get("VM", vm, "resident_on") == host)
            failures = [one for one in await asyncio.gather(*moves, return_exceptions=True) if one is not None]
            if failures:
                raise failures[0]
    finally:
        db.remove_from_map("host", host, "current_operations", call.task)
        pool.refresh_allowed_operations("host", host)


async def shutdown(call: Call, host: str) -> None:
    """Switch a host off; it must be disabled and empty."""
    _assert_ready_to_stop(call.pool, host)
    await call.spend(SHUTDOWN_S, can_cancel=False)
    _set_live(call.pool, host, is_live=False)


async def reboot(call: Call, host: str) -> None:
    """Switch a host off and on again; it comes back by itself, after a while."""
    pool = call.pool
    _assert_ready_to_stop(pool, host)
    await call.spend(SHUTDOWN_S, can_cancel=False)
    _set_live(pool, host, is_live=False)
    asyncio.get_running_loop().call_later(BOOT_S / pool.clock.speed, _boot, pool, host)


async def power_on(call: Call, host: str) -> None:
    row = call.pool.db.row("host", host)
    if not row["power_on_mode"]:
        raise XapiError("HOST_POWER_ON_MODE_DISABLED")
    await call.spend(BOOT_S)
    _boot(call.pool, host)


async def set_power_on_mode(call: Call, host: str, mode: str, config: Mapping[str, str]) -> None:
    call.pool.db.set("host", host, power_on_mode=mode, power_on_config=dict(config))


def lose(pool: Pool, host: str) -> None:
    """Take what ran on a host for halted; with HA, what is protected starts again elsewhere after a while."""
    lost = _guests(pool, host)
    for vm in lost:
        domains.halt(pool, vm)
    availability.refresh_plan(pool)
    failover.begin(pool, lost)


def miss(pool: Pool, host: str) -> None:
    """Let HA, where it is on, give up a host that has not answered for some time."""

    def give_up() -> None:
        if not pool.db.get("host_metrics", pool.db.get("host", host, "metrics"), "live"):
            post(pool, "HA_HOST_FAILED", "Host", host, f"Server '{_name(pool, host)}' has failed", priority=_IMPORTANT)
            lose(pool, host)

    if pool.db.get("pool", pool.ref, "ha_enabled"):
        asyncio.get_running_loop().call_later(FENCE_S / pool.clock.speed, give_up)


async def destroy(call: Call, host: str) -> None:
    """Forget a host that is gone, with what only it had."""
    pool, db = call.pool, call.pool.db
    row = db.row("host", host)
    if host == pool.coordinator:
        raise XapiError("HOST_CANNOT_DESTROY_SELF", host)
    if db.get("host_metrics", row["metrics"], "live"):
        raise XapiError("HOST_IS_LIVE", host)
    if _guests(pool, host):
        raise XapiError("HOST_HAS_RESIDENT_VMS", host)
    forget(pool, host)


def forget(pool: Pool, host: str) -> None:
    """Remove a host and what only it had; its VMs and its storage are nowhere then."""
    db = pool.db
    row = db.row("host", host)
    for cls, field in (("PBD", "PBDs"), ("PIF", "PIFs"), ("host_cpu", "host_CPUs"), ("Certificate", "certificates")):
        for ref in row[field]:
            db.destroy(cls, ref)
    for vm in row["resident_VMs"]:
        for console in db.get("VM", vm, "consoles"):
            db.destroy("console", console)
        db.destroy("VM", vm)
    db.destroy("host_metrics", row["metrics"])
    db.destroy("host", host)


async def restart_agent(call: Call, host: str) -> None:
    call.pool.db.row("host", host)
    await call.spend(1.0, can_cancel=False)


async def get_uncooperative_resident_vms(call: Call, host: str) -> tuple[str, ...]:
    call.pool.db.row("host", host)
    return ()


async def _leave(call: Call, vm: str, host: str) -> None:
    await call.part("VM.pool_migrate", lambda part: power.migrate_away(part, vm, host))


def _guests(pool: Pool, host: str) -> list[str]:
    """Return the VMs on a host without the one that controls it."""
    resident = pool.db.get("host", host, "resident_VMs")
    return [vm for vm in resident if not pool.db.get("VM", vm, "is_control_domain")]


def _stuck(pool: Pool, host: str) -> dict[str, XapiError]:
    others = [other for other in pool.db.refs("host") if other != host]
    found = {}
    for vm in _guests(pool, host):
        reasons = [placement.obstacle(pool.db, vm, other) for other in others]
        if not reasons or None not in reasons:
            found[vm] = next((one for one in reasons if one is not None), XapiError("NO_HOSTS_AVAILABLE"))
    return found


def _assert_can_leave(pool: Pool, host: str) -> None:
    stuck = _stuck(pool, host)
    if stuck:
        raise XapiError("CANNOT_EVACUATE_HOST", "|".join(",".join(error.description) for error in stuck.values()))


def _assert_ready_to_stop(pool: Pool, host: str) -> None:
    if pool.db.get("host", host, "enabled"):
        raise XapiError("HOST_NOT_DISABLED")
    guests = _guests(pool, host)
    if guests:
        raise XapiError("HOST_IN_USE", host, "VM", guests[0])


def _assert_live(pool: Pool, host: str) -> None:
    if not pool.db.get("host_metrics", pool.db.get("host", host, "metrics"), "live"):
        raise XapiError("HOST_NOT_LIVE")


def _set_enabled(pool: Pool, host: str, *, is_enabled: bool) -> None:
    pool.db.set("host", host, enabled=is_enabled)
    pool.refresh_allowed_operations("host", host)


def _set_live(pool: Pool, host: str, *, is_live: bool) -> None:
    pool.db.set("host_metrics", pool.db.get("host", host, "metrics"), live=is_live, last_updated=pool.clock.now())
    pool.refresh_allowed_operations("host", host)


def _name(pool: Pool, host: str) -> str:
    return str(pool.db.get("host", host, "name_label"))


def _boot(pool: Pool, host: str) -> None:
    if pool.db.exists("host", host):
        _set_live(pool, host, is_live=True)
        _set_enabled(pool, host, is_enabled=True)


CALLS: Mapping[str, Handler] = {
    "host.enable": enable,
    "host.disable": disable,
    "host.get_vms_which_prevent_evacuation": get_vms_which_prevent_evacuation,
    "host.assert_can_evacuate": assert_can_evacuate,
    "host.evacuate": evacuate,
    "host.shutdown": shutdown,
    "host.reboot": reboot,
    "host.power_on": power_on,
    "host.set_power_on_mode": set_power_on_mode,
    "host.destroy": destroy,
    "host.restart_agent": restart_agent,
    "host.get_uncooperative_resident_VMs": get_uncooperative_resident_vms,
}
