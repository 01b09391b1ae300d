"""The sheet of an object: what can be changed says so, what cannot says why, and every value can be copied."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from tests.embedded import EmbeddedPool
from tests.ui.board_window import CTRL, Key, console, no_passphrase_needed, open_window, pool, window
from tests.ui.object_gestures import lines, row_of, select
from xsconsole.console import Connection, Console, Secret
from xsconsole.domain.acts import Act, Kind, ObjectId
from xsconsole.domain.ids import Uuid
from xsconsole.domain.points.tree import Rail
from xsconsole.domain.sheets.values import Line, Section, Sheet
from xsconsole_ui import theme
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.dense_table import TONE_ROLE
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.objects.sheet_model import LABEL, PLACEHOLDER_ROLE, VALUE, SheetModel
from xsconsole_ui.objects.sheet_view import SheetView

__all__ = ["console", "pool", "window"]

ITEM = ObjectId(kind=Kind.VM, uuid=Uuid("u-1"))
RAIL = Rail(lane=1, passing=frozenset({0}), is_aside=True, has_next=True)
LINES = (
    Line(label="Name", value="web-1", edit=Act.RENAME),
    Line(label="Tag", value="blue", edit=Act.UNTAG),
    Line(label="Add tag", value="", edit=Act.TAG, tone="muted"),
    Line(label="Add key", value="", edit=Act.SET_KEY, tone="muted"),
    Line(label="Empty key", value="", edit=Act.SET_KEY, key="owner"),
    Line(label="Runs on", value="xen-1", link=ITEM),
    Line(label="MAC", value="42:22:c9:8e:44:01", depth=1),
    Line(label="Snapshot", value="▸ now · before the update", rail=RAIL, copied="before the update", link=ITEM),
)


@pytest.fixture
def view(qapp: QApplication) -> Iterator[SheetView]:
    model = SheetModel()
    sections = (Section(title="General", lines=LINES),)
    model.show_sheet(Sheet(object=ITEM, title="web-1", caption="VM", sections=sections))
    made = SheetView(model, "sheet")
    model.setParent(made)
    made.setPalette(theme.palette_of(theme.LIGHT))
    made.resize(320, 400)
    made.show()
    made.activateWindow()
    made.setFocus()
    yield made
    made.close()
    made.deleteLater()


def cell(view: SheetView, row: int, column: int) -> QImage:
    """Return how a cell looks, without the lines between the cells."""
    area: QRect = view.visualRect(view.model().index(row, column))
    return view.viewport().grab(area.adjusted(0, 0, 0, -1)).toImage()


def colours_in(image: QImage) -> set[str]:
    return {QColor(image.pixel(x, y)).name() for x in range(image.width()) for y in range(image.height())}


def test_only_where_something_is_added_the_column_invites_to_it(view: SheetView) -> None:
    model = view.model()
    invited = [bool(model.index(row, VALUE).data(PLACEHOLDER_ROLE)) for row in range(1, model.rowCount())]

    assert invited == [False, False, True, True, False, False, False, False]
    assert not any(model.index(row, LABEL).data(PLACEHOLDER_ROLE) for row in range(model.rowCount()))
    assert len(colours_in(cell(view, 3, VALUE))) > 1  # the invitation is painted
    assert len(colours_in(cell(view, 5, VALUE))) == 1  # and a value that is empty is


@pytest.mark.parametrize("line", [1, 6], ids=["a value", "a link"])
def test_the_keyboard_is_seen_at_the_line_where_it_is_and_only_there(view: SheetView, line: int) -> None:
    without = [cell(view, row, VALUE) for row in range(view.model().rowCount())]

    view.setCurrentIndex(view.model().index(line, VALUE))
    view.selectionModel().clearSelection()

    frames = [cell(view, row, VALUE) != without[row] for row in range(view.model().rowCount())]
    assert frames == [row == line for row in range(view.model().rowCount())]


@pytest.mark.parametrize("row", range(1, len(LINES) + 1))
def test_the_value_of_every_kind_of_line_is_copied_as_it_is(view: SheetView, qapp: QApplication, row: int) -> None:
    view.setCurrentIndex(view.model().index(row, VALUE))
    view.selectRow(row)

    QTest.keyClick(view, Key.Key_V, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert qapp.clipboard().text() == (LINES[row - 1].copied or LINES[row - 1].value)
    QTest.keyClick(view, Key.Key_C, CTRL)
    assert qapp.clipboard().text().splitlines()[1].split("\t")[0] == LINES[row - 1].label


async def test_what_the_role_may_not_change_says_so_and_takes_no_text(
    tmp_path: Path, pool: EmbeddedPool, qapp: QApplication
) -> None:
    user = next(name for name, role in pool.roles.items() if role == "vm-operator")
    operator = await Console.open(tmp_path / "operator", passphrase=no_passphrase_needed)
    await operator.connect(Connection(url=pool.url, user=user), Secret(pool.passwords[user]))
    shown = await open_window(operator, qapp)
    try:
        await select(shown, operator, "jumpbox")
        model = shown.inspector.object_page.model

        def can_edit(label: str) -> bool:
            flags = model.flags(model.index(row_of(shown, label), VALUE))
            return bool(flags & Qt.ItemFlag.ItemIsEditable)

        await until(lambda: can_edit("Add tag"), "the rights")
        assert not can_edit("Name")
        assert not can_edit("Description")
        assert can_edit("Folder")
        hint = str(model.index(row_of(shown, "Name"), VALUE).data(Qt.ItemDataRole.ToolTipRole))
        assert "The role vm-operator may not do this." in hint
        assert "vm-admin" in hint
        assert "F2" not in hint
    finally:
        await shown.end()
        await operator.close()


async def test_while_the_pool_is_away_the_last_known_state_is_read_with_the_time_it_is_of(
    window: MainWindow, console: Console, pool: EmbeddedPool, qapp: QApplication
) -> None:
    vm = await select(window, console, "jumpbox")
    page = window.inspector.object_page
    assert page.model.flags(page.model.index(row_of(window, "Name"), VALUE)) & Qt.ItemFlag.ItemIsEditable

    pool.kill()

    await until(lambda: "as of" in window.inspector.header.caption, "the badge")
    assert lines(window)["UUID"] == vm.uuid
    assert page.model.index(row_of(window, "Power"), VALUE).data(TONE_ROLE) == "muted", "nobody knows that it is so now"
    assert not page.model.flags(page.model.index(row_of(window, "Name"), VALUE)) & Qt.ItemFlag.ItemIsEditable
    page.view.selectRow(row_of(window, "UUID"))
    page.view.copy_value()
    assert qapp.clipboard().text() == vm.uuid


@pytest.mark.parametrize("by_mouse", [True, False])
def test_a_line_that_cannot_be_changed_says_why_where_somebody_tries(view: SheetView, by_mouse: bool) -> None:
    line = Line(label="Name", value="web-1", hint="The role read-only may not do this.")
    model = view.model()
    assert isinstance(model, SheetModel)
    model.show_sheet(Sheet(object=ITEM, title="web-1", caption="VM", sections=(Section(title="", lines=(line,)),)))
    index = model.index(1, VALUE)
    view.setCurrentIndex(index)
    QToolTip.hideText()

    if by_mouse:
        middle = view.visualRect(index).center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=middle)
        QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    else:
        QTest.keyClick(view, Key.Key_Return)

    assert QToolTip.isVisible()
    assert "The role read-only may not do this." in QToolTip.text()
    QToolTip.hideText()
