"""The chain of one promotion beside a row: what was asked, decided, carried out and ended; each leads to its row."""

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from xsconsole.domain.folding import shown
from xsconsole.domain.record import AuditRow
from xsconsole.domain.wording import record as record_words
from xsconsole.domain.words import count
from xsconsole_ui import pieces, theme
from xsconsole_ui.mnemonics import verbatim
from xsconsole_ui.texts import tr

MOST_LINKS = 12


class ChainList(QFrame):
    """Shows nothing where a row belongs to no promotion."""

    asked = Signal(int)  # the number of a row

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "surface")
        self.links: list[str] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        self._column.setSpacing(0)
        self.hide()

    def show_chain(self, rows: Sequence[AuditRow], present: int) -> None:
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self.links = []
        self.setVisible(bool(rows))
        if not rows:
            return
        self._column.addWidget(pieces.label(tr("Chain of this promotion"), "section", self))
        left_out = max(0, len(rows) - MOST_LINKS)
        for number, row in enumerate(rows[:MOST_LINKS], 1):
            who = shown(row.fact.actor or row.os_user, 20)
            text = f"{number}  {row.at.astimezone():%H:%M}  {who}  {record_words.event_sentence(row.fact)}"
            self.links.append(text)
            link = pieces.button(verbatim(shown(text, 46)), "link", self)
            link.setProperty("row", row.seq)
            link.setEnabled(row.seq != present)
            link.setToolTip(pieces.hint(shown(text, 400)))
            link.setAccessibleName(shown(text, 400))
            link.clicked.connect(self._ask)
            self._column.addWidget(link)
        if left_out:
            more = tr("{rows} of it").format(rows=count(left_out, "more row"))
            self._column.addWidget(pieces.label(more, "muted", self))

    @Slot()
    def _ask(self) -> None:
        link = self.sender()
        if link is not None:
            self.asked.emit(int(link.property("row")))
