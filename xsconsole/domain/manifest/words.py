"""Manifests and their differences in words."""

from collections.abc import Mapping

from xsconsole.domain.actions.mends import Value
from xsconsole.domain.manifest.difference import Change, FieldChange
from xsconsole.domain.manifest.judging import Judged, Verdict
from xsconsole.domain.manifest.values import Disk, Drive, MemberManifest, Nic, Part
from xsconsole.domain.words import duration, size

NOT_COMPARED = (
    "What the disks hold, what NVRAM and virtual TPMs hold, where machines run now, and what their guests report."
)

_FIELDS: Mapping[str, str] = {
    "memory_static_min_bytes": "memory, static minimum",
    "memory_dynamic_min_bytes": "memory, dynamic minimum",
    "memory_dynamic_max_bytes": "memory, dynamic maximum",
    "memory_static_max_bytes": "memory, static maximum",
    "vcpus_max": "vCPUs at most",
    "vcpus_at_startup": "vCPUs at start",
    "vcpus_params": "vCPU setting",
    "bios_strings": "BIOS text",
    "boot_params": "boot setting",
    "platform": "platform setting",
    "other_config": "other_config",
    "vtpm_count": "virtual TPMs",
    "vgpu_count": "virtual GPUs",
    "ha_restart_priority": "high availability",
    "sr_kind": "kind of storage",
    "is_bootable": "can be booted",
    "is_sharable": "can be shared",
    "is_read_only": "read only",
    "mac": "MAC",
    "mtu": "MTU",
    "ipv4_allowed": "IPv4 addresses allowed",
    "ipv6_allowed": "IPv6 addresses allowed",
    "has_change_tracking": "changed block tracking",
    "has_nvram": "NVRAM",
    "has_vendor_device": "vendor device",
    "home_host": "preferred host",
}
_UNITS = ("_bytes", "_s")


def place(change: Change) -> str:
    """Return what it is about: the member's role, and its part."""
    match change.part:
        case Part.MEMBER:
            return change.role
        case Part.NIC:
            return f"{change.role}, interface {change.device}"
        case Part.DISK | Part.DRIVE:
            return f"{change.role}, {change.part.value} {change.device}"


def label(change: Change) -> str:
    """Return what differs about it."""
    if not isinstance(change, FieldChange):
        return change.part.value if change.part is not Part.NIC else "interface"
    name = _FIELDS.get(change.field)
    if name is None:
        plain = next((change.field.removesuffix(unit) for unit in _UNITS if change.field.endswith(unit)), change.field)
        name = plain.replace("_", " ")
    return f"{name} {change.key}" if change.key else name


def sides(change: Change) -> tuple[str, str]:
    """Return the value before and after, as people read them."""
    if isinstance(change, FieldChange):
        return _worth(change.field, change.before), _worth(change.field, change.after)
    return _whole(change.before), _whole(change.after)


def _worth(field: str, value: Value) -> str:
    if value is None or value in ("", ()):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, int):
        return size(value) if field.endswith("_bytes") else duration(value) if field.endswith("_s") else str(value)
    return str(value)


def _whole(part: MemberManifest | Disk | Drive | Nic | None) -> str:
    match part:
        case None:
            return "missing"
        case MemberManifest():
            return f"{part.name}, {size(part.memory_static_max_bytes)}"
        case Disk():
            return f"{part.name or 'a disk'}, {size(part.size_bytes)}, {part.role}"
        case Drive():
            return part.disc or "empty"
        case Nic():
            return f"{part.network}, {part.mac}"


def verdict(judged: Judged) -> str:
    return f"allowed: {judged.rule}" if judged.verdict is Verdict.ALLOWED else "drift"
