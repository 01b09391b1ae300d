"""What may be done to a VM when, and the error that says why not.

The first rule that fails decides, in the order of `refusal`; the same rules fill `allowed_operations`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from xsconsole.simpool.database import Database
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL

HALTED, PAUSED, RUNNING, SUSPENDED = "Halted", "Paused", "Running", "Suspended"

_ANY = frozenset((HALTED, PAUSED, RUNNING, SUSPENDED))

POWER_STATES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                *("start", "start_on", "provision", "make_into_template", "changing_shadow_memory", "changing_NVRAM"),
                *("create_vtpm", "changing_VCPUs", "changing_static_range", "changing_memory_limits"),
            ),
            frozenset((HALTED,)),
        ),
        **dict.fromkeys(("clone", "copy"), frozenset((HALTED,))),
        **dict.fromkeys(("create_template", "destroy", "export"), frozenset((HALTED, SUSPENDED))),
        "unpause": frozenset((PAUSED,)),
        **dict.fromkeys(("resume", "resume_on", "csvm"), frozenset((SUSPENDED,))),
        **dict.fromkeys(
            (
                *("clean_shutdown", "clean_reboot", "suspend", "pause", "pool_migrate", "call_plugin", "sysprep"),
                *("changing_memory_live", "awaiting_memory_live", "changing_shadow_memory_live", "changing_VCPUs_live"),
                *("send_sysrq", "send_trigger"),
            ),
            frozenset((RUNNING,)),
        ),
        "hard_reboot": frozenset((PAUSED, RUNNING)),
        **dict.fromkeys(("hard_shutdown", "shutdown", "checkpoint"), frozenset((PAUSED, SUSPENDED, RUNNING))),
        "migrate_send": frozenset((HALTED, SUSPENDED, RUNNING)),
        "changing_dynamic_range": frozenset((HALTED, RUNNING)),
        **dict.fromkeys(
            ("snapshot", "revert", "reverting", "power_state_reset", "metadata_export", "query_services"), _ANY
        ),
    }
)

_NEVER_LISTED = frozenset(
    (
        *("create_template", "power_state_reset", "csvm", "send_sysrq", "send_trigger", "shutdown", "call_plugin"),
        *("changing_memory_live", "awaiting_memory_live", "changing_memory_limits", "changing_shadow_memory_live"),
        *("changing_VCPUs", "reverting", "query_services"),
    )
)
_LISTED = tuple(operation for operation in POWER_STATES if operation not in _NEVER_LISTED)

_FOR_TEMPLATES = frozenset(
    (
        *("clone", "copy", "export", "metadata_export", "provision", "changing_dynamic_range", "changing_static_range"),
        *("changing_memory_limits", "changing_shadow_memory", "changing_VCPUs", "changing_NVRAM", "destroy"),
        *("migrate_send", "make_into_template", "update_allowed_operations"),
    )
)
_NOT_FOR_DEFAULT_TEMPLATES = frozenset(("destroy", "migrate_send"))
_FOR_SNAPSHOTS = frozenset(("revert", "clone", "copy", "export", "destroy", "hard_shutdown", "metadata_export"))
_FOR_CONTROL_DOMAINS = frozenset(("metadata_export", "changing_static_range", "changing_dynamic_range"))

_TOGETHER = (frozenset(("clone", "copy", "export")), frozenset(("snapshot", "checkpoint")))
_DURING_MIGRATION = frozenset(("metadata_export", "clean_shutdown", "clean_reboot"))
_HARD = frozenset(("hard_shutdown", "hard_reboot"))

_MOVES = ("suspend", "checkpoint", "pool_migrate", "migrate_send")
"""What saves the memory of a VM."""

_FEATURES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "clean_shutdown": ("feature-shutdown", "feature-poweroff"),
        "clean_reboot": ("feature-shutdown", "feature-reboot"),
        "changing_VCPUs_live": ("feature-vcpu-hotplug",),
        **dict.fromkeys(_MOVES, ("feature-suspend",)),
    }
)


def allowed_operations(db: Database, vm: str) -> tuple[str, ...]:
    """Return what may be asked of a VM now, as its field of that name shows it."""
    return tuple(operation for operation in _LISTED if refusal(db, vm, operation) is None)


def refusal(db: Database, vm: str, operation: str) -> XapiError | None:
    """Return why an operation on a VM cannot begin now; None where it can."""
    record = db.row("VM", vm)
    for rule in (_blocked, _power, _busy, _kind, _place, _guest, _disks, _passthrough, _membership):
        error = rule(db, vm, record, operation)
        if error is not None:
            return error
    return None


def is_conflict(error: XapiError) -> bool:
    """Whether the operation may begin later without anybody doing anything about it."""
    return error.code == "OTHER_OPERATION_IN_PROGRESS"


def bad_power_state(vm: str, expected: frozenset[str], actual: str) -> XapiError:
    """Return XAPI's error for a VM that stands in another power state than it should."""
    words = ", ".join(state.lower() for state in (HALTED, PAUSED, SUSPENDED, RUNNING) if state in expected)
    return XapiError("VM_BAD_POWER_STATE", vm, words, actual.lower())


def _blocked(_db: Database, vm: str, record: Mapping[str, Any], operation: str) -> XapiError | None:
    reason = record["blocked_operations"].get(operation)
    return None if reason is None else XapiError("OPERATION_BLOCKED", vm, reason)


def _power(db: Database, vm: str, record: Mapping[str, Any], operation: str) -> XapiError | None:
    expected = POWER_STATES.get(operation, _ANY)
    if operation in ("clone", "copy") and (record["is_a_snapshot"] or _may_clone_suspended(db)):
        expected = expected | {SUSPENDED}
    actual = record["power_state"]
    return None if actual in expected else bad_power_state(vm, expected, actual)


def _may_clone_suspended(db: Database) -> bool:
    return any(pool["other_config"].get("allow_clone_suspended_vm") == "true" for _ref, pool in db.rows("pool"))


def _busy(_db: Database, vm: str, record: Mapping[str, Any], operation: str) -> XapiError | None:
    current = record["current_operations"]
    if not current or is_compatible(operation, frozenset(current.values())):
        return None
    tasks, operations = tuple(current), tuple(current.values())
    return XapiError("OTHER_OPERATION_IN_PROGRESS", "VM", vm, _braced(operations), _braced(tasks))


def is_compatible(operation: str, current: frozenset[str]) -> bool:
    """Whether an operation may begin beside those in progress on the same VM."""
    if any(operation in group and current <= group for group in _TOGETHER):
        return True
    if operation in _DURING_MIGRATION and current == {"migrate_send"}:
        return True
    if operation == "hard_shutdown":
        return "hard_shutdown" not in current
    return operation == "hard_reboot" and not current & _HARD


def _braced(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else "{" + ",".join(words) + "}"


def _kind(_db: Database, vm: str, record: Mapping[str, Any], operation: str) -> XapiError | None:
    if record["is_a_snapshot"]:
        if operation not in _FOR_SNAPSHOTS:
            return XapiError("VM_IS_SNAPSHOT", vm, operation)
    elif record["is_a_template"]:
        is_denied = record["is_default_template"] and operation in _NOT_FOR_DEFAULT_TEMPLATES
        if operation not in _FOR_TEMPLATES or is_denied:
            return XapiError("VM_IS_TEMPLATE", vm, operation)
    if operation == "provision" and not record["is_a_template"]:
        return XapiError("PROVISION_ONLY_ALLOWED_ON_TEMPLATE")
    if operation == "make_into_template" and record["is_a_template"]:
        return XapiError("VM_IS_TEMPLATE", vm, operation)
    if operation == "revert" and not record["is_a_snapshot"]:
        return XapiError("REVERT_ONLY_ALLOWED_ON_SNAPSHOT")
    return None


def _place(db: Database, vm: str, record: Mapping[str, Any], operation: str) -> XapiError | None:
    """Return why a VM cannot leave its place: it is tied to its host, or is a part of it."""
    if operation in _MOVES and _is_immobile(db, record):
        return XapiError("VM_IS_IMMOBILE", vm)
    if record["is_control_domain"] and operation not in _FOR_CONTROL_DOMAINS:
        where = "dom0" if operation in ("changing_VCPUs", "destroy") else "a control domain"
        return XapiError("OPERATION_NOT_ALLOWED", f"This operation is not allowed on {where}")
    return None


def _is_immobile(db: Database, record: Mapping[str, Any]) -> bool:
    """Whether the domain was started so that it cannot be moved, or will be where there is none yet."""
    metrics = record["metrics"]
    if db.exists("VM_metrics", metrics):
        row = db.row("VM_metrics", metrics)
        return bool(row["nomigrate"] or row["nested_virt"])
    return any(record["platform"].get(key) == "true" for key in ("nomigrate", "nested-virt"))


def _passthrough(_db: Database, vm: str, record: Mapping[str, Any], operation: str) -> XapiError | None:
    """Return why a VM with a device of its host cannot be saved or moved."""
    if operation in _MOVES:
        for field, code in (("attached_PCIs", "VM_HAS_PCI_ATTACHED"), ("VGPUs", "VM_HAS_VGPU")):
            if record[field]:
                return XapiError(code, vm)
    if operation in (*_MOVES, "snapshot") and record["VUSBs"]:
        return XapiError("VM_HAS_VUSBS", vm)
    return None


def _guest(db: Database, vm: str, record: Mapping[str, Any], operation: str) -> XapiError | None:
    features = _FEATURES.get(operation)
    if features is None or record["power_state"] != RUNNING:
        return None
    reason = _reported(db, record["guest_metrics"], "data-cant-suspend-reason") if operation in _MOVES else None
    if reason is not None:
        return XapiError("VM_NON_SUSPENDABLE", vm, reason)
    if record["domain_type"] == "pv":
        return None
    return None if has_feature(db, record["guest_metrics"], features) else XapiError("VM_LACKS_FEATURE", vm)


def _disks(db: Database, _vm: str, record: Mapping[str, Any], operation: str) -> XapiError | None:
    if operation not in ("snapshot", "checkpoint", "suspend"):
        return None
    for vbd in record["VBDs"]:
        disk = db.get("VBD", vbd, "VDI")
        if db.exists("VDI", disk) and db.get("VDI", disk, "on_boot") == "reset":
            return XapiError("VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION")
    return None


def _membership(_db: Database, vm: str, record: Mapping[str, Any], operation: str) -> XapiError | None:
    if operation == "make_into_template":
        if record["appliance"] != NULL:
            return XapiError("VM_IS_PART_OF_AN_APPLIANCE", vm, record["appliance"])
        if record["snapshot_schedule"] != NULL:
            return XapiError("VM_ASSIGNED_TO_SNAPSHOT_SCHEDULE", vm, record["snapshot_schedule"])
    if operation == "query_services" and record["other_config"].get("is_system_domain") != "true":
        return XapiError("NOT_SYSTEM_DOMAIN", vm)
    return None


def _reported(db: Database, guest_metrics: str, key: str) -> str | None:
    """Return what the guest says of itself under a key; None where it says nothing."""
    if not db.exists("VM_guest_metrics", guest_metrics):
        return None
    told: str | None = db.get("VM_guest_metrics", guest_metrics, "other").get(key)
    return told


def has_feature(db: Database, guest_metrics: str, features: tuple[str, ...]) -> bool:
    """Whether the guest's agent has reported paravirtual drivers or one of the features."""
    if guest_metrics == NULL or not db.exists("VM_guest_metrics", guest_metrics):
        return False
    row = db.row("VM_guest_metrics", guest_metrics)
    return row["PV_drivers_detected"] or any(row["other"].get(feature) == "1" for feature in features)


Compute = Callable[[Database, str], tuple[str, ...]]
"""Says which operations an object allows."""
