"""A paint that does not fit into one turn goes on in the next; what is taken as a picture is whole."""

import time

import pytest
from PySide6.QtCore import QEvent, QRect, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from tests.ui.test_inventory_model import Filled
from xsconsole_ui import theme
from xsconsole_ui.inventory.line_table import LEAST_LINES
from xsconsole_ui.inventory.view import OutlineView
from xsconsole_ui.late_paint import LatePaint
from xsconsole_ui.pace import WANTED_S

BAND, BANDS = 10, 8


class Bands(QWidget):
    """Paints a band in each full turn."""

    def __init__(self) -> None:
        super().__init__()
        self.late = LatePaint(self)
        self.turns: list[int] = []  # bands that each paint put
        self.resize(40, BAND * BANDS)

    def paintEvent(self, event: QPaintEvent) -> None:
        self.turns.append(0)
        with QPainter(self) as painter:
            for top in range(event.rect().top(), event.rect().bottom() + 1, BAND):
                if self.turns[-1] and self.late.must_wait(painter):
                    self.late.leave(QRect(0, top, 40, self.height() - top))
                    return
                end = time.thread_time() + WANTED_S
                while time.thread_time() < end:
                    pass
                painter.fillRect(0, top, 40, BAND, QColor("red"))
                self.turns[-1] += 1


def test_what_does_not_fit_into_a_turn_is_painted_in_the_next_ones(qtbot):
    bands = Bands()
    qtbot.addWidget(bands)

    bands.show()
    qtbot.waitUntil(lambda: sum(bands.turns) >= BANDS)

    assert set(bands.turns) == {1}


def test_a_picture_of_it_is_whole(qtbot):
    bands = Bands()
    qtbot.addWidget(bands)

    image = bands.grab().toImage()

    assert bands.turns[-1] == BANDS
    assert {image.pixelColor(5, top).name() for top in range(0, BAND * BANDS, BAND)} == {"#ff0000"}


@pytest.fixture
def view(qapp, qtbot):
    filled = Filled()
    view = OutlineView(filled.model, filled.outline, "Inventory")
    qtbot.addWidget(view)
    view.setPalette(theme.palette_of(theme.LIGHT))
    view.resize(300, 30 * theme.ROW_HEIGHT)
    return view


def on_screen(view: OutlineView) -> set[int]:
    """Return the rows at which something is written on the screen, not on a picture made for the purpose."""
    store = view.backingStore()
    image = store.paintDevice().copy()
    left_top = view.viewport().mapTo(view.window(), view.viewport().rect().topLeft())
    ground = theme.LIGHT.surface
    return {
        row
        for row in range(view.rowAt(view.viewport().height() - 1) + 1)
        if any(
            image.pixelColor(x, left_top.y() + view.rowViewportPosition(row) + theme.ROW_HEIGHT // 2).name() != ground
            for x in range(left_top.x(), left_top.x() + 60)
        )
    }


def test_lines_that_came_too_late_for_a_full_turn_are_seen_in_the_next(view, qtbot):
    painted = []
    show = view._delegate.put

    def put(*arguments: object, **more: object) -> None:
        painted[-1] += 1
        end = time.thread_time() + WANTED_S / 4
        while time.thread_time() < end:
            pass
        show(*arguments, **more)

    class Counting(QTimer):
        def eventFilter(self, watched: object, event: QEvent) -> bool:
            if event.type() is QEvent.Type.Paint:
                painted.append(0)
            return False

    counting = Counting(view)
    view.viewport().installEventFilter(counting)
    view._delegate.put = put
    view.show()
    seen = len(range(view.rowAt(view.viewport().height() - 1) + 1))
    qtbot.waitUntil(lambda: sum(painted) >= seen and not view._late._timer.isActive())

    assert max(painted) <= LEAST_LINES, "each paint does its least and no more"
    assert len(on_screen(view)) >= seen - 1


def test_the_ground_below_the_last_line_is_clean(view, qtbot):
    view.show()
    qtbot.waitExposed(view)
    view.resize(300, 80 * theme.ROW_HEIGHT)
    qtbot.waitUntil(lambda: not view._late._timer.isActive())
    last = view.model().rowCount() - 1
    below = view.rowViewportPosition(last) + theme.ROW_HEIGHT

    image = view.viewport().grab().toImage()

    assert below < view.viewport().height()
    assert {image.pixelColor(x, y).name() for x in (2, 150) for y in (below, image.height() - 1)} == {
        theme.LIGHT.surface
    }
