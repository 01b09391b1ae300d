"""The end of a VM as an object."""

from xsconsole.simpool import blobs, devices, storage
from xsconsole.simpool.lifecycle import SUSPENDED
from xsconsole.simpool.model import NULL
from xsconsole.simpool.pool import Pool


def remove_machine(pool: Pool, vm: str) -> None:
    """Remove a VM with its devices; its disks and its snapshots stay, and only the image of its memory goes."""
    db, row = pool.db, pool.db.row("VM", vm)
    for cls, attached in (
        ("VBD", row["VBDs"]),
        ("VIF", row["VIFs"]),
        ("console", row["consoles"]),
        ("VTPM", row["VTPMs"]),
        ("VGPU", row["VGPUs"]),
        ("VUSB", row["VUSBs"]),
    ):
        for device in attached:
            disk = db.get("VBD", device, "VDI") if cls == "VBD" else NULL
            if cls in ("VBD", "VIF"):
                devices.remove(pool, cls, device)
            else:
                db.destroy(cls, device)
            pool.refresh_allowed_operations("VDI", disk)
    for child in row["children"]:
        db.set("VM", child, parent=row["parent"])
    for cls, metrics in (("VM_metrics", row["metrics"]), ("VM_guest_metrics", row["guest_metrics"])):
        if db.exists(cls, metrics):
            db.destroy(cls, metrics)
    if row["power_state"] == SUSPENDED and db.exists("VDI", row["suspend_VDI"]):
        storage.remove_disk(pool, row["suspend_VDI"])
    appliance = row["appliance"]
    for blob in row["blobs"].values():
        blobs.remove(pool, blob)
    db.destroy("VM", vm)
    pool.refresh_allowed_operations("VM_appliance", appliance)
