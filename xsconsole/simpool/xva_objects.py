"""What an XVA says of its VMs: the objects they hang together with, under names of its own, as `ova.xml`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from xsconsole.simpool.model import EPOCH, NULL
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.wire_values import instant_text
from xsconsole.simpool.wire_xml import value_text

OVA_XML = "ova.xml"
EXPORT_VERSION = 2

_ORDER = ("host", "VM", "VM_metrics", "VM_guest_metrics", "VBD", "VIF", "network", "VDI", "SR", "VTPM")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """How much is told: devices can be left out, snapshots told with their VM, a suspended one left suspended."""

    with_snapshots: bool = False
    keeps_power_state: bool = False
    excluded_devices: frozenset[str] = frozenset()


@dataclass(slots=True)
class Names:
    """The names in the file, `Ref:0` and so on, by reference; also NULL has one, as in xapi's own files."""

    by_ref: dict[str, str] = field(default_factory=dict)

    def add(self, ref: str) -> bool:
        """Give an object a name; return whether it had none."""
        if ref in self.by_ref:
            return False
        self.by_ref[ref] = f"Ref:{len(self.by_ref)}"
        return True

    def of(self, ref: str) -> str:
        return self.by_ref.get(ref, NULL)

    def of_all(self, refs: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self.by_ref[ref] for ref in refs if ref in self.by_ref)


def collect(pool: Pool, vms: tuple[str, ...], scope: Scope) -> Names:
    """Return the names of everything that belongs into the file of some VMs."""
    names = Names()
    for vm in vms:
        _add_machine(pool, names, vm, scope)
    return names


def ova_xml(pool: Pool, names: Names, scope: Scope) -> bytes:
    """Return the file that stands first in an XVA."""
    objects = [
        {"class": cls, "id": names.of(ref), "snapshot": _snapshot(pool, names, cls, ref, scope)}
        for cls in _ORDER
        for ref in pool.db.refs(cls)
        if ref in names.by_ref
    ]
    return value_text({"version": this_version(pool), "objects": objects}).encode()


def this_version(pool: Pool) -> dict[str, object]:
    """Return what the pool's coordinator says of its own version."""
    row = pool.db.row("host", pool.coordinator)
    software = row["software_version"]
    major, minor = version_numbers(software)
    return {
        "hostname": row["hostname"],
        "date": instant_text(pool.clock.now()),
        "product_version": software.get("product_version", ""),
        "product_brand": software.get("product_brand", ""),
        "build_number": software.get("build_number", ""),
        "xapi_major": major,
        "xapi_minor": minor,
        "export_vsn": EXPORT_VERSION,
    }


def version_numbers(software: Mapping[str, str]) -> tuple[int, int]:
    """Return the two numbers by which one xapi knows whether another one is newer."""
    major, _, rest = software.get("xapi_build", "0.0").partition(".")
    minor = rest.partition(".")[0]
    return int(major) if major.isdecimal() else 0, int(minor) if minor.isdecimal() else 0


def streamed_disks(pool: Pool, names: Names, vm: str, scope: Scope) -> list[tuple[str, str]]:
    """Return name and VDI of each disk that follows in the file, in its order; discs in drives do not."""
    row = pool.db.row("VM", vm)
    devices = (pool.db.row("VBD", vbd) for vbd in row["VBDs"])
    disks = [device["VDI"] for device in devices if device["type"] != "CD"]
    if scope.keeps_power_state and row["power_state"] == "Suspended":
        disks.append(row["suspend_VDI"])
    present = [vdi for vdi in dict.fromkeys(disks) if pool.db.exists("VDI", vdi) and vdi in names.by_ref]
    return sorted((names.of(vdi), vdi) for vdi in present if _content_type(pool, vdi) != "iso")


def _content_type(pool: Pool, vdi: str) -> str:
    return str(pool.db.get("SR", pool.db.get("VDI", vdi, "SR"), "content_type"))


def _add_machine(pool: Pool, names: Names, vm: str, scope: Scope) -> None:
    if not pool.db.exists("VM", vm) or not names.add(vm):
        return
    row = pool.db.row("VM", vm)
    for device, cls in (("vif", "VIF"), ("vbd", "VBD"), ("vtpm", "VTPM")):
        if device not in scope.excluded_devices:
            for ref in row[f"{cls}s"]:
                _add_device(pool, names, cls, ref)
    alone = replace(scope, with_snapshots=False)
    if scope.with_snapshots:
        for snapshot in row["snapshots"]:
            _add_machine(pool, names, snapshot, alone)
    if scope.keeps_power_state and row["power_state"] == "Suspended" and pool.db.exists("VDI", row["suspend_VDI"]):
        _add_disk(pool, names, row["suspend_VDI"])
    for ref in (row["metrics"], row["guest_metrics"], row["resident_on"], row["affinity"]):
        names.add(ref)
    if scope.with_snapshots:
        _add_machine(pool, names, row["parent"], alone)


def _add_device(pool: Pool, names: Names, cls: str, ref: str) -> None:
    names.add(ref)
    row = pool.db.row(cls, ref)
    if cls == "VIF":
        names.add(row["network"])
    elif cls == "VBD" and not row["empty"] and pool.db.exists("VDI", row["VDI"]):
        _add_disk(pool, names, row["VDI"])


def _add_disk(pool: Pool, names: Names, vdi: str) -> None:
    names.add(vdi)
    names.add(pool.db.get("VDI", vdi, "SR"))


def _snapshot(pool: Pool, names: Names, cls: str, ref: str, scope: Scope) -> dict[str, Any]:
    row = dict(pool.db.row(cls, ref))
    return row | dict(_changed(names, cls, row, scope))


def _changed(names: Names, cls: str, row: Mapping[str, Any], scope: Scope) -> Iterator[tuple[str, Any]]:
    """Yield the fields that are told otherwise: references to what is not in the file, and what is only of now."""
    if "current_operations" in row:
        yield "current_operations", {}
        yield "allowed_operations", ()
    match cls:
        case "VM":
            yield from _machine(names, row, scope)
        case "VIF" | "VBD":
            yield from (("VM", names.of(row["VM"])), ("metrics", NULL))
            yield ("network", names.of(row["network"])) if cls == "VIF" else ("VDI", names.of(row["VDI"]))
            if not scope.keeps_power_state:
                yield "currently_attached", False
        case "network":
            yield from (("VIFs", names.of_all(row["VIFs"])), ("PIFs", ()))
        case "VDI":
            yield from (("VBDs", names.of_all(row["VBDs"])), ("SR", names.of(row["SR"])), ("crash_dumps", ()))
        case "SR":
            yield from (("VDIs", names.of_all(row["VDIs"])), ("PBDs", ()))
        case "host":
            yield from _host(names, row)
        case "VTPM":
            yield "VM", names.of(row["VM"])


def _machine(names: Names, row: Mapping[str, Any], scope: Scope) -> Iterator[tuple[str, Any]]:
    for relation in ("VIFs", "VBDs", "VGPUs", "VTPMs"):
        yield relation, names.of_all(row[relation])
    for one in ("resident_on", "affinity", "metrics", "guest_metrics"):
        yield one, names.of(row[one])
    yield from (("consoles", ()), ("crash_dumps", ()), ("blobs", {}), ("protection_policy", NULL))
    if scope.keeps_power_state:
        yield "suspend_VDI", names.of(row["suspend_VDI"])
    else:
        yield from (("power_state", "Halted"), ("suspend_VDI", NULL))
    if scope.with_snapshots:
        yield from (("snapshot_of", names.of(row["snapshot_of"])), ("parent", names.of(row["parent"])))
    else:
        yield from (("is_a_snapshot", False), ("snapshot_of", NULL), ("snapshots", ()), ("snapshot_time", EPOCH))
        yield from (("transportable_snapshot_id", ""), ("parent", NULL))


def _host(names: Names, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    told = ("uuid", "name_label", "name_description", "hostname", "address", "enabled")
    for name, value in row.items():
        if isinstance(value, tuple):
            yield name, names.of_all(value) if name == "resident_VMs" else ()
        elif isinstance(value, dict) and name not in told:
            yield name, {}
    yield "metrics", NULL
    for sr in ("crash_dump_sr", "suspend_image_sr"):
        yield sr, names.of(row[sr])
