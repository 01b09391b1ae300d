"""The real window on a real pool, offscreen, while a make-believe user types, scrolls and drags; for the benchmarks.

Run as a program of its own, so that its processor time and memory are nobody else's. Prints one JSON document. It is
told its pools, the first of which has the probe.
"""

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, Qt, QTimer, qInstallMessageHandler
from PySide6.QtGui import QDragMoveEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from xsconsole.console import Connection, Console, Estate, Pools, Secret
from xsconsole.domain.inventory_items import Sort
from xsconsole.domain.outline.views import View
from xsconsole_ui.app import make_application
from xsconsole_ui.collector import Collector
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.theme import Scheme, Theme
from xsconsole_ui.watchdog import Watchdog
from xsconsole_ui.window_loop import WindowLoop
from xsconsole_ui.window_state import WindowState

HAND_MS = 30  # a letter, a scroll and a move of the dragged card in turn: no hand does two things in one moment
FILTERS = ("web-0", "power:running memory>2GiB", "tag:web or host:xen-1", "name:*7", "-power:halted stage:production")
PROBE = "!probe "  # before all other names


class User(QObject):
    """Types a letter, scrolls and drags a card over the lanes, again and again."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._acts = self._step = 0
        self._text = ""
        self.keystrokes: list[float] = []
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._act)

    def start(self) -> None:
        self._timer.start(HAND_MS)

    def stop(self) -> None:
        self._timer.stop()

    def _act(self) -> None:
        (self._scroll, self._drag, self._type)[self._acts % 3]()
        self._acts += 1
        self._step = self._acts // 3

    def _scroll(self) -> None:
        bar = self._window.inventory.view.verticalScrollBar()
        bar.setValue((bar.value() + 240) % max(1, bar.maximum()))

    def _type(self) -> None:
        line = self._window.inventory.filter.line
        wanted = FILTERS[self._step // 40 % len(FILTERS)]
        typed = len(line.text())
        if not wanted.startswith(line.text()) or typed == len(wanted):
            line.clear()
        else:
            QTest.keyClicks(line, wanted[typed])

    def _drag(self) -> None:
        lanes = self._window.board.lanes
        if lanes:
            view: QWidget = lanes[self._step % len(lanes)].view.viewport()
            where = QPoint(20, 20 + self._step % 200)
            event = QDragMoveEvent(
                where, Qt.DropAction.MoveAction, QMimeData(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
            )
            QApplication.sendEvent(view, event)


class Probes(QObject):
    """Sees stamped names on the screen, and how long they took to get there."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._view = window.inventory.view
        self._seen: set[str] = set()
        self.delays_ms: list[float] = []
        self._view.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        del watched
        if event.type() is QEvent.Type.Paint:
            QTimer.singleShot(0, self._look)  # after it was painted
        return False

    def _look(self) -> None:
        now_ns = time.monotonic_ns()
        for row in range(4):
            name = str(self._view.model().index(row, 0).data() or "")
            if name.startswith(PROBE) and name not in self._seen:
                self._seen.add(name)
                self.delays_ms.append((now_ns - int(name.removeprefix(PROBE))) / 1e6)


async def until(is_so: Any, deadline_s: float = 300.0) -> None:
    async with asyncio.timeout(deadline_s):
        while not is_so():  # noqa: ASYNC110 - what is looked for is no single event
            await asyncio.sleep(0.005)


async def unchanging(window: MainWindow) -> None:
    """Let the window work until what was asked of its list is shown."""
    while window.inventory.outline.is_changing:  # noqa: ASYNC110 - looking as often as it can would take its time
        await asyncio.sleep(0.001)


async def keystrokes(window: MainWindow) -> list[tuple[float, float]]:
    """Return how many milliseconds each key of some filters took until its result stood in the list.

    First by the clock, then in processor time of the window's thread: the difference is what others took.
    """
    panel, found = window.inventory, []
    for text in FILTERS:
        for letter in text:
            began, cpu = time.perf_counter(), time.thread_time()
            QTest.keyClicks(panel.filter.line, letter)
            await unchanging(window)
            panel.view.viewport().repaint()
            found.append(((time.perf_counter() - began) * 1e3, (time.thread_time() - cpu) * 1e3))
            await asyncio.sleep(0.01)
        panel.filter.clear()
        await unchanging(window)
    return found


async def views(window: MainWindow) -> dict[str, float]:
    panel, found = window.inventory, {}
    await until(lambda: not panel.outline.prepare(200))
    for view in (*View, View.HOSTS):
        began = time.perf_counter()
        panel.set_view(view)
        await unchanging(window)
        panel.view.viewport().repaint()
        found[str(view)] = (time.perf_counter() - began) * 1e3
        await asyncio.sleep(0.02)
    return found


async def selecting(window: MainWindow) -> float:
    """Return how many milliseconds it takes from Ctrl+A until all lines count as selected."""
    panel = window.inventory
    began = time.perf_counter()
    QTest.keyClick(panel.view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    await until(lambda: len(panel.selected) >= panel.outline.count(Sort.VM))
    took_ms = (time.perf_counter() - began) * 1e3
    await asyncio.sleep(0.5)
    panel.view.clearSelection()
    return took_ms


def process_figures(pid: int | str) -> tuple[float, float]:
    """Return processor seconds and megabytes of a process as the system tells them."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return (int(fields[11]) + int(fields[12])) / ticks, pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def feed_figures() -> dict[str, float]:
    """Return what the child processes that follow the pools have used."""
    children = [child for path in Path("/proc/self/task").glob("*/children") for child in path.read_text().split()]
    used = [process_figures(child) for child in children]
    return {"cpu_s": sum(cpu_s for cpu_s, _ in used), "memory_mb": sum(memory_mb for _, memory_mb in used)}


async def passphrase(*, is_new: bool) -> str:
    del is_new
    return "a passphrase for a benchmark"


async def run(application: QApplication, told: dict[str, Any]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        console = await Console.open(folder, passphrase=passphrase)
        pools = Pools(console)
        window = MainWindow(Estate(pools), Theme(application, Scheme.LIGHT), WindowState(console.home))
        collector = Collector(window)
        collector.start()
        window.inventory.loaded.connect(collector.settle)
        window.resize(1440, 900)
        window.show()
        user, probes = User(window), Probes(window)
        loaded = asyncio.Event()
        window.inventory.loaded.connect(loaded.set)
        await asyncio.sleep(0.5)
        window.watchdog.start()
        window.watchdog.begin_anew()
        user.start()
        before = process_figures("self")
        began = time.perf_counter()
        connecting = [
            asyncio.ensure_future(
                pools.connect(Connection(url=pool["url"], user=pool["user"]), Secret(pool["password"]))
            )
            for pool in told["pools"]
        ]
        await until(lambda: sum(one.inventory.total() > 0 for one in pools.all) == len(connecting))
        figures["mirror_s"] = time.perf_counter() - began
        await asyncio.sleep(0.001)  # in a turn of its own: to look at the processes takes some milliseconds
        figures["mirror_cpu_s"] = process_figures("self")[0] - before[0] + feed_figures()["cpu_s"]
        await loaded.wait()
        await until(lambda: window.inventory.outline.is_settled)
        figures["list_s"] = time.perf_counter() - began
        await asyncio.gather(*connecting)
        figures["connected_s"] = time.perf_counter() - began
        await asyncio.sleep(2)
        after = process_figures("self")
        user.stop()
        figures |= {
            "objects": sum(one.inventory.total() for one in pools.all),
            "load_turns": describe(window.watchdog),
            "load_cpu_s": after[0] - before[0],
            "memory_mb": after[1],
            "feed": feed_figures(),
        }
        window.inventory.filter.clear()
        await asyncio.sleep(1)
        window.watchdog.begin_anew()
        keys = await keystrokes(window)
        figures["keystroke_ms"] = sorted(clock for clock, _ in keys)
        figures["keystroke_cpu_ms"] = sorted(cpu for _, cpu in keys)
        figures["view_ms"] = await views(window)
        figures["filter_turns"] = describe(window.watchdog)
        window.watchdog.begin_anew()
        figures["select_ms"] = await selecting(window)
        figures["select_turns"] = describe(window.watchdog)
        first = [pool.ref for pool in (pools.first.inventory.pool,) if pool is not None]
        lines = (window.inventory.view.model().line(row) for row in range(20))
        items = [line.item for line in lines if line is not None and line.item is not None]
        probe = next((item.ref for item in items if item.sort is Sort.VM and item.pool in first), "")
        print(json.dumps({"probe": probe}), flush=True)
        if told.get("churn_s"):
            await asyncio.to_thread(sys.stdin.readline)
            window.watchdog.begin_anew()
            probes.delays_ms.clear()
            cpu = process_figures("self")[0]
            began = time.perf_counter()
            await asyncio.sleep(told["churn_s"] / 2)
            figures["probe_ms"] = sorted(probes.delays_ms)
            figures["quiet_turns"] = describe(window.watchdog)
            window.watchdog.begin_anew()
            user.start()
            await asyncio.sleep(told["churn_s"] / 2)
            user.stop()
            figures["churn_cpu_part"] = (process_figures("self")[0] - cpu) / (time.perf_counter() - began)
            figures["churn_turns"] = describe(window.watchdog)
        window.watchdog.stop()
        collector.stop()
        await window.end()
        await pools.close()
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures


def describe(watchdog: Watchdog) -> dict[str, Any]:
    turns = watchdog.figures
    return {
        "text": str(turns),
        "p999_ms": turns.p999_ms,
        "max_ms": turns.max_ms,
        "over_16": turns.over_16_ms,
        "over_50": turns.over_50_ms,
        "count": turns.count,
        "stalls": [
            f"{stall.duration_ms:.0f} ms at {stall.where}, in {stall.event}\n{stall.stack}" for stall in watchdog.stalls
        ],
    }


def main() -> None:
    told = json.loads(sys.stdin.readline())
    qInstallMessageHandler(lambda *_: None)  # the offscreen platform complains of every popup
    application = make_application()
    with asyncio.Runner(loop_factory=partial(WindowLoop, application)) as runner:
        found = runner.run(run(application, told))
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
