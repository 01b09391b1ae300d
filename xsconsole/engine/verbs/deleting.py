"""The plan that deletes a configuration for good: its machines, their disks, and everything that we keep of it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from xsconsole.domain.actions.copies import DeleteMachines, DropCandidate, DropPoint
from xsconsole.domain.actions.holds import DropStay
from xsconsole.domain.actions.service import SwitchOff
from xsconsole.domain.archive import documents_in, told_in
from xsconsole.domain.board import Board, Card, Member, Standing
from xsconsole.domain.closures import to_text
from xsconsole.domain.disks import disks_of, drives_of, role_of_disk
from xsconsole.domain.freed_space import freed_by_deleting, freed_words
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import SR, VBD, VDI, VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Plan, RunKind, WriteRoster
from xsconsole.domain.poolstate import Roster, newest_text, roster_stem
from xsconsole.domain.requests.values import requests_of
from xsconsole.domain.words import count, instant, listing, size
from xsconsole.domain.workflow import DiskTreatment, Stage, Workflow
from xsconsole.engine.commands import Delete
from xsconsole.engine.moves.moving import runs
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.steps import Steps, add_shutdowns, clearing
from xsconsole.engine.runs import traces
from xsconsole.errors import NotPromotable

DELETABLE = {Standing.WHOLE, Standing.INCOMPLETE, Standing.INCONSISTENT}
DESTROY_S = 3.0  # of each machine
DROP_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Disks:
    """What becomes of the disks of the machines: `going`, and what stays, with why."""

    going: tuple[VDI, ...]
    shared: tuple[VDI, ...]  # other machines have them too
    staying: tuple[VDI, ...]  # they belong to the place


def plan_delete(command: Delete, board: Board, inventory: Inventory, actor: str) -> Plan:
    """Shut down, take every mark off, then destroy; what we keep of it goes last.

    Until the first machine is destroyed everything can be put back, and afterwards the run only goes on.

    Raises:
        Refused: something holds it, the protection of its stage forbids it, or a machine cannot be shut down.
    """
    workflow = rules.workflow_of(board)
    card = rules.card_of(board, command.configuration)
    rules.demand_standing(card, DELETABLE)
    rules.demand_revision(card, command.revision)
    stage = workflow.stage(card.stage)
    rules.demand_actor(workflow, (stage,), actor)
    found = ((member, inventory.get(VM, member.ref)) for member in card.members)
    machines = [(member, vm) for member, vm in found if vm is not None]
    _demand_free(card, stage, inventory)
    rules.demand_settled_power(card)
    going = [member for member, _ in machines if runs(member)]
    _demand_destroyable(machines, stage, inventory, is_forced=command.is_forced)
    disks = _disks(machines, stage, workflow, inventory)
    points = () if command.keeps_points else (*card.restore_points, *card.asides)
    dropped = {uuid for point in points for uuid in point.snapshots.values()}
    dropped |= {uuid for candidate in card.candidates for uuid in candidate.snapshots.values()}
    left = [vm for vm in traces.traced(card.id, inventory) if vm.uuid not in dropped]

    steps = Steps()
    ready = _add_stops(steps, going, is_forced=command.is_forced)
    ready = _add_forgetting(steps, card, [vm for _, vm in machines], left, ready, board, inventory)
    destroyed = steps.add(
        DeleteMachines(
            vms=tuple(sorted(vm.uuid for _, vm in machines)),
            disks=tuple(sorted(disk.uuid for disk in disks.going)),
            question=f"Delete “{shortened(card.name, 80)}” for good: {count(len(machines), 'machine')} with "
            f"{count(len(disks.going), 'disk')}",
        ),
        card.name,
        ready,  # and no comparison between: going on would compare again, with machines that are gone
        Estimate(seconds=DESTROY_S * len(machines)),
    )
    for point in points:
        for vm, snapshot in sorted(point.snapshots.items()):
            subject = f"{_name(vm, inventory)} of {instant(point.at)}"
            steps.add(DropPoint(snapshot=snapshot, run=point.run), subject, [destroyed], Estimate(seconds=DROP_S))
    for candidate in card.candidates:
        for vm, snapshot in sorted(candidate.snapshots.items()):
            drop = DropCandidate(snapshot=snapshot, request=candidate.request)
            steps.add(drop, _name(vm, inventory), [destroyed], Estimate(seconds=DROP_S))
    return Plan(
        intent=intent_in(RunKind.DELETE, card, workflow, target=None),
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, (stage,)),
        warnings=(
            *_going_words(card, machines, going, disks, len(points), is_forced=command.is_forced),
            *freed_words(freed_by_deleting((*disks.going, *_frozen_disks(dropped, inventory)), inventory)),
            *_kept_words(card, disks, left, board, inventory),
        ),
        asks=True,
    )


# What stands against it


def _demand_free(card: Card, stage: Stage | None, inventory: Inventory) -> None:
    name = f"“{shortened(card.name)}”"
    if not card.members:
        raise NotPromotable(
            reason=f"All members of {name} are gone: there is nothing to delete.", mend="Dissolve it instead."
        )
    if card.abroad:
        raise NotPromotable(
            reason=f"Machines of {name} stand in another pool too.", mend="Settle where it stands first."
        )
    if stage is not None and "destroy" in stage.protection:
        raise NotPromotable(
            reason=f"The protection of {stage.name} forbids to destroy machines.",
            mend="Demote it first, or let the stage allow it in the workflow.",
        )
    if card.hold is not None:
        raise NotPromotable(
            reason=f"{name} is held by {shortened(card.hold.by, 60)}: {shortened(card.hold.reason, 120)}",
            mend="Lift the hold first.",
        )
    keys = inventory.pool.other_config if inventory.pool is not None else {}
    requests = requests_of(keys, card.id)
    if requests:
        raise NotPromotable(
            reason=f"{count(len(requests), 'request')} for {name} stands on the pool: {requests[0].id[:8]}.",
            mend="Withdraw what is asked for first.",
        )


def _demand_destroyable(
    machines: Sequence[tuple[Member, VM]], stage: Stage | None, inventory: Inventory, *, is_forced: bool
) -> None:
    going = [member for member, _ in machines if runs(member)]
    if stage is not None:
        rules.demand_power_changes((stage, going), what="a deletion")
    for member, vm in machines:
        rules.demand_unblocked(vm, "destroy")
        if runs(member):
            rules.demand_operation(vm, "hard_shutdown" if is_forced else "clean_shutdown", inventory)
            rules.demand_unblocked(vm, "start")
        elif vm.current_operations:
            rules.demand_operation(vm, "destroy", inventory, is_own_block_lifted=True)


# What goes and what stays


def _disks(
    machines: Sequence[tuple[Member, VM]], stage: Stage | None, workflow: Workflow, inventory: Inventory
) -> _Disks:
    own = {vm.ref for _, vm in machines}
    of_place = _roles_of_place(stage, workflow)
    pairs = {disk.ref: (drive, disk) for _, vm in machines for drive, disk in drives_of(inventory, vm)}
    shared = {drive.VDI for drive in inventory.all(VBD) if drive.VDI in pairs and drive.VM not in own}
    going: list[VDI] = []
    others: list[VDI] = []
    staying: list[VDI] = []
    for ref, (drive, disk) in pairs.items():
        kept = others if ref in shared else staying if role_of_disk(drive) in of_place else going
        kept.append(disk)
    return _Disks(going=tuple(going), shared=tuple(others), staying=tuple(staying))


def _roles_of_place(stage: Stage | None, workflow: Workflow) -> set[str]:
    """Return the roles of disks that stay in the stage, whoever comes there."""
    if stage is None:
        return set()
    rules_in = (rule for way in workflow.transitions if way.target == stage.id for rule in way.disks)
    return {rule.role for rule in rules_in if rule.treatment is DiskTreatment.STAYS}


def _frozen_disks(snapshots: Collection[Uuid], inventory: Inventory) -> list[VDI]:
    found = (inventory.by_uuid(VM, uuid) for uuid in sorted(snapshots))
    return [disk for vm in found if vm is not None for disk in disks_of(inventory, vm)]


# Steps


def _add_stops(steps: Steps, going: Sequence[Member], *, is_forced: bool) -> list[StepKey]:
    return add_shutdowns(steps, going, [], action=SwitchOff) if is_forced else add_shutdowns(steps, going, [])


def _add_forgetting(
    steps: Steps,
    card: Card,
    vms: Sequence[VM],
    snapshots: Sequence[VM],
    after: list[StepKey],
    board: Board,
    inventory: Inventory,
) -> list[StepKey]:
    """Take our marks off the machines, their clones and what stays of their snapshots, then the keys of the pool."""
    stage_names = [known.name for known in board.workflow.stages] if board.workflow is not None else []
    clones = [inventory.get(VM, stray.ref) for stray in board.strays if stray.value.configuration == card.id]
    ready = traces.add_clearing(steps, snapshots, stage_names, inventory, after)
    for vm in (*vms, *(clone for clone in clones if clone is not None)):
        ready.append(steps.add(clearing(vm, stage_names), vm.name_label, after))
    keys = inventory.pool.other_config if inventory.pool is not None else {}
    original = newest_text(keys, roster_stem(card.id), Roster)
    ready = [steps.add(WriteRoster(configuration=card.id, value="", original=original), card.name, ready)]
    if card.extension is not None:
        drop = DropStay(configuration=card.id, original=to_text(card.extension))
        ready = [steps.add(drop, card.name, ready)]
    return ready


# Words


def _going_words(
    card: Card,
    machines: Sequence[tuple[Member, VM]],
    going: Sequence[Member],
    disks: _Disks,
    points: int,
    *,
    is_forced: bool,
) -> list[str]:
    names = listing(tuple(sorted(member.name for member, _ in machines)), 6)
    whole = size(sum(disk.virtual_size for disk in disks.going))
    told = [f"Deleted for good: {names}, with {count(len(disks.going), 'disk')} of {whole}."]
    if going:
        how = "by force where a guest does not answer" if is_forced else "cleanly"
        told.append(f"{count(len(going), 'running machine')} will be shut down first, {how}.")
    if points:
        told.append(f"{count(points, 'restore point')} of it will be deleted too.")
    if card.candidates:
        told.append("What was frozen of it for requests that there are no more will be deleted too.")
    told.append(
        "Until the first machine is destroyed a failure puts everything back. From there on there is no way back: what "
        "is left undone can only be finished."
    )
    return told


def _kept_words(card: Card, disks: _Disks, snapshots: Sequence[VM], board: Board, inventory: Inventory) -> list[str]:
    told = []
    if disks.shared:
        told.append(f"Kept, because other machines have them too: {_names(disks.shared, inventory)}.")
    if disks.staying:
        told.append(f"Kept, because they belong to the place and not to it: {_names(disks.staying, inventory)}.")
    if snapshots:
        told.append(f"Kept: {count(len(snapshots), 'snapshot')} of its machines, without the marks of this console.")
    keys = inventory.pool.other_config if inventory.pool is not None else {}
    documents = (told_in(text) for text in documents_in(keys).values())
    own = sum(archive is not None and archive.configuration == card.id for archive in documents)
    if own:
        told.append(f"Kept: {count(own, 'archive')} of it in the pool.")
    clones = tuple(stray.name for stray in board.strays if stray.value.configuration == card.id)
    if clones:
        told.append(f"Kept: {listing(clones)}, cloned of it, without its mark.")
    copies = _listed(board, lambda other: other.origin is not None and other.origin.configuration == card.id)
    if copies:
        told.append(f"Kept: {copies}, copied from it; where they come from can still be read.")
    swaps = _listed(board, lambda other: other.succession is not None and other.succession.incumbent == card.id)
    if swaps:
        told.append(f"{swaps} took its place, and can no longer change places with it.")
    if card.missing:
        told.append(f"{count(len(card.missing), 'member')} gone from the pool already.")
    return told


def _listed(board: Board, is_meant: Callable[[Card], bool]) -> str:
    return listing(tuple(sorted(other.name for other in board.cards.values() if is_meant(other))))


def _names(disks: Sequence[VDI], inventory: Inventory) -> str:
    found = []
    for disk in disks:
        sr = inventory.get(SR, disk.SR)
        found.append(f"“{shortened(disk.name_label, 40)}” in {shortened(sr.name_label if sr else '', 40)}")
    return listing(tuple(found))


def _name(vm: Uuid, inventory: Inventory) -> str:
    machine = inventory.by_uuid(VM, vm)
    return shortened(machine.name_label, 40) if machine is not None else "a machine that is gone"
