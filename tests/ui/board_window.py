"""The whole window on the real console and the embedded pool, for the board's and the window's tests."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLayout, QLayoutItem, QWidget
from shiboken6 import getAllValidWrappers

from tests.embedded import EmbeddedPool, embedded_pool
from xsconsole.console import Connection, Console, Secret
from xsconsole.domain.board import Card
from xsconsole.domain.ids import RunId
from xsconsole.domain.naming import find_configuration
from xsconsole.domain.runs import RunStatus
from xsconsole.engine.commands import Confirmed, Plannable
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.flow import Flow
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.theme import Scheme, Theme
from xsconsole_ui.window_layout import FIRST_SIZE
from xsconsole_ui.window_state import WindowState

CTRL = Qt.KeyboardModifier.ControlModifier
Key = Qt.Key


async def no_passphrase_needed(*, is_new: bool) -> str | None:
    del is_new
    return "a passphrase for tests"


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "20") as served:
        yield served


@pytest.fixture
async def console(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[Console]:
    opened = await Console.open(tmp_path / "home", passphrase=no_passphrase_needed)
    try:
        await opened.connect(Connection(url=pool.url, user=pool.user), Secret(pool.password))
        yield opened
    finally:
        await opened.close()


@pytest.fixture
async def window(console: Console, qapp: QApplication) -> AsyncIterator[MainWindow]:
    opened = await open_window(console, qapp)
    yield opened
    await opened.end()


async def open_window(console: Console, application: QApplication) -> MainWindow:
    """Open a window and wait until all cards are on its board."""
    opened = MainWindow(console, Theme(application, Scheme.LIGHT), WindowState(console.home))
    opened.resize(FIRST_SIZE)  # the screen of the offscreen platform is smaller than anybody's
    opened.show()
    opened.activateWindow()
    await until(lambda: shown_cards(opened) == set(console.board.cards), "all cards on the board")
    # What is put off beyond the end of a test would begin without a loop.
    await until(lambda: console.board.workflow is None or opened.workflow.desk.base is not None, "the designer's draft")
    return opened


def shown_cards(window: MainWindow) -> set[str]:
    return {
        card.id
        for lane in window.board.lanes
        for row in range(lane.model.rowCount())
        if (card := lane.model.card_at(lane.model.index(row))) is not None
    }


def cards_in(window: MainWindow, stage: str) -> list[str]:
    model = window.board.lane(stage).model
    return [str(model.index(row).data()) for row in range(model.rowCount())]


def items_known_to_python() -> list[QLayoutItem]:
    """Return the items of layouts that have a Python object, without layouts themselves.

    Such an object outlives its item: what is then made at its address brings the process down when Qt destroys it.
    """
    known: list[QLayoutItem] = [
        one for one in getAllValidWrappers() if isinstance(one, QLayoutItem) and not isinstance(one, QLayout)
    ]
    flows = [one for one in getAllValidWrappers() if isinstance(one, Flow)]  # which keep their items, and let them go
    known = [one for one in known if one.widget() or one.spacerItem()]  # else of a flow that went with its window
    return [one for one in known if all(flow.indexOf(one) < 0 for flow in flows)]


def card_of(console: Console, name: str) -> Card:
    return find_configuration(console.board, name)


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key where the keyboard is."""
    focused = QApplication.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, key, modifiers)


def has_keyboard(widget: QWidget) -> bool:
    focused = QApplication.focusWidget()
    return focused is not None and (focused is widget or widget.isAncestorOf(focused))


async def ended(console: Console) -> RunStatus:
    """Wait for the end of the newest run."""
    await until(lambda: bool(console.runs), "a run")
    return await console.finished(console.runs[0].run)


@asynccontextmanager
async def another_console(pool: EmbeddedPool, home: Path) -> AsyncIterator[Console]:
    """A second administrator's console on the same pool, without a window."""
    opened = await Console.open(home, passphrase=no_passphrase_needed)
    try:
        await opened.connect(Connection(url=pool.url, user="alice"), Secret(pool.passwords["alice"]))
        await until(lambda: bool(opened.board.cards), "the other console's board")
        yield opened
    finally:
        await opened.close()


async def start(console: Console, command: Plannable) -> RunId:
    return await console.do(Confirmed(command=command, digest=console.plan(command).digest))
