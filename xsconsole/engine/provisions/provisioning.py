"""The plan of configurations that are made of a blueprint: machines of templates, fitted, seeded, started, entered."""

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from xsconsole.domain.actions.copies import CopyMachine, EmptyDisk, StartCopy, VerifyCopies, WriteCopy, WriteCopyRoster
from xsconsole.domain.actions.provisions import OutfitCopy, SeedDisk
from xsconsole.domain.board import Board, Member
from xsconsole.domain.ids import NULL_REF, Digest, StageId, StepKey, Uuid, WorkflowId
from xsconsole.domain.inventory import SR, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Intent, Plan, RunKind
from xsconsole.domain.poolstate import MemberValue, Origin, encode
from xsconsole.domain.words import size
from xsconsole.domain.workflow import EntryAction, Method, Stage, Workflow
from xsconsole.engine.archives.return_checks import barriers_against, card_to_be, demand_here, demand_open_way
from xsconsole.engine.commands import Newcomer, Provision
from xsconsole.engine.copies.copying import CLONE_S, COPIED_BYTES_PER_S, DISK_S, FIT_S
from xsconsole.engine.fences.arriving import Reception, demand_use_of
from xsconsole.engine.fences.building import add_hearing, lay_out
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.barring import demand_open
from xsconsole.engine.plans.claims import Claims, claims_on
from xsconsole.engine.plans.placement import place
from xsconsole.engine.plans.steps import START_S, Steps, protection_of
from xsconsole.engine.provisions.collisions import address_words, demand_names, demand_titles
from xsconsole.engine.provisions.enclosing import Made, key_of, receptions_of, source_of
from xsconsole.engine.provisions.parts import Machine, NewDisk, machines_of
from xsconsole.engine.provisions.provision_words import sentences
from xsconsole.errors import NotPromotable, StageFull

UNSETTLED = Digest("")
MOST_STORED_BYTES = 160 * 1024  # XAPI takes calls of up to 300 KiB; what each step made comes to the plan


def plan_provision(
    command: Provision, board: Board, inventory: Inventory, actor: str, clocks: tuple[datetime, ...]
) -> Plan:
    """Clone or copy every template, make of it what the blueprint says, start in order, then enter the members.

    All that is asked for is one run: where any of it fails, nothing is left of any. What comes into the stage by
    approval does not come in this way; freezes, quarantine, a stopped line and limits bind as for a promotion.

    Raises:
        Refused: it cannot be made there, and why.
    """
    workflow = rules.workflow_of(board)
    target = rules.stage_of(workflow, command.target)
    rules.demand_actor(workflow, (target,), actor)
    demand_use_of(command.addresses, target)
    demand_here(target, inventory, "Provision it on that pool, or into another stage.")
    demand_open_way(target, workflow, what="a blueprint", verb="Provision")
    if not command.newcomers or not all(one.members for one in command.newcomers):
        raise NotPromotable(reason="The blueprint has no machines.", mend="Add members to it.")
    _demand_places(command, target, board, inventory, clocks)
    demand_titles(command, board, workflow)
    demand_names(command.newcomers, board, inventory)
    claims = claims_on(board)
    cloned: set[Uuid] = set()
    made = [
        Made(newcomer=one, machines=machines_of(command, one, target, cloned, inventory)) for one in command.newcomers
    ]
    warnings = _demand_room([machine for one in made for machine in one.machines], claims, inventory)
    receptions = receptions_of(command, made, target, claims, board, inventory)
    hosts = _hosts(made, target, claims, inventory)
    first, *beside = command.newcomers
    stages = {one.configuration for one in command.newcomers}
    leases = sorted(
        {
            lease
            for one in command.newcomers
            for lease in rules.leases_for(first.configuration, one.service, (target,), also=stages)
        }
    )
    plan = Plan(
        intent=Intent(
            kind=RunKind.PROVISION,
            configuration=first.configuration,
            name=first.name,
            service=first.service,
            workflow=workflow.id,
            workflow_version=workflow.version,
            target=target.id,
            beside=tuple(one.configuration for one in beside),
        ),
        steps=_steps(command, made, receptions, hosts, target, workflow, inventory).all,
        leases=tuple(leases),
        warnings=(
            *sentences(command, [machine for one in made for machine in one.machines], target),
            *(word for one in receptions for word in one.words(target, inventory)),
            *address_words(command.newcomers, inventory),
            *warnings,
        ),
        asks=True,
    )
    _demand_small(plan)
    return plan


# What must hold


def _demand_small(plan: Plan) -> None:
    """Refuse what would not fit into one call to the pool: all of the plan stands there while it is carried out."""
    stored = len(base64.b64encode(zlib.compress(msgspec.json.encode(plan), 6)))
    if stored > MOST_STORED_BYTES:
        raise NotPromotable(
            reason=f"All of it together is too much for one run: {size(stored)} would stand on the pool, and "
            f"{size(MOST_STORED_BYTES)} are the most.",
            mend="Make fewer at once, or shorten what cloud-init is told.",
        )


def _demand_places(
    command: Provision, target: Stage, board: Board, inventory: Inventory, clocks: tuple[datetime, ...]
) -> None:
    """Refuse what a closure or a limit stands against; each newcomer counts for those after it."""
    will_run, seen = target.entry is EntryAction.START or target.fence is not None, board
    for at, one in enumerate(command.newcomers):
        card = card_to_be(one.configuration, one.name, one.service, one.version, target.id)

        def demand(one: Newcomer = one, seen: Board = seen, at: int = at) -> None:
            rules.demand_place(board, target, one.service, one.configuration, will_run=will_run)
            try:
                rules.demand_place(seen, target, one.service, one.configuration, will_run=will_run)
            except StageFull as full:
                raise _too_many(full, target, at, len(command.newcomers)) from full

        demand_open(barriers_against(card, target, seen, inventory, clocks), demand)
        present = replace(card, members=(_member(one, target, will_run=will_run),))
        seen = replace(seen, cards={**seen.cards, one.configuration: present})


def _too_many(full: StageFull, target: Stage, room: int, asked: int) -> StageFull:
    """Return that a stage would be full of what is to be made: of these nothing stands that could be demoted."""
    return StageFull(
        reason=f"{target.name} takes {full.takes}, and has room for {room} of the {asked} that are to be made.",
        mend=f"Make {room}, or change the limit in the workflow.",
        service=full.service,
        takes=full.takes,
    )


def _member(newcomer: Newcomer, target: Stage, *, will_run: bool) -> Member:
    """Return a machine that is to stand there, as far as limits count it."""
    return Member(
        ref=NULL_REF,
        uuid=Uuid(newcomer.configuration),
        name=newcomer.name,
        role="",
        power_state="Running" if will_run else "Halted",
        memory_bytes=0,
        disks_bytes=0,
        order=0,
        value=_value(newcomer, "", target.id, None),
    )


def _demand_room(machines: Sequence[Machine], claims: Claims, inventory: Inventory) -> tuple[str, ...]:
    needed = capacity.total(*(machine.space for machine in machines))
    warnings = capacity.demand_space(inventory, needed, "The machines", claims.space)
    growth = capacity.total(*(machine.growth for machine in machines))
    tight = []
    for uuid, bytes_ in sorted(growth.items()):
        sr = inventory.by_uuid(SR, uuid)
        left = sr.free_bytes - claims.space.get(uuid, 0) - needed.get(uuid, 0) if sr is not None else 0
        if sr is not None and sr.physical_size > 0 and bytes_ > left:
            tight.append(
                f"Written full, the disks take up to {size(bytes_)} more in “{shortened(sr.name_label, 60)}”, where "
                f"{size(max(0, left))} stay free."
            )
    return (*warnings, *tight)


def _hosts(made: Sequence[Made], target: Stage, claims: Claims, inventory: Inventory) -> Mapping[Uuid, Uuid]:
    if target.entry is not EntryAction.START or target.fence is not None:
        return {}
    guests = [machine.guest(key_of(one, machine), inventory) for one in made for machine in one.machines]
    return place(inventory, guests, claims.memory)


# Steps


def _steps(
    command: Provision,
    made: Sequence[Made],
    receptions: Sequence[Reception],
    hosts: Mapping[Uuid, Uuid],
    target: Stage,
    workflow: Workflow,
    inventory: Inventory,
) -> Steps:
    """Add the steps of each configuration; none waits for those of another, but for what fences share."""
    steps, claimed = Steps(), list[StepKey]()
    for at, one in enumerate(made):
        reception, running = receptions[at] if receptions else None, tuple[StepKey, ...]()
        laid = lay_out(steps, reception.enclosure, inventory, claimed) if reception is not None else None
        claimed = laid.claimed if laid is not None else []
        before = laid.before if laid is not None else ()
        copies = {machine.member.id: _copy(steps, command, machine, before) for machine in one.machines}
        ready = []
        for machine in one.machines:
            copy = copies[machine.member.id]
            fit: OutfitCopy = _fitting(machine, copy)
            if reception is not None and laid is not None:
                fit = reception.fitting(fit, key_of(one, machine), laid)
            ready += _fitted(steps, machine, fit)
        if reception is not None and laid is not None:
            made_by = {key_of(one, machine): copies[machine.member.id] for machine in one.machines}
            ready = reception.close(steps, laid, made_by, ready)
            hosts = {**hosts, **reception.enclosure.hosts}
        if target.entry is EntryAction.START or reception is not None:
            ready = _add_starts(steps, one, copies, hosts, ready)
            running = tuple(copies.values())
        _enter(steps, command, one, copies, ready, running, target, workflow)
        if reception is not None:
            add_hearing(steps, reception.enclosure.standing)
    return steps


def _copy(steps: Steps, command: Provision, machine: Machine, before: Sequence[StepKey]) -> StepKey:
    is_full = command.method is Method.FULL_COPY
    moved = sum(shape.size_bytes for shape in machine.shapes.values()) if is_full else 0
    return steps.add(
        CopyMachine(
            vm=machine.template.uuid,
            name=machine.member.name,
            method=command.method,
            sr=machine.sr.uuid if is_full else None,
        ),
        f"the template of {machine.member.name}",
        before,
        Estimate(
            seconds=CLONE_S + moved / COPIED_BYTES_PER_S,
            bytes=sum(machine.space.values()),
            space=dict(machine.space),
        ),
    )


def _fitting(machine: Machine, copy: StepKey) -> OutfitCopy:
    member = machine.member
    return OutfitCopy(
        copy=copy,
        name=member.name,
        order=member.order,
        start_delay_s=member.start_delay,
        shutdown_delay_s=member.shutdown_delay,
        networks=machine.networks,
        home=machine.home,
        vcpus=member.vcpus,
        memory_bytes=member.memory,
        disks=machine.shapes,
    )


def _fitted(steps: Steps, machine: Machine, fit: OutfitCopy) -> list[StepKey]:
    """Add what makes of a copy the machine that the blueprint describes; return what its start waits for."""
    name = machine.member.name
    fitted = steps.add(fit, name, [fit.copy], Estimate(seconds=FIT_S))
    disks = [
        steps.add(_making(disk, fit.copy, machine), name, [fitted], Estimate(seconds=DISK_S))
        for disk in machine.new_disks
    ]
    return disks or [fitted]


def _making(disk: NewDisk, copy: StepKey, machine: Machine) -> EmptyDisk:
    sr = machine.sr.uuid
    if disk.files is None:
        return EmptyDisk(copy=copy, name=disk.name, size_bytes=disk.size_bytes, sr=sr, slot=disk.slot)
    return SeedDisk(
        copy=copy,
        name=disk.name,
        size_bytes=disk.size_bytes,
        sr=sr,
        slot=disk.slot,
        hostname=machine.hostname,
        files=dict(disk.files),
    )


def _add_starts(
    steps: Steps,
    one: Made,
    copies: Mapping[str, StepKey],
    hosts: Mapping[Uuid, Uuid],
    ready: list[StepKey],
) -> list[StepKey]:
    """Start in groups of ascending order, each group after the one before."""
    for order in sorted({machine.member.order for machine in one.machines}):
        ready = [
            steps.add(
                StartCopy(copy=copies[machine.member.id]),
                machine.member.name,
                ready,
                Estimate(seconds=START_S + machine.member.start_delay, memory_bytes=machine.memory_bytes),
                host=hosts.get(key_of(one, machine)),
            )
            for machine in one.machines
            if machine.member.order == order
        ]
    return ready


def _enter(
    steps: Steps,
    command: Provision,
    one: Made,
    copies: Mapping[str, StepKey],
    ready: list[StepKey],
    running: tuple[StepKey, ...],
    target: Stage,
    workflow: Workflow,
) -> None:
    newcomer, made = one.newcomer, one.newcomer.configuration
    roles = {copies[machine.member.id]: machine.member.role for machine in one.machines}
    roster = steps.add(
        WriteCopyRoster(configuration=made, roles=roles, origin=encode(_origin(command, newcomer))),
        newcomer.name,
        ready,
    )
    entered = [
        steps.add(
            WriteCopy(
                copy=copies[machine.member.id],
                value=encode(_value(newcomer, machine.member.role, target.id, workflow)),
                stage_name=target.name,
                blocked=protection_of(target),
            ),
            machine.member.name,
            [roster],
        )
        for machine in one.machines
    ]
    steps.add(VerifyCopies(configuration=made, copies=tuple(roles), running=running), newcomer.name, entered)


def _origin(command: Provision, newcomer: Newcomer) -> Origin:
    return Origin(
        configuration=source_of(command),
        name=command.blueprint_name,
        stage=StageId(""),
        revision=command.blueprint_version,
        method=command.method.value,
        blueprint=command.blueprint,
        given=dict(newcomer.given),
        number=newcomer.number or msgspec.UNSET,
    )


def _value(newcomer: Newcomer, role: str, stage: StageId, workflow: Workflow | None) -> MemberValue:
    """Return the member value without what only the making tells: the machine's uuid, and the roster."""
    return MemberValue(
        vm=Uuid(""),
        configuration=newcomer.configuration,
        name=newcomer.name,
        service=newcomer.service,
        version=newcomer.version,
        stage=stage,
        workflow=workflow.id if workflow is not None else WorkflowId(""),
        workflow_version=workflow.version if workflow is not None else 0,
        role=role,
        revision=1,
        roster_count=0,
        roster_digest=UNSETTLED,
    )
