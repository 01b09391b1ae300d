"""The plan of what comes back from an archive: verified, imported, made a new configuration of a stage."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from xsconsole.domain.actions.archives import ArchivedMember, CheckArchive, ImportMember
from xsconsole.domain.actions.copies import CopyMachine, FitCopy, StartCopy, VerifyCopies, WriteCopy, WriteCopyRoster
from xsconsole.domain.actions.stowing import CheckStow
from xsconsole.domain.archive import Archive, PoolArchive
from xsconsole.domain.board import Board
from xsconsole.domain.fence.arrivals import macs_of
from xsconsole.domain.fence.drawing import addresses_by_mac
from xsconsole.domain.ids import ConfigurationId, Digest, StepKey, Uuid
from xsconsole.domain.inventory import SR, Inventory, Network
from xsconsole.domain.lineage import origins_told
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Intent, Plan, RunKind
from xsconsole.domain.poolstate import MemberValue, Origin, archive_thing, encode
from xsconsole.domain.signing import owner_of
from xsconsole.domain.words import count, instant, size
from xsconsole.domain.workflow import EntryAction, Method, Stage, Workflow
from xsconsole.engine.archives.return_checks import (
    Part,
    barriers_against,
    card_to_be,
    demand_alone,
    demand_here,
    demand_open_way,
    demand_version,
    guest_of,
    made_of,
    parts_of,
    storage_of,
)
from xsconsole.engine.archives.stow_checks import demand_whole
from xsconsole.engine.commands import RestoreFromArchive, RestoreFromPool, Restoring
from xsconsole.engine.copies.replicating import CLOSING, demand_no_way_round
from xsconsole.engine.fences.arriving import Arrival, Making, NewCard, Reception, demand_use_of, receive
from xsconsole.engine.fences.building import Housed, add_hearing, lay_out
from xsconsole.engine.fences.drawn import free_name
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.barring import demand_open
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.machine_names import naming
from xsconsole.engine.plans.placement import place
from xsconsole.engine.plans.steps import START_S, Steps, protection_of
from xsconsole.engine.plans.vouching import vouching

IMPORT_S = 10.0
COPY_S = 4.0
CHECK_S = 1.0
READ_BYTES_PER_S = 100 * 1024 * 1024
FIT_S = 2.0


def plan_return(
    command: Restoring, board: Board, inventory: Inventory, actor: str, clocks: tuple[datetime, ...]
) -> Plan:
    """Verify the archive, make every machine of it, then do what a copying does; all of it or nothing.

    Raises:
        Refused: it cannot come back there, and why.
    """
    archive = command.archive
    workflow = rules.workflow_of(board, "" if command.is_replica else "Or restore the machines alone, into no stage.")
    target = rules.stage_of(workflow, command.target)
    rules.demand_actor(workflow, (target,), actor)
    demand_here(target, inventory)
    if command.is_replica:
        _demand_replicable(command, target, workflow)
    else:
        demand_open_way(target, workflow)
    demand_alone(archive.id, board)
    if isinstance(command, RestoreFromPool):
        demand_whole(command.archive, inventory)
    else:
        demand_version(archive, inventory)
    made, number = made_of(command, target, board, inventory)
    will_run = target.entry is EntryAction.START or target.fence is not None
    card = card_to_be(made, archive.name, archive.service, archive.version, target.id)
    barriers = barriers_against(card, target, board, inventory, clocks)
    demand_open(
        [barrier for barrier in barriers if not command.is_replica or barrier.kind in CLOSING],
        lambda: rules.demand_place(board, target, archive.service, made, will_run=will_run),
    )
    sr = storage_of(command, target, inventory)
    parts = parts_of(command, target, sr, number, inventory)
    names = naming([part.name for part in parts], command.pattern, board, inventory)
    space = capacity.total(*(part.space for part in parts))
    warnings = capacity.demand_space(inventory, space, "The machines", claims_on(board).space)
    to_start = sorted((part for part in parts if will_run), key=lambda part: part.member.order)
    reception = _reception(command, parts, target, made, board, inventory)
    if reception is None:
        hosts = place(inventory, [guest_of(part) for part in to_start], claims_on(board).memory)
    else:
        hosts = dict(reception.enclosure.hosts)
    intent = Intent(
        kind=RunKind.REPLICATE if command.is_replica else RunKind.RETURN,
        configuration=made,
        name=archive.name,
        service=archive.service,
        workflow=workflow.id,
        workflow_version=workflow.version,
        target=target.id,
        method=command.method if isinstance(command, RestoreFromPool) else Method.MOVE,
    )
    leases = rules.leases_for(made, archive.service, (target,))
    vouched = vouching(archive.key, archive.console_name, workflow, is_own=command.is_own)
    return Plan(
        intent=intent,
        steps=_steps(command, parts, to_start, hosts, made, target, workflow, sr, reception, inventory).all,
        leases=tuple(sorted((archive_thing(archive.id), *leases))),
        warnings=(*sentences(command, target, parts, sr, reception, inventory), *names, *vouched, *warnings),
        asks=True,
    )


def _reception(
    command: Restoring,
    parts: Sequence[Part],
    target: Stage,
    made: ConfigurationId,
    board: Board,
    inventory: Inventory,
) -> Reception | None:
    """Return the fence that what comes back gets, with the MAC addresses that it had; None where none is demanded."""
    demand_use_of(command.addresses, target)
    if target.fence is None:
        return None
    archive = command.archive
    told = addresses_by_mac(macs_of(archive), inventory)
    making = Making(
        made=made,
        origin=archive.configuration,
        title=archive.name,
        service=archive.service,
        name=free_name(archive.name, inventory),
        target=target,
        mode=target.fence,
        typed=command.addresses,
    )
    arrivals = [
        Arrival(
            housed=Housed(key=part.key, name=part.name, memory_bytes=part.member.memory_bytes, storages=part.storages),
            member=part.member.role or part.name,
            called=part.member.name,
            cards=tuple(
                NewCard(
                    device=nic.device,
                    network=part.networks[nic.device],
                    mac=nic.mac,
                    address=told.get(nic.mac.lower()),
                )
                for nic in part.member.interfaces
            ),
        )
        for part in parts
    ]
    return receive(making, arrivals, (), claims_on(board), board, inventory)


def _demand_replicable(command: Restoring, target: Stage, workflow: Workflow) -> None:
    """Refuse a replica that would be a way round the rules of the workflow.

    Where an archive stood is believed of this console's own key, and of one that the workflow pins to somebody.
    """
    archive, name = command.archive, f"“{shortened(command.archive.name, 60)}”"
    if not command.is_own and owner_of(archive.key, workflow.people) is None:
        demand_no_way_round(name, None, target, workflow, "was signed by a key that nobody here vouches for")
    elif archive.workflow != workflow.id:
        demand_no_way_round(name, None, target, workflow, "went through another workflow")
    demand_no_way_round(name, archive.stage, target, workflow)


# Steps


def _steps(
    command: Restoring,
    parts: Sequence[Part],
    to_start: Sequence[Part],
    hosts: Mapping[Uuid, Uuid],
    made: ConfigurationId,
    target: Stage,
    workflow: Workflow,
    sr: SR | None,
    reception: Reception | None,
    inventory: Inventory,
) -> Steps:
    archive, steps = command.archive, Steps()
    checked = [add_check(steps, command)]
    laid = lay_out(steps, reception.enclosure, inventory, checked) if reception is not None else None
    made_by = add_machines(steps, command, parts, sr, [*checked, *(laid.before if laid is not None else ())])
    # Networks that an import made are taken away with the last interface: nothing may be arriving on them then.
    ready = []
    for part in parts:
        fit = fitting(part, made_by[part.key])
        if reception is not None and laid is not None:
            fit = reception.fitting(fit, part.key, laid)
        ready.append(steps.add(fit, part.name, made_by.values(), Estimate(seconds=FIT_S)))
    if reception is not None and laid is not None:
        ready = reception.close(steps, laid, made_by, ready)
    name = archive.name if reception is None else reception.enclosure.drawing.fence.name
    ready = add_arrived_starts(steps, to_start, made_by, hosts, ready)
    roles = {made_by[part.key]: part.member.role for part in parts}
    origin = encode(_origin(command))
    roster = steps.add(WriteCopyRoster(configuration=made, roles=roles, origin=origin), archive.name, ready)
    entered = [
        steps.add(
            WriteCopy(
                copy=made_by[part.key],
                value=encode(_value(archive, name, made, part.member, target, workflow)),
                stage_name=target.name,
                blocked=protection_of(target),
            ),
            part.name,
            [roster],
        )
        for part in parts
    ]
    running = tuple(made_by[part.key] for part in to_start)
    steps.add(VerifyCopies(configuration=made, copies=tuple(roles), running=running), archive.name, entered)
    if reception is not None:
        add_hearing(steps, reception.enclosure.standing)
    return steps


def add_check(steps: Steps, command: Restoring) -> StepKey:
    """Add the verifying of all that is to come back."""
    archive = command.archive
    if isinstance(command, RestoreFromPool):
        stow = CheckStow(archive=archive.id, document=command.document)
        return steps.add(stow, archive.name, (), Estimate(seconds=CHECK_S))
    checking = Estimate(seconds=CHECK_S + command.archive.size_bytes / READ_BYTES_PER_S)
    check = CheckArchive(folder=str(command.folder), archive=archive.id, document=command.document)
    return steps.add(check, archive.name, (), checking)


def add_machines(
    steps: Steps, command: Restoring, parts: Sequence[Part], sr: SR | None, after: Sequence[StepKey]
) -> dict[Uuid, StepKey]:
    """Add what makes the machines, and return by the key of each which step that is."""
    return {
        part.key: steps.add(_making_of(command, part, sr), part.name, after, _making(command, part)) for part in parts
    }


def _making_of(command: Restoring, part: Part, sr: SR | None) -> CopyMachine | ImportMember:
    if isinstance(command, RestoreFromPool):
        return CopyMachine(vm=part.key, name=part.name, method=command.method, sr=command.sr)
    assert sr is not None, "what is imported goes somewhere"
    hashes = {file.path: file.sha256 for file in command.archive.files}
    return ImportMember(
        folder=str(command.folder),
        file=part.member.file,
        sha256=hashes[part.member.file],
        name=part.name,
        arrives_as=part.member.arrives_as,
        sr=sr.uuid,
        configuration=command.archive.configuration,
    )


def _making(command: Restoring, part: Part) -> Estimate:
    moved = sum(part.member.disks_bytes)
    if isinstance(command, RestoreFromArchive):  # what is not in the file, such as zeros, is not written
        moved = next(file.size_bytes for file in command.archive.files if file.path == part.member.file)
    elif command.method is not Method.FULL_COPY:
        moved = 0
    least_s = COPY_S if isinstance(command, RestoreFromPool) else IMPORT_S
    return Estimate(seconds=least_s + moved / READ_BYTES_PER_S, bytes=sum(part.space.values()), space=dict(part.space))


def fitting(part: Part, copy: StepKey) -> FitCopy:
    member = part.member
    return FitCopy(
        copy=copy,
        name=part.name,
        order=member.order,
        start_delay_s=member.start_delay_s,
        shutdown_delay_s=member.shutdown_delay_s,
        networks=part.networks,
        home=part.home,
    )


def add_arrived_starts(
    steps: Steps,
    to_start: Sequence[Part],
    made_by: Mapping[Uuid, StepKey],
    hosts: Mapping[Uuid, Uuid],
    ready: list[StepKey],
) -> list[StepKey]:
    """Start in groups of ascending order, each group after the one before."""
    for order in sorted({part.member.order for part in to_start}):
        ready = [
            steps.add(
                StartCopy(copy=made_by[part.key]),
                part.name,
                ready,
                Estimate(seconds=START_S + part.member.start_delay_s, memory_bytes=part.member.memory_bytes),
                host=hosts.get(part.key),
            )
            for part in to_start
            if part.member.order == order
        ]
    return ready


def _origin(command: Restoring) -> Origin:
    archive = command.archive
    method = command.method if isinstance(command, RestoreFromPool) else Method.FULL_COPY
    return Origin(
        configuration=archive.configuration,
        name=archive.name,
        stage=archive.stage,
        revision=archive.revision,
        method=method.value,
        frozen_at=archive.frozen_at,
        skew_s=archive.skew_s,
        archive=archive.id,
        before=origins_told(archive.lineage),
    )


def _value(
    archive: Archive | PoolArchive,
    name: str,
    made: ConfigurationId,
    member: ArchivedMember,
    target: Stage,
    workflow: Workflow,
) -> MemberValue:
    """Return the member value without what only the import tells: the machine's uuid, and the roster."""
    return MemberValue(
        vm=Uuid(""),
        configuration=made,
        name=name,
        service=archive.service,
        version=archive.version,
        stage=target.id,
        workflow=workflow.id,
        workflow_version=workflow.version,
        role=member.role,
        revision=1,
        roster_count=0,
        roster_digest=Digest(""),
    )


def _table(parts: Sequence[Part], inventory: Inventory) -> list[str]:
    """Return which network of the archive comes to which of the pool: some are matched by their name alone."""
    names = {
        nic.called: network.name_label
        for part in parts
        for nic in part.member.interfaces
        if (network := inventory.by_uuid(Network, part.networks[nic.device])) is not None
    }
    return [f"{shortened(called, 60)} → {shortened(name, 60)}" for called, name in sorted(names.items())]


def sentences(
    command: Restoring,
    target: Stage | None,
    parts: Sequence[Part],
    sr: SR | None,
    reception: Reception | None,
    inventory: Inventory,
) -> list[str]:
    there = f" in “{shortened(sr.name_label, 60)}”" if sr is not None else ""
    archive, taken = command.archive, size(sum(sum(part.space.values()) for part in parts))
    whole = "a new configuration" if target is not None else "machines alone"
    found = ["It is a replica to be looked into: no gate and no approval is asked."] if command.is_replica else []
    found += [
        f"{shortened(archive.name, 60)} comes back as {whole}, as it stood in "
        f"{shortened(archive.stage_name, 60)} at {instant(archive.frozen_at)}: {count(len(parts), 'machine')}, up to "
        f"{taken}{there}. The machines {'get new' if reception is None else 'keep their'} MAC addresses.",
    ]
    if target is not None and reception is not None:
        return found + reception.words(target, inventory)
    if any(part.networks for part in parts):
        found.append(f"Networks, archive → pool: {', '.join(_table(parts, inventory))}.")
        found.append("A fixed address of a guest comes back as it was: keep it off where that one is in use.")
    if target is None:
        found.append("The machines stand in no stage, are members of nothing and stay off.")
    elif target.entry is not EntryAction.START:
        found.append(f"The machines stay off: {target.name} does not start what enters it.")
    return found
