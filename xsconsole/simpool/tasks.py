"""Tasks: what a client sees of an operation that is under way."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import timedelta

from xsconsole.simpool.clock import Clock
from xsconsole.simpool.database import Database
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL

KEPT_FINISHED = 200
FINISHED_LIFE = timedelta(minutes=65)
IDLE_LIFE = timedelta(hours=24)
LOOKED_EVERY_S = 60.0
PENDING = "pending"
_FINISHED = frozenset({"success", "failure", "cancelled"})


@dataclass(slots=True)
class _Running:
    """A task with an operation behind it."""

    is_cancelled: asyncio.Event = field(default_factory=asyncio.Event)


class Tasks:
    """The tasks of a pool. A task without an operation behind it was made by a client, and is the client's."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._running: dict[str, _Running] = {}
        self._look_at = 0.0
        self._owners: dict[str, str] = {}
        self._doomed: set[str] = set()

    def begin(self, label: str, *, user: str, part_of: str = NULL) -> str:
        """Make a pending task for an operation, which may be part of another one, and return its reference."""
        within = {"subtask_of": part_of} if self._db.exists("task", part_of) else {}
        ref = self._create(label, user=user, allowed_operations=("cancel",), **within)
        self._running[ref] = _Running()
        return ref

    def make(self, label: str, *, user: str, description: str = "") -> str:
        """Make a pending task that a client drives by itself."""
        return self._create(label, user=user, name_description=description)

    def adopt(self, ref: str) -> None:
        """Put an operation behind a task that a client made, so that it can be cancelled, or has been already.

        Raises:
            XapiError: HANDLE_INVALID.
        """
        self._db.set("task", ref, allowed_operations=("cancel",))
        self._running[ref] = running = _Running()
        if "cancel" in self._db.get("task", ref, "current_operations").values():
            running.is_cancelled.set()

    def owner(self, ref: str) -> str | None:
        """Return the name of the user who started the task."""
        return self._owners.get(ref)

    def progress(self, ref: str, fraction: float) -> None:
        """Say how much is done; nothing happens for NULL or where it did not change."""
        if ref != NULL and self._db.exists("task", ref) and self._db.get("task", ref, "progress") != fraction:
            self._db.set("task", ref, progress=fraction)

    def complete(self, ref: str, result: str) -> None:
        """End a task well; `result` is the text of an XML-RPC value."""
        self._finish(ref, "success", result=result)

    def fail(self, ref: str, error: XapiError) -> None:
        """End a task badly, or as cancelled."""
        status = "cancelled" if error.code == "TASK_CANCELLED" else "failure"
        self._finish(ref, status, error_info=error.description)

    def drop(self, ref: str) -> None:
        """Remove a task whatever its state, as the pool does with the task of a call that waited for its answer."""
        self._running.pop(ref, None)
        self._owners.pop(ref, None)
        self._doomed.discard(ref)
        if self._db.exists("task", ref):
            self._db.destroy("task", ref)

    def destroy(self, ref: str) -> None:
        """Remove a task for a client: at once where it is finished, else as soon as it is.

        Raises:
            XapiError: HANDLE_INVALID.
        """
        if self._db.get("task", ref, "status") != PENDING:
            self.drop(ref)
            return
        self._doomed.add(ref)
        self._mark(ref, "task", "destroy")

    def forget_all(self) -> None:
        """Remove all tasks; nothing is behind them any more."""
        self._running.clear()
        self._owners.clear()
        self._doomed.clear()
        for ref in self._db.refs("task"):
            self._db.destroy("task", ref)

    def set_status(self, ref: str, status: str) -> None:
        """Write the status of a task that a client drives by itself.

        Raises:
            XapiError: HANDLE_INVALID.
        """
        self._db.set("task", ref, status=status)
        if status in _FINISHED:
            self._db.set("task", ref, finished=self._clock.now(), allowed_operations=(), current_operations={})
            self._bury(ref)

    def cancel(self, ref: str, *, by: str) -> None:
        """Ask the operation behind a task to give up; ignored where it cannot.

        Raises:
            XapiError: HANDLE_INVALID.
        """
        row = self._db.row("task", ref)
        running = self._running.get(ref)
        if row["status"] != PENDING or (running is not None and "cancel" not in row["allowed_operations"]):
            return
        self._mark(ref, by, "cancel")
        if running is not None:
            running.is_cancelled.set()
        for part in row["subtasks"]:
            self.cancel(part, by=by)

    def refuse_cancel(self, ref: str) -> None:
        """Let nobody cancel the operation behind a task any more; nothing happens for NULL."""
        if ref in self._running and self._db.get("task", ref, "allowed_operations"):
            self._db.set("task", ref, allowed_operations=())

    def is_cancelled(self, ref: str) -> bool:
        running = self._running.get(ref)
        return running is not None and running.is_cancelled.is_set()

    async def sleep(self, ref: str, seconds: float) -> None:
        """Wait `seconds` of pool time, or less where the task is cancelled meanwhile."""
        running = self._running.get(ref)
        if running is None:
            await self._clock.sleep(seconds)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds / self._clock.speed):
                await running.is_cancelled.wait()

    def _mark(self, ref: str, key: str, operation: str) -> None:
        """Show that somebody wants something of a task."""
        present = self._db.get("task", ref, "current_operations")
        self._db.set("task", ref, current_operations={**present, key: operation})

    def _create(self, label: str, *, user: str, **fields: object) -> str:
        self._collect()
        ref = self._db.create(
            "task",
            name_label=label,
            created=self._clock.now(),
            status=PENDING,
            resident_on=self._db.get("pool", self._db.refs("pool")[0], "master"),
            type="<none/>",
            backtrace="()",
            **fields,
        )
        self._owners[ref] = user
        return ref

    def _finish(self, ref: str, status: str, **fields: object) -> None:
        self._running.pop(ref, None)
        if not self._db.exists("task", ref):
            return
        self._db.set(
            "task",
            ref,
            progress=1.0,
            finished=self._clock.now(),
            allowed_operations=(),
            current_operations={},
            status=status,
            **fields,
        )
        self._bury(ref)

    def _bury(self, ref: str) -> None:
        """Remove a task that somebody destroyed while it was pending."""
        if ref in self._doomed:
            self.drop(ref)

    def _collect(self) -> None:
        """Forget what finished long ago, what nobody ever drove, and the oldest finished where there are very many."""
        self._forget_old()
        if self._db.count("task") < KEPT_FINISHED:
            return
        finished = [ref for ref, row in self._db.rows("task") if row["status"] != PENDING]
        for ref in finished[: max(0, self._db.count("task") - KEPT_FINISHED)]:
            self.drop(ref)

    def _forget_old(self) -> None:
        if self._clock.monotonic() < self._look_at:
            return
        self._look_at = self._clock.monotonic() + LOOKED_EVERY_S
        now = self._clock.now()
        for ref, row in self._db.rows("task"):
            is_finished = row["status"] in _FINISHED
            since, life = (row["finished"], FINISHED_LIFE) if is_finished else (row["created"], IDLE_LIFE)
            if now - since > life and (is_finished or (ref not in self._running and row["progress"] == 0.0)):
                self.drop(ref)
