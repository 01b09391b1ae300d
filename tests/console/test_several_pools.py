"""One home, several pools: each is its own, and what is done on each stands in one record."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from consoles import given_passphrase
from embedded import EmbeddedPool, embedded_pool, embedded_pools

from xsconsole.console import Connection, Console, Estate, Pools, RunState, Secret
from xsconsole.domain.events import BoardChanged, LinkChanged, LinkState
from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.naming import find_configuration
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole.engine.commands import Confirmed, Promote
from xsconsole.errors import ConnectFailed, NotFound, Refused

NOBODY = Uuid("00000000-0000-0000-0000-000000000001")


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[EmbeddedPool, ...]]:
    with embedded_pools("--speed", "50") as pools:
        yield pools


@pytest.fixture(scope="module")
def third() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "50", "--seed", "11") as pool:
        yield pool


@pytest.fixture
async def pools(served: tuple[EmbeddedPool, ...], tmp_path: Path) -> AsyncIterator[Pools]:
    """A home that is connected to the first pool."""
    opened = Pools(await Console.open(tmp_path, passphrase=given_passphrase), equips_all=True)
    try:
        await opened.first.connect(*access(served[0]))
        yield opened
    finally:
        await opened.close()


def access(pool: EmbeddedPool) -> tuple[Connection, Secret]:
    return Connection(url=pool.url, user=pool.user), Secret(pool.password)


def promotion(console: Console) -> Promote:
    card = find_configuration(console.board, "shop@staging")
    return Promote(configuration=card.id, revision=card.revision, target=StageId("production"))


async def test_a_command_is_done_on_the_pool_it_is_given_for(pools: Pools, third: EmbeddedPool) -> None:
    other = await pools.connect(*access(third))
    assert other.identity is not None
    boards: list[BoardChanged] = []
    pools.first.subscribe(BoardChanged, boards.append)
    before = dict(pools.first.board.cards)

    command = promotion(other)
    console = pools.of(other.identity.pool)
    run = await console.do(Confirmed(command=command, digest=console.plan(command).digest))
    status = await console.finished(run)

    assert status.state is RunState.DONE
    assert pools.first.runs == ()
    assert dict(pools.first.board.cards) == before
    assert boards == []


async def test_a_pool_beside_others_is_given_a_workflow_only_when_somebody_says_so(
    served: tuple[EmbeddedPool, ...], third: EmbeddedPool, tmp_path: Path
) -> None:
    pools = Pools(await Console.open(tmp_path, passphrase=given_passphrase))
    try:
        first = await pools.connect(*access(served[0]))
        with embedded_pool("--speed", "50", "--seed", "12") as fresh:
            second = await pools.connect(*access(fresh))
            estate = Estate(pools)
            before = (first.board.is_published, second.board.is_published, estate.bare)
            differing = estate.differing()
            with pytest.raises(Refused, match="no workflow yet"):
                second.plan(promotion(second))

            assert first.board.workflow is not None
            standing = first.board.workflow
            report = await second.publishing.publish(second.publishing.plan(standing), copied=standing)
            async with asyncio.timeout(20):
                while estate.bare:  # noqa: ASYNC110 - what stands on a pool is told by its board
                    await asyncio.sleep(0.01)

            assert report.is_whole, report
            assert before == (True, False, (second,))
            assert differing is not None
            assert differing.sentence.endswith("; “acme” has none.")
            assert estate.differing() is None
    finally:
        await pools.close()


async def test_what_is_done_on_each_pool_stands_in_one_record(pools: Pools, third: EmbeddedPool) -> None:
    other = await pools.connect(*access(third))

    rows = await pools.first.audit_page(AuditQuery(event=AuditEvent.CONNECTED))

    assert other.identity is not None
    assert pools.first.identity is not None
    assert [row.fact.pool for row in rows] == [other.identity.pool, pools.first.identity.pool]
    assert all(verdict.is_good for verdict in await pools.first.verify_audit())


async def test_a_second_connection_to_one_pool_is_refused(pools: Pools, served: tuple[EmbeddedPool, ...]) -> None:
    with pytest.raises(Refused, match="already"):
        await pools.connect(*access(served[0]))

    assert list(pools) == [pools.first]
    assert pools.first.link.state is LinkState.LIVE


async def test_a_pool_that_cannot_be_reached_leaves_the_others_as_they_are(
    pools: Pools,
) -> None:
    estate, told = Estate(pools), []
    pools.subscribe(LinkChanged, lambda link: told.append((link.state, estate.connecting)))
    with pytest.raises(ConnectFailed):
        await pools.connect(Connection(url="http://127.0.0.1:9", user="root"), Secret("wrong"))

    assert told[0] == (LinkState.CONNECTING, ("http://127.0.0.1:9",))
    assert told[-1] == (LinkState.CLOSED, ())
    assert list(pools) == [pools.first]
    assert pools.first.link.state is LinkState.LIVE


async def test_ending_one_connection_leaves_the_other(pools: Pools, third: EmbeddedPool) -> None:
    other = await pools.connect(*access(third))
    assert other.identity is not None
    pool = other.identity.pool

    await pools.disconnect(pool)

    assert other.link.state is LinkState.CLOSED
    assert pools.first.link.state is LinkState.LIVE
    with pytest.raises(NotFound) as caught:
        pools.of(pool)
    assert len(caught.value.choices) == 1


async def test_the_first_connection_can_be_ended_too(pools: Pools) -> None:
    assert pools.first.identity is not None

    await pools.disconnect(pools.first.identity.pool)

    assert list(pools) == []
    with pytest.raises(NotFound):
        pools.of(NOBODY)
