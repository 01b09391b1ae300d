"""Faults on command: calls that fail, dawdle or lose their connection, so that a client can be tried."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from xsconsole.simpool.errors import XapiError

KEPT_CALLS = 20_000


class When(StrEnum):
    """Whether a lost connection hides a call that was not made, or one that was."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(slots=True, kw_only=True)
class Failure:
    """The `nth` call of a method from now on fails; with `nth` 0 every call does, as far as `chance` will have it."""

    method: str
    nth: int
    error: XapiError
    chance: float = 1.0
    seen: int = 0


@dataclass(slots=True, kw_only=True)
class Drop:
    """The connection of the `nth` call of a method is closed without an answer; with `nth` 0 of every call."""

    method: str
    nth: int
    when: When
    chance: float = 1.0
    seen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Delay:
    """A call waits `least_s` seconds of our time, and by chance up to `spread_s` more, but not when it is lifted."""

    least_s: float
    spread_s: float = 0.0
    is_lifted: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One line of the log of calls: who asked for what, and how it ended ("ok" or the code of the error)."""

    method: str
    params: Sequence[object]
    user: str
    outcome: str


class ConnectionDropped(Exception):
    """The connection is to be closed without an answer."""


class Faults:
    """What one pool is to do wrong, and what it was asked."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"faults:{seed}")
        self._failures: list[Failure] = []
        self._drops: list[Drop] = []
        self._delays: dict[str, Delay] = {}
        self._log: list[Served] = []
        self._may_answer = asyncio.Event()
        self._may_answer.set()

    def reseed(self, seed: int) -> None:
        """Let chance begin anew: the same calls in the same order meet the same faults again."""
        self._random = random.Random(f"faults:{seed}")

    def fail(self, failure: Failure) -> None:
        self._failures.append(failure)

    def drop(self, drop: Drop) -> None:
        self._drops.append(drop)

    def delay(self, method: str, delay: Delay) -> None:
        """Make every call of a method (`*`: of any) wait first; those that wait already go on."""
        self._lift(method)
        self._delays[method] = delay

    def pause(self) -> None:
        """Stop answering; calls wait."""
        self._may_answer.clear()

    def resume(self) -> None:
        self._may_answer.set()

    def clear(self) -> None:
        """Behave from now on, also towards calls that wait; the log stays."""
        for method in list(self._delays):
            self._lift(method)
        self._failures.clear()
        self._drops.clear()
        self.resume()

    def record(self, served: Served) -> None:
        self._log.append(served)
        if len(self._log) > 2 * KEPT_CALLS:
            del self._log[:-KEPT_CALLS]

    def take_log(self) -> list[Served]:
        """Return the calls served since the last time, and forget them."""
        log, self._log = self._log, []
        return log

    async def until_allowed(self) -> None:
        """Wait while answering is paused."""
        await self._may_answer.wait()

    def next_drop(self, method: str) -> When | None:
        """Count a call of a method, and say whether and when its connection is to be dropped."""
        due = [drop.when for drop in self._drops if self._is_due(drop, method)]
        return due[0] if due else None

    async def strike(self, method: str) -> None:
        """Count a call of a method, and do to it what it is due before its effect.

        Raises:
            XapiError: the call is to fail.
        """
        delay = self._delays.get(method, self._delays.get("*"))
        due = [failure.error for failure in self._failures if self._is_due(failure, method)]
        if delay is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(delay.least_s + self._random.random() * delay.spread_s):
                    await delay.is_lifted.wait()
        if due:
            raise XapiError(due[0].code, *due[0].params)

    def _lift(self, method: str) -> None:
        delay = self._delays.pop(method, None)
        if delay is not None:
            delay.is_lifted.set()

    def _is_due(self, fault: Failure | Drop, method: str) -> bool:
        if fault.method not in (method, "*"):
            return False
        fault.seen += 1
        return fault.nth in (0, fault.seen) and (fault.chance >= 1 or self._random.random() < fault.chance)
