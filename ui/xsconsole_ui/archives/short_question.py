"""A dialog that asks one thing of an archive."""

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from xsconsole_ui import pieces, theme

WIDTH = 420  # px


class ShortQuestion(QDialog):
    """A title, what the answer means, one field, and what to do with it. Accepted with `go`."""

    def __init__(self, title: str, text: str, verb: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAccessibleDescription(text)
        self.setMinimumWidth(WIDTH)
        self._text = text
        self.go = pieces.button(verb, "primary", self)
        self.go.setDefault(True)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        self.go.clicked.connect(self.accept)
        self.cancel.clicked.connect(self.reject)

    def ask(self, field: QWidget) -> None:
        """Show the field that is answered in, with the keyboard in it."""
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        buttons = QHBoxLayout()
        column.addWidget(pieces.wrapped(pieces.breakable(self.windowTitle()), "title", self))
        column.addWidget(pieces.wrapped(self._text, "muted", self))
        column.addWidget(field)
        column.addLayout(buttons)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)
        QWidget.setTabOrder(field, self.cancel)
        field.setFocus()
