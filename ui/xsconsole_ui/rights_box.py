"""What a log-in lacks, in words."""

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from xsconsole.console import Right
from xsconsole_ui import pieces, theme


class RightsBox(QFrame):
    """What this log-in may not do, said before the first view and not at the first failure."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "notice")
        self._title = pieces.wrapped("", "title", self)
        self._list = pieces.wrapped("", "", self)
        self._note = pieces.wrapped("", "caption", self)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.GAP)
        for part in (self._title, self._list, self._note):
            column.addWidget(part)
        self.hide()

    @property
    def has_words(self) -> bool:
        return bool(self._title.text() or self._note.text())

    @property
    def text(self) -> str:
        return "\n".join(filter(None, (self._title.text(), self._list.text(), self._note.text())))

    def show_lacking(self, actor: str, role: str, lacking: tuple[Right, ...]) -> None:
        pieces.set_look(self, "notice", "warn")
        self._title.setText(
            self.tr("Connected as {actor}. The role {role} may look, but not:").format(actor=actor, role=role)
        )
        self._list.setText("\n".join(f"•  {right.what} (needs {right.needs})" for right in lacking))

    def tell(self, note: str) -> None:
        """Add what else is to be known."""
        self._note.setText(note)
