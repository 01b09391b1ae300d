"""Watches tasks of the pool, and keeps them for the activity list of later starts."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from xsconsole.domain.acts import RECORDS, Kind, ObjectId
from xsconsole.domain.drift import Call
from xsconsole.domain.events import InventoryChanged
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import VM, Inventory, Task
from xsconsole.domain.jobs import SeenTask
from xsconsole.domain.poolstate import PREFIX
from xsconsole.errors import StoreFailed

GATHER_S = 2.0
ENDED = frozenset({"success", "failure", "cancelled"})
# Calls that every client makes all the time, and our own, which have lines of their own.
NOISE = ("event.", "session.", "task.")
OWN_TAG = PREFIX + "run"
APPLIES_TO = "applies_to"  # of a task's `other_config`: where XenCenter notes the objects
_REFERENCE = re.compile(r"OpaqueRef:[-0-9A-Za-z]+")
NAMED = (Kind.VM, Kind.VDI, Kind.SR, Kind.NETWORK, Kind.HOST)

Remember = Callable[[Sequence[SeenTask]], Awaitable[None]]
OwnTime = Callable[[datetime], datetime]

log = logging.getLogger(__name__)


class TaskWatch:
    """Hears every batch; writes what began and what ended, all at once, seconds later. Lives on the loop's thread.

    What goes on is written too: the pool may forget a task before anybody saw its end, also while no console runs.
    """

    def __init__(
        self,
        inventory: Inventory,
        pool: Uuid,
        remember: Remember,
        is_own: Callable[[Ref], bool],
        may_be_own: Callable[[str], bool],
        own_time: OwnTime,
    ) -> None:
        """Watch one pool. `may_be_own` says of a label whether a call of ours that began such a task is unanswered.

        `own_time` says when by this machine's clock a moment of the pool's was: what is kept is kept by one clock.
        """
        self._inventory = inventory
        self._pool = pool
        self._remember = remember
        self._is_own = is_own
        self._may_be_own = may_be_own
        self._own_time = own_time
        self._worked_on: dict[Ref, set[ObjectId]] = {}
        self._going: dict[Ref, SeenTask] = {}  # as they were last told
        self._news: dict[Ref, SeenTask] = {}  # not written yet
        self._writing: asyncio.Task[None] | None = None

    def objects_of(self, task: Ref) -> tuple[ObjectId, ...]:
        """Return what a task works on, or worked on when it was last heard of, machines before their snapshots.

        What was over at once was never seen at work: then it is what the client noted at it, what came of it, or what
        its error names.
        """
        found = self._worked_on.get(task)
        if found:
            return tuple(sorted(found, key=lambda item: (self._is_snapshot(item), item.uuid)))
        known = self._inventory.get(Task, task)
        if known is None:
            return ()
        sources = (known.other_config.get(APPLIES_TO, ""), known.result, *known.error_info[1:])
        return next(filter(None, (_named_in(source, self._inventory) for source in sources)), ())

    def learn(self, task: Ref, calls: Iterable[Call]) -> bool:
        """Take in what xapi's own log says that a task was about; return whether it says anything of that."""
        refs = " ".join(ref for call in calls if call.is_of(task) for ref in sorted(call.objects))
        found = _named_in(refs, self._inventory)
        first = next((kind for kind in NAMED if any(item.kind is kind for item in found)), None)
        if found:  # a start on a host is about the machine
            self._worked_on.setdefault(task, set()).update(item for item in found if item.kind is first)
        return bool(found)

    def _is_snapshot(self, item: ObjectId) -> bool:
        vm = self._inventory.by_uuid(VM, item.uuid)
        return vm is not None and vm.is_a_snapshot

    def hear(self, event: InventoryChanged) -> None:
        """Take in what changed; the inventory has it already."""
        if event.batch.is_whole:
            self._worked_on.clear()
            for vm in self._inventory.all(VM):
                self._note_work(vm)
            for task in self._inventory.all(Task):
                self._take(task)
            for ref in [ref for ref in self._going if self._inventory.get(Task, ref) is None]:
                self._lose(ref)
        for change in event.batch.changes:
            if isinstance(change.record, VM):
                self._note_work(change.record)
            elif isinstance(change.record, Task):
                self._take(change.record)
            elif change.class_name == "task":
                self._lose(change.ref)
                self._worked_on.pop(change.ref, None)
        self._write_if_due()

    def _write_if_due(self) -> None:
        if self._news and self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write_soon(), name="task history")

    async def close(self) -> None:
        """Write what waits."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing])
        for ref, seen in self._going.items():
            self._news[ref] = replace(seen, objects=self.objects_of(ref))
        await self._write()
        self._news.clear()  # what may be ours is told by its job

    def is_own(self, task: Task) -> bool | None:
        """Return whether a task was begun by this connection; None where that is not known yet."""
        if self._is_own(task.ref):
            return True
        return None if self._may_be_own(task.name_label) else False

    def _note_work(self, vm: VM) -> None:
        for ref in vm.current_operations:
            self._worked_on.setdefault(Ref(ref), set()).add(ObjectId(kind=Kind.VM, uuid=vm.uuid))

    def _take(self, task: Task) -> None:
        """Keep how a task stands: that it goes on, once, and that it has ended."""
        if not is_told(task):
            # Our own are told of before their mark stands at them.
            self._going.pop(task.ref, None)
            self._news.pop(task.ref, None)
            return
        has_ended = task.status in ENDED
        now = datetime.now(UTC)
        is_timed = task.finished is not None and task.finished.year > 1970
        finished = min(now, self._own_time(task.finished)) if task.finished is not None and is_timed else now
        known = self._going.get(task.ref)
        seen = SeenTask(
            pool=self._pool,
            task=task.uuid,
            label=task.name_label,
            began_at=known.began_at if known is not None else self._began_at(task, now),
            ended_at=finished if has_ended else now,
            status=task.status,
            error=task.error_info,
            objects=self.objects_of(task.ref),
        )
        if has_ended:
            self._going.pop(task.ref, None)
            self._news[task.ref] = seen
        else:
            if task.ref not in self._going:
                self._news[task.ref] = seen
            self._going[task.ref] = seen

    def _began_at(self, task: Task, heard_at: datetime) -> datetime:
        """Return when a task began that is heard of for the first time: never later than that, however clocks go."""
        return heard_at if task.created is None else min(heard_at, self._own_time(task.created))

    def _lose(self, ref: Ref) -> None:
        """Keep a task that went before anybody saw its end."""
        lost = self._going.pop(ref, None)
        if lost is not None:
            objects = self.objects_of(ref) or lost.objects
            self._news[ref] = replace(lost, ended_at=datetime.now(UTC), objects=objects)

    async def _write_soon(self) -> None:
        await asyncio.sleep(GATHER_S)
        self._writing = None
        await self._write()
        self._write_if_due()

    async def _write(self) -> None:
        # Only now: whose a task is, is known once the call that began it has been answered.
        known = {ref: seen for ref, seen in self._news.items() if not self._is_own(ref)}
        self._news = {ref: seen for ref, seen in known.items() if self._may_be_own(seen.label)}
        # What a task was about may have been found out since.
        told = {ref: seen for ref, seen in known.items() if ref not in self._news}
        news = tuple(replace(seen, objects=seen.objects or self.objects_of(ref)) for ref, seen in told.items())
        if not news:
            return
        try:
            await self._remember(news)
        except StoreFailed as failure:
            log.warning("the activity of the pool is not kept: %s", failure)  # no evidence is lost by that


def is_told(task: Task) -> bool:
    """Whether a task has a line of its own in the activity list."""
    label = task.name_label.removeprefix("Async.")
    return not label.startswith(NOISE) and OWN_TAG not in task.other_config


def _named_in(text: str, inventory: Inventory) -> tuple[ObjectId, ...]:
    """Return the objects whose references stand in a text."""

    def found() -> Iterator[ObjectId]:
        for ref in _REFERENCE.findall(text):
            for kind in NAMED:
                record = inventory.get(RECORDS[kind], Ref(ref))
                if record is not None:
                    yield ObjectId(kind=kind, uuid=record.uuid)

    return tuple(dict.fromkeys(found()))
