"""One part of the publish sheet."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from xsconsole_ui import pieces, theme


class Part(QWidget):
    """A title above what it is about; hidden where there is nothing."""

    def __init__(self, title: str, body: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = pieces.label(title, "section", self)
        self.title.setContentsMargins(theme.MARGIN, theme.SPACE, theme.MARGIN, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE)
        column.addWidget(pieces.Line(self))
        column.addWidget(self.title)
        column.addWidget(body)
