"""A plan: what a command will do to the pool, as steps with their order, their cost and their inverse.

A plan is a pure function of what was asked and what stands on the pool. It carries the original values that undoing
needs, because it travels in the run record so that any console can settle it.
"""

from enum import StrEnum
from typing import Literal

import msgspec

from xsconsole.domain.actions.archives import ARCHIVES_WITHOUT_INVERSE, ArchiveAction
from xsconsole.domain.actions.captures import CaptureAction, VerifyTemplates
from xsconsole.domain.actions.copies import (
    CopyAction,
    DeleteMachines,
    DropCandidate,
    DropPoint,
    DropSnapshot,
    FitCopy,
    NoteFreeze,
    StartAgain,
    UseCandidate,
    VerifyCopies,
)
from xsconsole.domain.actions.fences import FENCES_WITHOUT_INVERSE, FenceAction, TakeForOff
from xsconsole.domain.actions.holds import HoldAction
from xsconsole.domain.actions.placing import PlacingAction
from xsconsole.domain.actions.power import Revert as Revert  # noqa: PLC0414 - everybody imports them from here
from xsconsole.domain.actions.power import ShutDown as ShutDown  # noqa: PLC0414
from xsconsole.domain.actions.power import Start as Start  # noqa: PLC0414
from xsconsole.domain.actions.proofs import PROOFS_WITHOUT_INVERSE, NoteProof, ProofAction
from xsconsole.domain.actions.provisions import ProvisionAction
from xsconsole.domain.actions.service import ServiceAction
from xsconsole.domain.actions.stowing import STOWS_THAT_LAST, STOWS_WITHOUT_INVERSE, StowAction
from xsconsole.domain.actions.travel import TRAVELS_WITHOUT_INVERSE, RetireSource, StreamAcross, TravelAction
from xsconsole.domain.canonical import Json, digest_of
from xsconsole.domain.ids import (
    ConfigurationId,
    Digest,
    RequestId,
    RunId,
    StageId,
    StepKey,
    TransitionId,
    Uuid,
    WorkflowId,
)
from xsconsole.domain.run_kinds import Disks as Disks  # noqa: PLC0414 - everybody imports them from here
from xsconsole.domain.run_kinds import RunKind as RunKind  # noqa: PLC0414 - everybody imports it from here
from xsconsole.domain.side_by_side import Work, lane_of, span_s
from xsconsole.domain.workflow.gates import Checklist, Gate
from xsconsole.domain.workflow.rules import ApprovalRule
from xsconsole.domain.workflow.values import Method


class Purpose(StrEnum):
    """Why a snapshot is taken."""

    RESTORE_POINT = "restore-point"
    SET_ASIDE = "set-aside"  # the present, kept before a return to a restore point
    CANDIDATE = "candidate"  # what copies are made of; destroyed once they stand
    SPENT = "spent"  # a candidate of a request that was copied: nothing is copied of it again


class TakeSnapshot(msgspec.Struct, frozen=True, kw_only=True, tag="snapshot"):
    """Snapshot `vm` and mark the snapshot as part of a restore point. Inverse: destroy it and its disks."""

    vm: Uuid
    purpose: Purpose
    was_running: bool = False  # when the run began; a later return to this point starts it again
    configuration: ConfigurationId | None = None  # of `vm`, and where it stands, if not the one that was asked about
    stage: StageId | None = None


class FreezeMachine(TakeSnapshot, frozen=True, kw_only=True, tag="freeze-machine"):
    """Snapshot `vm` for a request: what is approved is that snapshot. Inverse: as of any snapshot.

    `stage_name` is where it is to go; the other fields are what a snapshot does not keep of the machine.
    """

    request: RequestId
    stage_name: str
    name: str
    order: int = 0
    start_delay_s: int = 0
    shutdown_delay_s: int = 0


class WriteMember(msgspec.Struct, frozen=True, kw_only=True, tag="member"):
    """Write the member value and the settings that belong to the stage. Inverse: write the originals.

    `value` and `original` are texts of a `MemberValue`, empty for none. `blocked` maps XAPI operations to our reason;
    only values we wrote are ever removed. `ha_restart_priority` None leaves it.
    """

    vm: Uuid
    value: str
    original: str
    stage_name: str = ""
    original_stage_name: str = ""
    blocked: dict[str, str] = {}
    original_blocked: dict[str, str] = {}
    ha_restart_priority: str | None = None


class WriteRoster(msgspec.Struct, frozen=True, kw_only=True, tag="roster"):
    """Write the configuration's roster. Inverse: write the original. Texts of a `Roster`, empty for none."""

    configuration: ConfigurationId
    value: str
    original: str


class WriteMark(msgspec.Struct, frozen=True, kw_only=True, tag="mark"):
    """Write the mark of a restore point at a snapshot. Inverse: write the original. Empty for none."""

    snapshot: Uuid
    value: str
    original: str


class SpendSnapshot(WriteMark, frozen=True, kw_only=True, tag="spend"):
    """Mark a snapshot of a candidate as copied, or as part of a restore point. Inverse: write the original."""


class Verify(msgspec.Struct, frozen=True, kw_only=True, tag="verify"):
    """Read the members from the pool and compare. No effect, no inverse. `running` are uuids that must run."""

    members: dict[Uuid, str]  # the member value expected, empty for none
    running: tuple[Uuid, ...] = ()


class CheckGate(msgspec.Struct, frozen=True, kw_only=True, tag="gate"):
    """Wait until a gate of the workflow is met, or its time is up. No effect, no inverse."""

    gate: Gate


class Because(StrEnum):
    """Why somebody has to look at a run afterwards."""

    EMERGENCY = "emergency"
    AFTERWARDS = "afterwards"  # the way says so


class OpenReview(msgspec.Struct, frozen=True, kw_only=True, tag="review"):
    """Leave a review item on the pool, which stays until others close it. Without an inverse: it outlasts the run.

    `rule` None: anybody but whose deed it is.
    """

    because: Because
    number: int = 0
    rule: ApprovalRule | None = None
    within_s: int | None = None


class CheckApproved(CheckGate, frozen=True, kw_only=True, tag="approved-gate"):
    """Wait until what stands is what was approved or confirmed: `approved` is the text of that `Manifest`."""

    approved: str


Action = (
    TakeSnapshot
    | FreezeMachine
    | Start
    | ShutDown
    | Revert
    | WriteMember
    | WriteRoster
    | WriteMark
    | SpendSnapshot
    | Verify
    | CheckGate
    | OpenReview
    | CheckApproved
    | HoldAction
    | CopyAction
    | CaptureAction
    | PlacingAction
    | TravelAction
    | ArchiveAction
    | ProofAction
    | ServiceAction
    | ProvisionAction
    | StowAction
    | FenceAction
)

LASTING = (OpenReview, DropSnapshot, DropCandidate, DropPoint, NoteProof, *STOWS_THAT_LAST)
"""Actions of which what they did outlasts a run that is put back."""

WITHOUT_INVERSE = (
    Verify,
    CheckGate,
    StartAgain,
    NoteFreeze,
    UseCandidate,
    FitCopy,
    VerifyCopies,
    VerifyTemplates,
    *TRAVELS_WITHOUT_INVERSE,
    *ARCHIVES_WITHOUT_INVERSE,
    *PROOFS_WITHOUT_INVERSE,
    *STOWS_WITHOUT_INVERSE,
    *FENCES_WITHOUT_INVERSE,
    *LASTING,
)
"""Actions of which undoing has nothing to do."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a step is likely to take, `bytes` by the uuid of their storage in `space`; never part of the digest."""

    seconds: float = 0.0
    bytes: int = 0
    downtime_s: float = 0.0
    memory_bytes: int = 0
    space: dict[Uuid, int] = {}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One effect. `after` are the steps it waits for; `subject` is the VM's name, for people.

    `host` is where a machine is asked to start, or is brought to, and `back` where undoing brings it: chosen with each
    plan by what is free then, so no part of the digest. `pool` is where it happens, None for that of the run.
    """

    key: StepKey
    action: Action
    subject: str
    after: tuple[StepKey, ...] = ()
    estimate: Estimate = Estimate()
    host: Uuid | None = None
    back: Uuid | None = None
    pool: Uuid | None = None

    @property
    def work(self) -> Work:
        lane = lane_of(self.action, self.host, self.estimate.space)
        return Work(key=self.key, after=self.after, seconds=self.estimate.seconds, lane=lane)


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, in the terms that a person confirms.

    `pools` are the two that it is about, the one that the run is of first; none where it stays in its own.
    `makes` is the configuration that comes into being beside the one asked about, by another method than moving it;
    `incumbent` the one whose place it takes; `beside` are those that one act makes together with the one asked about.
    """

    kind: RunKind
    configuration: ConfigurationId
    name: str
    service: str
    workflow: WorkflowId
    workflow_version: int
    source: StageId | None = None
    target: StageId | None = None
    transition: TransitionId | None = None
    disks: Disks | None = None
    restore_point: RunId | None = None  # the run whose restore point a demotion returns to
    revision: int = 0  # of the configuration before the run
    method: Method = Method.MOVE
    makes: ConfigurationId | None = None
    incumbent: ConfigurationId | None = None
    pools: tuple[Uuid, ...] = ()
    pool_names: tuple[str, ...] = ()
    beside: tuple[ConfigurationId, ...] = ()

    @property
    def abroad(self) -> Uuid | None:
        """Return the other pool, where there is one."""
        return self.pools[1] if len(self.pools) > 1 else None

    @property
    def others(self) -> frozenset[ConfigurationId]:
        """Return the configurations that change beside the one that was asked about."""
        return frozenset(id_ for id_ in (self.makes, self.incumbent, *self.beside) if id_ is not None)


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What must be approved before a plan may be carried out, and exactly what it is that is approved.

    `workflow` is the digest of the version that demands it, `manifest` the fingerprint of the configuration.
    """

    rules: tuple[ApprovalRule, ...]
    workflow: Digest
    manifest: Digest


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that an emergency goes past: `key` names it in the plan's digest, `sentence` says what is unmet."""

    key: str
    sentence: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Steps as a small DAG, in an order in which they could run one after another.

    `warnings` are sentences that the person who confirms must see, `notes` what is good to know; `leases` the things to
    lease, sorted. Without a `demand` nobody else has to approve it. `overrides` are what an emergency goes past; None:
    it is none.
    """

    intent: Intent
    steps: tuple[Step, ...]
    leases: tuple[str, ...]
    leases_abroad: tuple[str, ...] = ()  # in the other pool
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    asks: bool = False  # power actions, downtime, protection or lost data: one gesture is not enough
    demand: Demand | None = None
    overrides: tuple[Override, ...] | None = None
    format: Literal[1] = 1

    @property
    def digest(self) -> Digest:
        """The digest of what will be done; estimates and wording are left out."""
        return digest_of(
            {
                "format": self.format,
                "intent": _told(self.intent),
                "steps": [
                    {"key": step.key, "action": msgspec.to_builtins(step.action), "after": list(step.after)}
                    | ({} if step.pool is None else {"pool": step.pool})
                    for step in self.steps
                ],
                "leases": list(self.leases),
                **({} if not self.leases_abroad else {"leases_abroad": list(self.leases_abroad)}),
                **({} if self.demand is None else {"demand": msgspec.to_builtins(self.demand)}),
                **({} if self.overrides is None else {"emergency": [override.key for override in self.overrides]}),
            }
        )

    @property
    def is_emergency(self) -> bool:
        return self.overrides is not None

    @property
    def questions(self) -> tuple[str, ...]:
        """What whoever confirms must answer with yes first: the items of checklists, and whether to delete for good."""
        actions = [step.action for step in self.steps]
        lists = (one.gate for one in actions if isinstance(one, CheckGate) and isinstance(one.gate, Checklist))
        deeds = (one.question for one in actions if isinstance(one, DeleteMachines | TakeForOff | RetireSource))
        return (*(item for gate in lists for item in gate.items), *filter(None, deeds))

    @property
    def can_stop_first(self) -> bool:
        """Whether machines that run are frozen for copying, so that they could be shut down for that."""
        frozen = {key for step in self.steps if isinstance(step.action, NoteFreeze) for key in step.action.snapshots}
        actions = (step.action for step in self.steps if step.key in frozen)
        return any(isinstance(action, TakeSnapshot) and action.was_running for action in actions)

    def step(self, key: StepKey) -> Step:
        return next(step for step in self.steps if step.key == key)

    @property
    def ends(self) -> tuple[StepKey, ...]:
        """Return the steps for which none waits."""
        followed = {key for step in self.steps for key in step.after}
        return tuple(sorted(step.key for step in self.steps if step.key not in followed))

    @property
    def downtime_s(self) -> float:
        return sum(step.estimate.downtime_s for step in self.steps)

    @property
    def size_bytes(self) -> int:
        return sum(step.estimate.bytes for step in self.steps)

    @property
    def duration_s(self) -> float:
        """The estimate of all of it: what waits for nothing runs side by side, within the limits of the engine."""
        return span_s(self.works)

    @property
    def works(self) -> tuple[Work, ...]:
        """Return the steps as they are put side by side."""
        return tuple(step.work for step in self.steps)


def is_streamed(plan: Plan) -> bool:
    """Return whether machines go into another pool as a stream, and are off for all of that."""
    return any(isinstance(step.action, StreamAcross) for step in plan.steps)


def _told(intent: Intent) -> Json:
    """Return an intent as digests cover it: what older plans did not have is left out where it is empty."""
    found: dict[str, Json] = msgspec.to_builtins(intent)
    return found if intent.beside else {key: value for key, value in found.items() if key != "beside"}
