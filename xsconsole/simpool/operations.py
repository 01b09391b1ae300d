"""The `allowed_operations` of every class that has them."""

from collections.abc import Mapping
from types import MappingProxyType

from xsconsole.simpool import lifecycle
from xsconsole.simpool.database import Database
from xsconsole.simpool.pool import Pool

_SR_BASE = ("plug", "unplug", "pbd_create", "pbd_destroy", "scan", "update")
_SR_DISKS = (
    *("vdi_create", "vdi_destroy", "vdi_clone", "vdi_snapshot", "vdi_resize", "vdi_introduce", "vdi_mirror"),
    "vdi_set_on_boot",
)
_FREE_DISK = ("snapshot", "clone", "copy", "resize", "resize_online", "destroy", "forget", "update", "generate_config")
_FREE_SNAPSHOT = ("clone", "copy", "destroy", "forget", "update", "generate_config")
_POOL = (
    *("cluster_create", "designate_new_master", "tls_verification_enable", "configure_repositories", "sync_updates"),
    *("sync_bundle", "apply_updates", "cert_refresh", "exchange_certificates_on_join", "get_updates", "eject"),
    *("exchange_ca_certificates_on_join", "copy_primary_host_certs", "exchange_crls_on_join"),
)


def refresh(pool: Pool, cls: str, ref: str) -> None:
    """Write `allowed_operations` of an object anew where they changed; nothing for classes without the field."""
    compute = _COMPUTE.get(cls)
    if compute is None or not pool.db.exists(cls, ref):
        return
    absent = pool.release.absent_operations
    allowed = compute(pool.db, ref)
    if absent:
        allowed = tuple(one for one in allowed if one not in absent)
    if allowed != pool.db.get(cls, ref, "allowed_operations"):
        pool.db.set(cls, ref, allowed_operations=allowed)


def refresh_machine(pool: Pool, vm: str) -> None:
    """Write `allowed_operations` anew of a VM, its devices, their disks and its appliance."""
    refresh(pool, "VM", vm)
    row = pool.db.row("VM", vm)
    for vbd in row["VBDs"]:
        refresh(pool, "VBD", vbd)
        refresh(pool, "VDI", pool.db.get("VBD", vbd, "VDI"))
    for vif in row["VIFs"]:
        refresh(pool, "VIF", vif)
    refresh(pool, "VM_appliance", row["appliance"])


def _vbd(db: Database, ref: str) -> tuple[str, ...]:
    row = db.row("VBD", ref)
    media = () if row["type"] != "CD" else (("insert",) if row["empty"] else ("eject",))
    if not db.exists("VM", row["VM"]) or db.get("VM", row["VM"], "power_state") not in ("Running", "Paused"):
        return ("attach", *media)
    if row["currently_attached"]:
        return ("attach", "unpause", *media, *(("unplug", "unplug_force") if row["type"] != "CD" else ()), "pause")
    return ("attach", *media, "plug")


def _vif(db: Database, ref: str) -> tuple[str, ...]:
    row = db.row("VIF", ref)
    if not db.exists("VM", row["VM"]) or db.get("VM", row["VM"], "power_state") != "Running":
        return ("attach",)
    return ("attach", "unplug") if row["currently_attached"] else ("attach", "plug")


def _vdi(db: Database, ref: str) -> tuple[str, ...]:
    row = db.row("VDI", ref)
    if row["current_operations"] or not row["managed"]:
        return ()
    if row["type"] == "cbt_metadata":
        return ("destroy", "forget", "update", "generate_config", "data_destroy", "list_changed_blocks")
    if row["read_only"]:
        return ("copy", "forget", "destroy")
    tracking = () if row["is_a_snapshot"] or row["on_boot"] == "reset" else ("enable_cbt", "disable_cbt")
    if any(db.get("VBD", vbd, "currently_attached") for vbd in row["VBDs"]):
        return ("snapshot", "resize_online", "update", "generate_config", *tracking)
    if not row["is_a_snapshot"]:
        return (*_FREE_DISK, *tracking)
    return (*_FREE_SNAPSHOT, "data_destroy", "list_changed_blocks") if row["cbt_enabled"] else _FREE_SNAPSHOT


def _sr(db: Database, ref: str) -> tuple[str, ...]:
    row = db.row("SR", ref)
    is_plugged = any(db.get("PBD", pbd, "currently_attached") for pbd in row["PBDs"])
    leave = () if is_plugged else ("destroy", "forget")
    if row["content_type"] == "iso":
        return (*_SR_BASE[:-1], "vdi_create", "vdi_destroy", "vdi_clone", *leave)
    if row["type"] == "udev":
        return (*_SR_BASE[:-1], "vdi_introduce", "vdi_clone", *leave)
    return (*_SR_BASE, *_SR_DISKS, *leave)


def _host(db: Database, ref: str) -> tuple[str, ...]:
    row = db.row("host", ref)
    if not db.get("host_metrics", row["metrics"], "live"):
        return ("power_on",)
    if "evacuate" in row["current_operations"].values():
        return ()
    if row["enabled"]:
        return ("provision", "evacuate", "vm_start", "vm_resume", "vm_migrate", "enable")
    return ("provision", "evacuate", "reboot", "shutdown", "vm_migrate", "enable")


def _appliance(db: Database, ref: str) -> tuple[str, ...]:
    if db.get("VM_appliance", ref, "current_operations"):
        return ()
    states = {db.get("VM", vm, "power_state") for vm in db.get("VM_appliance", ref, "VMs")}
    return (
        *(("start",) if "Halted" in states else ()),
        *(("clean_shutdown",) if "Running" in states else ()),
        *(("hard_shutdown", "shutdown") if states - {"Halted"} else ()),
    )


def _pool(db: Database, ref: str) -> tuple[str, ...]:
    return ("ha_disable" if db.get("pool", ref, "ha_enabled") else "ha_enable", *_POOL)


_COMPUTE: Mapping[str, lifecycle.Compute] = MappingProxyType(
    {
        "VM": lifecycle.allowed_operations,
        "VBD": _vbd,
        "VIF": _vif,
        "VDI": _vdi,
        "SR": _sr,
        "host": _host,
        "VM_appliance": _appliance,
        "pool": _pool,
    }
)
