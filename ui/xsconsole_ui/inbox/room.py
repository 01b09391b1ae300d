"""A list and the page of what is chosen in it: beside each other where there is room, else one at a time."""

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from xsconsole_ui import pieces, theme
from xsconsole_ui.focus import holds_keyboard

LEAST_LIST, MOST_LIST = 240, 340  # px, beside a page
LEAST_PAGE = 380  # px, beside a list
LIST_SHARE = 0.36  # of the width


class ListAndPage(QWidget):
    """Turns to the page where somebody opens something, and back by a button above it."""

    left = Signal()  # back to the list, by the button

    def __init__(self, list_: QWidget, page: QWidget, back: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_page = False
        self._list = list_
        self._beside = QWidget(self)
        self.back = pieces.button(back, "quiet", self._beside)
        self.back.setAutoDefault(True)
        self.back.setAccessibleName(back.replace("&", "").strip("‹ "))
        self.back.clicked.connect(self._leave)
        right = QVBoxLayout(self._beside)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        right.addWidget(page, 1)
        self._split = QSplitter(Qt.Orientation.Horizontal, self)
        self._split.setHandleWidth(1)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(list_)
        self._split.addWidget(self._beside)
        self._split.setStretchFactor(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._split)
        self._is_narrow: bool | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether only one of them is shown."""
        return bool(self._is_narrow)

    @property
    def page_has_keyboard(self) -> bool:
        return holds_keyboard(self._beside)

    def turn(self, *, to_page: bool) -> None:
        """Show the page, or the list, where there is no room for both."""
        self._is_page = to_page
        self._arrange()

    @Slot()
    def _leave(self) -> None:
        self.turn(to_page=False)
        self.left.emit()

    def _arrange(self) -> None:
        is_narrow = self.is_narrow
        self._list.setVisible(not is_narrow or not self._is_page)
        self._beside.setVisible(not is_narrow or self._is_page)
        self.back.setVisible(is_narrow)

    def _widths(self) -> tuple[int, int]:
        return self._list.minimumSizeHint().width(), self._beside.minimumSizeHint().width()

    def minimumSizeHint(self) -> QSize:
        """Ask for the wider of both only: otherwise no window would ever become narrow."""
        height = max(self._list.minimumSizeHint().height(), self._beside.minimumSizeHint().height())
        return QSize(max(self._widths()), height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width = event.size().width()
        list_, page = self._widths()
        is_narrow = width < max(LEAST_LIST, list_) + max(LEAST_PAGE, page) + theme.SPACE
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            self._arrange()
        if not is_narrow and event.oldSize().width() != width:
            wide = min(max(LEAST_LIST, round(width * LIST_SHARE)), MOST_LIST)
            self._split.setSizes([wide, width - wide])
