"""What may be changed of a VM while it runs, what may be asked of it, and its last boot."""

from collections.abc import Mapping
from typing import Any

from xsconsole.simpool import lifecycle, machines, placement
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.operating import operating
from xsconsole.simpool.pool import Pool

CHANGE_S = 0.3
_TRIGGERS = ("nmi", "reset", "init", "debug", "s3resume")


async def get_boot_record(call: Call, vm: str) -> dict[str, Any]:
    """Return the VM as it was booted; that is the VM as it is, for what changes live is not of the boot."""
    return dict(call.pool.db.row("VM", vm))


async def set_memory_target_live(call: Call, vm: str, target: int) -> None:
    """Refuse where the target is outside of the VM's dynamic range; else let the balloon follow."""
    await _change_memory(call, vm, target, target)


async def set_memory_dynamic_range(call: Call, vm: str, least: int, most: int) -> None:
    """Set the dynamic range; in a running VM the balloon follows."""
    await _change_memory(call, vm, least, most)


async def _change_memory(call: Call, vm: str, least: int, most: int) -> None:
    pool, db = call.pool, call.pool.db
    machines.refuse_unless_allowed(pool, vm, "changing_dynamic_range")
    machines.set_memory(pool, vm, memory_dynamic_min=least, memory_dynamic_max=most)
    row = db.row("VM", vm)
    if row["power_state"] != lifecycle.RUNNING:
        return
    async with operating(call, vm, "changing_dynamic_range"):
        await call.spend(CHANGE_S, can_cancel=False)
        db.set("VM", vm, memory_target=most)
        db.set("VM_metrics", row["metrics"], memory_actual=most, last_updated=pool.clock.now())
        placement.refresh_memory(db, row["resident_on"])


async def wait_memory_target_live(call: Call, vm: str) -> None:
    call.pool.db.row("VM", vm)
    await call.spend(CHANGE_S)


async def get_cooperative(call: Call, vm: str) -> bool:
    call.pool.db.row("VM", vm)
    return True


async def set_vcpus_number_live(call: Call, vm: str, count: int) -> None:
    db = call.pool.db
    machines.refuse_unless_allowed(call.pool, vm, "changing_VCPUs_live")
    if not 1 <= count <= db.get("VM", vm, "VCPUs_max"):
        raise XapiError("INVALID_VALUE", machines.VCPU_RULE, count)
    async with operating(call, vm, "changing_VCPUs_live"):
        await call.spend(CHANGE_S, can_cancel=False)
        db.set("VM", vm, VCPUs_at_startup=count)
        utilisation = dict.fromkeys(range(count), 0.0)
        db.set("VM_metrics", db.get("VM", vm, "metrics"), VCPUs_number=count, VCPUs_utilisation=utilisation)


async def add_to_vcpus_params_live(call: Call, vm: str, key: str, value: str) -> None:
    _assert_running(call.pool, vm)
    call.pool.db.set("VM", vm, VCPUs_params={**call.pool.db.get("VM", vm, "VCPUs_params"), key: value})


async def set_shadow_multiplier(call: Call, vm: str, value: float) -> None:
    machines.refuse_unless_allowed(call.pool, vm, "changing_shadow_memory")
    _set_shadow_multiplier(call.pool, vm, value)


async def set_shadow_multiplier_live(call: Call, vm: str, value: float) -> None:
    _assert_running(call.pool, vm)
    _set_shadow_multiplier(call.pool, vm, value)


async def maximise_memory(call: Call, vm: str, total: int, approximate: bool) -> int:
    """Return the most memory a VM can have so that, with what the hypervisor needs for it, it fits into a total."""
    row = call.pool.db.row("VM", vm)
    size = total - machines.memory_overhead(total, row["VCPUs_max"])
    step = (128 if approximate else 1) * machines.MIB
    while size > 0 and size + machines.memory_overhead(size, row["VCPUs_max"]) > total:
        size -= machines.MIB
    return max(0, size // step * step)


async def send_sysrq(call: Call, vm: str, key: str) -> None:
    """Refuse, as XAPI does: nobody has ever written it."""
    del key
    _assert_running(call.pool, vm)
    raise XapiError("NOT_IMPLEMENTED", "send_sysrq")


async def send_trigger(call: Call, vm: str, trigger: str) -> None:
    _assert_running(call.pool, vm)
    if trigger not in _TRIGGERS:
        raise XapiError("INVALID_VALUE", "trigger", trigger)


async def call_host_plugin(call: Call, vm: str, plugin: str, function: str, arguments: Mapping[str, str]) -> str:
    """Refuse: the hosts have no plugins."""
    del function, arguments
    call.pool.db.row("VM", vm)
    raise XapiError("XENAPI_MISSING_PLUGIN", plugin)


async def copy_bios_strings(call: Call, vm: str, host: str) -> None:
    """Give a VM the BIOS strings of a host; it can have them once only."""
    bios = call.pool.db.get("host", host, "bios_strings")
    await set_bios_strings(call, vm, bios)


async def set_bios_strings(call: Call, vm: str, value: Mapping[str, str]) -> None:
    if call.pool.db.get("VM", vm, "bios_strings"):
        raise XapiError("VM_BIOS_STRINGS_ALREADY_SET")
    call.pool.db.set("VM", vm, bios_strings=dict(value))


async def restart_device_models(call: Call, vm: str) -> None:
    _assert_running(call.pool, vm)
    await call.spend(CHANGE_S)


async def query_services(call: Call, vm: str) -> dict[str, str]:
    """Return nothing: even a VM that says it is a system domain offers no services here."""
    machines.refuse_unless_allowed(call.pool, vm, "query_services")
    return {}


async def set_uefi_mode(call: Call, vm: str, mode: str) -> str:
    """Say how the firmware of a VM is to start next; it must boot by UEFI."""
    _assert_uefi(call.pool, vm)
    call.pool.db.set("VM", vm, NVRAM={**call.pool.db.get("VM", vm, "NVRAM"), "EFI-variables-mode": mode})
    return ""


async def get_secureboot_readiness(call: Call, vm: str) -> str:
    row = call.pool.db.row("VM", vm)
    if row["HVM_boot_params"].get("firmware") != "uefi":
        return "not_supported"
    if row["platform"].get("secureboot", "false") not in ("true", "auto"):
        return "disabled"
    return "first_boot" if not row["NVRAM"] else "ready"


async def set_nvram(call: Call, vm: str, value: Mapping[str, str]) -> None:
    machines.refuse_unless_allowed(call.pool, vm, "changing_NVRAM")
    call.pool.db.set("VM", vm, NVRAM=dict(value))


async def set_boot_policy(call: Call, vm: str, value: str) -> None:
    """Set the older field, from which the kind of domain follows."""
    call.pool.db.set("VM", vm, HVM_boot_policy=value, domain_type=machines.domain_type(value))


async def sysprep(call: Call, vm: str, unattend: str, timeout: float) -> None:
    """Refuse: no guest here is a Windows that could generalise itself."""
    del unattend, timeout
    machines.refuse_unless_allowed(call.pool, vm, "sysprep")
    raise XapiError("SYSPREP", vm, "VM does not support the operation")


def _assert_uefi(pool: Pool, vm: str) -> None:
    if pool.db.get("VM", vm, "HVM_boot_params").get("firmware") != "uefi":
        raise XapiError("OPERATION_NOT_ALLOWED", "The VM does not boot by UEFI")


def _set_shadow_multiplier(pool: Pool, vm: str, value: float) -> None:
    if value < 1.0:
        raise XapiError("INVALID_VALUE", "multiplier", f"{value:g}")
    pool.db.set("VM", vm, HVM_shadow_multiplier=value)


def _assert_running(pool: Pool, vm: str) -> None:
    state = pool.db.get("VM", vm, "power_state")
    if state != lifecycle.RUNNING:
        raise lifecycle.bad_power_state(vm, frozenset((lifecycle.RUNNING,)), state)


CALLS: Mapping[str, Handler] = {
    "VM.get_boot_record": get_boot_record,
    "VM.set_memory_target_live": set_memory_target_live,
    "VM.set_memory_dynamic_range": set_memory_dynamic_range,
    "VM.wait_memory_target_live": wait_memory_target_live,
    "VM.get_cooperative": get_cooperative,
    "VM.set_VCPUs_number_live": set_vcpus_number_live,
    "VM.add_to_VCPUs_params_live": add_to_vcpus_params_live,
    "VM.set_HVM_shadow_multiplier": set_shadow_multiplier,
    "VM.set_shadow_multiplier_live": set_shadow_multiplier_live,
    "VM.maximise_memory": maximise_memory,
    "VM.send_sysrq": send_sysrq,
    "VM.send_trigger": send_trigger,
    "VM.call_host_plugin": call_host_plugin,
    "VM.copy_bios_strings": copy_bios_strings,
    "VM.set_bios_strings": set_bios_strings,
    "VM.restart_device_models": restart_device_models,
    "VM.query_services": query_services,
    "VM.set_uefi_mode": set_uefi_mode,
    "VM.get_secureboot_readiness": get_secureboot_readiness,
    "VM.set_NVRAM": set_nvram,
    "VM.set_HVM_boot_policy": set_boot_policy,
    "VM.sysprep": sysprep,
}
