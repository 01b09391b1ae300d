"""The plan that brings fields of a configuration back to what they should be. Nothing is mended by itself."""

from collections import defaultdict

from xsconsole.domain.actions.mends import MendedField, MendFields
from xsconsole.domain.actions.placing import PutOnNetworks
from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VIF, VM, Inventory, Network
from xsconsole.domain.manifest import Change, FieldChange, difference, manifest_of_card, topic_of, words
from xsconsole.domain.manifest.difference import apply
from xsconsole.domain.mending import takes_halt, why_not
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Plan, RunKind
from xsconsole.domain.words import count
from xsconsole.domain.workflow import Stage
from xsconsole.engine.commands import Mend
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.steps import Steps, add_shutdowns, add_starts, add_verification
from xsconsole.errors import NotFound, NotPromotable, PlanIsStale

MEND_S = 2.0


def plan_mend(command: Mend, board: Board, inventory: Inventory, actor: str) -> Plan:
    """Shut down what must be off for it, write the fields, start again, verify.

    A change says what a field has (`after`) and what it is to have again (`before`), as a difference from production
    or from the origin does.

    Raises:
        PlanIsStale: a field is another one by now. NotPromotable: one cannot be mended, with the reason.
    """
    workflow = rules.workflow_of(board)
    card = rules.card_of(board, command.configuration)
    rules.demand_standing(card, {Standing.WHOLE})
    rules.demand_revision(card, command.revision)
    stage = rules.stage_of(workflow, card.stage)
    rules.demand_actor(workflow, (stage,), actor)
    if not command.changes:
        raise NotFound(reason="No field was chosen.", mend="Choose those that are to be brought back.")
    changes = [_mendable(change) for change in command.changes]
    _demand_as_seen(card, changes, inventory, board)
    by_role: dict[str, list[FieldChange]] = defaultdict(list)
    for change in changes:
        by_role[change.role].append(change)
    members = {member.role: member for member in card.members}
    halting = [
        members[role]
        for role, found in by_role.items()
        if any(map(takes_halt, found)) and members[role].power_state != "Halted"
    ]
    rules.demand_settled_power(card)
    rules.demand_power_changes((stage, halting), what="this")
    vms = {member.uuid: inventory.get(VM, member.ref) for member in card.members}
    for member in halting:
        vm = vms[member.uuid]
        assert vm is not None, "a member is a machine of the pool"
        rules.demand_operation(vm, "clean_shutdown", inventory)
    steps = Steps()
    ready = add_shutdowns(steps, halting, [])
    mended = []
    for role, found in sorted(by_role.items()):
        vm = vms[members[role].uuid]
        assert vm is not None, "a member is a machine of the pool"
        fields = tuple(_field(change) for change in found if change.device == "")
        if fields:
            mended.append(
                steps.add(MendFields(vm=vm.uuid, fields=fields), vm.name_label, ready, Estimate(seconds=MEND_S))
            )
        moved = [change for change in found if change.device != ""]
        if moved:
            action = PutOnNetworks(
                vm=vm.uuid,
                networks={change.device: _network(change, stage, inventory) for change in moved},
                original=_present(vm, {change.device for change in moved}, inventory),
            )
            mended.append(steps.add(action, vm.name_label, ready, Estimate(seconds=MEND_S)))
    delays = {uuid: vm.start_delay for uuid, vm in vms.items() if vm is not None}
    started = add_starts(steps, halting, delays, mended, is_downtime=True)
    add_verification(steps, card.name, {member.uuid for member in halting}, started)
    return Plan(
        intent=intent_in(RunKind.MEND, card, workflow),
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, ()),
        warnings=_sentences(changes, len(halting)),
        asks=True,
    )


def _mendable(change: Change) -> FieldChange:
    why = why_not(change)
    if why or not isinstance(change, FieldChange):
        raise NotPromotable(
            reason=f"{words.place(change)}: {words.label(change)} is not mended by this program: {why}.",
            mend="Leave it out, and change it by hand or make the replica anew.",
        )
    return change


def _demand_as_seen(card: Card, changes: list[FieldChange], inventory: Inventory, board: Board) -> None:
    """Refuse where a field has another value by now than the one that somebody wants to have changed."""
    present = manifest_of_card(card, inventory, board.workflow)
    roles = {member.role for member in present.members}
    if any(change.role not in roles for change in changes):
        raise PlanIsStale(reason="A member is gone since you looked at it.", mend="Look at it again, then decide.")
    # A manifest from which what it becomes differs just so, turned round: what it becomes, and from there to now.
    wanted = apply(present, [_towards(change) for change in changes])
    found = {topic_of(one): one for one in difference(wanted, present)}
    stale = [change for change in changes if found.get(topic_of(change)) != change]
    if stale:
        told = f"{words.place(stale[0])}: {words.label(stale[0])}"
        raise PlanIsStale(reason=f"{told} has changed since you looked at it.", mend="Look at it again, then decide.")


def _towards(change: FieldChange) -> FieldChange:
    return FieldChange(
        role=change.role,
        part=change.part,
        device=change.device,
        field=change.field,
        key=change.key,
        before=change.after,
        after=change.before,
    )


def _field(change: FieldChange) -> MendedField:
    return MendedField(field=change.field, key=change.key, value=change.before, original=change.after)


def _network(change: FieldChange, stage: Stage, inventory: Inventory) -> Uuid:
    """Return the network that a manifest calls so: the stage's logical one, or else the one of that name."""
    mapped = next((one.network.uuid for one in stage.binding.networks if one.logical == change.before), None)
    named = [network.uuid for network in inventory.all(Network) if network.name_label == change.before]
    found = [mapped] if mapped is not None and inventory.by_uuid(Network, mapped) is not None else named
    if len(found) != 1 or found[0] is None:
        name = f"“{shortened(str(change.before), 60)}”"
        raise NotPromotable(
            reason=f"{'No network' if not found else 'More than one network'} of this pool is called {name}.",
            mend=f"Map a logical network of that name for {stage.name} in the workflow.",
        )
    return found[0]


def _present(vm: VM, devices: set[str], inventory: Inventory) -> dict[str, Uuid]:
    found = {}
    for ref in vm.VIFs:
        vif = inventory.get(VIF, ref)
        network = inventory.get(Network, vif.network) if vif is not None else None
        if vif is not None and network is not None and vif.device in devices:
            found[vif.device] = network.uuid
    return found


def _sentences(changes: list[FieldChange], halted: int) -> tuple[str, ...]:
    told = []
    for change in changes:
        before, after = words.sides(change)
        told.append(
            f"{words.place(change)}: {words.label(change)}: {shortened(after, 60)} becomes {shortened(before, 60)}."
        )
    if halted:
        told.append(f"{count(halted, 'running machine')} will be shut down for it and started again.")
    return tuple(told)
