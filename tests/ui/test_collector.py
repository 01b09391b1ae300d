import gc
import sys
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, Qt
from pytestqt.qtbot import QtBot

from xsconsole_ui import start
from xsconsole_ui.__main__ import main
from xsconsole_ui.collector import BURST, LEAST_BETWEEN_MS, LOOK_MS, MANY, MOST_WALKED, SOON_MS, Collector, _count

ACTIVE, ELSEWHERE = Qt.ApplicationState.ApplicationActive, Qt.ApplicationState.ApplicationInactive


class Ring(QObject):
    """An object that only a collection ends."""

    def __init__(self) -> None:
        super().__init__()
        self.itself = self


@pytest.fixture
def collector(qtbot: QtBot) -> Iterator[Collector]:
    collector = Collector()
    collector.start()
    collector.settle()
    yield collector
    collector.stop()
    gc.unfreeze()


def ring() -> "weakref.ref[Ring]":
    return weakref.ref(Ring())


def some(count: int) -> list[list[int]]:
    return [[number] for number in range(count)]


def test_a_ring_that_nobody_holds_is_collected(collector: Collector) -> None:
    gone, kept = ring(), some(BURST // 2)

    collector._look()

    assert kept
    assert gone() is None


def test_the_program_itself_is_never_walked() -> None:
    collector, kept = Collector(), some(BURST)
    gc.unfreeze()

    collector.start()
    left = sum(len(gc.get_objects(generation)) for generation in range(3))
    collector.stop()
    gc.unfreeze()

    assert kept
    assert left < BURST


def test_no_look_walks_more_than_takes_a_moment_however_much_comes_to_stay(collector: Collector) -> None:
    walked: list[int] = []

    def note(phase: str, facts: dict[str, int]) -> None:
        if phase == "start" and facts["generation"] == 1:
            walked.append(sum(len(gc.get_objects(generation)) for generation in (0, 1)))

    kept = []
    gc.callbacks.append(note)
    try:
        for _ in range(40):
            kept.append(some(MOST_WALKED // 5))
            collector._look()
    finally:
        gc.callbacks.remove(note)

    assert len(walked) > 2, "garbage that grew older is looked for, too"
    assert max(walked) < 2 * MOST_WALKED
    assert len(walked) < 20, "what outlived two looks is not walked again"


def test_new_objects_count_also_where_they_take_the_place_of_old_ones(collector: Collector) -> None:
    kept = some(4 * BURST)
    collector.settle()

    for place in range(len(kept)):
        kept[place] = [place]
    collector._look()

    assert sum(len(gc.get_objects(generation=age)) for age in range(3)) < BURST


def test_what_grew_old_is_collected_when_the_user_turns_away_but_seldom(collector: Collector) -> None:
    itself = Ring()
    gone = weakref.ref(itself)
    gc.collect()
    del itself
    collector._look()
    collector.notice(ELSEWHERE)
    assert gone() is not None, "it has just begun"
    collector._pause.stop()

    collector.notice(ACTIVE)
    assert gone() is not None, "the user is here"
    collector.notice(ELSEWHERE)

    assert gone() is None
    assert collector._pause.remainingTime() > LEAST_BETWEEN_MS // 2


def test_what_is_there_to_stay_is_not_walked_when_the_user_turns_away_either(collector: Collector) -> None:
    kept, walked = some(BURST), list[int]()
    collector.settle()
    collector._pause.stop()

    def note(phase: str, facts: dict[str, int]) -> None:
        if phase == "start":
            walked.append(sum(len(gc.get_objects(generation)) for generation in range(3)))

    gc.callbacks.append(note)
    try:
        collector.notice(ELSEWHERE)
    finally:
        gc.callbacks.remove(note)

    assert kept
    assert len(walked) == 1
    assert walked[0] < BURST // 10


def test_while_many_objects_are_made_it_looks_again_soon(collector: Collector) -> None:
    kept = some(2 * MANY)

    collector._look_in_time()
    assert collector._timer.interval() == SOON_MS
    collector._look_in_time()

    assert kept
    assert collector._timer.interval() == LOOK_MS


def test_a_thread_that_fills_a_tuple_is_not_disturbed_by_counting() -> None:
    faults: list[SystemError] = []
    is_over = threading.Event()

    def fill() -> None:
        try:
            while not is_over.is_set():
                tuple([] for _ in range(200))
        except SystemError as fault:
            faults.append(fault)

    filling = threading.Thread(target=fill)
    interval = sys.getswitchinterval()
    gc.disable()
    try:
        sys.setswitchinterval(1e-5)
        filling.start()
        for _ in range(6_000):
            _count(0)
    finally:
        is_over.set()
        filling.join()
        sys.setswitchinterval(interval)
        gc.enable()

    assert faults == []


def test_what_is_loaded_for_the_window_is_walked_by_no_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(start, "open_window", lambda *_: seen.append(gc.isenabled()) or 0)

    status = main([])

    assert status == 0
    assert seen == [False]
    assert gc.isenabled()
