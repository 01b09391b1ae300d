"""What becomes of each disk of a newcomer by its role: it travels, the slot keeps its own one, or it starts empty."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xsconsole.domain.actions.copies import Slot
from xsconsole.domain.board import Member
from xsconsole.domain.disks import DATA, drives_of, role_of_disk
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import SR, VBD, VDI, VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import count, listing
from xsconsole.domain.workflow import DiskTreatment, Stage, Transition
from xsconsole.engine.copies.copy_checks import Order, Part
from xsconsole.engine.moves.succession import Incumbent
from xsconsole.errors import NotPromotable

Machine = tuple[Member, VM]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """A disk of the copy of `source` that starts empty."""

    source: Uuid
    name: str
    size_bytes: int
    sr: Uuid
    slot: Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Staying:
    """A disk of the machine `holder` in the slot, which the machine `source` or its copy gets in place of `own`."""

    source: Uuid
    own: Uuid
    disk: Uuid
    sr: Uuid
    holder: Uuid
    slot: Slot
    original: Slot


def blanks_of(order: Order, parts: Sequence[Part], sr: SR | None, inventory: Inventory) -> tuple[Blank, ...]:
    found = []
    for part in parts:
        for drive, disk in _disks(part.vm, order.edge, DiskTreatment.EMPTY, inventory):
            home = sr or inventory.get(SR, disk.SR)
            if home is not None:
                found.append(
                    Blank(
                        source=part.vm.uuid,
                        name=disk.name_label,
                        size_bytes=disk.virtual_size,
                        sr=home.uuid,
                        slot=slot_of(drive),
                    )
                )
    return tuple(found)


def staying_of(
    machines: Iterable[Machine],
    incumbent: Incumbent | None,
    target: Stage,
    edge: Transition,
    inventory: Inventory,
    there: Inventory | None = None,
) -> tuple[Staying, ...]:
    """Return the disks that the incumbent hands over; none where nobody has the slot, and all of them travel then.

    `there` is what the pool of the slot has, where that is another one.

    Raises:
        NotPromotable: the incumbent has no such disk, or one that holds data would be replaced.
    """
    if incumbent is None:
        return ()
    holders = {member.role: vm for member, vm in incumbent.members}
    found: list[Staying] = []
    for member, vm in machines:
        holder = holders.get(member.role)
        for drive, disk in _disks(vm, edge, DiskTreatment.STAYS, inventory):
            kept = _counterpart(holder, drive, there or inventory)
            if kept is None or holder is None or kept[1].uuid in {one.disk for one in found}:
                raise NotPromotable(
                    reason=f"Disk “{shortened(disk.name_label)}” of “{shortened(member.name)}” has no counterpart "
                    f"in {shortened(incumbent.card.name, 60)}: its disk of the role {role_of_disk(drive)} would stay.",
                    mend="Give the machines the same roles and devices, or let the disk travel.",
                )
            original, disk_kept = kept
            home = (there or inventory).get(SR, disk_kept.SR)
            found.append(
                Staying(
                    source=vm.uuid,
                    own=disk.uuid,
                    disk=disk_kept.uuid,
                    sr=home.uuid if home is not None else Uuid(""),
                    holder=holder.uuid,
                    slot=slot_of(drive),
                    original=slot_of(original),
                )
            )
    _demand_kept_data(incumbent, target, edge, {staying.disk for staying in found}, there or inventory)
    return tuple(found)


def travels_after_all(
    machines: Iterable[Machine], incumbent: Incumbent | None, edge: Transition, inventory: Inventory
) -> tuple[str, ...]:
    """Return what to know of disks that would stay, if there were one in the slot."""
    if incumbent is not None:
        return ()
    alone = tuple(member.name for member, vm in machines if _disks(vm, edge, DiskTreatment.STAYS, inventory))
    if not alone:
        return ()
    return (f"Nobody has the place yet: the disks of {listing(alone)} that would stay with it travel.",)


def staying_words(staying: Sequence[Staying], incumbent: Incumbent | None) -> tuple[str, ...]:
    """Return what to know of disks that change hands."""
    if not staying or incumbent is None:
        return ()
    stays = "stays" if len(staying) == 1 else "stay"
    left_out = () if incumbent.can_return else ("They are not in the archive of who had it.",)
    return (
        f"{count(len(staying), 'disk')} of {shortened(incumbent.card.name, 60)} {stays} with the place; what "
        "the new machines write there stays written, also where the run goes back.",
        *left_out,
    )


def slot_of(drive: VBD) -> Slot:
    return Slot(
        device=drive.userdevice,
        mode=drive.mode,
        is_bootable=drive.bootable,
        other_config=dict(sorted(drive.other_config.items())),
    )


def _demand_kept_data(
    incumbent: Incumbent, target: Stage, edge: Transition, staying: set[Uuid], inventory: Inventory
) -> None:
    """Refuse where data of production would give way to what comes along, unless the way says so in so many words."""
    if not target.is_production or edge.replaces_data:
        return
    for member, vm in incumbent.members:
        for drive, disk in drives_of(inventory, vm):
            if role_of_disk(drive) == DATA and disk.uuid not in staying:
                raise NotPromotable(
                    reason=f"Disk “{shortened(disk.name_label)}” of “{shortened(member.name)}” holds data of "
                    f"{target.name}, and what comes along would take its place.",
                    mend="Let disks of the role data stay with the slot, "
                    "or let the transition say that data may be replaced.",
                )


def _counterpart(holder: VM | None, drive: VBD, inventory: Inventory) -> tuple[VBD, VDI] | None:
    """Return the disk of the same role at the same device, or else the only one of that role."""
    if holder is None:
        return None
    alike = [pair for pair in drives_of(inventory, holder) if role_of_disk(pair[0]) == role_of_disk(drive)]
    same = [pair for pair in alike if pair[0].userdevice == drive.userdevice]
    return same[0] if same else alike[0] if len(alike) == 1 else None


def _disks(vm: VM, edge: Transition, treatment: DiskTreatment, inventory: Inventory) -> list[tuple[VBD, VDI]]:
    rules = {rule.role: rule.treatment for rule in edge.disks}
    return [
        pair
        for pair in drives_of(inventory, vm)
        if rules.get(role_of_disk(pair[0]), DiskTreatment.TRAVELS) is treatment
    ]
