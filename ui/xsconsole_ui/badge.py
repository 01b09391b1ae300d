"""A number at the corner of a button of the rail: how many things wait there."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel, QToolButton

from xsconsole_ui import pieces

MOST = 99
FROM_MIDDLE = 6  # px


class Badge(QLabel):
    """Hidden while nothing waits. The number is said by the button, too."""

    def __init__(self, button: QToolButton) -> None:
        super().__init__(button)
        self._button = button
        self._name = button.accessibleName() or button.text().replace("&", "")
        pieces.set_look(self, "badge")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        button.installEventFilter(self)
        self.hide()

    def show_count(self, number: int) -> None:
        self.setText(str(number) if number <= MOST else f"{MOST}+")
        self.setVisible(number > 0)
        self._button.setAccessibleDescription(self.tr("{n} wait").format(n=number) if number else "")
        self._place()

    def _place(self) -> None:
        self.adjustSize()
        self.resize(max(self.width(), self.height()), self.height())
        self.move(self._button.width() // 2 + FROM_MIDDLE, 3)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.FontChange):
            self._place()
        return super().eventFilter(watched, event)
