"""A window on a pool, in a process of its own, that says where things are and what happens. For real hands.

Reads nothing; writes one JSON line for each thing to say: first where the card and the column are on the screen, then
the question that the drop asked, then the end of the run.
"""

import asyncio
import json
import sys
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QWidget

from xsconsole.console import Connection, Console, Secret
from xsconsole.domain.naming import find_configuration
from xsconsole_ui import app
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow


async def passphrase(*, is_new: bool) -> str:
    del is_new
    return "a passphrase for tests"


def say(**words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def place(widget: QWidget, area: QRect | None = None) -> tuple[int, int]:
    middle: QPoint = widget.mapToGlobal((area or widget.rect()).center())
    ratio = widget.devicePixelRatioF()
    return round(middle.x() * ratio), round(middle.y() * ratio)


async def tell(window: MainWindow) -> int:
    board, console = window.board, window.console
    await until(lambda: bool(console.board.cards) and bool(board.lanes), "the board")
    card = find_configuration(console.board, "shop@staging")
    board.select(card.id)
    await until(lambda: board.lane("Staging").view.currentIndex().isValid(), "the card to be selected")
    view = board.lane("Staging").view
    await asyncio.sleep(0.5)  # the window manager, if any, has placed the window by now
    say(
        card=place(view.viewport(), view.visualRect(view.currentIndex())),
        column=place(board.lane("Production")),
        window=int(window.winId()),
    )
    await until(lambda: window.desk.question is not None or bool(console.runs), "an answer to the drop", 60)
    if window.desk.question is not None:
        await until(window.inspector.plan_page.go.isVisible, "the plan's button")
        say(button=place(window.inspector.plan_page.go))
        await until(lambda: bool(console.runs), "the run", 60)
    ended = await console.finished(console.runs[0].run)
    say(state=ended.state.value, target=ended.plan.intent.target)
    return 0


def connection(url: str, password: str) -> app.FirstConnections:
    async def connect(console: Console) -> list[tuple[Connection, Secret]]:
        del console
        return [(Connection(url=url, user="root"), Secret(password))]

    return connect


def main(home: str, url: str, password: str) -> int:
    start = partial(Console.open, Path(home), passphrase=passphrase)
    return app.run(app.Options(connections=connection(url, password)), start, tell)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
