"""Paints a picture over several turns where one would be long, and shows what was there before until it is whole."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple, Protocol

from PySide6.QtCore import QObject, QPoint, QRect, Slot
from PySide6.QtGui import QColor, QPainter, QPixmap, QRegion
from PySide6.QtWidgets import QWidget
from shiboken6 import getCppPointer

from xsconsole_ui.pace import Pace
from xsconsole_ui.timers import one_shot

SOON_MS = 1
LEAST_PIECES = 6


class Piece(NamedTuple):
    """A part of a picture: where it is, all that decides how it looks, and how to paint it with its ground."""

    area: QRect
    key: Hashable
    put: Callable[[QPainter], None]


class Subject(Protocol):
    """What is painted, as it is now. What it has given must stay as it was: it may be painted some turns later."""

    def basis(self) -> Hashable:
        """Return what decides how every piece looks, beside its key."""

    def scrolled(self) -> QPoint:
        """Return how far it is scrolled: pieces move by as much as this changes."""

    def ground(self) -> QColor:
        """Return what stands where no piece is."""

    def pieces(self, area: QRect) -> Sequence[Piece]:
        """Return the pieces that are to be seen in an area."""


Place = tuple[int, int, int, int]
Keys = dict[Place, Hashable]
"""Which piece stands in which area."""

REPLACING = QPainter.CompositionMode.CompositionMode_Source
OVER = QPainter.CompositionMode.CompositionMode_SourceOver


@dataclass(slots=True, kw_only=True)
class _Picture:
    """A picture of the whole widget. `left` is what is still to be put, and `bare` what is to be cleared before."""

    pixmap: QPixmap
    basis: Hashable
    scrolled: QPoint
    ground: QColor
    keys: Keys = field(default_factory=dict)
    left: list[Piece] = field(default_factory=list)
    bare: QRegion = field(default_factory=QRegion)

    def put(self, least: int, has_room: Callable[[], bool]) -> bool:
        """Put what is left while there is room, but so many at least; return whether the picture is whole."""
        with QPainter(self.pixmap) as painter:
            if not self.bare.isEmpty():
                painter.setClipRegion(self.bare)
                self._clear(painter, self.bare.boundingRect())
                painter.setClipping(False)
                self.bare = QRegion()
            for number, piece in enumerate(self.left):
                if number >= least and not has_room():
                    del self.left[:number]
                    return False
                self._clear(painter, piece.area)
                piece.put(painter)
        self.left.clear()
        return True

    def _clear(self, painter: QPainter, area: QRect) -> None:
        painter.setCompositionMode(REPLACING)
        painter.fillRect(area, self.ground)
        painter.setCompositionMode(OVER)


class LatePaint(QObject):
    """The pictures of one widget: the one that is shown, and the next one while it is being made.

    A picture is begun with all that is to be seen then, and is shown when it is whole, however many turns that takes;
    what changes meanwhile is for the picture after it. So nothing blank or half new is ever seen, and whoever drags
    a scroll bar on and on sees one whole picture after the other.
    """

    def __init__(self, widget: QWidget, subject: Subject, *, least: int = LEAST_PIECES) -> None:
        """Put at least so many pieces in each turn, however full it is."""
        super().__init__(widget)
        self._widget, self._subject, self._least = widget, subject, least
        self._shown: _Picture | None = None
        self._made: _Picture | None = None
        self._pace = Pace(self)
        self._timer = one_shot(self, self._go_on, SOON_MS)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is being made."""
        return self._made is None

    def move(self) -> None:
        """Paint all of the widget after it was scrolled: Qt would move a part of what stands there by itself."""
        self._widget.update()

    def paint(self, area: QRect) -> None:
        """Show the widget, as new as this turn has room for. A picture that somebody takes of it is made at once."""
        with QPainter(self._widget) as painter:
            # A picture that lies between two dots of the screen would be blurred.
            if not is_to_screen(painter, self._widget) or not self._widget.devicePixelRatioF().is_integer():
                painter.fillRect(area, self._subject.ground())
                for piece in self._subject.pieces(area):
                    piece.put(painter)
                return
            if self._made is None:
                self._begin(area)
            seen = QRect()
            if self._shown is not None:
                painter.drawPixmap(0, 0, self._shown.pixmap)
                seen.setSize(self._shown.pixmap.deviceIndependentSize().toSize())
            bare = QRegion(area).subtracted(seen)
            if not bare.isEmpty():  # where the widget is larger than what it showed
                painter.setClipRegion(bare)
                painter.fillRect(area, self._subject.ground())

    def _begin(self, asked: QRect) -> None:
        """Begin the picture of what is to be seen now. Where only a part is asked for, the rest is as it was before."""
        shown, subject, whole = self._shown, self._subject, self._widget.rect()
        ground, ratio = subject.ground(), self._widget.devicePixelRatioF()
        basis = (subject.basis(), _place(whole), ratio, ground.rgba())
        scrolled = subject.scrolled()
        if shown is None or shown.basis != basis:
            pixmap = QPixmap(whole.size() * ratio)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(ground)  # also what makes it one that can be seen through
            made, area = _Picture(pixmap=pixmap, basis=basis, scrolled=scrolled, ground=ground), whole
        elif shown.scrolled != scrolled:
            made, area = _moved(shown, scrolled, whole, ratio), whole
        else:
            area = asked
            made = replace(shown, left=[])
        if asked != area:
            self._widget.update()
        self._take(made, subject.pieces(area), area)
        if made.pixmap is (None if shown is None else shown.pixmap) and len(made.left) > self._least:
            made.pixmap = QPixmap(made.pixmap)  # what is on show stays as it is until this is whole
        self._made = made
        self._work()

    @staticmethod
    def _take(made: _Picture, pieces: Sequence[Piece], area: QRect) -> None:
        """Leave to be put what does not stand in the picture yet, and clear what is no more."""
        bare = QRegion(area)
        keys: Keys = {}
        for piece in pieces:
            bare -= piece.area
            place = _place(piece.area)
            keys[place] = piece.key
            if made.keys.get(place) != piece.key:
                made.left.append(piece)
        made.bare = bare
        made.keys = {place: key for place, key in made.keys.items() if not area.intersects(QRect(*place))} | keys

    def _work(self) -> None:
        if self._made is not None and self._made.put(self._least, partial(self._pace.has_room, is_wanted=True)):
            self._shown, self._made = self._made, None
        else:
            self._timer.start()

    @Slot()
    def _go_on(self) -> None:
        self._work()
        if self._made is None:
            self._widget.update()  # shows it, and looks whether that is what is to be seen by now


def is_to_screen(painter: QPainter, widget: QWidget) -> bool:
    """Return whether a widget is painted for the screen, not into a picture that somebody takes of it."""
    # Only the address tells: to the screen and into a picture, both are painted into an image.
    store, engine = widget.backingStore(), painter.paintEngine()
    device = None if engine is None else engine.paintDevice()
    screen = None if store is None else store.paintDevice()
    if device is None or screen is None:
        return False
    return bool(getCppPointer(device)[0] == getCppPointer(screen)[0])


def _moved(shown: _Picture, scrolled: QPoint, whole: QRect, ratio: float) -> _Picture:
    """Return a picture that was scrolled, with what is still to be seen of it. What stood there in part is not kept."""
    by = shown.scrolled - scrolled
    pixmap = QPixmap(shown.pixmap)
    pixmap.scroll(round(by.x() * ratio), round(by.y() * ratio), pixmap.rect())
    whole_ones = ((QRect(*place), key) for place, key in shown.keys.items() if whole.contains(QRect(*place)))
    keys = {_place(area.translated(by)): key for area, key in whole_ones}
    return replace(shown, pixmap=pixmap, scrolled=scrolled, keys=keys, left=[])


def _place(area: QRect) -> Place:
    return (area.x(), area.y(), area.width(), area.height())
