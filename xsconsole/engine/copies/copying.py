"""The plan of a promotion by linked clone or full copy: a new configuration in the stage; the source stays."""

import uuid
from collections.abc import Sequence
from itertools import count, groupby

import msgspec

from xsconsole.domain.actions.copies import (
    CopyMachine,
    DropSnapshot,
    EmptyDisk,
    FitCopy,
    HandOverDisk,
    NoteFreeze,
    StartCopy,
    VerifyCopies,
    WriteCopy,
    WriteCopyRoster,
)
from xsconsole.domain.board import Board, Card, Member
from xsconsole.domain.disks import disks_of
from xsconsole.domain.given_ids import planned_ids
from xsconsole.domain.ids import ConfigurationId, Digest, StepKey, Uuid
from xsconsole.domain.inventory import SR, VM, Inventory
from xsconsole.domain.lineage import handed_on
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Plan, Purpose, Step, TakeSnapshot
from xsconsole.domain.poolstate import KeptDisk, MemberValue, Origin, encode
from xsconsole.domain.replica import free_number
from xsconsole.domain.workflow import EntryAction, Method, Transition
from xsconsole.engine.copies.candidates import add_use, spending
from xsconsole.engine.copies.copy_checks import (
    Offspring,
    Order,
    Part,
    demand_operations,
    demand_room,
    guest,
    name_in,
    parts_of,
    sentences,
    space_of,
    storage_of,
)
from xsconsole.engine.copies.freezing import add_freeze, runs
from xsconsole.engine.moves.succession import add_standing_down, ended
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.claims import Claims, claims_on
from xsconsole.engine.plans.disk_roles import Blank, Staying, blanks_of, staying_of, staying_words, travels_after_all
from xsconsole.engine.plans.machine_names import naming
from xsconsole.engine.plans.placement import freed_by, less, memory_of, place
from xsconsole.engine.plans.steps import START_S, Steps, protection_of
from xsconsole.engine.runs.gatekeeper import gated

CONFIGURATION_SPACE = uuid.UUID("3b0c7f5e-52d4-4a35-8f0e-9a4f3d0b7c61")
CLONE_S = 4.0
FIT_S = 2.0
DISK_S = 2.0
COPIED_BYTES_PER_S = 100 * 1024 * 1024


def offspring_of(
    card: Card,
    edge: Transition,
    inventory: Inventory,
    stages: tuple[str, str],
    there: Board,
    *beside: Board,
    pattern: str = "",
) -> Offspring:
    """Return what copies of a configuration become, by the first number with which their names are free.

    Its id is the one as planned: made from what was asked, so that equal plans make equal ones. `there` is the board on
    which the copies are to be; `stages` are the names of the one that they come from, and where they come.

    Raises:
        Refused: the pattern of names is none; with the mend.
    """
    pool = inventory.pool.uuid if inventory.pool else ""

    def names(number: int) -> list[str]:
        return [name_in(stages, card, member.role, member.name, number, pattern) for member in card.members]

    def planned(number: int) -> ConfigurationId:
        name = "\n".join((pool, card.id, edge.id, str(number)))
        return ConfigurationId(str(uuid.uuid5(CONFIGURATION_SPACE, name)))

    number, taken = free_number(names, card.service, there), planned_ids(there, *beside)
    return Offspring(id=next(id_ for id_ in map(planned, count(number)) if id_ not in taken), number=number)


def plan_copy(order: Order, offspring: Offspring, board: Board, inventory: Inventory) -> Plan:
    """Freeze what runs, copy, fit, start, then enter the copies as members, verify, and drop what was only for this.

    The roster and the member values come last, because only they make a configuration of the copies; whoever looks
    before that sees machines of the run and nothing else. What runs is frozen in a snapshot of every member, from which
    the copies are made; where nothing runs they are made of the machines themselves, unless a restore point is wanted.
    """
    parts = parts_of(order, offspring, inventory)
    names = naming([part.name for part in parts], order.pattern, board, inventory)
    claims = claims_on(board)
    running = [part for part in parts if runs(part.member) and order.stock is None]
    is_freezing = order.stock is None and (bool(running) or order.edge.restore_point is not None)
    sr = storage_of(order, parts, inventory)
    warnings = demand_room(order, parts, sr, claims, inventory, is_freezing=is_freezing)
    blanks, machines = blanks_of(order, parts, sr, inventory), [(part.member, part.vm) for part in parts]
    staying = staying_of(machines, order.incumbent, order.target, order.edge, inventory)
    of_disks = (
        *staying_words(staying, order.incumbent),
        *travels_after_all(machines, order.incumbent, order.edge, inventory),
    )
    to_start = [part for part in parts if order.target.entry is EntryAction.START]
    hosts = _hosts(order, to_start, sr, staying, claims, inventory)
    demand_operations(order, parts, inventory, is_freezing=is_freezing)

    steps = Steps()
    taken = add_source(steps, order, parts, inventory, is_freezing=is_freezing)
    ready: list[StepKey] = []
    if taken:
        ready = [steps.add(NoteFreeze(snapshots=tuple(taken.values())), order.card.name, taken.values())]
    copies = add_copies(steps, order, parts, taken, ready, sr, inventory)
    fitted = add_fittings(steps, parts, copies)
    ready = add_disks(steps, order, parts, copies, blanks, staying, fitted, inventory)
    started = add_starts_of_copies(steps, to_start, copies, hosts, ready, is_downtime=order.incumbent is not None)
    add_members(steps, order, offspring, parts, copies, to_start, started, staying)
    stages = (order.source, order.target, order.incumbent.back if order.incumbent else None)
    plan = Plan(
        intent=order.intent,
        steps=steps.all,
        leases=rules.leases_for(order.card.id, order.card.service, stages, also=order.intent.others),
        warnings=(*sentences(order, parts, running), *names, *of_disks, *warnings),
        asks=bool(to_start or running or order.target.protection or order.incumbent),
    )
    drops = taken if order.edge.restore_point is None and order.stock is None else {}
    closed = gated(plan, order.edge, order.passed, order.approved)
    return closing(order, closed, [(part, drops[part.vm.uuid]) for part in parts if drops], inventory)


def _hosts(
    order: Order,
    to_start: Sequence[Part],
    sr: SR | None,
    staying: Sequence[Staying],
    claims: Claims,
    inventory: Inventory,
) -> dict[Uuid, Uuid]:
    freed = freed_by(order.incumbent.vms, inventory) if order.incumbent else {}
    guests = [
        guest(part, sr, inventory, {kept.sr for kept in staying if kept.source == part.vm.uuid}) for part in to_start
    ]
    return place(inventory, guests, less(claims.memory, freed))


def add_source(
    steps: Steps,
    order: Order,
    parts: Sequence[Part],
    inventory: Inventory,
    *,
    is_freezing: bool,
    after: Sequence[StepKey] = (),
) -> dict[Uuid, StepKey]:
    """Add what gives the snapshots that copies are made of; nothing where the machines themselves are copied."""
    if order.stock is not None:
        return add_use(steps, order.stock, order.card, inventory)
    if not is_freezing:
        return {}
    purpose = Purpose.RESTORE_POINT if order.edge.restore_point is not None else Purpose.CANDIDATE

    def taking(member: Member, vm: VM) -> TakeSnapshot:
        return TakeSnapshot(vm=vm.uuid, purpose=purpose, was_running=runs(member))

    machines = [(part.member, part.vm) for part in parts]
    return add_freeze(steps, machines, taking, inventory, is_stopped_first=order.is_stopped_first, after=after)


def add_copies(
    steps: Steps,
    order: Order,
    parts: Sequence[Part],
    taken: dict[Uuid, StepKey],
    ready: list[StepKey],
    sr: SR | None,
    inventory: Inventory,
) -> dict[Uuid, StepKey]:
    """Add what makes the copies: of the snapshots, or of the machines themselves."""
    copies = {}
    for part in parts:
        taking = space_of(order, part.vm, sr, inventory, is_frozen=bool(taken))
        moved = sum(disk.virtual_size for disk in disks_of(inventory, part.vm))
        is_full = order.edge.method is Method.FULL_COPY
        copies[part.vm.uuid] = steps.add(
            CopyMachine(
                vm=part.vm.uuid,
                name=part.name,
                method=order.edge.method,
                snapshot=taken.get(part.vm.uuid),
                sr=sr.uuid if sr is not None else None,
            ),
            part.member.name,
            ready,
            Estimate(
                seconds=CLONE_S + (moved / COPIED_BYTES_PER_S if is_full else 0.0),
                bytes=sum(taking.values()),
                space=taking,
            ),
        )
    return copies


def add_fittings(
    steps: Steps, parts: Sequence[Part], copies: dict[Uuid, StepKey], after: list[StepKey] | None = None
) -> list[StepKey]:
    """Make the copies machines in their own right: each when it is there, or when all of `after` are."""
    return [
        steps.add(
            _fitting(part, copies[part.vm.uuid]),
            part.name,
            after if after is not None else [copies[part.vm.uuid]],
            Estimate(seconds=FIT_S),
        )
        for part in parts
    ]


def _fitting(part: Part, copy: StepKey) -> FitCopy:
    return FitCopy(
        copy=copy,
        name=part.name,
        order=part.vm.order,
        start_delay_s=part.vm.start_delay,
        shutdown_delay_s=part.vm.shutdown_delay,
        networks=part.networks,
        home=part.home,
    )


def add_disks(
    steps: Steps,
    order: Order,
    parts: Sequence[Part],
    copies: dict[Uuid, StepKey],
    blanks: Sequence[Blank],
    staying: Sequence[Staying],
    fitted: list[StepKey],
    inventory: Inventory,
) -> list[StepKey]:
    """Give the copies the disks that did not travel; the incumbent stands down only when all copies are there."""
    names = {part.vm.uuid: part.name for part in parts}
    ready = [
        steps.add(
            EmptyDisk(
                copy=copies[blank.source], name=blank.name, size_bytes=blank.size_bytes, sr=blank.sr, slot=blank.slot
            ),
            names[blank.source],
            fitted,
            Estimate(seconds=DISK_S),
        )
        for blank in blanks
    ]
    ready = ready or fitted
    if order.incumbent is None:
        return ready
    ready = add_standing_down(steps, order.incumbent, order.target, ready, inventory)
    handed = [
        steps.add(
            HandOverDisk(
                copy=copies[kept.source], disk=kept.disk, vm=kept.holder, slot=kept.slot, original=kept.original
            ),
            names[kept.source],
            ready,
            Estimate(seconds=DISK_S, downtime_s=DISK_S if number == 0 else 0.0),
        )
        for number, kept in enumerate(staying)
    ]
    return handed or ready


def add_starts_of_copies(
    steps: Steps,
    to_start: Sequence[Part],
    copies: dict[Uuid, StepKey],
    hosts: dict[Uuid, Uuid],
    after: list[StepKey],
    *,
    is_downtime: bool,
) -> list[StepKey]:
    """Start copies in groups of ascending order, each group after the one before."""
    ordered = sorted(to_start, key=lambda part: part.vm.order)
    for _, group in groupby(ordered, key=lambda part: part.vm.order):
        after = [
            steps.add(
                StartCopy(copy=copies[part.vm.uuid]),
                part.name,
                after,
                Estimate(
                    seconds=START_S + part.vm.start_delay,
                    memory_bytes=memory_of(part.vm),
                    downtime_s=START_S + part.vm.start_delay if is_downtime and number == 0 else 0.0,
                ),
                host=hosts.get(part.vm.uuid),
            )
            for number, part in enumerate(group)
        ]
    return after


def add_members(
    steps: Steps,
    order: Order,
    offspring: Offspring,
    parts: Sequence[Part],
    copies: dict[Uuid, StepKey],
    to_start: Sequence[Part],
    ready: list[StepKey],
    staying: Sequence[Staying] = (),
) -> None:
    """Enter the copies as members of the new configuration, and compare."""
    card = order.card
    origin = Origin(
        configuration=card.id,
        name=card.name,
        stage=order.source.id,
        revision=card.revision,
        method=order.edge.method.value,
        incumbent=order.incumbent.card.id if order.incumbent is not None else None,
        place=order.target.id if order.incumbent is not None else None,
        kept=tuple(KeptDisk(disk=one.disk, vm=one.holder, device=one.original.device) for one in staying),
        before=handed_on(card.origin),
    )
    roles = {copies[part.vm.uuid]: part.member.role for part in parts}
    roster = steps.add(
        WriteCopyRoster(configuration=offspring.id, roles=roles, origin=encode(origin)), card.name, ready
    )
    entered = [
        steps.add(
            WriteCopy(
                copy=copies[part.vm.uuid],
                value=encode(_value(order, offspring, part.member)),
                stage_name=order.target.name,
                blocked=protection_of(order.target),
            ),
            part.name,
            [roster],
        )
        for part in parts
    ]
    steps.add(
        VerifyCopies(
            configuration=offspring.id,
            copies=tuple(copies.values()),
            running=tuple(copies[part.vm.uuid] for part in to_start),
        ),
        card.name,
        entered,
    )


def _value(order: Order, offspring: Offspring, member: Member) -> MemberValue:
    """Return the member value without what only the copying tells: the copy's uuid, and the roster."""
    return MemberValue(
        vm=Uuid(""),
        configuration=offspring.id,
        name=order.title or member.value.name,
        service=member.value.service,
        version=member.value.version,
        stage=order.target.id,
        workflow=order.workflow.id,
        workflow_version=order.workflow.version,
        role=member.role,
        revision=offspring.revision,
        roster_count=0,
        roster_digest=Digest(""),
        entered_at=offspring.entered_at,
    )


def closing(order: Order, plan: Plan, snapshots: Sequence[tuple[Part, StepKey]], inventory: Inventory) -> Plan:
    """Add what comes once all that may lead back has passed.

    The incumbent is a stand-by until then, and going forward again needs the snapshots.
    """
    ends = plan.ends
    drops = tuple(
        Step(
            key=StepKey(f"zzz-drop-{number:02d}"),
            action=DropSnapshot(snapshot=snapshot),
            subject=shortened(part.member.name, 80),
            after=ends,
            estimate=Estimate(seconds=1.0),
        )
        for number, (part, snapshot) in enumerate(snapshots, start=1)
    )
    leaving = order.incumbent
    back = ended(leaving, order.target, order.workflow, inventory, ends) if leaving is not None else ()
    is_spent = order.stock is not None and order.stock.point is None
    spent = spending(order.stock, order.card, order.edge, ends) if order.stock is not None and is_spent else ()
    return msgspec.structs.replace(plan, steps=(*plan.steps, *back, *drops, *spent))
