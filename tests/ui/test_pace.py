"""Several workers on the window's thread share one turn, and leave room in it."""

import time

from PySide6.QtCore import QAbstractEventDispatcher, QTimer
from pytestqt.qtbot import QtBot

from xsconsole_ui.bridge import Turns
from xsconsole_ui.pace import FRESH_S, MOST_PASSED_OVER, WAITING_S, WANTED_S, Pace


def busy(span_s: float) -> None:
    end = time.thread_time() + span_s
    while time.thread_time() < end:
        pass


def test_a_turn_that_was_used_by_others_has_no_room(qtbot: QtBot) -> None:
    pace, seen = Pace(), list[tuple[bool, bool]]()

    def look() -> None:
        seen.append((pace.has_room(), pace.has_room(is_wanted=True)))
        busy(WAITING_S)
        seen.append((pace.has_room(), pace.has_room(is_wanted=True)))
        busy(WANTED_S - WAITING_S)
        seen.append((pace.has_room(), pace.has_room(is_wanted=True)))

    QTimer.singleShot(5, look)
    qtbot.waitUntil(lambda: len(seen) == 3)

    assert seen == [(True, True), (False, True), (False, False)]


def test_the_next_turn_has_room_again(qtbot: QtBot) -> None:
    pace, seen = Pace(), list[bool]()

    def use() -> None:
        busy(WANTED_S)
        QTimer.singleShot(5, lambda: seen.append(pace.has_room()))

    QTimer.singleShot(5, use)
    qtbot.waitUntil(lambda: bool(seen))

    assert seen == [True]


def test_two_that_have_much_to_do_take_no_more_of_a_turn_than_one(qtbot: QtBot) -> None:
    pace, piece_s = Pace(), 0.001
    used: list[float] = []
    workers = [Turns() for _ in range(4)]

    def work() -> None:
        busy(piece_s)
        used.append(pace.used_s)

    for at, turns in enumerate(workers):
        for key in range(10):
            turns.put((at, key), work)
    qtbot.waitUntil(lambda: len(used) == 40)

    assert max(used) < WAITING_S + len(workers) * 2 * piece_s


def test_a_worker_is_passed_over_in_a_full_turn_but_not_for_ever(qtbot: QtBot) -> None:
    pace, seen = Pace(), list[bool]()

    def look() -> None:
        busy(WANTED_S)
        seen.extend(pace.may_begin() for _ in range(MOST_PASSED_OVER + 2))

    QTimer.singleShot(5, look)
    qtbot.waitUntil(lambda: bool(seen))

    assert seen == [*[False] * MOST_PASSED_OVER, True, False]


def test_work_waits_for_the_next_turn_where_this_one_is_full(qtbot: QtBot) -> None:
    pace, turns, used = Pace(), Turns(), list[float]()

    def fill() -> None:
        busy(WANTED_S)
        turns.put("key", lambda: used.append(pace.used_s))
        turns._work()

    QTimer.singleShot(5, fill)
    qtbot.waitUntil(lambda: bool(used))

    assert used[0] < WANTED_S


def test_what_is_long_has_a_turn_of_its_own_also_behind_something_short(qtbot: QtBot) -> None:
    turns, ended, seen = Turns(), list[None](), list[int]()
    dispatcher = QAbstractEventDispatcher.instance()
    assert dispatcher is not None
    begin = dispatcher.aboutToBlock.connect(lambda: ended.append(None))

    def look() -> None:
        busy(FRESH_S)
        seen.append(len(ended))

    turns.put("short", look)
    turns.put("long", look, is_long=True)
    qtbot.waitUntil(lambda: len(seen) == 2)
    dispatcher.aboutToBlock.disconnect(begin)

    assert seen[0] < seen[1]
