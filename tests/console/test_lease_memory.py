"""What one process saw of a silent lease, and what the next one of the same home makes of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from consoles import opened_console
from embedded import EmbeddedPool, embedded_pool

from tests.console.desk import SHOP, Desk
from tests.console.test_kill import SNAPSHOT_TAKEN, killed
from xsconsole.console.lease_memory import FILE_NAME, LeaseMemory
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import Uuid
from xsconsole.domain.poolstate import LeaseValue, encode, lease_stem
from xsconsole.engine.commands import Direction
from xsconsole.engine.runs.watch import LeaseWatch
from xsconsole.errors import HeldElsewhere
from xsconsole.system import SystemClock

LEASE_S = 6
THING = "configuration.shop"
POOL = Uuid("a pool")


class Watched:
    """A process that looks at one lease, `at_s` seconds after the start `boot` of its machine."""

    def __init__(self, home: Path, boot: str, at_s: float, number: int = 1) -> None:
        lease = LeaseValue(nonce="n", console="desk", actor="alice", state="held", ttl_s=60)
        self.watch = LeaseWatch(SystemClock())
        self.watch.observe({f"{lease_stem(THING)}.{number}": encode(lease)})
        LeaseMemory(home, lambda: (boot, at_s)).pass_on(self.watch, POOL)

    def quiet_s(self) -> int:
        return round(self.watch.quiet_s(THING) or 0)


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "20") as served:
        yield served


def test_a_later_process_goes_on_with_the_clock_of_an_earlier_one(tmp_path: Path) -> None:
    assert Watched(tmp_path, "boot", 100.0).quiet_s() == 0
    assert Watched(tmp_path, "boot", 140.0).quiet_s() == 40

    last = Watched(tmp_path, "boot", 161.0)

    assert last.quiet_s() == 61
    assert last.watch.holder_of(THING) is None


def test_a_lease_that_moved_is_watched_from_the_beginning(tmp_path: Path) -> None:
    Watched(tmp_path, "boot", 100.0)

    assert Watched(tmp_path, "boot", 161.0, number=2).quiet_s() == 0
    assert Watched(tmp_path, "boot", 171.0, number=2).quiet_s() == 10


def test_times_of_another_start_of_the_machine_count_for_nothing(tmp_path: Path) -> None:
    Watched(tmp_path, "boot", 100.0)

    assert Watched(tmp_path, "another boot", 161.0).quiet_s() == 0


def test_a_file_that_cannot_be_read_or_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"{")
    assert Watched(tmp_path, "boot", 100.0).quiet_s() == 0
    assert Watched(tmp_path, "boot", 101.0).quiet_s() == 1

    assert Watched(tmp_path / "nowhere", "boot", 100.0).quiet_s() == 0


async def test_who_only_looks_now_and_then_sees_the_run_of_a_dead_console_become_interrupted(
    pool: EmbeddedPool, tmp_path: Path
) -> None:
    killed(pool, tmp_path / "killed", SNAPSHOT_TAKEN, LEASE_S)
    standings, quiet_s = [Standing.RUNNING], [0.0]

    while standings[-1] is Standing.RUNNING:
        async with opened_console(pool, tmp_path / "other", is_reading=True) as console:
            card = Desk(console).card(SHOP)
            standings.append(card.standing)
            quiet_s.append(console.quiet_s(card.id))

    assert standings[-1] is Standing.INTERRUPTED
    assert quiet_s == sorted(quiet_s)


async def test_a_refusal_says_for_how_long_the_lease_has_been_silent(pool: EmbeddedPool, tmp_path: Path) -> None:
    killed(pool, tmp_path / "killed", SNAPSHOT_TAKEN, 300)

    async with opened_console(pool, tmp_path / "other") as console:
        desk = Desk(console)
        with pytest.raises(HeldElsewhere) as refused:
            await desk.settle(desk.card(SHOP).id, Direction.UNDO)

    assert "after 300 s" in refused.value.reason
    assert "process" in refused.value.console
