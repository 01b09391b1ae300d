"""The board as it stood at a moment: columns of cards, to look at and nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QToolTip, QWidget

from xsconsole.domain.board import Standing
from xsconsole.domain.folding import one_line, shown
from xsconsole.domain.ids import ConfigurationId, Uuid
from xsconsole.domain.projection import Past, PastCard, PastPool
from xsconsole.domain.words import count
from xsconsole_ui import pieces, theme
from xsconsole_ui.board.card_painter import CardPainter, place
from xsconsole_ui.board.faces import Chip, Face, Tone
from xsconsole_ui.focus import paint_focus
from xsconsole_ui.texts import tr

LEAST_COLUMN = 164  # px
HEAD = 34
STANDINGS = {Standing.WHOLE.value: Tone.PLAIN, Standing.RUNNING.value: Tone.ACCENT}

Key = tuple[Uuid, ConfigurationId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One stage of a column."""

    name: str
    colour: str
    cards: tuple[tuple[PastPool, PastCard], ...]


@dataclass(frozen=True, slots=True)
class Placed:
    key: Key
    card: PastCard
    area: QRect


Marks = Callable[[Key], str]
"""What else is said at a card, such as what differs from another moment."""


def columns_of(past: Past) -> tuple[tuple[Group, ...], ...]:
    """Return stages from left to right; what stands in none that is known comes last."""
    workflows = [pool.workflow for pool in past.pools.values() if pool.workflow is not None]
    left = list(past.cards)
    columns: list[tuple[Group, ...]] = []
    for generation in workflows[0].columns() if workflows else ():
        groups: list[Group] = []
        for stage in generation:
            found = tuple(one for one in left if one[1].face.stage == stage.id)
            left = [one for one in left if one not in found]
            groups.append(Group(name=shown(stage.name, 60), colour=stage.colour, cards=found))
        columns.append(tuple(groups))
    rest: dict[str, list[tuple[PastPool, PastCard]]] = {}
    for one in left:
        there = one[0].workflow.stage(one[1].face.stage) if one[0].workflow is not None else None
        rest.setdefault(there.name if there is not None else str(one[1].face.stage), []).append(one)
    columns += [
        (Group(name=shown(name, 60) or tr("no stage"), colour="", cards=tuple(cards)),) for name, cards in rest.items()
    ]
    return tuple(columns)


def face_of(card: PastCard, mark: str) -> Face:
    """Return how a card looks; what hurts in names is shown as a mark."""
    members = tr("members not known") if card.is_partial else count(len(card.face.members), tr("member"))
    chips: list[Chip] = [Chip(mark, Tone.WARN)] if mark else []
    if card.run is not None:
        what = tr("put back") if card.run.is_undoing else tr("in work")
        chips.append(Chip(what, Tone.ACCENT, one_line(card.run.what)))
    elif card.standing != Standing.WHOLE.value:
        chips.append(Chip(shown(card.standing, 30), STANDINGS.get(card.standing, Tone.BAD)))
    name, version = shown(card.face.name), shown(card.face.version)
    name = name.removesuffix(f" {version}") if version else name
    return Face(name=name, version=version, powers=(), facts=members, size=members, chips=tuple(chips))


class PastBoard(QScrollArea):
    """Cards are walked by the arrows and the mouse. `picked` tells which one; None: none."""

    picked = Signal(object)  # Key | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sheet = _Sheet(self.picked.emit)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidget(self.sheet)
        self.setWidgetResizable(True)
        self.setFocusProxy(self.sheet)

    def show_past(self, past: Past, mark: Marks = lambda _: "") -> None:
        self.sheet.show_columns(columns_of(past), mark)

    @property
    def words(self) -> tuple[str, ...]:
        """Return each stage with its cards, as a reader of the screen says it."""
        return tuple(self.sheet.words())


class _Sheet(QWidget):
    def __init__(self, tell: Callable[[Key | None], None]) -> None:
        super().__init__()
        self._tell = tell
        self._columns: tuple[tuple[Group, ...], ...] = ()
        self._mark: Marks = lambda _: ""
        self._placed: list[Placed] = []
        self._heads: list[tuple[Group, QRect]] = []
        self._chosen: Key | None = None
        self._painter = CardPainter()
        self._height = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Board at this moment"))

    def show_columns(self, columns: tuple[tuple[Group, ...], ...], mark: Marks) -> None:
        self._columns, self._mark = columns, mark
        self._lay_out()
        if self._chosen not in {one.key for one in self._placed}:
            self._choose(None)
        self.setAccessibleDescription("; ".join(self.words()))

    def words(self) -> Iterator[str]:
        for column in self._columns:
            for group in column:
                names = ", ".join(shown(card.face.name, 60) for _, card in group.cards)
                yield f"{group.name}: {names or tr('nothing')}"

    def _lay_out(self) -> None:
        self._placed, self._heads = [], []
        number = max(1, len(self._columns))
        room = (self.width() - theme.MARGIN) // number
        wide = max(LEAST_COLUMN, room) - theme.GAP
        lowest = 0
        for at, column in enumerate(self._columns):
            left, top = theme.MARGIN + at * (wide + theme.GAP), theme.MARGIN
            for group in column:
                head = QRect(left, top, wide, HEAD)
                top += HEAD
                for pool, card in group.cards:
                    key = (pool.pool, card.face.id)
                    high = place(face_of(card, self._mark(key)), wide - 2 * theme.GAP).height
                    self._placed.append(Placed(key, card, QRect(left + theme.GAP, top, wide - 2 * theme.GAP, high)))
                    top += high + theme.GAP
                self._heads.append((group, head.united(QRect(left, top, wide, theme.GAP))))
                top += 2 * theme.GAP
            lowest = max(lowest, top)
        self._height = lowest
        self.setMinimumSize(theme.MARGIN + number * (LEAST_COLUMN + theme.GAP), lowest)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._lay_out()

    def sizeHint(self) -> QSize:
        return QSize(600, self._height)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.colours_of(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), QColor(colours.window))
        for group, area in self._heads:
            self._paint_group(painter, group, area, colours)
        for one in self._placed:
            if one.area.intersects(event.rect()):
                face = face_of(one.card, self._mark(one.key))
                painter.drawPixmap(
                    one.area.topLeft(),
                    self._painter.picture(face, one.area.width(), colours, self.devicePixelRatioF()),
                )
                if one.key == self._chosen:
                    painter.setPen(QPen(QColor(colours.accent), 2 if self.hasFocus() else 1))
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.drawRoundedRect(QRectF(one.area).adjusted(1, 1, -1, -1), theme.RADIUS, theme.RADIUS)
        if self.hasFocus() and self._chosen is None:
            paint_focus(painter, QRectF(self.rect()), colours)

    def _paint_group(self, painter: QPainter, group: Group, area: QRect, colours: theme.Colours) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.sunken))
        painter.drawRoundedRect(QRectF(area), theme.RADIUS_LARGE, theme.RADIUS_LARGE)
        stripe = theme.stripe(group.colour, colours)
        painter.setBrush(stripe)
        painter.drawRoundedRect(QRectF(area.left() + theme.GAP, area.top() + 10, theme.STRIPE, 14), 1.5, 1.5)
        painter.setFont(theme.text_font(is_bold=True))
        painter.setPen(QColor(colours.text))
        words = QRect(area.left() + 2 * theme.GAP, area.top(), area.width() - 6 * theme.GAP, HEAD)
        metrics = painter.fontMetrics()
        name = metrics.elidedText(group.name, Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), name)
        painter.setFont(theme.text_font())
        painter.setPen(QColor(colours.muted))
        right = QRect(area.right() - 5 * theme.GAP, area.top(), 4 * theme.GAP, HEAD)
        painter.drawText(right, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), str(len(group.cards)))

    def _at(self, point: QPoint) -> Placed | None:
        return next((one for one in self._placed if one.area.contains(point)), None)

    def _choose(self, key: Key | None) -> None:
        if key != self._chosen:
            self._chosen = key
            self._tell(key)
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position().toPoint())
        self._choose(found.key if found is not None else None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = [one.key for one in self._placed]
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Left: -1}
        step = steps.get(Qt.Key(event.key()))
        if step is None or not keys or event.modifiers() & Qt.KeyboardModifier.AltModifier:
            super().keyPressEvent(event)
            return
        at = keys.index(self._chosen) + step if self._chosen in keys else 0
        self._choose(keys[max(0, min(at, len(keys) - 1))])

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self._at(event.pos())
            text = "" if found is None else shown(found.card.face.name, 300)
            QToolTip.showText(event.globalPos(), pieces.hint(text), self)
            return True
        return super().event(event)
