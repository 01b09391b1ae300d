"""Publishing over the wire: what is in flight goes where the new version has it, and nobody overwrites anybody."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.console.desk import Desk, seated
from tests.console.pool_state import runs_and_held_leases
from xsconsole.console import RunState
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import PersonId, StageId
from xsconsole.domain.publication.effects import EffectKind, PublishPlan
from xsconsole.domain.record import AuditEvent, AuditQuery, Outcome
from xsconsole.domain.signing import SignatureState
from xsconsole.domain.workflow import Kind, Limits, Person, Workflow
from xsconsole.domain.workflow.edits import add_stage, change_stage, change_workflow, connect, remove
from xsconsole.domain.workflow.templates import start_from, templates
from xsconsole.engine.commands import Direction
from xsconsole.errors import NotPermitted, PlanIsStale, Refused

INTEGRATION, PATCH, STAGING, PRODUCTION = (
    StageId(name) for name in ("integration", "patch-testing", "staging", "production")
)
IN_INTEGRATION = ("crm 7.2-rc1", "payroll 2026.5", "shop 1.4.0")
TO_PATCH = {INTEGRATION: PATCH}
TO_STAGING = {INTEGRATION: STAGING, PATCH: STAGING}


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "20") as served:
        yield served


@pytest.fixture
async def desks(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[tuple[Desk, Desk]]:
    async with seated(pool, tmp_path / "a", "alice") as alice, seated(pool, tmp_path / "b", "adam") as adam:
        yield alice, adam


def standing(desk: Desk) -> Workflow:
    found = desk.console.board.workflow
    assert found is not None
    return found


def planned(desk: Desk, workflow: Workflow, mapping: Mapping[StageId, StageId] | None = None) -> PublishPlan:
    return desk.console.publishing.plan(workflow, base=standing(desk), mapping=mapping, summary="shorter")


def without_integration(desk: Desk) -> Workflow:
    return remove(standing(desk), [INTEGRATION])


async def test_a_stage_with_three_configurations_and_a_running_promotion_is_removed(
    pool: EmbeddedPool, desks: tuple[Desk, Desk]
) -> None:
    alice, adam = desks
    running = await adam.start(adam.promotion("payroll 2026.5", "patch-testing"))
    await alice.until(lambda: alice.card("payroll 2026.5").standing is Standing.RUNNING)

    unmapped = planned(alice, without_integration(alice))
    plan = planned(alice, without_integration(alice), TO_PATCH)
    report = await alice.console.publishing.publish(plan)
    ended = await adam.console.finished(running.run)

    assert unmapped.must_map == (INTEGRATION,)
    assert unmapped.choices[INTEGRATION] == (PATCH, STAGING)
    assert len(unmapped.obstacles) == 3
    assert not plan.obstacles
    kinds = {effect.name: effect.kind for effect in plan.effects}
    assert [kinds[name] for name in IN_INTEGRATION] == [EffectKind.MAPPED, EffectKind.RUNS, EffectKind.MAPPED]
    assert kinds["crm 7.1"] is EffectKind.STAYS
    assert report.written == ("acme",)
    assert sorted(report.moved) == ["crm 7.2-rc1", "shop 1.4.0"]
    assert [name for name, _ in report.left] in (["payroll 2026.5"], [])
    assert ended.state is RunState.DONE, ended.error
    await alice.until(lambda: all(alice.stands(name, "patch-testing") for name in IN_INTEGRATION))
    finished = await alice.console.publishing.finish()
    assert finished.is_whole
    assert not runs_and_held_leases(pool)
    rows = await alice.rows(AuditQuery(event=AuditEvent.WORKFLOW_PUBLISHED))
    done = [row.fact.details or {} for row in rows if row.fact.outcome is Outcome.DONE]
    # Before it stands the first version's; `finish` leaves one of its own where the run had not ended by then.
    details = next(details for details in done if details.get("mapping"))
    assert details["mapping"] == {"integration": "patch-testing"}
    assert "Integration" in str(details["changes"])
    assert details["digest_before"] != details["digest"]


async def test_what_is_undone_after_the_publication_follows_the_mapping_then(desks: tuple[Desk, Desk]) -> None:
    alice, adam = desks
    await alice.console.publishing.publish(planned(alice, change_stage(standing(alice), INTEGRATION, name="Inbox")))
    await adam.until(lambda: standing(adam).version == 2 and adam.stands("payroll 2026.5", "integration"))
    await adam.start(adam.promotion("payroll 2026.5", "patch-testing"))
    await adam.until(lambda: adam.console.runs[0].settled)
    await adam.console.disconnect()
    await alice.until(lambda: alice.card("payroll 2026.5").standing is Standing.INTERRUPTED)
    await alice.console.publishing.publish(planned(alice, without_integration(alice), TO_PATCH))

    await alice.console.publishing.leave()  # as who closes the console between the two
    status = await alice.settle(alice.card("payroll 2026.5").id, Direction.UNDO)

    assert status.error is None
    await alice.until(lambda: alice.stands("payroll 2026.5", "integration"))
    (due,) = alice.console.publishing.plan(standing(alice)).due
    assert due.sentence == "payroll 2026.5 goes from “Inbox” to “Patch testing”."
    report = await alice.console.publishing.finish()
    assert report.moved == ("payroll 2026.5",)
    await alice.until(lambda: alice.stands("payroll 2026.5", "patch-testing"))
    assert (await alice.do(alice.promotion("payroll 2026.5", "staging"))).error is None


async def test_what_waits_for_a_run_goes_along_by_itself_once_that_has_ended(
    pool: EmbeddedPool, desks: tuple[Desk, Desk]
) -> None:
    alice, adam = desks
    pool.control("delay", method="VM.snapshot", seconds=3600)
    running = await adam.start(adam.promotion("payroll 2026.5", "patch-testing"))
    await alice.until(lambda: alice.card("payroll 2026.5").standing is Standing.RUNNING)
    publishing = alice.console.publishing

    report = await publishing.publish(planned(alice, remove(standing(alice), [INTEGRATION, PATCH]), TO_STAGING))
    waiting = publishing.renewed(report)
    pool.control("clear")
    ended = await adam.console.finished(running.run)
    await alice.until(lambda: alice.stands("payroll 2026.5", "staging"))

    assert report.left == waiting.left
    ((name, why),) = report.left
    assert (name, why[:21]) == ("payroll 2026.5", "It is being changed; ")
    assert ended.state is RunState.DONE, ended.error
    await alice.until(lambda: publishing.renewed(report).is_whole)
    assert "payroll 2026.5" in publishing.renewed(report).moved
    await alice.until(lambda: not runs_and_held_leases(pool))
    payroll = alice.card("payroll 2026.5").id
    opened = [row.fact for row in await alice.rows(AuditQuery(event=AuditEvent.RUN_OPENED))]
    assert [fact.reason for fact in opened if fact.configuration == payroll] == ["Version 2 of the workflow"]
    finished = await publishing.finish()
    assert (finished.left, finished.moved) == ((), ())


async def test_nobody_publishes_over_a_version_that_they_have_not_seen(desks: tuple[Desk, Desk]) -> None:
    alice, adam = desks
    base = standing(alice)
    hers = change_workflow(base, description="hers")
    his = change_workflow(base, description="his")
    seen = adam.console.publishing.plan(his, base=base)
    await alice.console.publishing.publish(alice.console.publishing.plan(hers, base=base))
    await adam.until(lambda: standing(adam).version == 2)

    with pytest.raises(PlanIsStale):
        await adam.console.publishing.publish(seen)
    again = adam.console.publishing.plan(his, base=base)
    assert "Version 2 stands on the pool by alice" in again.obstacles[0].reason
    with pytest.raises(Refused, match="not made from it"):
        await adam.console.publishing.publish(again)

    assert standing(adam).description == "hers"
    refused = await adam.rows(AuditQuery(event=AuditEvent.COMMAND_REFUSED))
    assert len(refused) == 2


async def test_of_two_that_publish_at_the_same_moment_one_wins(pool: EmbeddedPool, desks: tuple[Desk, Desk]) -> None:
    base = standing(desks[0])
    wanted = [change_workflow(base, description=name) for name in ("one", "two")]
    plans = [desk.console.publishing.plan(one, base=base) for desk, one in zip(desks, wanted, strict=True)]

    ended = await asyncio.gather(
        *(desk.console.publishing.publish(plan) for desk, plan in zip(desks, plans, strict=True)),
        return_exceptions=True,
    )

    lost = [one for one in ended if isinstance(one, BaseException)]
    assert len(lost) == 1
    assert isinstance(lost[0], PlanIsStale), lost
    for desk in desks:
        await desk.until(lambda desk=desk: standing(desk).version == 2)
    assert standing(desks[0]).digest == standing(desks[1]).digest
    with pool.plain_session() as session:
        keys = session.xenapi.pool.get_other_config(session.xenapi.pool.get_all()[0])
    assert len([key for key in keys if key.startswith("xsconsole.workflow.")]) == 1
    assert len([key for key in keys if key.startswith("xsconsole.publication.")]) == 1


async def test_a_version_says_who_signed_it_and_that_somebody_changed_it(
    pool: EmbeddedPool, desks: tuple[Desk, Desk]
) -> None:
    alice, adam = desks
    await alice.console.publishing.publish(planned(alice, change_workflow(standing(alice), description="signed")))
    await adam.until(lambda: standing(adam).version == 2)

    found = adam.console.publishing.provenance(standing(adam))
    forged = msgspec.structs.replace(standing(adam), author="somebody else")

    assert (found.state, found.fingerprint) == (SignatureState.SIGNED, alice.console.home.key_fingerprint)
    assert standing(adam).author == "alice"
    assert adam.console.publishing.provenance(forged).state is SignatureState.DOES_NOT_MATCH


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_road_that_breaks_in_the_middle_leaves_what_publishing_again_finishes(
    pool: EmbeddedPool, desks: tuple[Desk, Desk], when: str
) -> None:
    alice, _ = desks
    plan = planned(alice, without_integration(alice), TO_PATCH)
    pool.control("drop", method="pool.add_to_other_config", when=when, nth=2)

    report = await alice.console.publishing.publish(plan)
    if not report.is_whole:
        await alice.until(lambda: alice.console.link.state.value == "live")
        report = await alice.console.publishing.finish()

    await alice.until(lambda: all(alice.stands(name, "patch-testing") for name in IN_INTEGRATION))
    assert standing(alice).version == 2
    assert (await alice.console.publishing.finish()).is_whole


async def test_marks_of_a_changed_stage_are_written_anew(pool: EmbeddedPool, desks: tuple[Desk, Desk]) -> None:
    alice, _ = desks
    protection, limits = ("destroy", "hard_shutdown"), Limits(configurations=5)  # so each leases the stage
    changed = change_stage(standing(alice), PRODUCTION, name="Live", protection=protection, limits=limits)

    plan = planned(alice, changed)
    report = await alice.console.publishing.publish(plan)

    assert (sorted(report.moved), report.left) == (["crm 7.1", "payroll 2026.3"], ())
    assert {effect.kind for effect in plan.effects if effect.source == PRODUCTION} == {EffectKind.REWRITTEN}
    vm = alice.card("crm 7.1").members[0].uuid
    with pool.plain_session() as session:
        ref = session.xenapi.VM.get_by_uuid(vm)
        assert session.xenapi.VM.get_other_config(ref)["XenCenter.CustomFields.Stage"] == "Live"
        assert set(session.xenapi.VM.get_blocked_operations(ref)) == {"destroy", "hard_shutdown"}
    assert not planned(alice, standing(alice)).is_needed
    # So it is known what the stage was called, also when no workflow has it any more.
    names = ("crm 7.1", "payroll 2026.3")  # any of their members may be asked, and the feed tells of one at a time
    await alice.until(lambda: {one.stage_name for name in names for one in alice.card(name).members} == {"Live"})
    board = replace(alice.console.board, workflow=None)
    assert (board.stage_name(PRODUCTION), board.stage_name(StageId("pre-prod"))) == ("Live", "Pre prod")


async def test_a_mapping_grants_no_promotion(desks: tuple[Desk, Desk]) -> None:
    alice, _ = desks
    shorter = remove(standing(alice), [STAGING])

    plan = planned(alice, shorter, {STAGING: PRODUCTION})

    assert plan.choices[STAGING] == (INTEGRATION, PATCH)
    assert any("would be a promotion" in obstacle.reason for obstacle in plan.obstacles)
    with pytest.raises(Refused):
        await alice.console.publishing.publish(plan)
    assert standing(alice).version == 1


async def test_blue_and_green_takes_over_what_is_in_production_in_one_step(desks: tuple[Desk, Desk]) -> None:
    alice, _ = desks
    template = next(one for one in templates() if one.workflow.id == "blue-and-green")
    person = Person(id=PersonId("me"), name="Me", fingerprints=(alice.console.home.key_fingerprint,))
    draft = start_from(template.workflow, "Blue and green", person)
    blue = StageId("blue")

    plan = planned(alice, draft, {PRODUCTION: blue, PATCH: INTEGRATION})

    assert plan.choices[PRODUCTION] == (INTEGRATION, STAGING, blue, StageId("green"))
    assert plan.choices[PATCH] == (INTEGRATION, STAGING)
    assert {effect.name for effect in plan.effects if effect.target == blue} == {"crm 7.1", "payroll 2026.3"}
    assert not any("promotion" in obstacle.reason for obstacle in plan.obstacles)


async def test_what_stands_in_production_goes_where_the_sheet_said(desks: tuple[Desk, Desk]) -> None:
    """Once written, the new version knows the stage that vanished no more, nor that it was production."""
    alice, _ = desks
    added, blue = add_stage(standing(alice), "Blue")
    led, _ = connect(change_stage(added, blue, is_production=True), STAGING, blue, Kind.PROMOTE)
    workflow = remove(led, [PRODUCTION])
    plan = planned(alice, workflow, {PRODUCTION: blue})
    assert not plan.obstacles

    report = await alice.console.publishing.publish(plan)

    assert report.left == ()
    assert sorted(report.moved) == ["crm 7.1", "payroll 2026.3"]
    await alice.until(lambda: all(alice.stands(name, blue) for name in report.moved))


async def test_who_may_not_write_to_the_pool_publishes_nothing(pool: EmbeddedPool, tmp_path: Path) -> None:
    async with seated(pool, tmp_path / "first") as _:
        pass
    reader = next(user for user, role in pool.roles.items() if role == "read-only")
    async with seated(pool, tmp_path / "reader", reader) as desk:
        plan = planned(desk, change_workflow(standing(desk), description="mine"))

        with pytest.raises(NotPermitted):
            await desk.console.publishing.publish(plan)
