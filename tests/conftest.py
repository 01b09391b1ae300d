"""Runs coroutine tests on a loop of their own, and fails a test that leaves tasks or threads behind."""

import asyncio
import inspect
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

TEST_DEADLINE_S = 150.0


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run `async def` tests; those below `tests/ui` and `tests/journeys` on the window's own loop."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    run = _run_on_qt if {"ui", "journeys"} & set(pyfuncitem.path.parts) else _run_plain
    run(lambda: pyfuncitem.obj(**arguments))
    return True


def _run_plain(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(_within_deadline(test))


def _run_on_qt(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    from PySide6.QtWidgets import QApplication
    from qasync import QEventLoop

    application = QApplication.instance() or QApplication([])
    loop = QEventLoop(application, already_running=False)
    with loop:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(_within_deadline(test))


async def _within_deadline(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async with asyncio.timeout(TEST_DEADLINE_S):
        await test()
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    assert not left, f"the test left tasks running: {left}"


@pytest.fixture(autouse=True)
def no_thread_left_behind():
    before = set(threading.enumerate())
    yield
    left = [
        thread
        for thread in threading.enumerate()
        if thread not in before and not thread.daemon and not thread.name.startswith(("asyncio_", "ThreadPoolExecutor"))
    ]
    assert not left, f"the test left threads running: {left}"
