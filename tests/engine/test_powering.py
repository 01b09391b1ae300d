"""A configuration is started, shut down and rebooted as one thing, in its order; a failure puts everything back."""

import msgspec
import pytest

from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_planning import kinds
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.plan import RunKind
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import title
from xsconsole.domain.workflow import Group, Limits, Workflow
from xsconsole.engine.commands import ChangePower, Direction
from xsconsole.errors import NotPermitted, NotPromotable, StageFull

GIB = 2**30


def change(desk: Desk, shop: ConfigurationId, kind: RunKind) -> ChangePower:
    return ChangePower(configuration=shop, revision=desk.card(shop).revision, kind=kind, reason="by hand")


def states(office: Office) -> dict[str, str]:
    return {vm.name_label: vm.power_state for vm in office.pool.vms() if not vm.is_a_snapshot}


def test_it_goes_down_and_up_in_order_and_says_who_is_passed_over() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        down = desk.engine.plan(change(desk, shop, RunKind.SHUT_DOWN))
        assert (title(down), kinds(down)) == ("Shut down shop 1.3.0", ["shut-down", "shut-down"])
        assert [step.subject for step in down.steps] == ["shop-web", "shop-db"]
        assert down.steps[1].after == (down.steps[0].key,)
        assert down.warnings == ("shop-db and shop-web will be shut down.", "shop-lb is off already.")
        up = desk.engine.plan(change(desk, shop, RunKind.START))
        assert (title(up), kinds(up)) == ("Start shop 1.3.0", ["start", "verify"])
        assert up.warnings == ("shop-lb will be started.", "shop-db and shop-web run already.")

        assert (await desk.do(change(desk, shop, RunKind.SHUT_DOWN))).state is RunState.DONE
        assert set(states(office).values()) == {"Halted"}
        assert "is off already" in desk.refusal(change(desk, shop, RunKind.SHUT_DOWN)).reason
        assert "is off" in desk.refusal(change(desk, shop, RunKind.REBOOT)).reason

        up = desk.engine.plan(change(desk, shop, RunKind.START))
        assert [step.subject for step in up.steps] == ["shop-db", "shop-web", "shop-lb", "shop 1.3.0"]
        assert all(later.after == (sooner.key,) for sooner, later in zip(up.steps, up.steps[1:], strict=False))
        assert {step.host for step in up.steps[:3]} == {office.pool.host.uuid}
        revision = desk.card(shop).revision
        assert (await desk.do(change(desk, shop, RunKind.START))).error is None
        assert set(states(office).values()) == {"Running"}
        assert desk.card(shop).revision == revision
        assert "runs already" in desk.refusal(change(desk, shop, RunKind.START)).reason

        again = desk.engine.plan(change(desk, shop, RunKind.REBOOT))
        assert kinds(again) == ["shut-down"] * 3 + ["start-again"] * 3 + ["verify"]
        assert (await desk.do(change(desk, shop, RunKind.REBOOT))).error is None
        assert set(states(office).values()) == {"Running"}
        with pytest.raises(NotPromotable, match="no change of the power"):
            desk.engine.plan(change(desk, shop, RunKind.MEND))

    virtually(story)


def test_a_failure_in_the_middle_is_put_back_and_an_interrupted_one_goes_either_way() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        before = states(office)
        for kind, method, nth in (
            (RunKind.SHUT_DOWN, "shut_down", 2),
            (RunKind.REBOOT, "start", 2),
        ):
            desk.port.faults.append(Fault(method=method, nth=nth, code="INTERNAL_ERROR"))
            status = await desk.do(change(desk, shop, kind))
            assert (status.state, states(office)) == (RunState.UNDONE, before)
        await desk.do(change(desk, shop, RunKind.SHUT_DOWN))
        desk.port.faults.append(Fault(method="start", nth=3, code="HOST_NOT_ENOUGH_FREE_MEMORY"))
        assert (await desk.do(change(desk, shop, RunKind.START))).state is RunState.UNDONE
        assert set(states(office).values()) == {"Halted"}

        for direction, expected in ((Direction.RESUME, "Running"), (Direction.UNDO, "Halted")):
            run = await desk.open(change(desk, shop, RunKind.START))
            while desk.port.calls.count("start") < 1:
                await desk.clock.sleep(0)
            run.stop()
            assert (await run.wait()).state is RunState.INTERRUPTED
            await desk.settle(shop, direction)
            assert set(states(office).values()) == {expected}
            if direction is Direction.RESUME:
                await desk.do(change(desk, shop, RunKind.SHUT_DOWN))
            desk.port.calls.clear()

    virtually(story)


def limited(desk: Desk, running: int | None = None, **stage: object) -> Workflow:
    """The workflow that stands, with a limit or a protection at Staging, in its next version."""
    workflow = desk.board.workflow
    assert workflow is not None
    stages = tuple(
        msgspec.structs.replace(one, limits=Limits(running=running), **stage) if one.id == "staging" else one
        for one in workflow.stages
    )
    return msgspec.structs.replace(workflow, stages=stages, version=workflow.version + 1)


def test_what_the_stage_the_hosts_or_a_machine_forbid_is_refused_before_anything_happens() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        crm = office.pool.add_vm("crm", memory_static_max=4 * GIB)
        other = await office.configuration(desk, "crm", "7.1", "staging", [crm.uuid])
        start = change(desk, other, RunKind.START)

        await desk.publish(limited(desk, running=1))
        with pytest.raises(StageFull, match="takes 1 configuration with running machines"):
            desk.engine.plan(start)
        assert kinds(desk.engine.plan(change(desk, shop, RunKind.START))) == ["start", "verify"], "it has its place"
        await desk.publish(limited(desk, protection=("clean_shutdown",)))
        assert (
            "forbids to change the power, which a shutdown"
            in desk.refusal(change(desk, shop, RunKind.SHUT_DOWN)).reason
        )
        await desk.publish(msgspec.structs.replace(limited(desk, actors=("ops",)), groups=(Group(id="ops", name="O"),)))
        with pytest.raises(NotPermitted):
            desk.engine.plan(start)
        await desk.publish(limited(desk, protection=(), actors=()))

        office.pool.change(crm.uuid, memory_static_max=999 * GIB)
        assert "needs 999 GiB" in desk.refusal(start).reason
        office.pool.change(crm.uuid, memory_static_max=GIB, blocked_operations={"start_on": "licence"})
        assert "blocked at “crm”: licence" in desk.refusal(start).reason
        office.pool.change(crm.uuid, power_state="Suspended", blocked_operations={})
        assert "is suspended" in desk.refusal(start).reason

    virtually(story)


def test_memories_are_written_and_read_again_as_one_and_put_back_where_one_fails() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        assert (
            "There is no storage for the memory of “shop-" in desk.refusal(change(desk, shop, RunKind.SUSPEND)).reason
        )
        office.pool.put(msgspec.structs.replace(office.pool._pool_record(), suspend_image_SR=office.pool.storage.ref))
        plan = desk.engine.plan(change(desk, shop, RunKind.SUSPEND))
        assert [step.subject for step in plan.steps] == ["shop-web", "shop-db"]
        assert plan.warnings == (
            "shop-db and shop-web will be suspended.",
            "shop-lb does not run and is passed over.",
            "What they hold in memory takes up to 4 GiB in “SAN-gold”.",
        )
        before = states(office)
        desk.port.faults.append(Fault(method="suspend", nth=2))
        assert (await desk.do(change(desk, shop, RunKind.SUSPEND))).state is RunState.UNDONE
        assert states(office) == before

        assert (await desk.do(change(desk, shop, RunKind.SUSPEND))).error is None
        suspended = states(office)
        assert suspended == {"shop-db": "Suspended", "shop-web": "Suspended", "shop-lb": "Halted"}
        assert "does not run" in desk.refusal(change(desk, shop, RunKind.SUSPEND)).reason
        assert "Resume it" in desk.refusal(change(desk, shop, RunKind.START)).mend
        desk.port.faults.append(Fault(method="resume", nth=2, code="HOST_NOT_ENOUGH_FREE_MEMORY"))
        assert (await desk.do(change(desk, shop, RunKind.RESUME))).state is RunState.UNDONE
        assert states(office) == suspended
        assert (await desk.do(change(desk, shop, RunKind.RESUME))).error is None
        assert states(office) == before
        assert "has no suspended machine" in desk.refusal(change(desk, shop, RunKind.RESUME)).reason

        small = msgspec.structs.replace(office.pool.storage, physical_size=3 * GIB)
        office.pool.put(small)
        assert "The memories may take 4 GiB in “SAN-gold”" in desk.refusal(change(desk, shop, RunKind.SUSPEND)).reason

    virtually(story)


def test_a_way_back_that_breaks_off_is_finished_either_way_also_where_a_machine_is_gone() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        office.pool.put(msgspec.structs.replace(office.pool._pool_record(), suspend_image_SR=office.pool.storage.ref))
        for kind, forth, back, state in (
            (RunKind.SUSPEND, "suspend", "resume", "Suspended"),
            (RunKind.RESUME, "resume", "suspend", "Running"),
        ):
            desk.port.faults += [Fault(method=forth, nth=2), Fault(method=back)]
            assert (await desk.do(change(desk, shop, kind))).state is RunState.INTERRUPTED
            await desk.settle(shop, Direction.RESUME)
            assert states(office) == {"shop-db": state, "shop-web": state, "shop-lb": "Halted"}

        desk.port.faults += [Fault(method="suspend", nth=2), Fault(method="resume")]
        assert (await desk.do(change(desk, shop, RunKind.SUSPEND))).state is RunState.INTERRUPTED
        office.pool.forget(desk.member(shop, "shop-web"))
        assert (await desk.settle(shop, Direction.UNDO)).state is RunState.UNDONE
        assert states(office) == {"shop-db": "Running", "shop-lb": "Halted"}

    virtually(story)
