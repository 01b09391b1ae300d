"""The banner over every place of the window while the line is stopped."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from xsconsole.console import Estate
from xsconsole_ui import pieces, theme
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.buttons import ActionButton


class LineBanner(QFrame):
    """Says who stopped the line, when and why, with the way to release it. Hidden while the line goes on."""

    def __init__(self, console: Estate, bridge: Bridge, release: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self._console = console
        self.setProperty("look", "notice")
        pieces.set_look(self, "notice", "bad")
        self._said = ""
        self._text = pieces.wrapped("", "title", self)
        self.release = ActionButton(release, "", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        row.setSpacing(theme.GAP)
        row.addWidget(self._text, 1)
        row.addWidget(self.release)
        for changed in (bridge.closures_changed, bridge.layout_changed, bridge.link_changed):
            changed.connect(self.show_line)
        self.show_line()

    @property
    def text(self) -> str:
        return self._said

    @Slot()
    def show_line(self) -> None:
        """Say what stops the line now, pool by pool."""
        stops = self._console.closings.stops
        said = (
            self.tr("Pool {name}: {why}").format(name=name, why=one.sentence) if name else one.sentence
            for name, one in stops
        )
        self._said = text = "\n".join(said)
        self._text.setText(pieces.breakable(text))
        self.setAccessibleName(self.tr("The line is stopped"))
        self.setAccessibleDescription(text)
        self.setVisible(bool(stops))
