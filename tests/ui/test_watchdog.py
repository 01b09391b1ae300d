"""The stall watchdog counts turns, and names the line that keeps the window."""

import os
import threading
import time
from functools import partial

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QTableWidget

from tests.ui.live_console import until
from xsconsole_ui.event_note import EventNote
from xsconsole_ui.watchdog import Histogram, RunDelay, Watchdog, unseen


@pytest.fixture
def watchdog(qapp):
    made = Watchdog()
    yield made
    made.stop()
    made.deleteLater()


def keep_the_window_standing(span_s):
    end = time.thread_time() + span_s
    while time.thread_time() < end:
        pass


async def test_a_turn_that_computes_too_long_is_named(watchdog):
    watchdog.start()
    await until(lambda: watchdog.figures.count > 5)

    keep_the_window_standing(0.4)
    await until(lambda: watchdog.stalls)

    stall = watchdog.stalls[0]
    assert stall.duration_ms > 50
    assert "test_watchdog.py" in stall.where
    assert "keep_the_window_standing" in stall.where
    assert "keep_the_window_standing(0.4)" in stall.stack


async def test_a_stall_in_native_code_is_named_by_its_event(watchdog, qtbot):
    table = QTableWidget(300, 300)
    qtbot.addWidget(table)
    table.horizontalHeader().setResizeContentsPrecision(-1)
    soon = QTimer()
    soon.setSingleShot(True)
    began_s = time.thread_time()
    table.resizeColumnsToContents()
    once_s = time.thread_time() - began_s
    for _ in range(2 + int(0.3 / once_s)):
        soon.timeout.connect(table.resizeColumnsToContents)  # from signal to slot without Python
    watchdog.start()
    await until(lambda: watchdog.figures.count > 5)

    soon.start()
    await until(lambda: watchdog.stalls)

    assert watchdog.stalls[0].event == "QTimerEvent of QTimer"
    assert watchdog.stalls[0].where


async def test_a_stall_that_nobody_could_look_at_says_so(watchdog):
    soon = QTimer()
    soon.setSingleShot(True)
    soon.timeout.connect(partial(sum, range(20_000_000)))  # holds the interpreter, and has no line of Python
    watchdog.start()
    await until(lambda: watchdog.figures.count > 5)
    witness, watchdog._witness._look = watchdog._witness, lambda: None  # it comes too late, as on a busy machine

    soon.start()
    await until(lambda: watchdog.stalls)

    assert watchdog.stalls[0].where == "native code that let no Python run"
    assert f"thread {witness.name} at " in watchdog.stalls[0].stack
    assert watchdog.stalls[0].event == "QTimerEvent of QTimer"


def test_a_wait_that_nobody_could_look_at_is_laid_to_others():
    assert "another thread" in unseen(0.1)
    assert "native code" in unseen(0.9)


async def test_waiting_is_no_part_of_an_event(qapp):
    note = EventNote()
    note.start()
    QCoreApplication.sendEvent(note, QEvent(QEvent.Type.User))
    note.pause()
    before = note.take()
    await until(lambda: True)
    note.stop()

    assert before == "QEvent of EventNote"
    assert note.take() == ""


async def test_a_turn_that_waits_for_somebody_counts_too(watchdog):
    watchdog.start()
    await until(lambda: watchdog.figures.count > 5)

    threading.Event().wait(0.1)
    await until(lambda: watchdog.stalls)

    assert watchdog.figures.max_ms > 50
    assert watchdog.figures.over_50_ms >= 1


async def test_waiting_for_events_is_no_turn(watchdog):
    watchdog.start()

    await until(lambda: watchdog.figures.count > 10)

    assert watchdog.figures.p50_ms < 16


async def test_figures_begin_anew_and_stay_after_the_end(watchdog):
    watchdog.start()
    await until(lambda: watchdog.figures.count > 5)

    watchdog.begin_anew()
    watchdog.stop()
    left = watchdog.figures.count
    QCoreApplication.processEvents()

    assert left < 5
    assert watchdog.figures.count == left
    assert not watchdog.is_watching


def test_quantiles_are_those_of_what_was_added():
    histogram = Histogram()
    for number in range(1, 1001):
        histogram.add(number / 10)

    figures = histogram.figures()

    assert figures.count == 1000
    assert figures.p50_ms == pytest.approx(50, abs=0.2)
    assert figures.p99_ms == pytest.approx(99, abs=0.2)
    assert figures.max_ms == pytest.approx(100)
    assert figures.over_50_ms == pytest.approx(500, abs=2)
    assert figures.over_16_ms == pytest.approx(840, abs=2)


def test_nothing_added_gives_zeros():
    figures = Histogram().figures()

    assert (figures.count, figures.max_ms, figures.p999_ms) == (0, 0.0, 0.0)


def test_the_time_others_had_the_processor_never_shrinks():
    delay = RunDelay(threading.get_native_id())

    first, second = delay.read(), delay.read()
    delay.close()

    assert 0 <= first <= second


HOLDING = """
def hold(held, end, clock):
    while clock() < end:
        pass
    return held is None
"""


class Held:
    """Notes on which thread it ends."""

    def __init__(self, ended):
        self._ended = ended

    def __del__(self):
        self._ended.append(threading.get_ident())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a file whose reader waits")
async def test_what_the_window_holds_ends_with_its_call_though_somebody_looks_at_it(watchdog, tmp_path):
    source = tmp_path / "slow_to_read.py"
    os.mkfifo(source)
    names = {}
    exec(compile(HOLDING, source, "exec"), names)
    watchdog.start()
    await until(lambda: watchdog.figures.count > 5)
    ended = []

    names["hold"](Held(ended), time.thread_time() + 0.4, time.thread_time)
    ended_at_once = list(ended)
    writer = os.open(source, os.O_WRONLY | os.O_NONBLOCK)  # fails where nobody reads, so the watchdog was there
    os.close(writer)
    await until(lambda: watchdog.stalls)

    assert ended_at_once == [threading.get_ident()]
    assert "slow_to_read.py" in watchdog.stalls[0].where
