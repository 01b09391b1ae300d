"""Requests stay on the version under which they were made, and a new version grants nothing by itself."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from tests.engine.desks import Killed, virtually
from tests.engine.publishing_over import PRODUCTION, STAGING, beside, kept, newer, planned, publish, refused_under, run
from tests.engine.requesting import Scene, approve, approved_request, ask, ruled, view, waiting_request
from xsconsole.domain.approval import Meaning
from xsconsole.domain.continuing import version_stem, with_continued
from xsconsole.domain.ids import GroupId, PersonId, RequestId, StageId
from xsconsole.domain.publication.effects import EffectKind
from xsconsole.domain.publication.values import (
    Continued,
    encode,
    publication_of,
    publication_stem,
)
from xsconsole.domain.requests.values import Paper, asked, request_stem, to_stored
from xsconsole.domain.requests.views import RequestState
from xsconsole.domain.runs import RunState
from xsconsole.domain.signing import signed
from xsconsole.domain.workflow import EntryAction, Group
from xsconsole.domain.workflow import to_stored as workflow_to_stored
from xsconsole.domain.workflow.edits import change_stage, remove
from xsconsole.domain.workflow.values import FreezeCalendar
from xsconsole.engine.commands import Direction
from xsconsole.engine.ports import Field
from xsconsole.engine.publication.continuing import fates_of
from xsconsole.engine.publication.publish_pools import Site
from xsconsole.engine.requests.asked import command_of
from xsconsole.errors import Barred, NotPermitted, NotPromotable, Refused
from xsconsole.store.keys import is_signature


def test_a_request_is_judged_and_carried_out_by_the_version_under_which_it_was_made() -> None:
    async def story() -> None:
        scene, request = await waiting_request()

        plan = await publish(scene.carol, change_stage(newer(scene), PRODUCTION, entry=EntryAction.STOP))

        (fate,) = plan.requests
        assert fate.sentence == f"shop 1.3.0 to “Production” (request {request.id[:8]}) goes on as version 2."
        assert view(scene.bob, request).state is RequestState.WAITING
        await approve(scene.bob, request)
        assert view(scene.bob, request).state is RequestState.APPROVED
        assert len(kept(scene)) == 1
        status = await (await run(scene.bob, request)).wait()
        assert status.state is RunState.DONE, status.error
        assert status.plan.intent.workflow_version == 2
        assert scene.stage() == "production"
        assert [vm.power_state for vm in scene.office.pool.vms() if not vm.is_a_snapshot] == ["Running"] * 3
        await scene.bob.until(lambda: not scene.left() and not kept(scene))
        again = scene.alice.demotion(scene.shop, "staging")
        demand = scene.alice.engine.plan(again).demand
        assert demand is not None
        assert demand.rules[0].count == 2

    virtually(story)


def test_it_stays_on_its_version_over_several_publications_and_withdrawing_it_clears_that_away() -> None:
    async def story() -> None:
        scene, request = await approved_request()
        await publish(scene.carol, newer(scene))
        await publish(scene.alice, change_stage(newer(scene), StageId("integration"), name="Inbox"))
        third = await publish(scene.bob, change_stage(newer(scene), StageId("integration"), name="In"))

        assert third.workflow.version == 5
        assert view(scene.carol, request).state is RequestState.APPROVED
        assert len(kept(scene)) == 1
        await scene.alice.engine.requests.forget(request, "not wanted")

        assert not kept(scene)
        assert not scene.left()

    virtually(story)


def test_who_is_removed_or_whose_key_is_revoked_counts_no_more_and_nobody_is_added() -> None:
    async def story() -> None:
        scene, request = await approved_request(count=2)
        await approve(scene.carol, request)
        dave = scene.office.desk()
        workflow = newer(scene)
        people = tuple(
            msgspec.structs.replace(person, fingerprints=(dave.signer.fingerprint,)) if person.id == "p2" else person
            for person in workflow.people
        )
        revoked = msgspec.structs.replace(workflow, people=people)

        plan = await publish(scene.carol, revoked)

        assert plan.requests[0].sentence.endswith("goes on as version 2. Nobody is left who could approve it.")
        found = view(scene.carol, request)
        assert found.state is RequestState.WAITING
        assert "nobody is left who could approve: " in found.sentence
        await dave.until(lambda: dave.board.workflow is not None)
        await approve(dave, request)
        assert "1 of 2 approvals" in await refused_under(scene.carol, request)
        gone = msgspec.structs.replace(
            revoked, groups=(Group(id=GroupId("operators"), name="Operators", people=(PersonId("p1"),)),)
        )
        await publish(scene.carol, gone)
        assert view(scene.carol, request).given == 0

    virtually(story)


def test_who_asked_and_is_known_no_more_cannot_have_it_carried_out() -> None:
    async def story() -> None:
        scene, request = await approved_request()

        plan = await publish(scene.carol, ruled(scene.carol, scene.bob))

        assert "does not know who asked, so it cannot run" in plan.requests[0].sentence
        assert view(scene.bob, request).state is RequestState.UNTRUSTED
        assert "cannot be trusted" in await refused_under(scene.bob, request)

    virtually(story)


@pytest.mark.parametrize(("gone", "reason"), [("production", "“Production” is gone"), ("staging", "“Staging” is gone")])
def test_a_stage_that_vanishes_ends_it_and_says_why(gone: str, reason: str) -> None:
    async def story() -> None:
        scene, request = await approved_request()

        plan = await publish(scene.carol, remove(newer(scene), [StageId(gone)]), staging="patch-testing")

        assert f"ends, because {reason}" in plan.requests[0].sentence
        assert plan.requests[0].sentence.endswith(": it is mapped to “Patch testing”.") == (gone == "staging")
        found = view(scene.bob, request)
        assert found.state is RequestState.VOID
        assert f"published meanwhile, which has no stage “{gone.capitalize()}”" in found.sentence
        assert not kept(scene)
        with pytest.raises(Refused, match=r"the workflow does not have|has no stage"):
            await run(scene.bob, request)

    virtually(story)


def test_a_way_that_is_gone_does_not_end_it_but_is_told() -> None:
    async def story() -> None:
        scene, request = await waiting_request()
        workflow = newer(scene)
        ways = tuple(way for way in workflow.transitions if way.id != request.intent.transition)

        plan = await publish(scene.carol, msgspec.structs.replace(workflow, transitions=ways))

        assert "goes on as version 2. Version 3 has that way no more." in plan.requests[0].sentence
        await approve(scene.bob, request)
        assert (await (await run(scene.bob, request)).wait()).state is RunState.DONE

    virtually(story)


def test_a_stage_that_is_renamed_keeps_its_marks_until_the_request_has_ended() -> None:
    async def story() -> None:
        scene, request = await waiting_request()

        plan = await publish(scene.carol, change_stage(newer(scene), STAGING, name="Rehearsal"))

        (effect,) = plan.effects
        assert effect.kind is EffectKind.STAYS
        assert effect.sentence.endswith("keeps its marks until what is asked for it has ended.")
        assert view(scene.bob, request).is_open
        await scene.alice.engine.requests.forget(request, "not wanted")
        standing = scene.bob.board.workflow
        assert standing is not None
        (due,) = planned(scene.bob, standing).effects
        assert due.kind is EffectKind.REWRITTEN

    virtually(story)


def test_a_rejected_request_is_not_revived_by_removing_who_rejected_it() -> None:
    async def story() -> None:
        scene, request = await waiting_request()
        await approve(scene.bob, request, Meaning.REJECT)
        await approve(scene.carol, request)

        plan = await publish(scene.carol, ruled(scene.alice, scene.carol))

        assert not plan.requests
        assert view(scene.carol, request).state is RequestState.VOID

    virtually(story)


def test_nobody_asks_under_an_old_version_or_under_one_that_never_stood() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin(count=2)
        honest = await ask(scene.alice, scene.shop)
        old = scene.alice.board.workflow
        assert old is not None
        await publish(scene.carol, newer(scene))
        lax = ruled(scene.alice, scene.bob, count=1)

        for number, version in enumerate((old, lax)):
            later = asked(
                scene.alice.signer,
                msgspec.structs.replace(honest, id=RequestId(f"later-{number}"), reason="another one", signature=""),
            )
            scene.leave(request_stem(later.id), to_stored(Paper(request=later)))
            scene.leave(version_stem(version.digest), workflow_to_stored(version))
            standing = scene.bob.board.workflow
            assert standing is not None
            there = publication_of(scene.office.pool.keys, standing.digest)
            assert there is not None
            entry = Continued(request=later.id, subject=later.subject, version=version.digest)
            by_mallory = with_continued(there, (*there.continued, entry), scene.alice.signer)
            scene.leave(publication_stem(standing.digest), encode(by_mallory), 2 + number)
            await scene.bob.until(lambda: view(scene.bob, later).request == later)  # noqa: B023
            await approve(scene.bob, later)

            assert view(scene.bob, later).state is RequestState.VOID
            assert view(scene.bob, honest).state is RequestState.VOID  # the list it stood in was falsified
            assert "is void" in await refused_under(scene.bob, later)

    virtually(story)


def test_a_kept_version_that_was_changed_is_none() -> None:
    async def story() -> None:
        scene, request = await waiting_request(count=2)
        await publish(scene.carol, newer(scene))
        (key,) = kept(scene)
        lax = ruled(scene.alice, scene.bob, scene.carol, count=1)
        changed = {f"{key.rpartition('.')[0]}.2": workflow_to_stored(lax), key: ""}
        scene.office.pool.set_map(Field.POOL, None, {**scene.office.pool.keys, **changed})
        await scene.bob.until(lambda: scene.bob.inventory.pool.other_config.get(key) == "")  # type: ignore[union-attr]
        await approve(scene.bob, request)

        assert view(scene.bob, request).state is RequestState.VOID

    virtually(story)


def test_a_run_by_an_earlier_version_is_resumed_after_its_console_died_and_not_by_who_counts_no_more() -> None:
    async def story() -> None:
        scene, request = await approved_request()
        await publish(scene.carol, newer(scene))
        begun = await run(scene.bob, request)
        await scene.carol.until(lambda: scene.carol.card(scene.shop).run is not None)
        scene.bob.kill()
        del begun
        await asyncio.sleep(61)  # its lease is stale then
        await publish(scene.carol, change_stage(newer(scene), StageId("integration"), name="Inbox"))

        status = await scene.carol.settle(scene.shop, Direction.RESUME)

        assert status.state is RunState.DONE, status.error
        await scene.carol.until(lambda: not kept(scene))

    virtually(story)


def test_the_standing_version_says_who_may_move_and_how_many_a_stage_takes() -> None:
    async def story() -> None:
        scene = Scene()
        vm = scene.office.pool.add_vm("other", "Halted")
        await scene.begin()
        await scene.office.configuration(scene.alice, "crm", "7", "production", [vm.uuid])
        request = await ask(scene.alice, scene.shop)
        await approve(scene.bob, request)
        workflow = newer(scene)
        one = msgspec.structs.replace(workflow.stages[-1].limits, configurations=1)

        await publish(scene.carol, change_stage(workflow, PRODUCTION, limits=one))

        assert view(scene.bob, request).state is RequestState.APPROVED
        assert "already has crm 7; it takes 1 configuration" in view(scene.bob, request).obstacle
        with pytest.raises(NotPromotable, match="takes 1 configuration"):
            await run(scene.bob, request)

    virtually(story)


def test_a_freeze_that_the_standing_version_brings_holds_it_back() -> None:
    async def story() -> None:
        scene, request = await approved_request()
        always = (FreezeCalendar(from_day=0, from_minute=0, to_day=3), FreezeCalendar(from_day=3, to_day=0))

        await publish(scene.carol, change_stage(newer(scene), PRODUCTION, freezes=always))

        assert "frozen" in view(scene.bob, request).obstacle
        with pytest.raises(Barred, match="frozen"):
            await run(scene.bob, request)

    virtually(story)


def test_who_may_act_in_a_stage_no_more_does_not_move_what_is_in_it() -> None:
    async def story() -> None:
        scene = Scene()
        workflow = ruled(scene.alice, scene.bob, scene.carol)
        people = tuple(
            msgspec.structs.replace(one, subject=f"user-{number}") for number, one in enumerate(workflow.people, 1)
        )
        workflow = msgspec.structs.replace(workflow, people=people)
        await scene.begin(change_stage(workflow, PRODUCTION, actors=(GroupId("operators"),)))
        request = await ask(scene.alice, scene.shop)
        await approve(scene.bob, request)
        assert scene.carol.engine.plan(command_of(request), request.id)
        without_carol = Group(id=GroupId("operators"), name="Operators", people=(PersonId("p1"), PersonId("p2")))

        await publish(scene.alice, msgspec.structs.replace(scene.alice.board.workflow, groups=(without_carol,)))  # type: ignore[type-var]

        with pytest.raises(NotPermitted, match="may not move"):
            await run(scene.carol, request)
        assert (await (await run(scene.bob, request)).wait()).state is RunState.DONE

    virtually(story)


@pytest.mark.parametrize("cut_at", range(1, 28, 4))
def test_a_publication_that_is_cut_off_loses_no_request(cut_at: int) -> None:
    async def story() -> None:
        scene, request = await waiting_request()
        plan = planned(scene.carol, newer(scene))
        assert plan.standing is not None
        version, there = signed(plan.workflow, scene.carol.signer), beside(plan, scene.carol)
        scene.carol.cut_at = cut_at
        try:
            await scene.carol.engine.publish_version(version, plan.standing.digest, there, {})
        except Killed:
            assert scene.carol.is_dead
        assert view(scene.bob, request).is_open

        await scene.bob.engine.publish_version(version, plan.standing.digest, there, {})

        await approve(scene.bob, request)
        assert view(scene.bob, request).state is RequestState.APPROVED
        assert (await (await run(scene.bob, request)).wait()).state is RunState.DONE
        await scene.bob.until(lambda: not kept(scene))

    virtually(story)


def test_what_has_expired_by_the_pools_own_clock_goes_on_as_no_version() -> None:
    async def story() -> None:
        scene, _ = await waiting_request(expiry_s=3600)
        desk, next_one = scene.carol, ruled(scene.alice, scene.bob, scene.carol, version=3)
        site = Site(pool=desk.pool.pool.uuid, name="acme", board=desk.board, inventory=desk.inventory)

        for ahead, goes_on in ((0, 1), (-7200, 1), (7200, 0)):
            by_its_clock = replace(site, ahead=timedelta(seconds=ahead))
            fates = fates_of((by_its_clock,), next_one, site.pool, {}, None, desk.clock.now(), is_signature)
            assert len(fates) == goes_on, ahead

    virtually(story)
