"""A console is killed (SIGKILL) while it keeps a draft and while it publishes: everything is the old one or the new."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from consoles import given_passphrase
from embedded import EmbeddedPool, embedded_pool, embedded_pools

from tests.console.drafting_program import new, old
from tests.console.pool_state import runs_and_held_leases
from tests.console.publishing_program import planned
from xsconsole.console import Connection, Console, Pools, Secret
from xsconsole.domain.board import Standing
from xsconsole.domain.board_reading import published_workflow
from xsconsole.domain.events import BoardChanged
from xsconsole.domain.ids import DraftId
from xsconsole.domain.publication.values import PUBLICATION_PREFIX
from xsconsole.domain.workflow import Workflow
from xsconsole.engine.commands import Direction, Settle

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60.0
# Of the second saving: its beginning, the draft, the moments that go, and the first, another and the last that come.
STATEMENTS = (1, 3, 4, 5, 7, 9)
COMMIT, DONE = 10, 11  # then all is kept


def killed(program: str, *arguments: str) -> list[str]:
    """Run a program until it stands still, or has ended its work, and kill it there; return what it said before."""
    command = [sys.executable, "-m", f"tests.console.{program}", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as console:
        assert console.stdout is not None
        said: list[str] = []
        for line in console.stdout:
            said.append(line.strip())
            if said[-1] in ("here", "ended"):
                break
        console.kill()
    assert said[-1:] in (["here"], ["ended"]), said
    return said


@pytest.mark.parametrize("at", [*STATEMENTS, COMMIT, DONE])
async def test_a_draft_is_the_old_one_or_the_new_one_wherever_its_saving_is_killed(tmp_path: Path, at: int) -> None:
    draft, end = killed("drafting_program", str(tmp_path), str(at))
    assert end == ("here" if at < DONE else "ended")

    console = await Console.open(tmp_path, passphrase=given_passphrase)
    try:
        drafts = console.home.drafts
        found = await drafts.open(DraftId(draft))
        assert found.history == (new() if at == DONE else old())
        assert all(verdict.is_good for verdict in await console.verify_audit())
        # And it goes on from there.
        again = await drafts.save(found)
        assert (await drafts.open(again.id)).history == found.history
    finally:
        await console.close()


class Site:
    """One pool, and what stands on it."""

    def __init__(self, pool: EmbeddedPool) -> None:
        self.pool = pool

    @property
    def keys(self) -> dict[str, str]:
        with self.pool.plain_session() as session:
            found: dict[str, str] = session.xenapi.pool.get_other_config(session.xenapi.pool.get_all()[0])
        return found

    @property
    def version(self) -> int:
        """The one version that can be read, or none."""
        workflow = published_workflow(self.keys)
        return workflow.version if workflow is not None else 0

    @property
    def is_tidy(self) -> bool:
        keys = self.keys
        workflows = [key for key in keys if key.startswith("xsconsole.workflow.")]
        beside = [key for key in keys if key.startswith(PUBLICATION_PREFIX)]
        return (len(workflows), len(beside)) == (1, 1) and not runs_and_held_leases(self.pool)


@asynccontextmanager
async def opened(home: Path, sites: list[Site]) -> AsyncIterator[Pools]:
    pools = Pools(await Console.open(home, passphrase=given_passphrase), equips_all=True)
    try:
        for site in sites:
            await pools.connect(Connection(url=site.pool.url, user=site.pool.user), Secret(site.pool.password))
        yield pools
    finally:
        await pools.close()


async def until(pools: Pools, is_so: Callable[[], bool]) -> None:
    is_changed = asyncio.Event()
    end = pools.subscribe(BoardChanged, lambda _: is_changed.set())
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():
            is_changed.clear()
            await is_changed.wait()
    end()


def standing(console: Console) -> Workflow:
    assert console.board.workflow is not None
    return console.board.workflow


async def settled(pools: Pools) -> None:
    """Go on with what was going along with the version when its console died; the board shows it as interrupted."""
    console = pools.first
    moving = {card.id for card in console.board.cards.values() if card.standing is not Standing.WHOLE}
    for configuration in moving:
        await until(pools, lambda id_=configuration: console.board.cards[id_].standing is Standing.INTERRUPTED)
        run = await console.do(Settle(configuration=configuration, direction=Direction.RESUME))
        assert (await console.finished(run)).error is None
    await until(pools, lambda: all(card.standing is Standing.WHOLE for card in console.board.cards.values()))


async def mended(pools: Pools, versions: list[int]) -> None:
    """See that it is said what is split, and that the same act, or `finish`, makes it whole."""
    first = pools.first
    if 2 not in versions:  # nothing was published: the draft is published again
        report = await pools.publishing.publish(planned(pools))
        report = report if report.is_whole else await pools.publishing.finish()
    else:
        split = pools.publishing.split()
        if len(set(versions)) > 1:
            assert split is not None
            assert "has version 1" in split.sentence
        else:
            assert split is None
        await settled(pools)
        report = await pools.publishing.finish()
    assert report.is_whole, report
    await until(pools, lambda: all(standing(console).version == 2 for console in pools))
    assert {standing(console).digest for console in pools} == {standing(first).digest}
    assert pools.publishing.split() is None
    await until(pools, lambda: all(standing(first).stage(card.stage) for card in first.board.cards.values()))


# Changes of keys: 1 what stands beside the version, 2 the version itself, 3 the earlier version is removed; from 4 on,
# on one pool: configurations go along; on two: the same three on the second pool.
ONE_POOL = ["2+", "9-"]
TWO_POOLS = ["2-", "5-"]


@pytest.mark.parametrize("at", ONE_POOL)
async def test_a_version_is_published_or_not_wherever_publishing_is_killed(tmp_path: Path, at: str) -> None:
    with embedded_pool("--speed", "50") as pool:
        site, home = Site(pool), tmp_path / "home"
        async with opened(home, [site]):
            pass  # the first console of all publishes the default workflow

        said = killed("publishing_program", str(home), pool.user, at, pool.url, pool.password)
        assert said == ["here"]
        version = site.version
        assert version == (1 if at in ("1-", "1+", "2-") else 2)

        async with opened(home, [site]) as pools:
            await until(pools, lambda: standing(pools.first).version == version)
            await mended(pools, [version])
            assert all(verdict.is_good for verdict in await pools.first.verify_audit())
        assert site.is_tidy


@pytest.mark.parametrize("at", TWO_POOLS)
async def test_on_two_pools_each_is_old_or_new_and_what_is_split_is_said_and_mended(tmp_path: Path, at: str) -> None:
    with embedded_pools("--speed", "50") as served:
        sites, home = [Site(pool) for pool in served], tmp_path / "home"
        async with opened(home, sites):
            pass

        access = [text for pool in served for text in (pool.url, pool.password)]
        said = killed("publishing_program", str(home), served[0].user, at, *access)
        assert said == ["here"]
        versions = [site.version for site in sites]
        if at in ("1-", "2-"):
            assert versions == [1, 1]
        elif at in ("5+", "6-", "6+"):
            assert versions == [2, 2]
        else:
            assert versions == [2, 1]

        async with opened(home, sites) as pools:
            await until(pools, lambda: [standing(console).version for console in pools] == versions)
            await mended(pools, versions)
        assert all(site.is_tidy for site in sites)
