"""Pages that are larger than the room they have."""

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QScrollBar, QWidget

EDGE = 48  # px from an end of a page within which a drag scrolls it
EDGE_STEP = 12  # px
EDGE_MS = 30


class EdgeScroll(QObject):
    """Scrolls a page for as long as something that is dragged is held near one of its ends, or in a corner."""

    scrolled = Signal()

    def __init__(self, page: QScrollArea) -> None:
        super().__init__(page)
        self._page = page
        self._steps: tuple[tuple[QScrollBar, int], ...] = ()
        self._timer = QTimer(self)
        self._timer.setInterval(EDGE_MS)
        self._timer.timeout.connect(self._scroll)

    @Slot(QPoint)
    def follow(self, at: QPoint) -> None:
        """Look where it is now, on the screen."""
        room, where = self._page.viewport(), self._page.viewport().mapFromGlobal(at)
        self._steps = (
            (self._page.horizontalScrollBar(), _edge_step(where.x(), room.width())),
            (self._page.verticalScrollBar(), _edge_step(where.y(), room.height())),
        )
        if not any(step for _, step in self._steps):
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    @property
    def is_active(self) -> bool:
        return self._timer.isActive()

    @Slot()
    def stop(self) -> None:
        self._timer.stop()

    @Slot()
    def _scroll(self) -> None:
        before = [bar.value() for bar, _ in self._steps]
        for bar, step in self._steps:
            bar.setValue(bar.value() + step)
        if [bar.value() for bar, _ in self._steps] != before:
            self.scrolled.emit()


def _edge_step(at: int, size: int) -> int:
    """Return by how much to scroll a page of a size for what is held at a place along it."""
    return -EDGE_STEP if at < EDGE else EDGE_STEP if at > size - EDGE else 0


def bring_into_sight(part: QWidget, area: QRect) -> None:
    """Scroll the pages around a part until an area of it can be seen, no farther than that takes."""
    around = part.parentWidget()
    while around is not None:
        if isinstance(around, QScrollArea) and (page := around.widget()) is not None:
            seen = QRect(part.mapTo(page, area.topLeft()), area.size())
            around.ensureVisible(seen.center().x(), seen.center().y(), seen.width() // 2 + 1, seen.height() // 2 + 1)
        around = around.parentWidget()


class ScrollPage(QScrollArea):
    """A page that scrolls where it has to, and leaves keys with modifiers to the window."""

    def __init__(self, page: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(page)

    def hold(self, *, is_still: bool) -> None:
        """Lay nothing on the page out anew while somebody aims at something there, whatever grows meanwhile."""
        page = self.widget()
        layout = page.layout() if page is not None else None
        if layout is not None and layout.isEnabled() is is_still:
            layout.setEnabled(not is_still)
            layout.activate()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            event.ignore()
        else:
            super().keyPressEvent(event)


class UprightPage(ScrollPage):
    """A page that scrolls up and down and never sideways, so it is never made narrower than what is in it."""

    def __init__(self, page: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(page, parent)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def minimumSizeHint(self) -> QSize:
        least = super().minimumSizeHint()
        page = self.widget()
        wide = page.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width() if page is not None else 0
        return QSize(max(least.width(), wide), least.height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)
