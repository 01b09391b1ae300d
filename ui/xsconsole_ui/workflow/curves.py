"""Lines of an edge as points: cubic curves and angles with round corners, and what they run through."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainterPath

STEP = 0.01  # of a line, to see where it leads
SAMPLES = 14  # of a curve, to see what it runs through

# Of a cubic curve's four points, at each sample but the first.
WEIGHTS = tuple(
    ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
    for t in (step / SAMPLES for step in range(1, SAMPLES + 1))
)

Point = tuple[float, float]
Cubic = tuple[Point, Point, Point, Point]


@dataclass(frozen=True, slots=True)
class Line:
    """A path and the points along it; the last piece points into the arrow's head."""

    path: QPainterPath
    _points: tuple[Point, ...]
    _away: Point = (0.0, 0.0)  # of the points from where they are now

    @property
    def points(self) -> tuple[Point, ...]:
        across, down = self._away
        return tuple((x + across, y + down) for x, y in self._points) if across or down else self._points

    def shifted(self, by: QPointF) -> "Line":
        """Return the same line elsewhere. Its points are worked out when somebody asks: a drag shifts all lines."""
        across, down = self._away
        return Line(self.path.translated(by), self._points, (across + by.x(), down + by.y()))

    def at(self, part: float) -> QPointF:
        """Return the point at `part`, 0 to 1, of the way."""
        points = self.points
        reach = part * (len(points) - 1)
        at = min(int(reach), len(points) - 2)
        rest = reach - at
        (x1, y1), (x2, y2) = points[at], points[at + 1]
        return QPointF(x1 + (x2 - x1) * rest, y1 + (y2 - y1) * rest)


def bars(line: Line, part: float, half: float, apart: float) -> tuple[QLineF, QLineF]:
    """Return two short lines across a line, as a border on a map."""
    at, before, after = line.at(part), line.at(part - STEP), line.at(part + STEP)
    ahead = QLineF(before, after).unitVector()
    along = QPointF(ahead.dx(), ahead.dy())
    across = QPointF(-along.y(), along.x()) * half
    first, second = at - along * (apart / 2), at + along * (apart / 2)
    return QLineF(first - across, first + across), QLineF(second - across, second + across)


def curved(cubics: Sequence[Cubic]) -> Line:
    """Return a line of cubic curves that begin where the one before ended."""
    path = QPainterPath(QPointF(*cubics[0][0]))
    for _, one, two, end in cubics:
        path.cubicTo(QPointF(*one), QPointF(*two), QPointF(*end))
    return Line(path, tuple(sampled(cubics)))


def sampled(cubics: Sequence[Cubic]) -> list[Point]:
    """Return points along such curves, without a line to draw: of many that are tried, one is drawn."""
    points: list[Point] = [cubics[0][0]]
    for (ax, ay), (bx, by), (cx, cy), (dx, dy) in cubics:
        points += [(a * ax + b * bx + c * cx + d * dx, a * ay + b * by + c * cy + d * dy) for a, b, c, d in WEIGHTS]
    return points


def angled(points: Sequence[Point], corner: float) -> Line:
    """Return a line through `points`, each corner rounded as far as its sides allow."""
    kept = [point for at, point in enumerate(points) if at == 0 or point != points[at - 1]]
    path = QPainterPath(QPointF(*kept[0]))
    for before, at, after in zip(kept, kept[1:], kept[2:], strict=False):
        radius = min(corner, _length(before, at) / 2, _length(at, after) / 2)
        path.lineTo(QPointF(*_towards(at, before, radius)))
        path.quadTo(QPointF(*at), QPointF(*_towards(at, after, radius)))
    path.lineTo(QPointF(*kept[-1]))
    spread: list[Point] = [kept[0]]
    for before, at in itertools.pairwise(kept):
        steps = max(1, round(_length(before, at) / 16))
        spread += (_towards(before, at, _length(before, at) * step / steps) for step in range(1, steps + 1))
    return Line(path, tuple(spread))


class Box(NamedTuple):
    """An area in plain numbers: routes ask for them a hundred thousand times."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def x(self) -> float:
        return (self.left + self.right) / 2

    @property
    def y(self) -> float:
        return (self.top + self.bottom) / 2

    def grown(self, by: float) -> "Box":
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)


def box_of(area: QRectF) -> Box:
    return Box(area.left(), area.top(), area.right(), area.bottom())


def hits(points: Sequence[Point], boxes: Sequence[Box]) -> list[Box]:
    """Return the boxes that a line runs through."""
    across, down = [x for x, _ in points], [y for _, y in points]
    left, right, top, bottom = min(across), max(across), min(down), max(down)
    return [
        box
        for box in boxes
        if box[0] < right
        and box[2] > left
        and box[1] < bottom
        and box[3] > top
        and any(box[0] < x < box[2] and box[1] < y < box[3] for x, y in points)
    ]


def crosses(one: Point, other: Point, box: Box) -> bool:
    """Return whether an upright or a level piece touches a box."""
    (x1, y1), (x2, y2) = one, other
    is_across = x1 < box[2] and x2 > box[0] if x1 <= x2 else x2 < box[2] and x1 > box[0]
    return is_across and (y1 < box[3] and y2 > box[1] if y1 <= y2 else y2 < box[3] and y1 > box[1])


def _length(one: Point, other: Point) -> float:
    return float(((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2) ** 0.5)


def _towards(start: Point, end: Point, by: float) -> Point:
    length = _length(start, end) or 1.0
    return start[0] + (end[0] - start[0]) * by / length, start[1] + (end[1] - start[1]) * by / length
