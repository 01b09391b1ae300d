"""What can be typed into a filter field, one key away from it."""

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QVBoxLayout, QWidget

from xsconsole.domain.query_fields import Field, Kind, Schema
from xsconsole_ui import pieces, theme
from xsconsole_ui.scrolling import UprightPage

T = TypeVar("T")

WIDTH, HEIGHT = 560, 560  # px
BASICS = (
    ("web", "holds this word, whatever the case of its letters"),
    ("web shop", "holds both"),
    ('"web shop"', "holds it just so"),
    ("web-*", "a whole name or word is like this: * any letters, ? one letter"),
    ("field:word", "the field holds the word"),
    ("field=word, field!=word", "the field is just so, or is not"),
    ("field>8, field<=8", "more than, at most; also for dates and versions"),
    ("a or b, -a, not a", "one of them; without"),
    ("(a or b) c", "brackets group"),
)
_VALUES = {
    Kind.TEXT: "text",
    Kind.NUMBER: "number",
    Kind.SIZE: "size, such as 8GiB",
    Kind.AGE: "time span, such as 30d, 12h, 5min",
    Kind.DATE: "date, such as 2026-11 or 2026-11-23T14:00",
}


class FilterHelp(QDialog):
    """Leaves the window usable: it can stay open while one types."""

    def __init__(self, title: str, schema: Schema[T], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.resize(WIDTH, HEIGHT)
        page = QWidget(self)
        page.setProperty("look", "surface")
        grid = QGridLayout(page)
        grid.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        grid.setHorizontalSpacing(2 * theme.MARGIN)
        grid.setVerticalSpacing(theme.SPACE + 2)
        grid.setColumnStretch(1, 1)
        self._section(grid, self.tr("How to ask"))
        for written, means in BASICS:
            self._line(grid, written, means)
        self._section(grid, self.tr("Fields of this list"))
        for field in schema.fields:
            self._line(grid, ", ".join((field.name, *field.aliases)), _told(field))
        grid.setRowStretch(grid.rowCount(), 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(UprightPage(page, self), 1)
        column.addWidget(buttons)

    def _section(self, grid: QGridLayout, title: str) -> None:
        grid.addWidget(pieces.label(title, "section", self), grid.rowCount(), 0, 1, 2)

    def _line(self, grid: QGridLayout, written: str, means: str) -> None:
        row = grid.rowCount()
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(pieces.label(written, "title", self), row, 0, top)
        grid.addWidget(pieces.wrapped(means, "", self), row, 1, top)


def _told(field: Field[T]) -> str:
    if field.kind is Kind.CHOICE:
        return f"{field.about}: {', '.join(field.choices)}"
    return f"{field.about} ({_VALUES[field.kind]})"
