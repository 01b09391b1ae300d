"""What stands of a configuration in snapshots: marks of its restore points, and what every snapshot copies."""

from collections.abc import Iterable, Sequence

from xsconsole.domain.ids import ConfigurationId, RunId, StepKey
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.plan import WriteMark
from xsconsole.domain.poolstate import (
    MEMBER_STEM,
    RESTORE_POINT_KEY,
    MemberValue,
    RestorePointMark,
    decode,
    newest,
)
from xsconsole.engine.plans.steps import Steps, clearing


def traced(configuration: ConfigurationId, inventory: Inventory) -> tuple[VM, ...]:
    """Return the snapshots that carry something of the configuration, also those that others took, in a fixed order."""
    found = (vm for vm in inventory.all(VM) if vm.is_a_snapshot and _is_of(vm, configuration))
    return tuple(sorted(found, key=lambda vm: vm.uuid))


def points(snapshots: Iterable[VM]) -> set[RunId]:
    """Return the runs that took restore points, or set the present aside, in these snapshots."""
    return {mark.run for mark in map(_mark, snapshots) if mark is not None and mark.frozen is None}


def add_clearing(
    steps: Steps,
    snapshots: Sequence[VM],
    stage_names: Sequence[str],
    inventory: Inventory,
    after: Sequence[StepKey] = (),
) -> list[StepKey]:
    """Add what removes all that is ours from the snapshots, once `after` is done; return what comes next waits for.

    What was frozen for a request keeps its marks: by them it is found and destroyed when the request goes.
    """
    ready = []
    for snapshot in snapshots:
        mark = _mark(snapshot)
        if mark is not None and mark.frozen is not None:
            continue
        vm = inventory.get(VM, snapshot.snapshot_of)
        name = vm.name_label if vm is not None else "a machine that is gone"
        before = list(after)
        if mark is not None:
            text = snapshot.other_config[RESTORE_POINT_KEY]
            before = [steps.add(WriteMark(snapshot=snapshot.uuid, value="", original=text), name, after)]
        # Undoing goes the other way round: putting the marks of a member back would remove that of the restore point.
        ready.append(steps.add(clearing(snapshot, stage_names), f"a snapshot of {name}", before))
    return ready


def _is_of(snapshot: VM, configuration: ConfigurationId) -> bool:
    mark = _mark(snapshot)
    _, value = newest(snapshot.other_config, MEMBER_STEM, MemberValue)
    return configuration in (mark.configuration if mark else None, value.configuration if value else None)


def _mark(snapshot: VM) -> RestorePointMark | None:
    return decode(snapshot.other_config.get(RESTORE_POINT_KEY, ""), RestorePointMark)
