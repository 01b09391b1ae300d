"""The board and the workflow as a row of this record left them, and whether the pools show that now."""

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QButtonGroup, QDialog, QHBoxLayout, QVBoxLayout, QWidget

from xsconsole.domain.projection import Past
from xsconsole.domain.record import Verdict
from xsconsole_ui import pieces, theme, times
from xsconsole_ui.review.moment import MomentView
from xsconsole_ui.review.side import sign_of
from xsconsole_ui.sizing import fit_on_screen
from xsconsole_ui.texts import tr

SIZE = (980, 620)  # px
BOARD, GRAPH = 0, 1


class PastDialog(QDialog):
    """To be opened with `open()`."""

    def __init__(self, past: Past, verdict: Verdict | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        when = times.exact_time(past.at) if past.at is not None else tr("no time")
        self.setWindowTitle(tr("As row {seq} left it, {when}").format(seq=past.seq, when=when))
        fit_on_screen(self, SIZE)
        self.moment = MomentView(self)
        self.moment.show_past(past)
        self.verdict = pieces.wrapped("", "", self)
        if verdict is not None:
            sign, look = sign_of(verdict)
            pieces.set_look(self.verdict, look)
            self.verdict.setText(f"{sign} {verdict.sentence}")
        self.verdict.setVisible(verdict is not None)
        self.views = QButtonGroup(self)
        head = QHBoxLayout()
        head.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.moment, 1)
        names: Sequence[tuple[int, str]] = ((BOARD, tr("Board")), (GRAPH, tr("Workflow")))
        for number, words in names:
            made = pieces.button(words, "", self)
            made.setCheckable(True)
            made.setChecked(number == BOARD)
            self.views.addButton(made, number)
            head.addWidget(made)
        head.addWidget(self.verdict, 1)
        self.views.idToggled.connect(self._switch)

    @Slot()
    def _switch(self) -> None:
        self.moment.show_graph(self.views.checkedId() == GRAPH)
