"""Keeps what was painted as pictures, so that what looks as before is copied and not painted again."""

from collections import OrderedDict
from collections.abc import Callable, Hashable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

BYTES_PER_PIXEL = 4
MOST_NOTED = 4_096  # of what was wanted once


class Pictures:
    """Holds the pictures that were wanted last, up to so many bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[Hashable, QPixmap] = OrderedDict()
        self._wanted: set[Hashable] = set()

    def is_wanted_again(self, key: Hashable) -> bool:
        """Note that this is wanted; return whether it was before.

        What is seen for the first time is painted in half the time where it is seen, without a picture of its own: a
        list that scrolls on shows lines that nobody may ever look at again.
        """
        if key in self._wanted:
            return True
        if len(self._wanted) >= MOST_NOTED:
            self._wanted.clear()
        self._wanted.add(key)
        return False

    def picture(
        self,
        key: Hashable,
        size: QSize,
        ratio: float,
        paint: Callable[[QPainter], None],
        behind: QColor | Qt.GlobalColor = Qt.GlobalColor.transparent,
    ) -> QPixmap:
        """Return the picture of a key, painted where it is not kept. `size` is in pixels of the widget."""
        kept = self._kept.get((key, size.width(), ratio))
        if kept is not None:
            self._kept.move_to_end((key, size.width(), ratio))
            return kept
        made = QPixmap(QSize(round(size.width() * ratio), round(size.height() * ratio)))
        made.setDevicePixelRatio(ratio)
        made.fill(behind)
        with QPainter(made) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint(painter)
        self._kept[key, size.width(), ratio] = made
        self._bytes += _bytes_of(made)
        while self._bytes > self._most_bytes and len(self._kept) > 1:
            self._bytes -= _bytes_of(self._kept.popitem(last=False)[1])
        return made


def _bytes_of(picture: QPixmap) -> int:
    return picture.width() * picture.height() * BYTES_PER_PIXEL
