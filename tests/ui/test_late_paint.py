"""A paint that does not fit into one turn goes on in the next ones, unseen; what is seen is always whole."""

import time
from functools import partial

import pytest
from PySide6.QtCore import QPoint, QRect, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from tests.ui.test_inventory_model import Filled
from xsconsole_ui import theme
from xsconsole_ui.inventory.view import OutlineView
from xsconsole_ui.late_paint import LEAST_PIECES, LatePaint, Piece
from xsconsole_ui.pace import WANTED_S

BAND, BANDS = 10, 5
RED, BLUE, GREEN = BANDS * ["#ff0000"], BANDS * ["#0000ff"], BANDS * ["#00ff00"]


class Bands(QWidget):
    """Paints bands of one colour, each of which takes a full turn."""

    def __init__(self) -> None:
        super().__init__()
        self.colour, self.first = "red", 0
        self.turns = [0]  # bands that were put in each turn
        self.late = LatePaint(self, self, least=1)
        QTimer(self, interval=0, timeout=lambda: self.turns.append(0)).start()
        self.resize(40, BAND * BANDS)

    def basis(self) -> str:
        return "bands"

    def scrolled(self) -> QPoint:
        return QPoint(0, self.first * BAND)

    def ground(self) -> QColor:
        return QColor("white")

    def pieces(self, area: QRect) -> list[Piece]:
        found = []
        for band in range(area.top() // BAND, min(BANDS, area.bottom() // BAND + 1)):
            place = QRect(0, band * BAND, 40, BAND)
            found.append(Piece(place, (self.colour, self.first + band), partial(self.put, place, self.colour)))
        return found

    def put(self, area: QRect, colour: str, painter: QPainter) -> None:
        spend(WANTED_S)
        painter.fillRect(area, QColor(colour))
        self.turns[-1] += 1

    def paintEvent(self, event: QPaintEvent) -> None:
        self.late.paint(event.rect())

    def colours(self) -> list[str]:
        """Return the colour of each band as it is on the screen, not on a picture made for the purpose."""
        image: QImage = self.backingStore().paintDevice().copy()
        return [image.pixelColor(5, top + 2).name() for top in range(0, BAND * BANDS, BAND)]


def spend(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@pytest.fixture
def bands(qtbot):
    bands = Bands()
    qtbot.addWidget(bands)
    with qtbot.waitExposed(bands):
        bands.show()
    qtbot.waitUntil(lambda: bands.late.is_whole and bands.colours() == RED)
    bands.turns[:] = [0]
    return bands


def seen_until(qtbot, bands, wanted):
    """Return what was to be seen one after the other until it was this."""
    seen = []

    def look() -> bool:
        if not seen or seen[-1] != bands.colours():
            seen.append(bands.colours())
        return seen[-1] == wanted

    qtbot.waitUntil(look)
    return seen


def test_what_does_not_fit_into_a_turn_is_painted_in_the_next_ones_and_seen_when_it_is_whole(bands, qtbot):
    bands.colour = "blue"
    bands.update()

    assert seen_until(qtbot, bands, BLUE) == [RED, BLUE]
    assert max(bands.turns) == 1


def test_what_changes_meanwhile_is_in_the_picture_after_it(bands, qtbot):
    bands.colour = "blue"
    bands.update()
    qtbot.waitUntil(lambda: not bands.late.is_whole)
    bands.colour = "lime"
    bands.update()

    # A picture that was begun is not begun anew: else none would ever be whole while something changes.
    assert seen_until(qtbot, bands, GREEN) == [RED, BLUE, GREEN]


def test_what_is_scrolled_and_stays_in_sight_is_not_painted_again(bands, qtbot):
    bands.first = 3
    bands.late.move()

    qtbot.waitUntil(lambda: sum(bands.turns) >= 3 and bands.late.is_whole)

    assert sum(bands.turns) == 3


def test_a_larger_widget_shows_what_it_showed_until_the_new_picture_is_whole(bands, qtbot):
    bands.colour = "blue"
    bands.resize(60, BAND * BANDS)

    assert seen_until(qtbot, bands, BLUE) == [RED, BLUE]


def test_a_picture_that_is_taken_of_it_is_whole(bands):
    bands.colour = "blue"

    image = bands.grab().toImage()

    assert {image.pixelColor(5, top).name() for top in range(0, BAND * BANDS, BAND)} == set(BLUE)


@pytest.fixture
def view(qapp, qtbot):
    qapp.setStyleSheet("")  # a window that was open before may have left one in its colours
    filled = Filled()
    view = OutlineView(filled.model, filled.outline, "Inventory")
    qtbot.addWidget(view)
    view.setPalette(theme.palette_of(theme.LIGHT))
    view.resize(300, 30 * theme.ROW_HEIGHT)
    return view


def on_screen(view: OutlineView) -> set[int]:
    """Return the rows at which something is written on the screen, not on a picture made for the purpose."""
    image = view.backingStore().paintDevice().copy()
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


def test_the_lines_of_an_inventory_are_seen_together_however_long_they_take(view, qtbot):
    put, seen = view._delegate.put, []

    def put_slowly(*arguments: object) -> None:
        spend(WANTED_S / 4)
        put(*arguments)

    view._delegate.put = put_slowly
    with qtbot.waitExposed(view):
        view.show()
    lines = view.rowAt(view.viewport().height() - 1) + 1

    def look() -> bool:
        seen.append(len(on_screen(view)))
        return seen[-1] >= lines - 1

    qtbot.waitUntil(look)

    assert lines > 2 * LEAST_PIECES
    assert set(seen) <= {0, seen[-1]}


def test_the_ground_below_the_last_line_is_clean(view, qtbot):
    view.show()
    qtbot.waitExposed(view)
    view.resize(300, 80 * theme.ROW_HEIGHT)
    qtbot.waitUntil(lambda: view._late.is_whole)
    last = view.model().rowCount() - 1
    below = view.rowViewportPosition(last) + theme.ROW_HEIGHT

    image = view.viewport().grab().toImage()

    assert below < view.viewport().height()
    assert {image.pixelColor(x, y).name() for x in (2, 150) for y in (below, image.height() - 1)} == {
        theme.LIGHT.surface
    }
