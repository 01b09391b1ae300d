"""What the steps of plans do and undo, in words."""

from typing import assert_never

from xsconsole.domain.actions.archives import (
    CheckArchive,
    CheckPackage,
    CompareArchived,
    ExportMember,
    ImportMachine,
    ImportTemplate,
    NoteArchived,
    PrepareArchive,
    SealArchive,
)
from xsconsole.domain.actions.captures import KeepTemplate, VerifyTemplates, WriteBlueprint
from xsconsole.domain.actions.copies import (
    CopyMachine,
    DeleteMachines,
    DropCandidate,
    DropPoint,
    DropSnapshot,
    EmptyDisk,
    ExchangeDisks,
    FitCopy,
    HandOverDisk,
    NoteFreeze,
    PassDisk,
    RetireMachines,
    RetireRouter,
    SendMachine,
    StartAgain,
    StartCopy,
    UseCandidate,
    VerifyCopies,
    WriteCopy,
    WriteCopyRoster,
)
from xsconsole.domain.actions.fences import (
    CheckFence,
    ClaimShare,
    FitFenced,
    FitRouter,
    ForgetFence,
    HearMembers,
    MakeVlan,
    OutfitFenced,
    ReleaseShare,
    RemoveFenceNetwork,
    ReseedRouter,
    TakeForOff,
    WriteFence,
)
from xsconsole.domain.actions.holds import CarryHold, CarryStay, DropHold, DropStay, PlaceHold
from xsconsole.domain.actions.mends import MendFields, SetFields
from xsconsole.domain.actions.placing import BringTo, Migrate, MoveDisk, PreferHost, PutOnNetworks, Rewire
from xsconsole.domain.actions.proofs import (
    CheckApart,
    CheckScratch,
    MakeScratchNetwork,
    NoteProof,
    RemoveScratch,
    RemoveScratchNetwork,
)
from xsconsole.domain.actions.provisions import OutfitCopy, SeedDisk
from xsconsole.domain.actions.service import Resume, Suspend, SwitchOff
from xsconsole.domain.actions.stowing import (
    CheckStow,
    DestroyTemplate,
    ForgetStow,
    SealStow,
    StowCopy,
    StowMember,
    VerifyStow,
)
from xsconsole.domain.actions.travel import TravelAction
from xsconsole.domain.plan import (
    WITHOUT_INVERSE,
    Action,
    Because,
    CheckGate,
    OpenReview,
    Purpose,
    Revert,
    ShutDown,
    SpendSnapshot,
    Start,
    TakeSnapshot,
    Verify,
    WriteMark,
    WriteMember,
    WriteRoster,
)
from xsconsole.domain.wording.travels import doing_travel, undoing_travel
from xsconsole.domain.workflow import Method
from xsconsole.domain.workflow.names import gate_title


def doing(action: Action, subject: str) -> str:
    """Return what an action does to `subject`, such as `Start shop-web-1`."""
    if isinstance(action, TravelAction):
        return doing_travel(action, subject)
    match action:
        case TakeSnapshot(purpose=Purpose.RESTORE_POINT):
            return f"Take the restore point of {subject}"
        case TakeSnapshot(purpose=Purpose.CANDIDATE):
            return f"Freeze {subject} in a snapshot"
        case TakeSnapshot():
            return f"Set the present of {subject} aside"
        case Start():
            return f"Start {subject}"
        case ShutDown():
            return f"Shut {subject} down"
        case SwitchOff():
            return f"Shut {subject} down, by force where its guest does not answer"
        case Revert():
            return f"Return {subject} to its restore point"
        case WriteMember(value=""):
            return f"Remove our marks from {subject}"
        case WriteMember():
            return f"Write the stage of {subject}"
        case WriteRoster(value=""):
            return f"Remove the roster of {subject}"
        case WriteRoster():
            return f"Write the roster of {subject}"
        case SpendSnapshot():
            return f"Mark what was frozen of {subject} as copied"
        case WriteMark():
            return f"Forget the restore point of {subject}"
        case CarryStay():
            return f"Let {subject} stay as long there"
        case CarryHold():
            return f"Keep {subject} held"
        case PlaceHold():
            return f"Hold {subject}, so that nobody promotes it again"
        case DropStay():
            return f"Forget how long {subject} may stay"
        case DropHold():
            return f"Forget the hold of {subject}"
        case Verify():
            return f"Compare {subject} with the pool"
        case CheckGate(gate=gate):
            return f"Check {subject}: {gate_title(gate)}"
        case OpenReview(because=Because.EMERGENCY):
            return f"Leave the review of the emergency of {subject} to others"
        case OpenReview():
            return f"Leave a review of {subject} to others"
        case StartAgain():
            return f"Start {subject} again"
        case NoteFreeze():
            return f"Note when the machines of {subject} were frozen"
        case UseCandidate():
            return f"Take what was frozen of {subject}"
        case CopyMachine(method=Method.FULL_COPY):
            return f"Copy {subject} with all its disks"
        case CopyMachine():
            return f"Make a linked clone of {subject}"
        case SendMachine():
            return f"Copy {subject} with all its disks to the other pool"
        case OutfitFenced():
            return f"Make {subject} what is wanted of it, with its cards inside the fence"
        case OutfitCopy():
            return f"Make {subject} what the blueprint says"
        case KeepTemplate():
            return f"Make {subject} a template of the library"
        case StowCopy() | StowMember():
            return f"Make {subject} a template of the archive, which nobody starts or destroys"
        case WriteBlueprint(version=version):
            return f"Write version {version} of the blueprint {subject} to the pool"
        case VerifyTemplates():
            return f"Compare the templates of {subject} with the pool"
        case FitFenced():
            return f"Make {subject} a machine with the addresses of its original, inside the fence"
        case FitRouter():
            return f"Make {subject} of it, with a card on each side"
        case FitCopy():
            return f"Make {subject} a machine in its own right"
        case DeleteMachines(vms=vms, disks=disks):
            return f"Destroy the machines of {subject} for good ({len(vms)}), with their disks ({len(disks)})"
        case RetireRouter():
            return f"Shut {subject} down and destroy it with its disks"
        case RetireMachines(vms=vms):
            return f"Destroy the {len(vms)} machines of {subject} that were replaced"
        case SeedDisk():
            return f"Give {subject} the disk that cloud-init reads"
        case EmptyDisk():
            return f"Give {subject} an empty disk"
        case ExchangeDisks():
            return f"Give {subject} the disk of the place in exchange for its own"
        case PassDisk():
            return f"Give the disk that stays back to {subject}"
        case HandOverDisk():
            return f"Hand the disk that stays over to {subject}"
        case StartCopy():
            return f"Start {subject}"
        case WriteCopyRoster():
            return f"Write the roster of the new {subject}"
        case WriteCopy():
            return f"Enter {subject} as a member"
        case VerifyCopies():
            return f"Compare the new {subject} with the pool"
        case DropSnapshot():
            return f"Destroy the snapshot that {subject} was frozen in"
        case Rewire():
            return f"Take {subject} out of its fence, onto the networks of its stage"
        case PutOnNetworks():
            return f"Put {subject} on the networks of its stage"
        case MoveDisk(device=device):
            return f"Move disk {device} of {subject} to its new storage"
        case PreferHost(host=None):
            return f"Let {subject} prefer no host any more"
        case PreferHost():
            return f"Let {subject} prefer a host of its stage"
        case BringTo():
            return f"Bring {subject} to the chosen host while it runs"
        case Migrate():
            return f"Bring {subject} to another host while it runs"
        case SetFields(fields=fields):
            return f"Set {len(fields)} field{'' if len(fields) == 1 else 's'} of {subject}"
        case MendFields(fields=fields):
            return f"Bring {len(fields)} field{'' if len(fields) == 1 else 's'} of {subject} back"
        case DropCandidate():
            return f"Destroy what was frozen of {subject}"
        case DropPoint():
            return f"Destroy the snapshot of {subject}"
        case PrepareArchive():
            return f"Make the folder of the archive of {subject}"
        case CompareArchived():
            return f"Make sure that {subject} is as it was planned to be archived"
        case ExportMember():
            return f"Write {subject} with all its disks into the archive"
        case SealArchive():
            return f"Sign the archive of {subject} and make it read-only"
        case NoteArchived():
            return f"Note that {subject} was archived"
        case CheckArchive():
            return f"Verify every hash of the archive of {subject}"
        case CheckPackage():
            return f"Verify every hash of the file of {subject}"
        case ImportTemplate():
            return f"Make {subject} of the file"
        case ImportMachine():
            return f"Make {subject} of the archive"
        case MakeScratchNetwork():
            return f"Make a private network for {subject}"
        case CheckApart():
            return f"Make sure that {subject} is on no other network"
        case CheckScratch(gate=gate):
            return f"Ask what came back of {subject}: {gate_title(gate)}"
        case NoteProof():
            return f"Note that {subject} can be restored"
        case RemoveScratch():
            return f"Destroy {subject} again, with its disks"
        case RemoveScratchNetwork():
            return f"Destroy the private network for {subject}"
        case SealStow():
            return f"Sign the archive of {subject} and write it to the pool"
        case VerifyStow():
            return f"Compare the archive of {subject} with the pool"
        case CheckStow():
            return f"Make sure that the archive of {subject} stands as it was archived"
        case DestroyTemplate():
            return f"Destroy the template of {subject} with its disks"
        case ForgetStow():
            return f"Forget the archive of {subject}"
        case Suspend():
            return f"Suspend {subject}"
        case Resume():
            return f"Resume {subject}"
        case ClaimShare():
            return f"Claim {subject} for the fence"
        case WriteFence():
            return f"Write the fence “{subject}” to the pool"
        case MakeVlan(vlan=vlan):
            return f"Make the network for {subject} VLAN {vlan}, on each host"
        case CheckFence():
            return f"Prove that nothing leads out of {subject} past its router"
        case HearMembers():
            return f"Compare the addresses that the guests of {subject} report with those that were planned"
        case ReseedRouter():
            return f"Write the new rules to the disk of {subject}"
        case TakeForOff():
            return f"Let the pool take {subject} for off: it does not answer"
        case RemoveFenceNetwork():
            return f"Destroy the network of the fence for {subject}"
        case ReleaseShare():
            return f"Let others have {subject}"
        case ForgetFence():
            return f"Forget the fence “{subject}”"
    assert_never(action)


def undoing(action: Action, subject: str) -> str:
    """Return what undoing an action does, such as `Shut shop-web-1 down again`."""
    if isinstance(action, TravelAction):
        return undoing_travel(action, subject)
    match action:
        case TakeSnapshot():
            return f"Destroy the snapshot of {subject}"
        case Start():
            return f"Shut {subject} down again"
        case ShutDown() | SwitchOff():
            return f"Start {subject} again"
        case Revert():
            return f"Return {subject} to what was set aside"
        case WriteMember():
            return f"Write back what stood at {subject}"
        case WriteRoster():
            return f"Write back the roster of {subject}"
        case WriteMark():
            return f"Write back the mark of the restore point of {subject}"
        case CarryStay():
            return f"Forget there how long {subject} may stay"
        case PlaceHold():
            return f"Lift the hold of {subject} again"
        case DropStay():
            return f"Let {subject} stay longer again"
        case DropHold():
            return f"Hold {subject} again"
        case CopyMachine() | SendMachine():
            return f"Destroy the copy of {subject} with its disks"
        case RetireRouter():
            return f"Make sure that {subject} is still there"
        case RetireMachines():
            return f"Make sure that the machines of {subject} are still there"
        case SeedDisk():
            return f"Destroy the disk that cloud-init reads of {subject}"
        case EmptyDisk():
            return f"Destroy the empty disk of {subject}"
        case HandOverDisk():
            return f"Give the disk of {subject} back"
        case ExchangeDisks():
            return f"Give {subject} back the disk that it had"
        case PassDisk():
            return f"Take the disk that stays from {subject} again"
        case StartCopy():
            return f"Shut {subject} down again"
        case WriteCopyRoster():
            return f"Remove the roster of the new {subject}"
        case WriteCopy():
            return f"Remove our marks from {subject}"
        case OpenReview():
            return f"Leave the review of {subject} open"
        case Rewire():
            return f"Put {subject} back in its fence"
        case PutOnNetworks():
            return f"Put {subject} back on its networks"
        case MoveDisk(device=device):
            return f"Move disk {device} of {subject} back to its storage"
        case PreferHost():
            return f"Let {subject} prefer what it preferred before"
        case Migrate():
            return f"Bring {subject} back to its host"
        case MendFields():
            return f"Write back what {subject} had"
        case PrepareArchive() | ExportMember():
            return f"Remove what was written of {subject}"
        case SealArchive() | SealStow():
            return f"Remove the archive of {subject}"
        case StowMember():
            return f"Make {subject} a machine again"
        case WriteBlueprint(version=version):
            return f"Remove version {version} of the blueprint {subject}"
        case NoteArchived():
            return f"Write back the roster of {subject}"
        case ImportMachine():
            return f"Destroy {subject} with its disks"
        case MakeScratchNetwork():
            return f"Destroy the private network for {subject}"
        case Suspend():
            return f"Resume {subject} again"
        case ClaimShare():
            return f"Let others have {subject} again"
        case MakeVlan(vlan=vlan):
            return f"Make the network for {subject} VLAN {vlan} no more"
        case WriteFence():
            return f"Write back what the pool had of the fence “{subject}”"
        case ReseedRouter():
            return f"Write the rules that it had to the disk of {subject}"
        case Resume():
            return f"Suspend {subject} again"
        case RemoveFenceNetwork() | ForgetFence():
            return f"Find the fence of {subject} as it was"
        case _:
            assert isinstance(action, WITHOUT_INVERSE)
            return f"Nothing to undo at {subject}"
