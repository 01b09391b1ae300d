"""The plan of configurations that are made of a blueprint: machines of templates, fitted, seeded, started, entered."""

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from xsconsole.domain.actions.copies import CopyMachine, EmptyDisk, StartCopy, VerifyCopies, WriteCopy, WriteCopyRoster
from xsconsole.domain.actions.provisions import OutfitCopy, SeedDisk
from xsconsole.domain.board import Board, Member
from xsconsole.domain.ids import NULL_REF, ConfigurationId, Digest, StageId, StepKey, Uuid, WorkflowId
from xsconsole.domain.inventory import SR, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Intent, Plan, RunKind
from xsconsole.domain.poolstate import MemberValue, Origin, encode
from xsconsole.domain.words import count, listing, size
from xsconsole.domain.workflow import EntryAction, Method, Stage, Workflow
from xsconsole.engine.archives.return_checks import barriers_against, card_to_be, demand_here, demand_open_way
from xsconsole.engine.commands import Newcomer, Provision
from xsconsole.engine.copies.copying import CLONE_S, COPIED_BYTES_PER_S, DISK_S, FIT_S
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.barring import demand_open
from xsconsole.engine.plans.claims import Claims, claims_on
from xsconsole.engine.plans.placement import place
from xsconsole.engine.plans.steps import START_S, Steps, protection_of
from xsconsole.engine.provisions.collisions import address_words, demand_names, demand_titles
from xsconsole.engine.provisions.parts import (
    Machine,
    NewDisk,
    machines_of,
)
from xsconsole.errors import NotPromotable, StageFull

UNSETTLED = Digest("")
MOST_STORED_BYTES = 160 * 1024  # XAPI takes calls of up to 300 KiB; what each step made comes to the plan


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """One configuration that is to be, with its machines."""

    newcomer: Newcomer
    machines: Sequence[Machine]


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
        _Made(newcomer=one, machines=machines_of(command, one, target, cloned, inventory)) for one in command.newcomers
    ]
    warnings = _demand_room([machine for one in made for machine in one.machines], claims, inventory)
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
        steps=_steps(command, made, hosts, target, workflow).all,
        leases=tuple(leases),
        warnings=(
            *_sentences(command, made, target),
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
    will_run, seen = target.entry is EntryAction.START, board
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


def _hosts(made: Sequence[_Made], target: Stage, claims: Claims, inventory: Inventory) -> Mapping[Uuid, Uuid]:
    if target.entry is not EntryAction.START:
        return {}
    guests = [machine.guest(_key(one, machine), inventory) for one in made for machine in one.machines]
    return place(inventory, guests, claims.memory)


def _key(one: _Made, machine: Machine) -> str:
    return f"{one.newcomer.configuration}/{machine.member.id}"


# Steps


def _steps(
    command: Provision, made: Sequence[_Made], hosts: Mapping[Uuid, Uuid], target: Stage, workflow: Workflow
) -> Steps:
    """Add the steps of each configuration; none waits for those of another."""
    steps = Steps()
    for one in made:
        copies = {machine.member.id: _copy(steps, command, machine) for machine in one.machines}
        ready = [key for machine in one.machines for key in _fitted(steps, machine, copies[machine.member.id])]
        running: tuple[StepKey, ...] = ()
        if target.entry is EntryAction.START:
            ready = _add_starts(steps, one, copies, hosts, ready)
            running = tuple(copies.values())
        _enter(steps, command, one, copies, ready, running, target, workflow)
    return steps


def _copy(steps: Steps, command: Provision, machine: Machine) -> StepKey:
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
        (),
        Estimate(
            seconds=CLONE_S + moved / COPIED_BYTES_PER_S,
            bytes=sum(machine.space.values()),
            space=dict(machine.space),
        ),
    )


def _fitted(steps: Steps, machine: Machine, copy: StepKey) -> list[StepKey]:
    """Add what makes of a copy the machine that the blueprint describes; return what its start waits for."""
    member = machine.member
    fitted = steps.add(
        OutfitCopy(
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
        ),
        member.name,
        [copy],
        Estimate(seconds=FIT_S),
    )
    disks = [
        steps.add(_making(disk, copy, machine), member.name, [fitted], Estimate(seconds=DISK_S))
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
    one: _Made,
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
                host=hosts.get(Uuid(_key(one, machine))),
            )
            for machine in one.machines
            if machine.member.order == order
        ]
    return ready


def _enter(
    steps: Steps,
    command: Provision,
    one: _Made,
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
        configuration=ConfigurationId(f"{command.blueprint}@{command.blueprint_version}"),
        name=command.blueprint_name,
        stage=StageId(""),
        revision=command.blueprint_version,
        method=command.method.value,
        blueprint=command.blueprint,
        given=dict(newcomer.given),
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


# Words


def _sentences(command: Provision, made: Sequence[_Made], target: Stage) -> list[str]:
    machines = [machine for one in made for machine in one.machines]
    taken = size(sum(sum(machine.space.values()) for machine in machines))
    memory = size(sum(machine.memory_bytes for machine in machines))
    names = listing(tuple(f"“{shortened(one.newcomer.name, 40)}”" for one in made))
    how = "full copies" if command.method is Method.FULL_COPY else "linked clones"
    seeds = sum(disk.files is not None for machine in machines for disk in machine.new_disks)
    found = [
        f"{names} {'comes' if len(made) == 1 else 'come'} into being in {target.name}, of version "
        f"{command.blueprint_version} of the blueprint {shortened(command.blueprint_name, 60)}: "
        f"{count(len(machines), 'machine')} as {how}, up to {taken} of storage and {memory} of memory."
    ]
    if not command.is_signed:
        found.append("Nobody signed this version of the blueprint, or it was changed afterwards: look at it before.")
    if seeds:
        found.append(
            f"{count(seeds, 'machine')} {'gets' if seeds == 1 else 'get'} a disk that cloud-init reads; what is on it "
            "can be read by whoever can read the machine's disks."
        )
    if len(made) > 1:
        found.append("All of them stand at the end, or nothing is left of any.")
    if target.entry is not EntryAction.START:
        found.append(f"The machines stay off: {target.name} does not start what enters it.")
    return found
