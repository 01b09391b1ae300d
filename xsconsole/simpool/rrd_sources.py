"""What is measured of VMs and hosts, under the names a real host gives it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from xsconsole.simpool.lifecycle import PAUSED, RUNNING
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.signals import Consolidation, Signal

KIB = 1024
MIB = 1 << 20

_BOOT_S = 40.0
_NAN = math.nan

Value = Callable[[int, int, Consolidation], float]
"""Takes the end of a time, its length and what is kept of it; in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One thing that is measured. `kind` is how a real host's archive counts it."""

    name: str
    description: str
    units: str
    value: Value
    kind: str = "GAUGE"
    minimum: float = 0.0
    maximum: float = math.inf


def of_machine(pool: Pool, vm: str) -> list[Source]:
    """Return what is measured of a VM, also of one that does not run: then there is nothing but gaps."""
    return [_since_start(pool, vm, source) for source in _machine(pool, vm)]


def of_host(pool: Pool, host: str) -> list[Source]:
    """Return what is measured of a host."""
    return list(_host(pool, host))


def residents(pool: Pool, host: str) -> list[str]:
    """Return the VMs that are measured on a host."""
    db = pool.db
    return [
        vm
        for vm in db.get("host", host, "resident_VMs")
        if db.get("VM", vm, "power_state") in (RUNNING, PAUSED) and not db.get("VM", vm, "is_control_domain")
    ]


def _machine(pool: Pool, vm: str) -> Iterator[Source]:
    db, row = pool.db, pool.db.row("VM", vm)
    uuid, memory = row["uuid"], row["memory_target"] or row["memory_dynamic_max"]
    for number in range(row["VCPUs_at_startup"]):
        yield Source(
            name=f"cpu{number}",
            description=f"Fraction of a physical CPU used by VCPU {number}",
            units="(fraction)",
            kind="DERIVE",
            maximum=1.0,
            value=_between(pool, uuid, f"cpu{number}", 0.01, 0.55),
        )
    yield Source(name="memory", description="Memory currently allocated to VM", units="B", value=_steady(memory))
    yield Source(name="memory_target", description="Target of VM balloon driver", units="B", value=_steady(memory))
    if db.exists("VM_guest_metrics", row["guest_metrics"]):
        yield Source(
            name="memory_internal_free",
            description="Memory used as reported by the guest agent",
            units="KiB",
            value=_between(pool, uuid, "memory_internal_free", memory / KIB * 0.15, memory / KIB * 0.6),
        )
    for vif in row["VIFs"]:
        device = db.get("VIF", vif, "device")
        for way, word in (("rx", "received"), ("tx", "sent")):
            yield _flow(pool, uuid, f"vif_{device}_{way}", f"Bytes per second {word} on interface {device}", 2 * MIB)
    for vbd in row["VBDs"]:
        if db.get("VBD", vbd, "type") == "Disk":
            yield from _drive(pool, uuid, db.get("VBD", vbd, "device") or db.get("VBD", vbd, "userdevice"))


def _drive(pool: Pool, uuid: str, device: str) -> Iterator[Source]:
    for verb, noun in (("read", "Reads from"), ("write", "Writes to")):
        yield _flow(pool, uuid, f"vbd_{device}_{verb}", f"{noun} device {device}, in B/s", 8 * MIB)
        yield Source(
            name=f"vbd_{device}_iops_{verb}",
            description=f"{verb.capitalize()} requests per second",
            units="requests/s",
            kind="DERIVE",
            value=_between(pool, uuid, f"vbd_{device}_{verb}", 0, 900),
        )
        yield Source(
            name=f"vbd_{device}_{verb}_latency",
            description=f"{verb.capitalize()} latency of device {device}, in microseconds",
            units="μs",
            value=_between(pool, uuid, f"vbd_{device}_{verb}_latency", 150, 4000),
        )
    yield Source(
        name=f"vbd_{device}_iowait",
        description="Total I/O wait time (all requests) per second",
        units="s/s",
        value=_between(pool, uuid, f"vbd_{device}_iowait", 0, 0.2),
    )


def _host(pool: Pool, host: str) -> Iterator[Source]:
    db, row = pool.db, pool.db.row("host", host)
    uuid, metrics = row["uuid"], pool.db.row("host_metrics", row["metrics"])
    machines = [db.row("VM", vm) for vm in residents(pool, host)]
    vcpus, cores = sum(machine["VCPUs_at_startup"] for machine in machines), max(1, len(row["host_CPUs"]))
    busy = min(0.9, 0.03 + vcpus * 0.2 / cores)
    for number in range(cores):
        yield Source(
            name=f"cpu{number}",
            description=f"Physical cpu usage for cpu {number}",
            units="(fraction)",
            kind="DERIVE",
            maximum=1.0,
            value=_between(pool, uuid, f"cpu{number}", 0.02, busy),
        )
    yield Source(
        name="cpu_avg",
        description="Average physical cpu usage",
        units="(fraction)",
        kind="DERIVE",
        maximum=1.0,
        value=_between(pool, uuid, "cpu_avg", 0.02, busy),
    )
    yield Source(
        name="loadavg",
        description="Domain0 loadavg",
        units="(fraction)",
        value=_between(pool, uuid, "loadavg", 0.05, 0.1 + busy),
    )
    for word in ("total", "free"):
        yield Source(
            name=f"memory_{word}_kib",
            description=f"{word.capitalize()} amount of memory of this host",
            units="KiB",
            value=_steady(metrics[f"memory_{word}"] / KIB),
        )
    yield Source(name="running_vcpus", description="Running VCPUs", units="count", value=_steady(vcpus))
    yield Source(name="running_domains", description="Running domains", units="count", value=_steady(len(machines) + 1))
    for device in sorted({db.get("PIF", pif, "device") for pif in row["PIFs"] if db.get("PIF", pif, "physical")}):
        for way in ("rx", "tx"):
            what = f"Bytes per second on physical interface {device}"
            yield _flow(pool, uuid, f"pif_{device}_{way}", what, (1 + len(machines)) * 2 * MIB)
    for way in ("rx", "tx"):
        what = "Bytes per second on all physical interfaces"
        yield _flow(pool, uuid, f"pif_aggr_{way}", what, (1 + len(machines)) * 2 * MIB)
    for pbd in row["PBDs"]:
        yield from _storage(pool, uuid, db.get("SR", db.get("PBD", pbd, "SR"), "uuid")[:8])


def _storage(pool: Pool, uuid: str, sr: str) -> Iterator[Source]:
    for verb in ("read", "write"):
        yield Source(
            name=f"io_throughput_{verb}_{sr}",
            description=f"Data {'read from' if verb == 'read' else 'written to'} the SR, in MiB/s",
            units="MiB/s",
            kind="ABSOLUTE",
            value=_between(pool, uuid, f"io_{verb}_{sr}", 0, 60),
        )
        yield Source(
            name=f"iops_{verb}_{sr}",
            description=f"{verb.capitalize()} requests per second",
            units="requests/s",
            kind="ABSOLUTE",
            value=_between(pool, uuid, f"io_{verb}_{sr}", 0, 3000),
        )


def _flow(pool: Pool, uuid: str, name: str, description: str, most: float) -> Source:
    value = _between(pool, uuid, name, 0, most)
    return Source(name=name, description=description, units="B/s", kind="DERIVE", value=value)


def _between(pool: Pool, owner: str, name: str, least: float, most: float) -> Value:
    signal = Signal(pool.seed, owner, name)

    def value(instant_s: int, step_s: int, kept: Consolidation) -> float:
        return least + (most - least) * signal.at(instant_s, step_s, kept)

    return value


def _steady(level: float) -> Value:
    def value(instant_s: int, step_s: int, kept: Consolidation) -> float:  # noqa: ARG001
        return float(level)

    return value


def _since_start(pool: Pool, vm: str, source: Source) -> Source:
    """Let the values of a VM begin when it started, unless that was before the pool began; booting keeps it busy."""
    row = pool.db.row("VM", vm)
    is_running = row["power_state"] in (RUNNING, PAUSED)
    metrics = row["metrics"]
    started = pool.db.get("VM_metrics", metrics, "start_time") if pool.db.exists("VM_metrics", metrics) else None
    since_s = started.timestamp() if started is not None and started > pool.began else -math.inf
    is_busy_at_boot, is_idle = source.name.startswith("cpu"), row["power_state"] == PAUSED

    def value(instant_s: int, step_s: int, kept: Consolidation) -> float:
        if not is_running or instant_s < since_s:
            return _NAN
        level = source.value(instant_s, step_s, kept)
        if is_idle and source.kind == "DERIVE":
            return 0.0
        boot = math.exp((since_s - instant_s) / _BOOT_S) if is_busy_at_boot else 0.0
        return level + (0.95 - level) * boot

    return Source(
        name=source.name,
        description=source.description,
        units=source.units,
        value=value,
        kind=source.kind,
        minimum=source.minimum,
        maximum=source.maximum,
    )
