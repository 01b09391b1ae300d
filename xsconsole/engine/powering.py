"""The plans that start, shut down and reboot a configuration where it stands, its machines in their order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from xsconsole.domain.board import Board, Card, Member, Standing
from xsconsole.domain.copy_actions import StartAgain
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import VM, Host, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Intent, Plan, RunKind, Start
from xsconsole.domain.words import count, listing
from xsconsole.domain.workflow import Stage, Workflow
from xsconsole.engine import rules
from xsconsole.engine.claims import claims_on
from xsconsole.engine.commands import ChangePower
from xsconsole.engine.moving import runs, vms_of
from xsconsole.engine.placement import freed_by, guest_of, less, place
from xsconsole.engine.steps import Steps, add_shutdowns, add_starts, add_verification
from xsconsole.errors import NotPromotable

STANDING = {Standing.WHOLE, Standing.INCOMPLETE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a verb is about, once it may be done there."""

    card: Card
    stage: Stage
    workflow: Workflow
    board: Board
    inventory: Inventory

    def intent(self, kind: RunKind) -> Intent:
        """Return what is asked for: it stays where it is."""
        return Intent(
            kind=kind,
            configuration=self.card.id,
            name=self.card.name,
            service=self.card.service,
            workflow=self.workflow.id,
            workflow_version=self.workflow.version,
            source=self.card.stage,
            target=self.card.stage,
            revision=self.card.revision,
        )


def plan_power(command: ChangePower, board: Board, inventory: Inventory, actor: str) -> Plan:
    """Start group by group in ascending order, or shut down in descending order, or both; then look.

    Each machine waits for its own delay while it starts or stops: the pool does so before it says that it is done.

    Raises:
        NotPromotable: nothing is to be done, a machine cannot be brought there, or there is no room for it.
    """
    found = surroundings_of(command, board, inventory, actor)
    card = found.card
    rules.demand_settled_power(card)
    up = [member for member in card.members if runs(member)]
    down = [member for member in card.members if not runs(member)]
    match command.kind:
        case RunKind.START:
            return _starting(found, down, up)
        case RunKind.SHUT_DOWN:
            return _stopping(found, up, down)
        case RunKind.REBOOT:
            return _rebooting(found, up, down)
        case _:
            raise NotPromotable(reason="That is no change of the power.", mend="Start, shut down or reboot it.")


def surroundings_of(command: ChangePower, board: Board, inventory: Inventory, actor: str) -> Surroundings:
    """Return what a verb is about.

    Raises:
        Refused: it is not there, not as it was, in no stage, or this log-in may not act in it.
    """
    workflow = rules.workflow_of(board)
    card = rules.card_of(board, command.configuration)
    rules.demand_standing(card, STANDING)
    rules.demand_revision(card, command.revision)
    stage = rules.stage_of(workflow, card.stage)
    rules.demand_actor(workflow, (stage,), actor)
    return Surroundings(card=card, stage=stage, workflow=workflow, board=board, inventory=inventory)


def _starting(found: Surroundings, down: Sequence[Member], up: Sequence[Member]) -> Plan:
    if not down:
        raise _nothing(found.card, "runs already", "All its machines are on.")
    rules.demand_power_changes((found.stage, down), what="a start")
    rules.demand_place_to_run(found.board, found.stage, found.card)
    vms = vms_of(down, found.inventory)
    for vm in vms:
        rules.demand_operation(vm, "start", found.inventory)
        rules.demand_unblocked(vm, "start_on")
    steps = Steps()
    started = _add_starts(found, steps, down, vms, [], is_again=False)
    add_verification(steps, found.card.name, {member.uuid for member in found.card.members}, started)
    return _planned(found, RunKind.START, steps, _told(down, "started", up, "runs already", "run already"))


def _stopping(found: Surroundings, up: Sequence[Member], down: Sequence[Member]) -> Plan:
    if not up:
        raise _nothing(found.card, "is off already", "None of its machines runs.")
    _demand_stops(found, up, "a shutdown")
    steps = Steps()
    add_shutdowns(steps, up, [])
    return _planned(found, RunKind.SHUT_DOWN, steps, _told(up, "shut down", down, "is off already", "are off already"))


def _rebooting(found: Surroundings, up: Sequence[Member], down: Sequence[Member]) -> Plan:
    if not up:
        raise _nothing(found.card, "is off", "Start it: none of its machines runs.")
    vms = _demand_stops(found, up, "a reboot")
    steps = Steps()
    stopped = add_shutdowns(steps, up, [])
    started = _add_starts(found, steps, up, vms, stopped, is_again=True)
    add_verification(steps, found.card.name, {member.uuid for member in up}, started)
    told = _told(up, "shut down in order and started again", down, "is off and stays so", "are off and stay so")
    return _planned(found, RunKind.REBOOT, steps, told)


def _demand_stops(found: Surroundings, up: Sequence[Member], what: str) -> list[VM]:
    """Return the records of machines that can be shut down, and started again where that is undone."""
    rules.demand_power_changes((found.stage, up), what=what)
    vms = vms_of(up, found.inventory)
    for vm in vms:
        rules.demand_operation(vm, "clean_shutdown", found.inventory)
        rules.demand_unblocked(vm, "start")
        rules.demand_unblocked(vm, "start_on")
    return vms


def _add_starts(
    found: Surroundings,
    steps: Steps,
    members: Sequence[Member],
    vms: Sequence[VM],
    after: list[StepKey],
    *,
    is_again: bool,
) -> list[StepKey]:
    """Add starts on hosts that have room, and where it can be on those that the machines run on now."""
    inventory = found.inventory
    guests = [replace(guest_of(vm, inventory), here=_host_of(vm, inventory)) for vm in vms]
    hosts = place(inventory, guests, less(claims_on(found.board).memory, freed_by(vms, inventory)))
    delays_s = {vm.uuid: vm.start_delay for vm in vms}
    action: type[Start] | type[StartAgain] = StartAgain if is_again else Start
    return add_starts(steps, members, delays_s, after, is_downtime=is_again, hosts=hosts, action=action)


def _host_of(vm: VM, inventory: Inventory) -> Uuid | None:
    host = inventory.get(Host, vm.resident_on)
    return host.uuid if host is not None else None


def _told(done: Sequence[Member], how: str, left: Sequence[Member], one: str, many: str) -> tuple[str, ...]:
    """Return what happens to which machines, and which are passed over."""
    said = [f"{listing(_names(done))} will be {how}."]
    if left:
        said.append(f"{listing(_names(left))} {one if len(left) == 1 else many}.")
    return tuple(said)


def _names(members: Sequence[Member]) -> tuple[str, ...]:
    ordered = sorted(members, key=lambda member: (member.order, member.name))
    return tuple(member.name for member in ordered)


def _planned(found: Surroundings, kind: RunKind, steps: Steps, told: tuple[str, ...]) -> Plan:
    card = found.card
    missing = (f"{count(len(card.missing), 'member')} gone from the pool.",) if card.missing else ()
    return Plan(
        intent=found.intent(kind),
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, (found.stage,) if kind is RunKind.START else ()),
        warnings=(*told, *missing),
        asks=True,
    )


def _nothing(card: Card, how: str, mend: str) -> NotPromotable:
    return NotPromotable(reason=f"“{shortened(card.name)}” {how}.", mend=mend)
