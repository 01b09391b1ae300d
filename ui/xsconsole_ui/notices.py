"""News that must not be missed and must not stop anybody: they lie above the centre until they are closed."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from xsconsole.domain import words
from xsconsole.errors import ConsoleError, Refused
from xsconsole_ui import pieces, theme

MOST_NOTICES = 3


class Notices(QWidget):
    """The newest few, oldest first. Hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Notices"))
        self._shown: list[pieces.Notice] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, 0)
        self._column.setSpacing(theme.SPACE)
        self.hide()

    @property
    def shown(self) -> tuple[pieces.Notice, ...]:
        return tuple(self._shown)

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(notice.text for notice in self._shown)

    def tell(self, state: str, headline: str, advice: str = "", details: str = "") -> None:
        """Add news: `good`, `warn` or `bad`. The same news twice is told once."""
        for notice in self._shown:
            if notice.text == "\n".join(part for part in (headline, advice, details) if part):
                return
        while len(self._shown) >= MOST_NOTICES:
            self._drop(self._shown[0])
        notice = pieces.Notice(self, can_close=True)
        notice.show_words(state, headline, advice, details)
        notice.closed.connect(self._close_sender)
        self._shown.append(notice)
        self._column.addWidget(notice)
        self.show()

    def tell_error(self, error: ConsoleError, subject: str = "") -> None:
        """Say what failed, what was put back, what remains and what to do."""
        told = words.explain(error)
        headline = f"{subject}: {told.failed}" if subject else told.failed
        state = "warn" if isinstance(error, Refused) else "bad"
        self.tell(state, headline, pieces.joined(told.put_back, told.remains, told.mend), told.details)

    def tell_bug(self, failure: BaseException) -> None:
        """Say that the program itself is wrong. What runs on the pool goes on."""
        headline = self.tr("Something went wrong inside the console.")
        advice = self.tr("What was asked may not have been done: look at the board before trying again.")
        self.tell("bad", headline, advice, f"{type(failure).__name__}: {failure}")

    def clear(self) -> None:
        for notice in tuple(self._shown):
            self._drop(notice)

    @Slot()
    def _close_sender(self) -> None:
        sender = self.sender()
        if isinstance(sender, pieces.Notice):
            self._drop(sender)

    def _drop(self, notice: pieces.Notice) -> None:
        self._shown.remove(notice)
        self._column.removeWidget(notice)
        notice.hide()
        notice.deleteLater()
        self.setVisible(bool(self._shown))
