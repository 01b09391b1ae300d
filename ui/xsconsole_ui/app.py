"""The application: Qt's loop under asyncio, one window on one console, and nothing that fails in silence."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import FrameType, TracebackType
from typing import Any

from PySide6.QtCore import QMessageLogContext, Qt, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QLineEdit

from xsconsole.console import Connection, Console, Estate, LastWords, Pools
from xsconsole.errors import ConsoleError, Refused
from xsconsole_ui.collector import Collector
from xsconsole_ui.connecting import Wanted
from xsconsole_ui.dialogs import answered
from xsconsole_ui.fault import about_program, tell_fault
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.resources import icon
from xsconsole_ui.start_failure import StartFailureDialog
from xsconsole_ui.theme import LIGHT, Scheme, Theme
from xsconsole_ui.window_loop import WindowLoop
from xsconsole_ui.window_state import WindowState

DEFAULT_USER = "root"
CHECK_EVERY_MS = 6 * 3_600_000
PIECE_BYTES = 64
ENDING = (signal.SIGINT, signal.SIGTERM)

log = logging.getLogger(__name__)

Script = Callable[[MainWindow], Awaitable[int]]


FirstConnections = Callable[[Console], Awaitable[Sequence[Wanted]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the window starts. Where `connections` gives none, one is asked for; `url` and `user` are then proposed.

    `expects` gives what `connections` will most likely lead to, to be named until they are known.

    `equips_all`: every pool is given a workflow where it has none, as the demo's own are; else only the first is.
    """

    connections: FirstConnections | None = None
    url: str | None = None
    user: str | None = None
    scheme: Scheme | None = None  # None: as last time
    watches_stalls: bool = False
    expects: Callable[[Console], tuple[str, ...]] | None = None
    equips_all: bool = False


def run(options: Options, open_console: Callable[[], Awaitable[Console]], script: Script | None = None) -> int:
    """Open the window and return the exit status when it is closed, or when `script`, which drives it, returns one."""
    qInstallMessageHandler(log_qt)
    application = make_application()
    try:
        with asyncio.Runner(loop_factory=partial(WindowLoop, application)) as runner:
            return runner.run(until_asked_to_end(_live(application, options, open_console, script)))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 0


async def until_asked_to_end(life: Coroutine[Any, Any, int]) -> int:
    """End in good order for whoever asks by Ctrl+C or SIGTERM: it is cancelled, everything is closed.

    A second signal ends the process at once, by the system's own hand: Python would raise it in the middle of whatever
    closes just then, under Qt, which prints it and goes on. What a script starts with `&` inherits SIGINT as ignored,
    and goes on ignoring it.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    before = {number: now for number in ENDING if (now := signal.getsignal(number)) is not signal.SIG_IGN}
    is_asked = False

    def end(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_asked
        is_asked = True
        for number in before:
            signal.signal(number, signal.SIG_DFL)
        task.cancel()
        loop.call_soon_threadsafe(lambda: None)  # wakes the loop

    for number in before:
        signal.signal(number, end)
    try:
        with woken_by_signals(loop):
            return await life
    finally:
        if not is_asked:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def woken_by_signals(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let Qt's loop turn when a signal comes: while it waits no Python runs, and so no handler of a signal either."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)
    before = signal.set_wakeup_fd(theirs.fileno())
    loop.add_reader(ours.fileno(), lambda: ours.recv(PIECE_BYTES))
    try:
        yield
    finally:
        loop.remove_reader(ours.fileno())
        signal.set_wakeup_fd(before)
        ours.close()
        theirs.close()


def _log_board() -> None:
    """Leave the time at which the window became usable: its columns stand."""
    log.info("the board stands")


def log_qt(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    """Put what Qt says into the log, where the rest of the story is."""
    levels = {QtMsgType.QtCriticalMsg: logging.ERROR, QtMsgType.QtFatalMsg: logging.CRITICAL}
    logging.getLogger("qt").log(levels.get(kind, logging.INFO), "%s (%s)", message, context.category)


def make_application() -> QApplication:
    """Return the one `QApplication`, with the names the desktop knows it by."""
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("xsconsole")
    application.setDesktopFileName("xsconsole")
    application.setQuitOnLastWindowClosed(False)
    application.setWindowIcon(icon("xsconsole", LIGHT.accent, size_px=64))
    _meet_all_classes()
    return application


def _meet_all_classes() -> None:
    """Make all classes of Qt ready now, before anybody waits for a key.

    PySide does so when it first meets an object of a class that it does not know, which takes some frames.
    """
    QLineEdit().children()


async def _live(
    application: QApplication,
    options: Options,
    open_console: Callable[[], Awaitable[Console]],
    script: Script | None,
) -> int:
    # Opening the console may ask for a passphrase: that dialog is dressed like everything else.
    theme = Theme(application, options.scheme or Scheme.SYSTEM)
    try:
        console = await open_console()
    except ConsoleError as failure:
        if application.platformName() not in ("offscreen", "minimal"):
            await answered(StartFailureDialog(failure))
        raise
    pools = Pools(console, equips_all=options.equips_all)
    try:
        state = WindowState(console.home)
        if options.scheme is None:
            theme.set_scheme(state.scheme)
        window = MainWindow(Estate(pools), theme, state)
        last_words = LastWords(console.home.settings.home, console.home.me.process, console.home.is_alive)
        tell_fault(window.notices, last_words.find())
        window.bridge.layout_changed.connect(_log_board)
        collector = Collector(window)
        with _reported(window):
            try:
                last_words.prepare(about_program())
                collector.start()
                application.applicationStateChanged.connect(collector.notice)
                window.loaded.connect(collector.settle)
                window.inventory.loaded.connect(collector.settle)
                window.loaded.connect(window.verify_audit)
                check_regularly(window)
                if options.watches_stalls:
                    window.watchdog.start()
                window.show()
                await _connect(window, console, options)
                if script is not None:
                    return await script(window)
                await window.until_closed()
                return 0
            finally:
                await window.end()
                collector.stop()
                last_words.end()
    finally:
        await pools.close()


def check_regularly(window: MainWindow) -> QTimer:
    """Let a window that stays open check the record again and again, in a process of its own."""
    timer = QTimer(window)
    timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
    timer.timeout.connect(window.verify_audit)
    timer.start(CHECK_EVERY_MS)
    return timer


async def _connect(window: MainWindow, console: Console, options: Options) -> None:
    window.estate.pools.expect(options.expects(console) if options.expects is not None else ())
    known = await options.connections(console) if options.connections is not None else ()
    proposed = _proposed(window, options) if not known else None
    if known:
        window.connecting.begin(known, are_named=options.url is not None)
    elif proposed is not None:
        window.connecting.begin([(proposed, None)], are_named=True)
    else:
        window.connecting.ask()


def _proposed(window: MainWindow, options: Options) -> Connection | None:
    try:
        return Connection(url=options.url, user=options.user or DEFAULT_USER) if options.url else None
    except Refused as refusal:
        window.notices.tell_error(refusal)
        return None


class _reported:
    """Bring what fails in a slot or on the loop before the user, and into the log."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._hook = sys.excepthook

    def __enter__(self) -> None:
        sys.excepthook = self._in_slot
        asyncio.get_running_loop().set_exception_handler(self._on_loop)

    def __exit__(self, *failure: object) -> None:
        sys.excepthook = self._hook
        asyncio.get_running_loop().set_exception_handler(None)

    def _in_slot(self, kind: type[BaseException], failure: BaseException, traceback: TracebackType | None) -> None:
        log.error("a slot failed", exc_info=(kind, failure, traceback))
        self._window.notices.tell_bug(failure)

    def _on_loop(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        del loop
        failure = context.get("exception")
        log.error("the loop reports: %s", context.get("message"), exc_info=failure)
        if isinstance(failure, BaseException):
            self._window.notices.tell_bug(failure)
