"""The house rules of the suite: coroutine tests and fixtures, the window's loop, and nothing left behind.

`async def` tests and fixtures run on one fresh loop per test: a plain asyncio loop, or the window's own loop below
`tests/ui` and `tests/journeys`. A fixture is set up and torn down inside one task, so it may hold a `TaskGroup` or a
timeout open around its `yield`.
"""

import asyncio
import functools
import gc
import inspect
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["QT_API"] = "pyside6"
# Nobody's real keyring is read or written by a test; a test that needs one brings its own.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
for name in ("XSCONSOLE_PASSWORD", "XSCONSOLE_PASSPHRASE"):
    os.environ.pop(name, None)
# Hundreds of processes are started, and without this variable only the first of them compiles the program.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

Result = TypeVar("Result")

TEST_DEADLINE_S = 150.0
THREAD_DEADLINE_S = 60.0
WINDOW_FOLDERS = frozenset({"ui", "journeys"})

# The same commit must give the same verdict here, there and on a busy machine; `--hypothesis-profile explore` digs.
settings.register_profile(
    "ci",
    max_examples=35,
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", settings.get_profile("ci"), derandomize=False, max_examples=2_000)
settings.load_profile("ci")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run `async def` tests, also those that hypothesis calls many times."""
    test = pyfuncitem.obj
    by_hypothesis = getattr(test, "hypothesis", None)
    if by_hypothesis is not None and inspect.iscoroutinefunction(by_hypothesis.inner_test):
        by_hypothesis.inner_test = _run_by(_runner_of(pyfuncitem), by_hypothesis.inner_test)
        return None
    if not inspect.iscoroutinefunction(test):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    _run_by(_runner_of(pyfuncitem), test)(**arguments)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Let a fixture be an `async def` with a `yield` or a plain `async def`."""
    fixture: Callable[..., Any] = fixturedef.func
    replacement: Callable[..., Any] | None = None
    if inspect.isasyncgenfunction(fixture):
        runner = request.getfixturevalue("loop_runner")

        def hold(**arguments: object) -> Iterator[object]:
            with _held(runner, fixture(**arguments)) as value:
                yield value

        replacement = hold
    elif inspect.iscoroutinefunction(fixture):
        replacement = _run_by(request.getfixturevalue("loop_runner"), fixture)
    if replacement is None:
        return (yield)
    fixturedef.func = replacement  # type: ignore[misc]
    try:
        return (yield)
    finally:
        fixturedef.func = fixture  # type: ignore[misc]


@pytest.fixture
def loop_runner(request: pytest.FixtureRequest) -> Iterator[asyncio.Runner]:
    """The loop of this test; fails the test that leaves a task on it."""
    factory = _window_loop_factory(request) if _wants_window(request.node.path) else None
    with asyncio.Runner(loop_factory=factory) as runner:
        yield runner
        left = runner.run(_tasks_left())
    assert not left, f"the test left tasks running: {left}"


@pytest.fixture(autouse=True)
def no_thread_left_behind() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    started = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in started:
        thread.join(THREAD_DEADLINE_S)
    left = [thread for thread in started if thread.is_alive()]
    assert not left, f"the test left threads running: {left}"


@pytest.fixture(autouse=True)
def no_window_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    if not _wants_window(request.node.path):
        yield
        return
    from PySide6.QtCore import QCoreApplication, QEvent, Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QWidget

    application = request.getfixturevalue("qapp")
    # Closing the last window would end the loop under the test that is still running on it.
    application.setQuitOnLastWindowClosed(False)
    # A collection that starts in a worker thread destroys Qt objects there, which Qt forbids. What a window leaves in
    # cycles may outlive its test, so from the first window on only this thread collects.
    gc.disable()
    yield
    # After a shortcut Qt takes Ctrl for held down, and what the next test selects by code would be toggled.
    QTest.keyRelease(QWidget(), Qt.Key.Key_Control)
    left = [window for window in application.topLevelWidgets() if window.isVisible()]
    for window in left:
        window.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()
    gc.freeze()  # what is left of this test stays, and need not be gone through after each of the next ones
    assert not left, f"the test left windows open: {left}"


@pytest.fixture(autouse=True)
def collection_on_this_thread() -> Iterator[None]:
    """Collect between tests where a window has switched the automatic collection off."""
    yield
    if not gc.isenabled():
        gc.collect(1)


@pytest.fixture(autouse=True, scope="session")
def imports_out_of_sight_of_the_collector() -> None:
    """Keep the collection after each window test small: what was imported stays anyway."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def home_of_nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What forgets to name a home folder writes into this one, never into the home of who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XSCONSOLE_HOME", str(tmp_path_factory.mktemp("home")))
        yield


def _wants_window(path: Path) -> bool:
    here = Path(__file__).parent
    return path.is_relative_to(here) and path.relative_to(here).parts[0] in WINDOW_FOLDERS


def _window_loop_factory(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    from xsconsole_ui.window_loop import WindowLoop

    return functools.partial(WindowLoop, request.getfixturevalue("qapp"))


def _runner_of(item: pytest.Function) -> asyncio.Runner:
    runner: asyncio.Runner = item._request.getfixturevalue("loop_runner")
    return runner


def _run_by(runner: asyncio.Runner, work: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
    @functools.wraps(work)
    def run(*positional: object, **named: object) -> object:
        return runner.run(_within_deadline(work(*positional, **named)))

    return run


async def _within_deadline(work: Awaitable[Result]) -> Result:
    async with asyncio.timeout(TEST_DEADLINE_S):
        return await work


@contextmanager
def _held(runner: asyncio.Runner, fixture: AsyncIterator[object]) -> Iterator[object]:
    """Yield what `fixture` yields; its set-up and its tear-down run in one task of the test's loop."""
    loop = runner.get_loop()
    is_ready: asyncio.Future[object] = loop.create_future()
    is_released: asyncio.Future[None] = loop.create_future()

    async def hold() -> None:
        is_ready.set_result(await anext(fixture))
        await is_released
        try:
            await anext(fixture)
        except StopAsyncIteration:
            return
        raise AssertionError("a fixture yields once")

    async def start() -> asyncio.Future[None]:
        holder: asyncio.Future[None] = asyncio.create_task(hold(), name="fixture")
        await asyncio.wait((holder, is_ready), return_when=asyncio.FIRST_COMPLETED)
        if holder.done():
            await holder
        return holder

    holder = runner.run(_within_deadline(start()))
    try:
        yield is_ready.result()
    finally:
        is_released.set_result(None)
        runner.run(_within_deadline(holder))


async def _tasks_left() -> list[asyncio.Task[Any]]:
    await asyncio.sleep(0)
    return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
