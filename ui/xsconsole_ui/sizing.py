"""How large sheets and dialogs open: as they like to be, as far as the screen has room."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QLayout, QWidget

FRAME = QSize(16, 40)  # px: a title bar, and borders


def fit_on_screen(widget: QWidget, size: tuple[int, int]) -> None:
    """Make a window so large, or as large as the screen is: its buttons are at its lower end."""
    widget.resize(QSize(*size).boundedTo(widget.screen().availableSize() - FRAME))


def fit_words(widget: QWidget) -> None:
    """Make a window as large as what it says now needs: its layouts would only hear of new words in a later turn."""
    for layout in widget.findChildren(QLayout):
        layout.activate()
    widget.adjustSize()
