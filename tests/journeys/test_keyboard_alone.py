"""The designer without a mouse: from an empty draft to a published workflow, through the outline."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pool
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.journeys.blue_and_green import build_and_publish, compared, wanted
from tests.journeys.test_real_mouse import Hand, heard, needs_a_screen, virtual_screen
from tests.journeys.test_real_mouse import window as real_window
from tests.journeys.typist import Typist
from tests.ui.board_window import no_passphrase_needed
from xsconsole.console import Connection, Console, Secret
from xsconsole.domain.board_reading import published_workflow
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.theme import Scheme, Theme
from xsconsole_ui.window_layout import FIRST_SIZE
from xsconsole_ui.window_state import WindowState

PROGRAM = Path(__file__).with_name("keyboard_program.py")
HELD = {
    "ctrl": Qt.KeyboardModifier.ControlModifier,
    "shift": Qt.KeyboardModifier.ShiftModifier,
    "alt": Qt.KeyboardModifier.AltModifier,
}


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--scenario", "empty", "--speed", "20") as served:
        yield served


@pytest.fixture
async def window(pool: EmbeddedPool, tmp_path: Path, qapp: QApplication) -> AsyncIterator[MainWindow]:
    console = await Console.open(tmp_path / "home", passphrase=no_passphrase_needed)
    await console.connect(Connection(url=pool.url, user=pool.user), Secret(pool.password))
    opened = MainWindow(console, Theme(qapp, Scheme.LIGHT), WindowState(console.home))
    opened.resize(FIRST_SIZE)
    opened.show()
    opened.activateWindow()
    yield opened
    await opened.end()
    await console.close()


def _has_keyboard() -> bool:
    if QApplication.activeWindow() is None:  # nobody manages windows here, and gives the keyboard back after a dialog
        next(one for one in QApplication.topLevelWidgets() if isinstance(one, MainWindow)).activateWindow()
    return QApplication.focusWidget() is not None


async def strike(combination: str) -> None:
    """Press and release it where the keyboard is now, as the screen's server would."""
    await until(_has_keyboard, "the keyboard to be somewhere")
    *held, name = combination.split("+")
    modifiers = Qt.KeyboardModifier.NoModifier
    for one in held:
        modifiers |= HELD[one]
    popup = QApplication.activePopupWidget()
    target = (popup.focusWidget() or popup) if popup is not None else QApplication.focusWidget()
    assert target is not None, f"nothing has the keyboard for {combination}"
    if len(name) == 1 and not held:
        QTest.keyClicks(target, name)
    elif len(name) == 1 and held == ["shift"]:
        QTest.keyClicks(target, name.upper())
    else:
        key = getattr(Qt.Key, f"Key_{name.capitalize() if len(name) > 1 else name.upper()}")
        QTest.keyClick(target, key, modifiers)
    QApplication.processEvents()


async def test_blue_and_green_is_built_and_published_by_keyboard_alone(window: MainWindow, pool: EmbeddedPool) -> None:
    typist = Typist(window, strike)

    await build_and_publish(typist)

    with pool.plain_session() as session:
        keys = session.xenapi.pool.get_other_config(session.xenapi.pool.get_all()[0])
    published = published_workflow(keys)
    assert published is not None
    assert (published.version, published.name, published.summary) == (2, "Blue and green", "two slots")
    assert compared(published) == wanted()
    labels = [step.label for step in window.workflow.desk.history.done]
    assert labels == []  # the draft was published: nothing is left to undo
    assert typist.strikes < 600, typist.strikes


@needs_a_screen
@pytest.mark.skipif(
    "XSCONSOLE_SLOW_TESTS" not in os.environ,
    reason="it takes a minute and a half, and the one before does the same without a screen: XSCONSOLE_SLOW_TESTS=1",
)
def test_real_keys_do_the_same_on_a_real_screen(tmp_path: Path) -> None:
    home = tmp_path / "home"
    scenario = ("--scenario", "empty", "--speed", "20")
    with (
        embedded_pool(*scenario) as pool,
        virtual_screen() as display,
        real_window(display, pool, home, PROGRAM) as process,
    ):
        hand, said = Hand(display), heard(process)
        while "key" in said:
            hand.do("key", said["key"])
            said = heard(process)

        with pool.plain_session() as session:
            keys = session.xenapi.pool.get_other_config(session.xenapi.pool.get_all()[0])
    published = published_workflow(keys)
    assert published is not None
    assert compared(published) == wanted()
