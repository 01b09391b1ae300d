"""Parts of plans: numbered steps, power in order, and what a member's record becomes."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby

from xsconsole.domain.actions.copies import StartAgain
from xsconsole.domain.actions.service import SwitchOff
from xsconsole.domain.board import Member
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import VM
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Action, Estimate, ShutDown, Start, Step, Verify, WriteMember
from xsconsole.domain.poolstate import (
    BLOCK_REASON_PREFIX,
    MEMBER_STEM,
    STAGE_FIELD_KEY,
    MemberValue,
    encode,
    newest_text,
)
from xsconsole.domain.workflow import Stage, Workflow

START_S = 20.0
SHUT_DOWN_S = 30.0
WRITE_S = 0.5
SUBJECT_LIMIT = 80


class Steps:
    """Steps in the order in which they are added; their keys are numbers and kinds, equal for equal plans.

    All of them happen in the pool that the run is of, unless it is said otherwise. `stem` begins the keys of steps that
    are added to those of another plan.
    """

    def __init__(self, stem: str = "") -> None:
        self._stem = stem
        self._steps: list[Step] = []
        self._pool: Uuid | None = None

    @contextmanager
    def at(self, pool: Uuid | None) -> Iterator[None]:
        """Let what is added meanwhile happen in that pool; None: in the one that the run is of."""
        before, self._pool = self._pool, pool
        try:
            yield
        finally:
            self._pool = before

    def add(
        self,
        action: Action,
        subject: str,
        after: Iterable[StepKey] = (),
        estimate: Estimate | None = None,
        host: Uuid | None = None,
        back: Uuid | None = None,
    ) -> StepKey:
        kind = str(action.__struct_config__.tag)
        key = StepKey(f"{self._stem}{len(self._steps) + 1:02d}-{kind}")
        self._steps.append(
            Step(
                key=key,
                action=action,
                subject=shortened(subject, SUBJECT_LIMIT),
                after=tuple(sorted(after)),
                estimate=estimate or Estimate(seconds=WRITE_S),
                host=host,
                back=back,
                pool=self._pool,
            )
        )
        return key

    @property
    def all(self) -> tuple[Step, ...]:
        return tuple(self._steps)


def add_starts(
    steps: Steps,
    members: Iterable[Member],
    delays_s: Mapping[Uuid, int],
    after: list[StepKey],
    *,
    is_downtime: bool,
    hosts: Mapping[Uuid, Uuid] | None = None,
    action: type[Start] | type[StartAgain] = Start,
) -> list[StepKey]:
    """Start in groups of ascending order, each group after the one before; return what comes next waits for.

    `hosts` are where machines are asked to start, by machine.
    """
    ordered = sorted(members, key=lambda member: member.order)
    for _, group in groupby(ordered, key=lambda member: member.order):
        together = list(group)
        longest_s = max(START_S + delays_s.get(member.uuid, 0) for member in together)
        after = [
            steps.add(
                action(vm=member.uuid),
                member.name,
                after,
                Estimate(
                    seconds=START_S + delays_s.get(member.uuid, 0),
                    downtime_s=longest_s if is_downtime and number == 0 else 0.0,
                    memory_bytes=member.memory_bytes,
                ),
                host=(hosts or {}).get(member.uuid),
            )
            for number, member in enumerate(together)
        ]
    return after


def add_shutdowns(
    steps: Steps,
    members: Iterable[Member],
    after: list[StepKey],
    *,
    is_downtime: bool = True,
    action: type[ShutDown] | type[SwitchOff] = ShutDown,
) -> list[StepKey]:
    """Shut down in groups of descending order; return what comes next waits for."""
    ordered = sorted(members, key=lambda member: -member.order)
    for _, group in groupby(ordered, key=lambda member: member.order):
        after = [
            steps.add(
                action(vm=member.uuid),
                member.name,
                after,
                # Groups wait for each other, members of a group do not: the sum over steps is the time that passes.
                Estimate(seconds=SHUT_DOWN_S, downtime_s=SHUT_DOWN_S if is_downtime and number == 0 else 0.0),
            )
            for number, member in enumerate(group)
        ]
    return after


def add_verification(
    steps: Steps, subject: str, running: set[Uuid], after: list[StepKey], vms: Collection[Uuid] | None = None
) -> None:
    """Add the last step: every member value written so far, or that of these machines, is compared with the pool."""
    written = {
        step.action.vm: step.action.value
        for step in steps.all
        if isinstance(step.action, WriteMember) and (vms is None or step.action.vm in vms)
    }
    steps.add(Verify(members=written, running=tuple(sorted(running))), subject, after)


def own_blocks(vm: VM) -> dict[str, str]:
    """Return the blocked operations that we wrote."""
    return {
        operation: reason
        for operation, reason in sorted(vm.blocked_operations.items())
        if reason.startswith(BLOCK_REASON_PREFIX)
    }


def protection_of(stage: Stage) -> dict[str, str]:
    """Return what we block at the members of a stage, with our reason."""
    reason = f"{BLOCK_REASON_PREFIX}protected in {shortened(stage.name, 60)}"
    return dict.fromkeys(sorted(stage.protection), reason)


def writing(vm: VM, value: MemberValue, stage: Stage, ha_restart_priority: str | None = None) -> WriteMember:
    """Return the step that makes `vm` a member at `stage`, with what stood there before."""
    return WriteMember(
        vm=vm.uuid,
        value=encode(value),
        original=newest_text(vm.other_config, MEMBER_STEM, MemberValue),
        stage_name=stage.name,
        original_stage_name=vm.other_config.get(STAGE_FIELD_KEY, ""),
        blocked=protection_of(stage),
        original_blocked=own_blocks(vm),
        ha_restart_priority=ha_restart_priority,
    )


def moved(value: MemberValue, stage: Stage, workflow: Workflow) -> MemberValue:
    """Return what a member carries when it has come to `stage`; when that is and by whom is written then."""
    return MemberValue(
        vm=value.vm,
        configuration=value.configuration,
        name=value.name,
        service=value.service,
        version=value.version,
        stage=stage.id,
        workflow=workflow.id,
        workflow_version=workflow.version,
        role=value.role,
        revision=value.revision + 1,
        roster_count=value.roster_count,
        roster_digest=value.roster_digest,
    )


def clearing(vm: VM, stage_names: Iterable[str]) -> WriteMember:
    """Return the step that removes what we wrote at `vm`; a text in *Stage* that is none of ours stays."""
    shown = vm.other_config.get(STAGE_FIELD_KEY, "")
    return WriteMember(
        vm=vm.uuid,
        value="",
        original=newest_text(vm.other_config, MEMBER_STEM, MemberValue),
        stage_name="" if shown in set(stage_names) else shown,
        original_stage_name=shown,
        original_blocked=own_blocks(vm),
    )
