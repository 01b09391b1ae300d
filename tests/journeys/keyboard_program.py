"""The window in a process of its own, that says which key somebody with a keyboard alone strikes. For real hands."""

import sys
import time
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from window_program import connection, passphrase, say

from tests.journeys.blue_and_green import build_and_publish
from tests.journeys.typist import Typist
from xsconsole.console import Console
from xsconsole_ui import app
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow

DEADLINE_S = 60.0
HELD = (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt)


class Struck(QObject):
    """Counts keys that were pressed and let go, but for those that are only held."""

    number = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_key = isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyRelease and watched.isWindowType()
        if is_key and isinstance(event, QKeyEvent) and event.key() not in HELD:
            self.number += 1
        return super().eventFilter(watched, event)


async def tell(window: MainWindow) -> int:
    application = QApplication.instance()
    assert application is not None
    struck = Struck(window)
    application.installEventFilter(struck)

    def has_keyboard() -> bool:
        if QApplication.activeWindow() is None:  # nobody manages windows on a virtual screen
            window.activateWindow()
        return QApplication.focusWidget() is not None

    async def strike(combination: str) -> None:
        await until(has_keyboard, "the keyboard to be somewhere", DEADLINE_S)
        before, dialog = struck.number, QApplication.activeModalWidget()
        say(key=combination)
        # A dialog that a key opens keeps the key's end from the window that had its beginning.
        await until(
            lambda: struck.number > before or QApplication.activeModalWidget() is not dialog,
            f"the key {combination}",
            DEADLINE_S,
        )

    await until(lambda: bool(window.board.lanes), "the board", DEADLINE_S)
    typist, began = Typist(window, strike), time.monotonic()
    await build_and_publish(typist)
    say(strikes=typist.strikes, seconds=round(time.monotonic() - began, 1))
    return 0


def main(home: str, url: str, password: str) -> int:
    start = partial(Console.open, Path(home), passphrase=passphrase)
    return app.run(app.Options(connections=connection(url, password)), start, tell)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
