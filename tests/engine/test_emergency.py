"""Emergencies: who may goes past approvals and times, never past what keeps machines whole."""

import msgspec
import pytest

from tests.engine.desks import virtually
from tests.engine.requesting import Scene, ask
from tests.engine.urgent import CLOSED, declaration, declare, items, promotion, urgent
from xsconsole.domain.emergency import Declaration, to_text
from xsconsole.domain.ids import StageId
from xsconsole.domain.plan import CheckGate, OpenReview
from xsconsole.domain.poolstate import decode_run, encode_run, run_stem
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.reviews import ReviewState
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow.gates import Checklist, HttpCall, PoolFit
from xsconsole.engine.commands import (
    Ask,
    Confirmed,
    Direction,
    FreezeStage,
    HoldBack,
    QuarantineVersion,
    StopTheLine,
)
from xsconsole.errors import ApprovalMissing, Barred, NotPermitted, NotPromotable, PlanIsStale, Refused


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
