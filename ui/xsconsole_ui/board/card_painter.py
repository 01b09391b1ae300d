"""Paints cards, each once: a card that looks as before is copied from a picture."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache, partial

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap

from xsconsole_ui import theme
from xsconsole_ui.board.faces import Chip, Face, Tone
from xsconsole_ui.pictures import Pictures
from xsconsole_ui.theme import Colours

PADDING = 10
LINE_GAP = 4
SQUARE = 9
SQUARE_GAP = 3
LEAST_SQUARES_WIDTH = 48
CHIP_PADDING = 7
CHIP_GAP = 4
MOST_CHIP_ROWS = 2  # and no more: cards of one column are about alike
BAR_HEIGHT = 3
MOST_BYTES = 48 * 2**20  # of pictures: some hundred cards of a sharp screen


@dataclass(frozen=True, slots=True)
class PlacedChip:
    chip: Chip
    area: QRectF
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where everything of a card goes, for one width."""

    height: int
    title_height: float
    chips: tuple[PlacedChip, ...]
    bar_top: float


@lru_cache(maxsize=2048)
def place(face: Face, width: int) -> Placement:
    """Return where the parts of a card of this width go. Chips take at most two rows, and all of them are there."""
    title = QFontMetricsF(theme.text_font(is_bold=True)).height()
    top = PADDING + title + LINE_GAP + QFontMetricsF(theme.text_font()).height()
    chips, top = _place_chips(face.chips, width, top)
    bar_top = top + theme.GAP
    if face.progress is not None:
        top = bar_top + BAR_HEIGHT + LINE_GAP + QFontMetricsF(theme.caption_font()).height()
    return Placement(height=round(top + PADDING), title_height=title, chips=chips, bar_top=bar_top)


def _place_chips(chips: tuple[Chip, ...], width: int, top: float) -> tuple[tuple[PlacedChip, ...], float]:
    metrics = QFontMetricsF(theme.caption_font())
    room = width - 2 * PADDING
    height = metrics.height() + 4
    placed: list[PlacedChip] = []
    at = 0
    for row, wides in enumerate(
        _rows([metrics.horizontalAdvance(chip.text) + 2 * CHIP_PADDING for chip in chips], room)
    ):
        left = 0.0
        for shown in wides:
            text = metrics.elidedText(chips[at].text, Qt.TextElideMode.ElideRight, shown - 2 * CHIP_PADDING + 1)
            area = QRectF(PADDING + left, top + theme.GAP + row * (height + CHIP_GAP), shown, height)
            placed.append(PlacedChip(chips[at], area, text))
            left += shown + CHIP_GAP
            at += 1
    return tuple(placed), placed[-1].area.bottom() if placed else top


def _rows(wides: list[float], room: float) -> list[list[float]]:
    """Return how wide each chip is, row by row. Where two rows do not hold them, the widest are cut; none is lost."""
    rows: list[list[float]] = [[]]
    for wide in wides:
        if rows[-1] and sum(rows[-1]) + wide + CHIP_GAP * len(rows[-1]) > room:
            rows.append([])
        rows[-1].append(wide)
    if len(rows) > MOST_CHIP_ROWS:
        halves = ([wides[:at], wides[at:]] for at in range(1, len(wides)))
        rows = min(halves, key=lambda half: max(sum(row) + CHIP_GAP * len(row) for row in half))
    return [_cut(row, room - CHIP_GAP * (len(row) - 1)) for row in rows]


def _cut(wides: list[float], room: float) -> list[float]:
    """Return these widths with as much taken off the widest as lets them stand in the room."""
    most, left = room, room
    for number, wide in zip(range(len(wides), 0, -1), sorted(wides), strict=True):
        most = left / number
        if wide > most:
            break
        left -= wide
    return [min(wide, most) for wide in wides]


class CardPainter:
    """Keeps the pictures of cards as they were last painted."""

    def __init__(self) -> None:
        self._pictures = Pictures(MOST_BYTES)

    def picture(self, face: Face, width: int, colours: Colours, ratio: float) -> QPixmap:
        size = QSize(width, place(face, width).height)
        return self._pictures.picture(
            (face, colours.scheme), size, ratio, partial(self._paint, face=face, width=width, colours=colours)
        )

    def _paint(self, painter: QPainter, face: Face, width: int, colours: Colours) -> None:
        placement = place(face, width)
        if face.is_away:
            colours = theme.greyed(colours)
        paint_ground(painter, QRectF(0, 0, width, placement.height), colours)
        self._title(painter, face, width, placement, colours)
        self._facts(painter, face, width, placement, colours)
        for chip in placement.chips:
            _paint_chip(painter, chip, colours)
        if face.progress is not None:
            self._bar(painter, face, width, placement, colours)

    def _title(self, painter: QPainter, face: Face, width: int, placement: Placement, colours: Colours) -> None:
        room = width - 2 * PADDING
        bold, plain = theme.text_font(is_bold=True), theme.text_font()
        bold_metrics, plain_metrics = QFontMetricsF(bold), QFontMetricsF(plain)
        between = 6
        name = bold_metrics.elidedText(face.name, Qt.TextElideMode.ElideRight, room)
        baseline = PADDING + bold_metrics.ascent()
        painter.setFont(bold)
        painter.setPen(QColor(colours.text))
        painter.drawText(QPointF(PADDING, baseline), name)
        left = PADDING + bold_metrics.horizontalAdvance(name) + between
        left_over = width - PADDING - left + 1
        # The name wins: without it a version says nothing.
        version = (
            plain_metrics.elidedText(face.version, Qt.TextElideMode.ElideRight, left_over) if left_over > 0 else ""
        )
        if version:
            painter.setFont(plain)
            painter.setPen(QColor(colours.muted))
            painter.drawText(QPointF(left, baseline), version)
        del placement

    def _facts(self, painter: QPainter, face: Face, width: int, placement: Placement, colours: Colours) -> None:
        metrics = QFontMetricsF(theme.text_font())
        top = PADDING + placement.title_height + LINE_GAP
        left = float(PADDING)
        middle = top + metrics.height() / 2
        painter.setFont(theme.text_font())
        room = width - 2 * PADDING - metrics.horizontalAdvance(face.facts)
        are_single = len(face.powers) * (SQUARE + SQUARE_GAP) + SQUARE_GAP <= max(room, LEAST_SQUARES_WIDTH)
        # Where the squares of all members do not fit, one square of each power stands with its number.
        shown_powers = [(power, 1) for power in face.powers] if are_single else Counter(face.powers).most_common()
        for power, number in shown_powers:
            paint_power(painter, QRectF(left, middle - SQUARE / 2, SQUARE, SQUARE), power, colours)
            left += SQUARE + SQUARE_GAP
            if not are_single:
                painter.setPen(QColor(colours.muted))
                painter.drawText(QPointF(left, top + metrics.ascent()), str(number))
                left += metrics.horizontalAdvance(str(number)) + 2 * SQUARE_GAP
        left += SQUARE_GAP
        painter.setPen(QColor(colours.muted))
        # Where numbers stand at the squares, how many there are is said already.
        shown = metrics.elidedText(
            face.facts if are_single else face.size, Qt.TextElideMode.ElideRight, width - PADDING - left + 1
        )
        painter.drawText(QPointF(left, top + metrics.ascent()), shown)

    def _bar(self, painter: QPainter, face: Face, width: int, placement: Placement, colours: Colours) -> None:
        room = width - 2 * PADDING
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.chip))
        painter.drawRoundedRect(QRectF(PADDING, placement.bar_top, room, BAR_HEIGHT), 1.5, 1.5)
        painter.setBrush(QColor(colours.accent))
        filled = max(float(BAR_HEIGHT), room * (face.progress or 0.0))
        painter.drawRoundedRect(QRectF(PADDING, placement.bar_top, filled, BAR_HEIGHT), 1.5, 1.5)
        font = theme.caption_font()
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(QColor(colours.muted))
        top = placement.bar_top + BAR_HEIGHT + LINE_GAP
        shown = metrics.elidedText(face.step, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QPointF(PADDING, top + metrics.ascent()), shown)


def paint_ground(painter: QPainter, area: QRectF, colours: Colours) -> None:
    """Paint a card on which nothing stands."""
    painter.setPen(QPen(QColor(colours.hairline), 1))
    painter.setBrush(QColor(colours.surface))
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS, theme.RADIUS)


def paint_power(painter: QPainter, area: QRectF, power: str, colours: Colours) -> None:
    """Paint a member's power: full is running, empty is halted, half is suspended or paused."""
    square = area.adjusted(0.5, 0.5, -0.5, -0.5)
    radius = 2.0
    if power == "Running":
        painter.setPen(QPen(QColor(colours.good), 1))
        painter.setBrush(QColor(colours.good))
        painter.drawRoundedRect(square, radius, radius)
        return
    is_half = power in ("Suspended", "Paused")
    painter.setPen(QPen(QColor(colours.warn if is_half else colours.muted), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(square, radius, radius)
    if is_half:
        painter.fillRect(square.adjusted(1.5, square.height() / 2, -1.5, -1.5), QColor(colours.warn))


def _paint_chip(painter: QPainter, placed: PlacedChip, colours: Colours) -> None:
    text, ground = tone_colours(placed.chip.tone, colours)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(ground))
    radius = placed.area.height() / 2
    painter.drawRoundedRect(placed.area, radius, radius)
    font = theme.caption_font()
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    painter.setPen(QColor(text))
    baseline = placed.area.center().y() + (metrics.ascent() - metrics.descent()) / 2
    painter.drawText(QPointF(placed.area.left() + CHIP_PADDING, baseline), placed.text)


def tone_colours(tone: Tone, colours: Colours) -> tuple[str, str]:
    """Return the colours of text and ground."""
    return {
        Tone.PLAIN: (colours.muted, colours.chip),
        Tone.ACCENT: (colours.accent, colours.accent_soft),
        Tone.GOOD: (colours.good, colours.good_soft),
        Tone.WARN: (colours.warn, colours.warn_soft),
        Tone.BAD: (colours.bad, colours.bad_soft),
    }[tone]
