"""Watches tasks of the pool end, and keeps them for the activity list of later starts."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from xsconsole.domain.acts import Kind, ObjectId
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

Remember = Callable[[Sequence[SeenTask]], Awaitable[None]]

log = logging.getLogger(__name__)


class TaskWatch:
    """Hears every batch; writes what ended, a few seconds later, all at once. Lives on the loop's thread."""

    def __init__(self, inventory: Inventory, pool: Uuid, remember: Remember) -> None:
        self._inventory = inventory
        self._pool = pool
        self._remember = remember
        self._worked_on: dict[Ref, set[ObjectId]] = {}
        self._ended: dict[Uuid, SeenTask] = {}
        self._writing: asyncio.Task[None] | None = None

    def objects_of(self, task: Ref) -> tuple[ObjectId, ...]:
        """Return the machines that a task works on, or worked on when it was last heard of."""
        return tuple(sorted(self._worked_on.get(task, ()), key=lambda item: item.uuid))

    def hear(self, event: InventoryChanged) -> None:
        """Take in what changed; the inventory has it already."""
        if event.batch.is_whole:
            self._worked_on.clear()
            for vm in self._inventory.all(VM):
                self._note_work(vm)
            for task in self._inventory.all(Task):
                self._take(task)
        for change in event.batch.changes:
            if isinstance(change.record, VM):
                self._note_work(change.record)
            elif isinstance(change.record, Task):
                self._take(change.record)
            elif change.class_name == "task":
                self._worked_on.pop(change.ref, None)
        if self._ended and self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write_soon(), name="task history")

    async def close(self) -> None:
        """Write what waits."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing])
        await self._write()

    def _note_work(self, vm: VM) -> None:
        for ref in vm.current_operations:
            self._worked_on.setdefault(Ref(ref), set()).add(ObjectId(kind=Kind.VM, uuid=vm.uuid))

    def _take(self, task: Task) -> None:
        """Keep a task that has ended."""
        if task.status not in ENDED or not is_told(task):
            return
        now = datetime.now(UTC)
        finished = task.finished if task.finished is not None and task.finished.year > 1970 else now
        self._ended[task.uuid] = SeenTask(
            pool=self._pool,
            task=task.uuid,
            label=task.name_label,
            began_at=task.created or now,
            ended_at=finished,
            status=task.status,
            error=task.error_info,
            objects=self.objects_of(task.ref),
        )

    async def _write_soon(self) -> None:
        await asyncio.sleep(GATHER_S)
        self._writing = None
        await self._write()

    async def _write(self) -> None:
        ended, self._ended = tuple(self._ended.values()), {}
        if not ended:
            return
        try:
            await self._remember(ended)
        except StoreFailed as failure:
            log.warning("the activity of the pool is not kept: %s", failure)  # no evidence is lost by that


def is_told(task: Task) -> bool:
    """Whether a task has a line of its own in the activity list."""
    label = task.name_label.removeprefix("Async.")
    return not label.startswith(NOISE) and OWN_TAG not in task.other_config
