"""Everything a user can ask for, in the imperative. The window and the command line issue the same objects."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from xsconsole.domain.acts import Act, Compression, ObjectId
from xsconsole.domain.closures import AnyClosure, ClosureKind
from xsconsole.domain.emergency import Declaration
from xsconsole.domain.ids import BatchId, ConfigurationId, Digest, RequestId, RunId, StageId, Uuid
from xsconsole.domain.plan import Disks
from xsconsole.engine.archive_commands import ArchiveInPool as ArchiveInPool
from xsconsole.engine.archive_commands import ArchiveToFiles as ArchiveToFiles
from xsconsole.engine.archive_commands import DeletePooled as DeletePooled
from xsconsole.engine.archive_commands import ProveArchive as ProveArchive
from xsconsole.engine.archive_commands import RestoreFromArchive as RestoreFromArchive
from xsconsole.engine.archive_commands import RestoreFromPool as RestoreFromPool
from xsconsole.engine.archive_commands import Restoring as Restoring
from xsconsole.engine.fence_commands import Connect as Connect
from xsconsole.engine.fence_commands import Deploy as Deploy
from xsconsole.engine.fence_commands import FenceCommand as FenceCommand
from xsconsole.engine.fence_commands import Publish as Publish
from xsconsole.engine.fence_commands import Redeploy as Redeploy
from xsconsole.engine.fence_commands import Undeploy as Undeploy
from xsconsole.engine.library_commands import Capture as Capture
from xsconsole.engine.library_commands import ImportBlueprint as ImportBlueprint
from xsconsole.engine.provision_commands import Newcomer as Newcomer
from xsconsole.engine.provision_commands import Provision as Provision
from xsconsole.engine.replica_commands import AllowDifference as AllowDifference
from xsconsole.engine.replica_commands import ForbidDifference as ForbidDifference
from xsconsole.engine.replica_commands import Mend as Mend
from xsconsole.engine.replica_commands import Refresh as Refresh
from xsconsole.engine.replica_commands import Replicate as Replicate
from xsconsole.engine.service_commands import Arrange as Arrange
from xsconsole.engine.service_commands import ChangePower as ChangePower
from xsconsole.engine.service_commands import Delete as Delete
from xsconsole.engine.service_commands import Describe as Describe
from xsconsole.engine.service_commands import Relocate as Relocate
from xsconsole.engine.service_commands import RevertTo as RevertTo
from xsconsole.engine.service_commands import Seat as Seat
from xsconsole.engine.service_commands import TakePoint as TakePoint
from xsconsole.engine.urgency import Emergency as Emergency


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    """A VM that becomes a member. `role` is unique within the configuration; empty: the VM's name."""

    vm: Uuid
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promote:
    """Move a configuration along a promotion. `revision` is the one the user saw."""

    configuration: ConfigurationId
    revision: int
    target: StageId
    is_stopped_first: bool = False
    candidate: RequestId | None = None  # copies are made of what was frozen for that request
    reason: str = ""
    emergency: Emergency | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demote:
    """Move a configuration back: as it is (`KEEP`), or to the newest whole restore point taken in `target`."""

    configuration: ConfigurationId
    revision: int
    target: StageId
    disks: Disks = Disks.KEEP
    reason: str = ""
    emergency: Emergency | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Bring or make several configurations in one stage, or do one thing to all where they stand.

    It happens in this order where they do not go side by side. `target` None: they stay in their stages. `ticket` and
    `runs_itself` are those of `Ask`, for each that others have to approve; `answers` are questions of their plans that
    were answered with yes.
    """

    commands: "tuple[Promote | Demote | Provision | OfService, ...]"
    target: StageId | None = None
    ticket: str = ""
    runs_itself: bool = False
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """Make a configuration from VMs that belong to none."""

    service: str
    version: str
    stage: StageId
    members: tuple[NewMember, ...]
    name: str = ""  # empty: service and version
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMembers:
    configuration: ConfigurationId
    revision: int
    members: tuple[NewMember, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMembers:
    """Take VMs out of a configuration: members, uuids of members that are gone, and clones that carry its mark."""

    configuration: ConfigurationId
    revision: int
    vms: tuple[Uuid, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """Take strays into a configuration, and make one whole whose members disagree or are gone, at `stage`."""

    configuration: ConfigurationId
    stage: StageId
    vms: tuple[Uuid, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dissolve:
    """Forget a configuration: its VMs stay, everything we wrote goes, the lease counters after the run."""

    configuration: ConfigurationId
    revision: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remap:
    """Take a configuration whose stage is gone where the version maps it, or give it the new marks of its stage."""

    configuration: ConfigurationId
    revision: int
    target: StageId
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Snapshot every member for a request that is about to be made: what is approved is what those hold."""

    configuration: ConfigurationId
    revision: int
    target: StageId
    request: RequestId
    is_stopped_first: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thaw:
    """Destroy what was frozen of a configuration for a request, also where there is no configuration any more."""

    configuration: ConfigurationId
    request: RequestId
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovePoints:
    """Destroy restore points of a configuration, or what was set aside, by the runs that took them.

    `is_expiry`: only because the workflow says so, so that none goes whose time has not come.
    """

    configuration: ConfigurationId
    points: tuple[RunId, ...]
    is_expiry: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndStay:
    """Shut the machines of a configuration down, in order, because its time in its stage is over and that says so.

    Where the stage says so, it is archived too, into `folder`, which must not be there yet.
    """

    configuration: ConfigurationId
    revision: int
    folder: Path | None = None
    reason: str = ""


Approvable = Promote | Demote | RevertTo
"""Commands that others may have to approve, and that can be an emergency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Ask those who have to approve for a command whose plan, of that digest, somebody saw.

    It may not begin before `not_before`. `runs_itself`: this console carries it out as soon as it may. `answers` are
    the questions of the plan that were answered with yes. `batch` is what it is asked for together with.
    """

    command: Approvable
    digest: Digest
    ticket: str = ""
    not_before: datetime | None = None
    runs_itself: bool = False
    answers: tuple[str, ...] = ()
    batch: BatchId | None = None


class Direction(StrEnum):
    RESUME = "resume"
    UNDO = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Finish an interrupted run, forward or back."""

    configuration: ConfigurationId
    direction: Direction
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operate:
    """Do one act to one or many objects, apart from any configuration.

    `text` is the new name, description, tag, folder, value, or the snapshot's name; `key` the key of `other_config`;
    `host` is where to migrate to or to start. For a revert and a deletion the objects are the snapshots. `file` is what
    is exported to, one object at a time and where `replaces` also over a file that is there, or imported from: into the
    object, a storage, or the pool's default one.
    """

    act: Act
    objects: tuple[ObjectId, ...]
    text: str = ""
    key: str = ""
    host: Uuid | None = None
    file: Path | None = None
    replaces: bool = False
    compression: Compression = Compression.NONE
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeStage:
    """Let nothing be promoted into a stage, from `begins` (None: now) until `ends` (None: until it is lifted).

    One that `is_total` lets nothing out of it either, and no way back in or out.
    """

    stage: StageId
    begins: datetime | None = None
    ends: datetime | None = None
    is_total: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldBack:
    """Let nobody promote a configuration until the hold is lifted."""

    configuration: ConfigurationId
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineVersion:
    """Let no configuration of this version of a service be promoted anywhere."""

    service: str
    version: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTheLine:
    """Let nothing on the pool be promoted; where it `is_total` nothing be demoted either."""

    is_total: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """Open again what is closed. `seen` is what the user looked at; None: whichever stands there."""

    kind: ClosureKind
    subject: str = ""  # see `closures.subject_of`
    seen: AnyClosure | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendStay:
    """Let a configuration stand in its stage until later than the stage's lease says."""

    configuration: ConfigurationId
    until: datetime
    reason: str = ""


Closing = FreezeStage | HoldBack | QuarantineVersion | StopTheLine | ExtendStay
"""Commands that decide something by hand; they change a key of the pool and no machine."""

OfMembers = Create | AddMembers | RemoveMembers | Adopt | Dissolve
Freezing = Promote | Replicate | Refresh | ArchiveToFiles | ArchiveInPool | Capture
"""Commands for which machines that run are frozen: as they run, or shut down for that."""

OfService = ChangePower | TakePoint | RevertTo | Describe | Delete | Relocate | Arrange
"""Commands to a configuration as one thing, which stays in its stage."""

OfFence = Deploy | Undeploy | Redeploy | Publish | Connect
Kept = RemovePoints | Restoring | DeletePooled | ProveArchive | EndStay | ImportBlueprint
Plannable = Freezing | Demote | OfMembers | Remap | Freeze | Thaw | Mend | Kept | OfService | Provision | OfFence
"""Commands that become a plan and then a run."""

Command = Plannable | Settle


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A command whose plan somebody saw: another digest now means that it is refused as stale.

    `answers` are the questions of the plan that this person answered with yes. `request` is the one whose approvals
    allow it, where the plan demands any. `declaration` is the signed one of an emergency. `batch` is what it is carried
    out together with. `refused_before` is why it was refused when it was last tried, which is on record already.
    """

    command: Plannable
    digest: Digest
    answers: tuple[str, ...] = ()
    request: RequestId | None = None
    declaration: Declaration | None = None
    batch: BatchId | None = None
    refused_before: str = ""
