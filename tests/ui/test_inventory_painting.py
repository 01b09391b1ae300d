"""The inventory's list paints its lines itself: what is selected, below the pointer and current is to be seen."""

import pytest
from PySide6.QtCore import QEvent, QItemSelectionModel, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from tests.ui.test_inventory_model import Filled
from xsconsole_ui import theme
from xsconsole_ui.inventory.view import OutlineView

PLAIN, CHOSEN, BELOW_POINTER = theme.LIGHT.surface, theme.LIGHT.accent_soft, theme.LIGHT.sunken


@pytest.fixture
def view(qapp, qtbot):
    filled = Filled()
    view = OutlineView(filled.model, filled.outline, "Inventory")
    qtbot.addWidget(view)
    view.filled = filled
    view.setPalette(theme.palette_of(theme.LIGHT))
    view.resize(300, 240)
    view.show()
    qtbot.waitExposed(view)
    view.clearSelection()
    view.setCurrentIndex(view.model().index(-1, 0))
    return view


def behind(view):
    """Return the colour behind each line that is seen, near its right end."""
    seen = view.viewport().grab().toImage()
    first = view.rowAt(0)
    last = view.rowAt(view.viewport().height() - 1)
    return {
        row: seen.pixelColor(view.viewport().width() - 6, view.rowViewportPosition(row) + theme.ROW_HEIGHT // 2).name()
        for row in range(first + 1, last)
    }


def point_at(view, where):
    at = QPointF(where)
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        at,
        QPointF(view.viewport().mapToGlobal(where)),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(view.viewport(), event)


def marked(view, colour):
    return [row for row, found in behind(view).items() if found == colour]


def test_selected_lines_are_seen_and_no_others(view):
    for row in (2, 3, 6):
        view.selectionModel().select(
            view.model().index(row, 0),
            QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows,
        )

    assert marked(view, CHOSEN) == [2, 3, 6]
    assert set(behind(view).values()) == {CHOSEN, PLAIN}


def test_the_line_below_the_pointer_is_marked_also_after_scrolling_and_no_more_when_it_left(view):
    point_at(view, QPoint(40, 5 * theme.ROW_HEIGHT + 4))
    assert marked(view, BELOW_POINTER) == [5]

    view.verticalScrollBar().setValue(2 * theme.ROW_HEIGHT)
    assert marked(view, BELOW_POINTER) == [7]

    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert marked(view, BELOW_POINTER) == []


def test_the_mark_stays_with_its_line_when_lines_come_above_it(view):
    point_at(view, QPoint(40, 5 * theme.ROW_HEIGHT + 4))
    name = view.model().index(5, 0).data()

    view.filled.tell(view.filled.vm(50, home=0, name="a"))

    assert [view.model().index(row, 0).data() for row in marked(view, BELOW_POINTER)] == [name]


def test_the_current_line_has_a_frame_whichever_of_its_cells_was_clicked(view):
    view.show_columns(("state",))
    view.setFocus()
    area = view.visualRect(view.model().index(4, 0))
    without = view.viewport().grab(area).toImage()

    view.selectionModel().setCurrentIndex(view.model().index(4, 1), QItemSelectionModel.SelectionFlag.NoUpdate)

    assert view.hasFocus()
    assert view.viewport().grab(area).toImage() != without


def test_cells_are_seen_where_their_columns_stand(view):
    view.show_columns(("state",))
    cell = view.visualRect(view.model().index(2, 1))
    running = view.viewport().grab(cell).toImage()

    ref = view.filled.outline.row(view.filled.outline.ids[2]).item.ref
    view.filled.tell(view.filled.vm(int(ref[1:]), home=None, name=view.model().index(2, 0).data()))
    halted = view.filled.outline.position(ref)
    view.scrollTo(view.model().index(halted, 0))
    shown = view.viewport().grab(view.visualRect(view.model().index(halted, 1))).toImage()

    assert shown.size() == running.size()
    assert shown != running
