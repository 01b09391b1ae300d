"""Copies that others approve: frozen before anybody decides, copied from exactly that, and gone with the request."""

import asyncio
from dataclasses import replace

import msgspec
import pytest

from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_port import Fault
from tests.engine.requesting import approve, ask, refused, ruled, run, view
from tests.engine.test_copying import census, made
from xsconsole.domain.actions.copies import UseCandidate
from xsconsole.domain.approval import Meaning
from xsconsole.domain.board import Standing
from xsconsole.domain.disks import disks_of
from xsconsole.domain.ids import RequestId, TransitionId, Uuid
from xsconsole.domain.inventory import VM
from xsconsole.domain.lineage import descent
from xsconsole.domain.poolstate import RESTORE_POINT_KEY, workflow_stem
from xsconsole.domain.requests.values import Request
from xsconsole.domain.requests.views import RequestState
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import Method, RestorePointRule, Workflow, to_stored
from xsconsole.domain.workflow.gates import Script, When
from xsconsole.engine.commands import Ask, Dissolve, Freeze, Thaw
from xsconsole.engine.ports import Field
from xsconsole.errors import NotFound, NotPromotable, PlanIsStale, Refused, RunFailed

WAY = TransitionId("staging-to-production")
GIB = 1024**3


def copied(*desks: Desk, method: Method = Method.LINKED_CLONE, **way: object) -> Workflow:
    """Into production by copies that somebody must approve; back from there as it was."""
    workflow = ruled(*desks)
    ways = tuple(
        msgspec.structs.replace(one, **{"method": method, "restore_point": None, **way})
        if one.id == WAY
        else msgspec.structs.replace(one, approvals=())
        for one in workflow.transitions
    )
    return msgspec.structs.replace(workflow, transitions=ways)


class Scene:
    """Alice asks, Bob may approve; shop stands in staging, of three machines of which some run."""

    def __init__(self) -> None:
        self.office = Office()
        self.alice, self.bob = self.office.desk(), self.office.desk()

    async def begin(self, **way: object) -> "Scene":
        self.shop = await self.office.shop(self.alice)
        await self.alice.publish(copied(self.alice, self.bob, **way))  # type: ignore[arg-type]
        self.before = census(self.office)
        return self

    def frozen(self) -> list[VM]:
        return frozen_in(self.office)

    async def approved(self) -> Request:
        request = await ask(self.alice, self.shop)
        await approve(self.bob, request)
        return request


def frozen_in(office: Office) -> list[VM]:
    return [vm for vm in office.pool.vms() if RESTORE_POINT_KEY in vm.other_config and vm.is_a_snapshot]


def test_asking_freezes_and_what_is_approved_is_copied_whatever_the_source_became() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        pool, alice, bob = scene.office.pool, scene.alice, scene.bob
        machine = alice.member(scene.shop, "shop-db")

        request = await ask(alice, scene.shop)

        assert len(scene.frozen()) == 3
        assert all("for Production" in vm.name_label for vm in scene.frozen())
        shown = view(bob, request)
        assert shown.state is RequestState.WAITING
        assert shown.frozen.startswith("frozen at 2026-11-23 14:0")
        assert shown.frozen.endswith("as a power cut would have left it; 3 snapshots, 30 GiB at most")
        assert shown.paper.plan is not None
        uses = [step.action for step in shown.paper.plan.steps if isinstance(step.action, UseCandidate)]
        assert {use.snapshot for use in uses} == {vm.uuid for vm in scene.frozen()}
        disks = {disk.uuid for vm in scene.frozen() for disk in disks_of(bob.inventory, vm)}
        assert {disk for use in uses for disk in use.disks.values()} == disks

        was, pool.contents[machine] = pool.contents[machine], "written meanwhile"
        pool.change(machine, memory_static_max=9 * GIB, name_label="renamed", order=5, power_state="Halted")
        await approve(bob, request)
        assert view(bob, request).state is RequestState.APPROVED
        bob.slow_down()
        status = await (await run(bob, request)).wait()
        await bob.engine.close()
        await bob.caught_up()

        assert status.error is None
        card = made(bob, scene.shop)
        assert (card.stage, card.standing) == ("production", Standing.WHOLE)
        copy = pool.vm(next(member.uuid for member in card.members if member.role == "shop-db"))
        assert (pool.contents[copy.uuid], copy.memory_static_max, copy.order) == (was, 2 * GIB, 0)
        assert copy.name_label == "shop-db (Production)"
        assert card.origin is not None
        assert "frozen at 2026-11-23" in descent(card.origin, bob.board.workflow)
        assert (scene.frozen(), bob.engine.requests.left_over()) == ([], ())
        assert not [key for key in pool.keys if ".request." in key or ".approval." in key or ".run." in key]

    virtually(story)


@pytest.mark.parametrize("ending", ["withdrawn", "rejected and cleared", "asked again", "dissolved"])
def test_what_was_frozen_goes_with_its_request(ending: str) -> None:
    async def story() -> None:
        scene = await Scene().begin()
        alice, bob = scene.alice, scene.bob
        request = await ask(alice, scene.shop)
        first = {vm.uuid for vm in scene.frozen()}

        match ending:
            case "withdrawn":
                assert await bob.engine.requests.forget(request, "not needed") == ""
            case "rejected and cleared":
                await approve(bob, request, Meaning.REJECT)
                assert view(alice, request).is_over
                assert await bob.engine.requests.thaw(request, "rejected") == ""
                assert view(alice, request).state is RequestState.REJECTED
                await alice.engine.requests.forget(request, "seen")
            case "asked again":
                await approve(bob, request, Meaning.REJECT)
                again = await ask(alice, scene.shop)
                assert len(scene.frozen()) == 3
                assert not first & {vm.uuid for vm in scene.frozen()}
                await alice.engine.requests.forget(again, "")
            case _:
                card = bob.card(scene.shop)
                await bob.do(Dissolve(configuration=scene.shop, revision=card.revision))
                await bob.engine.close()

        assert scene.frozen() == []
        if ending != "dissolved":
            assert census(scene.office) == scene.before
            assert alice.card(scene.shop).standing is Standing.WHOLE
        else:
            assert not [vm for vm in scene.office.pool.vms() if vm.is_a_snapshot]

    virtually(story)


@pytest.mark.parametrize("method", [Method.LINKED_CLONE, Method.FULL_COPY])
def test_a_candidate_becomes_the_restore_point_that_the_way_wants(method: Method) -> None:
    async def story() -> None:
        scene = await Scene().begin(method=method, restore_point=RestorePointRule())
        request = await scene.approved()
        taken = {vm.uuid for vm in scene.frozen()}

        status = await (await run(scene.bob, request)).wait()
        await scene.bob.engine.close()

        assert status.error is None
        (point,) = scene.bob.card(scene.shop).restore_points
        assert (point.is_whole, set(point.snapshots.values())) == (True, taken)
        assert scene.bob.card(scene.shop).candidates == ()

    virtually(story)


def test_a_candidate_that_somebody_touched_is_not_copied() -> None:
    async def story(what: str) -> str:
        scene = await Scene().begin()
        pool = scene.office.pool
        request = await scene.approved()
        snapshot = scene.frozen()[0]
        match what:
            case "deleted":
                pool.destroy_snapshot(snapshot.uuid)
            case "unmarked":
                pool.change(snapshot.uuid, other_config={})
            case "memory":
                pool.change(snapshot.uuid, memory_static_max=9 * GIB)
            case "disk":
                (old,) = disks_of(scene.bob.inventory, snapshot)
                pool.drop_record(old)
                pool.put(msgspec.structs.replace(old, uuid=Uuid("another")))
        found = view(scene.bob, request)
        assert found.state is RequestState.VOID
        assert await refused(scene.bob, request, Refused)
        # It can be withdrawn, and what is left of it goes.
        assert await scene.bob.engine.requests.forget(request, "void") == ""
        if what != "unmarked":
            assert scene.frozen() == []
        return found.sentence

    assert "is gone: somebody deleted the snapshot" in virtually(lambda: story("deleted"))
    assert "is gone: somebody deleted the snapshot" in virtually(lambda: story("unmarked"))
    assert virtually(lambda: story("memory")) == "What would be done now is not what it asks for."
    assert virtually(lambda: story("disk")) == "What would be done now is not what it asks for."


def test_a_candidate_that_goes_between_the_plan_and_its_copying_stops_the_run() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        request = await scene.approved()
        pool, snapshot = scene.office.pool, scene.frozen()[0]

        def lose(method: str) -> None:
            if method == "disk_at" and pool.find(snapshot.uuid) is not None:
                pool.destroy_snapshot(snapshot.uuid)

        scene.bob.port.on_call = lose
        status = await (await run(scene.bob, request)).wait()

        assert status.state is RunState.UNDONE
        assert scene.bob.card(scene.shop).standing is Standing.WHOLE
        assert view(scene.bob, request).state is RequestState.VOID

    virtually(story)


def test_a_storage_that_is_full_leaves_no_snapshot_and_no_request() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        scene.alice.port.faults.append(Fault(method="snapshot", nth=2))

        with pytest.raises(RunFailed) as found:
            await ask(scene.alice, scene.shop)

        assert "snapshot" in found.value.failed
        assert census(scene.office) == scene.before

    virtually(story)


@pytest.mark.parametrize("what", ["memory", "workflow"])
def test_what_changes_while_it_is_frozen_ends_the_asking_and_leaves_nothing(what: str) -> None:
    async def story() -> None:
        scene = await Scene().begin()
        pool, alice = scene.office.pool, scene.alice
        machine = alice.member(scene.shop, "shop-db")
        changed = []

        def change(method: str) -> None:
            if method == "snapshot" and not changed:
                changed.append(method)
                if what == "memory":
                    pool.change(machine, memory_static_max=9 * GIB)
                else:
                    workflow = copied(alice, scene.bob)
                    leave_workflow(scene.office, msgspec.structs.replace(workflow, version=7))

        alice.port.on_call = change
        with pytest.raises(PlanIsStale):
            await ask(alice, scene.shop)

        assert scene.frozen() == []
        assert not [key for key in pool.keys if ".request." in key]
        assert alice.card(scene.shop).standing is Standing.WHOLE

    virtually(story)


def leave_workflow(office: Office, workflow: Workflow) -> None:
    stem = workflow_stem(workflow.id)
    office.pool.set_map(Field.POOL, None, {**office.pool.keys, f"{stem}.99": to_stored(workflow)})


def test_of_two_who_ask_at_once_one_asks_and_the_other_leaves_nothing() -> None:
    async def story() -> None:
        scene = await Scene().begin()

        ended = await asyncio.gather(ask(scene.alice, scene.shop), ask(scene.bob, scene.shop), return_exceptions=True)

        assert sorted(isinstance(one, Refused) for one in ended) == [False, True]
        assert len(scene.frozen()) == 3
        assert len(scene.alice.engine.requests.views(scene.alice.clock.now())) == 1
        # One after the other it is the same.
        with pytest.raises(Refused, match="asked for exactly this already"):
            await ask(scene.bob, scene.shop)
        assert len(scene.frozen()) == 3

    virtually(story)


def test_stopping_first_has_them_off_while_they_are_frozen_and_says_so() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        alice = scene.alice
        running = {vm.uuid for vm in scene.office.pool.vms() if vm.power_state == "Running"}
        command = replace(alice.promotion(scene.shop, "production"), is_stopped_first=True)
        digest = alice.engine.plan(command).digest

        request = await alice.engine.requests.ask(
            Ask(command=command, digest=digest), alice.signer, RequestId("another")
        )

        assert {vm.uuid for vm in scene.office.pool.vms() if vm.power_state == "Running"} == running
        assert "while it was off; 3 snapshots" in view(alice, request).frozen

    virtually(story)


def test_a_failing_after_gate_takes_the_copies_back_and_leaves_the_candidate_for_another_try() -> None:
    async def story() -> None:
        gate = Script(argv=("/smoke",), when=When.AFTER, leads_back=True)
        scene = await Scene().begin(gates=(gate,))
        scene.bob.prober.will("/smoke", False)
        request = await scene.approved()
        frozen = census(scene.office)

        status = await (await run(scene.bob, request)).wait()

        assert status.state is RunState.UNDONE
        assert status.error is not None
        assert census(scene.office) == frozen
        assert view(scene.bob, request).state is RequestState.APPROVED
        scene.bob.prober.will("/smoke", True)
        assert (await (await run(scene.bob, request)).wait()).error is None
        await scene.bob.engine.close()
        assert scene.frozen() == []

    virtually(story)


def test_what_cannot_be_removed_is_told_and_goes_at_the_next_try() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        request = await ask(scene.alice, scene.shop)
        scene.bob.port.faults.append(Fault(method="destroy_snapshot", nth=2, code="SR_BACKEND_FAILURE_46"))

        told = await scene.bob.engine.requests.forget(request, "not needed")

        assert told
        (left,) = scene.alice.engine.requests.left_over()
        assert (left.request, left.configuration) == (request.id, scene.shop)
        assert 0 < len(left.snapshots) < 3
        assert await scene.alice.engine.requests.clean(left, "left over") == ""
        assert census(scene.office) == scene.before

    virtually(story)


def test_what_a_run_holds_is_not_removed_under_it() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        request = await scene.approved()
        going = await run(scene.bob, request)

        told = await scene.alice.engine.requests.forget(request, "too late")

        assert "changed by user-2" in told
        status = await going.wait()
        await scene.bob.engine.close()
        assert status.error is None
        (left,) = scene.alice.engine.requests.left_over()
        assert left.is_spent
        assert await scene.alice.engine.requests.clean(left, "left over") == ""
        assert scene.frozen() == []

    virtually(story)


def test_a_removal_that_fails_midway_says_what_is_gone_for_good() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk = scene.alice
        request = await ask(desk, scene.shop)
        desk.port.faults.append(Fault(method="destroy_snapshot", nth=2))

        status = await desk.do(Thaw(configuration=scene.shop, request=request.id))
        left = len(scene.frozen())
        await desk.engine.close()

        assert status.state is RunState.UNDONE
        assert isinstance(status.error, RunFailed)
        assert 0 < left < 3
        assert len(status.error.lasts) == 3 - left
        assert not explain(status.error).put_back

    virtually(story)


def test_freezing_is_nothing_for_a_way_that_moves_and_thawing_nothing_where_nothing_is_frozen() -> None:
    async def story() -> None:
        scene = await Scene().begin(method=Method.MOVE)
        card = scene.alice.card(scene.shop)
        freeze = Freeze(
            configuration=scene.shop,
            revision=card.revision,
            target=scene.alice.board.workflow.stages[-1].id,
            request=RequestId("another"),
        )

        assert isinstance(scene.alice.refusal(freeze), NotPromotable)
        assert isinstance(scene.alice.refusal(Thaw(configuration=scene.shop, request=RequestId("another"))), NotFound)

    virtually(story)
