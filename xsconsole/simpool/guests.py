"""What runs inside the VMs: an agent that reports addresses some seconds after the start.

A guest has the address that its agent was told to take, else the one that it keeps on its disk, else one by DHCP: of a
guest on its network that gives any, or of the site, which gives some on every network with a card of a host.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from xsconsole.simpool import guest_disks
from xsconsole.simpool.model import NULL
from xsconsole.simpool.operations import refresh_machine
from xsconsole.simpool.pool import Pool

BOOT_S = 2.0
"""Pool time from the start of a VM to the first report of its agent."""

UNTAGGED = 10

_LINUX: Mapping[str, str] = MappingProxyType(
    {
        "name": "Debian GNU/Linux 12 (bookworm)",
        "distro": "debian",
        "major": "12",
        "minor": "7",
        "uname": "6.1.0-26-amd64",
    }
)
_WINDOWS: Mapping[str, str] = MappingProxyType(
    {
        "name": "Microsoft Windows Server 2022 Standard|C:\\Windows|\\Device\\Harddisk0\\Partition4",
        "distro": "windows",
        "major": "10",
        "minor": "0",
    }
)
_FEATURES = ("balloon", "poweroff", "reboot", "shutdown", "suspend", "vcpu-hotplug")


def expect(pool: Pool, vm: str) -> None:
    """Let the agent of a VM that has just started report after a while, unless it stops before."""
    started = _start_time(pool, vm)

    def appear() -> None:
        if pool.db.exists("VM", vm) and _start_time(pool, vm) == started:
            guest_disks.set_up(pool, vm)
            report(pool, vm)

    asyncio.get_running_loop().call_later(BOOT_S / pool.clock.speed, appear)


def forget(pool: Pool, vm: str) -> None:
    """Remove what the agent reported, as a start does before anything else."""
    metrics = pool.db.get("VM", vm, "guest_metrics")
    if metrics != NULL:
        pool.db.set("VM", vm, guest_metrics=NULL)
        if pool.db.exists("VM_guest_metrics", metrics):
            pool.db.destroy("VM_guest_metrics", metrics)


def report(pool: Pool, vm: str) -> None:
    """Write what the agent of a running VM says; a VM without a disk has nothing that could run an agent."""
    db = pool.db
    row = db.row("VM", vm)
    if row["power_state"] != "Running" or not _has_disk(pool, vm):
        return
    fields: dict[str, object] = {"networks": addresses(pool, vm), "last_updated": pool.clock.now(), "live": True}
    if db.exists("VM_guest_metrics", row["guest_metrics"]):
        db.set("VM_guest_metrics", row["guest_metrics"], **fields)
    else:
        is_windows = "windows" in row["reference_label"]
        metrics = db.create(
            "VM_guest_metrics",
            os_version=dict(_WINDOWS if is_windows else _LINUX),
            netbios_name={"host_name": row["name_label"].upper()[:15]} if is_windows else {},
            PV_drivers_version={"major": "8", "minor": "4", "micro": "0", "build": "1"},
            PV_drivers_up_to_date=True,
            PV_drivers_detected=True,
            other={
                **{f"feature-{feature}": "1" for feature in _FEATURES},
                "feature-static-ip-setting": "1" if is_windows else "0",
                "platform-feature-xs_reset_watches": "1",
                "has-vendor-device": "0",
            },
            can_use_hotplug_vbd="yes",
            can_use_hotplug_vif="yes",
            **fields,
        )
        db.set("VM", vm, guest_metrics=metrics)
    refresh_machine(pool, vm)


def addresses(pool: Pool, vm: str) -> dict[str, str]:
    """Return what the agent says of the interfaces; those that have no IPv4 address tell the other one."""
    found: dict[str, str] = {}
    static = guest_disks.static_addresses(pool, vm)
    for vif in pool.db.get("VM", vm, "VIFs"):
        row = pool.db.row("VIF", vif)
        if row["currently_attached"]:
            device, own = row["device"], _own(pool, row, static)
            found |= {f"{device}/ipv4/{number}": address for number, address in enumerate(own)}
            found |= {f"{device}/ip": own[0]} if own else {}
            found[f"{device}/ipv6/0"] = _link(row["MAC"])
    return found


def _own(pool: Pool, vif: Mapping[str, Any], static: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the IPv4 addresses of an interface."""
    if vif["ipv4_configuration_mode"] == "Static":
        return tuple(address.partition("/")[0] for address in vif["ipv4_addresses"])
    if vif["device"] in static:
        return static[vif["device"]]
    served = guest_disks.given(pool, vif["VM"], vif["network"], vif["MAC"])
    if served is not None:
        return (served,)
    if not pool.db.get("network", vif["network"], "PIFs"):
        return ()
    return (site_lease(vif["MAC"], network_tag(pool, vif["network"])),)


def site_lease(mac: str, tag: int) -> str:
    """Return the address that the site gives to a MAC address on a network with that tag."""
    digest = hashlib.sha256(mac.lower().encode()).digest()
    return f"10.{tag % 256}.{tag // 256 * 16 + digest[0] % 16}.{2 + digest[1] % 252}"


def lease(device: str, mac: str, tag: int) -> dict[str, str]:
    """Return what the agent says of one interface on a network with that tag, where the site gives it an address."""
    ip = site_lease(mac, tag)
    return {f"{device}/ip": ip, f"{device}/ipv4/0": ip, f"{device}/ipv6/0": _link(mac)}


def _link(mac: str) -> str:
    octets = [int(octet, 16) for octet in mac.split(":")]
    return "fe80::{:02x}{:02x}:{:02x}ff:fe{:02x}:{:02x}{:02x}".format(octets[0] ^ 2, *octets[1:])


def network_tag(pool: Pool, network: str) -> int:
    """Return the VLAN of a network; one without has a number of its own."""
    tags = (pool.db.get("PIF", pif, "VLAN") for pif in pool.db.get("network", network, "PIFs"))
    return max((tag for tag in tags if tag > 0), default=UNTAGGED)


def _start_time(pool: Pool, vm: str) -> object:
    metrics = pool.db.get("VM", vm, "metrics")
    return pool.db.get("VM_metrics", metrics, "start_time") if pool.db.exists("VM_metrics", metrics) else None


def _has_disk(pool: Pool, vm: str) -> bool:
    rows = (pool.db.row("VBD", vbd) for vbd in pool.db.get("VM", vm, "VBDs"))
    return any(row["type"] == "Disk" and row["VDI"] != NULL for row in rows)
