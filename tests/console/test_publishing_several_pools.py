"""One workflow on two pools: written to both, and where it could not be, said and mended."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from consoles import given_passphrase
from embedded import EmbeddedPool, embedded_pools

from tests.console.test_several_pools import access
from tests.workflows import put_on
from xsconsole.console import Console, Pools
from xsconsole.domain.events import BoardChanged, LinkChanged, LinkState
from xsconsole.domain.ids import PersonId, StageId, Uuid
from xsconsole.domain.inventory import Host
from xsconsole.domain.publication.effects import EffectKind, PartState, PublishPlan
from xsconsole.domain.workflow import ApprovalRule, Binding, Person, PoolObject, Workflow
from xsconsole.domain.workflow.edits import add_stage, change_stage, change_workflow, connect, remove
from xsconsole.errors import Refused

PRODUCTION = StageId("production")


@pytest.fixture
def served() -> Iterator[tuple[EmbeddedPool, ...]]:
    with embedded_pools("--speed", "50") as pools:
        yield pools


@pytest.fixture
async def pools(served: tuple[EmbeddedPool, ...], tmp_path: Path) -> AsyncIterator[Pools]:
    opened = Pools(await Console.open(tmp_path, passphrase=given_passphrase), equips_all=True)
    try:
        await opened.first.connect(*access(served[0]))
        await opened.connect(*access(served[1]))
        yield opened
    finally:
        await opened.close()


def standing(console: Console) -> Workflow:
    assert console.board.workflow is not None
    return console.board.workflow


def over_both(pools: Pools) -> Workflow:
    """The workflow with a stage after production on the second pool."""
    _, second = pools
    assert second.identity is not None
    there = PoolObject(uuid=second.identity.pool, name=second.identity.pool_name)
    workflow, stage = add_stage(standing(pools.first), "Far away")
    workflow = change_stage(workflow, stage, binding=Binding(pool=there))
    return connect(workflow, PRODUCTION, stage)[0]


def planned(pools: Pools) -> PublishPlan:
    """Of that workflow: what the second pool has in stages that are now on the first goes to the new one."""
    wanted, base = over_both(pools), standing(pools.first)
    far = wanted.stages[-1].id
    must_map = pools.publishing.plan(wanted, base=base).must_map
    return pools.publishing.plan(wanted, base=base, mapping=dict.fromkeys(must_map, far))


async def until(console: Console, is_so: Callable[[], bool]) -> None:
    is_changed = asyncio.Event()
    end = console.subscribe(BoardChanged, lambda _: is_changed.set())
    async with asyncio.timeout(30):
        while not is_so():
            is_changed.clear()
            await is_changed.wait()
    end()


async def heard(console: Console, version: int) -> None:
    """Wait until a console has heard of a version."""
    await until(console, lambda: standing(console).version == version)


async def test_a_version_is_written_to_every_pool_that_it_binds(pools: Pools) -> None:
    first, second = pools

    plan = planned(pools)
    report = await pools.publishing.publish(plan)

    assert [part.state for part in plan.pools] == [PartState.WRITES, PartState.WRITES]
    assert not plan.obstacles
    assert report.is_whole, report
    assert sorted(report.written) == ["acme", "acme production"]
    assert standing(first) == standing(second)
    assert all(stage.binding.pool is not None for stage in standing(first).stages)
    assert pools.publishing.split() is None
    mapped = {effect.name for effect in plan.effects if effect.kind is EffectKind.MAPPED}
    assert set(report.moved) == mapped
    far = {standing(first).stages[-1].id}
    await until(second, lambda: {card.stage for card in second.board.cards.values()} == far)
    assert not pools.publishing.plan(standing(first)).is_needed
    assert {card.stage for card in first.board.cards.values()} >= {PRODUCTION, StageId("integration")}


async def test_a_pool_that_could_not_be_written_is_said_and_the_same_act_finishes_it(
    pools: Pools, served: tuple[EmbeddedPool, ...]
) -> None:
    first, second = pools
    plan = planned(pools)
    names = {part.pool: part.name for part in plan.pools}
    last = pools.of(plan.pools[1].pool)
    served[[first, second].index(last)].control(
        "fail", method="pool.add_to_other_config", nth=1, code="INTERNAL_ERROR", params=["no"]
    )

    cut_off = await pools.publishing.publish(plan)
    await heard(pools.of(plan.pools[0].pool), 2)
    split = pools.publishing.split()
    mended = await pools.publishing.finish()

    assert cut_off.written == (names[plan.pools[0].pool],)
    assert [name for name, _ in cut_off.failed] == [names[plan.pools[1].pool]]
    assert split is not None
    assert [part.pool for part in split.behind] == [plan.pools[1].pool]
    assert f"but {names[plan.pools[1].pool]} has version 1" in split.sentence
    assert split.can_be_mended
    assert mended.is_whole, mended
    assert mended.written == (names[plan.pools[1].pool],)
    await heard(last, 2)
    assert standing(first).digest == standing(second).digest
    assert pools.publishing.split() is None


async def test_a_pool_without_a_connection_stands_against_publishing(pools: Pools) -> None:
    first, second = pools
    assert second.identity is not None
    wanted, base = over_both(pools), standing(first)
    await pools.disconnect(second.identity.pool)

    plan = pools.publishing.plan(wanted, base=base)

    assert [part.state for part in plan.pools].count(PartState.AWAY) == 1
    assert "there is no connection to it" in plan.obstacles[0].reason
    assert "it has had no version of this workflow yet" in plan.obstacles[0].mend
    with pytest.raises(Refused, match="no connection"):
        await pools.publishing.publish(plan)


async def test_what_stands_on_a_pool_that_the_workflow_does_not_bind_is_no_finding(pools: Pools) -> None:
    first, second = pools
    shorter = remove(standing(first), [PRODUCTION])

    found = [one.sentence for one in pools.publishing.findings(shorter) if one.rule == "homeless"]

    assert any(card.stage == PRODUCTION for card in second.board.cards.values())
    (sentence,) = found
    assert sentence.startswith("2 configurations stand in “Production”, which this version does not have")


async def test_a_stage_that_changes_its_pool_takes_nothing_along(pools: Pools) -> None:
    first, second = pools
    assert second.identity is not None
    there = PoolObject(uuid=second.identity.pool, name=second.identity.pool_name)
    moved = change_stage(standing(first), PRODUCTION, binding=Binding(pool=there))

    plan = pools.publishing.plan(moved, base=standing(first))

    assert PRODUCTION in plan.must_map
    blocked = {effect.name: effect.sentence for effect in plan.effects if effect.kind is EffectKind.BLOCKED}
    assert "crm 7.1" in blocked
    assert "changes its pool" in blocked["crm 7.1"]
    ways_out = {obstacle.reason: obstacle.mend for obstacle in plan.obstacles}
    way_out = "Migrate it into pool “acme production” before, or bind “Production” to “acme”"
    assert ways_out[blocked["crm 7.1"]].startswith(way_out)
    # What stands there already, such as after a migration, is asked nothing.
    stays = {effect.name for effect in plan.effects if effect.kind is EffectKind.STAYS}
    assert {card.name for card in second.board.cards.values() if card.stage == PRODUCTION} <= stays


async def test_a_pool_where_somebody_published_another_version_is_not_overwritten(pools: Pools) -> None:
    first, second = pools
    theirs = msgspec.structs.replace(standing(second), version=2, description="theirs")
    await second.engine.publish(theirs, 1)
    await heard(second, 2)

    plan = pools.publishing.plan(over_both(pools), base=standing(first))

    assert plan.standing is not None
    assert plan.standing.description == "theirs"
    assert any("was not made from it" in obstacle.reason for obstacle in plan.obstacles)


def changed(pools: Pools, description: str, later: tuple[Uuid, ...] = ()) -> PublishPlan:
    base = standing(pools.first)
    return pools.publishing.plan(change_workflow(base, description=description), base=base, later=later)


async def stands_on_both(pools: Pools) -> None:
    """Publish version 2 to both, and wait until both show what came of it."""
    assert (await pools.publishing.publish(planned(pools))).is_whole
    for console in pools:
        await heard(console, 2)
    _, second = pools
    far = {standing(second).stages[-1].id}
    await until(second, lambda: {card.stage for card in second.board.cards.values()} == far)
    await until(second, lambda: all(card.run is None for card in second.board.cards.values()))


async def linked(console: Console, state: LinkState) -> None:
    """Wait until the road to a pool is so."""
    is_changed = asyncio.Event()
    end = console.subscribe(LinkChanged, lambda _: is_changed.set())
    async with asyncio.timeout(60):
        while console.link.state is not state:
            is_changed.clear()
            await is_changed.wait()
    end()


def hide(pools: Pools, served: tuple[EmbeddedPool, ...], pool: Uuid, mode: str) -> None:
    """Take a pool off its network, or bring it back: its coordinator is `dead` or `live`."""
    console = pools.of(pool)
    record = console.inventory.pool
    assert record is not None
    host = console.inventory.get(Host, record.master)
    assert host is not None
    served[list(pools).index(console)].control("host", host=host.uuid, mode=mode)


async def test_a_pool_that_is_away_follows_later_and_is_said_to_be_behind_until_then(
    pools: Pools, served: tuple[EmbeddedPool, ...]
) -> None:
    await stands_on_both(pools)
    first, last = changed(pools, "any").pools
    hide(pools, served, last.pool, "dead")
    await linked(pools.of(last.pool), LinkState.LOST)

    waits = changed(pools, "third")
    base = standing(pools.first)
    there = [stage.id for stage in base.stages if stage.binding.pool and stage.binding.pool.uuid == last.pool]
    lacks = pools.publishing.plan(remove(base, there[:1]), base=base, later=[last.pool])
    wanted = change_workflow(base, description="third")
    for console in pools:  # a stage of each has another name, which is to be written at what stands there
        stage = min(card.stage for card in console.board.cards.values())
        wanted = change_stage(wanted, stage, name=f"Other {stage}")
    plan = pools.publishing.plan(wanted, base=base, later=(last.pool,))
    async with asyncio.timeout(20):  # nothing is waited for on the pool that is away
        report = await pools.publishing.publish(plan)
    await heard(pools.of(first.pool), 3)
    split = pools.publishing.split()

    (obstacle,) = waits.obstacles
    assert obstacle.reason.startswith(f"The pool “{last.name}” is away: nothing was heard of it since ")
    assert obstacle.mend == "Wait until it is back, or let it follow later."
    assert any("would be gone from" in obstacle.mend for obstacle in lacks.obstacles)
    assert [part.state for part in plan.pools] == [PartState.WRITES, PartState.LATER]
    assert plan.obstacles == ()
    assert (report.written, report.later, report.failed, report.left) == ((first.name,), (last.name,), (), ())
    assert report.moved
    assert split is not None
    assert not split.can_be_mended
    assert split.sentence.startswith(f"Version 3 of “Release to production” stands on {first.name} (by root, ")
    assert f"{last.name} was away and has version 2 (by root, " in split.sentence

    hide(pools, served, last.pool, "live")
    await linked(pools.of(last.pool), LinkState.LIVE)
    back = pools.publishing.split()
    mended = await pools.publishing.finish()
    await heard(pools.of(last.pool), 3)

    assert back is not None
    assert back.can_be_mended
    assert (mended.written, mended.later) == ((last.name,), ())
    assert pools.publishing.split() is None


async def test_the_pool_that_is_written_first_cannot_wait(pools: Pools, served: tuple[EmbeddedPool, ...]) -> None:
    await stands_on_both(pools)
    first, _ = changed(pools, "any").pools
    hide(pools, served, first.pool, "dead")
    await linked(pools.of(first.pool), LinkState.LOST)

    plan = changed(pools, "third", later=(first.pool,))

    assert [part.state for part in plan.pools] == [PartState.AWAY, PartState.WRITES]
    assert "of two who publish at once one is first everywhere" in plan.obstacles[0].mend
    with pytest.raises(Refused):
        await pools.publishing.publish(plan)


async def test_two_versions_with_one_number_are_settled_by_the_next_one(
    pools: Pools, served: tuple[EmbeddedPool, ...]
) -> None:
    first, second = pools
    ours = planned(pools).workflow
    theirs = msgspec.structs.replace(ours, description="theirs")
    put_on(served[0], ours)
    put_on(served[1], theirs)
    await heard(first, 2)
    await heard(second, 2)
    there = second.identity.pool if second.identity is not None else Uuid("")

    split = pools.publishing.split()
    unsettled = pools.publishing.plan(ours, base=ours)
    must_map = unsettled.must_map
    far = ours.stages[-1].id
    plan = pools.publishing.plan(ours, base=ours, mapping=dict.fromkeys(must_map, far), replaced=[there])

    assert split is not None
    assert (split.can_be_mended, split.can_be_settled) == (False, True)
    assert any("say that the new version takes its place" in obstacle.mend for obstacle in unsettled.obstacles)
    assert not plan.obstacles
    assert (plan.workflow.version, [part.pool for part in plan.replaced]) == (3, [there])
    report = await pools.publishing.publish(plan)
    assert not report.failed
    await heard(second, 3)
    assert standing(second).description == ours.description
    assert pools.publishing.split() is None


async def test_what_takes_the_place_of_another_version_passes_that_ones_rules_of_publishing(
    pools: Pools, served: tuple[EmbeddedPool, ...]
) -> None:
    first, second = pools
    ours = planned(pools).workflow
    rules = (ApprovalRule(count=1, people=(PersonId("ann"),)),)
    person = Person(id=PersonId("ann"), name="Ann", fingerprints=("ab" * 32,))
    put_on(served[0], ours)
    put_on(served[1], msgspec.structs.replace(ours, people=(person,), publishing=rules))
    await heard(first, 2)
    await heard(second, 2)
    there = second.identity.pool if second.identity is not None else Uuid("")

    plan = pools.publishing.plan(ours, base=ours, replaced=[there])

    assert any("demands approval of what takes its place" in obstacle.reason for obstacle in plan.obstacles)
