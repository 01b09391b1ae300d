"""Requests for what leads into another pool: their plan binds both, and what either pool says counts."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from tests.engine.crossings import MOVE, is_clear
from tests.engine.desks import MemoryLedger, virtually
from tests.engine.memory_pool import GIB
from tests.engine.memory_port import Fault
from tests.engine.requesting import approve, person_of, refused, run, view
from tests.engine.two_pools import Company, Pair
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import GroupId, RequestId, StageId
from xsconsole.domain.requests.values import Request
from xsconsole.domain.requests.views import RequestState
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import ApprovalRule, Group, Method, Workflow
from xsconsole.engine.commands import Ask, Direction, StopTheLine
from xsconsole.errors import Barred, NotPermitted, Refused

COPY = {"method": Method.FULL_COPY, "restore_point": None}


class Scene:
    """A company in which somebody at a second pair of desks has to approve the move."""

    async def begin(self, way: Mapping[str, Any] = MOVE, **production: object) -> "Scene":
        self.way = way
        self.company = await Company().begin(**way)
        self.alice = self.company.pair
        self.bob = self.company.sit_down(MemoryLedger())
        self.workflow = self.ruled(**production)
        for desk in (self.alice.here, self.alice.there):
            await desk.publish(self.workflow)
        self.shop = self.company.shop
        return self

    def ruled(self, version: int = 3, **production: object) -> Workflow:
        people = (person_of(self.alice.here, 1), person_of(self.bob.here, 2))
        people = tuple(
            msgspec.structs.replace(person, subject=pair.there.port.identity.actor)
            for person, pair in zip(people, (self.alice, self.bob), strict=True)
        )
        group = Group(id=GroupId("operators"), name="Operators", people=tuple(person.id for person in people))
        rule = ApprovalRule(count=1, groups=(group.id,))
        workflow = self.company.workflow(production=production, **self.way, approvals=(rule,))
        return msgspec.structs.replace(workflow, version=version, people=people, groups=(group,))

    async def ask(self) -> Request:
        desk = self.alice.here
        command = desk.promotion(self.shop, "production")
        asking = Ask(command=command, digest=desk.engine.plan(command).digest)
        return await desk.engine.requests.ask(asking, desk.signer, RequestId("request-of-alice"))


def test_what_is_asked_is_approved_and_run_between_the_pools() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        alice, bob = scene.alice.here, scene.bob.here
        assert "demands approval" in await why_not(scene)

        request = await scene.ask()

        assert request.intent.pools == (scene.company.test.pool.pool.uuid, scene.company.production.pool.pool.uuid)
        assert "0 of 1 approval" in await refused(alice, request)
        await approve(alice, request)
        assert "0 of 1 approval" in await refused(alice, request)
        await approve(bob, request)
        assert view(alice, request).state is RequestState.APPROVED
        status = await (await run(bob, request)).wait()

        assert status.error is None, explain(status.error)
        assert scene.bob.there.card(scene.shop).standing is Standing.WHOLE
        assert is_clear(scene.company)
        await bob.engine.close()
        assert not any(".request." in key or ".approval." in key for key in scene.company.test.pool.keys)

    virtually(story)


async def why_not(scene: Scene) -> str:
    desk = scene.alice.here
    with pytest.raises(Refused) as found:
        await desk.open(desk.promotion(scene.shop, "production"))
    return found.value.reason


def test_what_changes_in_the_other_pool_makes_it_void_and_who_does_not_see_it_says_so() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        alice, production = scene.alice.here, scene.company.production.pool
        request = await scene.ask()
        await approve(scene.bob.here, request)
        alone = scene.company.test.desk()

        seen = view(alone, request)
        assert seen.state is RequestState.APPROVED
        assert "to which this console has no connection" in seen.obstacle
        production.drop_record(production.storage)
        assert "is bound to storage “SAN-gold”, which the pool does not have" in view(alice, request).obstacle
        production.put(production.storage)
        assert view(alice, request).state is RequestState.APPROVED
        scene.company.test.pool.change(alice.member(scene.shop, "shop-db"), memory_static_max=4 * GIB)
        assert view(alice, request).state is RequestState.VOID
        assert "is void" in await refused(alice, request)

    virtually(story)


def test_copies_that_were_approved_are_those_of_what_was_frozen_and_nothing_newer() -> None:
    async def story() -> None:
        scene = await Scene().begin(COPY)
        alice, bob, test = scene.alice.here, scene.bob.here, scene.company.test.pool
        production = scene.company.production.pool
        assert any(
            "Asking freezes" in said for said in alice.engine.plan(alice.promotion(scene.shop, "production")).warnings
        )
        request = await scene.ask()
        assert len(test.snapshots_of(alice.member(scene.shop, "shop-db"))) == 1
        test.contents[alice.member(scene.shop, "shop-db")] = "written since"
        await approve(bob, request)
        bob.port.faults.append(Fault(method="send", nth=2))

        assert (await (await run(bob, request)).wait()).state is RunState.UNDONE
        assert not [vm for vm in production.vms() if not vm.is_a_snapshot]
        assert view(bob, request).state is RequestState.APPROVED
        status = await (await run(bob, request)).wait()

        assert status.error is None, explain(status.error)
        made = scene.bob.there.card(scene.company.made())
        assert made.standing is Standing.WHOLE
        assert sorted(production.contents[member.uuid] for member in made.members) == [
            "disk of shop-db",
            "disk of shop-lb",
            "disk of shop-web",
        ]
        await bob.engine.close()
        assert all(not test.snapshots_of(member.uuid) for member in alice.card(scene.shop).members)
        assert is_clear(scene.company)

    virtually(story)


def test_a_frozen_snapshot_that_was_renamed_is_not_sent() -> None:
    async def story() -> None:
        scene = await Scene().begin(COPY)
        bob, test = scene.bob.here, scene.company.test.pool
        request = await scene.ask()
        await approve(bob, request)
        (frozen,) = test.snapshots_of(bob.member(scene.shop, "shop-db"))

        def rename(method: str) -> None:
            if method == "define_stage_field":
                test.change(frozen.uuid, name_label="mine")

        bob.port.on_call = rename

        status = await (await run(bob, request)).wait()

        assert status.state is RunState.UNDONE
        assert not [vm for vm in scene.company.production.pool.vms() if not vm.is_a_snapshot]
        assert view(bob, request).state is RequestState.VOID
        test.change(frozen.uuid, name_label=frozen.name_label)
        assert view(bob, request).state is RequestState.APPROVED

    virtually(story)


def test_both_pools_must_have_the_same_version() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        here, there = scene.alice.here, scene.alice.there
        await there.publish(scene.ruled(version=4))

        refusal = here.refusal(here.promotion(scene.shop, "production"))

        assert "which has version 4 of “Release to production”, and this pool has version 3 of" in refusal.reason
        assert refusal.mend == "Publish the newest version to both pools."

    virtually(story)


def test_who_may_act_in_the_stage_is_asked_of_the_log_in_at_its_own_pool() -> None:
    async def story() -> None:
        scene = await Scene().begin(actors=(GroupId("operators"),))
        alice = scene.alice
        assert alice.here.engine.plan(alice.here.promotion(scene.shop, "production")).demand is not None
        stranger = Pair(alice.here, scene.company.production.desk(alice.here.ledger))

        refusal = stranger.here.refusal(stranger.here.promotion(scene.shop, "production"))

        assert isinstance(refusal, NotPermitted)
        assert f"{stranger.there.port.identity.actor} may not move configurations into" in refusal.reason

    virtually(story)


def test_a_line_that_was_stopped_in_the_other_pool_lets_nobody_resume() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        request = await scene.ask()
        await approve(scene.bob.here, request)
        bob = scene.bob.here
        bob.port.on_call = lambda method: going.stop() if method == "migrate_send" else None
        going = await run(bob, request)
        assert (await going.wait()).state is RunState.INTERRUPTED
        bob.port.on_call = lambda _: None
        await scene.bob.there.engine.closings.close(StopTheLine(reason="the audit"))

        with pytest.raises(Barred, match="stopped the line"):
            await bob.settle(scene.shop, Direction.RESUME)

        status = await bob.settle(scene.shop, Direction.UNDO)
        assert status.error is None, explain(status.error)
        assert bob.card(scene.shop).stage == StageId("staging")

    virtually(story)
