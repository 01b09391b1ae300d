"""Requests that come to nothing: what changed, whose time is up, and approvals that are about something else."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from tests.engine.desks import virtually
from tests.engine.requesting import (
    Scene,
    approve,
    approved_request,
    ask,
    decision,
    refused,
    ruled,
    run,
    view,
    waiting_request,
)
from xsconsole.domain.approval import Meaning, to_text
from xsconsole.domain.ids import Uuid
from xsconsole.domain.publication.values import approval_stem
from xsconsole.domain.requests.values import Paper, asked, request_stem, to_stored
from xsconsole.domain.requests.views import RequestState, waiting_words
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import default_workflow
from xsconsole.engine.requests.asked import command_of
from xsconsole.errors import ApprovalMissing, PlanIsStale


def test_changing_the_memory_voids_the_approval_and_shows_what_changed() -> None:
    async def story() -> None:
        scene, request = await approved_request()

        scene.office.pool.change(scene.machine(), memory_static_max=3 * 1024**3)
        await scene.bob.until(lambda: view(scene.bob, request).state is RequestState.VOID)

        found = view(scene.bob, request)
        assert [(change.role, change.field, change.before, change.after) for change in found.changes] == [  # type: ignore[union-attr]
            ("shop-db", "memory_static_max_bytes", 2 * 1024**3, 3 * 1024**3)
        ]
        assert "is void. What would be done now is not what it asks for." in await refused(scene.bob, request)
        scene.office.pool.change(scene.machine(), memory_static_max=2 * 1024**3)
        await scene.bob.until(lambda: view(scene.bob, request).state is RequestState.APPROVED)

    virtually(story)


def test_memory_that_changes_unheard_is_seen_under_the_lease() -> None:
    async def story() -> None:
        scene, request = await approved_request()
        scene.bob.is_deaf_to_machines = True
        scene.office.pool.change(scene.machine(), memory_static_max=3 * 1024**3)
        assert view(scene.bob, request).state is RequestState.APPROVED

        await refused(scene.bob, request, PlanIsStale)

        assert scene.stage() == "staging"

    virtually(story)


def test_a_machine_that_was_started_meanwhile_shows_both_plans() -> None:
    async def story() -> None:
        scene, request = await waiting_request()

        scene.office.pool.change(scene.alice.member(scene.shop, "shop-lb"), power_state="Running")
        await scene.bob.until(lambda: view(scene.bob, request).state is RequestState.VOID)

        assert view(scene.bob, request).approved == ("Start shop-lb",)
        assert view(scene.bob, request).now == ()

    virtually(story)


def test_a_request_ends_when_its_time_is_up_whatever_the_clock_of_a_console_says() -> None:
    async def story() -> None:
        scene, request = await approved_request(expiry_s=3600)
        assert request.expires_at == request.asked_at + timedelta(hours=1)
        await asyncio.sleep(3601)
        back = scene.bob.clock.now
        scene.bob.clock.now = lambda: back() - timedelta(hours=1)  # type: ignore[method-assign]

        assert view(scene.bob, request).state is RequestState.APPROVED
        assert "has expired" in await refused(scene.bob, request)
        assert view(scene.carol, request).state is RequestState.EXPIRED

    virtually(story)


def test_a_request_that_gives_itself_more_time_than_the_way_allows_is_not_trusted() -> None:
    async def story() -> None:
        scene, request = await waiting_request(expiry_s=3600)
        unsigned = msgspec.structs.replace(request, expires_at=request.asked_at + timedelta(days=9), signature="")
        longer = asked(scene.alice.signer, unsigned)
        scene.leave(request_stem(longer.id), to_stored(Paper(request=longer)), 2)
        await scene.bob.until(lambda: view(scene.bob, request).request == longer)

        assert view(scene.bob, request).state is RequestState.UNTRUSTED
        assert "more time than the way allows" in view(scene.bob, request).sentence

    virtually(story)


def test_it_does_not_begin_before_its_time_by_either_clock() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        begins = scene.alice.clock.now() + timedelta(hours=1)
        request = await ask(scene.alice, scene.shop, not_before=begins)
        await approve(scene.bob, request)
        ahead = scene.bob.clock.now

        assert "may not begin before 2026-11-23 15:02 UTC" in await refused(scene.bob, request)
        scene.bob.clock.now = lambda: ahead() + timedelta(hours=2)  # type: ignore[method-assign]
        await refused(scene.bob, request)
        scene.bob.clock.now = ahead  # type: ignore[method-assign]
        await asyncio.sleep(3601)

        assert (await (await run(scene.bob, request)).wait()).state is RunState.DONE

    virtually(story)


def test_a_workflow_published_in_between_voids_what_was_approved_under_the_one_before() -> None:
    async def story() -> None:
        scene, request = await approved_request(count=2)

        await scene.alice.publish(ruled(scene.alice, scene.bob, scene.carol, count=1, version=3))
        await scene.bob.until(lambda: view(scene.bob, request).state is RequestState.VOID)

        assert "Version 3 of the workflow was published meanwhile" in await refused(scene.bob, request)

    virtually(story)


def test_an_approval_counts_for_no_other_request_plan_or_pool() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        vm = scene.office.pool.add_vm("crm", "Halted")
        crm = await scene.office.configuration(scene.alice, "crm", "7", "staging", [vm.uuid])
        first, other = await ask(scene.alice, scene.shop), await ask(scene.alice, crm)
        given = decision(scene.bob, first)

        stem = approval_stem(given.matter, other.subject)
        scene.leave(stem, to_text(given))
        scene.leave(stem, to_text(msgspec.structs.replace(given, subject=other.subject, plan=other.plan)), 2)
        await scene.bob.until(lambda: len(view(scene.bob, other).decisions) == 2)

        tally = view(scene.bob, other).tally
        assert tally is not None
        assert [one.reason for one in tally.ignored] == [
            "It is about something else.",
            "Its signature does not match.",
        ]
        assert "0 of 1 approval" in await refused(scene.bob, other)
        elsewhere = msgspec.structs.replace(first, pool=Uuid("another"))
        scene.leave(request_stem(first.id), to_stored(Paper(request=elsewhere)), 2)
        await scene.bob.until(lambda: view(scene.bob, first).request == elsewhere)
        assert "made for another pool" in await refused(scene.bob, first)

    virtually(story)


def test_who_changed_the_configuration_last_does_not_count_where_the_rule_says_so() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin(excludes_author=True)
        assert (await scene.bob.do(scene.bob.demotion(scene.shop, "patch-testing"))).error is None
        assert (await scene.bob.do(scene.bob.promotion(scene.shop, "staging"))).error is None
        request = await ask(scene.alice, scene.shop)

        await approve(scene.bob, request)

        assert "0 of 1 approval; Person 3 could approve" in await refused(scene.alice, request)
        await approve(scene.carol, request)
        assert (await (await run(scene.alice, request)).wait()).state is RunState.DONE

    virtually(story)


def test_what_has_begun_is_neither_void_nor_ended_whatever_changes_until_its_run_has_ended() -> None:
    async def story() -> None:
        scene, request = await approved_request(expiry_s=3600)
        carol, plan = scene.carol, scene.carol.engine.plan(command_of(request))
        opened = await run(scene.bob, request)
        await carol.until(lambda: carol.card(scene.shop).run is not None)
        late = carol.clock.now() + timedelta(days=9)
        found = view(carol, request, late)
        assert (found.state, found.is_running) == (RequestState.APPROVED, True)
        opened.stop()
        await opened.wait()

        await approve(carol, request, Meaning.REJECT)
        await carol.until(lambda: len(view(carol, request).decisions) == 2)
        assert view(carol, request, late).state is RequestState.APPROVED
        people = ruled(scene.alice, scene.bob, carol, version=3)
        ways = default_workflow().transitions  # nobody has to approve any of them
        await carol.publish(msgspec.structs.replace(people, transitions=ways))
        await carol.until(lambda: carol.board.workflow is not None and carol.board.workflow.version == 3)

        found = view(carol, request, late)
        assert (found.state, found.is_begun, found.is_running) == (RequestState.APPROVED, True, False)
        assert not found.is_over, "what was frozen for it is still needed"
        assert found.sentence == "It was approved, and its run has begun."
        assert waiting_words(found) == "has begun and was interrupted"
        with pytest.raises(ApprovalMissing, match="stands already"):
            await carol.engine.requests.warrant(plan, request.id, carol.board, carol.inventory)

    virtually(story)
