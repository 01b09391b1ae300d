"""Actions of plans that make machines of machines. What a step makes has no uuid before: the step's key names it."""

import msgspec

from xsconsole.domain.ids import ConfigurationId, RequestId, RunId, StepKey, Uuid
from xsconsole.domain.workflow.values import Method


class StartAgain(msgspec.Struct, frozen=True, kw_only=True, tag="start-again"):
    """Start a `vm` that the same plan shut down. No inverse: undoing that shutdown leaves it running."""

    vm: Uuid


class NoteFreeze(msgspec.Struct, frozen=True, kw_only=True, tag="freeze"):
    """Read when each of the snapshots was taken: how far apart they are is what is claimed of a set of them.

    There is no snapshot of several machines at one moment. No effect, no inverse.
    """

    snapshots: tuple[StepKey, ...]


class UseCandidate(msgspec.Struct, frozen=True, kw_only=True, tag="candidate"):
    """Make sure that `snapshot`, frozen of `vm` for `request`, is there with exactly these disks. No effect.

    `disks` are by device. Its result is the snapshot, so that a copy names this step.
    """

    vm: Uuid
    snapshot: Uuid
    request: RequestId
    disks: dict[str, Uuid]


class UsePoint(UseCandidate, frozen=True, kw_only=True, tag="use-point"):
    """Make sure that `snapshot`, taken of `vm` by `run` for a restore point, is there with exactly these disks."""

    run: RunId


class CopyMachine(msgspec.Struct, frozen=True, kw_only=True, tag="copy"):
    """Make a machine like `vm`, or like the snapshot of it by step `snapshot`. Inverse: destroy it with its disks.

    `sr` is where the disks of a full copy go; None leaves each on the storage of its original.
    """

    vm: Uuid
    name: str
    method: Method
    snapshot: StepKey | None = None
    sr: Uuid | None = None


class SendMachine(msgspec.Struct, frozen=True, kw_only=True, tag="send"):
    """Make a machine of another pool like the snapshot by step `snapshot`, with all its disks on storage `sr`.

    Inverse: destroy it with its disks. The step itself is of the other pool.
    """

    vm: Uuid
    name: str
    snapshot: StepKey
    sr: Uuid


class SendFrozen(SendMachine, frozen=True, kw_only=True, tag="send-frozen"):
    """Make a machine of another pool like what was frozen for a request: `snapshot` is the step that makes sure of it.

    `arrives_as` is the name that the snapshot has, and what arrives by it.
    """

    arrives_as: str


class FitCopy(msgspec.Struct, frozen=True, kw_only=True, tag="fit"):
    """Make of a copy a machine in its own right, before its first start. No inverse: it goes with the copy.

    Taken from it is what the copying brought along and only the original means: marks, folder, tags, custom fields,
    priority of high availability, home. Given to it is what the copying lost. `networks` are by device; an interface
    that is not named stays on its network.
    """

    copy: StepKey
    name: str
    order: int = 0
    start_delay_s: int = 0
    shutdown_delay_s: int = 0
    networks: dict[str, Uuid] = {}
    home: Uuid | None = None  # the host that it prefers from then on


class RefitCopy(FitCopy, frozen=True, kw_only=True, tag="refit"):
    """Fit a copy that takes the place of a machine: it gets that one's MAC addresses too, by device."""

    macs: dict[str, str] = {}


class FitScratch(FitCopy, frozen=True, kw_only=True, tag="fit-scratch"):
    """Fit a copy whose interfaces, by device, go on networks that the steps of these keys made."""

    scratch: dict[str, StepKey] = {}


class RetireMachines(msgspec.Struct, frozen=True, kw_only=True, tag="retire"):
    """Destroy machines that others have taken the place of, with their disks. Inverse: none, as long as all are there.

    When one is gone there is no way back: such a run is only resumed. `disks` are those that go; none: what only these
    machines have.
    """

    vms: tuple[Uuid, ...]
    disks: tuple[Uuid, ...] = ()


class RetireRouter(RetireMachines, frozen=True, kw_only=True, tag="retire-router"):
    """Shut the router of a fence that goes down, and destroy it with its disks. Inverse: as of retiring."""


class DeleteMachines(RetireMachines, frozen=True, kw_only=True, tag="delete-machines"):
    """Destroy the machines of a configuration and these `disks` of theirs, and no others.

    `question` is what whoever confirms that has to answer with yes.
    """

    question: str


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """How a disk is attached to a machine."""

    device: str
    mode: str = "RW"
    is_bootable: bool = False
    other_config: dict[str, str] = {}


class EmptyDisk(msgspec.Struct, frozen=True, kw_only=True, tag="empty-disk"):
    """Give the copy an empty disk in place of the one that was copied. Inverse: destroy it; the copy goes anyhow."""

    copy: StepKey
    name: str
    size_bytes: int
    sr: Uuid
    slot: Slot


class HandOverDisk(msgspec.Struct, frozen=True, kw_only=True, tag="hand-over"):
    """Attach `disk`, which `vm` has, to the copy in place of the one that was copied. Inverse: give it back.

    `slot` is where it goes, `original` where it was.
    """

    copy: StepKey
    disk: Uuid
    vm: Uuid
    slot: Slot
    original: Slot


class PassDisk(msgspec.Struct, frozen=True, kw_only=True, tag="pass-disk"):
    """Attach `disk`, which `vm` has, to the machine `to` instead; both are off. Inverse: attach it to `vm` again.

    `slot` is where it goes, `original` where it was.
    """

    disk: Uuid
    vm: Uuid
    to: Uuid
    slot: Slot
    original: Slot


class ExchangeDisks(PassDisk, frozen=True, kw_only=True, tag="exchange-disks"):
    """Attach `disk`, which `vm` has, to the machine `to`, and `given`, which that one has, to `vm` instead.

    Each goes where the other was; both machines are off. Inverse: each goes back.
    """

    given: Uuid


class ExchangeArrived(ExchangeDisks, frozen=True, kw_only=True, tag="exchange-arrived"):
    """The same where one of the two machines came from another pool before, by step `arrived`.

    A disk has another uuid when it has moved: that of the machine that came is the one at its device, as the step says.
    """

    arrived: StepKey


class StartCopy(msgspec.Struct, frozen=True, kw_only=True, tag="start-copy"):
    """Start what step `copy` made, on the host that its step names. Inverse: shut it down."""

    copy: StepKey


class WriteCopyRoster(msgspec.Struct, frozen=True, kw_only=True, tag="copy-roster"):
    """Write the roster of the configuration that the copies are. Inverse: remove it.

    `roles` are by the step that makes the member; `origin` is the text of an `Origin`.
    """

    configuration: ConfigurationId
    roles: dict[StepKey, str]
    origin: str


class WriteCopy(msgspec.Struct, frozen=True, kw_only=True, tag="copy-member"):
    """Write the member value of what step `copy` made, and what belongs to the stage. Inverse: remove them.

    `value` is the text of a `MemberValue` in which the uuid and the roster are not filled in: nobody knows them before.
    The roster is that of the plan's `WriteCopyRoster`.
    """

    copy: StepKey
    value: str
    stage_name: str = ""
    blocked: dict[str, str] = {}


class VerifyCopies(msgspec.Struct, frozen=True, kw_only=True, tag="verify-copies"):
    """Read the copies from the pool and compare with the steps that made them. No effect, no inverse."""

    configuration: ConfigurationId
    copies: tuple[StepKey, ...]
    running: tuple[StepKey, ...] = ()


class DropSnapshot(msgspec.Struct, frozen=True, kw_only=True, tag="drop"):
    """Destroy the snapshot that step `snapshot` made, which nothing needs any more. No inverse."""

    snapshot: StepKey


class DropPoint(msgspec.Struct, frozen=True, kw_only=True, tag="drop-point"):
    """Destroy a snapshot of the restore point that `run` took, or set aside. Without an inverse: it is gone."""

    snapshot: Uuid
    run: RunId


class DropCandidate(msgspec.Struct, frozen=True, kw_only=True, tag="drop-candidate"):
    """Destroy a snapshot that was frozen for `request`, unless it is marked for something else by then. No inverse."""

    snapshot: Uuid
    request: RequestId


CopyAction = (
    StartAgain
    | NoteFreeze
    | UseCandidate
    | UsePoint
    | CopyMachine
    | SendMachine
    | SendFrozen
    | FitCopy
    | RefitCopy
    | RetireMachines
    | RetireRouter
    | DeleteMachines
    | EmptyDisk
    | HandOverDisk
    | PassDisk
    | ExchangeDisks
    | ExchangeArrived
    | StartCopy
    | WriteCopyRoster
    | WriteCopy
    | VerifyCopies
    | DropSnapshot
    | DropCandidate
    | DropPoint
)
