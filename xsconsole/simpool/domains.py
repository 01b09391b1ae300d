"""A VM while it occupies a host: its domain, its attached devices, its console."""

from collections.abc import Mapping
from types import MappingProxyType

from xsconsole.simpool import chains, devices, machines, placement
from xsconsole.simpool.model import NULL
from xsconsole.simpool.operations import refresh_machine
from xsconsole.simpool.pool import Pool

_GUEST_BIOS: Mapping[str, str] = MappingProxyType(
    {
        **{"bios-vendor": "Xen", "bios-version": "", "system-manufacturer": "Xen"},
        **{"system-product-name": "HVM domU", "system-version": "", "system-serial-number": ""},
        **dict.fromkeys((f"baseboard-{part}" for part in ("manufacturer", "product-name", "version")), ""),
        **{"baseboard-serial-number": "", "baseboard-asset-tag": "", "baseboard-location-in-chassis": ""},
        **{"enclosure-asset-tag": "", "hp-rombios": "", "oem-1": "Xen"},
        "oem-2": "MS_VM_CERT/SHA1/bdbeb6e0a816d43fa6d3fe8aaef04c2bad9d3e3d",
    }
)
_UNBORN = "0:0"


def reserve(pool: Pool, vm: str, host: str) -> None:
    """Count a VM's memory on the host where it is about to run."""
    pool.db.set("VM", vm, scheduled_to_be_resident_on=host)
    placement.refresh_memory(pool.db, host)


def release(pool: Pool, vm: str) -> None:
    """Take back a reservation that came to nothing."""
    if not pool.db.exists("VM", vm):
        return
    host = pool.db.get("VM", vm, "scheduled_to_be_resident_on")
    if host != NULL:
        pool.db.set("VM", vm, scheduled_to_be_resident_on=NULL)
        placement.refresh_memory(pool.db, host)


def restart(pool: Pool, vm: str) -> None:
    """Give a running VM a new domain on its host."""
    host = pool.db.get("VM", vm, "resident_on")
    domid = _next_domid(pool, host)
    halt(pool, vm)
    run(pool, vm, host)
    pool.db.set("VM", vm, domid=domid)


def run(pool: Pool, vm: str, host: str, *, is_paused: bool = False) -> None:
    """Make a VM run on a host, from now, with all its devices attached."""
    db, row, now = pool.db, pool.db.row("VM", vm), pool.clock.now()
    cpu = db.get("host", host, "cpu_info")
    attach_devices(pool, vm)
    _grow_up(pool, vm)
    db.set(
        "VM",
        vm,
        power_state="Paused" if is_paused else "Running",
        resident_on=host,
        scheduled_to_be_resident_on=NULL,
        domid=_next_domid(pool, host),
        memory_target=row["memory_dynamic_max"],
        last_boot_CPU_flags={"vendor": cpu["vendor"], "features": cpu["features_hvm"]},
        requires_reboot=False,
    )
    db.set(
        "VM_metrics",
        row["metrics"],
        start_time=now,
        last_updated=now,
        memory_actual=row["memory_dynamic_max"],
        VCPUs_number=row["VCPUs_at_startup"],
        VCPUs_utilisation=dict.fromkeys(range(row["VCPUs_at_startup"]), 0.0),
        nomigrate=row["platform"].get("nomigrate") == "true",
        nested_virt=row["platform"].get("nested-virt") == "true",
        hvm=row["domain_type"] in ("hvm", "unspecified"),
        current_domain_type="hvm" if row["domain_type"] == "unspecified" else row["domain_type"],
    )
    machines.open_console(pool, vm, host)
    placement.refresh_memory(db, host)
    refresh_machine(pool, vm)


def halt(pool: Pool, vm: str) -> None:
    """Take a VM off its host for good; a suspended one loses its memory image. What its agent said last stays."""
    db, row = pool.db, pool.db.row("VM", vm)
    for console in row["consoles"]:
        db.destroy("console", console)
    for cls, attached in (("VBD", row["VBDs"]), ("VIF", row["VIFs"])):
        for device in attached:
            if db.get(cls, device, "currently_attached"):
                db.set(cls, device, currently_attached=False)
    _leave(pool, vm, power_state="Halted", last_boot_CPU_flags={**row["last_boot_CPU_flags"], "features": ""})
    image = row["suspend_VDI"]
    if image != NULL:
        db.set("VM", vm, suspend_VDI=NULL)
    refresh_machine(pool, vm)


def suspend(pool: Pool, vm: str, image: str) -> None:
    """Take a VM off its host with its memory kept in an image; its devices stay attached, as XAPI shows them."""
    for console in pool.db.get("VM", vm, "consoles"):
        pool.db.destroy("console", console)
    _leave(pool, vm, power_state="Suspended", suspend_VDI=image)
    refresh_machine(pool, vm)


def relocate(pool: Pool, vm: str, host: str) -> None:
    """Let a running VM go on running on another host."""
    for console in pool.db.get("VM", vm, "consoles"):
        pool.db.destroy("console", console)
    pool.db.set("VM", vm, domid=_next_domid(pool, host), resident_on=host, scheduled_to_be_resident_on=NULL)
    machines.open_console(pool, vm, host)
    placement.refresh_memory(pool.db, host)


def _grow_up(pool: Pool, vm: str) -> None:
    """Give a VM, at its start, what it was created without."""
    row = pool.db.row("VM", vm)
    fields: dict[str, object] = {
        "platform": {"timeoffset": "0", "device-model": "qemu-upstream-compat", **row["platform"]}
    }
    if row["generation_id"] == _UNBORN:
        fields["generation_id"] = machines.generation_id(pool.identities)
    if not pool.db.exists("VM_metrics", row["metrics"]):
        fields["metrics"] = pool.db.create("VM_metrics")
    if not row["bios_strings"]:
        fields["bios_strings"] = dict(_GUEST_BIOS)
    pool.db.set("VM", vm, **fields)


def attach_devices(pool: Pool, vm: str) -> None:
    """Mark all devices of a VM as attached."""
    db = pool.db
    for vbd in db.get("VM", vm, "VBDs"):
        row = db.row("VBD", vbd)
        db.set("VBD", vbd, currently_attached=True, device=devices.guest_name(row["userdevice"]))
        if row["mode"] == "RW":
            chains.mark_written(pool, row["VDI"])
    for vif in db.get("VM", vm, "VIFs"):
        db.set("VIF", vif, currently_attached=True)


def _leave(pool: Pool, vm: str, **fields: object) -> None:
    host = pool.db.get("VM", vm, "resident_on")
    pool.db.set(
        "VM",
        vm,
        resident_on=NULL,
        scheduled_to_be_resident_on=NULL,
        domid=-1,
        memory_target=0,
        requires_reboot=False,
        **fields,
    )
    pool.db.set("VM_metrics", pool.db.get("VM", vm, "metrics"), memory_actual=0, last_updated=pool.clock.now())
    placement.refresh_memory(pool.db, host)


def _next_domid(pool: Pool, host: str) -> int:
    return 1 + max((pool.db.get("VM", vm, "domid") for vm in pool.db.get("host", host, "resident_VMs")), default=0)
