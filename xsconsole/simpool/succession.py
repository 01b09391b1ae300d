"""Who the coordinator is, and what becomes of everything when another host takes over."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from xsconsole.simpool import host_life, upkeep
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.hosting import Mode, Station
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.recovery import recover
from xsconsole.simpool.rows import Past

MOMENT_S = 0.2
"""Pool time from the answer to a call that makes another host the coordinator, until that happens."""


class Calls(Protocol):
    """The calls that are being served."""

    async def abandon(self) -> None:
        """End them, whatever they do, and take no others."""

    def resume(self) -> None:
        """Take calls again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How another host becomes the coordinator.

    `old`: what becomes of the one before; `is_lossy`: what was not saved is lost; `takes_s`: pool time until the new
    one answers.
    """

    to: str
    old: Mode = Mode.LIVE
    is_lossy: bool = False
    takes_s: float = 0.0


class Succession:
    """The hosts of one pool as far as they can take over from one another."""

    def __init__(self, pool: Pool, calls: Calls, stations: Mapping[str, Station]) -> None:
        self._pool = pool
        self._calls = calls
        self._stations = stations
        self._saved: Past | None = None
        self._coming: set[asyncio.Task[None]] = set()

    def host(self, wanted: str) -> str:
        """Return the host of that name, uuid or reference.

        Raises:
            XapiError: UUID_INVALID, there is none.
        """
        for host, row in self._pool.db.rows("host"):
            if wanted in (host, row["uuid"], row["name_label"]):
                return host
        raise XapiError("UUID_INVALID", "host", wanted)

    def mode(self, host: str) -> Mode:
        return self._stations[host].mode

    def heir(self) -> str:
        """Return the first supporter that lives.

        Raises:
            XapiError: HOST_OFFLINE, there is none.
        """
        coordinator = self._pool.coordinator
        for host, station in self._stations.items():
            if host != coordinator and station.mode is Mode.LIVE:
                return host
        raise XapiError("HOST_OFFLINE", coordinator)

    def stop_saving(self) -> None:
        """Let what is changed from now on be lost with the coordinator, if the change of that is a lossy one."""
        self._saved = self._pool.db.past()

    def soon(self, change: Change) -> None:
        """Make the change in a moment, so that whoever asked for it has his answer."""

        async def happen() -> None:
            await self._pool.clock.sleep(MOMENT_S)
            await self.fail_over(change)

        task = asyncio.get_running_loop().create_task(happen(), name="succession")
        self._coming.add(task)
        task.add_done_callback(self._coming.discard)

    async def fail_over(self, change: Change) -> None:
        """Make another host the coordinator; with the same one it is a restart of its toolstack.

        What was under way stops where it is, and sessions and tasks are gone. Objects and their references stay.
        """
        pool, old = self._pool, self._pool.coordinator
        await pool.errands.stop()
        past = self._saved if change.is_lossy and self._saved is not None else pool.db.past()
        for host in {old, change.to}:
            self._stations[host].cut()
        await self._calls.abandon()
        pool.db.go_back(past)
        self._saved = None
        pool.forget_clients()
        await pool.clock.sleep(change.takes_s)
        pool.db.set("pool", pool.ref, master=change.to)
        await self.be(change.to, Mode.LIVE)
        if old != change.to:
            await self.be(old, change.old)
        recover(pool)
        upkeep.begin(pool)
        self._calls.resume()

    async def be(self, host: str, mode: Mode) -> None:
        """Let a host live, freeze or die; the others notice at once."""
        station = self._stations[host]
        match mode:
            case Mode.LIVE:
                await station.live()
            case Mode.FROZEN:
                station.freeze()
            case Mode.DEAD:
                await station.die()
        unreachable = self._pool.neighbours.unreachable
        (unreachable.discard if mode is Mode.LIVE else unreachable.add)(station.address)
        metrics = self._pool.db.get("host", host, "metrics")
        if self._pool.db.get("host_metrics", metrics, "live") != (mode is Mode.LIVE):
            self._pool.db.set("host_metrics", metrics, live=mode is Mode.LIVE, last_updated=self._pool.clock.now())
            self._pool.refresh_allowed_operations("host", host)
        if mode is Mode.DEAD:
            host_life.miss(self._pool, host)

    async def close(self) -> None:
        for task in self._coming:
            task.cancel()
        await asyncio.gather(*self._coming, return_exceptions=True)
