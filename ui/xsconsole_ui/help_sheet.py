"""A sheet to look at while one works: what can be written or pressed, and what it means, in sections."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QVBoxLayout, QWidget

from xsconsole_ui import pieces, theme
from xsconsole_ui.scrolling import UprightPage

WIDTH, HEIGHT = 560, 560  # px


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """`lines` are what is written or pressed, and what it means."""

    title: str
    lines: Sequence[tuple[str, str]]


class HelpSheet(QDialog):
    """Leaves the window usable: it can stay open while one types."""

    def __init__(self, title: str, sections: Iterable[Section], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(WIDTH, HEIGHT)
        page = QWidget(self)
        page.setProperty("look", "surface")
        grid = QGridLayout(page)
        grid.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        grid.setHorizontalSpacing(2 * theme.MARGIN)
        grid.setVerticalSpacing(theme.SPACE + 2)
        grid.setColumnStretch(1, 1)
        for section in sections:
            grid.addWidget(pieces.label(section.title, "section", self), grid.rowCount(), 0, 1, 2)
            for written, means in section.lines:
                self._line(grid, written, means)
        grid.setRowStretch(grid.rowCount(), 1)
        self.page = UprightPage(page, self)
        self.page.setAccessibleName(title)
        self.page.setAccessibleDescription(self.tr("Scrolls by the arrows"))
        self.page.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.page.setFocus()  # so that the arrows scroll at once
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.page, 1)
        column.addWidget(buttons)

    def _line(self, grid: QGridLayout, written: str, means: str) -> None:
        row = grid.rowCount()
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(pieces.label(written, "title", self), row, 0, top)
        grid.addWidget(pieces.wrapped(means, "", self), row, 1, top)
