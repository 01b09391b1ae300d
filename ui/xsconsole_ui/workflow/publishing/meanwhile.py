"""Somebody published meanwhile: what they changed, and whose word stands where both said something different."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QRadioButton, QVBoxLayout, QWidget

from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.rebase import Conflict, prefer_mine, rebase
from xsconsole_ui import pieces, theme
from xsconsole_ui.promotion.rows import RowsView
from xsconsole_ui.workflow.publishing.plan_rows import change_rows


class ConflictBox(QWidget):
    """One conflict: what the published version says stands unless the other is chosen."""

    def __init__(self, conflict: Conflict, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.conflict = conflict
        self.theirs = QRadioButton(self._words(self.tr("As published"), conflict.theirs_words), self)
        self.mine = QRadioButton(self._words(self.tr("As in this draft"), conflict.mine_words), self)
        self.theirs.setChecked(True)
        group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.SPACE, theme.MARGIN, theme.SPACE)
        column.setSpacing(2)
        column.addWidget(pieces.wrapped(f"{conflict.name}: {conflict.sentence}", "", self))
        for choice in (self.theirs, self.mine):
            group.addButton(choice)
            choice.setAccessibleDescription(conflict.sentence)
            column.addWidget(choice)

    def _words(self, who: str, what: str) -> str:
        return f"{who}: {what}".replace("&", "&&") if what else who


class Meanwhile(QWidget):
    """Shows what stands on the pools that the draft was not made from, and makes one of the two."""

    rebased = Signal(object, object)  # Workflow: both in one; Workflow: what stands

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pair: tuple[Workflow, Workflow, Workflow] | None = None
        self.what = RowsView(self.tr("What was published meanwhile"), self)
        self.conflicts: list[ConflictBox] = []
        self._boxes = QVBoxLayout()
        self._boxes.setContentsMargins(0, 0, 0, 0)
        self._about = pieces.wrapped("", "", self)
        self._about.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        self.take = pieces.button(self.tr("Take it into this draft"), "", self)
        self.take.setAutoDefault(True)
        self.take.clicked.connect(self._take)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, theme.GAP)
        column.addWidget(self.what)
        column.addWidget(self._about)
        column.addLayout(self._boxes)
        foot = QVBoxLayout()
        foot.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        column.addLayout(foot)
        foot.addWidget(self.take)

    def show_versions(self, base: Workflow | None, mine: Workflow, standing: Workflow | None) -> None:
        """Show what stands, where it is not what the draft was made from."""
        pair = (base, mine, standing)
        is_other = base is not None and standing is not None and base.digest != standing.digest
        self.setVisible(is_other)
        if base is None or standing is None or not is_other or pair == self._pair:
            return
        self._pair = (base, mine, standing)
        self.what.show_rows(change_rows(base, standing), width=self.width())
        for box in self.conflicts:
            self._boxes.removeWidget(box)
            box.hide()
            box.deleteLater()
        self.conflicts = [ConflictBox(conflict, self) for conflict in rebase(*self._pair).conflicts]
        for box in self.conflicts:
            self._boxes.addWidget(box)
        one = self.tr("Both changed the same in one place: choose what stands.")
        told = (
            one
            if len(self.conflicts) == 1
            else self.tr("Both changed the same in {number} places: choose what stands.")
        )
        free = self.tr("Nothing of it contradicts this draft.")
        self._about.setText(told.format(number=len(self.conflicts)) if self.conflicts else free)

    @Slot()
    def _take(self) -> None:
        if self._pair is None:
            return
        merged = rebase(*self._pair).workflow
        for box in self.conflicts:
            if box.mine.isChecked():
                merged = prefer_mine(merged, box.conflict)
        self.rebased.emit(merged, self._pair[2])
