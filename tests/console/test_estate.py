"""What a window sees of two pools: one inventory, one board, and every question answered by the pool it is about."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from consoles import given_passphrase
from embedded import EmbeddedPool, embedded_pools

from xsconsole.console import Connection, Console, Estate, Pools, RunState, Secret
from xsconsole.console.embedded import EmbeddedPool as Demo
from xsconsole.console.fences import with_fence
from xsconsole.domain.acts import Act, Kind, ObjectId
from xsconsole.domain.board import Board, Standing
from xsconsole.domain.closures import ClosureKind, Freeze
from xsconsole.domain.events import BoardChanged, InventoryChanged, LinkState, PoolsChanged
from xsconsole.domain.fence.proof import Site
from xsconsole.domain.fence.standing import StandingFence, fence_stem, standing_text
from xsconsole.domain.fence.values import Fence, FenceMode
from xsconsole.domain.ids import ConfigurationId, StageId, Uuid
from xsconsole.domain.inventory import VM, Pool
from xsconsole.domain.naming import find_configuration
from xsconsole.domain.workflow import Binding, PoolObject
from xsconsole.engine.commands import (
    Confirmed,
    Create,
    FreezeStage,
    HoldBack,
    Lift,
    NewMember,
    Operate,
    Promote,
    StopTheLine,
    Undeploy,
)
from xsconsole.errors import ConnectFailed, NotFound, Refused
from xsconsole.settings import KnownPool

NOWHERE = Uuid("00000000-0000-0000-0000-000000000001")


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[EmbeddedPool, ...]]:
    with embedded_pools("--speed", "50") as pools:
        yield pools


@pytest.fixture
async def estate(served: tuple[EmbeddedPool, ...], tmp_path: Path) -> AsyncIterator[Estate]:
    """A home that is connected to both pools of the company."""
    pools = Pools(await Console.open(tmp_path, passphrase=given_passphrase), equips_all=True)
    try:
        made = Estate(pools)
        for pool in served:
            await pools.connect(*access(pool))
        yield made
    finally:
        await pools.close()


def access(pool: EmbeddedPool) -> tuple[Connection, Secret]:
    return Connection(url=pool.url, user=pool.user), Secret(pool.password)


def machine(console: Console) -> VM:
    """A machine that is no member of anything."""
    taken = {member.uuid for card in console.board.cards.values() for member in card.members}
    return next(vm for vm in console.inventory.all(VM) if vm.is_ordinary and vm.uuid not in taken)


async def configuration_on(console: Console, name: str) -> None:
    vm = machine(console)
    command = Create(service=name, version="1", stage=StageId("staging"), members=(NewMember(vm=vm.uuid),))
    status = await console.finished(
        await console.do(Confirmed(command=command, digest=console.plan(command).digest)),
    )
    assert status.state is RunState.DONE
    await console._mirror.until(lambda board: _is_whole(board, name), 20)


def _is_whole(board: Board, service: str) -> bool:
    found = [card for card in board.cards.values() if card.service == service]
    return bool(found) and all(card.standing is Standing.WHOLE for card in found)


async def test_the_inventory_is_that_of_all_pools(estate: Estate) -> None:
    first, second = estate.pools.all

    assert estate.inventory.count(Pool) == 2
    assert estate.inventory.total() == first.inventory.total() + second.inventory.total()
    vm = machine(second)
    assert estate.inventory.by_uuid(VM, vm.uuid) is vm
    assert estate.inventory.holding(VM, vm.ref) is second.inventory
    assert estate.of_object(ObjectId(kind=Kind.VM, uuid=vm.uuid)) is second


async def test_no_reference_stands_on_two_pools(estate: Estate) -> None:
    first, second = estate.pools.all

    refs = [{record.ref for record in console.inventory.all(VM)} for console in (first, second)]

    assert not refs[0] & refs[1]


async def test_a_card_of_the_second_pool_is_planned_and_moved_there(
    estate: Estate, served: tuple[EmbeddedPool, ...]
) -> None:
    first, second = estate.pools.all
    await configuration_on(second, "ledger")
    card = find_configuration(estate.board, "ledger@staging")
    command = Promote(configuration=card.id, revision=card.revision, target=StageId("production"))

    run = await estate.do(Confirmed(command=command, digest=estate.plan(command).digest))
    status = await estate.finished(run)

    assert status.state is RunState.DONE
    assert estate.of_card(card.id) is second
    assert estate.of_run(run) is second
    assert status in estate.runs
    assert run not in [one.run for one in first.runs]
    assert find_configuration(estate.board, "shop@staging").id in first.board.cards

    # A fence there is asked there, though the configuration in it is gone.
    lost = StandingFence(
        configuration=ConfigurationId("00000000-0000-0000-0000-00000000000a"),
        origin=card.id,
        title="ledger",
        service="ledger",
        stage=StageId("staging"),
        fence=Fence(name="lost", mode=FenceMode.ISOLATED, segments=(), footholds=()),
        site=Site(networks={}, members={}),
    )
    assert estate.of_card(lost.configuration) is first
    with served[1].plain_session() as session:
        x, key = session.xenapi.pool, f"{fence_stem(lost.configuration)}.1"
        x.add_to_other_config(x.get_all()[0], key, standing_text(lost))
        await second._mirror.until(lambda _: with_fence([second], lost.configuration) is not None, 20)
        assert estate.of_card(lost.configuration) is second
        assert estate.plan(Undeploy(configuration=lost.configuration)).steps
        x.remove_from_other_config(x.get_all()[0], key)


async def test_what_is_closed_on_several_pools_is_told_and_lifted_where_it_stands(estate: Estate) -> None:
    first, second = estate.pools.all
    closings, names = estate.closings, estate.pool_names
    workflow = estate.board.workflow
    assert workflow is not None
    staging = workflow.stage(StageId("staging"))
    assert staging is not None

    await closings.do(FreezeStage(stage=staging.id, reason="the end of the year"))
    await closings.do(StopTheLine(reason="storage is failing"))
    freezes = [[one for one in console.closings.all if isinstance(one, Freeze)] for console in (first, second)]
    span = closings.freeze_of(staging)

    assert [len(found) for found in freezes] == [1, 1]
    assert span is not None
    assert span.ends is None
    assert closings.is_frozen(span)
    assert len(closings.why_frozen(staging)) == 1
    assert tuple(name for name, _ in closings.stops) == names
    assert len(closings.all) == 4

    card = find_configuration(first.board, "shop@staging")
    hold = await closings.do(HoldBack(configuration=card.id, reason="it lost orders"))
    assert (hold in first.closings.all, hold in second.closings.all) == (True, False)
    assert len(closings.on(estate.board.cards[card.id])) == 1

    await closings.do(Lift(kind=ClosureKind.HOLD, subject=card.id, reason="mended"))
    await closings.do(Lift(kind=ClosureKind.STOP, reason="mended"))
    for found in freezes:
        await closings.do(Lift(kind=ClosureKind.FREEZE, subject=found[0].id, reason="it is January"))
    assert closings.all == ()
    with pytest.raises(NotFound, match="not closed any more"):
        await closings.do(Lift(kind=ClosureKind.STOP))


async def test_an_act_on_machines_of_both_pools_is_a_job_on_each(estate: Estate) -> None:
    consoles = estate.pools.all
    items = tuple(ObjectId(kind=Kind.VM, uuid=machine(console).uuid) for console in consoles)
    command = Operate(act=Act.TAG, objects=items, text="both")

    checks = estate.acts.checks(command)
    jobs = await estate.acts.do(command)
    ended = [await estate.acts.finished(job) for job in jobs]

    assert [check.object for check in checks] == list(items)
    assert all(estate.pool_name(console) in check.name for console, check in zip(consoles, checks, strict=True))
    assert [status.is_good for status in ended] == [True, True]
    assert [console.acts.jobs[0].job for console in consoles] == list(jobs)
    same = replace(command, act=Act.RENAME, text="one name")
    assert [check.refusal.reason for check in estate.acts.checks(same) if check.refusal] == [
        "All of them would be called the same."
    ] * len(command.objects)
    with pytest.raises(Refused, match="would be called the same"):
        await estate.acts.do(same)


async def test_machines_of_two_pools_make_no_configuration(estate: Estate) -> None:
    members = tuple(NewMember(vm=machine(console).uuid) for console in estate.pools.all)

    with pytest.raises(Refused, match="several pools"):
        estate.plan(Create(service="both", version="1", stage=StageId("staging"), members=members))


async def test_a_pool_that_is_away_refuses_and_the_other_goes_on(
    estate: Estate, served: tuple[EmbeddedPool, ...]
) -> None:
    first, second = estate.pools.all
    both = tuple(ObjectId(kind=Kind.VM, uuid=machine(console).uuid) for console in (first, second))
    name = estate.sight_of(second).name

    await second.disconnect()
    checks = estate.acts.checks(Operate(act=Act.TAG, objects=both, text="x"))

    assert [check.refusal is None for check in checks] == [True, False]
    assert checks[1].refusal is not None
    assert name in checks[1].refusal.reason
    assert estate.inventory.by_uuid(VM, both[1].uuid) is not None
    assert estate.is_live
    shop = find_configuration(estate.board, "shop@staging")
    assert any(target.plan is not None and target.refusal is None for target in estate.targets(shop.id))


async def test_a_stage_of_a_pool_that_is_not_here_answers_with_the_reason(estate: Estate) -> None:
    first, _ = estate.pools.all
    shop = find_configuration(first.board, "shop@staging")
    workflow = first.board.workflow
    assert workflow is not None
    far = PoolObject(uuid=NOWHERE, name="beta")
    stages = tuple(
        stage if stage.id != "production" else type(stage)(**{**_fields(stage), "binding": Binding(pool=far)})
        for stage in workflow.stages
    )
    estate.board  # noqa: B018 - the board over both is made before the workflow changes below it
    changed = type(workflow)(**{**_fields(workflow), "stages": stages})
    first._mirror.board = type(first.board)(**{**_slots(first.board), "workflow": changed})

    answer = next(target for target in estate.targets(shop.id) if target.stage == "production")

    assert answer.refusal is not None
    assert "beta" in answer.refusal.reason
    assert "Connect" in answer.refusal.mend


def _fields(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


def _slots(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


async def test_events_of_all_pools_arrive_and_end_with_the_pool(
    estate: Estate, served: tuple[EmbeddedPool, ...]
) -> None:
    _, second = estate.pools.all
    heard: list[object] = []
    for kind in (InventoryChanged, BoardChanged, PoolsChanged):
        estate.subscribe(kind, heard.append)

    await configuration_on(second, "pay")
    boards = [event for event in heard if isinstance(event, BoardChanged)]
    sources = {id(event.inventory) for event in heard if isinstance(event, InventoryChanged)}
    await estate.pools.leave(second)

    assert boards
    assert id(second.inventory) in sources
    assert isinstance(heard[-1], PoolsChanged)
    assert estate.inventory.count(Pool) == 1
    assert len(estate.sights) == 1


async def test_what_was_last_known_of_a_pool_is_shown_and_connected_to_in_its_place(
    estate: Estate, served: tuple[EmbeddedPool, ...]
) -> None:
    pools, (_, second) = estate.pools, estate.pools.all
    await second.last_known.keep()
    await pools.leave(second)

    await pools.recall(served[1].url)
    known = estate.sights[1]

    assert known.link.state is LinkState.CLOSED
    assert known.link.as_of is not None
    assert known.name == served[1].name
    with pytest.raises(ConnectFailed):
        await pools.connect(Connection(url=served[1].url, user="root"), Secret("wrong"))
    assert len(estate.sights) == 2
    again = await pools.connect(*access(served[1]))
    assert pools.all[1] is again
    assert estate.sights[1].is_live


async def test_pools_that_follow_different_versions_are_told(estate: Estate) -> None:
    first, second = estate.pools.all
    workflow = first.board.workflow
    assert workflow is not None
    assert estate.differing() is None

    newer = type(workflow)(**{**_fields(workflow), "version": workflow.version + 1})
    first._mirror.board = type(first.board)(**{**_slots(first.board), "workflow": newer})
    found = estate.differing()

    assert found is not None
    assert estate.board.workflow is newer
    assert estate.sight_of(second).name in found.sentence
    assert f"version {workflow.version}" in found.sentence


async def test_the_window_connects_where_it_was_connected_when_it_closed(
    estate: Estate, served: tuple[EmbeddedPool, ...]
) -> None:
    home = estate.home
    before = await home.usual_connections(None)

    home.keep_connected(tuple(pool.url for pool in served))
    after = await home.usual_connections(None)
    as_alice = await home.usual_connections("alice")
    home.keep_connected(())

    assert [connection.url for connection, _ in before] == [home.latest_pool]  # an older build remembered one
    assert [(connection.url, connection.user) for connection, _ in after] == [(pool.url, "root") for pool in served]
    assert all(password is None for _, password in after)  # there is no keyring here
    assert {connection.user for connection, _ in as_alice} == {"alice"}
    assert await home.usual_connections(None) == ()  # who left them all wants none

    aliases = [KnownPool(url=f"http://by-{name}", user="root", pool="one") for name in ("name", "address")]
    for alias in aliases:
        home.settings.remember_pool(alias)
    home.keep_connected(("http://nobody-knows", *(alias.url for alias in aliases)))
    assert home.settings.connected == ("http://nobody-knows", "http://by-address")  # two addresses of one pool


async def test_the_demo_hears_of_every_pool_that_is_served() -> None:
    pool = Demo()
    try:
        first, others = await pool.introduced(), await pool.others()
    finally:
        pool.stop()

    assert len(others) == 1
    assert others[0].connection.url != first.connection.url
