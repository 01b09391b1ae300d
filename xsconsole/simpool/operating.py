"""Holding a VM for an operation: others see it in `current_operations`, and those that do not go with it wait."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from xsconsole.simpool import lifecycle
from xsconsole.simpool.calls import Call
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.operations import refresh_machine
from xsconsole.simpool.pool import Pool

CONFLICT_WAIT_S = 120.0
"""Pool time for which a call waits until another operation on the VM is over; a real pool has hours of patience."""

MOST_QUEUEING = 100
"""Where more calls than that wait already, another one is refused."""

BY_COORDINATOR = frozenset({"power_state_reset", "metadata_export"})
"""What needs nothing of the host on which the VM runs, or ran."""


@asynccontextmanager
async def operating(call: Call, vm: str, operation: str) -> AsyncIterator[None]:
    """Hold a VM for an operation, as soon as the rules allow it.

    Raises:
        XapiError: the VM does not exist, the rules forbid it, the other operation did not end, too many wait, or the
            host that is to do it does not answer.
    """
    await _until_allowed(call, vm, operation)
    _assert_reached(call.pool, vm, operation)
    key = call.task
    db = call.pool.db
    db.set("VM", vm, current_operations={**db.get("VM", vm, "current_operations"), key: operation})
    refresh_machine(call.pool, vm)
    try:
        yield
    finally:
        if db.exists("VM", vm):
            db.remove_from_map("VM", vm, "current_operations", key)
            refresh_machine(call.pool, vm)


def interrupt(call: Call, vm: str, operations: frozenset[str]) -> None:
    """Ask those operations on a VM to give up, because a stronger one follows."""
    for task, operation in call.pool.db.get("VM", vm, "current_operations").items():
        if operation in operations and call.pool.db.exists("task", task):
            call.pool.tasks.cancel(task, by=call.task)


def forbid_cancel(call: Call) -> None:
    """Say that the operation from now on goes to its end."""
    if call.pool.db.exists("task", call.task):
        call.pool.db.set("task", call.task, allowed_operations=())


async def _until_allowed(call: Call, vm: str, operation: str) -> None:
    pool = call.pool
    deadline = pool.clock.monotonic() + CONFLICT_WAIT_S
    while (error := lifecycle.refusal(pool.db, vm, operation)) is not None:
        if not lifecycle.is_conflict(error) or pool.clock.monotonic() >= deadline:
            raise error
        call.check_cancelled()
        with _queueing(pool):
            await _next_change(pool, deadline)


def _assert_reached(pool: Pool, vm: str, operation: str) -> None:
    """Refuse what the host of a running VM has to do, where that host is down."""
    host = pool.db.get("VM", vm, "resident_on")
    if operation in BY_COORDINATOR or not pool.db.exists("host", host):
        return
    if not pool.db.get("host_metrics", pool.db.get("host", host, "metrics"), "live"):
        raise XapiError("HOST_OFFLINE", host)


@contextmanager
def _queueing(pool: Pool) -> Iterator[None]:
    """Take part in waiting for others to end.

    Raises:
        XapiError: TOO_MANY_PENDING_TASKS, very many wait already.
    """
    if pool.queueing > MOST_QUEUEING:
        raise XapiError("TOO_MANY_PENDING_TASKS")
    pool.queueing += 1
    try:
        yield
    finally:
        pool.queueing -= 1


async def _next_change(pool: Pool, deadline: float) -> None:
    remaining = max(0.0, deadline - pool.clock.monotonic()) / pool.clock.speed
    await asyncio.wait((pool.db.changed(),), timeout=remaining)
