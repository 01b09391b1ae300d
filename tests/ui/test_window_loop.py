"""A turn of a task is not cut into, however Qt's events are processed meanwhile."""

import asyncio

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication


async def test_a_task_that_comes_due_while_events_are_processed_inside_another_goes_on_afterwards(
    qapp: QApplication,
) -> None:
    steps: list[str] = []

    async def work() -> None:
        for number in range(5):
            await asyncio.sleep(0)
            steps.append(f"work {number}")

    task = asyncio.get_running_loop().create_task(work())
    for _ in range(5):
        QTest.qWait(5)
        steps.append("processed")
    assert steps == ["processed"] * 5
    async with asyncio.timeout(60):
        await task

    assert steps[5:] == [f"work {number}" for number in range(5)]


async def test_what_was_cancelled_while_it_waited_does_not_run(qapp: QApplication) -> None:
    ran: list[str] = []
    handle = asyncio.get_running_loop().call_soon(ran.append, "never")
    QTest.qWait(5)

    handle.cancel()
    await asyncio.sleep(0.05)

    assert ran == []
