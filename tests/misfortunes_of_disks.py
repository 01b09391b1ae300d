"""How the errors of disks and devices come about; beside `misfortunes`, and in the same way."""

from fleet import add_disk, disks, vbd_fields, vif_fields
from misfortunes import GIB, NULL, World


def vdi_in_use(world: World) -> list[str]:
    return world.refused(world.api.VDI.destroy, disks(world.session, world.running())[0])


def vdi_not_managed(world: World) -> list[str]:
    (disk,) = disks(world.session, world.machine())
    world.api.VDI.snapshot(disk, {})
    base = world.api.VDI.get_by_uuid(world.api.VDI.get_sm_config(disk)["vhd-parent"])
    return world.refused(world.api.VDI.destroy, base)


def vdi_readonly(world: World) -> list[str]:
    vm, library = world.machine(), world.sr("ISO library")
    return world.refused(world.api.VBD.create, vbd_fields(vm, world.api.SR.get_VDIs(library)[0], "7"))


def vdi_too_small(world: World) -> list[str]:
    vm = world.machine()
    small, large = (add_disk(world.session, vm, "NFS-silver", size, str(size)) for size in (1, 2))
    return world.refused(world.api.VDI.copy, large, NULL, NULL, small)


def vdi_needs_vm_for_migrate(world: World) -> list[str]:
    disk = add_disk(world.session, world.machine(), "NFS-silver", GIB)
    world.api.VBD.destroy(world.api.VDI.get_VBDs(disk)[0])
    return world.refused(world.api.VDI.pool_migrate, disk, world.sr("SAN-gold"), {})


def vdi_cbt_enabled(world: World) -> list[str]:
    (disk,) = disks(world.session, world.machine())
    world.api.VDI.enable_cbt(disk)
    return world.refused(world.api.VDI.pool_migrate, disk, world.sr("SAN-gold"), {})


def vdi_no_cbt_metadata(world: World) -> list[str]:
    (disk,) = disks(world.session, world.machine())
    return world.refused(world.api.VDI.data_destroy, world.api.VDI.snapshot(disk, {}))


def vdi_incompatible_type(world: World) -> list[str]:
    vm = world.running()
    world.api.VM.suspend(vm)
    return world.refused(world.api.VDI.enable_cbt, world.api.VM.get_suspend_VDI(vm))


def sr_operation_not_supported(world: World) -> list[str]:
    return world.refused(world.api.VDI.clone, world.api.SR.get_VDIs(world.sr("ISO library"))[0], {})


def sr_has_no_pbds(world: World) -> list[str]:
    sr = world.api.SR.introduce("", "lost", "", "nfs", "user", True, {})
    return world.refused(world.api.SR.scan, sr)


def sr_has_pbd(world: World) -> list[str]:
    return world.refused(world.api.SR.forget, world.sr("NFS-silver"))


def sr_not_empty(world: World) -> list[str]:
    sr = world.sr("ISO library")
    for pbd in world.api.SR.get_PBDs(sr):
        world.api.PBD.unplug(pbd)
    return world.refused(world.api.SR.destroy, sr)


def sr_unknown_driver(world: World) -> list[str]:
    host = world.api.host.get_all()[0]
    return world.refused(world.api.SR.create, host, {}, "0", "x", "", "nosuch", "user", False, {})


def device_already_exists(world: World) -> list[str]:
    vm = world.machine()
    network = world.api.VIF.get_network(world.api.VM.get_VIFs(vm)[0])
    return world.refused(world.api.VIF.create, vif_fields(vm, network, "0"))


def invalid_device(world: World) -> list[str]:
    vm = world.machine()
    network = world.api.VIF.get_network(world.api.VM.get_VIFs(vm)[0])
    return world.refused(world.api.VIF.create, vif_fields(vm, network, "first"))


def mac_invalid(world: World) -> list[str]:
    vm = world.machine()
    network = world.api.VIF.get_network(world.api.VM.get_VIFs(vm)[0])
    return world.refused(world.api.VIF.create, vif_fields(vm, network, "5", MAC="zz"))


def device_already_attached(world: World) -> list[str]:
    return world.refused(world.api.VIF.plug, world.api.VM.get_VIFs(world.running())[0])


def device_already_detached(world: World) -> list[str]:
    vif = world.api.VM.get_VIFs(world.running())[0]
    world.api.VIF.unplug(vif)
    return world.refused(world.api.VIF.unplug, vif)


def vm_missing_pv_drivers(world: World) -> list[str]:
    vm = world.machine()
    network = world.api.VIF.get_network(world.api.VM.get_VIFs(vm)[0])
    vdi = disks(world.session, vm)[0]
    world.api.VDI.destroy(vdi)
    world.api.VM.start(vm, False, False)
    vif = world.api.VIF.create(vif_fields(vm, network, "1"))
    return world.refused(world.api.VIF.plug, vif)


def vbd_not_empty(world: World) -> list[str]:
    drive, disc = drive_and_disc(world)
    world.api.VBD.insert(drive, disc)
    return world.refused(world.api.VBD.insert, drive, disc)


def vbd_is_empty(world: World) -> list[str]:
    return world.refused(world.api.VBD.eject, drive_and_disc(world)[0])


def drive_and_disc(world: World) -> tuple[str, str]:
    drives = (vbd for vbd in world.api.VM.get_VBDs(world.machine()) if world.api.VBD.get_type(vbd) == "CD")
    return next(drives), world.api.SR.get_VDIs(world.sr("ISO library"))[0]


def vbd_not_removable_media(world: World) -> list[str]:
    vm = world.machine()
    return world.refused(world.api.VBD.create, vbd_fields(vm, NULL, "7", empty=True))


def vbd_cds_must_be_readonly(world: World) -> list[str]:
    return world.refused(world.api.VBD.create, vbd_fields(world.machine(), NULL, "7", empty=True, type="CD"))


def disk_vbd_must_be_readwrite_for_hvm(world: World) -> list[str]:
    vm = world.machine()
    world.api.VBD.set_mode(world.api.VDI.get_VBDs(disks(world.session, vm)[0])[0], "RO")
    return world.refused(world.api.VM.start, vm, False, False)
