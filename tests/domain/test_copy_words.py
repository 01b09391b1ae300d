"""What steps of a copying and of a relocation are called, and what copies are called."""

import pytest

from xsconsole.domain import words
from xsconsole.domain.actions.archives import (
    CheckArchive,
    CompareArchived,
    ExportMember,
    ImportMember,
    NoteArchived,
    PrepareArchive,
    SealArchive,
)
from xsconsole.domain.actions.copies import (
    CopyMachine,
    DropSnapshot,
    EmptyDisk,
    FitCopy,
    HandOverDisk,
    NoteFreeze,
    SendMachine,
    Slot,
    StartAgain,
    StartCopy,
    VerifyCopies,
    WriteCopy,
    WriteCopyRoster,
)
from xsconsole.domain.actions.placing import Migrate, MoveDisk, PreferHost, PutOnNetworks
from xsconsole.domain.ids import ArchiveId, ConfigurationId, Digest, StageId, StepKey, Uuid, WorkflowId
from xsconsole.domain.plan import Action, Intent, Plan, Purpose, RunKind, Step, TakeSnapshot
from xsconsole.domain.replica import is_left_behind, is_under_way, name_of_copy
from xsconsole.domain.workflow import Method

VM, COPY, SLOT = Uuid("vm"), StepKey("1-copy"), Slot(device="1")
NOTHING = "Nothing to undo at web"

ACTIONS: tuple[tuple[Action, str, str], ...] = (
    (TakeSnapshot(vm=VM, purpose=Purpose.CANDIDATE), "Freeze web in a snapshot", "Destroy the snapshot of web"),
    (StartAgain(vm=VM), "Start web again", NOTHING),
    (NoteFreeze(snapshots=()), "Note when the machines of web were frozen", NOTHING),
    (
        CopyMachine(vm=VM, name="web", method=Method.LINKED_CLONE),
        "Make a linked clone of web",
        "Destroy the copy of web with its disks",
    ),
    (
        CopyMachine(vm=VM, name="web", method=Method.FULL_COPY),
        "Copy web with all its disks",
        "Destroy the copy of web with its disks",
    ),
    (
        SendMachine(vm=VM, name="web", snapshot=COPY, sr=Uuid("sr")),
        "Copy web with all its disks to the other pool",
        "Destroy the copy of web with its disks",
    ),
    (FitCopy(copy=COPY, name="web"), "Make web a machine in its own right", NOTHING),
    (
        EmptyDisk(copy=COPY, name="d", size_bytes=1, sr=Uuid("sr"), slot=SLOT),
        "Give web an empty disk",
        "Destroy the empty disk of web",
    ),
    (
        HandOverDisk(copy=COPY, disk=Uuid("d"), vm=VM, slot=SLOT, original=SLOT),
        "Hand the disk that stays over to web",
        "Give the disk of web back",
    ),
    (StartCopy(copy=COPY), "Start web", "Shut web down again"),
    (
        WriteCopyRoster(configuration=ConfigurationId("c"), roles={}, origin=""),
        "Write the roster of the new web",
        "Remove the roster of the new web",
    ),
    (WriteCopy(copy=COPY, value=""), "Enter web as a member", "Remove our marks from web"),
    (VerifyCopies(configuration=ConfigurationId("c"), copies=()), "Compare the new web with the pool", NOTHING),
    (DropSnapshot(snapshot=COPY), "Destroy the snapshot that web was frozen in", NOTHING),
    (
        PutOnNetworks(vm=VM, networks={}, original={}),
        "Put web on the networks of its stage",
        "Put web back on its networks",
    ),
    (
        MoveDisk(vm=VM, device="1", sr=Uuid("a"), original=Uuid("b")),
        "Move disk 1 of web to its new storage",
        "Move disk 1 of web back to its storage",
    ),
    (
        PreferHost(vm=VM, host=Uuid("h"), original=None),
        "Let web prefer a host of its stage",
        "Let web prefer what it preferred before",
    ),
    (
        PreferHost(vm=VM, host=None, original=Uuid("h")),
        "Let web prefer no host any more",
        "Let web prefer what it preferred before",
    ),
    (PrepareArchive(folder="f"), "Make the folder of the archive of web", "Remove what was written of web"),
    (
        CompareArchived(configuration=ConfigurationId("c"), fingerprint=Digest("d")),
        "Make sure that web is as it was planned to be archived",
        NOTHING,
    ),
    (
        ExportMember(vm=VM, snapshot=COPY, folder="f", file="m"),
        "Write web with all its disks into the archive",
        "Remove what was written of web",
    ),
    (
        SealArchive(
            folder="f", freeze=COPY, version="", stage_name="", pool_name="", xapi_version="", manifest="", members=()
        ),
        "Sign the archive of web and make it read-only",
        "Remove the archive of web",
    ),
    (
        NoteArchived(configuration=ConfigurationId("c"), original="", stage=StageId("s"), since=None, folder="f"),
        "Note that web was archived",
        "Write back the roster of web",
    ),
    (
        CheckArchive(folder="f", archive=ArchiveId("a"), document=Digest("d")),
        "Verify every hash of the archive of web",
        NOTHING,
    ),
    (
        ImportMember(
            folder="f",
            file="m",
            sha256=Digest("d"),
            name="web",
            arrives_as="w",
            sr=Uuid("s"),
            configuration=ConfigurationId("c"),
        ),
        "Make web of the archive",
        "Destroy web with its disks",
    ),
    (
        Migrate(vm=VM, original=Uuid("h")),
        "Bring web to another host while it runs",
        "Bring web back to its host",
    ),
)


@pytest.mark.parametrize(("action", "forward", "back"), ACTIONS)
def test_every_step_of_a_copying_or_a_relocation_says_what_it_does_and_what_undoing_it_does(
    action: Action, forward: str, back: str
) -> None:
    step = Step(key=StepKey("1"), action=action, subject="web")

    assert words.describe(step) == forward
    assert words.describe_undo(step) == back


@pytest.mark.parametrize(
    ("method", "ending"),
    [(Method.MOVE, ""), (Method.LINKED_CLONE, ", by linked clone"), (Method.FULL_COPY, ", by full copy")],
)
def test_the_title_of_a_run_says_by_what_method(method: Method, ending: str) -> None:
    intent = Intent(
        kind=RunKind.PROMOTE,
        configuration=ConfigurationId("c"),
        name="shop 1",
        service="shop",
        workflow=WorkflowId("release"),
        workflow_version=1,
        source=StageId("staging"),
        target=StageId("production"),
        method=method,
    )

    assert words.title(Plan(intent=intent, steps=(), leases=())) == (
        f"Promote shop 1 from Staging to Production{ending}"
    )


@pytest.mark.parametrize(
    ("name", "number", "copied"),
    [
        ("web", 1, "web (Production)"),
        ("web", 2, "web (Production) 2"),
        ("web (Staging)", 1, "web (Production)"),
        ("web (Production)", 1, "web (Production)"),
        ("web (blue)", 3, "web (blue) (Production) 3"),
    ],
)
def test_a_copy_is_called_like_its_original_in_the_stage_where_it_is(name: str, number: int, copied: str) -> None:
    assert name_of_copy(name, "Staging", "Production", number) == copied


@pytest.mark.parametrize(
    ("key", "is_left"),
    [
        ("folder", True),
        ("auto_poweron", True),
        ("XenCenter.CustomFields.Owner", True),
        ("xo:1234", True),
        ("xsconsole.member.3", True),
        ("mac_seed", False),
        ("base_template_name", False),
        ("note", False),
    ],
)
def test_keys_that_mean_one_machine_stay_with_it(key: str, is_left: bool) -> None:
    assert is_left_behind(key) is is_left
    own = "xsconsole.interface.0"
    assert is_under_way(own, '{"vm":"a-vm"}', "a-vm")
    assert not is_under_way(own, '{"vm":"a-vm"}', "its clone")
    assert not is_under_way(key, '{"vm":"a-vm"}', "a-vm")
