"""What a screen reader is told of changes away from the keyboard: counts, answers to a gesture, what was undone."""

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget


class Announcer(QObject):
    """Speaks for one widget. The same words are not said twice in a row."""

    announced = Signal(str)

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self._last = ""

    @Slot(str)
    def say(self, text: str) -> None:
        """Say it when the reader has finished its sentence."""
        self._announce(text, QAccessible.AnnouncementPoliteness.Polite)

    @Slot(str)
    def insist(self, text: str) -> None:
        """Say it at once: something could not be done."""
        self._announce(text, QAccessible.AnnouncementPoliteness.Assertive)

    def _announce(self, text: str, politeness: QAccessible.AnnouncementPoliteness) -> None:
        if text == self._last:
            return
        self._last = text
        if not text:
            return
        event = QAccessibleAnnouncementEvent(self._widget, text)
        event.setPoliteness(politeness)
        QAccessible.updateAccessibility(event)
        self.announced.emit(text)
