"""What runs inside the VMs: an agent that reports addresses some seconds after the start."""

import asyncio
import hashlib
from collections.abc import Mapping
from types import MappingProxyType

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
    """Return what the agent says of the interfaces: each has from DHCP what belongs to its MAC on its network."""
    found: dict[str, str] = {}
    for vif in pool.db.get("VM", vm, "VIFs"):
        row = pool.db.row("VIF", vif)
        if row["currently_attached"]:
            found |= lease(row["device"], row["MAC"], network_tag(pool, row["network"]))
    return found


def lease(device: str, mac: str, tag: int) -> dict[str, str]:
    """Return what the agent says of one interface on a network with that tag."""
    digest = hashlib.sha256(mac.lower().encode()).digest()
    ip = f"10.{tag % 256}.{tag // 256 * 16 + digest[0] % 16}.{2 + digest[1] % 252}"
    octets = [int(octet, 16) for octet in mac.split(":")]
    link = "fe80::{:02x}{:02x}:{:02x}ff:fe{:02x}:{:02x}{:02x}".format(octets[0] ^ 2, *octets[1:])
    return {f"{device}/ip": ip, f"{device}/ipv4/0": ip, f"{device}/ipv6/0": link}


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
