"""One row of tools, and words between them. Where room is scarce, tools go under More; the words stay legible."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSize, Slot
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QMenu, QSizePolicy, QWidget

from xsconsole_ui import pieces, theme
from xsconsole_ui.buttons import ActionButton

LEAST_HEIGHT = 42  # px


class ToolRow(QFrame):
    """Tools at the left, words, tools at the right. Whatever goes under More keeps its key and its reason."""

    def __init__(
        self, first: Sequence[QAction], last: Sequence[QAction], primary: QAction, parent: QWidget | None = None
    ) -> None:
        """The last one of `first` goes under More first, then those before it, then `last` but for the primary one."""
        super().__init__(parent)
        self.setProperty("look", "header")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._first = [ActionButton(action, "", self) for action in first]
        self.more = pieces.button(self.tr("More"), "", self)
        self.menu = QMenu(self.more)
        self.menu.setToolTipsVisible(True)
        self.more.setMenu(self.menu)
        self.words = pieces.ElidedLabel("", "muted", self)
        looks = {primary: "primary"}
        self._last = [ActionButton(action, looks.get(action, ""), self) for action in last]
        spare = [button for button in self._last if button.action is not primary]
        self._order = [*reversed(self._first[1:]), *spare]  # of going under More
        self._texts: tuple[str, ...] = ("",)
        self._is_arranging = False
        self._names: list[str] = []
        for action in (*first, *last):
            action.changed.connect(self._follow)

    def show_words(self, texts: tuple[str, ...]) -> None:
        """Show the longest of these for which there is room; the whole stands in the tooltip."""
        self._texts = texts
        self._arrange()

    @Slot()
    def _follow(self) -> None:
        """Arrange the tools anew where one is called otherwise: nothing else of an action takes room."""
        names = [button.text() for button in (*self._first, *self._last)]
        if names != self._names:
            self._names = names
            self._arrange()

    @property
    def under_more(self) -> tuple[QAction, ...]:
        return tuple(self.menu.actions())

    def _arrange(self) -> None:
        if self._is_arranging:
            return
        self._is_arranging = True
        try:
            text, hidden = self._choice()
            self._show(hidden)
            self._place()
            self.words.show_text(text)
            self.words.setToolTip(pieces.hint(self._texts[0]))
        finally:
            self._is_arranging = False

    def _choice(self) -> tuple[str, int]:
        """Return the words, and how many tools are under More: rather short words than a tool less."""
        everywhere = len(self._order)
        middle = self._texts[1:-1] or self._texts[-1:]
        choices = [(self._texts[0], 0)]
        choices += [(text, number) for number in range(everywhere + 1) for text in middle]
        choices += [(self._texts[-1], number) for number in range(everywhere + 1)]
        room = self.width()
        return next((one for one in choices if self._needed(*one) <= room), (self._texts[-1], everywhere))

    def _needed(self, text: str, hidden: int) -> int:
        shown = [button for button in (*self._first, *self._last) if button not in self._order[:hidden]]
        widths = [button.sizeHint().width() for button in shown]
        widths += [self.more.sizeHint().width()] if hidden else []
        words = self.words.fontMetrics().horizontalAdvance(text) + 2 * theme.GAP + 2
        return 2 * theme.MARGIN + sum(widths) + theme.GAP * len(widths) + words

    def _show(self, hidden: int) -> None:
        gone = self._order[:hidden]
        for button in (*self._first, *self._last):
            button.setVisible(button not in gone)
        self.more.setVisible(bool(gone))
        actions = [button.action for button in (*self._first, *self._last) if button in gone]
        if actions != self.menu.actions():
            self.menu.clear()
            self.menu.addActions(actions)

    def _place(self) -> None:
        left, right = theme.MARGIN, self.width() - theme.MARGIN
        for button in (*self._first, self.more):
            if not button.isHidden():
                left += self._put(button, left) + theme.GAP
        for button in reversed(self._last):
            if not button.isHidden():
                right -= button.sizeHint().width()
                self._put(button, right)
                right -= theme.GAP
        height = self.words.fontMetrics().height()
        start, end = left + theme.GAP, right - theme.GAP
        self.words.setGeometry(QRect(start, (self.height() - height) // 2, max(0, end - start), height))

    def _put(self, button: QWidget, left: int) -> int:
        hint = button.sizeHint()
        button.setGeometry(left, (self.height() - hint.height()) // 2, hint.width(), hint.height())
        return hint.width()

    # Qt.

    def sizeHint(self) -> QSize:
        height = max(button.sizeHint().height() for button in (*self._first, *self._last))
        return QSize(self._needed(self._texts[0], 0), max(LEAST_HEIGHT, height + 2 * theme.SPACE))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._needed("", len(self._order)), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange, QEvent.Type.LayoutDirectionChange):
            self.updateGeometry()
            self._arrange()
