"""Setters of VMs that check more than a type."""

from collections.abc import Mapping

from xsconsole.simpool import machines
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.lifecycle import refusal
from xsconsole.simpool.model import NULL
from xsconsole.simpool.operations import refresh_machine
from xsconsole.simpool.pool import Pool

_RESTART_PRIORITIES = ("", "best-effort", "restart")
_VCPU_RULE = "VCPU values must satisfy: 0 < VCPUs_at_startup ≤ VCPUs_max"


async def set_is_a_template(call: Call, vm: str, value: bool) -> None:
    """Make a template of a VM, which then has no metrics any more, or a VM of a template.

    As on a real pool the way back leaves `allowed_operations` as they were: the next operation brings them up to date.
    """
    pool, row = call.pool, call.pool.db.row("VM", vm)
    if not value:
        pool.db.set("VM", vm, is_a_template=False)
        return
    if not row["is_a_template"]:
        _assert_allowed(pool, vm, "make_into_template")
        if row["ha_restart_priority"] == "restart" and pool.db.get("pool", pool.ref, "ha_enabled"):
            raise XapiError("VM_IS_PROTECTED", vm)
        metrics = row["metrics"]
        pool.db.set("VM", vm, metrics=NULL, groups=())
        if pool.db.exists("VM_metrics", metrics):
            pool.db.destroy("VM_metrics", metrics)
    pool.db.set("VM", vm, is_a_template=True)
    refresh_machine(pool, vm)


async def set_vcpus_max(call: Call, vm: str, value: int) -> None:
    _assert_allowed(call.pool, vm, "changing_VCPUs")
    if value < 1 or value < call.pool.db.get("VM", vm, "VCPUs_at_startup"):
        raise XapiError("INVALID_VALUE", _VCPU_RULE, value)
    call.pool.db.set("VM", vm, VCPUs_max=value)
    _refresh_overhead(call.pool, vm)


async def set_vcpus_at_startup(call: Call, vm: str, value: int) -> None:
    _assert_allowed(call.pool, vm, "changing_VCPUs")
    if value < 1 or value > call.pool.db.get("VM", vm, "VCPUs_max"):
        raise XapiError("INVALID_VALUE", _VCPU_RULE, value)
    call.pool.db.set("VM", vm, VCPUs_at_startup=value)


async def set_memory_limits(
    call: Call, vm: str, static_min: int, static_max: int, dynamic_min: int, dynamic_max: int
) -> None:
    _assert_allowed(call.pool, vm, "changing_memory_limits")
    _set_memory(
        call.pool,
        vm,
        memory_static_min=static_min,
        memory_static_max=static_max,
        memory_dynamic_min=dynamic_min,
        memory_dynamic_max=dynamic_max,
    )


async def set_memory(call: Call, vm: str, value: int) -> None:
    _assert_allowed(call.pool, vm, "changing_memory_limits")
    least = min(value, call.pool.db.get("VM", vm, "memory_static_min"))
    _set_memory(
        call.pool,
        vm,
        memory_static_min=least,
        memory_static_max=value,
        memory_dynamic_min=value,
        memory_dynamic_max=value,
    )


async def set_memory_static_range(call: Call, vm: str, least: int, most: int) -> None:
    _assert_allowed(call.pool, vm, "changing_static_range")
    _set_memory(call.pool, vm, memory_static_min=least, memory_static_max=most)


async def set_memory_static_min(call: Call, vm: str, value: int) -> None:
    _assert_allowed(call.pool, vm, "changing_static_range")
    _set_memory(call.pool, vm, memory_static_min=value)


async def set_memory_static_max(call: Call, vm: str, value: int) -> None:
    _assert_allowed(call.pool, vm, "changing_static_range")
    _set_memory(call.pool, vm, memory_static_max=value)


async def set_memory_dynamic_range(call: Call, vm: str, least: int, most: int) -> None:
    _assert_allowed(call.pool, vm, "changing_dynamic_range")
    _set_memory(call.pool, vm, memory_dynamic_min=least, memory_dynamic_max=most)


async def set_memory_dynamic_min(call: Call, vm: str, value: int) -> None:
    _assert_allowed(call.pool, vm, "changing_dynamic_range")
    _set_memory(call.pool, vm, memory_dynamic_min=value)


async def set_memory_dynamic_max(call: Call, vm: str, value: int) -> None:
    _assert_allowed(call.pool, vm, "changing_dynamic_range")
    _set_memory(call.pool, vm, memory_dynamic_max=value)


async def set_ha_restart_priority(call: Call, vm: str, value: str) -> None:
    if value not in _RESTART_PRIORITIES:
        raise XapiError("INVALID_VALUE", "ha_restart_priority", value)
    call.pool.db.set("VM", vm, ha_restart_priority=value)


async def set_order(call: Call, vm: str, value: int) -> None:
    _set_natural(call.pool, vm, "order", value)


async def set_start_delay(call: Call, vm: str, value: int) -> None:
    _set_natural(call.pool, vm, "start_delay", value)


async def set_shutdown_delay(call: Call, vm: str, value: int) -> None:
    _set_natural(call.pool, vm, "shutdown_delay", value)


async def set_appliance(call: Call, vm: str, value: str) -> None:
    db, row = call.pool.db, call.pool.db.row("VM", vm)
    if value != NULL:
        db.row("VM_appliance", value)
        for claim in ("is_control_domain", "is_a_snapshot", "is_a_template"):
            if row[claim]:
                words = "Control domains, templates, and snapshots cannot be assigned to appliances."
                raise XapiError("OPERATION_NOT_ALLOWED", words)
    before = row["appliance"]
    db.set("VM", vm, appliance=value)
    refresh_machine(call.pool, vm)
    for appliance in (before, value):
        call.pool.refresh_allowed_operations("VM_appliance", appliance)


def _assert_allowed(pool: Pool, vm: str, operation: str) -> None:
    error = refusal(pool.db, vm, operation)
    if error is not None:
        raise error


def _set_memory(pool: Pool, vm: str, **amounts: int) -> None:
    row = pool.db.row("VM", vm)
    names = ("memory_static_min", "memory_dynamic_min", "memory_dynamic_max", "memory_static_max")
    ordered = [amounts.get(name, row[name]) for name in names]
    if ordered != sorted(ordered):
        raise XapiError("MEMORY_CONSTRAINT_VIOLATION_ORDER")
    pool.db.set("VM", vm, **amounts)
    _refresh_overhead(pool, vm)


def _refresh_overhead(pool: Pool, vm: str) -> None:
    row = pool.db.row("VM", vm)
    overhead = machines.memory_overhead(row["memory_static_max"], row["VCPUs_max"])
    pool.db.set("VM", vm, memory_overhead=overhead)


def _set_natural(pool: Pool, vm: str, field: str, value: int) -> None:
    if value < 0:
        raise XapiError("INVALID_VALUE", field, value)
    pool.db.set("VM", vm, **{field: value})


CALLS: Mapping[str, Handler] = {
    "VM.set_is_a_template": set_is_a_template,
    "VM.set_VCPUs_max": set_vcpus_max,
    "VM.set_VCPUs_at_startup": set_vcpus_at_startup,
    "VM.set_memory": set_memory,
    "VM.set_memory_limits": set_memory_limits,
    "VM.set_memory_static_range": set_memory_static_range,
    "VM.set_memory_static_min": set_memory_static_min,
    "VM.set_memory_static_max": set_memory_static_max,
    "VM.set_memory_dynamic_range": set_memory_dynamic_range,
    "VM.set_memory_dynamic_min": set_memory_dynamic_min,
    "VM.set_memory_dynamic_max": set_memory_dynamic_max,
    "VM.set_ha_restart_priority": set_ha_restart_priority,
    "VM.set_order": set_order,
    "VM.set_start_delay": set_start_delay,
    "VM.set_shutdown_delay": set_shutdown_delay,
    "VM.set_appliance": set_appliance,
}
