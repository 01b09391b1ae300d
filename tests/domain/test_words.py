"""Sentences for people: every error, step, kind and fact has one, and hostile text does not break it."""

from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest

from xsconsole.domain import words
from xsconsole.domain.approval import Matter
from xsconsole.domain.canonical import Json
from xsconsole.domain.ids import ConfigurationId, RunId, StageId, StepKey, Uuid, WorkflowId
from xsconsole.domain.plan import (
    Action,
    Disks,
    Intent,
    Plan,
    Purpose,
    Revert,
    RunKind,
    ShutDown,
    Start,
    Step,
    TakeSnapshot,
    Verify,
    WriteMark,
    WriteMember,
    WriteRoster,
)
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.runs import RunState
from xsconsole.domain.wording import record as record_words
from xsconsole.domain.workflow import default_workflow
from xsconsole.errors import (
    AuditBroken,
    CertificateChanged,
    CertificateUnknown,
    ConnectFailed,
    ConnectionLost,
    ConsoleError,
    DiskFull,
    GateNotMet,
    HeldElsewhere,
    Interrupted,
    LeaseLost,
    LostMaster,
    NotPromotable,
    PoolFailed,
    PoolUnavailable,
    RunFailed,
    SessionLost,
    VerificationFailed,
    WrongPassword,
)

VM = Uuid("vm")
ACTIONS: tuple[tuple[Action, str, str], ...] = (
    (
        TakeSnapshot(vm=VM, purpose=Purpose.RESTORE_POINT),
        "Take the restore point of web",
        "Destroy the snapshot of web",
    ),
    (TakeSnapshot(vm=VM, purpose=Purpose.SET_ASIDE), "Set the present of web aside", "Destroy the snapshot of web"),
    (Start(vm=VM), "Start web", "Shut web down again"),
    (ShutDown(vm=VM), "Shut web down", "Start web again"),
    (
        Revert(vm=VM, snapshot=VM, set_aside=StepKey("1")),
        "Return web to its restore point",
        "Return web to what was set aside",
    ),
    (WriteMember(vm=VM, value="v", original=""), "Write the stage of web", "Write back what stood at web"),
    (WriteMember(vm=VM, value="", original="v"), "Remove our marks from web", "Write back what stood at web"),
    (
        WriteRoster(configuration=ConfigurationId("c"), value="v", original=""),
        "Write the roster of web",
        "Write back the roster of web",
    ),
    (
        WriteRoster(configuration=ConfigurationId("c"), value="", original="v"),
        "Remove the roster of web",
        "Write back the roster of web",
    ),
    (
        WriteMark(snapshot=VM, value="", original="v"),
        "Forget the restore point of web",
        "Write back the mark of the restore point of web",
    ),
    (Verify(members={}), "Compare web with the pool", "Nothing to undo at web"),
)


@pytest.mark.parametrize(("action", "forward", "back"), ACTIONS)
def test_every_step_says_what_it_does_and_what_undoing_it_does(action: Action, forward: str, back: str) -> None:
    step = Step(key=StepKey("1"), action=action, subject="web")

    assert words.describe(step) == forward
    assert words.describe_undo(step) == back


def intent(kind: RunKind, source: str | None, target: str | None, disks: Disks | None = None) -> Plan:
    return Plan(
        intent=Intent(
            kind=kind,
            configuration=ConfigurationId("c"),
            name="shop 1",
            service="shop",
            workflow=WorkflowId("release"),
            workflow_version=1,
            source=StageId(source) if source else None,
            target=StageId(target) if target else None,
            disks=disks,
        ),
        steps=(),
        leases=(),
    )


def test_a_run_has_a_title_with_the_names_of_its_stages() -> None:
    workflow = default_workflow()
    plans = [
        intent(RunKind.PROMOTE, "staging", "production"),
        intent(RunKind.DEMOTE, "patch-testing", "integration", Disks.RESTORE),
        intent(RunKind.CREATE, None, "staging"),
        intent(RunKind.ADD, "staging", "staging"),
        intent(RunKind.REMOVE, "staging", "staging"),
        intent(RunKind.ADOPT, "staging", "staging"),
        intent(RunKind.DISSOLVE, "staging", None),
    ]

    assert [words.title(plan, workflow) for plan in plans] == [words.title(plan) for plan in plans]
    assert [words.title(plan) for plan in plans] == [
        "Promote shop 1 from Staging to Production",
        "Demote shop 1 from Patch testing to Integration, back to the restore point",
        "Create shop 1 in Staging",
        "Add members to shop 1",
        "Remove members from shop 1",
        "Make whole shop 1",
        "Dissolve shop 1",
    ]
    assert [words.act_name(plan.intent.kind) for plan in plans[3:5]] == ["Add members", "Remove members"]


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 B"), (1536, "1.5 KiB"), (40 * 1024**3, "40 GiB"), (150 * 1024**4, "150 TiB"), (2 * 1024**5, "2048 TiB")],
)
def test_sizes_read_well(size_bytes: int, text: str) -> None:
    assert words.size(size_bytes) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (45.2, "45 s"), (59.6, "1 min"), (180, "3 min"), (7500, "2 h 5 min"), (7200, "2 h")],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0.0 s"), (0.04, "0.0 s"), (0.42, "0.4 s"), (9.96, "10 s"), (61, "1 min")]
)
def test_what_something_took_is_told_more_exactly(seconds: float, text: str) -> None:
    assert words.exact_duration(seconds) == text


def test_lists_counts_and_instants_read_well() -> None:
    assert words.listing(()) == ""
    assert words.listing(("a",)) == "a"
    assert words.listing(("a", "b", "c")) == "a, b and c"
    assert words.listing(("a", "b", "c", "d", "e")) == "a, b, c, d and 1 more"
    assert (words.count(1, "disk"), words.count(2, "disk"), words.count(2, "box", "boxes")) == (
        "1 disk",
        "2 disks",
        "2 boxes",
    )
    assert words.instant(datetime(2026, 11, 23, 14, 2, 11, tzinfo=UTC)) == "2026-11-23 14:02 UTC"


def test_states_events_and_outcomes_all_have_a_name() -> None:
    assert all(words.state_name(state) for state in RunState)
    assert all(record_words.event_name(event) for event in AuditEvent)
    assert all(record_words.outcome_name(outcome) for outcome in Outcome)


def test_audit_rows_read_as_sentences() -> None:
    did = Fact(event=AuditEvent.STEP_SETTLED, details={"what": "Start web"})
    moved = Fact(
        event=AuditEvent.OBSERVED,
        configuration_name="shop 1",
        source=StageId("staging"),
        target=StageId("production"),
    )
    acted = Fact(event=AuditEvent.ACT_SETTLED, details={"what": "Start: web"}, outcome=Outcome.UNKNOWN)
    ended = Fact(event=AuditEvent.RUN_CLOSED, configuration_name="shop 1", outcome=Outcome.UNDONE, reason="full")

    assert record_words.event_sentence(did) == "Did: Start web"
    assert record_words.standing(replace(did, event=AuditEvent.STEP_INTENDED)) == "begins"
    took = replace(did, outcome=Outcome.DONE, details={"took_s": 4.2})
    assert (record_words.standing(took), record_words.standing(ended)) == ("done in 4.2 s", "put back")
    amiss = replace(took, details={"what": "Check shop 1", "took_s": 4.2, "result": f"{record_words.NOT_MET}no answer"})
    assert record_words.event_sentence(amiss) == "Not met: Check shop 1"  # a gate that the run went past
    assert record_words.standing(amiss) == "not met in 4.2 s"
    assert AuditEvent.STEP_SETTLED in record_words.kinds_saying("not met")
    assert record_words.standing(Fact(event=AuditEvent.CONSOLE_STARTED)) == ""
    assert record_words.event_sentence(moved) == "Seen on the pool: shop 1 from Staging to Production"
    assert record_words.event_sentence(acted) == "Ended: Start: web (not known)"
    assert record_words.event_sentence(ended) == "Ended: shop 1 (put back) — full"
    assert record_words.event_sentence(Fact(event=AuditEvent.CONSOLE_STARTED)) == "The console started"
    for actor, way in (("ann", ""), ("", " by file")):
        for meaning, began in (("approve: ", "Approved"), ("reject: ", "Rejected"), ("", "Decided")):
            details: dict[str, Json] = {"what": f"{meaning}shop", "decision": {"actor": actor}}
            one = Fact(event=AuditEvent.DECIDED, actor="ann", details=details)
            done = replace(one, outcome=Outcome.DONE)
            assert record_words.event_sentence(one) == f"{began}{way}: shop (begins)"
            assert record_words.event_sentence(done) == f"{began}{way}: shop (done)"
            told = record_words.event_sentence(done, is_alone=True)
            assert told == f"{began}{way}: shop"  # what a webhook gets: nothing else is asked for as well
    looked: dict[str, Json] = {
        "what": "approve: emergency",
        "decision": {"actor": "ann", "matter": Matter.REVIEW.value},
    }
    assert record_words.event_sentence(Fact(event=AuditEvent.DECIDED, details=looked)) == "Reviewed: emergency (begins)"


ERRORS: tuple[tuple[ConsoleError, str], ...] = (
    (HeldElsewhere(reason="Held.", mend="Wait."), "Held."),
    (NotPromotable(reason="No.", mend="Do."), "No."),
    (
        PoolFailed(code="SR_BACKEND_FAILURE_44", parameters=("", "no space"), method="VM.snapshot"),
        "The storage is full.",
    ),
    (PoolFailed(code="STRANGE"), "The pool refused: STRANGE."),
    (PoolFailed(code="UUID_INVALID", parameters=("VM", "8a1c")), "The machine “8a1c” is gone from the pool."),
    (PoolFailed(code="HANDLE_INVALID"), "An object that is needed is gone from the pool."),
    (PoolFailed(code="XSCONSOLE_DISK_GONE", parameters=("data 7",)), "The disk “data 7” is gone from the pool."),
    (PoolFailed(code="UUID_INVALID", thing="The disk “a”"), "The disk “a” is gone from the pool."),
    (ConnectionLost(pool="p", cause="reset"), "The connection to the pool broke."),
    (SessionLost(pool="p"), "The pool ended this session."),
    (LostMaster(pool="p", tried=("10.0.0.1",)), "No coordinator of the pool answers."),
    (LostMaster(pool="p"), "No coordinator of the pool answers."),
    (PoolUnavailable(pool="p"), "The pool cannot be reached."),
    (WrongPassword(url="u", reason="Wrong password.", user="root"), "Wrong password."),
    (ConnectFailed(url="u", reason="Nobody answers."), "Nobody answers."),
    (CertificateUnknown(url="u", reason="Unknown.", fingerprint="ab"), "Unknown."),
    (CertificateChanged(url="u", reason="Changed.", fingerprint="ab", expected="cd"), "Changed."),
    (DiskFull(path="/x", reason="Full.", mend="Free."), "Full."),
    (AuditBroken(path="/x", reason="Broken."), "Broken."),
    (VerificationFailed(differences=("a", "b")), "The pool does not show what the run should have made of it."),
    (GateNotMet(gate="script", sentence="It said: no", waited_s=3), "The gate “script” is not met: It said: no."),
    (LeaseLost(thing="t", reason="it was taken over."), "This console may not go on: it was taken over."),
    (ConsoleError(), "Something failed: ConsoleError()"),
)


@pytest.mark.parametrize(("error", "failed"), ERRORS, ids=lambda value: type(value).__name__)
def test_every_error_says_what_failed(error: ConsoleError, failed: str) -> None:
    assert words.explain(error).failed == failed


def test_a_failed_run_says_what_was_put_back_and_what_to_do() -> None:
    cause = PoolFailed(code="SR_FULL")

    notice = words.explain(RunFailed(failed="Take it", cause=cause, undone=("Destroy the snapshot of a",)))
    untouched = words.explain(RunFailed(failed="Take it", cause=ConsoleError()))

    assert notice.failed == "“Take it” failed: The storage is full."
    assert notice.put_back == "What had been done was put back by “Destroy the snapshot of a”."
    assert notice.mend.startswith("Free space")
    assert notice.details == "SR_FULL"
    assert (untouched.put_back, untouched.mend) == ("Nothing had been changed.", "Mend the cause and try again.")
    assert untouched.remains == "The configuration stays where it was."
    newcomer = words.explain(RunFailed(failed="Take it", cause=cause, is_newcomer=True))
    assert newcomer.remains == "Nothing of it is left."


def test_a_failed_run_never_says_that_nothing_changed_where_something_cannot_be_put_back() -> None:
    lasts = ("Destroy the snapshot of a", "Destroy the snapshot of b")

    notice = words.explain(RunFailed(failed="Take it", cause=ConsoleError(), lasts=lasts))

    assert notice.put_back == ""
    assert notice.remains.endswith(
        "Done and not to be put back: “Destroy the snapshot of a” and “Destroy the snapshot of b”."
    )


def test_an_interrupted_run_says_what_is_left() -> None:
    notice = words.explain(Interrupted(run="r", reason="away", undone=("a",), left_behind=("b", "c")))
    bare = words.explain(Interrupted(run="r", reason="away"))

    destroying = words.explain(Interrupted(run="r", reason="away", is_destroying=True))

    assert (notice.put_back, notice.remains) == ("Put back so far by “a”.", "Not settled: “b” and “c”.")
    assert "resume or undo" in notice.mend
    assert "undo" not in destroying.mend
    assert (bare.put_back, bare.remains) == ("", "")


def test_details_hold_what_the_certificate_and_the_holder_say() -> None:
    changed = words.explain(CertificateChanged(url="u", reason="r", fingerprint="ab", expected="cd"))
    unknown = words.explain(PoolFailed(code="NEVER_HEARD", parameters=("OpaqueRef:1",), method="VM.start"))
    assert unknown.failed == "The pool refused: NEVER_HEARD."
    assert "details name" in unknown.mend
    assert unknown.details == "VM.start NEVER_HEARD [OpaqueRef:1]"
    held = words.explain(HeldElsewhere(reason="r"))

    assert changed.details == "u, SHA-256 ab, expected cd"
    assert held.details == "held by somebody at another console"
    assert words.refusal(NotPromotable(reason="No.", mend="Do.")) == "No. Do."
    assert {field.name for field in fields(words.Notice)} == {"failed", "put_back", "remains", "mend", "details"}


def test_a_name_with_markup_and_line_breaks_stays_one_short_line() -> None:
    step = Step(key=StepKey("1"), action=Start(vm=VM), subject="<b>\n" + "x" * 10_000)

    assert "\n" not in words.describe(step)
    assert len(words.describe(step)) < 100
    assert RunId("r")


def test_only_what_may_have_reached_the_pool_is_to_be_looked_at_before_trying_again() -> None:
    sent, unsent = (ConnectionLost(pool="p", cause="reset", was_sent=was_sent) for was_sent in (True, False))

    assert "may have been done" in words.explain(sent).mend
    assert "try again when it is connected" in words.explain(unsent).mend
    assert "may have been done" not in words.explain(RunFailed(cause=sent, failed="Start shop-db")).mend


def test_a_road_that_was_given_up_is_not_said_to_open_by_itself() -> None:
    lost = ConnectionLost(pool="p", cause="reset", was_sent=False, is_for_good=True)

    assert "by itself" not in words.explain(lost).mend
    assert "connect to the pool again" in words.explain(lost).mend
