"""The map of one fence: mouse and arrow keys walk its boxes, and what is to be said of one can be copied."""

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip, QWidget

from xsconsole.domain.fence.picture import Picture, Place
from xsconsole_ui import pieces, theme
from xsconsole_ui.fences.map_painter import paint_map
from xsconsole_ui.fences.map_plan import MapPlan, least_width, plan_map
from xsconsole_ui.own_menu import own_action

Key = Qt.Key
STEPS = {Key.Key_Left: -1, Key.Key_Up: -1, Key.Key_Right: 1, Key.Key_Down: 1}


class FenceMap(QWidget):
    """Shows a `Picture`, and another one of the same fence in its place."""

    looked_at = Signal(QRectF)  # where the box with the keyboard is
    opened = Signal(object)  # Place: somebody wants to see its machine
    reach_wanted = Signal(str)  # the member that somebody wants to reach

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: Picture | None = None
        self._plan: MapPlan | None = None
        self._current = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.menu = QMenu(self)
        self.copy_reach = own_action(self, self.menu, self.tr("Copy how to &reach it"), "Ctrl+Shift+C", self._reach)
        self.copy_one = own_action(self, self.menu, self.tr("&Copy"), "Ctrl+C", self._copy)
        self.copy_all = own_action(self, self.menu, self.tr("Copy the &whole map as text"), "", self._copy_all)

    @property
    def picture(self) -> Picture | None:
        return self._picture

    @property
    def current(self) -> Place | None:
        """The box that the keyboard is at."""
        places = self._picture.places if self._picture is not None else ()
        return next((place for place in places if place.key == self._current), None)

    def show_picture(self, picture: Picture) -> None:
        if picture == self._picture:
            return
        self._picture = picture
        if self.current is None:
            self._current = picture.places[0].key if picture.places else ""
        self.setMinimumWidth(least_width(picture))
        self._lay_out()
        self._say()

    def _lay_out(self) -> None:
        if self._picture is not None:
            self._plan = plan_map(self._picture, max(self.width(), self.minimumWidth()))
            self.setMinimumHeight(round(self._plan.height))
            self.update()

    def _say(self) -> None:
        picture, place = self._picture, self.current
        if picture is None:
            return
        found = " ".join(breach.sentence for breach in picture.breaches)
        here = place.words.replace("\n", ", ") if place is not None else ""
        told = self.tr("Map of {name}, {state}. {found} {here}")
        name = told.format(name=picture.name, state=picture.state_words, found=found, here=here)
        if name != self.accessibleName():
            self.setAccessibleName(name)
            self.setAccessibleDescription(self.tr("Arrow keys walk what is outside, the router and what is inside."))
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.NameChanged))
        self.copy_reach.setEnabled(place is not None and bool(place.member))
        self.copy_reach.setToolTip("" if self.copy_reach.isEnabled() else self.tr("Choose a member first."))

    def _go_to(self, place: Place) -> None:
        self._current = place.key
        self._say()
        self.update()
        if self._plan is not None:
            self.looked_at.emit(self._plan.area_of(place.key))

    @Slot()
    def _reach(self) -> None:
        if self.current is not None and self.current.member:
            self.reach_wanted.emit(self.current.member)

    @Slot()
    def _copy(self) -> None:
        if self.current is not None:
            QGuiApplication.clipboard().setText(self.current.words)

    @Slot()
    def _copy_all(self) -> None:
        if self._picture is not None:
            QGuiApplication.clipboard().setText(self._picture.words)

    # Qt.

    def sizeHint(self) -> QSize:
        return QSize(self.minimumWidth(), round(self._plan.height) if self._plan is not None else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._lay_out()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        if self._picture is None or self._plan is None:
            return
        with QPainter(self) as painter:
            colours = theme.colours_of(self.palette())
            paint_map(painter, self._picture, self._plan, colours, self._current, focus=self.hasFocus())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._plan.at(event.position()) if self._plan is not None else None
        if place is not None:
            self._go_to(place)
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = self._plan.at(event.position()) if self._plan is not None else None
        if place is not None and place.vm is not None:
            self.opened.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        places, place = self._picture.places if self._picture is not None else (), self.current
        key = Key(event.key())
        if places and place is not None and key in STEPS:
            at = min(len(places) - 1, max(0, places.index(place) + STEPS[key]))
            self._go_to(places[at])
        elif places and key in (Key.Key_Home, Key.Key_End):
            self._go_to(places[0 if key == Key.Key_Home else -1])
        elif place is not None and place.vm is not None and key in (Key.Key_Return, Key.Key_Enter):
            self.opened.emit(place)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_keyboard = event.reason() is QContextMenuEvent.Reason.Keyboard
        area = self._plan.area_of(self._current).toRect() if self._plan is not None else self.rect()
        self.menu.popup(self.mapToGlobal(QPoint(area.left(), area.bottom())) if by_keyboard else event.globalPos())

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and self._plan is not None:
            place = self._plan.at(event.pos().toPointF())
            QToolTip.showText(event.globalPos(), pieces.hint(place.words) if place is not None else "", self)
            return True
        return super().event(event)
