"""What must hold before a configuration may change: standing, revision, place, actor, power, permitted operations."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from types import MappingProxyType

from xsconsole.domain.board import Board, Card, Member, Standing
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.inventory import VM, GuestMetrics, Host, HostMetrics, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import BLOCK_REASON_PREFIX, configuration_thing, slot_thing, stage_thing
from xsconsole.domain.words import count, listing
from xsconsole.domain.workflow import Stage, Workflow
from xsconsole.errors import NotFound, NotPermitted, NotPromotable, PlanIsStale, StageFull

SHUTTING_DOWN = frozenset({"clean_shutdown", "hard_shutdown", "shutdown"})
STARTING = frozenset({"start", "start_on"})
SUSPENDING = frozenset({"suspend", "resume", "resume_on"})
SHARED = "root"  # a log-in that several people share is nobody
MIGRATING = frozenset({"pool_migrate", "migrate_send"})
SETTLED_POWER = frozenset({"Running", "Halted"})
RUNNING_ONLY = ("clean_shutdown", "clean_reboot", "suspend", "pause", "pool_migrate")
POWER_FOR: Mapping[str, frozenset[str]] = MappingProxyType(  # as XAPI demands it
    {
        **dict.fromkeys(("start", "start_on"), frozenset({"Halted"})),
        **dict.fromkeys(RUNNING_ONLY, frozenset({"Running"})),
        "unpause": frozenset({"Paused"}),
        "resume": frozenset({"Suspended"}),
        "hard_reboot": frozenset({"Paused", "Running"}),
        "hard_shutdown": frozenset({"Paused", "Running", "Suspended"}),
    }
)


def workflow_of(board: Board, instead: str = "") -> Workflow:
    """Return what the pool follows; `instead` says what could be done where it follows nothing."""
    if board.workflow is None:
        raise NotPromotable(
            reason="The pool has no workflow that this console can read.",
            mend="Publish one, or use a newer console if a newer one published it.",
        )
    if board.is_proposed:
        raise NotPromotable(
            reason=f"The pool has no workflow yet; what is shown is “{shortened(board.workflow.name)}”, "
            "which stands nowhere.",
            mend=f"Publish a workflow to this pool first. {instead}".rstrip(),
        )
    return board.workflow


def stage_of(workflow: Workflow, stage: StageId) -> Stage:
    found = workflow.stage(stage)
    if found is None:
        raise NotFound(
            reason=f"Workflow “{shortened(workflow.name)}” has no stage “{shortened(stage)}”.",
            mend="Name one of its stages.",
            choices=tuple(known.name for known in workflow.stages),
        )
    return found


def card_of(board: Board, configuration: ConfigurationId) -> Card:
    card = board.cards.get(configuration)
    if card is None:
        raise NotFound(
            reason="The configuration is not on the pool any more.",
            mend="Somebody dissolved it, or its members are gone.",
        )
    return card


def demand_standing(card: Card, allowed: Collection[Standing]) -> None:
    """Refuse a card that does not stand as it must, and say the mend."""
    if card.standing in allowed:
        return
    name = f"“{shortened(card.name)}”"
    match card.standing:
        case Standing.RUNNING:
            holder = card.run.holder if card.run else None
            who = f" by {shortened(holder.actor)} at {shortened(holder.console)}" if holder else ""
            raise NotPromotable(
                reason=f"{name} is being changed{who}.", mend="Wait until that run has ended, or stop it there."
            )
        case Standing.INTERRUPTED:
            raise NotPromotable(
                reason=f"A run of {name} was interrupted.",
                mend="Select it on the board, and settle that run first.",
            )
        case Standing.INCOMPLETE:
            raise NotPromotable(
                reason=f"{name} is incomplete: {count(len(card.missing), 'member')} gone from the pool.",
                mend="Bring the machine back, or make the configuration whole without it.",
            )
        case Standing.INCONSISTENT:
            raise NotPromotable(
                reason=f"{name} is inconsistent: {' '.join(card.problems)}",
                mend="Make it whole at the stage where it belongs.",
            )
        case Standing.WHOLE:
            raise NotPromotable(reason=f"{name} is whole.", mend="There is nothing to mend.")


def demand_revision(card: Card, revision: int) -> None:
    if card.revision != revision:
        raise PlanIsStale(
            reason=f"“{shortened(card.name)}” has changed since you looked at it.",
            mend="Look at it again, then decide.",
        )


def demand_place(
    board: Board,
    stage: Stage,
    service: str,
    configuration: ConfigurationId | None,
    *,
    will_run: bool,
    leaving: ConfigurationId | None = None,
) -> None:
    """Refuse when the stage already holds as many configurations as it may: of the service, in all, or running ones.

    A configuration on its way into the stage, or out of it and perhaps back again, has its place there; only one that
    is `leaving` for this has not. What stands in other pools counts as far as this console sees it.
    """
    limits = stage.limits
    counts_all = limits.configurations is not None or (limits.running is not None and will_run)
    if limits.per_service is None and not counts_all:
        return
    # What costs least is asked first: a board of a thousand cards is gone through for every column of a drag.
    others = [
        (pool, card)
        for pool, card in chain((("", card) for card in board.cards.values()), board.elsewhere)
        if (counts_all or card.service == service)
        and card.id not in (configuration, leaving)
        and stage.id in _stages_of(card)
    ]
    if limits.per_service is not None:
        same = [(pool, card) for pool, card in others if card.service == service]
        _demand_room(stage, same, limits.per_service, f"{{}} of {shortened(service)}", service)
    if limits.configurations is not None:
        _demand_room(stage, others, limits.configurations, "{}")
    if limits.running is not None and will_run:
        _demand_running_room(stage, others, limits.running)


def demand_place_to_run(board: Board, stage: Stage, card: Card) -> None:
    """Refuse to start what stands in a stage where as many others run in it as may; what runs already has its place."""
    if stage.limits.running is None or card.is_up:
        return
    everyone = chain((("", other) for other in board.cards.values()), board.elsewhere)
    others = [(pool, other) for pool, other in everyone if other.id != card.id and stage.id in _stages_of(other)]
    _demand_running_room(stage, others, stage.limits.running)


def _demand_running_room(stage: Stage, others: Iterable[tuple[str, Card]], most: int) -> None:
    running = [(pool, card) for pool, card in others if card.is_up]
    _demand_room(stage, running, most, "{} with running machines")


def _demand_room(stage: Stage, occupants: Iterable[tuple[str, Card]], most: int, which: str, service: str = "") -> None:
    names = tuple(sorted(f"{card.name} in pool “{shortened(pool)}”" if pool else card.name for pool, card in occupants))
    if len(names) >= most:
        takes = which.format(count(most, "configuration"))
        has = f"already has {listing(names)}; it " if names else ""
        leave = len(names) - most + 1
        who = names[0] if len(names) == 1 else "one of them" if leave == 1 else f"{leave} of them"
        raise StageFull(
            reason=f"{stage.name} {has}takes {takes}.",
            mend=f"Demote {who} first." if most and names else "Change the limit in the workflow.",
            service=service,
            takes=takes,
        )


def demand_actor(workflow: Workflow, stages: Iterable[Stage | None], actor: str) -> None:
    """Refuse who is in none of the groups that a stage names as those who may move what is in it.

    Somebody is known by the name with which they log in to the pool; the shared `root` is nobody.
    """
    people = {person.id: person for person in workflow.people if person.subject}
    for stage in stages:
        if stage is None or not stage.actors:
            continue
        groups = [group for group in workflow.groups if group.id in stage.actors]
        may = {person for group in groups for person in group.people if person in people}
        subjects = {people[person].subject.casefold() for person in may} - {SHARED}
        if actor.casefold() not in subjects:
            names = tuple(people[person].name for person in sorted(may))
            raise NotPermitted(
                reason=f"{shortened(actor) or 'Who is not logged in'} may not move configurations into "
                f"or out of {stage.name}: the workflow names {listing(tuple(group.name for group in groups))}.",
                mend=f"Ask {listing(names)}." if names else "Nobody of them has a log-in name in the workflow.",
            )


def _stages_of(card: Card) -> set[StageId | None]:
    """Return where a configuration has its place: nowhere, where only its roster is known, whoever shows it where."""
    if not card.members and card.run is None:
        return set()
    stages: set[StageId | None] = {card.stage, *(member.value.stage for member in card.members)}
    if card.run is not None:
        stages |= {card.run.record.plan.intent.source, card.run.record.plan.intent.target}
    return stages


def leases_for(
    configuration: ConfigurationId,
    service: str,
    stages: Iterable[Stage | None],
    also: Iterable[ConfigurationId] = (),
) -> tuple[str, ...]:
    """Return the things a run leases, sorted: the configuration, and its places in stages that can be full.

    The place left behind is leased too, because undoing returns to it. `also` are other configurations that change.
    """
    slots: set[str] = set()
    for stage in stages:
        if stage is not None and stage.limits.per_service is not None:
            slots.add(slot_thing(stage.id, service))
        if stage is not None and (stage.limits.configurations, stage.limits.running) != (None, None):
            slots.add(stage_thing(stage.id))
    return tuple(sorted({*map(configuration_thing, (configuration, *also)), *slots}))


def demand_settled_power(card: Card) -> None:
    for member in card.members:
        if member.power_state not in SETTLED_POWER:
            raise NotPromotable(
                reason=f"“{shortened(member.name)}” is {member.power_state.lower()}.",
                mend="Resume it or shut it down first.",
            )


def demand_power_changes(
    *places: tuple[Stage, Sequence[Member]], what: str, by: frozenset[str] = SHUTTING_DOWN | STARTING
) -> None:
    """Refuse `what` changes the power of any of these members, where the protection of its stage forbids that."""
    for stage, members in places:
        if members and by & set(stage.protection):
            raise NotPromotable(
                reason=f"The protection of {stage.name} forbids to change the power, which {what} needs.",
                mend="Let the stage allow it in the workflow.",
            )


def demand_operation(vm: VM, operation: str, inventory: Inventory, *, is_own_block_lifted: bool = False) -> None:
    """Refuse when the pool would refuse `operation` at `vm`, and say why."""
    name = f"“{shortened(vm.name_label)}”"
    if operation in MIGRATING:
        demand_host_heard(vm, inventory)
    blocked = vm.blocked_operations.get(operation)
    if blocked is not None:
        if is_own_block_lifted and blocked.startswith(BLOCK_REASON_PREFIX):
            return
        raise NotPromotable(
            reason=f"{_spoken(operation)} is blocked at {name}: {shortened(blocked, 120)}.",
            mend="Remove that block first.",
        )
    if operation in vm.allowed_operations:
        return
    if vm.current_operations:
        raise NotPromotable(
            reason=f"{name} is busy ({', '.join(sorted(set(vm.current_operations.values())))}).",
            mend="Wait until that is over, or cancel its task in the activity.",
        )
    fitting = POWER_FOR.get(operation)
    if fitting is not None and vm.power_state not in fitting:
        raise NotPromotable(
            reason=f"{name} is {vm.power_state.lower()}.",
            mend=f"It must be {' or '.join(sorted(state.lower() for state in fitting))}.",
        )
    if operation == "clean_shutdown" and not _has_tools(vm, inventory):
        raise NotPromotable(
            reason=f"{name} cannot be shut down cleanly: it shows no guest tools.",
            mend="Wait until its guest has started, install the guest tools, or shut it down by hand.",
        )
    raise NotPromotable(
        reason=f"The pool does not allow {_spoken(operation).lower()} at {name} now.", mend="Look at the machine."
    )


def demand_host_heard(vm: VM, inventory: Inventory) -> None:
    """Refuse what has to leave a host of which the pool hears nothing: whether the machine runs there is not known."""
    host = inventory.get(Host, vm.resident_on)
    metrics = inventory.get(HostMetrics, host.metrics) if host is not None else None
    if host is not None and metrics is not None and not metrics.live:
        raise NotPromotable(
            reason=f"“{shortened(vm.name_label)}” runs on {shortened(host.name_label, 60)}, of which the pool hears "
            "nothing, and cannot be migrated off it.",
            mend="Bring that host back first, or start the machine elsewhere once the host is known to be off.",
        )


def demand_unblocked(vm: VM, operation: str) -> None:
    """Refuse when somebody else blocked an operation that comes later or that undoing needs."""
    blocked = vm.blocked_operations.get(operation)
    if blocked is not None and not blocked.startswith(BLOCK_REASON_PREFIX):
        raise NotPromotable(
            reason=f"{_spoken(operation)} is blocked at “{shortened(vm.name_label)}”: {shortened(blocked, 120)}.",
            mend="Remove that block first.",
        )


def _spoken(operation: str) -> str:
    return operation.replace("_", " ").capitalize()


def _has_tools(vm: VM, inventory: Inventory) -> bool:
    metrics = inventory.get(GuestMetrics, vm.guest_metrics)
    return metrics is not None and metrics.PV_drivers_detected
