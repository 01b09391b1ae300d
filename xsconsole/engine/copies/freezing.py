"""Snapshots of all members, one after the other: XAPI has none of several machines at one moment."""

from collections.abc import Callable, Sequence

from xsconsole.domain.actions.copies import StartAgain
from xsconsole.domain.board import Member
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.plan import Estimate, TakeSnapshot
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.steps import Steps, add_shutdowns, add_starts

SNAPSHOT_S = 4.0

Taking = Callable[[Member, VM], TakeSnapshot]


def add_freeze(
    steps: Steps,
    machines: Sequence[tuple[Member, VM]],
    taking: Taking,
    inventory: Inventory,
    *,
    is_stopped_first: bool,
    after: Sequence[StepKey] = (),
    is_left_off: bool = False,
) -> dict[Uuid, StepKey]:
    """Snapshot every machine; what is to be stopped for it is started again once all are taken, unless it is left off.

    Returns the step of each machine.
    """
    stopping = [member for member, _ in machines if is_stopped_first and runs(member)]
    stopped = add_shutdowns(steps, stopping, list(after))
    taken = {}
    for number, (member, vm) in enumerate(machines):
        space = capacity.snapshot_space(inventory, vm)
        taken[vm.uuid] = steps.add(
            taking(member, vm),
            member.name,
            stopped,
            Estimate(
                seconds=SNAPSHOT_S,
                bytes=sum(space.values()),
                space=space,
                downtime_s=SNAPSHOT_S if stopping and number == 0 else 0.0,
            ),
        )
    delays_s = {vm.uuid: vm.start_delay for _, vm in machines}
    if not is_left_off:
        add_starts(steps, stopping, delays_s, list(taken.values()), is_downtime=True, action=StartAgain)
    return taken


def demand_freezable(member: Member, vm: VM, inventory: Inventory, *, is_stopped_first: bool) -> None:
    """Refuse where the pool would not take the snapshot, or not stop and start the machine for it."""
    if is_stopped_first and runs(member):
        rules.demand_operation(vm, "clean_shutdown", inventory)
        rules.demand_unblocked(vm, "start")
    rules.demand_operation(vm, "snapshot", inventory)


def runs(member: Member) -> bool:
    return member.power_state == "Running"
