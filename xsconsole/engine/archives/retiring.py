"""How a configuration leaves the board into an archive of its pool: its own machines become the templates."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from xsconsole.domain.actions.holds import DropHold
from xsconsole.domain.actions.stowing import SealStow, StowMember, VerifyStow
from xsconsole.domain.archive import BLOCKED, Form
from xsconsole.domain.board import Board, Card, Member
from xsconsole.domain.closures import to_text
from xsconsole.domain.ids import NULL_REF, StepKey
from xsconsole.domain.inventory import VM, Appliance, Inventory
from xsconsole.domain.manifest import Manifest
from xsconsole.domain.plan import Estimate, WriteRoster
from xsconsole.domain.poolstate import Roster, newest_text, roster_stem
from xsconsole.domain.workflow import Method, Stage, Workflow
from xsconsole.engine.archives.archiving import lineage_of, member_of
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.lands import version_of
from xsconsole.engine.plans.steps import Steps, clearing
from xsconsole.engine.runs import traces

STOW_S = 2.0
SEAL_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """Who leaves, and what is said of them; `sealing` lacks which machines become the templates."""

    card: Card
    machines: tuple[tuple[Member, VM], ...]
    sealing: SealStow


def demand_retirable(vms: Sequence[VM]) -> None:
    """Refuse where somebody else blocked what makes a template of a machine."""
    for vm in vms:
        rules.demand_unblocked(vm, "make_into_template")


def add_retirement(
    steps: Steps, leaving: Leaving, workflow: Workflow, inventory: Inventory, after: Sequence[StepKey]
) -> None:
    """Take our marks away, make templates of the machines, forget the roster, seal and verify.

    All machines must be off by `after`. The document comes last: until then undoing leaves nothing of the archive.
    """
    card, stage_names = leaving.card, [stage.name for stage in workflow.stages]
    ready = []
    for member, vm in leaving.machines:
        cleared = steps.add(clearing(vm, stage_names), member.name, after)
        appliance = inventory.get(Appliance, vm.appliance)
        stow = StowMember(
            vm=vm.uuid,
            blocked=dict(BLOCKED),
            ha_restart_priority=vm.ha_restart_priority,
            appliance=appliance.uuid if appliance is not None else None,
            schedule=vm.snapshot_schedule if vm.snapshot_schedule != NULL_REF else None,
        )
        ready.append(steps.add(stow, member.name, [cleared], Estimate(seconds=STOW_S)))
    snapshots = traces.traced(card.id, inventory)
    ready += traces.add_clearing(steps, snapshots, stage_names, inventory, after)
    keys = inventory.pool.other_config if inventory.pool is not None else {}
    original = newest_text(keys, roster_stem(card.id), Roster)
    ready = [steps.add(WriteRoster(configuration=card.id, value="", original=original), card.name, ready)]
    if card.hold is not None:
        ready = [steps.add(DropHold(configuration=card.id, original=to_text(card.hold)), card.name, ready)]
    machines = {member.role: vm.uuid for member, vm in leaving.machines}
    seal = msgspec.structs.replace(leaving.sealing, machines=machines)
    sealed = steps.add(seal, card.name, ready, Estimate(seconds=SEAL_S))
    steps.add(VerifyStow(configuration=card.id), card.name, [sealed], Estimate(seconds=SEAL_S))


def sealing_of(
    card: Card,
    stage: Stage,
    machines: Sequence[tuple[Member, VM]],
    manifest: Manifest,
    board: Board,
    inventory: Inventory,
    *,
    is_stopped_first: bool = False,
) -> SealStow:
    """Return the step that seals an archive of a configuration, without what its templates are."""
    return SealStow(
        configuration=card.id,
        name=card.name,
        service=card.service,
        version=card.version,
        revision=card.revision,
        stage=stage.id,
        stage_name=stage.name,
        pool_name=inventory.pool.name_label if inventory.pool is not None else "",
        xapi_version=".".join(map(str, version_of(inventory, highest=True))),
        form=Form.RETIRED.value,
        method=Method.MOVE.value,
        manifest=msgspec.json.encode(manifest, order="sorted").decode(),
        members=tuple(
            member_of(member, vm, stage, inventory, file="", is_stopped_first=is_stopped_first)
            for member, vm in machines
        ),
        lineage=lineage_of(card, board),
    )
