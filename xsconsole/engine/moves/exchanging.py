"""Disks that stay with a place when the machines themselves move into it: each changes places with the newcomer's own.

Nothing of a machine that moves is a copy, so nothing of it may be destroyed, and nothing may belong to nobody: what it
has where the disk of the place goes is given to who gives way.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import msgspec

from xsconsole.domain.actions.copies import ExchangeArrived, ExchangeDisks, PassDisk
from xsconsole.domain.board import Card
from xsconsole.domain.disks import drives_of
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import SR, VDI, VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, WriteRoster
from xsconsole.domain.poolstate import KeptDisk, Roster, Succession, decode, encode, newest_text, roster_stem
from xsconsole.domain.words import count
from xsconsole.domain.workflow import Stage, Transition
from xsconsole.engine.moves.relocation import Relocation, without
from xsconsole.engine.moves.succession import Incumbent
from xsconsole.engine.plans.disk_roles import Machine, staying_of
from xsconsole.engine.plans.placement import Guest
from xsconsole.engine.plans.steps import Steps
from xsconsole.errors import NotPromotable

DISK_S = 3.0


def exchanges_of(
    machines: Iterable[Machine],
    incumbent: Incumbent | None,
    target: Stage,
    edge: Transition,
    inventory: Inventory,
    there: Inventory | None = None,
) -> tuple[ExchangeDisks, ...]:
    """Return the disks of the place that the newcomer gets, and its own ones that are given for them.

    `there` is what the pool of the place has, where that is another one.

    Raises:
        NotPromotable: one has no counterpart, data would be replaced, or other machines use one too.
    """
    staying = staying_of(machines, incumbent, target, edge, inventory, there)
    own = ((inventory, one.own) for one in staying)
    for pool, uuid in (*own, *((there or inventory, one.disk) for one in staying)):
        disk = pool.by_uuid(VDI, uuid)
        if disk is not None and disk.sharable:
            raise NotPromotable(
                reason=f"Disk “{shortened(disk.name_label, 60)}” is shared among machines, and cannot change hands.",
                mend="Let disks of that role travel, or give each machine its own.",
            )
    return tuple(
        ExchangeDisks(disk=one.disk, vm=one.holder, to=one.source, slot=one.slot, original=one.original, given=one.own)
        for one in staying
    )


def exchange_words(exchanged: Sequence[ExchangeDisks], card: Card, incumbent: Incumbent | None) -> tuple[str, ...]:
    """Return what to know of disks that change hands."""
    if not exchanged or incumbent is None:
        return ()
    name, other = shortened(card.name, 60), shortened(incumbent.card.name, 60)
    own = f"the {count(len(exchanged), 'disk')} of {name}" if len(exchanged) > 1 else f"the disk of {name}"
    return (
        f"{count(len(exchanged), 'disk')} of {other} {'stays' if len(exchanged) == 1 else 'stay'} with the place, and "
        f"{own} in that role {'goes' if len(exchanged) == 1 else 'go'} to {other} in exchange: both are off for that, "
        "and what is written there stays written, also where the run goes back.",
    )


def at_hand(relocations: Iterable[Relocation], passed: Iterable[PassDisk]) -> list[Relocation]:
    """Return the relocations without disks that are passed on: those do not move with a machine."""
    return without(relocations, {place for one in passed for place in _places(one)})


def guest_after(guest: Guest, relocation: Relocation, passed: Sequence[PassDisk], inventory: Inventory) -> Guest:
    """Return a guest that sees the storage of the disks that it has once these are passed on."""
    vm = relocation.vm
    leaving = {one.disk for one in passed if one.vm == vm.uuid} | {
        one.given for one in passed if isinstance(one, ExchangeDisks) and one.to == vm.uuid
    }
    arriving = {one.disk for one in passed if one.to == vm.uuid} | {
        one.given for one in passed if isinstance(one, ExchangeDisks) and one.vm == vm.uuid
    }
    if not leaving and not arriving:
        return guest
    moved = {move.device: move.sr for move in relocation.disks}
    stays = [
        disk for drive, disk in drives_of(inventory, vm) if disk.uuid not in leaving and drive.userdevice not in moved
    ]
    come = [disk for uuid in sorted(arriving) if (disk := inventory.by_uuid(VDI, uuid)) is not None]
    homes = [inventory.get(SR, disk.SR) for disk in (*stays, *come)]
    return replace(guest, storages=frozenset({*moved.values(), *(sr.uuid for sr in homes if sr is not None)}))


def add_passes(
    steps: Steps, passed: Iterable[PassDisk], names: Mapping[Uuid, str], after: list[StepKey], *, is_downtime: bool
) -> list[StepKey]:
    """Pass disks on, all at once; return what comes next waits for. `names` are of the machines that get them."""
    added = [
        steps.add(
            one,
            names[one.to],
            after,
            Estimate(seconds=DISK_S, downtime_s=DISK_S if is_downtime and number == 0 else 0.0),
        )
        for number, one in enumerate(passed)
    ]
    return added or after


def add_succession(
    steps: Steps,
    card: Card,
    place: Stage,
    incumbent: Incumbent,
    exchanged: Sequence[ExchangeDisks],
    after: list[StepKey],
    inventory: Inventory,
) -> list[StepKey]:
    """Write into the roster whose place it took, and which disks changed hands: a swap leads back by that."""
    keys = inventory.pool.other_config if inventory.pool is not None else {}
    original = newest_text(keys, roster_stem(card.id), Roster)
    roster = decode(original, Roster)
    if roster is None:
        return after
    value = encode(msgspec.structs.replace(roster, succeeded=succession_of(place, incumbent, exchanged)))
    return [steps.add(WriteRoster(configuration=card.id, value=value, original=original), card.name, after)]


def succession_of(place: Stage, incumbent: Incumbent, exchanged: Sequence[ExchangeDisks]) -> Succession:
    """Return whose place is taken, and which disks changed hands; of one from another pool only where it is."""
    return Succession(
        incumbent=incumbent.card.id,
        place=place.id,
        kept=tuple(KeptDisk(disk=one.disk, vm=one.vm, device=one.original.device) for one in exchanged),
        given=tuple(
            KeptDisk(
                disk=Uuid("") if isinstance(one, ExchangeArrived) else one.given, vm=one.to, device=one.slot.device
            )
            for one in exchanged
        ),
    )


def kept_at(card: Card, inventory: Inventory) -> tuple[str, ...]:
    """Return the names of disks of a configuration that belong to the place that it took."""
    kept = {one.disk for one in card.succession.kept} if card.succession is not None else set()
    vms = (inventory.get(VM, member.ref) for member in card.members)
    disks = (disk for vm in vms if vm is not None for _, disk in drives_of(inventory, vm))
    return tuple(f"“{shortened(disk.name_label, 60)}”" for disk in disks if disk.uuid in kept)


def _places(one: PassDisk) -> tuple[tuple[Uuid, str], tuple[Uuid, str]]:
    return (one.vm, one.original.device), (one.to, one.slot.device)
