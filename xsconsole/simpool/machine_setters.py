"""Setters of VMs that check more than a type."""

from collections.abc import Mapping

from xsconsole.simpool import machines
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL
from xsconsole.simpool.operations import refresh_machine
from xsconsole.simpool.pool import Pool


async def set_is_a_template(call: Call, vm: str, value: bool) -> None:
    """Make a template of a VM, which then has no metrics any more, or a VM of a template.

    As on a real pool the way back leaves `allowed_operations` as they were: the next operation brings them up to date.
    """
    pool, row = call.pool, call.pool.db.row("VM", vm)
    if not value:
        pool.db.set("VM", vm, is_a_template=False)
        return
    if not row["is_a_template"]:
        machines.refuse_unless_allowed(pool, vm, "make_into_template")
        if row["ha_restart_priority"] == "restart" and pool.db.get("pool", pool.ref, "ha_enabled"):
            raise XapiError("VM_IS_PROTECTED", vm)
        metrics = row["metrics"]
        pool.db.set("VM", vm, metrics=NULL, groups=())
        if pool.db.exists("VM_metrics", metrics):
            pool.db.destroy("VM_metrics", metrics)
    pool.db.set("VM", vm, is_a_template=True)
    refresh_machine(pool, vm)


async def set_vcpus_max(call: Call, vm: str, value: int) -> None:
    machines.refuse_unless_allowed(call.pool, vm, "changing_VCPUs")
    if value < 1 or value < call.pool.db.get("VM", vm, "VCPUs_at_startup"):
        raise XapiError("INVALID_VALUE", machines.VCPU_RULE, value)
    call.pool.db.set("VM", vm, VCPUs_max=value)
    machines.refresh_overhead(call.pool, vm)


async def set_vcpus_at_startup(call: Call, vm: str, value: int) -> None:
    machines.refuse_unless_allowed(call.pool, vm, "changing_VCPUs")
    if value < 1 or value > call.pool.db.get("VM", vm, "VCPUs_max"):
        raise XapiError("INVALID_VALUE", machines.VCPU_RULE, value)
    call.pool.db.set("VM", vm, VCPUs_at_startup=value)


async def set_memory_limits(
    call: Call, vm: str, static_min: int, static_max: int, dynamic_min: int, dynamic_max: int
) -> None:
    machines.refuse_unless_allowed(call.pool, vm, "changing_memory_limits")
    machines.set_memory(
        call.pool,
        vm,
        memory_static_min=static_min,
        memory_static_max=static_max,
        memory_dynamic_min=dynamic_min,
        memory_dynamic_max=dynamic_max,
    )


async def set_memory(call: Call, vm: str, value: int) -> None:
    machines.refuse_unless_allowed(call.pool, vm, "changing_memory_limits")
    least = min(value, call.pool.db.get("VM", vm, "memory_static_min"))
    machines.set_memory(
        call.pool,
        vm,
        memory_static_min=least,
        memory_static_max=value,
        memory_dynamic_min=value,
        memory_dynamic_max=value,
    )


async def set_memory_static_range(call: Call, vm: str, least: int, most: int) -> None:
    machines.refuse_unless_allowed(call.pool, vm, "changing_static_range")
    machines.set_memory(call.pool, vm, memory_static_min=least, memory_static_max=most)


async def set_memory_static_min(call: Call, vm: str, value: int) -> None:
    machines.refuse_unless_allowed(call.pool, vm, "changing_static_range")
    machines.set_memory(call.pool, vm, memory_static_min=value)


async def set_memory_static_max(call: Call, vm: str, value: int) -> None:
    machines.refuse_unless_allowed(call.pool, vm, "changing_static_range")
    machines.set_memory(call.pool, vm, memory_static_max=value)


async def set_memory_dynamic_min(call: Call, vm: str, value: int) -> None:
    machines.refuse_unless_allowed(call.pool, vm, "changing_dynamic_range")
    machines.set_memory(call.pool, vm, memory_dynamic_min=value)


async def set_memory_dynamic_max(call: Call, vm: str, value: int) -> None:
    machines.refuse_unless_allowed(call.pool, vm, "changing_dynamic_range")
    machines.set_memory(call.pool, vm, memory_dynamic_max=value)


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
    "VM.set_memory_dynamic_min": set_memory_dynamic_min,
    "VM.set_memory_dynamic_max": set_memory_dynamic_max,
    "VM.set_order": set_order,
    "VM.set_start_delay": set_start_delay,
    "VM.set_shutdown_delay": set_shutdown_delay,
    "VM.set_appliance": set_appliance,
}
