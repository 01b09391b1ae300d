"""High availability: on and off, how many hosts may fail, and which VMs it keeps from doing what would break that."""

from collections.abc import Mapping, Sequence

from xsconsole.simpool import placement
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.database import Database
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.messages import post
from xsconsole.simpool.model import NULL
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.storage import add_disk, remove_disk

ENABLE_S = 2.0
STATEFILE_BYTES = 4 << 20

RESTART = "restart"
BEST_EFFORT = "best-effort"

_IMPORTANT = 3


def is_protected(db: Database, vm: str) -> bool:
    """Whether a VM is restarted elsewhere when its host fails."""
    row = db.row("VM", vm)
    return bool(row["ha_restart_priority"] == RESTART and row["ha_always_run"])


def assert_agile(db: Database, vm: str) -> None:
    """Let pass a VM that could run on any host.

    Raises:
        XapiError: HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED, HA_CONSTRAINT_VIOLATION_NETWORK_NOT_SHARED.
    """
    hosts = set(db.refs("host"))
    for sr in placement.needed_srs(db, vm):
        if not db.get("SR", sr, "shared"):
            raise XapiError("HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", sr)
    for network in placement.networks(db, vm):
        row = db.row("network", network)
        seen_by = {db.get("PIF", pif, "host") for pif in row["PIFs"]}
        is_shared = row["other_config"].get("assume_network_is_shared") == "true"
        if seen_by != hosts and not is_shared and row["managed"]:
            raise XapiError("HA_CONSTRAINT_VIOLATION_NETWORK_NOT_SHARED", network)


def tolerable_failures(db: Database, vms: Sequence[str]) -> int:
    """Return how many hosts, the largest first, may fail so that the rest still has memory for those VMs."""
    spare = sorted(_memory_for_guests(db, host) for host in _usable_hosts(db))
    needed = sum(placement.needed_memory(db, vm) for vm in vms)
    count = 0
    while len(spare) > 1 and sum(spare[:-1]) >= needed:
        spare.pop()
        count += 1
    return count


def protected_machines(db: Database) -> tuple[str, ...]:
    return tuple(vm for vm in db.refs("VM") if is_protected(db, vm))


def assert_keeps_plan(db: Database, pool_ref: str, vm: str) -> None:
    """Let a VM start where HA, if it is on, could still restart all that it protects.

    Raises:
        XapiError: HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN.
    """
    row = db.row("pool", pool_ref)
    if not row["ha_enabled"] or row["ha_allow_overcommit"] or db.get("VM", vm, "ha_restart_priority") != RESTART:
        return
    vms = dict.fromkeys((*protected_machines(db), vm))
    if tolerable_failures(db, tuple(vms)) < row["ha_host_failures_to_tolerate"]:
        raise XapiError("HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN")


async def enable_ha(call: Call, heartbeat_srs: tuple[str, ...], configuration: Mapping[str, str]) -> None:
    pool, db = call.pool, call.pool.db
    row = db.row("pool", pool.ref)
    if row["ha_enabled"]:
        raise XapiError("HA_IS_ENABLED")
    hosts = db.refs("host")
    for host in hosts:
        if not db.get("host", host, "enabled"):
            raise XapiError("HA_POOL_IS_ENABLED_BUT_HOST_IS_DISABLED" if len(hosts) > 1 else "HOST_DISABLED", host)
    srs = heartbeat_srs or tuple(sr for sr in db.refs("SR") if _can_host_statefile(db, sr))
    if not srs:
        raise XapiError("CANNOT_CREATE_STATE_FILE")
    for sr in srs:
        await _assert_can_host_statefile(call, sr)
    for vm in protected_machines(db):
        assert_agile(db, vm)
    await call.spend(ENABLE_S)
    statefiles = tuple(
        add_disk(pool, sr, name_label="Statefile for HA", virtual_size=STATEFILE_BYTES, type="ha_statefile")
        for sr in srs
    )
    for host in hosts:
        db.set("host", host, ha_statefiles=statefiles, ha_network_peers=tuple(hosts))
    db.set(
        "pool",
        pool.ref,
        ha_enabled=True,
        ha_statefiles=statefiles,
        ha_configuration=dict(configuration),
        ha_plan_exists_for=tolerable_failures(db, protected_machines(db)),
    )
    pool.refresh_allowed_operations("pool", pool.ref)


async def disable_ha(call: Call) -> None:
    pool, db = call.pool, call.pool.db
    row = db.row("pool", pool.ref)
    if not row["ha_enabled"]:
        raise XapiError("HA_NOT_ENABLED")
    await call.spend(ENABLE_S)
    for vdi in row["ha_statefiles"]:
        if db.exists("VDI", vdi):
            remove_disk(pool, vdi)
    for host in db.refs("host"):
        db.set("host", host, ha_statefiles=(), ha_network_peers=())
    db.set("pool", pool.ref, ha_enabled=False, ha_statefiles=(), ha_configuration={}, ha_plan_exists_for=0)
    pool.refresh_allowed_operations("pool", pool.ref)


async def set_failures_to_tolerate(call: Call, pool_ref: str, value: int) -> None:
    db = call.pool.db
    if value < 0:
        raise XapiError("INVALID_VALUE", "ha_host_failures_to_tolerate", value)
    most = tolerable_failures(db, protected_machines(db))
    row = db.row("pool", pool_ref)
    if row["ha_enabled"] and value > most and not row["ha_allow_overcommit"]:
        raise XapiError("HA_NO_PLAN")
    db.set("pool", pool_ref, ha_host_failures_to_tolerate=value, ha_overcommitted=value > most)
    if value > most:
        post(call.pool, "HA_POOL_OVERCOMMITTED", "Pool", pool_ref, priority=_IMPORTANT)


async def compute_most_failures(call: Call) -> int:
    return tolerable_failures(call.pool.db, protected_machines(call.pool.db))


async def compute_hypothetical_most_failures(call: Call, configuration: Mapping[str, str]) -> int:
    """Return how many hosts may fail if those VMs had those restart priorities."""
    db = call.pool.db
    for vm in configuration:
        db.row("VM", vm)
    return tolerable_failures(db, [vm for vm, priority in configuration.items() if priority == RESTART])


async def failover_plan_exists(call: Call, count: int) -> bool:
    return count <= tolerable_failures(call.pool.db, protected_machines(call.pool.db))


async def compute_failover_plan(
    call: Call, failed_hosts: tuple[str, ...], failed_vms: tuple[str, ...]
) -> dict[str, dict[str, str]]:
    """Return, for each VM that would be lost, the host it would be restarted on, or why on none."""
    db = call.pool.db
    plan = {}
    for vm in failed_vms:
        hosts = [host for host in placement.possible_hosts(db, vm) if host not in failed_hosts]
        plan[vm] = {"host": hosts[0]} if hosts else {"error_code": "NO_HOSTS_AVAILABLE"}
    return plan


async def prevent_restarts_for(call: Call, seconds: int) -> None:
    del seconds
    if not call.pool.db.get("pool", call.pool.ref, "ha_enabled"):
        raise XapiError("HA_NOT_ENABLED")


async def assert_agile_call(call: Call, vm: str) -> None:
    call.pool.db.row("VM", vm)
    assert_agile(call.pool.db, vm)


async def set_restart_priority(call: Call, vm: str, value: str) -> None:
    """Say what becomes of a VM when its host fails; one that is to be restarted must be able to run anywhere."""
    db, pool = call.pool.db, call.pool
    if value not in ("", BEST_EFFORT, RESTART):
        raise XapiError("INVALID_VALUE", "ha_restart_priority", value)
    row = db.row("VM", vm)
    if value == RESTART and db.get("pool", pool.ref, "ha_enabled") and row["ha_restart_priority"] != value:
        assert_agile(db, vm)
        if row["power_state"] == "Running":
            assert_keeps_plan(db, pool.ref, vm)
    db.set("VM", vm, ha_restart_priority=value, ha_always_run=value == RESTART and row["power_state"] == "Running")


async def _assert_can_host_statefile(call: Call, sr: str) -> None:
    call.pool.db.row("SR", sr)
    if not call.pool.db.get("SR", sr, "shared"):
        raise XapiError("HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", sr)
    if not _can_host_statefile(call.pool.db, sr):
        raise XapiError("SR_OPERATION_NOT_SUPPORTED", sr)


def _can_host_statefile(db: Database, sr: str) -> bool:
    row = db.row("SR", sr)
    if not row["shared"] or row["content_type"] == "iso":
        return False
    plugged = {db.get("PBD", pbd, "host") for pbd in row["PBDs"] if db.get("PBD", pbd, "currently_attached")}
    return plugged >= set(db.refs("host"))


def _usable_hosts(db: Database) -> list[str]:
    return [host for host, row in db.rows("host") if row["enabled"] and db.get("host_metrics", row["metrics"], "live")]


def _memory_for_guests(db: Database, host: str) -> int:
    """Return the memory of a host that VMs can have: all but its own domain's."""
    own = db.get("host", host, "control_domain")
    total = int(db.get("host_metrics", db.get("host", host, "metrics"), "memory_total"))
    return total - (placement.needed_memory(db, own) if own != NULL else 0)


def refresh_plan(pool: Pool) -> None:
    """Write how many failures there is a plan for, after something that bears on it."""
    if pool.db.get("pool", pool.ref, "ha_enabled"):
        most = tolerable_failures(pool.db, protected_machines(pool.db))
        pool.db.set("pool", pool.ref, ha_plan_exists_for=most)


CALLS: Mapping[str, Handler] = {
    "pool.enable_ha": enable_ha,
    "pool.disable_ha": disable_ha,
    "pool.set_ha_host_failures_to_tolerate": set_failures_to_tolerate,
    "pool.ha_compute_max_host_failures_to_tolerate": compute_most_failures,
    "pool.ha_compute_hypothetical_max_host_failures_to_tolerate": compute_hypothetical_most_failures,
    "pool.ha_compute_vm_failover_plan": compute_failover_plan,
    "pool.ha_failover_plan_exists": failover_plan_exists,
    "pool.ha_prevent_restarts_for": prevent_restarts_for,
    "VM.assert_agile": assert_agile_call,
    "VM.set_ha_restart_priority": set_restart_priority,
    "SR.assert_can_host_ha_statefile": _assert_can_host_statefile,
}
