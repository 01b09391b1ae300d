"""What is said of drafts: of their shape, stages, transitions and approvals."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.workflow.flows import PRODUCTION, STAGING, TO_PRODUCTION, rich_workflow, workflows
from tests.domain.workflow.pools import GIB, ground_of, occupant, pool_of
from xsconsole.domain.ids import GroupId, PersonId, StageId, TransitionId
from xsconsole.domain.workflow import (
    ApprovalRule,
    DiskRule,
    DiskTreatment,
    EntryAction,
    Group,
    Kind,
    Limits,
    Method,
    Person,
    RestorePointRule,
    Stage,
    StageLease,
    Transition,
    Workflow,
    default_workflow,
)
from xsconsole.domain.workflow.afterwards import ArchiveIncumbent, DemoteIncumbent, Review, Tell
from xsconsole.domain.workflow.edits import add_stage, change_stage, change_transition, change_workflow, connect, remove
from xsconsole.domain.workflow.findings import OFFLINE, Finding, Ground, Severity, findings
from xsconsole.domain.workflow.gates import (
    AddressesAnswer,
    Checklist,
    ExactReplica,
    GuestToolsUp,
    HttpCall,
    MaintenanceWindow,
    NoDrift,
    Script,
    When,
)
from xsconsole.domain.workflow.values import FreezeCalendar, LeaseEnd

INTEGRATION, PATCHES = StageId("integration"), StageId("patch-testing")
BACK = TransitionId("production-to-staging")
LIVE = ground_of(pool_of())
ANN = Person(id=PersonId("ann"), name="Ann", fingerprints=("a" * 64,))
BEN = Person(id=PersonId("ben"), name="Ben", fingerprints=("b" * 64,))
CID = Person(id=PersonId("cid"), name="Cid")
ROOT = Person(id=PersonId("op"), name="Op", fingerprints=("c" * 64,), subject="root@acme")
ALL = Group(id=GroupId("all"), name="All", people=(ANN.id, BEN.id))
LONE = Group(id=GroupId("lone"), name="Lone", people=(ANN.id,))
NONE = Group(id=GroupId("none"), name="None")
EVE = Person(id=PersonId("eve"), name="Eve", fingerprints=ANN.fingerprints)
A_LL = Group(id=GroupId("x"), name="A ll")
AN_HOUR_S = 3600
ONE, NINE = (ApprovalRule(count=count, groups=(ALL.id,)) for count in (1, 9))
STAYING = DiskRule(role="data", treatment=DiskTreatment.STAYS)
UP = ("clean_shutdown",)

BASE = change_workflow(default_workflow(), people=(ANN, BEN, CID, ROOT), groups=(ALL, LONE, NONE))
WITH_LAB, LAB = add_stage(BASE, "Lab")


def stage(stage_id: StageId = STAGING, **fields: object) -> Workflow:
    return change_stage(BASE, stage_id, **fields)


def way(way_id: TransitionId = TO_PRODUCTION, **fields: object) -> Workflow:
    return change_transition(BASE, way_id, **fields)


def approved(
    count: int, *people: Person, groups: tuple[GroupId, ...] = (), actors: tuple[GroupId, ...] = ()
) -> Workflow:
    rule = ApprovalRule(count=count, people=tuple(person.id for person in people), groups=groups)
    workflow = way(approvals=(rule,), expiry_s=AN_HOUR_S)
    return change_stage(workflow, PRODUCTION, actors=actors) if actors else workflow


def without_back() -> Workflow:
    return remove(BASE, (), [BACK])


def on(workflow: Workflow, **fields: object) -> Workflow:
    return change_transition(workflow, TO_PRODUCTION, **fields)


def only(workflow: Workflow, ground: Ground = LIVE) -> list[tuple[str, str, str | None, str]]:
    """Return rule, severity, place and field of each finding but for what the base workflow has."""
    usual = Counter(finding.sentence for finding in findings(BASE, ground))
    found = [each for each in findings(workflow, ground) if not usual[each.sentence]]
    return [(each.rule, each.severity.value, each.stage or each.transition, each.field) for each in found]


def test_the_default_workflow_has_no_finding_but_what_cannot_be_checked_offline() -> None:
    assert findings(default_workflow(), LIVE) == ()
    (unknown,) = findings(default_workflow(), OFFLINE)
    assert unknown.severity is Severity.UNKNOWN
    assert "could not be checked" in unknown.sentence


@pytest.mark.parametrize(
    ("workflow", "expected"),
    [
        (add_stage(BASE, "Lab")[0], ("unreachable", "warning", "lab", "")),
        (
            connect(change_stage(WITH_LAB, LAB, is_production=True), PRODUCTION, LAB, Kind.DEMOTE)[0],
            ("unreachable", "warning", "lab", ""),
        ),
        (change_stage(BASE, PRODUCTION, is_production=False), ("no-production", "warning", None, "is_production")),
        (
            connect(add_stage(BASE, "Lab")[0], PATCHES, StageId("lab"))[0],
            ("no-way-to-production", "warning", "lab", ""),
        ),
        (remove(BASE, (), [TO_PRODUCTION]), ("no-way-to-production", "error", "production", "")),
        (without_back(), ("no-way-back", "warning", "production", "")),
        (
            connect(BASE, INTEGRATION, STAGING, Kind.DEMOTE)[0],
            ("dead-way-back", "warning", "integration-to-staging", "kind"),
        ),
        (
            connect(add_stage(BASE, "Bin")[0], PRODUCTION, StageId("bin"), Kind.DEMOTE)[0],
            ("dead-way-back", "warning", "production-to-bin", "target"),
        ),
        (
            connect(connect(WITH_LAB, LAB, STAGING)[0], LAB, INTEGRATION, Kind.DEMOTE)[0],
            ("dead-way-back", "warning", "lab-to-integration", "source"),
        ),
        (stage(name="Pro duction"), ("name-clash", "warning", "production", "name")),
        (stage(name="patch-testing"), ("name-clash", "warning", "staging", "name")),
        (stage(limits=Limits(running=0)), ("takes-none", "warning", "staging", "limits.running")),
        (
            stage(limits=Limits(configurations=2, per_service=3)),
            ("limits-contradict", "warning", "staging", "limits.per_service"),
        ),
        (stage(PRODUCTION, protection=()), ("unprotected", "warning", "production", "protection")),
        (stage(protection=("start",)), ("protection-contradicts", "error", "staging", "protection")),
        (
            change_stage(stage(entry=EntryAction.STOP, protection=UP), PATCHES, protection=UP),
            ("protection-contradicts", "error", "staging", "protection"),
        ),
        (
            stage(lease=StageLease(duration_s=3600, at_end=LeaseEnd.STOP), protection=("hard_shutdown",)),
            ("protection-contradicts", "error", "staging", "protection"),
        ),
        (stage(protection=("snapshot",)), ("protection-contradicts", "error", "staging", "protection")),
        (
            on(stage(protection=("copy",)), method=Method.FULL_COPY),
            ("protection-contradicts", "error", "staging", "protection"),
        ),
        (stage(protection=("teleport",)), ("unknown-operation", "warning", "staging", "protection")),
        (stage(protection=("pool_migrate",)), ("protection-hinders", "warning", "staging", "protection")),
        (
            stage(PRODUCTION, lease=StageLease(duration_s=60, at_end=LeaseEnd.STOP)),
            ("production-lease", "warning", "production", "lease"),
        ),
        (stage(freezes=(FreezeCalendar(zone="Mars/Base"),)), ("unknown-zone", "error", "staging", "freezes")),
        (
            stage(freezes=(FreezeCalendar(), FreezeCalendar(from_day=0, from_minute=0, to_day=5))),
            ("always-frozen", "warning", "staging", "freezes"),
        ),
        (stage(actors=(NONE.id,)), ("nobody-may-act", "error", "staging", "actors")),
        (
            change_stage(
                change_workflow(stage(actors=(LONE.id,)), groups=(LONE, Group(id=NONE.id, name="B", people=(BEN.id,)))),
                PRODUCTION,
                actors=(NONE.id,),
            ),
            ("nobody-may-act", "error", TO_PRODUCTION, "source"),
        ),
        (way(gates=(GuestToolsUp(),)), ("no-timeout", "warning", TO_PRODUCTION, "gates")),
        (
            way(gates=(GuestToolsUp(leads_back=True, timeout_s=9),)),
            ("leads-back-before", "warning", TO_PRODUCTION, "gates"),
        ),
        (
            on(without_back(), gates=(GuestToolsUp(leads_back=True, timeout_s=9, when=When.AFTER),)),
            ("leads-back-nowhere", "error", TO_PRODUCTION, "gates"),
        ),
        (
            on(stage(PRODUCTION, entry=EntryAction.STOP), gates=(AddressesAnswer(timeout_s=9, when=When.AFTER),)),
            ("gate-cannot-pass", "error", TO_PRODUCTION, "gates"),
        ),
        (way(gates=(NoDrift(),)), ("no-measure", "warning", TO_PRODUCTION, "gates")),
        (way(gates=(Checklist(timeout_s=9),)), ("unfinished", "error", TO_PRODUCTION, "gates")),
        (way(gates=(Script(timeout_s=9),)), ("unfinished", "error", TO_PRODUCTION, "gates")),
        (way(gates=(Script(argv=("../go", "now"), timeout_s=9),)), ("unfinished", "error", TO_PRODUCTION, "gates")),
        (way(gates=(HttpCall(timeout_s=9),)), ("unfinished", "error", TO_PRODUCTION, "gates")),
        (way(gates=(MaintenanceWindow(weekdays=()),)), ("unfinished", "error", TO_PRODUCTION, "gates")),
        (way(gates=(MaintenanceWindow(zone="Mars/Phobos"),)), ("unknown-zone", "error", TO_PRODUCTION, "gates")),
        (
            on(stage(lease=StageLease(duration_s=60)), soak_s=60),
            ("soak-outlasts-lease", "warning", TO_PRODUCTION, "soak_s"),
        ),
        (way(expiry_s=60), ("expiry-of-nothing", "warning", TO_PRODUCTION, "expiry_s")),
        (
            way(restore_point=RestorePointRule(kept_s=60), afterwards=(Review(rule=ONE),)),
            ("kept-too-short", "warning", TO_PRODUCTION, "restore_point"),
        ),
        (way(restore_point=None), ("no-restore-point", "warning", TO_PRODUCTION, "restore_point")),
        (
            way(TransitionId("patch-testing-to-staging"), disks=(STAYING,), method=Method.FULL_COPY),
            ("stays-without-slot", "warning", "patch-testing-to-staging", "disks"),
        ),
        (way(disks=(STAYING,)), ("moves-without-disks", "error", TO_PRODUCTION, "disks")),
        (
            way(TransitionId("production-to-staging"), method=Method.LINKED_CLONE),
            ("copies-back", "error", "production-to-staging", "method"),
        ),
        (way(replaces_data=True), ("replaces-data", "warning", TO_PRODUCTION, "replaces_data")),
        (
            way(afterwards=(DemoteIncumbent(), ArchiveIncumbent())),
            ("incumbent-twice", "error", TO_PRODUCTION, "afterwards"),
        ),
        (
            on(without_back(), afterwards=(DemoteIncumbent(),)),
            ("incumbent-nowhere", "error", TO_PRODUCTION, "afterwards"),
        ),
        (way(afterwards=(Tell(url=""),)), ("unfinished", "error", TO_PRODUCTION, "afterwards")),
        (way(approvals=(ONE,)), ("no-expiry", "warning", TO_PRODUCTION, "expiry_s")),
        (approved(1), ("nobody-approves", "error", TO_PRODUCTION, "approvals")),
        (approved(1, groups=(NONE.id,)), ("nobody-approves", "error", TO_PRODUCTION, "approvals")),
        (approved(3, ANN, BEN), ("quorum", "error", TO_PRODUCTION, "approvals")),
        (approved(2, ANN, CID), ("quorum", "error", TO_PRODUCTION, "approvals")),
        (approved(1, ROOT), ("quorum", "error", TO_PRODUCTION, "approvals")),
        (approved(2, ANN, groups=(ALL.id,)), ("only-the-requester", "warning", TO_PRODUCTION, "approvals")),
        (approved(1, ANN, actors=(LONE.id,)), ("only-the-requester", "error", TO_PRODUCTION, "approvals")),
        (change_workflow(BASE, publishing=(NINE,)), ("quorum", "error", None, "publishing")),
        (
            way(afterwards=(Review(rule=NINE),)),
            ("quorum", "error", TO_PRODUCTION, "afterwards"),
        ),
        (change_workflow(BASE, people=(*BASE.people, EVE)), ("shared-key", "error", None, "people")),
        (change_workflow(BASE, groups=(*BASE.groups, A_LL)), ("name-clash", "warning", None, "groups")),
        (change_workflow(BASE, declarers=(NONE.id,)), ("nobody-declares", "warning", None, "declarers")),
        (change_workflow(BASE, declarers=(ALL.id,)), None),
        (
            change_workflow(BASE, people=(ANN, CID), groups=(LONE,), declarers=(LONE.id,)),
            ("nobody-reviews", "warning", None, "people"),
        ),
        (stage(description="x y " * 900), None),
    ],
)  # fmt: skip
def test_each_rule_says_where_it_is_about(
    workflow: Workflow, expected: tuple[str, str, str | None, str] | None
) -> None:
    found = only(workflow)

    if expected is None:
        assert found == []
    else:
        assert expected in found


def test_people_who_are_to_approve_need_keys_and_log_ins_of_their_own() -> None:
    sentences = [finding.sentence for finding in findings(approved(1, ANN, CID, groups=(ALL.id,)), LIVE)]

    assert "Cid is to approve, but has no key: enrol it at their console." in sentences
    assert any(sentence.startswith("Op logs in as root@acme") for sentence in sentences)


def test_a_quorum_says_how_many_can_approve_and_why_the_others_cannot() -> None:
    (finding,) = [each for each in findings(approved(2, ANN, CID), LIVE) if each.rule == "quorum"]

    assert finding.sentence == (
        "Promotion Staging → Production: approval by 2 of Ann and Cid can never be had: only 1 of 2 can; Cid has no "
        "key."
    )
    assert [mend.label for mend in finding.mends] == ["Ask for 1"]


@pytest.mark.parametrize(
    ("workflow", "said"),
    [
        (approved(1), "Promotion Staging → Production: the approval rule names nobody yet."),
        (approved(1, groups=(NONE.id,)), "approval by 1 of None can never be had: nobody is in None yet."),
        (approved(2, ANN), "approval by 2 of Ann can never be had: there is only 1."),
        (approved(1, CID), "approval by 1 of Cid can never be had: Cid has no key."),
    ],
)
def test_a_rule_that_nobody_can_satisfy_says_why_in_plain_words(workflow: Workflow, said: str) -> None:
    sentences = [each.sentence for each in findings(workflow, LIVE) if each.rule in {"nobody-approves", "quorum"}]

    assert any(sentence.endswith(said) for sentence in sentences), sentences


def test_a_measure_against_production_needs_a_production() -> None:
    workflow = on(stage(PRODUCTION, is_production=False), gates=(ExactReplica(),))

    assert ("no-measure", "warning", TO_PRODUCTION, "gates") in only(workflow)


def test_an_imported_circle_and_doubled_names_are_said_and_do_not_stop_the_rest() -> None:
    circle = Transition(id=TransitionId("again"), source=PRODUCTION, target=INTEGRATION, kind=Kind.PROMOTE)
    stages = (*BASE.stages, Stage(id=StageId("x"), name="staging", colour="red", limits=Limits(running=0)))
    lost = Transition(id=TransitionId("lost"), source=StageId("nowhere"), target=STAGING, kind=Kind.DEMOTE)
    broken = msgspec.structs.replace(BASE, stages=stages, transitions=(*BASE.transitions, circle, lost))

    found = findings(broken, LIVE)

    contradictions = {(each.stage, each.transition, each.field) for each in found if each.rule == "contradiction"}
    assert contradictions == {
        ("x", None, "colour"),
        ("x", None, "name"),
        (None, "again", "kind"),
        (None, "lost", "source"),
    }
    assert "takes-none" in {each.rule for each in found}
    mended = broken
    for finding in found:
        if finding.rule == "contradiction" and finding.mends:
            mended = finding.mends[0].apply(mended)
    assert {each.field for each in findings(mended, LIVE) if each.rule == "contradiction"} == {"colour", "name"}


def test_configurations_that_stand_there_now_are_counted() -> None:
    workflow = change_stage(add_stage(BASE, "Lab")[0], STAGING, limits=Limits(configurations=1, per_service=1))
    standing = (*tuple(occupant(place) for place in ("lab", "gone", "staging", "staging")), occupant("staging", "blog"))

    found = {
        (each.rule, each.severity, each.stage, each.field)
        for each in findings(workflow, ground_of(pool_of(), occupants=standing))
    }

    assert ("unreachable", Severity.ERROR, "lab", "") in found
    assert ("homeless", Severity.WARNING, None, "stages") in found
    assert ("limit-exceeded", Severity.WARNING, "staging", "limits.configurations") in found
    assert ("limit-exceeded", Severity.WARNING, "staging", "limits.per_service") in found


def test_a_workflow_that_is_nearly_too_large_for_the_pool_says_so() -> None:
    noise = "".join(chr(0x4E00 + (number * 7919) % 20_000) for number in range(30_000))
    workflow = BASE
    severities = []
    for at, each in enumerate(BASE.stages * 2):
        text = noise[at * 3500 : at * 3500 + 3500]
        workflow = change_stage(workflow, each.id, description=text if at < 4 else text[::-1] + text[:400])
        workflow = change_workflow(workflow, description=noise[-at * 400 :][:4000], summary=noise[:: at + 1][:4000])
        severities += [finding.severity for finding in findings(workflow, LIVE) if finding.rule == "size"]

    assert Severity.ERROR in severities


def test_findings_of_others_are_sorted_in() -> None:
    other = Finding(
        rule="not-enforced", severity=Severity.ERROR, sentence="Not yet.", transition=TO_PRODUCTION, field="gates"
    )

    found = findings(stage(limits=Limits(running=0)), LIVE, also=(other,))

    assert found[0] is other
    assert other not in findings(BASE, LIVE)


GROUNDS = st.sampled_from(
    [
        OFFLINE,
        LIVE,
        ground_of(
            pool_of(
                "pool-a",
                hosts=("host-a", "host-b"),
                networks={"net-a": ("host-a",), "net-b": ("host-a", "host-b"), "lan": ("host-b",)},
                storages={"sr-a": ("host-a",), "sr-b": ("host-a", "host-b")},
                down=("host-b",),
            ),
            pool_of(
                "pool-b", hosts=("host-c",), version="3.2.1", networks={"net-a": ()}, storages={"sr-a": ("host-c",)}
            ),
            occupants=(occupant("staging"), occupant("production", memory_bytes=100 * GIB), occupant("lost")),
        ),
        ground_of(pool_of("pool-b", hosts=()), pool_of("pool-a", hosts=("host-a",), networks={"net-b": ()})),
    ]
)


@given(workflow=workflows(10), ground=GROUNDS)
def test_a_mend_removes_its_finding_and_adds_no_error(workflow: Workflow, ground: Ground) -> None:
    found = findings(workflow, ground)

    assert [each.sentence for each in found] == [each.sentence for each in findings(workflow, ground)]
    errors = {(each.stage, each.transition, each.field) for each in found if each.severity is Severity.ERROR}
    for finding in found:
        assert finding.sentence.endswith(".")
        assert finding.sentence.isprintable()
        for mend in finding.mends:
            mended = findings(mend.apply(workflow), ground)
            assert (finding.rule, finding.sentence) not in {(each.rule, each.sentence) for each in mended}, mend.label
            after = {(each.stage, each.transition, each.field) for each in mended if each.severity is Severity.ERROR}
            assert after <= errors, (mend.label, finding.sentence, after - errors)


def test_the_rich_workflow_says_the_same_each_time() -> None:
    first, second = ([each.sentence for each in findings(rich_workflow(), OFFLINE)] for _ in range(2))

    assert first == second
    assert len(set(first)) == len(first)
