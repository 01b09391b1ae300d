"""What a user's hands do, as the events that Qt makes of it: without a screen `QDrag` does nothing."""

import asyncio
from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from xsconsole.domain.board import Card
from xsconsole.domain.ids import ConfigurationId
from xsconsole_ui.board.lane import Lane
from xsconsole_ui.board.lane_model import Dragged, to_mime

LOOK_EVERY_S = 0.02


class TookTooLong(Exception):
    """What was waited for did not come."""


async def until(is_so: Callable[[], bool], what: str, timeout_s: float = 30.0) -> None:
    """Wait until `is_so`.

    Raises:
        TookTooLong: naming `what`.
    """
    try:
        async with asyncio.timeout(timeout_s):
            while not is_so():  # noqa: ASYNC110 - what is waited for is what a user sees, not one event
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError as failure:
        raise TookTooLong(f"waited {timeout_s:.0f} s for: {what}") from failure


class CarriedCard:
    """A card between the mouse's press and its release."""

    def __init__(self, card: Card, also: tuple[tuple[ConfigurationId, int], ...] = ()) -> None:
        self._mime = to_mime(Dragged(configuration=card.id, revision=card.revision, also=also))

    def enter(self, lane: Lane, at: QPoint | None = None) -> None:
        """Bring it over a column: over its middle, or over another point of it."""
        at = _middle(lane) if at is None else at
        left, plain, move = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.MoveAction
        QApplication.sendEvent(lane, QDragEnterEvent(at, move, self._mime, left, plain))
        QApplication.sendEvent(lane, QDragMoveEvent(at, move, self._mime, left, plain))

    def move(self, lane: Lane, at: QPoint) -> None:
        left, plain, move = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.MoveAction
        QApplication.sendEvent(lane, QDragMoveEvent(at, move, self._mime, left, plain))

    def leave(self, lane: Lane) -> None:
        QApplication.sendEvent(lane, QDragLeaveEvent())

    def drop(self, lane: Lane, at: QPoint | None = None) -> bool:
        """Let the card go over the lane, or beside it where that has moved; return whether the lane took it."""
        left, plain, move = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.MoveAction
        event = QDropEvent(QPointF(_middle(lane) if at is None else at), move, self._mime, left, plain)
        QApplication.sendEvent(lane, event)
        return event.isAccepted()


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def _middle(lane: Lane) -> QPoint:
    return lane.visibleRegion().boundingRect().center()  # all that a hand can reach
