"""Freezes, holds, quarantine and a stopped line: set, met on every path, lifted, and on record."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import pytest

from tests.engine.desks import CountingIds, Desk, Office, virtually
from tests.engine.memory_port import MemoryPort
from tests.engine.requesting import Scene, approve, ask, refused, ruled, run, view
from tests.engine.test_planning import kinds
from xsconsole.domain.barriers import Barrier, BarrierKind
from xsconsole.domain.closures import AnyClosure, ClosureKind, Freeze, subject_of
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.plan import Disks
from xsconsole.domain.record import AuditEvent, Outcome
from xsconsole.domain.requests.views import RequestState, waiting_words
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import Workflow, afterwards, default_workflow
from xsconsole.domain.workflow.edits import change_transition
from xsconsole.domain.workflow.gates import HttpCall, When
from xsconsole.engine.closing import Closings
from xsconsole.engine.commands import (
    Closing,
    Direction,
    Dissolve,
    FreezeStage,
    HoldBack,
    Lift,
    QuarantineVersion,
    StopTheLine,
)
from xsconsole.engine.plans.barring import barred
from xsconsole.engine.ports import Field
from xsconsole.errors import Barred, NotFound, NotPromotable, PlanIsStale, Refused

PRODUCTION = StageId("production")
HOUR = timedelta(hours=1)


def lifting(closure: AnyClosure, reason: str = "over") -> Lift:
    kind, subject = subject_of(closure)
    return Lift(kind=kind, subject=subject, seen=closure, reason=reason)


def holding_back() -> Workflow:
    """The default workflow, whose way back from production leaves a hold behind."""
    flow = default_workflow()
    way = flow.transition(PRODUCTION, StageId("staging"))
    assert way is not None
    return msgspec.structs.replace(change_transition(flow, way.id, afterwards=(afterwards.Hold(),)), version=2)


async def closed(desk: Desk, command: Closing) -> AnyClosure:
    done = await desk.engine.closings.close(command)
    await desk.until(lambda: done in desk.board.closures.all)
    return done


async def lifted(desk: Desk, closure: AnyClosure) -> None:
    await desk.engine.closings.lift(lifting(closure))
    await desk.until(lambda: closure not in desk.board.closures.all)


EVERY: list[tuple[BarrierKind, Callable[[ConfigurationId], Closing]]] = [
    (BarrierKind.STOP, lambda _: StopTheLine(reason="why")),
    (BarrierKind.QUARANTINE, lambda _: QuarantineVersion(service="shop", version="1.3.0", reason="why")),
    (BarrierKind.HOLD, lambda shop: HoldBack(configuration=shop, reason="why")),
    (BarrierKind.FREEZE, lambda _: FreezeStage(stage=PRODUCTION, reason="why")),
]


def test_each_is_met_by_plan_and_drag_at_another_console_and_gone_once_it_is_lifted() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        shop = await office.shop(one)
        for _, made in EVERY:
            promotion = two.promotion(shop, "production")
            before = two.engine.plan(promotion)

            closure = await closed(one, made(shop))
            await two.until(lambda closure=closure: closure in two.board.closures.all)

            refusal = two.refusal(promotion)
            assert isinstance(refusal, Barred)
            assert "why" in refusal.reason
            dragged = {target.stage: target.refusal for target in two.engine.targets(shop)}[PRODUCTION]
            assert dragged is not None
            assert dragged.reason == refusal.reason
            back = {target.stage: target for target in two.engine.targets(shop)}[StageId("patch-testing")]
            assert back.refusal is None

            await lifted(one, closure)
            await two.until(lambda closure=closure: closure not in two.board.closures.all)
            assert two.engine.plan(promotion).digest == before.digest
        assert not [key for key in office.pool.keys if key.split(".")[1] in set(ClosureKind)]
        facts = [fact for fact in one.ledger.facts if fact.event in (AuditEvent.CLOSED, AuditEvent.LIFTED)]
        assert [fact.outcome for fact in facts] == [None, Outcome.DONE] * 8
        assert [name for name, _ in office.pool.messages] == [
            "XSCONSOLE_CREATE",
            "XSCONSOLE_LINE_STOPPED",
            "XSCONSOLE_LINE_RELEASED",
        ]

    virtually(story)


def test_a_run_that_was_confirmed_before_is_refused_from_the_pool_itself() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        shop = await office.shop(one)
        promotion = two.promotion(shop, "production")
        digest = two.engine.plan(promotion).digest
        two.is_deaf = True
        await one.engine.closings.close(StopTheLine(reason="Fire!"))
        two.is_deaf = False  # it hears of what comes next, and not of what was before

        with pytest.raises(NotPromotable) as found:
            await two.open(promotion, digest)

        assert "stopped the line" in found.value.reason
        assert two.ledger.facts[-1].event is AuditEvent.COMMAND_REFUSED
        assert one.card(shop).stage == "staging"

    virtually(story)


def test_a_freeze_is_over_only_when_the_pools_clock_says_so_too() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        now = desk.clock.now
        await closed(desk, FreezeStage(stage=PRODUCTION, ends=now() + HOUR, reason="audit"))
        promotion = desk.promotion(shop, "production")
        assert isinstance(desk.refusal(promotion), Barred)
        desk.clock.now = lambda: now() + 2 * HOUR  # type: ignore[method-assign]

        with pytest.raises(Barred) as found:
            await desk.open(promotion)

        assert "By the pool's clock it is still so." in found.value.reason

    virtually(story)


def test_of_two_who_close_at_once_one_does_and_the_other_is_told_who() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        shop = await office.shop(one)

        first = await one.engine.closings.close(HoldBack(configuration=shop, reason="mine"))
        with pytest.raises(Refused) as again:
            await two.engine.closings.close(HoldBack(configuration=shop, reason="mine too"))
        await two.engine.closings.lift(lifting(first))
        second = await two.engine.closings.close(HoldBack(configuration=shop, reason="another"))

        assert "hold of shop 1.3.0, by user-1" in again.value.reason
        with pytest.raises(PlanIsStale):
            await one.engine.closings.lift(lifting(first))
        await one.engine.closings.lift(lifting(second))
        with pytest.raises(NotFound):
            await one.engine.closings.lift(lifting(second))

    virtually(story)


class LookingLate:
    """A port that shows an empty pool at the first look."""

    def __init__(self, port: MemoryPort) -> None:
        self._port = port
        self._looks = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._port, name)

    async def keys(self, field: Field) -> object:
        self._looks += 1
        return {} if self._looks == 1 else await self._port.keys(field)


def test_nobody_else_slips_in_between_looking_and_closing() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        await office.shop(one)
        theirs = await two.engine.closings.close(StopTheLine(reason="theirs"))
        closings = Closings(LookingLate(one.port), one.ledger, one.clock, CountingIds(9), one)  # type: ignore[arg-type]

        with pytest.raises(Refused) as found:
            await closings.close(StopTheLine(reason="mine"))

        assert "by user-2" in found.value.reason
        assert one.ledger.facts[-1].outcome is Outcome.REFUSED
        assert theirs in two.board.closures.all

    virtually(story)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (StopTheLine(reason=" \n"), "no reason given"),
        (StopTheLine(reason="x" * 501), "501 characters"),
        (StopTheLine(reason="\u202eevil"), "U+202E"),
        (QuarantineVersion(service="shop", version="", reason="x"), "names a service and its version"),
        (FreezeStage(stage=StageId("moon"), reason="x"), "no stage “moon”"),
        (
            FreezeStage(stage=PRODUCTION, ends=datetime.fromisoformat("2000-01-01T00:00Z"), reason="x"),
            "before it begins",
        ),
        (
            FreezeStage(
                stage=PRODUCTION,
                begins=datetime.fromisoformat("2000-01-01T00:00Z"),
                ends=datetime.fromisoformat("2000-01-02T00:00Z"),
                reason="x",
            ),
            "ended at 2000-01-02",
        ),
        (HoldBack(configuration=ConfigurationId("gone"), reason="x"), "not on the pool any more"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(command: Closing, said: str) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        await office.shop(desk)
        before = dict(office.pool.keys)

        with pytest.raises(Refused) as found:
            await desk.engine.closings.close(command)

        assert said in found.value.reason
        assert office.pool.keys == before

    virtually(story)


def test_freezes_that_are_long_over_go_with_the_next_one() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        await office.shop(desk)
        over = await closed(desk, FreezeStage(stage=PRODUCTION, ends=desk.clock.now() + HOUR, reason="short"))
        await desk.clock.sleep(26 * 3600)

        lasting = await closed(desk, FreezeStage(stage=PRODUCTION, reason="long"))
        await desk.until(lambda: over not in desk.board.closures.all)

        assert desk.board.closures.freezes == (lasting,)
        assert desk.ledger.facts[-1].reason == "It was over."

    virtually(story)


# --- the hold of a demotion -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("disks", [Disks.KEEP, Disks.RESTORE])
def test_a_way_back_that_says_so_leaves_a_hold_and_nothing_promotes_it_until_it_is_lifted(disks: Disks) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.publish(holding_back())
        assert (await desk.do(desk.promotion(shop, "production"))).error is None
        demotion = replace(desk.demotion(shop, "staging", disks), reason="orders were lost")

        plan = desk.engine.plan(demotion)
        status = await desk.do(demotion)
        await desk.until(lambda: desk.card(shop).hold is not None)

        assert kinds(plan)[-1] == "place-hold"
        assert any("It is held afterwards" in warning for warning in plan.warnings)
        assert status.error is None, status.error
        hold = desk.card(shop).hold
        assert hold is not None
        assert (hold.reason, hold.by, hold.run) == ("orders were lost", "user-1", status.run)
        refusal = desk.refusal(desk.promotion(shop, "production"))
        assert "is held since it was demoted by user-1" in refusal.reason
        await lifted(desk, hold)
        assert (await desk.do(desk.promotion(shop, "production"))).error is None

    virtually(story)


def test_undoing_the_demotion_takes_its_own_hold_back_and_nobody_elses() -> None:
    async def story() -> None:
        for is_held_already in (False, True):
            office = Office()
            desk = office.desk()
            shop = await office.shop(desk)
            await desk.publish(with_probe(holding_back()))
            assert (await desk.do(desk.promotion(shop, "production"))).error is None
            if is_held_already:
                await closed(desk, HoldBack(configuration=shop, reason="by hand"))
            desk.prober.will("http://shop/health", *[False] * 1000)

            status = await desk.do(desk.demotion(shop, "staging"))

            assert status.state is RunState.UNDONE, status
            assert desk.card(shop).stage == "production"
            hold = desk.card(shop).hold
            assert (hold.reason if hold is not None else "") == ("by hand" if is_held_already else "")

    virtually(story)


def with_probe(flow: Workflow) -> Workflow:
    """With a check after the way back that leads back again."""
    way = flow.transition(PRODUCTION, StageId("staging"))
    assert way is not None
    gate = HttpCall(url="http://shop/health", when=When.AFTER, leads_back=True, timeout_s=2)
    return change_transition(flow, way.id, gates=(gate,))


def test_dissolving_takes_the_hold_along_and_undoing_that_puts_it_back() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await closed(desk, HoldBack(configuration=shop, reason="by hand"))
        command = Dissolve(configuration=shop, revision=desk.card(shop).revision)

        status = await desk.do(command)

        assert status.error is None
        assert not [key for key in office.pool.keys if ".hold." in key]

    virtually(story)


# --- going on, and requests -----------------------------------------------------------------------------------------


def test_an_interrupted_promotion_is_not_resumed_while_the_line_is_stopped_but_can_be_undone() -> None:
    async def story() -> None:
        for command in (StopTheLine(reason="x"), QuarantineVersion(service="shop", version="1.3.0", reason="x")):
            office = Office()
            one, two = office.desk(), office.desk()
            shop = await office.shop(one)
            run_ = await one.open(one.promotion(shop, "production"))
            run_.stop()
            assert (await run_.wait()).state is RunState.INTERRUPTED
            one.kill()
            await two.engine.closings.close(command)

            with pytest.raises(Barred) as found:
                await two.settle(shop, Direction.RESUME)
            status = await two.settle(shop, Direction.UNDO)

            assert "Or undo the run." in found.value.mend
            assert status.state is RunState.UNDONE

    virtually(story)


def test_an_approved_request_that_meets_a_freeze_waits_and_says_until_when() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin(ruled(scene.alice, scene.bob))
        request = await ask(scene.alice, scene.shop)
        await approve(scene.bob, request)
        ends = scene.alice.clock.now().replace(microsecond=0) + HOUR
        freeze = await closed(scene.bob, FreezeStage(stage=PRODUCTION, ends=ends, reason="audit"))

        found = view(scene.alice, request)
        said = await refused(scene.alice, request, Barred)

        assert found.state is RequestState.APPROVED
        assert found.opens_at == ends
        assert waiting_words(found) == f"is approved and can be run from {ends:%Y-%m-%d %H:%M} UTC on"
        itself = msgspec.structs.replace(found.request, runs_itself=True)
        by_itself = replace(found, paper=msgspec.structs.replace(found.paper, request=itself))
        assert "an open window of who asked runs it, not before" in waiting_words(by_itself)
        assert "Production is frozen" in found.obstacle
        assert "Production is frozen" in said
        assert isinstance(freeze, Freeze)
        late = view(scene.alice, request, ends)
        assert (late.obstacle, late.opens_at) == ("", None)
        await lifted(scene.bob, freeze)
        assert (await (await run(scene.alice, request)).wait()).error is None

    virtually(story)


def test_what_is_met_by_each_of_two_clocks_is_told_once() -> None:
    frozen = Barrier(kind=BarrierKind.FREEZE, sentence="It is frozen.", mend="Lift it.")

    refused = barred((frozen, replace(frozen, gate=1), replace(frozen, sentence="It is held.")))

    assert (refused.reason, refused.mend) == ("It is frozen. It is held.", "Lift it.")
