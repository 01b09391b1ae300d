"""The inbox in little room: list and page one at a time, and news that gives the keyboard back."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QListView, QMainWindow, QStackedWidget, QWidget
from pytestqt.qtbot import QtBot

from xsconsole_ui.inbox.room import LEAST_LIST, LEAST_PAGE, ListAndPage
from xsconsole_ui.notices import Notices


def test_list_and_page_stand_beside_each_other_or_take_turns(qtbot: QtBot) -> None:
    list_, page = QListView(), QWidget()
    room = ListAndPage(list_, page, "All")
    qtbot.addWidget(room)
    left: list[bool] = []
    room.left.connect(lambda: left.append(True))

    room.resize(1000, 400)
    room.show()
    assert list_.isVisible()
    assert page.isVisible()
    assert not room.back.isVisible()
    assert LEAST_LIST <= list_.width() < page.width()

    room.resize(LEAST_LIST + LEAST_PAGE - 20, 400)
    assert list_.isVisible()
    assert not page.isVisible()
    assert room.minimumSizeHint().width() < room.width()  # or no window ever became so narrow
    room.turn(to_page=True)
    assert (list_.isVisible(), page.isVisible(), room.back.isVisible()) == (False, True, True)
    room.back.click()
    assert (list_.isVisible(), page.isVisible(), left) == (True, False, [True])

    room.turn(to_page=True)
    room.resize(1000, 400)
    assert list_.isVisible()
    assert page.isVisible()


def test_news_that_is_closed_gives_the_keyboard_back_to_where_it_was(qtbot: QtBot) -> None:
    window, centre, stack = QMainWindow(), QWidget(), QStackedWidget()
    qtbot.addWidget(window)
    other = QLineEdit(window)  # the next in the order of the keyboard, which Qt would choose
    page = QWidget()
    field, second = QLineEdit(page), QLineEdit(page)
    stack.addWidget(page)
    stack.setParent(centre)
    notices = Notices(window)
    notices.lie_over(centre, stack)
    window.setCentralWidget(centre)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    second.setFocus()

    notices.tell("warn", "News")
    (news,) = notices.shown
    news.close_button.setFocus()
    QTest.keyClick(news.close_button, Qt.Key.Key_Space)

    assert not notices.shown
    assert second.hasFocus(), (field.hasFocus(), other.hasFocus())

    window.resize(500, 400)
    stack.setGeometry(0, 0, centre.width(), 300)
    page.foot = QWidget(page)
    page.foot.setGeometry(0, page.height() - 60, page.width(), 60)
    page.foot.show()
    notices.tell("warn", "News")
    free = page.foot.mapTo(centre, QPoint(0, 0)).y()
    assert notices.geometry().bottom() < free < centre.height()
    page.foot.move(0, page.height() - 30)  # as by a splitter
    assert free < notices.geometry().bottom() < page.foot.mapTo(centre, QPoint(0, 0)).y()


def test_where_there_is_little_room_all_but_the_newest_news_fold_into_a_line_that_opens(qtbot: QtBot) -> None:
    centre = QWidget()
    qtbot.addWidget(centre)
    stack = QStackedWidget(centre)
    centre.resize(418, 480)
    notices = Notices(centre)
    notices.lie_over(centre, stack)
    centre.show()
    long = "The pool did not answer within the time that it was given. " * 3

    for state, name in (("bad", "first"), ("warn", "second"), ("warn", "third")):
        notices.tell(state, f"{name}: {long}", long)

    assert [one.isVisible() for one in notices.shown] == [False, False, True]
    assert notices.fold.text() == "✖ 2 earlier notices…"
    assert notices.height() < 240
    notices.fold.click()
    assert all(one.isVisible() for one in notices.shown)
    assert notices.fold.text() == "Fold 2 earlier notices"
    notices.fold.click()
    notices.shown[-1].close_button.click()
    assert [one.isVisible() for one in notices.shown] == [False, True]
    centre.resize(1400, 1200)
    assert all(one.isVisible() for one in notices.shown)
    assert not notices.fold.isVisible()
