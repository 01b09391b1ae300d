"""Faults on command: calls that fail, dawdle or lose their connection, so that a client can be tried."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from xsconsole.simpool.errors import XapiError

KEPT_CALLS = 20_000


class When(StrEnum):
    """Whether a lost connection hides a call that was not made, or one that was."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(slots=True, kw_only=True)
class Failure:
    """The `nth` call of a method from now on fails; with `nth` 0 every call does."""

    method: str
    nth: int
    error: XapiError
    seen: int = 0


@dataclass(slots=True, kw_only=True)
class Drop:
    """The connection of the `nth` call of a method is closed without an answer; with `nth` 0 of every call."""

    method: str
    nth: int
    when: When
    seen: int = 0


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

    def __init__(self) -> None:
        self._failures: list[Failure] = []
        self._drops: list[Drop] = []
        self._delays: dict[str, float] = {}
        self._log: list[Served] = []
        self._may_answer = asyncio.Event()
        self._may_answer.set()

    def fail(self, method: str, *, nth: int, error: XapiError) -> None:
        self._failures.append(Failure(method=method, nth=nth, error=error))

    def drop(self, method: str, *, nth: int, when: When) -> None:
        self._drops.append(Drop(method=method, nth=nth, when=when))

    def delay(self, method: str, seconds: float) -> None:
        """Make every call of a method (`*`: of any) wait first, in seconds of our time."""
        self._delays[method] = seconds

    def pause(self) -> None:
        """Stop answering; calls wait."""
        self._may_answer.clear()

    def resume(self) -> None:
        self._may_answer.set()

    def clear(self) -> None:
        """Behave from now on; the log stays."""
        self._failures.clear()
        self._drops.clear()
        self._delays.clear()
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
        due = [drop.when for drop in self._drops if _is_due(drop, method)]
        return due[0] if due else None

    async def strike(self, method: str) -> None:
        """Count a call of a method, and do to it what it is due before its effect.

        Raises:
            XapiError: the call is to fail.
        """
        seconds = self._delays.get(method, self._delays.get("*", 0.0))
        due = [failure.error for failure in self._failures if _is_due(failure, method)]
        if seconds:
            await asyncio.sleep(seconds)
        if due:
            raise XapiError(due[0].code, *due[0].params)


def _is_due(fault: Failure | Drop, method: str) -> bool:
    if fault.method not in (method, "*"):
        return False
    fault.seen += 1
    return fault.nth in (0, fault.seen)
