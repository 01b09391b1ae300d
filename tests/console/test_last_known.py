"""When the last known inventory is kept: soon after the first look, so that a process that is killed leaves it."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.domain.outline_values import pool, vm
from tests.inventories import change_of
from xsconsole.console import last_known as keeping
from xsconsole.console.last_known import LastKnown
from xsconsole.console.mirror import Mirror
from xsconsole.domain.inventory import ChangeBatch
from xsconsole.store import last_known

URL = "https://xen-1.example"
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


async def test_the_first_inventory_is_kept_soon_and_not_only_after_a_long_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "LEAST_S", 0.0)
    mirror = Mirror(holder_of=lambda _: None, hear_keys=lambda _: None, publish=lambda _: None)
    mirror.show(ChangeBatch(changes=tuple(map(change_of, (pool(), vm("web"))))))
    is_written, loop, write = asyncio.Event(), asyncio.get_running_loop(), last_known.write

    def write_and_tell(home: Path, url: str, content: Iterable[bytes]) -> None:
        write(home, url, content)
        loop.call_soon_threadsafe(is_written.set)

    monkeypatch.setattr(last_known, "write", write_and_tell)
    known = LastKnown(tmp_path, mirror, as_of=lambda: NOON, tell=lambda _: None)

    known.follow(URL)
    async with asyncio.timeout(10):
        await is_written.wait()
    found = last_known.read(tmp_path, URL)
    await known.leave()
    mirror.stop()

    assert found is not None
    assert found[0].as_of == NOON
