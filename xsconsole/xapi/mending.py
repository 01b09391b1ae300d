"""Fields of a machine, written as XAPI wants them: some together, some by key."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from xsconsole.domain.actions.mends import MAPS, MEMORY, PROCESSORS, MendedField
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.replica import INTERFACE_PREFIX, is_under_way
from xsconsole.xapi.session import PoolSession

SETTERS: Mapping[str, str] = MappingProxyType(
    {
        "name": "name_label",
        "description": "name_description",
        "start_order": "order",
        "start_delay_s": "start_delay",
        "shutdown_delay_s": "shutdown_delay",
        "tags": "tags",
        "boot_policy": "HVM_boot_policy",
        "after_shutdown": "actions_after_shutdown",
        "after_reboot": "actions_after_reboot",
        "after_crash": "actions_after_crash",
        "boot_params": "HVM_boot_params",
        "platform": "platform",
        "other_config": "other_config",
        "vcpus_params": "VCPUs_params",
    }
)
KEPT = (
    *("device", "network", "VM", "other_config", "qos_algorithm_type", "qos_algorithm_params"),
    *("locking_mode", "ipv4_allowed", "ipv6_allowed"),
)
WORN = tuple(name for name in (*KEPT, "MAC") if name != "VM")
LIMITS = ("memory_static_min", "memory_dynamic_min", "memory_dynamic_max", "memory_static_max")


async def write_fields(session: PoolSession, vm: Ref, fields: Sequence[MendedField]) -> None:
    """Write fields of a machine; one that has its value already is written again, which changes nothing.

    Raises:
        PoolFailed: the pool said no; some may be written.
    """
    values = {field.field: field.value for field in fields}
    if any(name in values for name in MEMORY):
        now = [await session.call(f"VM.get_{name}", vm) for name in LIMITS]
        static_min, dynamic_min, dynamic_max, static_max = (
            str(values.get(name, present)) for name, present in zip(MEMORY, now, strict=True)
        )
        await session.call("VM.set_memory_limits", vm, static_min, static_max, dynamic_min, dynamic_max)
    if any(name in values for name in PROCESSORS):
        await _write_processors(session, vm, values)
    for field in fields:
        if field.field in MAPS:
            await session.call(f"VM.remove_from_{SETTERS[field.field]}", vm, field.key)
            if field.value is not None:
                await session.call(f"VM.add_to_{SETTERS[field.field]}", vm, field.key, str(field.value))
        elif field.field in SETTERS:
            value = list(field.value) if isinstance(field.value, tuple) else field.value
            await session.call(f"VM.set_{SETTERS[field.field]}", vm, value)


async def _write_processors(session: PoolSession, vm: Ref, values: Mapping[str, object]) -> None:
    """Write the most first where it grows: as many as start must never be more."""
    most = int(await session.call("VM.get_VCPUs_max", vm))
    start = int(await session.call("VM.get_VCPUs_at_startup", vm))
    wanted_most, wanted_start = (
        int(str(values.get(name, present))) for name, present in zip(PROCESSORS, (most, start), strict=True)
    )
    order = [("max", wanted_most), ("at_startup", wanted_start)]
    for name, value in order if wanted_most >= most else reversed(order):
        await session.call(f"VM.set_VCPUs_{name}", vm, value)


async def give_mac(session: PoolSession, vm: Ref, uuid: Uuid, interface: Mapping[str, Any], mac: str) -> None:
    """Make an interface anew with another MAC, which XAPI cannot change; nothing where it has that one already.

    What it is to be stands on the machine until it is there: whoever is cut off between the two calls has not lost it.
    """
    if not mac or interface["MAC"].casefold() == mac.casefold():
        return
    record = {name: interface[name] for name in KEPT if name != "VM"}
    wanted = {**record, "MAC": mac, "MTU": str(interface["MTU"])}
    key = f"{INTERFACE_PREFIX}{interface['device']}"
    await session.call("VM.remove_from_other_config", vm, key)  # of the machine that this one was cloned of
    await session.call(
        "VM.add_to_other_config", vm, key, msgspec.json.encode({"vm": uuid, "interface": wanted}).decode()
    )
    await session.call("VIF.destroy", interface["ref"])
    await session.call("VIF.create", {**wanted, "VM": vm})
    await session.call("VM.remove_from_other_config", vm, key)


async def make_up(session: PoolSession, vm: Ref, uuid: Uuid, present: Collection[str]) -> None:
    """Make the interfaces that somebody has taken away to make them anew, and has not made."""
    for key, text in (await session.call("VM.get_other_config", vm)).items():
        if is_under_way(key, text, uuid):
            if key.removeprefix(INTERFACE_PREFIX) not in present:
                await session.call("VIF.create", {**msgspec.json.decode(text)["interface"], "VM": vm})
            await session.call("VM.remove_from_other_config", vm, key)


async def wear(
    session: PoolSession,
    vm: Ref,
    present: Mapping[str, Mapping[str, Any]],
    wanted: Mapping[str, Mapping[str, Any]],
) -> None:
    """Make the interfaces of a machine those of another one, by device; `wanted` names the network of each.

    One that is so already stays. Whoever was cut off between two calls goes on here, since nothing is remembered.
    """
    for device, interface in present.items():
        other = wanted.get(device)
        if other is None or any(interface[name] != other[name] for name in (*WORN, "MTU")):
            await session.call("VIF.destroy", interface["ref"])
    for device in sorted(wanted, key=int):
        known, other = present.get(device), wanted[device]
        if known is None or any(known[name] != other[name] for name in (*WORN, "MTU")):
            record = {name: other[name] for name in WORN}
            await session.call("VIF.create", {**record, "VM": vm, "MTU": str(other["MTU"])})


async def add_interface(session: PoolSession, vm: Ref, device: str, network: Ref) -> None:
    """Give a machine an interface on a network, with an address that XAPI makes and that network's largest packets."""
    record = {
        "device": device,
        "network": network,
        "VM": vm,
        "MAC": "",
        "MTU": str(await session.call("network.get_MTU", network)),
        "other_config": {},
        "qos_algorithm_type": "",
        "qos_algorithm_params": {},
    }
    await session.call("VIF.create", record)
