"""Plans that make, change and forget configurations. They touch what we wrote and nothing else of a machine."""

import uuid
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from xsconsole.domain.actions.holds import DropHold
from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.closures import to_text
from xsconsole.domain.ids import ConfigurationId, StepKey, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Intent, Plan, RunKind, WriteRoster
from xsconsole.domain.poolstate import (
    MEMBER_STEM,
    MemberValue,
    Roster,
    decode,
    encode,
    newest,
    newest_text,
    roster_digest,
    roster_stem,
)
from xsconsole.domain.words import count, listing
from xsconsole.domain.workflow import Stage, Workflow
from xsconsole.engine.commands import AddMembers, Adopt, Create, Dissolve, NewMember, RemoveMembers
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.roles import assign_roles, demand_text, make_unique, role_of
from xsconsole.engine.plans.steps import Steps, add_verification, clearing, writing
from xsconsole.engine.runs import traces
from xsconsole.errors import Ambiguous, NotFound, NotPromotable

CONFIGURATION_SPACE = uuid.UUID("5d2f4a86-8a1e-4f0d-9d43-0c6f6c7a9e11")


def plan_create(command: Create, board: Board, inventory: Inventory, actor: str) -> Plan:
    """Make a configuration from machines that belong to none; a clone's copied value is overwritten.

    The configuration's id is made from the command, so that the plan somebody saw and the plan that is carried out
    are equal.
    """
    workflow = rules.workflow_of(board)
    stage = rules.stage_of(workflow, command.stage)
    service = demand_text(command.service, "service")
    version = demand_text(command.version, "version")
    name = demand_text(command.name or f"{service} {version}", "name")
    if not command.members:
        raise NotPromotable(reason="A configuration needs a machine.", mend="Select at least one.")
    for card in board.cards.values():
        if (card.service, card.version) == (service, version):
            raise Ambiguous(
                reason=f"“{shortened(card.name)}” is that service and version already.",
                mend="Give another version, or add the machines to it.",
            )
    vms = _free_vms(command.members, board, inventory)
    identity = "\n".join(
        (inventory.pool.uuid if inventory.pool else "", service, version, *sorted(vm.uuid for vm in vms))
    )
    configuration = ConfigurationId(str(uuid.uuid5(CONFIGURATION_SPACE, identity)))
    rules.demand_actor(workflow, (stage,), actor)
    rules.demand_place(board, stage, service, configuration, will_run=any(vm.power_state == "Running" for vm in vms))
    roles = assign_roles(command.members, vms, {})
    intent = Intent(
        kind=RunKind.CREATE,
        configuration=configuration,
        name=name,
        service=service,
        workflow=workflow.id,
        workflow_version=workflow.version,
        target=stage.id,
    )
    draft = _Draft(name=name, service=service, version=version, stage=stage, workflow=workflow, revision=1)
    return _plan_roster(intent, draft, [(vm, roles[vm.uuid]) for vm in vms], (), inventory)


def plan_add(command: AddMembers, board: Board, inventory: Inventory) -> Plan:
    workflow, card, stage = _changeable(command.configuration, command.revision, board, {Standing.WHOLE})
    if not command.members:
        raise NotPromotable(reason="There is nothing to add.", mend="Select at least one machine.")
    added = _free_vms(command.members, board, inventory)
    standing = {member.uuid: member.role for member in card.members}
    roles = {**standing, **assign_roles(command.members, added, standing)}
    present = _present(card, inventory)
    return _plan_roster(
        intent_in(RunKind.ADD, card, workflow),
        _Draft.of(card, stage, workflow),
        [(vm, roles[vm.uuid]) for vm in (*present, *added)],
        (),
        inventory,
    )


def plan_remove(command: RemoveMembers, board: Board, inventory: Inventory) -> Plan:
    """Take machines out. What is gone from the pool is only struck from the roster, a clone only loses its mark."""
    workflow, card, stage = _changeable(
        command.configuration, command.revision, board, {Standing.WHOLE, Standing.INCOMPLETE}
    )
    leaving = set(command.vms)
    clones = [vm for vm in _clones(card, board, inventory) if vm.uuid in leaving]
    if not leaving:
        raise NotPromotable(reason="There is nothing to remove.", mend="Select at least one member.")
    unknown = leaving - {member.uuid for member in card.members} - set(card.missing) - {vm.uuid for vm in clones}
    if unknown:
        found = {uuid: inventory.by_uuid(VM, uuid) for uuid in unknown}
        named = listing(tuple(sorted(vm.name_label if vm else uuid for uuid, vm in found.items())))
        raise NotFound(
            reason=f"Not a member of “{shortened(card.name)}”: {named}.",
            mend="Select its members.",
            choices=tuple(shortened(member.name) for member in card.members),
        )
    present = _present(card, inventory)
    staying = [vm for vm in present if vm.uuid not in leaving]
    if not staying:
        raise NotPromotable(reason="No machine would be left.", mend="Dissolve the configuration instead.")
    roles = {member.uuid: member.role for member in card.members}
    return _plan_roster(
        intent_in(RunKind.REMOVE, card, workflow),
        _Draft.of(card, stage, workflow),
        [(vm, roles[vm.uuid]) for vm in staying],
        [*(vm for vm in present if vm.uuid in leaving), *clones],
        inventory,
        still_missing={uuid: card.missing_roles.get(uuid, "") for uuid in card.missing if uuid not in leaving},
    )


def plan_adopt(command: Adopt, board: Board, inventory: Inventory) -> Plan:
    """Take clones in, and make a configuration whole at a stage where one of its members stands.

    Making whole must not be a way round the workflow: it never brings members to a stage where none of them was.
    """
    workflow = rules.workflow_of(board)
    card = rules.card_of(board, command.configuration)
    rules.demand_standing(card, {Standing.WHOLE, Standing.INCOMPLETE, Standing.INCONSISTENT})
    stage = rules.stage_of(workflow, command.stage)
    if not card.members:
        raise NotPromotable(
            reason=f"All members of “{shortened(card.name)}” are gone.", mend="Dissolve it and make a new one."
        )
    permitted = _permitted_stages(card, workflow)
    if stage not in permitted:
        raise NotPromotable(
            reason=f"No member of “{shortened(card.name)}” stands in {stage.name}.",
            mend=f"Choose {listing(tuple(known.name for known in permitted))}; promote or demote it afterwards.",
        )
    if card.standing is Standing.WHOLE and workflow.stage(card.stage) is not None and not command.vms:
        raise NotPromotable(reason=f"“{shortened(card.name)}” is whole.", mend="There is nothing to mend.")
    is_running = any(member.power_state == "Running" for member in card.members)
    rules.demand_place(board, stage, card.service, card.id, will_run=is_running)
    strays = {stray.uuid: stray for stray in board.strays}
    newcomers = [NewMember(vm=vm, role=role_of(strays.get(vm), card)) for vm in command.vms]
    adopted = _free_vms(newcomers, board, inventory)
    present = _present(card, inventory)
    standing = {member.uuid: member.role for member in card.members}
    roles = make_unique({**standing, **assign_roles(newcomers, adopted, standing)})
    plan = _plan_roster(
        intent_in(RunKind.ADOPT, card, workflow, target=stage.id),
        _Draft.of(card, stage, workflow),
        [(vm, roles[vm.uuid]) for vm in (*present, *adopted)],
        (),
        inventory,
    )
    return msgspec.structs.replace(plan, warnings=(*plan.warnings, *_struck(card)))


def plan_dissolve(command: Dissolve, board: Board, inventory: Inventory, actor: str) -> Plan:
    """Remove every key we wrote, from members, clones, snapshots and the pool; the lease counters go after the run."""
    workflow = rules.workflow_of(board)
    card = rules.card_of(board, command.configuration)
    rules.demand_standing(card, {Standing.WHOLE, Standing.INCOMPLETE, Standing.INCONSISTENT})
    rules.demand_revision(card, command.revision)
    stage = workflow.stage(card.stage)
    rules.demand_actor(workflow, (stage,), actor)
    stage_names = [known.name for known in workflow.stages]
    steps = Steps()
    ready: list[StepKey] = []
    snapshots = traces.traced(card.id, inventory)
    ready += traces.add_clearing(steps, snapshots, stage_names, inventory)
    for vm in (*_present(card, inventory), *_clones(card, board, inventory)):
        ready.append(steps.add(clearing(vm, stage_names), vm.name_label))
    original = _roster_text(card.id, inventory)
    ready = [steps.add(WriteRoster(configuration=card.id, value="", original=original), card.name, ready)]
    if card.hold is not None:
        ready = [steps.add(DropHold(configuration=card.id, original=to_text(card.hold)), card.name, ready)]
    add_verification(steps, card.name, set(), ready)
    points = len(traces.points(snapshots))
    warnings = ["The machines stay as they are; the console forgets that they belong together."]
    if points:
        warnings.append(f"{count(points, 'restore point')} can no longer be returned to; the snapshots stay.")
    intent = intent_in(RunKind.DISSOLVE, card, workflow, target=None)
    leases = rules.leases_for(card.id, card.service, (stage,))
    return Plan(intent=intent, steps=steps.all, leases=leases, warnings=tuple(warnings), asks=True)


class _Draft:
    """What all members of a configuration will carry alike."""

    def __init__(
        self, *, name: str, service: str, version: str, stage: Stage, workflow: Workflow, revision: int
    ) -> None:
        self.name = name
        self.service = service
        self.version = version
        self.stage = stage
        self.workflow = workflow
        self.revision = revision

    @classmethod
    def of(cls, card: Card, stage: Stage, workflow: Workflow) -> "_Draft":
        return cls(
            name=card.name,
            service=card.service,
            version=card.version,
            stage=stage,
            workflow=workflow,
            revision=card.revision + 1,
        )


def _plan_roster(
    intent: Intent,
    draft: _Draft,
    roles: Sequence[tuple[VM, str]],
    leaving: Sequence[VM],
    inventory: Inventory,
    *,
    still_missing: Mapping[Uuid, str] | None = None,
) -> Plan:
    configuration = intent.configuration
    known = {**(still_missing or {}), **{vm.uuid: role for vm, role in roles}}
    members = tuple(sorted(known))
    original = _roster_text(configuration, inventory)
    standing = decode(original, Roster) or Roster(configuration=configuration, roster=())
    # Where it comes from, and whose place it took, is so with other members too.
    roster = msgspec.structs.replace(
        standing, roster=members, roles={uuid: role for uuid, role in known.items() if role}
    )
    steps = Steps()
    written = steps.add(WriteRoster(configuration=configuration, value=encode(roster), original=original), draft.name)
    ready = [written]
    for vm, role in roles:
        before = decode(newest_text(vm.other_config, MEMBER_STEM, MemberValue), MemberValue)
        stays = before is not None and (before.vm, before.configuration, before.stage) == (
            vm.uuid,
            configuration,
            draft.stage.id,
        )
        value = MemberValue(
            vm=vm.uuid,
            configuration=configuration,
            name=draft.name,
            service=draft.service,
            version=draft.version,
            stage=draft.stage.id,
            workflow=draft.workflow.id,
            workflow_version=draft.workflow.version,
            role=role,
            revision=draft.revision,
            roster_count=len(members),
            roster_digest=roster_digest(members),
            entered_at=before.entered_at if before is not None and stays else None,
        )
        ready.append(steps.add(writing(vm, value, draft.stage), vm.name_label, [written]))
    stage_names = [stage.name for stage in draft.workflow.stages]
    ready += [steps.add(clearing(vm, stage_names), vm.name_label, [written]) for vm in leaving]
    left = {vm.ref for vm in leaving}
    snapshots = [vm for vm in traces.traced(configuration, inventory) if vm.snapshot_of in left]
    ready += traces.add_clearing(steps, snapshots, stage_names, inventory)
    add_verification(steps, draft.name, set(), ready)
    return Plan(
        intent=intent,
        steps=steps.all,
        leases=rules.leases_for(configuration, draft.service, (draft.stage,)),
        warnings=_lost_points(snapshots),
        asks=bool(draft.stage.protection),
    )


def _struck(card: Card) -> tuple[str, ...]:
    if not card.missing:
        return ()
    names = listing(tuple(card.missing_name(uuid) for uuid in card.missing))
    if len(card.missing) == 1:
        return (f"{names} is no member any more: it is gone from the pool. If it belongs here, bring it back first.",)
    return (
        f"{names} are no members any more: they are gone from the pool. If they belong here, bring them back first.",
    )


def _lost_points(snapshots: Sequence[VM]) -> tuple[str, ...]:
    lost = len(traces.points(snapshots))
    one = "of a machine that leaves can no longer be returned to; the snapshots stay."
    return (f"{count(lost, 'restore point')} {one}",) if lost else ()


def _changeable(
    configuration: ConfigurationId, revision: int, board: Board, allowed: set[Standing]
) -> tuple[Workflow, Card, Stage]:
    workflow = rules.workflow_of(board)
    card = rules.card_of(board, configuration)
    rules.demand_standing(card, allowed)
    rules.demand_revision(card, revision)
    if not card.members:
        raise NotPromotable(
            reason=f"All members of “{shortened(card.name)}” are gone.", mend="Dissolve it and make a new one."
        )
    return workflow, card, rules.stage_of(workflow, card.stage)


def _permitted_stages(card: Card, workflow: Workflow) -> tuple[Stage, ...]:
    standing = {member.value.stage for member in card.members}
    found = tuple(stage for stage in workflow.stages if stage.id in standing)
    return found or workflow.columns()[0]


def _present(card: Card, inventory: Inventory) -> list[VM]:
    found = [inventory.get(VM, member.ref) for member in card.members]
    return [vm for vm in found if vm is not None]


def _clones(card: Card, board: Board, inventory: Inventory) -> list[VM]:
    """Return the machines that carry the value of a member: clones of it, which are no members."""
    found = [inventory.get(VM, stray.ref) for stray in board.strays if stray.value.configuration == card.id]
    return [vm for vm in found if vm is not None]


def _free_vms(newcomers: Iterable[NewMember], board: Board, inventory: Inventory) -> list[VM]:
    """Return the machines that may become members; a clone, which carries another's value, may."""
    taken = {member.uuid: card for card in board.cards.values() for member in card.members}
    found: dict[Uuid, VM] = {}
    for newcomer in newcomers:
        vm = inventory.by_uuid(VM, newcomer.vm)
        if vm is None or not vm.is_ordinary:
            raise NotFound(
                reason=f"The pool has no virtual machine {shortened(newcomer.vm)}.",
                mend="Select machines that are no templates and no snapshots.",
            )
        name = f"“{shortened(vm.name_label)}”"
        if vm.uuid in taken:
            raise NotPromotable(
                reason=f"{name} belongs to “{shortened(taken[vm.uuid].name)}”.", mend="Remove it there first."
            )
        number, value = newest(vm.other_config, MEMBER_STEM, MemberValue)
        if number and value is None:
            raise NotPromotable(
                reason=f"{name} carries a mark that this console cannot read.",
                mend="Use a newer console if one wrote it. If it is damaged, remove "
                f"“{MEMBER_STEM}.{number}” of its other_config by another program.",
            )
        if vm.uuid in found:
            raise NotPromotable(reason=f"{name} was named twice.", mend="Name it once.")
        found[vm.uuid] = vm
    return list(found.values())


def _roster_text(configuration: ConfigurationId, inventory: Inventory) -> str:
    keys = inventory.pool.other_config if inventory.pool else {}
    return newest_text(keys, roster_stem(configuration), Roster)
