"""The end of a configuration's time in its stage: shut down in order, given longer, and refused where it is not due."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from tests.domain.test_stays import leased
from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_closing import closed, lifting
from xsconsole.domain.board import Standing
from xsconsole.domain.closures import NEVER, ClosureKind, Extension, closure_stem
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.plan import RunKind, ShutDown
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.runs import RunState
from xsconsole.domain.stays import last_archive, stay_of, what_to_do
from xsconsole.domain.words import act_name, title
from xsconsole.domain.workflow import Group, Person
from xsconsole.domain.workflow.values import LeaseEnd
from xsconsole.engine.commands import EndStay, ExtendStay, StopTheLine
from xsconsole.engine.ports import Field
from xsconsole.errors import NotPermitted, NotPromotable, Refused

DAY = timedelta(days=1)
T = TypeVar("T")


def must(found: T | None) -> T:
    assert found is not None
    return found


def told(desk: Desk, shop: ConfigurationId) -> str:
    card, workflow = desk.card(shop), must(desk.board.workflow)
    return what_to_do(card, must(stay_of(card, workflow)), workflow)


def end(desk: Desk, shop: ConfigurationId) -> EndStay:
    return EndStay(configuration=shop, revision=desk.card(shop).revision, reason="over")


async def later(by: timedelta) -> None:
    """Let time pass, at every desk and on the pool."""
    await asyncio.sleep(by.total_seconds())


async def begun(at_end: LeaseEnd = LeaseEnd.STOP) -> tuple[Desk, ConfigurationId, Office]:
    office = Office()
    desk = office.desk()
    shop = await office.shop(desk)
    await desk.publish(leased(at_end, days=10, version=2))
    return desk, shop, office


def test_at_the_end_the_machines_are_shut_down_in_order_and_started_again_where_one_refuses() -> None:
    async def story() -> None:
        desk, shop, office = await begun()
        with pytest.raises(NotPromotable, match=r"may still stand there\. Its time in Staging, 10 days, is over at"):
            desk.engine.plan(end(desk, shop))
        await later(11 * DAY)
        plan = desk.engine.plan(end(desk, shop))

        assert (title(plan), act_name(RunKind.HALT)) == ("Shut down shop 1.3.0", "Shut down")
        assert [step.subject for step in plan.steps] == ["shop-web", "shop-db"]
        assert all(isinstance(step.action, ShutDown) for step in plan.steps)
        assert plan.steps[1].after == (plan.steps[0].key,)
        assert "2 running machines will be shut down" in plan.warnings[0]

        db = next(member.uuid for member in desk.card(shop).members if member.name == "shop-db")
        vm = office.pool.find(db)
        assert vm is not None
        blocked = {"clean_shutdown": "backup"}
        office.pool.put_vm(msgspec.structs.replace(vm, blocked_operations=blocked))
        await desk.caught_up()
        assert "blocked at “shop-db”: backup" in desk.refusal(end(desk, shop)).reason
        office.pool.put_vm(msgspec.structs.replace(vm, blocked_operations={}))
        await desk.caught_up()

        status = await desk.do(end(desk, shop))

        assert status.state is RunState.DONE
        assert {vm.power_state for vm in office.pool.vms()} == {"Halted"}
        assert "is off already" in desk.refusal(end(desk, shop)).reason
        stay = stay_of(desk.card(shop), desk.board.workflow)
        assert stay is not None
        assert stay.is_over(desk.clock.now())

    virtually(story)


def test_a_longer_time_counts_for_the_stay_that_it_was_given_for_and_can_be_given_again() -> None:
    async def story() -> None:
        desk, shop, _ = await begun()
        await later(9 * DAY)
        now = desk.clock.now()

        given = await closed(desk, ExtendStay(configuration=shop, until=now + 5 * DAY, reason="the audit"))
        await later(3 * DAY)
        assert isinstance(given, Extension)
        assert "10 days and extended, is over at" in desk.refusal(end(desk, shop)).reason
        with pytest.raises(Refused, match="no later than its time ends anyway"):
            await desk.engine.closings.close(ExtendStay(configuration=shop, until=now + 4 * DAY, reason="less"))
        with pytest.raises(Refused, match="extended by as long as its lease at the most, 10 days from now"):
            await desk.engine.closings.close(ExtendStay(configuration=shop, until=now + 40 * DAY, reason="more"))
        with pytest.raises(Refused, match="no later than now"):
            await desk.engine.closings.close(ExtendStay(configuration=shop, until=now, reason="past"))
        again = await closed(desk, ExtendStay(configuration=shop, until=now + 6 * DAY, reason="still"))
        await later(5 * DAY)
        assert desk.engine.plan(end(desk, shop)).steps

        assert [key for key in await desk.port.keys(Field.POOL) if closure_stem(ClosureKind.STAY, shop) in key]
        await desk.engine.closings.lift(lifting(again))
        events = [event for event in desk.ledger.events() if event in (AuditEvent.STAY_EXTENDED, AuditEvent.LIFTED)]
        assert events == [
            *[AuditEvent.STAY_EXTENDED] * 2,
            *[AuditEvent.LIFTED] * 2,
            *[AuditEvent.STAY_EXTENDED] * 2,
            *[AuditEvent.LIFTED] * 2,
        ]

        old = msgspec.structs.replace(again, since=again.since - DAY)  # of an earlier stay in the same stage
        text = msgspec.json.encode(old).decode()
        await desk.port.add_key(Field.POOL, f"{closure_stem(ClosureKind.STAY, shop)}.1", text)
        await desk.until(lambda: desk.card(shop).extension == old)
        assert desk.engine.plan(end(desk, shop)).steps
        await desk.port.add_key(Field.POOL, f"{closure_stem(ClosureKind.STAY, shop)}.2", "of a newer console")
        await desk.port.remove_key(Field.POOL, f"{closure_stem(ClosureKind.STAY, shop)}.1")
        await desk.until(lambda: (given := desk.card(shop).extension) is not None and given.until == NEVER)
        assert "may still stand there" in desk.refusal(end(desk, shop)).reason

    virtually(story)


def test_nothing_is_shut_down_that_nobody_wants_so_and_only_who_may_act_there_gives_longer() -> None:
    async def story() -> None:
        desk, shop, _ = await begun(LeaseEnd.TELL)
        await later(11 * DAY)
        assert "does not say that machines are shut down" in desk.refusal(end(desk, shop)).reason
        workflow = leased(LeaseEnd.STOP, days=10, version=3)
        people = (Person(id="ann", name="Ann", subject="acme\\ann"),)
        groups = (Group(id="ops", name="Ops", people=("ann",)),)
        stages = tuple(
            msgspec.structs.replace(stage, actors=("ops",)) if stage.id == "staging" else stage
            for stage in workflow.stages
        )
        await desk.publish(msgspec.structs.replace(workflow, people=people, groups=groups, stages=stages))
        wanted = ExtendStay(configuration=shop, until=desk.clock.now() + DAY, reason="mine")
        with pytest.raises(NotPermitted, match="names Ops"):
            await desk.engine.closings.close(wanted)
        await closed(desk, StopTheLine(reason="look first"))
        assert "The line is stopped" in desk.refusal(end(desk, shop)).reason

        bare = msgspec.structs.replace(
            workflow,
            version=4,
            stages=tuple(msgspec.structs.replace(stage, lease=None) for stage in workflow.stages),
        )
        await desk.publish(bare)
        assert desk.card(shop).stage == StageId("staging")
        with pytest.raises(Refused, match="in its stage has no end"):
            await desk.engine.closings.close(wanted)

    virtually(story)


def test_what_is_archived_at_the_end_is_off_once_noted_and_only_once() -> None:
    async def story() -> None:
        desk, shop, office = await begun(LeaseEnd.ARCHIVE)
        await later(11 * DAY)
        assert "no folder was named" in desk.refusal(end(desk, shop)).reason
        command = replace(end(desk, shop), folder=Path("/archives/shop"))
        plan = desk.engine.plan(command)
        assert (plan.intent.kind, plan.warnings[0][:11]) == (RunKind.ARCHIVE, "Its time in")
        assert "2 running machines will be shut down, and stay off." in plan.warnings
        assert "At its end it is shut down and archived" in told(desk, shop)

        desk.port.faults.append(Fault(method="destroy_snapshot", nth=1))
        failed = await desk.do(command)
        assert failed.state is RunState.UNDONE
        assert desk.card(shop).archived is None
        assert {vm.name_label: vm.power_state for vm in office.pool.vms()}["shop-db"] == "Running"
        assert desk.port.shelf.files == {}

        assert (await desk.do(command)).error is None

        card = desk.card(shop)
        assert {vm.power_state for vm in office.pool.vms()} == {"Halted"}
        assert card.standing is Standing.WHOLE
        done = must(last_archive(card))
        assert (done.where, done.by) == ("/archives/shop", desk.name)
        assert "It was archived at" in told(desk, shop)
        again = desk.refusal(replace(end(desk, shop), folder=Path("/archives/again")))
        assert "was archived at the end of its time" in again.reason

    virtually(story)
