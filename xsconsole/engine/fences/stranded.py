"""Machines of a fence whose host does not answer: the pool calls them running, and nobody can shut them down."""

from collections.abc import Sequence

from xsconsole.domain.actions.fences import TakeForOff
from xsconsole.domain.ids import StepKey
from xsconsole.domain.inventory import VM, Host, HostMetrics, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import count, listing
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.steps import Steps


def stranded(machines: Sequence[VM], inventory: Inventory) -> list[VM]:
    """Return those that run, as far as the pool knows, on a host that does not answer."""
    return [vm for vm in machines if vm.power_state == "Running" and _silent_host(vm, inventory) is not None]


def hosts_of(machines: Sequence[VM], inventory: Inventory) -> str:
    """Return the names of the hosts that do not answer."""
    hosts = {host.name_label for vm in machines if (host := _silent_host(vm, inventory)) is not None}
    return listing(tuple(f"“{shortened(name, 40)}”" for name in sorted(hosts)))


def add_taking_for_off(
    steps: Steps, machines: Sequence[VM], after: Sequence[StepKey], inventory: Inventory
) -> list[StepKey]:
    """Add that the pool takes them for off, which whoever confirms has to answer for; return what then waits for it.

    The pool cannot know whether they still run. Started a second time, two machines would write to one disk.
    """
    if not machines:
        return list(after)
    for vm in machines:
        rules.demand_unblocked(vm, "power_state_reset")
    names = hosts_of(machines, inventory)
    question = (
        f"{names} {'does' if ' and ' not in names else 'do'} not answer. Is it certain that "
        f"{count(len(machines), 'machine')} there no more {'runs' if len(machines) == 1 else 'run'}, since the "
        "power is off? Otherwise two machines would write to one disk, and destroy what is on it."
    )
    action = TakeForOff(vms=tuple(vm.uuid for vm in machines), question=question)
    return [steps.add(action, f"{count(len(machines), 'machine')} on {names}", after)]


def _silent_host(vm: VM, inventory: Inventory) -> Host | None:
    host = inventory.get(Host, vm.resident_on)
    metrics = inventory.get(HostMetrics, host.metrics) if host is not None else None
    return host if metrics is not None and not metrics.live else None
