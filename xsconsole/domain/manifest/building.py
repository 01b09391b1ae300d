"""From the pool's records to a manifest."""

from collections.abc import Iterable, Mapping

from xsconsole.domain.board import Card
from xsconsole.domain.disks import role_of_disk
from xsconsole.domain.ids import NULL_REF, Ref, Uuid
from xsconsole.domain.inventory import SR, VBD, VDI, VIF, VM, Host, Inventory, Network
from xsconsole.domain.manifest.values import Disk, Drive, Manifest, MemberManifest, Nic, in_order
from xsconsole.domain.poolstate import PREFIX
from xsconsole.domain.workflow import Stage, Workflow

# What XAPI, an import or a front end writes for itself: it says nothing about how the machine was meant to be.
OWN_TO_OTHERS = frozenset(
    {"mac_seed", "base_template_name", "import_task", "install-methods", "is_vmss_snapshot", "vgpu_pci", "disks"}
)
FOREIGN_PREFIXES = (PREFIX, "XenCenter.CustomFields.", "xo:", "xapi-")
# Written by XAPI at each start.
MOVING_PLATFORM = frozenset({"timeoffset", "generation-id", "featureset"})


def manifest_of(
    members: Iterable[tuple[str, Ref]], inventory: Inventory, logical: Mapping[Uuid, str] | None = None
) -> Manifest:
    """Return the manifest of these members, given by role and reference; those that are gone are left out.

    `logical` names networks by what the stage calls them, by uuid.
    """
    found = ((role, vm) for role, ref in members if (vm := inventory.get(VM, ref)) is not None)
    return _manifest(found, inventory, logical or {})


def manifest_of_card(card: Card, inventory: Inventory, workflow: Workflow | None) -> Manifest:
    """Return the manifest of a configuration where it stands: networks are called what its stage calls them."""
    logical = logical_names(workflow.stage(card.stage) if workflow else None)
    return manifest_of(((member.role, member.ref) for member in card.members), inventory, logical)


def manifest_of_records(members: Iterable[tuple[str, VM]], inventory: Inventory, stage: Stage | None) -> Manifest:
    """Return the manifest of machines by role and record; `stage` says what their networks are called."""
    return _manifest(members, inventory, logical_names(stage))


def logical_names(stage: Stage | None) -> dict[Uuid, str]:
    """Return what a stage calls networks, by uuid."""
    return {entry.network.uuid: entry.logical for entry in stage.binding.networks} if stage else {}


def _manifest(members: Iterable[tuple[str, VM]], inventory: Inventory, logical: Mapping[Uuid, str]) -> Manifest:
    return in_roles(member_manifest(role, vm, inventory, logical) for role, vm in members)


def in_roles(members: Iterable[MemberManifest]) -> Manifest:
    """Return the manifest that these members make."""
    return Manifest(members=tuple(sorted(members, key=lambda member: member.role)))


def records_behind(vm: VM, inventory: Inventory) -> tuple[Ref, ...]:
    """Return the records that a machine's part of a manifest is made of, beside its own and its storage's."""
    disks = (vbd.VDI for ref in vm.VBDs if (vbd := inventory.get(VBD, ref)) is not None)
    networks = (vif.network for vif in _vifs_of(vm, inventory))
    return (*vm.VBDs, *vm.VIFs, *disks, *networks, vm.affinity)


def member_manifest(role: str, vm: VM, inventory: Inventory, logical: Mapping[Uuid, str]) -> MemberManifest:
    """Return one machine's part of a manifest."""
    home = inventory.get(Host, vm.affinity)
    drives = [vbd for ref in vm.VBDs if (vbd := inventory.get(VBD, ref)) is not None]
    return MemberManifest(
        role=role,
        name=vm.name_label,
        description=vm.name_description,
        memory_static_min_bytes=vm.memory_static_min,
        memory_dynamic_min_bytes=vm.memory_dynamic_min,
        memory_dynamic_max_bytes=vm.memory_dynamic_max,
        memory_static_max_bytes=vm.memory_static_max,
        vcpus_max=vm.VCPUs_max,
        vcpus_at_startup=vm.VCPUs_at_startup,
        vcpus_params=dict(vm.VCPUs_params),
        after_shutdown=vm.actions_after_shutdown,
        after_reboot=vm.actions_after_reboot,
        after_crash=vm.actions_after_crash,
        domain_type=vm.domain_type,
        boot_policy=vm.HVM_boot_policy,
        boot_params=dict(vm.HVM_boot_params),
        shadow_multiplier=vm.HVM_shadow_multiplier,
        pv_bootloader=vm.PV_bootloader,
        pv_kernel=vm.PV_kernel,
        pv_ramdisk=vm.PV_ramdisk,
        pv_args=vm.PV_args,
        pv_bootloader_args=vm.PV_bootloader_args,
        pv_legacy_args=vm.PV_legacy_args,
        platform={key: value for key, value in vm.platform.items() if key not in MOVING_PLATFORM},
        hardware_platform_version=vm.hardware_platform_version,
        has_vendor_device=vm.has_vendor_device,
        bios_strings=dict(vm.bios_strings),
        has_nvram=vm.NVRAM_present,
        vtpm_count=len(vm.VTPMs),
        vgpu_count=len(vm.VGPUs),
        start_order=vm.order,
        start_delay_s=vm.start_delay,
        shutdown_delay_s=vm.shutdown_delay,
        ha_restart_priority=vm.ha_restart_priority,
        home_host=home.name_label if home else "",
        tags=tuple(sorted(vm.tags)),
        other_config={key: value for key, value in vm.other_config.items() if _is_meant(key)},
        disks=in_order(_disk_of(vbd, inventory) for vbd in drives if vbd.type != "CD"),
        drives=in_order(_drive_of(vbd, inventory) for vbd in drives if vbd.type == "CD"),
        nics=in_order(_nic_of(vif, inventory, logical) for vif in _vifs_of(vm, inventory)),
    )


def _is_meant(key: str) -> bool:
    return key not in OWN_TO_OTHERS and not key.startswith(FOREIGN_PREFIXES)


def _disk_of(vbd: VBD, inventory: Inventory) -> Disk:
    vdi = inventory.get(VDI, vbd.VDI)
    sr = inventory.get(SR, vdi.SR) if vdi else None
    return Disk(
        device=vbd.userdevice,
        role=role_of_disk(vbd),
        name=vdi.name_label if vdi else "",
        size_bytes=vdi.virtual_size if vdi else 0,
        mode=vbd.mode,
        is_bootable=vbd.bootable,
        sr_kind=sr.type if sr else "",
        is_sharable=vdi.sharable if vdi else False,
        is_read_only=vdi.read_only if vdi else False,
        has_change_tracking=vdi.cbt_enabled if vdi else False,
    )


def _drive_of(vbd: VBD, inventory: Inventory) -> Drive:
    disc = None if vbd.empty or vbd.VDI == NULL_REF else inventory.get(VDI, vbd.VDI)
    return Drive(device=vbd.userdevice, disc=disc.name_label if disc else "", is_bootable=vbd.bootable)


def _vifs_of(vm: VM, inventory: Inventory) -> list[VIF]:
    return [vif for ref in vm.VIFs if (vif := inventory.get(VIF, ref)) is not None]


def _nic_of(vif: VIF, inventory: Inventory, logical: Mapping[Uuid, str]) -> Nic:
    network = inventory.get(Network, vif.network)
    return Nic(
        device=vif.device,
        mac=vif.MAC.lower(),
        network=logical.get(network.uuid, network.name_label) if network else "",
        mtu=vif.MTU,
        locking_mode=vif.locking_mode,
        ipv4_allowed=tuple(sorted(vif.ipv4_allowed)),
        ipv6_allowed=tuple(sorted(vif.ipv6_allowed)),
    )
