"""On which hosts a VM can run, and why not on the others."""

from collections.abc import Mapping

from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.database import Database
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.pool import Pool


def free_memory(db: Database, host: str) -> int:
    """Return the bytes of a host that no VM has or is about to have."""
    present = {*db.get("host", host, "resident_VMs"), *db.find("VM", scheduled_to_be_resident_on=host)}
    taken = sum(needed_memory(db, vm) for vm in present)
    return int(db.get("host_metrics", db.get("host", host, "metrics"), "memory_total")) - taken


def needed_memory(db: Database, vm: str) -> int:
    """Return the bytes a VM takes on its host, with what the hypervisor needs for it."""
    row = db.row("VM", vm)
    return int(row["memory_dynamic_max"]) + int(row["memory_overhead"])


def refresh_memory(db: Database, host: str) -> None:
    """Write the free memory of a host where clients read it."""
    if db.exists("host", host):
        db.set("host_metrics", db.get("host", host, "metrics"), memory_free=max(0, free_memory(db, host)))


def obstacle(db: Database, vm: str, host: str) -> XapiError | None:
    """Return the first reason why a VM cannot run on a host, in XAPI's order; None where it can."""
    return _obstacle_but_memory(db, vm, host) or _too_little(db, vm, host)


def possible_hosts(db: Database, vm: str) -> tuple[str, ...]:
    """Return the hosts on which a VM can run now."""
    return tuple(host for host in db.refs("host") if obstacle(db, vm, host) is None)


def chosen_host(pool: Pool, vm: str) -> str:
    """Return the host on which a VM is to start: the one it has an affinity for, else by chance where memory is.

    Raises:
        XapiError: NO_HOSTS_AVAILABLE; HOST_NOT_ENOUGH_FREE_MEMORY where nothing else is in the way.
    """
    db = pool.db
    candidates = possible_hosts(db, vm)
    if not candidates:
        for host in db.refs("host"):
            if _obstacle_but_memory(db, vm, host) is None:
                raise _too_little(db, vm, host) or XapiError("NO_HOSTS_AVAILABLE")
        raise XapiError("NO_HOSTS_AVAILABLE")
    affinity = db.get("VM", vm, "affinity")
    if affinity in candidates:
        return str(affinity)
    return pool.random.choices(candidates, weights=[free_memory(db, host) for host in candidates])[0]


def _obstacle_but_memory(db: Database, vm: str, host: str) -> XapiError | None:
    row = db.row("host", host)
    if not db.get("host_metrics", row["metrics"], "live"):
        return XapiError("HOST_NOT_LIVE")
    if not row["enabled"]:
        return XapiError("HOST_DISABLED", host)
    error = _misfit(db, vm, host)
    if error is not None:
        return error
    for sr in needed_srs(db, vm):
        if not _is_plugged(db, host, sr):
            return XapiError("VM_REQUIRES_SR", vm, sr)
    for network in networks(db, vm):
        if not sees_network(db, host, network):
            return XapiError("VM_REQUIRES_NETWORK", vm, network)
    return None


def _misfit(db: Database, vm: str, host: str) -> XapiError | None:
    """Return why the hardware of a host is not what a VM needs: its virtual platform, or the processor it began on."""
    row, versions = db.row("VM", vm), db.get("host", host, "virtual_hardware_platform_versions")
    wanted = row["hardware_platform_version"]
    if wanted not in versions:
        offered = f"({'; '.join(map(str, versions))})"
        code = "VM_HOST_INCOMPATIBLE_VIRTUAL_HARDWARE_PLATFORM_VERSION"
        return XapiError(code, host, offered, vm, wanted)
    vendor = db.get("host", host, "cpu_info").get("vendor", "")
    if row["power_state"] == "Suspended" and row["last_boot_CPU_flags"].get("vendor", vendor) != vendor:
        words = "VM last booted on a host which had a CPU from a different vendor."
        return XapiError("VM_INCOMPATIBLE_WITH_THIS_HOST", vm, host, words)
    return None


def assert_seen_by_one(db: Database, vm: str) -> None:
    """Let pass a VM all whose disks one host can see, as work on them needs.

    Raises:
        XapiError: NO_HOSTS_AVAILABLE.
    """
    wanted = needed_srs(db, vm)
    for host, row in db.rows("host"):
        is_usable = row["enabled"] and db.get("host_metrics", row["metrics"], "live")
        if is_usable and all(_is_plugged(db, host, sr) for sr in wanted):
            return
    raise XapiError("NO_HOSTS_AVAILABLE")


def _is_plugged(db: Database, host: str, sr: str) -> bool:
    plugs = (db.row("PBD", pbd) for pbd in db.get("host", host, "PBDs"))
    return any(plug["SR"] == sr and plug["currently_attached"] for plug in plugs)


def _too_little(db: Database, vm: str, host: str) -> XapiError | None:
    needed, available = needed_memory(db, vm), free_memory(db, host)
    if host in (db.get("VM", vm, "resident_on"), db.get("VM", vm, "scheduled_to_be_resident_on")):
        available += needed
    if needed > available:
        return XapiError("HOST_NOT_ENOUGH_FREE_MEMORY", needed, max(0, available))
    cores, wanted = len(db.get("host", host, "host_CPUs")), db.get("VM", vm, "VCPUs_max")
    return XapiError("HOST_NOT_ENOUGH_PCPUS", wanted, cores) if wanted > cores else None


def sees_network(db: Database, host: str, network: str) -> bool:
    """Whether a host can attach a network.

    A network without PIFs lives where its first running VM is: on any host until then, on that host alone from then.
    """
    row = db.row("network", network)
    if row["PIFs"]:
        return any(db.get("PIF", pif, "host") == host for pif in row["PIFs"])
    if row["other_config"].get("assume_network_is_shared") == "true" or not row["managed"]:
        return True
    homes = {
        db.get("VM", vm, "resident_on")
        for vm in (db.get("VIF", vif, "VM") for vif in row["VIFs"])
        if db.exists("VM", vm) and db.get("VM", vm, "power_state") == "Running"
    }
    return not homes or host in homes


def needed_srs(db: Database, vm: str) -> tuple[str, ...]:
    """Return the SRs that have a disk or disc of a VM."""
    disks = (db.get("VBD", vbd, "VDI") for vbd in db.get("VM", vm, "VBDs"))
    return tuple(dict.fromkeys(db.get("VDI", disk, "SR") for disk in disks if db.exists("VDI", disk)))


def networks(db: Database, vm: str) -> tuple[str, ...]:
    """Return the networks that a VM has an interface on."""
    found = (db.get("VIF", vif, "network") for vif in db.get("VM", vm, "VIFs"))
    return tuple(dict.fromkeys(network for network in found if db.exists("network", network)))


async def assert_can_boot_here(call: Call, vm: str, host: str) -> None:
    call.pool.db.row("VM", vm)
    call.pool.db.row("host", host)
    error = obstacle(call.pool.db, vm, host)
    if error is not None:
        raise error


async def get_possible_hosts(call: Call, vm: str) -> tuple[str, ...]:
    call.pool.db.row("VM", vm)
    return possible_hosts(call.pool.db, vm)


async def compute_free_memory(call: Call, host: str) -> int:
    call.pool.db.row("host", host)
    return max(0, free_memory(call.pool.db, host))


async def compute_memory_overhead(call: Call, vm: str) -> int:
    return int(call.pool.db.get("VM", vm, "memory_overhead"))


CALLS: Mapping[str, Handler] = {
    "VM.assert_can_boot_here": assert_can_boot_here,
    "VM.get_possible_hosts": get_possible_hosts,
    "VM.compute_memory_overhead": compute_memory_overhead,
    "host.compute_free_memory": compute_free_memory,
}
