"""The VMs and templates of a site, from short descriptions."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from xsconsole.simpool import devices, domains, guest_disks, guests, machines, storage
from xsconsole.simpool.model import NULL
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.scenarios.site import GIB, Site

WRITTEN_SHARE = 0.4

_WITHOUT_DISKS = "Template which allows VM installation from install media"

_PLATFORM = MappingProxyType(
    {
        "acpi": "1",
        "apic": "true",
        "pae": "true",
        "nx": "true",
        "viridian": "false",
        "device-model": "qemu-upstream-compat",
    }
)
_TEMPLATE_PLATFORM = MappingProxyType(
    {
        **{"viridian": "true", "secureboot": "false", "nx": "true", "acpi": "1", "apic": "true", "pae": "true"},
        "hpet": "true",
    }
)
_TEMPLATE_RECOMMENDATIONS = (
    '<restrictions><restriction field="memory-static-max" max="137438953472"/>'
    '<restriction field="vcpus-max" max="64"/><restriction field="has-vendor-device" value="false"/>'
    '<restriction field="supports-bios" value="yes"/><restriction field="supports-uefi" value="yes"/>'
    '<restriction field="supports-secure-boot" value="yes"/><restriction property="number-of-vbds" max="255"/>'
    '<restriction property="number-of-vifs" max="7"/></restrictions>'
)
_RECOMMENDATIONS = (
    '<restrictions><restriction field="memory-static-max" max="1649267441664"/>'
    '<restriction field="vcpus-max" max="64"/><restriction property="number-of-vbds" max="255"/>'
    '<restriction property="number-of-vifs" max="7"/></restrictions>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A VM to make. `disks_gib`: the sizes in the order of the devices; `host` names the one it runs on.

    `is_static`: its guest keeps its addresses on its disk, as somebody wrote them there, and asks nobody for any.
    """

    name: str
    description: str
    memory_gib: float
    vcpus: int = 2
    disks_gib: tuple[int, ...] = (20,)
    sr: str = "SAN-gold"
    networks: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    system: str = "debian-12"
    host: str = ""
    has_drive: bool = True
    is_static: bool = False


def settle(
    pool: Pool,
    site: Site,
    machine: Machine,
    *,
    uuid: str = "",
    other_config: Mapping[str, str] | None = None,
) -> str:
    """Make a VM with its devices; where it names a host it runs there, and its agent has reported."""
    vm = _make(pool, machine, uuid=uuid or pool.identities.uuid(), other_config=other_config or {})
    for number, size_gib in enumerate(machine.disks_gib):
        vdi = storage.add_disk(
            pool,
            site.srs[machine.sr],
            name_label=f"{machine.name} {'system' if number == 0 else 'data'}",
            name_description=f"Disk {number} of {machine.name}",
            virtual_size=size_gib * GIB,
            written_bytes=int(size_gib * GIB * WRITTEN_SHARE),
            type="user" if number else "system",
        )
        add_block_device(pool, vm, vdi, number)
    if machine.has_drive:
        add_drive(pool, vm, 3 if len(machine.disks_gib) <= 3 else len(machine.disks_gib))
    for number, network in enumerate(machine.networks):
        machines.add_interface(pool, vm, site.networks[network], number)
    if machine.is_static:
        guest_disks.keep(pool, vm, _written_down(pool, vm))
    if machine.host:
        pool.db.set("VM", vm, affinity=NULL)
        domains.run(pool, vm, site.hosts[machine.host])
        guests.report(pool, vm)
    else:
        pool.refresh_allowed_operations("VM", vm)
    return vm


def _written_down(pool: Pool, vm: str) -> dict[str, tuple[str, ...]]:
    """Return addresses of its networks for a VM, which nobody else has: those that the site would give to it."""
    rows = [pool.db.row("VIF", vif) for vif in pool.db.get("VM", vm, "VIFs")]
    tags = {row["device"]: guests.network_tag(pool, row["network"]) for row in rows}
    return {row["device"]: (f"{guests.site_lease(row['MAC'], tags[row['device']])}/16",) for row in rows}


def make_template(pool: Pool, site: Site, machine: Machine, *, is_default: bool) -> str:
    """Make a template; the default ones say in `disks` what they would create instead of having disks."""
    if not is_default:
        template = settle(pool, site, machine)
        pool.db.set("VM", template, is_a_template=True)
    else:
        template = _make(pool, machine, uuid=pool.identities.uuid(), other_config=_recipe(machine))
        memory = pool.db.get("VM", template, "memory_static_max")
        pool.db.set(
            "VM",
            template,
            is_a_template=True,
            is_default_template=True,
            memory_static_min=memory // 2,
            platform=dict(_TEMPLATE_PLATFORM),
            HVM_boot_params={"firmware": "bios", "order": "cd"},
            recommendations=_TEMPLATE_RECOMMENDATIONS,
            version=1,
            hardware_platform_version=0,
            generation_id="",
            bios_strings={},
            **({} if machine.disks_gib else {"name_description": _WITHOUT_DISKS}),
        )
    pool.refresh_allowed_operations("VM", template)
    return template


def _recipe(machine: Machine) -> dict[str, str]:
    """Return what a default template says of itself: how to install from it, and the disks it would create."""
    provision = "".join(
        f'<disk device="{number}" size="{size * GIB}" sr="" bootable="{str(number == 0).lower()}" type="system"/>'
        for number, size in enumerate(machine.disks_gib)
    )
    if not provision:
        return {"default_template": "true", "install-methods": "cdrom"}
    return {
        "default_template": "true",
        "install-methods": "cdrom,nfs,http,ftp",
        "disks": f"<provision>{provision}</provision>",
    }


def add_block_device(pool: Pool, vm: str, vdi: str, number: int) -> str:
    """Show a disk to a VM."""
    vbd = devices.add(
        pool,
        "VBD",
        VM=vm,
        VDI=vdi,
        userdevice=str(number),
        bootable=number == 0,
        mode="RW",
        type="Disk",
        unpluggable=number != 0,
        other_config={"owner": ""},
    )
    pool.refresh_allowed_operations("VBD", vbd)
    pool.refresh_allowed_operations("VDI", vdi)
    return vbd


def add_drive(pool: Pool, vm: str, number: int) -> str:
    """Give a VM an empty drive for discs."""
    vbd = devices.add(
        pool, "VBD", VM=vm, VDI=NULL, userdevice=str(number), bootable=False, mode="RO", type="CD", empty=True
    )
    pool.refresh_allowed_operations("VBD", vbd)
    return vbd


def _make(pool: Pool, machine: Machine, *, uuid: str, other_config: Mapping[str, str]) -> str:
    memory = int(machine.memory_gib * GIB)
    is_windows = machine.system.startswith("windows")
    return machines.make(
        pool,
        uuid=uuid,
        name_label=machine.name,
        name_description=machine.description,
        user_version=1,
        affinity=NULL,
        memory_static_max=memory,
        memory_dynamic_max=memory,
        memory_dynamic_min=memory,
        memory_static_min=min(memory, GIB),
        VCPUs_max=machine.vcpus,
        VCPUs_at_startup=machine.vcpus,
        actions_after_shutdown="destroy",
        actions_after_reboot="restart",
        actions_after_crash="restart",
        HVM_boot_policy="BIOS order",
        HVM_boot_params={"order": "cdn", "firmware": "uefi" if is_windows else "bios"},
        platform={**_PLATFORM, "viridian": "true" if is_windows else "false"},
        recommendations=_RECOMMENDATIONS,
        reference_label=machine.system,
        other_config=dict(other_config),
        tags=machine.tags,
        bios_strings={"bios-vendor": "Xen", "system-manufacturer": "Xen", "system-product-name": "HVM domU"},
        generation_id=machines.generation_id(pool.identities),
        has_vendor_device=False,
    )
