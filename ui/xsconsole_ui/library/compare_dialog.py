"""What is different between two versions of a blueprint, field by field."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from xsconsole.domain.blueprint import Blueprint
from xsconsole.domain.blueprint.difference import diff
from xsconsole.domain.folding import one_line
from xsconsole_ui import pieces, theme
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.library.detail import code_paper
from xsconsole_ui.library.rows import columns_of_differences, differences
from xsconsole_ui.list_model import ListModel
from xsconsole_ui.sizing import fit_on_screen

SIZE = (860, 480)  # px
LEAST = 160


class CompareVersions(QDialog):
    """Two of several versions beside each other. To be opened with `open()`."""

    def __init__(
        self, versions: tuple[tuple[str, Blueprint], ...], before: int, after: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._versions = versions
        self.setWindowTitle(self.tr("Versions of {name}").format(name=one_line(versions[0][1].name)))
        fit_on_screen(self, SIZE)
        self.before, self.after = pieces.Choice(self), pieces.Choice(self)
        self.model = ListModel(columns_of_differences(), self)
        self.table = DenseTable(self.model, self.tr("Differences"), self.model.widths, self, least_elastic=LEAST)
        self.table.selectionModel().selectionChanged.connect(self._show_text)
        self.text = code_paper(self)
        self.text.setReadOnly(True)
        self.text.setAccessibleName(self.tr("Changed lines"))
        self.summary = pieces.wrapped("", "section", self)
        self.close_ = pieces.button(self.tr("Close"), "primary", self)
        self.close_.clicked.connect(self.accept)
        head, foot = QHBoxLayout(), QHBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.GAP)
        column.addLayout(head)
        for name, choice, chosen in ((self.tr("From"), self.before, before), (self.tr("To"), self.after, after)):
            choice.setAccessibleName(name)
            for called, _ in versions:
                choice.addItem(called)
            choice.setCurrentIndex(chosen)
            choice.currentIndexChanged.connect(self._look)
            head.addWidget(pieces.label(name, "muted", self))
            head.addWidget(choice, 1)
        column.addWidget(self.summary)
        column.addWidget(self.table, 1)
        column.addWidget(self.text, 1)
        column.addLayout(foot)
        foot.addStretch(1)
        foot.addWidget(self.close_)
        self._look()
        self.table.setFocus()

    @Slot()
    def _look(self) -> None:
        before = self._versions[self.before.currentIndex()][1]
        after = self._versions[self.after.currentIndex()][1]
        rows = differences(diff(before, after))
        self.model.show_rows(rows)
        told = self.tr("{count} differ").format(count=len(rows)) if rows else self.tr("They say the same.")
        self.summary.setText(told)
        texts = [at for at in range(self.model.rowCount()) if (row := self.model.row(at)) is not None and row.text]
        self.table.clearSelection()
        self.text.setVisible(bool(texts))
        if texts:
            self.table.selectRow(texts[0])

    @Slot()
    def _show_text(self) -> None:
        row = self.model.row(self.table.currentIndex().row())
        self.text.setPlainText("\n".join(row.text) if row is not None else "")
        self.text.setPlaceholderText("" if row is None or row.text else self.tr("It is no text of many lines."))
