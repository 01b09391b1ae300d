"""Emergencies: who may goes past approvals and times, never past what keeps machines whole; and others look at it."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tests.engine.desks import Desk, virtually
from tests.engine.requesting import Scene, approve, ask, person_of, ruled
from tests.engine.requesting import run as run_request
from xsconsole.domain.approval import Decision, Matter, Meaning, decided
from xsconsole.domain.emergency import Declaration, declared, to_text
from xsconsole.domain.ids import GroupId, RunId, StageId
from xsconsole.domain.plan import Because, CheckGate, OpenReview
from xsconsole.domain.poolstate import decode_run, encode_run, run_stem
from xsconsole.domain.record import AuditEvent, Outcome
from xsconsole.domain.reviews import ReviewState, ReviewView, items_on, judge
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import ApprovalRule, Group, Workflow
from xsconsole.domain.workflow.afterwards import Review
from xsconsole.domain.workflow.gates import Checklist, HttpCall, MaintenanceWindow, PoolFit
from xsconsole.engine.commands import (
    Ask,
    Confirmed,
    Direction,
    Dissolve,
    Emergency,
    FreezeStage,
    HoldBack,
    Promote,
    QuarantineVersion,
    StopTheLine,
)
from xsconsole.engine.reviewing import forget_review
from xsconsole.engine.runner import Run
from xsconsole.errors import ApprovalMissing, Barred, NotPermitted, NotPromotable, PlanIsStale, Refused
from xsconsole.store.keys import is_signature

SHIFT = GroupId("shift")
CLOSED = MaintenanceWindow(weekdays=(), from_minute=0, to_minute=1)


def urgent(scene: Scene, *, version: int = 2, declarers: int = 1, **way: object) -> Workflow:
    """Two approve the way to production, and the first of the desks may declare an emergency."""
    desks = (scene.alice, scene.bob, scene.carol)
    workflow = ruled(*desks, count=2, version=version, **way)
    shift = Group(id=SHIFT, name="Shift", people=tuple(person.id for person in workflow.people[:declarers]))
    return msgspec.structs.replace(workflow, groups=(*workflow.groups, shift), declarers=(SHIFT,))


def promotion(desk: Desk, scene: Scene, reason: str = "the shop is down") -> Promote:
    return (
        msgspec.structs.replace
        if False
        else Promote(
            configuration=scene.shop,
            revision=desk.card(scene.shop).revision,
            target=desk.promotion(scene.shop, "production").target,
            reason=reason,
            emergency=Emergency(reason=reason),
        )
    )


def declaration(desk: Desk, command: Promote, **fields: object) -> Declaration:
    plan = desk.engine.plan(command)
    assert command.emergency is not None
    more = {"actor": desk.port.identity.actor, "reason": command.emergency.reason, **fields}
    return declared(
        desk.signer,
        plan,
        pool=desk.port.identity.pool,
        about="promote shop",
        ticket="INC-1",
        at=desk.clock.now(),
        session="",
        console=desk.name,
        **more,  # type: ignore[arg-type]
    )


async def declare(desk: Desk, scene: Scene, **fields: object) -> Run:
    command = promotion(desk, scene)
    found = declaration(desk, command, **fields)
    return await desk.engine.open(
        Confirmed(command=command, digest=desk.engine.plan(command).digest, declaration=found)
    )


def items(desk: Desk) -> list[ReviewView]:
    pool = desk.inventory.pool
    assert pool is not None
    keys = pool.other_config
    found = items_on(keys)
    return [judge(item, keys, desk.board.workflow, desk.clock.now(), is_signature) for item in found]


def finding(desk: Desk, view: ReviewView, reason: str = "looked at it") -> Decision:
    return decided(
        desk.signer,
        matter=Matter.REVIEW,
        subject=view.item.subject,
        about="review",
        meaning=Meaning.APPROVE,
        reason=reason,
        at=desk.clock.now(),
        actor=desk.port.identity.actor,
    )


async def look(desk: Desk, reason: str = "looked at it") -> ReviewView:
    (view,) = items(desk)
    await desk.engine.decide(finding(desk, view, reason))
    (view,) = items(desk)
    return view


def test_who_may_declares_an_emergency_past_approvals_and_it_leaves_a_review_before_its_first_effect() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        await scene.alice.publish(urgent(scene, version=3))
        await ask(scene.alice, scene.shop)

        run = await declare(scene.alice, scene)
        status = await run.wait()

        assert (status.state, scene.stage()) == (RunState.DONE, "production")
        assert status.plan.steps[0].key == "emergency-review"
        facts = scene.alice.ledger.facts
        told = next(fact for fact in facts if fact.event is AuditEvent.EMERGENCY_DECLARED)
        assert told.reason == "the shop is down"
        details = told.details or {}
        assert (details["by"], details["ticket"]) == ("Person 1", "INC-1")
        assert details["goes_past"] == ["Approval by 2 of Operators."]
        assert details["requests"]
        (shown,) = items(scene.bob)
        assert (shown.item.run, shown.state, shown.doubt) == (run.id, ReviewState.OPEN, "")
        assert {person.name for person in shown.could} == {"Person 2", "Person 3"}
        names = [name for name, _ in scene.office.pool.messages]
        assert names[-2:] == ["XSCONSOLE_EMERGENCY", "XSCONSOLE_PROMOTE"]

    virtually(story)


def test_only_who_may_by_a_key_of_their_own_and_no_shared_log_in_with_a_reason() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        await scene.alice.publish(urgent(scene, version=3))
        stranger = scene.office.desk()

        for desk, fields, words in (
            (scene.bob, {}, "Person 2 is none of those who may declare"),
            (stranger, {}, "to nobody"),
            (scene.alice, {"actor": "root"}, "several people use"),
            (scene.alice, {"reason": " \n"}, "without a reason"),
        ):
            with pytest.raises(NotPermitted, match=words):
                await declare(desk, scene, **fields)
        command = promotion(scene.alice, scene)
        signed = declaration(scene.alice, command)
        forged = msgspec.structs.replace(signed, reason="another one")
        digest = scene.alice.engine.plan(command).digest
        for false, words in ((None, "Nobody declared"), (forged, "signature of the declaration does not match")):
            with pytest.raises(NotPermitted, match=words):
                await scene.alice.engine.open(Confirmed(command=command, digest=digest, declaration=false))
        with pytest.raises(Refused, match="declared, and nobody is asked"):
            scene.alice.engine.requests.plan(Ask(command=command, digest=digest))

        assert scene.stage() == "staging"
        assert items(scene.alice) == []

    virtually(story)


def test_it_goes_past_windows_and_soak_time_and_no_other_gate() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        gates = (CLOSED, PoolFit(), Checklist(items=("Is the backup done?",)), HttpCall(url="https://ci/ok"))
        await scene.alice.publish(urgent(scene, version=3, gates=gates, soak_s=86400))
        scene.alice.prober.will("https://ci/ok", True)

        plan = scene.alice.engine.plan(promotion(scene.alice, scene))

        assert plan.overrides is not None
        assert [one.key for one in plan.overrides] == ["approvals-1", "soak", "gate-1"]
        kept = [step.action.gate for step in plan.steps if isinstance(step.action, CheckGate)]
        assert kept == list(gates[1:])
        assert plan.questions == ("Is the backup done?",)
        review = next(step for step in plan.steps if isinstance(step.action, OpenReview))
        assert set(review.after) == {"before-02-gate", "before-03-gate", "before-04-gate"}
        assert all(step.after for step in plan.steps if not isinstance(step.action, CheckGate))
        assert any("EMERGENCY, goes past: " in warning for warning in plan.warnings)

    virtually(story)


def test_it_is_refused_where_there_is_nothing_to_go_past_or_nobody_may() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()

        assert "names nobody who may declare" in scene.alice.refusal(promotion(scene.alice, scene)).reason
        plain = urgent(scene, version=3)
        ways = tuple(msgspec.structs.replace(way, approvals=()) for way in plain.transitions)
        await scene.alice.publish(msgspec.structs.replace(plain, transitions=ways))
        assert isinstance(scene.alice.refusal(promotion(scene.alice, scene)), NotPromotable)
        assert "Nothing stands against it" in scene.alice.refusal(promotion(scene.alice, scene)).reason

    virtually(story)


def test_what_was_declared_is_that_plan_and_no_other() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        await scene.alice.publish(urgent(scene, version=3))
        command = promotion(scene.alice, scene)
        signed = declaration(scene.alice, command)
        digest = scene.alice.engine.plan(command).digest
        ordinary = msgspec.structs.replace(
            signed, plan=scene.alice.engine.plan(scene.alice.promotion(scene.shop, "production")).digest
        )

        with pytest.raises(NotPermitted, match="signature"):
            await scene.alice.engine.open(Confirmed(command=command, digest=digest, declaration=ordinary))
        await scene.alice.publish(urgent(scene, version=4, soak_s=86400))
        with pytest.raises(PlanIsStale):
            await scene.alice.engine.open(Confirmed(command=command, digest=digest, declaration=signed))

    virtually(story)


def test_another_console_resumes_it_by_the_declaration_alone_and_no_forged_one() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        await scene.alice.publish(urgent(scene, version=3))
        run = await declare(scene.alice, scene)
        scene.alice.engine.stop_runs()
        assert (await run.wait()).state is RunState.INTERRUPTED
        await scene.alice.engine.close()
        stem = run_stem(scene.shop)
        (key,) = [key for key in scene.office.pool.keys if key.startswith(stem)]
        record = decode_run(scene.office.pool.keys[key])
        assert record is not None
        good = scene.office.pool.keys[key]

        for false in ("", to_text(msgspec.structs.replace(declaration_of(record.emergency), reason="forged"))):
            scene.leave(stem, encode_run(msgspec.structs.replace(record, emergency=false)), 99)
            with pytest.raises(ApprovalMissing, match="an emergency that does not count"):
                await scene.bob.settle(scene.shop, Direction.RESUME)
        scene.leave(stem, good, 100)
        status = await scene.bob.settle(scene.shop, Direction.RESUME)

        assert (status.state, scene.stage()) == (RunState.DONE, "production")
        assert len(items(scene.bob)) == 1

    virtually(story)


def declaration_of(text: str) -> Declaration:
    return msgspec.json.decode(text, type=Declaration)


def test_the_review_ages_until_somebody_else_says_what_they_found() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        await scene.alice.publish(urgent(scene, version=3))
        await (await declare(scene.alice, scene)).wait()

        own = await look(scene.alice)
        empty = await look(scene.bob, "  ")
        seen = await look(scene.carol, "the fix was right")

        assert own.state is empty.state is ReviewState.OPEN
        assert [one.reason for one in own.tally.ignored] == ["Person 1 asked for it."]
        assert (seen.state, [one.reason for one in seen.findings]) == (ReviewState.SEEN, ["the fix was right"])
        later = judge(seen.item, {}, scene.bob.board.workflow, seen.item.opened_at + timedelta(days=3), is_signature)
        assert later.standing == "open for 3 days"
        await forget_review(scene.carol.port, scene.carol.ledger, seen)
        assert items(scene.bob) == []
        assert not [key for key in scene.office.pool.keys if ".review." in key]
        closed = [fact for fact in scene.carol.ledger.facts if fact.event is AuditEvent.REVIEW_CLOSED]
        assert [fact.outcome for fact in closed] == [None, Outcome.DONE]
        assert closed[0].reason == "the fix was right"

    virtually(story)


def test_a_review_outlasts_undoing_dissolving_and_publishing_and_who_is_no_more_leaves_it_to_others() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        rule = ApprovalRule(count=1, people=(person_of(scene.bob, 2).id,))
        await scene.alice.publish(urgent(scene, version=3, afterwards=(Review(rule=rule, within_s=3600),)))
        status = await (await declare(scene.alice, scene)).wait()
        assert status.state is RunState.DONE, status.error
        by_rule = next(view for view in items(scene.bob) if view.item.rule is not None)
        assert {person.name for person in by_rule.could} == {"Person 2"}

        (await scene.alice.do(Dissolve(configuration=scene.shop, revision=scene.alice.card(scene.shop).revision)))
        left = urgent(scene, version=4)
        people = tuple(person for person in left.people if person.id != "p2")
        groups = tuple(
            msgspec.structs.replace(group, people=tuple(p for p in group.people if p != "p2")) for group in left.groups
        )
        await scene.alice.publish(msgspec.structs.replace(left, people=people, groups=groups))

        standing = items(scene.carol)
        assert len(standing) == 2
        assert all({person.name for person in view.could} == {"Person 3"} for view in standing)
        late = next(view for view in standing if view.item.rule is not None)
        at = datetime(2030, 1, 1, tzinfo=UTC)
        assert "too long" in judge(late.item, {}, scene.bob.board.workflow, at, is_signature).standing

    virtually(story)


def test_an_item_whose_declaration_somebody_changed_is_doubted() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        await scene.alice.publish(urgent(scene, version=3))
        await (await declare(scene.alice, scene)).wait()
        (view,) = items(scene.bob)
        item = view.item
        assert item.declaration is not None
        changed = msgspec.structs.replace(item, declaration=msgspec.structs.replace(item.declaration, reason="nothing"))
        other = msgspec.structs.replace(item, actor="user-9")

        for false in (changed, other, msgspec.structs.replace(item, declaration=None)):
            assert judge(false, {}, scene.bob.board.workflow, scene.bob.clock.now(), is_signature).doubt
        unknown = judge(item, {}, None, scene.bob.clock.now(), is_signature)
        assert (unknown.state, unknown.could) == (ReviewState.OPEN, ())

    virtually(story)


def test_a_run_that_is_put_back_leaves_its_review() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        await scene.alice.publish(urgent(scene, version=3))
        run = await declare(scene.alice, scene)
        scene.office.pool.subscribe(lambda _: run.abort() if items(scene.bob) else None)

        status = await run.wait()

        assert (status.state, scene.stage()) == (RunState.UNDONE, "staging")
        assert len(items(scene.bob)) == 1
        assert RunId(items(scene.bob)[0].item.id) == run.id

    virtually(story)


def test_what_cannot_be_read_is_no_review() -> None:
    assert (
        items_on({"xsconsole.review.x.1": "{", "xsconsole.review.y.1": '{"schema": 2}', "xsconsole.review.": ""}) == ()
    )


def test_it_goes_past_freeze_hold_quarantine_and_a_stopped_line_and_is_resumed_while_they_stand() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        await scene.alice.publish(urgent(scene, version=3))
        for closing in (
            StopTheLine(reason="audit week"),
            QuarantineVersion(service="shop", version="1.3.0", reason="leaks"),
            HoldBack(configuration=scene.shop, reason="went back twice"),
            FreezeStage(stage=StageId("production"), reason="year end"),
        ):
            done = await scene.bob.engine.closings.close(closing)
            await scene.alice.until(lambda: done in scene.alice.board.closures.all)  # noqa: B023 - awaited here

        assert isinstance(scene.alice.refusal(scene.alice.promotion(scene.shop, "production")), Barred)
        run = await declare(scene.alice, scene)
        scene.alice.engine.stop_runs()
        assert (await run.wait()).state is RunState.INTERRUPTED
        await scene.alice.engine.close()
        status = await scene.bob.settle(scene.shop, Direction.RESUME)

        assert (status.state, scene.stage()) == (RunState.DONE, "production")
        passed = status.plan.overrides or ()
        assert [one.key for one in passed] == ["approvals-1", "stop-the-line", "quarantine", "hold", "freeze"]
        assert "audit week" in passed[1].sentence

    virtually(story)


def test_an_ordinary_run_keeps_the_review_that_its_way_demands_afterwards() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        rule = ApprovalRule(count=2, groups=(GroupId("operators"),))
        await scene.alice.publish(
            ruled(scene.alice, scene.bob, scene.carol, version=3, afterwards=(Review(rule=rule),))
        )
        request = await ask(scene.alice, scene.shop)
        await approve(scene.bob, request)

        status = await (await run_request(scene.carol, request)).wait()
        first = await look(scene.bob)
        second = await look(scene.carol)

        assert status.state is RunState.DONE, status.error
        assert first.item.because is Because.AFTERWARDS
        assert (first.item.actor, first.state, second.state) == ("user-1", ReviewState.OPEN, ReviewState.SEEN)
        assert (first.standing, first.is_late) == ("open for less than a minute", False)

    virtually(story)
