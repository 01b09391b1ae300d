"""Pools of one workflow that hold different versions: said above the graph, with the mend."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from xsconsole.domain.publication.effects import PartState, VersionSplit
from xsconsole_ui import pieces


class SplitBanner(pieces.Notice):
    """Hidden while all pools hold the same version."""

    mend_wanted = Signal()
    compare_wanted = Signal()
    settle_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Pools hold different versions"))
        self.mend = QAction(self.tr("Bring them up…"), self)
        self.compare = QAction(self.tr("Compare…"), self)
        self.mend.triggered.connect(self.mend_wanted)
        self.compare.triggered.connect(self.compare_wanted)
        self.offer(self.tr("Compare…"), self.compare)
        self._mend_button = self.offer(self.tr("Bring them up…"), self.mend)
        self.settle = QAction(self.tr("Settle…"), self)
        self.settle.triggered.connect(self.settle_wanted)
        self._settle_button = self.offer(self.tr("Settle…"), self.settle)

    def show_split(self, split: VersionSplit | None) -> None:
        if split is None:
            self.hide()
            return
        self.show_words("warn", split.sentence, self._advice_on(split))
        self.more.hide()
        self._mend_button.setVisible(split.can_be_mended)
        self._settle_button.setVisible(split.can_be_settled)

    def _advice_on(self, split: VersionSplit) -> str:
        states = {part.state for part in split.behind}
        if PartState.NEWER in states:
            return self.tr("Two versions with one number: look at the difference, then publish the next one to both.")
        if PartState.WRITES not in states:
            return self.tr("It is brought up from here once the pool is back.")
        return self.tr("Until then, each pool follows its own version.")
