"""What a blueprint's machine is made of, worked out before it is planned: template, networks, disks, room."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xsconsole.domain.actions.copies import Slot
from xsconsole.domain.actions.provisions import DiskShape
from xsconsole.domain.blueprint.rendering import FilledDisk, FilledMember
from xsconsole.domain.blueprint.templates import only_installs
from xsconsole.domain.disks import BLOCK_TYPES, DISK_ROLE_KEY, SEED_ROLE, SYSTEM, drives_of
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import SR, VBD, VDI, VM, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import size
from xsconsole.domain.workflow import Method, Stage
from xsconsole.engine.commands import Newcomer, Provision
from xsconsole.engine.moves.relocation import preferred_hosts, storage_of
from xsconsole.engine.plans import capacity
from xsconsole.engine.plans.lands import storage_in
from xsconsole.engine.plans.placement import Guest
from xsconsole.engine.provisions.cidata import META_DATA, NETWORK_CONFIG, USER_DATA, meta_data, size_of
from xsconsole.errors import NotPromotable

HOSTNAME_LIMIT = 63
SEED_NAME = "cloud-init"
MOST_DEVICES = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDisk:
    """A disk that the template does not have; with `files`, the one that cloud-init reads."""

    name: str
    size_bytes: int
    slot: Slot
    files: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine that is to be. `space` is what it takes at once by storage, `growth` what it may take by writing."""

    member: FilledMember
    template: VM
    networks: dict[str, Uuid]
    shapes: dict[str, DiskShape]
    new_disks: tuple[NewDisk, ...]
    sr: SR
    space: Mapping[Uuid, int]
    growth: Mapping[Uuid, int]
    home: Uuid | None

    @property
    def memory_bytes(self) -> int:
        """Return what it takes of its host when it runs."""
        return (self.member.memory or self.template.memory_static_max) + self.template.memory_overhead

    @property
    def hostname(self) -> str:
        """Return what the guest is called: what may stand in a host's name of the machine's."""
        plain = re.sub(r"[^A-Za-z0-9-]+", "-", self.member.name)[:HOSTNAME_LIMIT].strip("-")
        return plain.lower() or "machine"

    def guest(self, key: str, inventory: Inventory) -> Guest:
        return Guest(
            key=Uuid(key),
            name=self.member.name,
            memory_bytes=self.memory_bytes,
            storages=frozenset({self.sr.uuid, *(sr for sr in self.space if inventory.by_uuid(SR, sr) is not None)}),
            networks=frozenset(self.networks.values()),
            home=self.home,
        )


def machines_of(
    command: Provision, newcomer: Newcomer, target: Stage, cloned: set[Uuid], inventory: Inventory
) -> list[Machine]:
    """Return the machines of one configuration. `cloned` are templates of which others are cloned before; they grow.

    Raises:
        NotPromotable: one of them cannot be made, and why.
    """
    hosts = preferred_hosts(target, inventory)
    found = []
    for at, member in enumerate(newcomer.members):
        template = _template(member, inventory)
        drives = drives_of(inventory, template)
        sr = _storage(command, target, template, inventory)
        shapes = _shapes(member, drives)
        new_disks = _new_disks(member, template, drives, inventory)
        moved = sr if command.method is Method.FULL_COPY else None
        grown = _growth(shapes, drives, moved, inventory)
        made = {sr.uuid: sum(_taken(disk, sr) for disk in new_disks)}
        found.append(
            Machine(
                member=member,
                template=template,
                networks=_networks(member, target, inventory),
                shapes=shapes,
                new_disks=new_disks,
                sr=sr,
                space=capacity.total(_copied(command, template, cloned, moved, inventory), grown, made),
                growth=_written_later(command, template, new_disks, sr, inventory),
                home=hosts[at % len(hosts)] if hosts else None,
            )
        )
        cloned.add(template.uuid)
    return found


# Template and storage


def _template(member: FilledMember, inventory: Inventory) -> VM:
    template, what = inventory.by_uuid(VM, member.template), f"“{shortened(member.name, 60)}” is made of"
    if template is None:
        raise NotPromotable(
            reason=f"{what} a template that the pool does not have ({member.template}).",
            mend="Choose another template in the blueprint, or import the blueprint with its disks.",
        )
    name = f"“{shortened(template.name_label, 60)}”"
    if not template.is_a_template or template.is_a_snapshot:
        raise NotPromotable(
            reason=f"{what} {name}, {'a snapshot' if template.is_a_snapshot else 'a machine'} and no template.",
            mend="Choose a template in the blueprint.",
        )
    if only_installs(template):
        raise NotPromotable(
            reason=f"{what} {name}, which only says how to install a machine: there is no system on it.",
            mend="Install a machine of it, make that a template, and choose it in the blueprint.",
        )
    blocked = template.blocked_operations.get("clone") or template.blocked_operations.get("copy")
    if blocked is not None:
        raise NotPromotable(
            reason=f"Copying {name} is blocked: {shortened(blocked, 120)}.", mend="Remove that block first."
        )
    return template


def _storage(command: Provision, target: Stage, template: VM, inventory: Inventory) -> SR:
    """Return where new disks go, and those of a full copy."""
    chosen = inventory.by_uuid(SR, command.sr) if command.sr is not None else storage_of(target, inventory)
    if command.sr is not None and (chosen is None or chosen.content_type == "iso"):
        raise NotPromotable(reason="That is no storage of the pool for disks.", mend="Choose another storage.")
    present = [sr for _, disk in drives_of(inventory, template) if (sr := inventory.get(SR, disk.SR)) is not None]
    if command.method is not Method.FULL_COPY:
        strange = chosen is not None and any(sr.uuid != chosen.uuid for sr in present)
        if strange and chosen is not None:
            raise NotPromotable(
                reason="A linked clone stays on the storage of its template, and "
                f"“{shortened(template.name_label, 60)}” is not on “{shortened(chosen.name_label, 60)}”.",
                mend="Make full copies.",
            )
    return chosen or (present[0] if present else storage_in(target, inventory))


# Networks


def _networks(member: FilledMember, target: Stage, inventory: Inventory) -> dict[str, Uuid]:
    """Return where the interfaces go: by the stage's map or, where it has none, by a name that one network has."""
    mapped = {entry.logical: entry.network.uuid for entry in target.binding.networks}
    found = {}
    for interface in member.interfaces:
        name = interface.network
        if mapped:
            if name not in mapped or inventory.by_uuid(Network, mapped[name]) is None:
                raise NotPromotable(
                    reason=f"{target.name} has no network for “{shortened(name, 60)}”, on which "
                    f"“{shortened(member.name, 60)}” is.",
                    mend=f"Map it for {target.name} in the workflow.",
                )
            found[str(interface.device)] = mapped[name]
            continue
        alike = [network.uuid for network in inventory.all(Network) if network.name_label == name]
        if len(alike) != 1:
            raise NotPromotable(
                reason=f"{target.name} maps no networks, and {'no' if not alike else 'more than one'} network of the "
                f"pool is called “{shortened(name, 60)}”, on which “{shortened(member.name, 60)}” is.",
                mend=f"Map it for {target.name} in the workflow.",
            )
        found[str(interface.device)] = alike[0]
    return found


# Disks

Drives = Sequence[tuple[VBD, VDI]]


def _shapes(member: FilledMember, drives: Drives) -> dict[str, DiskShape]:
    by_device = {drive.userdevice: disk for drive, disk in drives}
    shapes = {}
    for disk in member.disks:
        if disk.is_new:
            continue
        present = by_device.get(str(disk.position))
        if present is None:
            raise NotPromotable(
                reason=f"The template of “{shortened(member.name, 60)}” has no disk {disk.position}.",
                mend="Say in the blueprint that it is a new one, or choose another template.",
            )
        wanted = disk.size if disk.size is not None else present.virtual_size
        if wanted < present.virtual_size:
            raise NotPromotable(
                reason=f"Disk {disk.position} of “{shortened(member.name, 60)}” is to have {size(wanted)}, and its "
                f"template has {size(present.virtual_size)}: no disk gets smaller.",
                mend="Give it at least that.",
            )
        name = disk.name or present.name_label
        shapes[str(disk.position)] = DiskShape(name=name, role=disk.role, size_bytes=wanted)
    return shapes


def _new_disks(member: FilledMember, template: VM, drives: Drives, inventory: Inventory) -> tuple[NewDisk, ...]:
    # Empty drives have their place too.
    attached = [drive for ref in template.VBDs if (drive := inventory.get(VBD, ref)) is not None]
    taken = {drive.userdevice for drive in attached} | {drive.userdevice for drive, _ in drives}
    found = [_empty(member, disk, taken) for disk in member.disks if disk.is_new]
    taken |= {disk.slot.device for disk in found}
    files = {
        **({USER_DATA: member.user_data} if member.user_data or member.network_config else {}),
        **({NETWORK_CONFIG: member.network_config} if member.network_config else {}),
    }
    if files:
        device = next((str(number) for number in range(1, MOST_DEVICES) if str(number) not in taken), None)
        if device is None:
            raise NotPromotable(
                reason=f"“{shortened(member.name, 60)}” has no place left for the disk that cloud-init reads.",
                mend="Give it fewer disks.",
            )
        longest = meta_data(Uuid("0" * 36), "m" * HOSTNAME_LIMIT)
        found.append(
            NewDisk(
                name=SEED_NAME,
                size_bytes=size_of({**files, META_DATA: longest}),
                # XAPI starts no HVM guest with a disk that it must not write.
                slot=Slot(
                    device=device,
                    mode="RO" if template.domain_type == "pv" else "RW",
                    other_config={DISK_ROLE_KEY: SEED_ROLE},
                ),
                files=files,
            )
        )
    return tuple(found)


def _empty(member: FilledMember, disk: FilledDisk, taken: set[str]) -> NewDisk:
    what = f"Disk {disk.position} of “{shortened(member.name, 60)}”"
    if str(disk.position) in taken:
        raise NotPromotable(
            reason=f"{what} is to be a new one, and its template has one there.",
            mend="Choose another position in the blueprint.",
        )
    if disk.size is None:
        raise NotPromotable(reason=f"{what} is to be a new one of no size.", mend="Give it a size in the blueprint.")
    return NewDisk(
        name=disk.name or f"{shortened(member.name, 80)} {disk.role}",
        size_bytes=disk.size,
        slot=Slot(device=str(disk.position), is_bootable=disk.role == SYSTEM, other_config={DISK_ROLE_KEY: disk.role}),
    )


# Room


def _copied(
    command: Provision, template: VM, cloned: set[Uuid], moved: SR | None, inventory: Inventory
) -> Mapping[Uuid, int]:
    if command.method is Method.FULL_COPY:
        return capacity.copy_space(inventory, template, moved)
    # Nothing is written to a template: what it has after the first clone serves all the others.
    capacity.demand_short_chains(inventory, template, 1)
    return capacity.clone_space(inventory, template, is_of_snapshot=template.uuid in cloned)


def _growth(shapes: Mapping[str, DiskShape], drives: Drives, moved: SR | None, inventory: Inventory) -> dict[Uuid, int]:
    """Return what larger disks take at once: only block storage gives it before it is written."""
    taken: dict[Uuid, int] = {}
    for drive, disk in drives:
        sr, shape = moved or inventory.get(SR, disk.SR), shapes.get(drive.userdevice)
        if sr is not None and shape is not None and sr.type in BLOCK_TYPES:
            taken[sr.uuid] = taken.get(sr.uuid, 0) + shape.size_bytes - disk.virtual_size
    return taken


def _taken(disk: NewDisk, sr: SR) -> int:
    is_whole = sr.type in BLOCK_TYPES or disk.files is not None
    return disk.size_bytes if is_whole else min(disk.size_bytes, capacity.FILE_SNAPSHOT_BYTES)


def _written_later(
    command: Provision, template: VM, new_disks: Sequence[NewDisk], sr: SR, inventory: Inventory
) -> Mapping[Uuid, int]:
    own = {sr.uuid: sum(disk.size_bytes for disk in new_disks)} if sr.type not in BLOCK_TYPES else {}
    if command.method is Method.FULL_COPY:
        whole = sum(disk.virtual_size for _, disk in drives_of(inventory, template))
        return capacity.total(own, {sr.uuid: whole} if sr.type not in BLOCK_TYPES else {})
    return capacity.total(own, capacity.growth_space(inventory, template))
