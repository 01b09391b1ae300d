"""The stall watchdog counts turns, and names the line that keeps the window."""

import os
import threading
import time

import pytest
from PySide6.QtCore import QCoreApplication

from tests.ui.live_console import until
from xsconsole_ui.watchdog import Histogram, RunDelay, Watchdog


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
