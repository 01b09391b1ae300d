"""A column's yes or no while a card is dragged. It lies over the cards, so that nothing has to make room for it."""

from collections.abc import Iterator
from typing import NamedTuple

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QTextLayout, QTextOption
from PySide6.QtWidgets import QFrame, QWidget

from xsconsole_ui import pieces, theme
from xsconsole_ui.board.card_delegate import AROUND
from xsconsole_ui.board.offers import Offer

PADDING_X, PADDING_Y = 10, 8  # px, between the frame and the words
BETWEEN = 2  # px, between the title and what follows
MARGINS = 2 * PADDING_Y + AROUND


class Written(NamedTuple):
    """A row of words, and how far below the first one it begins."""

    text: str
    is_title: bool
    top: int
    height: int


class OfferBox(QFrame):
    """An answer in a dashed frame. What there is no room for is left out; the status line says all of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offer: Offer | None = None
        self._is_hovered = False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    @property
    def text(self) -> str:
        return self._offer.text if self._offer is not None else ""

    def show_offer(self, offer: Offer | None) -> None:
        self._offer = offer
        self.setVisible(offer is not None)
        self.setAccessibleName(self.text)
        self.update()

    def set_hovered(self, *, is_hovered: bool) -> None:
        self._is_hovered = is_hovered
        self.update()

    def lie_in(self, room: QRect, below: int) -> None:
        """Lie in the room of the cards: at `below`, where they end, or higher where it could not be read there."""
        rows = self._rows(room.size().width(), room.height())
        height = min(room.height(), rows[-1].top + rows[-1].height + MARGINS) if rows else 0
        self.setGeometry(room.x(), max(room.y(), min(below, room.bottom() + 1 - height)), room.width(), height)

    @property
    def shown(self) -> str:
        """The words that there is room for."""
        return "\n".join(row.text for row in self._rows(self.width(), self.height()))

    def _rows(self, width: int, height: int) -> tuple[Written, ...]:
        found: list[Written] = []
        for row in self._all_rows(width - 2 * (AROUND + PADDING_X)):
            if found and row.top + row.height + MARGINS > height:
                found[-1] = found[-1]._replace(text=f"{found[-1].text.rstrip(' .,;:·')}…")
                break
            found.append(row)
        return tuple(found)

    def _all_rows(self, width: int) -> Iterator[Written]:
        top = 0
        for text, is_title in self._texts():
            font = _font(is_title=is_title)
            height = QFontMetrics(font).lineSpacing()
            for row in _broken(text, font, width):
                yield Written(text=row, is_title=is_title, top=top, height=height)
                top += height
            top += BETWEEN if is_title else 0

    def _texts(self) -> Iterator[tuple[str, bool]]:
        if self._offer is not None:
            yield self._offer.title, True
            for line in self._offer.lines:
                yield line, False

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        if self._offer is None:
            return
        colours, is_open = theme.colours_of(self.palette()), self._offer.is_open
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.sunken))  # the cards that it covers end there
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect().adjusted(AROUND, 0, -AROUND, -AROUND)).adjusted(0.5, 0.5, -0.5, -0.5)
        pen = QPen(QColor(colours.good if is_open else colours.outline), 2 if self._is_hovered and is_open else 1)
        pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(QColor(colours.good_soft if is_open else colours.chip))
        painter.drawRoundedRect(area, theme.RADIUS, theme.RADIUS)
        painter.setClipRect(area)
        for row in self._rows(self.width(), self.height()):
            font = _font(is_title=row.is_title)
            painter.setFont(font)
            painter.setPen(QColor(colours.good if row.is_title and is_open else colours.muted))
            base = PADDING_Y + row.top + QFontMetrics(font).ascent()
            painter.drawText(QPoint(AROUND + PADDING_X, base), row.text)


def _font(*, is_title: bool) -> QFont:
    return theme.text_font() if is_title else theme.caption_font()


def _broken(text: str, font: QFont, width: int) -> Iterator[str]:
    """Break a text into rows of this width, between words where that is possible."""
    whole = pieces.breakable(text)
    layout = QTextLayout(whole, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(1, width))
        yield whole[line.textStart() : line.textStart() + line.textLength()].strip()
    layout.endLayout()
