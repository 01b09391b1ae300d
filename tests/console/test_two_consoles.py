"""Two consoles with homes of their own at one pool."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.console.desk import SHOP, Desk, seated
from tests.console.pool_state import footprint, restore_points, runs_and_held_leases
from xsconsole.console import Connection, RunState, RunStatus, Secret
from xsconsole.console.projecting import Shown, beside_live, past_of
from xsconsole.console.reconciling import Memory, reconcile
from xsconsole.domain import words
from xsconsole.domain.board import Standing
from xsconsole.domain.events import ConfigurationMoved
from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.inventory import VM
from xsconsole.domain.outside import Whose
from xsconsole.domain.projection import Past
from xsconsole.domain.record import AuditEvent, AuditQuery, Outcome
from xsconsole.engine.commands import (
    Confirmed,
    Create,
    Delete,
    Direction,
    Dissolve,
    NewMember,
    Plannable,
    Replicate,
)
from xsconsole.errors import HeldElsewhere, Refused

NOBODY = Uuid("00000000-0000-0000-0000-000000000001")


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "20") as served:
        yield served


@pytest.fixture
async def desks(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[tuple[Desk, Desk]]:
    async with seated(pool, tmp_path / "a", "alice") as alice, seated(pool, tmp_path / "b", "adam") as adam:
        yield alice, adam


async def attempt(desk: Desk, command: Plannable) -> RunStatus | Refused:
    try:
        return await desk.do(command)
    except Refused as refusal:
        return refusal


def stage_in(past: Past) -> str:
    return next(card.face.stage for _, card in past.cards if card.face.name == SHOP)


async def test_a_promotion_here_appears_there_as_the_pool_tells_of_it_and_is_recorded_as_seen(
    pool: EmbeddedPool, desks: tuple[Desk, Desk]
) -> None:
    alice, adam = desks
    seen: list[StageId | None] = []
    adam.console.subscribe(ConfigurationMoved, lambda move: seen.append(move.target))
    pool.calls()

    status = await alice.do(alice.promotion())
    await adam.until(lambda: adam.stands(SHOP, "production"))

    assert status.state is RunState.DONE
    assert seen == [StageId("production")]
    assert {call["method"] for call in pool.calls() if call["user"] == "adam"} <= {"event.from"}, "nothing was polled"
    row = await adam.until_recorded(AuditEvent.OBSERVED)
    assert (row.fact.configuration_name, row.fact.source, row.fact.target) == (SHOP, "staging", "production")
    assert row.fact.outcome is Outcome.OBSERVED
    assert AuditEvent.OBSERVED not in await alice.events()
    for desk in desks:  # both can draw the board of now, and that of before, from their rows alone
        await desk.until_recorded(AuditEvent.STANDS)
        first = await desk.until_recorded(AuditEvent.CONNECTED)
        before, now = await past_of(desk.console.home, first.seq), await past_of(desk.console.home)
        shown = (Shown(pool=row.fact.pool or NOBODY, name="acme", board=desk.console.own_board),)
        assert beside_live(now, shown).sentence.startswith("The board that the rows amount to is the one")
        assert stage_in(before) == "staging"
        assert stage_in(now) == "production"
        assert next(iter(now.pools.values())).workflow == desk.console.own_board.workflow
        assert all(not card.is_partial for _, card in now.cards)

    own, others = await reconcile(alice.console), await reconcile(adam.console)
    told = (await adam.rows(AuditQuery(event=AuditEvent.FOREIGN)))[0].fact
    again = await reconcile(adam.console)
    assert own.verdict.is_good
    assert own.verdict.is_vouched
    assert own.found == 4  # each of its machines was given its stage
    assert (others.found, others.missing) == (0, ())
    assert {one.who for one in others.foreign} == {"alice"}
    assert {one.configuration_name for one in others.foreign} == {SHOP}
    assert (told.configuration_name, told.outcome) == (SHOP, Outcome.OBSERVED)
    assert "by alice, what calls itself console" in str((told.details or {})["what"])
    assert {one.whose for one in others.foreign} == {Whose.CONSOLE}
    assert again.foreign == ()  # they are on record
    with pool.plain_session() as session:
        session.xenapi.VM.add_tags(adam.card().members[0].ref, "behind their backs")
    (behind,) = (await reconcile(adam.console, memory=(memory := Memory()), is_quiet=True)).foreign
    before = len(await adam.rows(AuditQuery(event=AuditEvent.RECONCILED)))
    assert (await reconcile(adam.console, memory=memory, is_quiet=True)).foreign == ()
    assert (behind.whose, behind.call) == (Whose.FOREIGN, "VM.add_tags")
    assert len(await adam.rows(AuditQuery(event=AuditEvent.RECONCILED))) == before, "nothing was found, and said"
    from_the_beginning = await reconcile(adam.console, first.at)
    assert {*from_the_beginning.foreign} == {*others.foreign, behind}
    assert len(await adam.rows(AuditQuery(event=AuditEvent.FOREIGN))) == len(from_the_beginning.foreign)


async def test_what_one_console_undid_is_no_news_when_another_does_it(
    pool: EmbeddedPool, desks: tuple[Desk, Desk]
) -> None:
    alice, adam = desks
    pool.control("fail", method="VM.snapshot", nth=2, code="SR_BACKEND_FAILURE_44", params=["", "", ""])
    assert (await alice.do(alice.promotion())).state is RunState.UNDONE
    await adam.until(lambda: adam.stands(SHOP, "staging"))

    await adam.do(adam.promotion())

    row = await alice.until_recorded(AuditEvent.OBSERVED)
    assert row.fact.target == "production"


async def test_a_creation_that_was_undone_is_nobody_elses_dissolution(
    pool: EmbeddedPool, desks: tuple[Desk, Desk]
) -> None:
    alice, _ = desks
    vms = tuple(NewMember(vm=vm.uuid) for vm in _free_machines(alice))
    pool.control("fail", method="VM.add_to_other_config", nth=3, code="INTERNAL_ERROR", params=["the disk is gone"])
    created = Create(service="tools", version="1", stage=StageId("integration"), members=vms)

    status = await alice.do(created)
    await alice.until(lambda: all(card.name != "tools 1" for card in alice.console.board.cards.values()))
    await alice.do(alice.promotion("payroll 2026.5", "patch-testing"))

    assert status.state is RunState.UNDONE
    assert AuditEvent.OBSERVED not in await alice.events()


async def test_of_two_at_the_same_moment_one_wins_and_the_other_is_told_who(desks: tuple[Desk, Desk]) -> None:
    alice, adam = desks

    ended = await asyncio.gather(attempt(alice, alice.promotion()), attempt(adam, adam.promotion()))

    won = [status for status in ended if isinstance(status, RunStatus)]
    lost = [refusal for refusal in ended if isinstance(refusal, HeldElsewhere)]
    assert [status.state for status in won] == [RunState.DONE]
    assert len(lost) == 1
    winner = "adam" if ended.index(lost[0]) == 0 else "alice"
    assert winner in words.explain(lost[0]).failed
    loser = desks[ended.index(lost[0])]
    refused = (await loser.rows(AuditQuery(event=AuditEvent.COMMAND_REFUSED)))[0]
    assert winner in refused.fact.reason


async def test_one_service_has_one_place_in_production_whoever_is_faster(
    pool: EmbeddedPool, desks: tuple[Desk, Desk]
) -> None:
    alice, adam = desks
    vms = tuple(NewMember(vm=vm.uuid) for vm in _free_machines(alice))
    await alice.do(Create(service="shop", version="1.2.9", stage=StageId("staging"), members=vms))
    await adam.until(lambda: adam.stands("shop 1.2.9", "staging"))

    ended = await asyncio.gather(
        attempt(alice, alice.promotion()), attempt(adam, adam.promotion("shop 1.2.9", "production"))
    )

    states = [status.state for status in ended if isinstance(status, RunStatus)]
    assert states == [RunState.DONE]
    await alice.until(lambda: len(alice.console.board.in_stage(StageId("production"))) == 3)
    in_production = [card.name for card in alice.console.board.in_stage(StageId("production"))]
    assert len([name for name in in_production if name.startswith("shop")]) == 1
    assert not runs_and_held_leases(pool)


@pytest.mark.parametrize("direction", list(Direction))
async def test_what_one_console_left_another_settles_and_the_first_closes_its_journal(
    pool: EmbeddedPool, desks: tuple[Desk, Desk], direction: Direction
) -> None:
    alice, adam = desks
    before = footprint(pool)
    await alice.start(alice.promotion())
    await alice.until(lambda: alice.console.runs[0].settled)
    await alice.console.disconnect()
    await adam.until(lambda: adam.stands(SHOP, "staging", Standing.INTERRUPTED))

    status = await adam.settle(adam.card().id, direction)

    assert status.error is None
    stage = "production" if direction is Direction.RESUME else "staging"
    await adam.until(lambda: adam.stands(SHOP, stage))
    assert not runs_and_held_leases(pool)
    assert len(restore_points(pool, SHOP)) == (4 if direction is Direction.RESUME else 0)
    if direction is Direction.UNDO:
        assert footprint(pool) == before


async def test_what_is_copied_again_is_another_one_also_for_who_finishes_it(
    pool: EmbeddedPool, desks: tuple[Desk, Desk]
) -> None:
    alice, adam = desks
    source = alice.card("payroll 2026.5")
    copying = Replicate(configuration=source.id, revision=source.revision, target=StageId("patch-testing"))
    first = (await alice.do(copying)).plan.intent.makes
    assert first is not None
    await alice.until(lambda: alice.console.board.cards[first].standing is Standing.WHOLE)
    deletion = Delete(configuration=first, revision=alice.console.board.cards[first].revision)
    plan = alice.console.plan(deletion)
    run = await alice.console.do(Confirmed(command=deletion, digest=plan.digest, answers=plan.questions))
    assert (await alice.console.finished(run)).state is RunState.DONE
    await alice.until(lambda: first not in alice.console.board.cards)

    digest = alice.console.plan(copying).digest
    begun = await alice.start(copying)
    second = begun.plan.intent.makes
    await alice.until(lambda: alice.console.runs[0].settled)
    await alice.console.disconnect()
    await adam.until(lambda: adam.console.board.cards[source.id].standing is Standing.INTERRUPTED)
    status = await adam.settle(source.id, Direction.RESUME)

    assert (status.state, status.plan.intent.makes, status.digest) == (RunState.DONE, second, digest)
    assert second not in (None, first)
    await adam.until(lambda: second in adam.console.board.cards and first not in adam.console.board.cards)
    (opened,) = (row.fact for row in await alice.rows(AuditQuery(event=AuditEvent.RUN_OPENED, run=begun.run)))
    (resumed,) = (row.fact for row in await adam.rows(AuditQuery(event=AuditEvent.RUN_RESUMED, run=begun.run)))
    assert [(row.details or {})["plan"] for row in (opened, resumed)] == [digest, digest]
    assert [(row.details or {})["makes"] for row in (opened, resumed)] == [second, second]
    assert not runs_and_held_leases(pool)


async def test_a_run_that_somebody_else_settled_is_closed_in_the_journal_at_once(
    pool: EmbeddedPool, desks: tuple[Desk, Desk]
) -> None:
    alice, adam = desks
    pool.control("fail", method="VM.snapshot", nth=2, code="SR_BACKEND_FAILURE_44", params=["", "", ""])
    pool.control("fail", method="VM.destroy", nth=1, code="INTERNAL_ERROR", params=["no"])
    status = await alice.do(alice.promotion())
    assert status.state is RunState.INTERRUPTED
    await adam.until(lambda: adam.stands(SHOP, "staging", Standing.INTERRUPTED))

    await adam.settle(adam.card().id, Direction.UNDO)

    row = await alice.until_recorded(AuditEvent.RUN_CLOSED)
    assert (row.fact.run, row.fact.outcome) == (status.run, Outcome.OBSERVED)
    assert alice.console.runs[0].state is RunState.SETTLED_ELSEWHERE


async def test_a_run_that_was_settled_while_one_was_away_is_known_to_be_at_the_next_connection(
    pool: EmbeddedPool, desks: tuple[Desk, Desk]
) -> None:
    alice, adam = desks
    await alice.start(alice.promotion())
    await alice.until(lambda: alice.console.runs[0].settled)
    await alice.console.disconnect()
    assert alice.console.runs[0].state is RunState.INTERRUPTED
    await adam.until(lambda: adam.stands(SHOP, "staging", Standing.INTERRUPTED))
    await adam.settle(adam.card().id, Direction.RESUME)

    await alice.console.connect(Connection(url=pool.url, user="alice"), Secret(pool.passwords["alice"]))

    assert alice.console.runs[0].state is RunState.SETTLED_ELSEWHERE


async def test_a_run_that_was_left_is_still_left_after_another_pool_was_visited(
    pool: EmbeddedPool, desks: tuple[Desk, Desk]
) -> None:
    alice, _ = desks
    await alice.start(alice.promotion())
    await alice.until(lambda: alice.console.runs[0].settled)
    with embedded_pool("--scenario", "empty", "--seed", "2") as other:
        await alice.console.connect(Connection(url=other.url, user="alice"), Secret(other.passwords["alice"]))
        assert not alice.console.board.cards

        assert alice.console.runs[0].state is RunState.INTERRUPTED


async def test_a_dissolution_elsewhere_takes_the_card_away_here(desks: tuple[Desk, Desk]) -> None:
    alice, adam = desks
    card = adam.card("payroll 2026.5")

    await adam.do(Dissolve(configuration=card.id, revision=card.revision))

    await alice.until(lambda: card.id not in alice.console.board.cards)
    row = await alice.until_recorded(AuditEvent.OBSERVED)
    assert (row.fact.configuration, row.fact.target) == (card.id, None)
    assert row.fact.configuration_name == card.name


def _free_machines(desk: Desk) -> list[VM]:
    return [vm for vm in desk.console.inventory.all(VM) if vm.name_label in ("build-1", "build-2")]
