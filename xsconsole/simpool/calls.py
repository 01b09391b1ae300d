"""One call that is being served, as its handler sees it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from xsconsole.simpool.errors import XapiError

if TYPE_CHECKING:
    from xsconsole.simpool.pool import Pool
    from xsconsole.simpool.sessions import Session

Handler = Callable[..., Awaitable[Any]]
"""Takes a `Call` and the message's arguments, converted to their types; returns the typed result (None for void).

Optional arguments that the client left out are not passed. Between two awaits a handler has the pool for itself.
"""

Part = Callable[["Call"], Awaitable[Any]]
"""A part of an operation that clients see as a task of its own."""

STEP_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The circumstances of one call. `task` is NULL for calls that never have a task; `host` is who was asked."""

    pool: "Pool"
    host: str
    session: "Session"
    task: str
    method: str

    def progress(self, fraction: float) -> None:
        """Say how much of the operation is done, from 0 to 1; raises as `check_cancelled` does."""
        self.check_cancelled()
        self.pool.tasks.progress(self.task, fraction)

    def check_cancelled(self) -> None:
        """Give up where the client has cancelled the task.

        Raises:
            XapiError: TASK_CANCELLED.
        """
        if self.pool.tasks.is_cancelled(self.task):
            raise XapiError("TASK_CANCELLED", self.task)

    def refuse_cancel(self) -> None:
        """Say that from here on the operation goes through, whatever the client asks for."""
        self.pool.tasks.refuse_cancel(self.task)

    async def spend(self, seconds: float, *, start: float = 0.0, end: float = 1.0, can_cancel: bool = True) -> None:
        """Let `seconds` of pool time pass while the progress goes from `start` to `end`.

        With `can_cancel` false the operation cannot be cancelled from here on.

        Raises:
            XapiError: TASK_CANCELLED, at once when the client cancels, unless not `can_cancel`.
        """
        if not can_cancel:
            self.refuse_cancel()
        clock = self.pool.clock
        began, passed = clock.monotonic(), 0.0
        while passed < seconds:
            if can_cancel:
                self.check_cancelled()
            nap_s = min(STEP_S * clock.speed, seconds - passed)
            await (self.pool.tasks.sleep(self.task, nap_s) if can_cancel else clock.sleep(nap_s))
            passed = clock.monotonic() - began
            self.pool.tasks.progress(self.task, start + (end - start) * min(1.0, passed / seconds))
        if can_cancel:
            self.check_cancelled()

    async def part(self, method: str, act: Part) -> None:
        """Do a part of an operation behind a task of its own, below this one, which goes when it is done.

        Raises:
            XapiError: the part failed.
        """
        task = self.pool.tasks.begin(f"Async.{method}", user=self.session.user.name, part_of=self.task)
        try:
            await act(replace(self, task=task, method=method))
        finally:
            self.pool.tasks.drop(task)
