"""A console that only looks: what it recognises, and that it leaves everything as it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from consoles import opened_console
from embedded import EmbeddedPool, embedded_pool

from tests.console.desk import SHOP, Desk
from tests.console.test_kill import LONG_LEASE_S, SNAPSHOT_TAKEN, killed
from xsconsole.domain.board import Standing


@pytest.fixture(scope="module")
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "20") as served:
        yield served


async def test_it_calls_the_run_of_its_homes_dead_process_interrupted_though_the_lease_is_fresh(
    pool: EmbeddedPool, tmp_path: Path
) -> None:
    killed(pool, tmp_path, SNAPSHOT_TAKEN, LONG_LEASE_S)
    pool.calls()

    async with opened_console(pool, tmp_path, is_reading=True) as here:
        assert Desk(here).card(SHOP).standing is Standing.INTERRUPTED
    async with opened_console(pool, tmp_path, "eve") as here:
        assert Desk(here).card(SHOP).standing is Standing.INTERRUPTED
    async with opened_console(pool, tmp_path / "other", is_reading=True) as elsewhere:
        assert Desk(elsewhere).card(SHOP).standing is Standing.RUNNING
    assert not [call for call in pool.calls() if "add_to" in call["method"] or "set_" in call["method"]]


async def test_it_changes_nothing_of_what_is_remembered(pool: EmbeddedPool, tmp_path: Path) -> None:
    with embedded_pool("--scenario", "empty", "--seed", "2") as other:
        async with opened_console(other, tmp_path):
            pass
        async with opened_console(pool, tmp_path, "alice"):
            pass
        settings = (tmp_path / "settings.json").read_bytes()

        async with (
            opened_console(other, tmp_path, is_reading=True),
            opened_console(pool, tmp_path, "eve", is_reading=True),
        ):
            pass

    assert (tmp_path / "settings.json").read_bytes() == settings


async def test_a_pool_that_was_unknown_is_added_behind_those_that_are_known(pool: EmbeddedPool, tmp_path: Path) -> None:
    async with opened_console(pool, tmp_path, "alice"):
        pass
    with embedded_pool("--scenario", "empty", "--seed", "2") as other:
        async with opened_console(other, tmp_path, is_reading=True) as console:
            known = console.home.settings.pools

    assert [(one.url, one.user) for one in known] == [(pool.url, "alice"), (other.url, "root")]
