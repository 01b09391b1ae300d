"""The plans of archives in a pool: copies of a configuration as templates, or its own machines; and deleting one."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from xsconsole.domain.actions.archives import CompareArchived
from xsconsole.domain.actions.copies import CopyMachine, DropSnapshot, NoteFreeze
from xsconsole.domain.actions.stowing import DestroyTemplate, ForgetStow, StowCopy, VerifyStow
from xsconsole.domain.archive import BLOCKED, Form, documents_in, held_on, kept_on, marked_in
from xsconsole.domain.board import Board, Card, Member, Standing
from xsconsole.domain.disks import disks_of
from xsconsole.domain.ids import StepKey, Uuid, WorkflowId
from xsconsole.domain.inventory import SR, VM, Inventory
from xsconsole.domain.manifest import Manifest, fingerprint, manifest_of_card
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Intent, Plan, Purpose, RunKind, TakeSnapshot
from xsconsole.domain.points.sizes import Scales, cost_words
from xsconsole.domain.poolstate import archive_thing
from xsconsole.domain.words import count, instant, listing, size
from xsconsole.domain.workflow import Method, Stage, Workflow
from xsconsole.engine.archive_commands import name_of_template
from xsconsole.engine.archives.archiving import LOOK_S
from xsconsole.engine.archives.retiring import Leaving, add_retirement, demand_retirable, sealing_of
from xsconsole.engine.archives.return_checks import demand_alone
from xsconsole.engine.archives.stow_checks import demand_room
from xsconsole.engine.commands import ArchiveInPool, DeletePooled
from xsconsole.engine.copies.copying import CLONE_S, COPIED_BYTES_PER_S, FIT_S
from xsconsole.engine.copies.freezing import add_freeze, demand_freezable, runs
from xsconsole.engine.moves.exchanging import kept_at
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.steps import Steps, add_shutdowns
from xsconsole.errors import NotFound, NotPromotable

DESTROY_S = 3.0

Machines = Sequence[tuple[Member, VM]]


Clocks = tuple[datetime, ...]
"""What the clock of the archive's pool says first; none where it was not asked: it is before anything is done."""


def plan_stow(command: ArchiveInPool, board: Board, inventory: Inventory, actor: str, there: Clocks) -> Plan:
    """Freeze what runs, copy, make templates of the copies, seal; or shut down and make templates of the machines.

    Raises:
        Refused: it cannot be archived so, and why.
    """
    if command.keep_until is not None and there and command.keep_until <= there[0]:
        raise NotPromotable(
            reason=f"The time until which it is to be kept is over already: the pool's clock says {instant(there[0])}.",
            mend="Name a later one.",
        )
    card = rules.card_of(board, command.configuration)
    workflow = rules.workflow_of(board)
    stage = rules.stage_of(workflow, card.stage)
    rules.demand_actor(workflow, (stage,), actor)
    rules.demand_standing(card, {Standing.WHOLE})
    rules.demand_revision(card, command.revision)
    rules.demand_settled_power(card)
    demand_room(inventory.pool.other_config if inventory.pool is not None else {})
    found = ((member, inventory.get(VM, member.ref)) for member in card.members)
    machines = [(member, vm) for member, vm in found if vm is not None]
    manifest = manifest_of_card(card, inventory, workflow)
    if command.form is Form.RETIRED:
        return _retired(command, card, stage, workflow, machines, manifest, board, inventory)
    return _copied(command, card, stage, workflow, machines, manifest, board, inventory)


def _copied(
    command: ArchiveInPool,
    card: Card,
    stage: Stage,
    workflow: Workflow,
    machines: Machines,
    manifest: Manifest,
    board: Board,
    inventory: Inventory,
) -> Plan:
    """Make templates of copies; the configuration stays as it is."""
    is_full, is_stopped_first = command.method is Method.FULL_COPY, command.is_stopped_first
    sr = _storage(command, inventory)
    is_freezing = any(runs(member) for member, _ in machines)
    space = {}
    for member, vm in machines:
        if is_freezing:
            demand_freezable(member, vm, inventory, is_stopped_first=is_stopped_first)
        else:
            rules.demand_operation(vm, "copy" if is_full else "clone", inventory)
        if not is_full or is_freezing:
            capacity.demand_short_chains(inventory, vm, (not is_full) + is_freezing)
        taken_by_copy = (
            capacity.copy_space(inventory, vm, sr)
            if is_full
            else capacity.clone_space(inventory, vm, is_of_snapshot=is_freezing)
        )
        space[vm.uuid] = taken_by_copy
    frozen = [capacity.snapshot_space(inventory, vm) for _, vm in machines] if is_freezing else []
    needed = capacity.total(*frozen, *space.values())
    warnings = capacity.demand_space(inventory, needed, "The templates", claims_on(board).space)

    def taking(member: Member, vm: VM) -> TakeSnapshot:
        is_on = runs(member) and not is_stopped_first
        return TakeSnapshot(vm=vm.uuid, purpose=Purpose.CANDIDATE, was_running=is_on)

    steps, taken, ready = Steps(), dict[Uuid, StepKey](), list[StepKey]()
    freeze = None
    if is_freezing:
        taken = add_freeze(steps, machines, taking, inventory, is_stopped_first=is_stopped_first)
        freeze = steps.add(NoteFreeze(snapshots=tuple(taken.values())), card.name, taken.values())
        ready = [freeze]
    compare = CompareArchived(configuration=card.id, fingerprint=fingerprint(manifest))
    ready = [steps.add(compare, card.name, ready, Estimate(seconds=LOOK_S))]
    names = names_of_templates(machines, inventory)
    copies = {
        member.role: _add_template(steps, command, member, vm, names[vm.uuid], taken, space[vm.uuid], ready, inventory)
        for member, vm in machines
    }
    stowed = [step.key for step in steps.all if isinstance(step.action, StowCopy)]
    sealing = sealing_of(card, stage, machines, manifest, board, inventory, is_stopped_first=is_stopped_first)
    seal = msgspec.structs.replace(
        sealing,
        form=Form.COPY.value,
        method=command.method.value,
        copies=copies,
        freeze=freeze,
        keep_until=command.keep_until,
    )
    sealed = steps.add(seal, card.name, stowed, Estimate(seconds=LOOK_S))
    verified = steps.add(VerifyStow(configuration=card.id), card.name, [sealed], Estimate(seconds=LOOK_S))
    for member, vm in machines if taken else ():
        steps.add(DropSnapshot(snapshot=taken[vm.uuid]), member.name, [verified], Estimate(seconds=1.0))
    running = [member for member, _ in machines if runs(member)]
    return Plan(
        intent=intent_in(RunKind.ARCHIVE, card, workflow, method=command.method),
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, ()),
        warnings=(
            *_sentences_of_copies(command, len(machines), len(running), needed, sr),
            *_sentences_of_keeping(command),
            *warnings,
        ),
        asks=True,
    )


def _add_template(
    steps: Steps,
    command: ArchiveInPool,
    member: Member,
    vm: VM,
    name: str,
    taken: dict[Uuid, StepKey],
    space: dict[Uuid, int],
    after: Sequence[StepKey],
    inventory: Inventory,
) -> StepKey:
    moved = sum(disk.virtual_size for disk in disks_of(inventory, vm)) if command.method is Method.FULL_COPY else 0
    copying = CopyMachine(vm=vm.uuid, name=name, method=command.method, snapshot=taken.get(vm.uuid), sr=command.sr)
    copy = steps.add(
        copying,
        member.name,
        after,
        Estimate(seconds=CLONE_S + moved / COPIED_BYTES_PER_S, bytes=sum(space.values()), space=dict(space)),
    )
    stow = StowCopy(
        copy=copy,
        name=name,
        order=vm.order,
        start_delay_s=vm.start_delay,
        shutdown_delay_s=vm.shutdown_delay,
        blocked=dict(BLOCKED),
    )
    steps.add(stow, name, [copy], Estimate(seconds=FIT_S))
    return copy


def _retired(
    command: ArchiveInPool,
    card: Card,
    stage: Stage,
    workflow: Workflow,
    machines: Machines,
    manifest: Manifest,
    board: Board,
    inventory: Inventory,
) -> Plan:
    """Make templates of the machines themselves, once they are off; the configuration leaves the board."""
    if command.sr is not None or command.method is not Method.LINKED_CLONE:
        raise NotPromotable(
            reason="What is retired becomes the archive itself: its disks are not copied.",
            mend="Archive a full copy of it, then dissolve it and delete its machines.",
        )
    running = [member for member, _ in machines if runs(member)]
    rules.demand_power_changes((stage, running), what="retiring")
    for member, vm in machines:
        if member in running:
            rules.demand_operation(vm, "clean_shutdown", inventory)
            rules.demand_unblocked(vm, "start")
    demand_retirable([vm for _, vm in machines])
    steps = Steps()
    stopped = add_shutdowns(steps, running, [])
    compare = CompareArchived(configuration=card.id, fingerprint=fingerprint(manifest))
    compared = [steps.add(compare, card.name, stopped, Estimate(seconds=LOOK_S))]
    sealing = msgspec.structs.replace(
        sealing_of(card, stage, machines, manifest, board, inventory), keep_until=command.keep_until
    )
    add_retirement(steps, Leaving(card=card, machines=tuple(machines), sealing=sealing), workflow, inventory, compared)
    return Plan(
        intent=intent_in(RunKind.RETIRE, card, workflow, target=None),
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, (stage,)),
        warnings=(*_sentences_of_retired(card, len(running), inventory), *_sentences_of_keeping(command)),
        asks=True,
    )


def plan_deletion(command: DeletePooled, board: Board, inventory: Inventory, there: Clocks) -> Plan:
    """Destroy the templates of an archive with their disks and snapshots, then forget it; what is no template stays.

    Raises:
        Refused: it is held, or being restored, or nothing of it is there.
    """
    keys = inventory.pool.other_config if inventory.pool is not None else {}
    marked = marked_in(inventory).get(command.archive, [])
    text = documents_in(keys).get(command.archive)
    if text is None and not marked:
        raise NotFound(reason="The archive is gone from the pool.", mend="There is nothing to delete.")
    at = there[0] if there else datetime.max.replace(tzinfo=UTC)
    held = held_on(keys, command.archive, at)
    if held is not None:
        raise NotPromotable(
            reason=f"The archive of “{shortened(command.name)}” is held by {held.words.rstrip('.')}.",
            mend="Lift the hold first; `xsconsole archive release` does.",
        )
    keep = kept_on(keys, command.archive)
    if command.is_expiry and (keep is None or not keep.is_over(at)):
        raise NotPromotable(
            reason=f"The archive of “{shortened(command.name)}” has not expired.",
            mend="Delete it by name, if it is to go before its time.",
        )
    demand_alone(command.archive, board)
    card = board.cards.get(command.configuration)
    if card is not None and card.run is not None:
        rules.demand_standing(card, {Standing.WHOLE})
    steps, ready = Steps(), list[StepKey]()
    templates = [vm for vm in marked if vm.is_a_template]
    staying = [vm for vm in marked if not vm.is_a_template]
    for vm in templates:
        action = DestroyTemplate(vm=vm.uuid, archive=command.archive)
        ready.append(steps.add(action, vm.name_label, (), Estimate(seconds=DESTROY_S)))
    name = command.name
    steps.add(ForgetStow(archive=command.archive, vms=tuple(vm.uuid for vm in staying)), name, ready)
    workflow = board.workflow
    intent = Intent(
        kind=RunKind.DELETE_ARCHIVE,
        configuration=command.configuration,
        name=name,
        service=card.service if card is not None else "",
        workflow=workflow.id if workflow is not None else WorkflowId(""),
        workflow_version=workflow.version if workflow is not None else 0,
        source=card.stage if card is not None else None,
        target=card.stage if card is not None else None,
        revision=card.revision if card is not None else 0,
    )
    leases = rules.leases_for(command.configuration, intent.service, ())
    return Plan(
        intent=intent,
        steps=steps.all,
        leases=tuple(sorted((archive_thing(command.archive), *leases))),
        warnings=tuple(_sentences_of_deletion(templates, staying, inventory)),
        asks=True,
    )


def names_of_templates(machines: Machines, inventory: Inventory) -> dict[Uuid, str]:
    """Return what templates are called: like their machines, with the first number that none of them has yet."""
    taken = {vm.name_label for vm in inventory.all(VM) if vm.is_a_template and not vm.is_a_snapshot}
    number = 1
    while True:
        names = {vm.uuid: name_of_template(vm.name_label, number) for _, vm in machines}
        if not taken & set(names.values()):
            return names
        number += 1


def _storage(command: ArchiveInPool, inventory: Inventory) -> SR | None:
    """Return where full copies go; None leaves each disk on the storage that it has."""
    if command.sr is None:
        return None
    if command.method is not Method.FULL_COPY:
        raise NotPromotable(
            reason="A linked clone stays on the storage of its original.", mend="Make full copies, or name no storage."
        )
    sr = inventory.by_uuid(SR, command.sr)
    if sr is None or sr.content_type == "iso":
        raise NotPromotable(reason="That is no storage of the pool for disks.", mend="Choose another storage.")
    return sr


def _sentences_of_copies(
    command: ArchiveInPool, machines: int, running: int, needed: capacity.Space, sr: SR | None
) -> list[str]:
    there = f" in “{shortened(sr.name_label, 60)}”" if sr is not None else ""
    how = "full copies" if command.method is Method.FULL_COPY else "linked clones"
    found = [
        f"{count(machines, 'template')} {'is' if machines == 1 else 'are'} made{there}, as {how}: "
        f"{size(sum(needed.values()))} are taken at once. Nobody starts, changes or destroys them by accident."
    ]
    if command.method is not Method.FULL_COPY:
        found.append(
            "Linked clones share what was written until now with their originals: who loses that storage loses both."
        )
    if running and command.is_stopped_first:
        found.append(f"{count(running, 'running machine')} will be shut down, frozen and started again.")
    elif running:
        found.append(
            f"The archive holds what a power cut would leave on {count(running, 'running machine')}, one frozen after "
            "the other: how far apart is recorded."
        )
    return found


def _sentences_of_keeping(command: ArchiveInPool) -> list[str]:
    return [f"It is kept until {instant(command.keep_until)}."] if command.keep_until is not None else []


def _sentences_of_retired(card: Card, running: int, inventory: Inventory) -> list[str]:
    found = [
        f"{shortened(card.name, 60)} leaves the board: its own machines become the templates of the archive, where "
        "they are. It comes back only as a new configuration."
    ]
    if running:
        found.insert(0, f"{count(running, 'running machine')} will be shut down, and stay off.")
    kept = kept_at(card, inventory)
    if kept:
        belongs = "belongs" if len(kept) == 1 else "belong"
        found.append(f"{listing(kept)} {belongs} to the place that it took, and goes into the archive with it.")
    if card.restore_points or card.asides:
        points = count(len(card.restore_points) + len(card.asides), "restore point")
        found.append(f"{points} can no longer be returned to; the snapshots stay, and go when the archive is deleted.")
    return found


def _sentences_of_deletion(templates: Sequence[VM], staying: Sequence[VM], inventory: Inventory) -> list[str]:
    found = ["The archive is destroyed for good: what was in it cannot be brought back."]
    costs = Scales(inventory).costs([vm.uuid for vm in templates])
    if costs:
        found.append(f"It {cost_words(costs)}. That is free once the storage has merged what is left.")
    snapshots = sum(len(vm.snapshots) for vm in templates)
    if snapshots:
        found.append(f"{count(snapshots, 'snapshot')} of its templates {'goes' if snapshots == 1 else 'go'} with it.")
    if staying:
        names = listing(tuple(vm.name_label for vm in staying))
        found.append(f"{names} {'is' if len(staying) == 1 else 'are'} no template any more, and stays as it is.")
    return found
