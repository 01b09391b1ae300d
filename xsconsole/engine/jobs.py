"""Acts on single objects: a job does one act to many, a few at a time, each on its own.

A job is recorded before its first effect, and what became of each object when it is known. Nothing is undone where one
object fails: the others have nothing to do with it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Protocol

from xsconsole.domain.acts import Act, Compression, JobId, ObjectId
from xsconsole.domain.board import Board
from xsconsole.domain.canonical import Json
from xsconsole.domain.ids import RunId, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.jobs import ENDED, Check, ItemState, JobItem, JobStatus, PastJob
from xsconsole.domain.naming import shortened
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.wording.acts import title
from xsconsole.domain.words import explain
from xsconsole.engine.act_checks import Cards, cards_of, checks, given_to
from xsconsole.engine.commands import Operate
from xsconsole.engine.ports import Clock, Ids, Ledger, ObjectPort, PoolPort, Progress
from xsconsole.engine.runs.marks import Marks
from xsconsole.errors import (
    ConnectFailed,
    ConnectionLost,
    ConsoleError,
    PoolFailed,
    PoolUnavailable,
    Refused,
    StoreFailed,
)

AT_ONCE = 4
KEPT = 200
ADOPTED = 50  # how many of the newest jobs are looked at for what is still open
REASON_LIMIT = 300
_OUTCOMES = {
    ItemState.DONE: Outcome.DONE,
    ItemState.FAILED: Outcome.FAILED,
    ItemState.REFUSED: Outcome.REFUSED,
    ItemState.CANCELLED: Outcome.CANCELLED,
    ItemState.UNKNOWN: Outcome.UNKNOWN,
}

Observer = Callable[[JobStatus], None]
World = Callable[[], tuple[Inventory, Board]]
Found = Mapping[str, Json]
Attempt = Callable[[int], Awaitable[Found]]
"""Does the act to the object at a position of the job; raises a `ConsoleError` where it cannot."""


class Process(Protocol):
    """Which process of this home this one is."""

    @property
    def name(self) -> str: ...

    def is_alive(self, process: str) -> bool:
        """Whether a process of this home lives."""


class Jobs:
    """The jobs of one connection, newest last. Lives on one loop's thread."""

    def __init__(
        self,
        *,
        objects: ObjectPort,
        pool: PoolPort,
        ledger: Ledger,
        clock: Clock,
        ids: Ids,
        process: Process,
        world: World,
        observe: Observer,
    ) -> None:
        self._objects = objects
        self._marks = Marks(pool)
        self._ledger = ledger
        self._clock = clock
        self._ids = ids
        self._process = process
        self._world = world
        self._observe = observe
        self._statuses: dict[JobId, JobStatus] = {}
        self._running: dict[JobId, asyncio.Task[None]] = {}
        self._cancelled: set[JobId] = set()
        self._owed: tuple[Fact, ...] = ()  # outcomes that could not be recorded yet
        self._indexed: Board | None = None  # the board of which `_cards` are the cards
        self._cards: Cards = {}

    @property
    def statuses(self) -> tuple[JobStatus, ...]:
        """Return the jobs since this connection began, and those it adopted, newest first."""
        return tuple(reversed(self._statuses.values()))

    def checks(self, command: Operate) -> tuple[Check, ...]:
        """Return, for every object, whether the act can be done to it now."""
        inventory, board = self._world()
        if board is not self._indexed:
            self._indexed, self._cards = board, cards_of(board)
        return checks(command, inventory, self._cards, self._objects.identity.role)

    async def open(self, command: Operate) -> JobId:
        """Begin a job with the objects to which it can be done, and return once its intent is on record.

        Raises:
            Refused: it can be done to none of them; nothing was changed.
            StoreFailed: the audit cannot be written; nothing was changed.
        """
        found = self.checks(command)
        able = [check for check in found if check.refusal is None]
        if not able:
            refusal = next((check.refusal for check in found if check.refusal), None)
            refusal = refusal or Refused(reason="Nothing is selected.", mend="Select something first.")
            await self._ledger.record(self._refusal_fact(command, found, refusal))
            raise refusal
        status = JobStatus(
            job=JobId(self._ids.new()),
            act=command.act,
            items=tuple(JobItem(object=check.object, name=check.name) for check in able),
            actor=self._objects.identity.actor,
            started_at=self._clock.now(),
            given=given_to(command, self._world()[0]),
        )
        await self._record(self._opening_fact(command, status))
        self._go(status, lambda position: self._attempt(status.job, command, position))
        return status.job

    async def read(self, item: ObjectId) -> Mapping[str, object]:
        """Return all fields of an object as the pool has them now; raises as the port does."""
        return await self._objects.read(item)

    async def adopt(self) -> None:
        """Take up what an ended process of this home began: its tasks may go on, or tell how they ended."""
        for past in reversed(await self._ledger.jobs(ADOPTED)):
            is_open = any(item.outcome is None for item in past.items)
            if not is_open or past.pool != self._objects.identity.pool or self._process.is_alive(past.process):
                continue
            if past.job not in self._statuses:
                self._go(_status_of(past), partial(self._follow, past.job))

    async def finished(self, job: JobId) -> JobStatus:
        """Wait for the end of a job."""
        task = self._running.get(job)
        if task is not None:
            await asyncio.wait([task])
        return self._statuses[job]

    async def cancel(self, job: JobId) -> None:
        """Begin nothing more, and ask the pool to cancel what goes on; what it does all the same is told as it is.

        Raises:
            PoolUnavailable: the pool could not be asked; nothing more is begun.
        """
        self._cancelled.add(job)
        status = self._statuses[job]
        for position, item in enumerate(status.items):
            if item.state is ItemState.GOING:
                await self._objects.cancel(_mark(job, position))

    async def close(self) -> None:
        """Follow nothing any more. What the pool works on goes on there, and is adopted by the next start."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
        if self._owed:
            # Whoever adopts these jobs else finds them without an outcome, and asks the pool.
            with suppress(StoreFailed):
                await self._ledger.record(*self._owed)

    # Inside

    def _go(self, status: JobStatus, attempt: Attempt) -> None:
        self._statuses[status.job] = status
        for old in [job for job in self._statuses if job not in self._running][:-KEPT]:
            del self._statuses[old]
        task = asyncio.create_task(self._run(status.job, attempt), name=f"job {status.job}")
        self._running[status.job] = task
        self._observe(status)

    async def _run(self, job: JobId, attempt: Attempt) -> None:
        gate = asyncio.Semaphore(AT_ONCE)
        try:
            async with asyncio.TaskGroup() as group:
                for position, item in enumerate(self._statuses[job].items):
                    if item.state not in ENDED:
                        group.create_task(self._settled(job, position, attempt, gate))
        finally:
            del self._running[job]
            self._cancelled.discard(job)
        self._statuses[job] = replace(self._statuses[job], ended_at=self._clock.now())
        self._observe(self._statuses[job])

    async def _settled(self, job: JobId, position: int, attempt: Attempt, gate: asyncio.Semaphore) -> None:
        """Do the act to one object. However that ends is the state of its item, on record."""
        async with gate:
            ended: tuple[ItemState, ConsoleError | None, Found] = (ItemState.CANCELLED, None, {})
            if job not in self._cancelled:
                ended = await self._ended(attempt(position))
            state, error, found = ended
            if state is ItemState.CANCELLED and job in self._cancelled:
                error = None  # who asked for it need not be told that it failed
            self._change(job, position, state=state, error=error, progress=1.0, found=found)
            fact = self._outcome_fact(self._statuses[job], position)
            try:
                await self._record(fact)
            except StoreFailed as failure:
                # It cannot be taken back: it is said, and recorded with the next thing that can be.
                self._owed += (fact,)
                if error is None:
                    self._change(job, position, error=_unrecorded(failure))

    async def _ended(self, attempt: Awaitable[Found]) -> tuple[ItemState, ConsoleError | None, Found]:
        try:
            return ItemState.DONE, None, await attempt
        except ConnectionLost as failure:
            return (ItemState.UNKNOWN if failure.was_sent else ItemState.FAILED), failure, {}
        except PoolFailed as failure:
            return (ItemState.CANCELLED if failure.code == "TASK_CANCELLED" else ItemState.FAILED), failure, {}
        except Refused as failure:
            return ItemState.REFUSED, failure, {}
        except (PoolUnavailable, StoreFailed, ConnectFailed) as failure:
            return ItemState.FAILED, failure, {}

    async def _attempt(self, job: JobId, command: Operate, position: int) -> Found:
        item = self._statuses[job].items[position].object
        check = self.checks(replace(command, objects=(item,)))[0]  # it may have waited for its turn
        if check.refusal is not None:
            raise check.refusal
        self._change(job, position, state=ItemState.GOING)
        async with self._marks.kept(_reverted(command.act, item, self._world()[0])):
            return await self._objects.perform(command, item, _mark(job, position), self._progress(job, position))

    async def _follow(self, job: JobId, position: int) -> Found:
        """Wait for what an earlier process of this home began."""
        self._change(job, position, state=ItemState.GOING)
        if not await self._objects.follow(_mark(job, position), self._progress(job, position)):
            raise ConnectionLost(
                pool=self._objects.identity.pool_name,
                cause="the console ended before it was told, and the pool knows of no such task any more",
            )
        return {}

    def _progress(self, job: JobId, position: int) -> Progress:
        return lambda done: self._change(job, position, progress=done)

    def _change(
        self,
        job: JobId,
        position: int,
        *,
        state: ItemState | None = None,
        progress: float | None = None,
        error: ConsoleError | None = None,
        found: Found | None = None,
    ) -> None:
        status = self._statuses[job]
        item = status.items[position]
        changed = replace(
            item,
            state=item.state if state is None else state,
            progress=item.progress if progress is None else progress,
            error=error or item.error,
            found=item.found if found is None else found,
        )
        items = (*status.items[:position], changed, *status.items[position + 1 :])
        self._statuses[job] = replace(status, items=items)
        self._observe(self._statuses[job])

    # What is recorded

    async def _record(self, fact: Fact) -> None:
        """Record a fact, and before it what could not be recorded earlier."""
        owed, self._owed = self._owed, ()
        try:
            await self._ledger.record(*owed, fact)
        except StoreFailed:
            self._owed = owed + self._owed
            raise

    def _opening_fact(self, command: Operate, status: JobStatus) -> Fact:
        objects: list[Json] = [_object_details(item.object, item.name) for item in status.items]
        details = {
            **_command_details(command),
            "job": status.job,
            "process": self._process.name,
            "what": title(status.act, tuple(item.name for item in status.items), status.given),
            **({"given": status.given} if status.given else {}),
            "objects": objects,
        }
        return self._fact(AuditEvent.JOB_OPENED, command.reason, details)

    def _outcome_fact(self, status: JobStatus, position: int) -> Fact:
        item = status.items[position]
        notice = explain(item.error) if item.error is not None else None
        details: dict[str, Json] = {
            "job": status.job,
            "position": position,
            "act": status.act.value,
            "what": title(status.act, (item.name,), status.given),
            "object": _object_details(item.object, item.name),
            **item.found,
        }
        if notice is not None:
            details["details"] = notice.details
        reason = "" if notice is None else shortened(notice.failed, REASON_LIMIT)
        return replace(self._fact(AuditEvent.ACT_SETTLED, reason, details), outcome=_OUTCOMES[item.state])

    def _refusal_fact(self, command: Operate, found: tuple[Check, ...], refusal: Refused) -> Fact:
        objects: list[Json] = [_object_details(check.object, check.name) for check in found]
        what = title(command.act, tuple(check.name for check in found), given_to(command, self._world()[0]))
        details = {**_command_details(command), "what": what, "objects": objects}
        reason = shortened(f"{refusal.reason} {refusal.mend}".strip(), REASON_LIMIT)
        return replace(self._fact(AuditEvent.COMMAND_REFUSED, reason, details), outcome=Outcome.REFUSED)

    def _fact(self, event: AuditEvent, reason: str, details: Mapping[str, Json]) -> Fact:
        identity = self._objects.identity
        return Fact(
            event=event,
            actor=identity.actor,
            pool=identity.pool,
            session=identity.session,
            reason=reason,
            details=details,
        )


def _command_details(command: Operate) -> dict[str, Json]:
    given = {
        "text": command.text,
        "key": command.key,
        "host": command.host or "",
        "file": str(command.file or ""),
        "compression": command.compression.value if command.compression is not Compression.NONE else "",
    }
    return {"act": command.act.value, **{name: value for name, value in given.items() if value}}


def _object_details(item: ObjectId, name: str) -> dict[str, Json]:
    return {"class": item.kind.value, "uuid": item.uuid, "name": name}


_ITEM_STATES = {outcome: state for state, outcome in _OUTCOMES.items()}


def _status_of(past: PastJob) -> JobStatus:
    """Return a job as it stood when the process that began it ended."""
    items = tuple(
        JobItem(
            object=item.object,
            name=item.name,
            state=ItemState.WAITING if item.outcome is None else _ITEM_STATES[item.outcome],
        )
        for item in past.items
    )
    return JobStatus(
        job=past.job, act=past.act, items=items, actor=past.actor, started_at=past.opened_at, given=past.given
    )


def _unrecorded(failure: StoreFailed) -> StoreFailed:
    return StoreFailed(
        path=failure.path,
        reason=f"What became of it is not on record yet. {failure.reason}",
        mend=f"It is recorded with the next act, as soon as the audit can be written. {failure.mend}",
    )


def _mark(job: JobId, position: int) -> RunId:
    """Return what the pool's task carries, so that it is found again."""
    return RunId(f"{job}/{position}")


def _reverted(act: Act, item: ObjectId, inventory: Inventory) -> Uuid | None:
    """Return the machine whose marks a revert would bring back from the snapshot; None for every other act."""
    if act is not Act.REVERT:
        return None
    snapshot = inventory.by_uuid(VM, item.uuid)
    machine = inventory.get(VM, snapshot.snapshot_of) if snapshot is not None else None
    return machine.uuid if machine is not None else None
