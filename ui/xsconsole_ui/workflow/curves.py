"""Lines of an edge as points: cubic curves and angles with round corners, and what they run through."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

SAMPLES = 14  # of a curve, to see what it runs through

Point = tuple[float, float]
Cubic = tuple[Point, Point, Point, Point]


@dataclass(frozen=True, slots=True)
class Line:
    """A path and the points along it; the last piece points into the arrow's head."""

    path: QPainterPath
    points: tuple[Point, ...]

    def at(self, part: float) -> QPointF:
        """Return the point at `part`, 0 to 1, of the way."""
        reach = part * (len(self.points) - 1)
        at = min(int(reach), len(self.points) - 2)
        rest = reach - at
        (x1, y1), (x2, y2) = self.points[at], self.points[at + 1]
        return QPointF(x1 + (x2 - x1) * rest, y1 + (y2 - y1) * rest)


def curved(cubics: Sequence[Cubic]) -> Line:
    """Return a line of cubic curves that begin where the one before ended."""
    path = QPainterPath(QPointF(*cubics[0][0]))
    points: list[Point] = [cubics[0][0]]
    for start, one, two, end in cubics:
        path.cubicTo(QPointF(*one), QPointF(*two), QPointF(*end))
        points += (_on_cubic(start, one, two, end, step / SAMPLES) for step in range(1, SAMPLES + 1))
    return Line(path, tuple(points))


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


def hits(points: Iterable[Point], areas: Sequence[QRectF]) -> list[QRectF]:
    """Return the areas that a line runs through."""
    found: list[QRectF] = []
    for area in areas:
        left, top, right, bottom = area.left(), area.top(), area.right(), area.bottom()
        if any(left < x < right and top < y < bottom for x, y in points):
            found.append(area)
    return found


def crosses(one: Point, other: Point, area: QRectF) -> bool:
    """Return whether an upright or a level piece touches an area."""
    left, right = sorted((one[0], other[0]))
    top, bottom = sorted((one[1], other[1]))
    return left < area.right() and right > area.left() and top < area.bottom() and bottom > area.top()


def _on_cubic(a: Point, b: Point, c: Point, d: Point, t: float) -> Point:
    u = 1 - t
    w = (u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t)
    return (
        w[0] * a[0] + w[1] * b[0] + w[2] * c[0] + w[3] * d[0],
        w[0] * a[1] + w[1] * b[1] + w[2] * c[1] + w[3] * d[1],
    )


def _length(one: Point, other: Point) -> float:
    return float(((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2) ** 0.5)


def _towards(start: Point, end: Point, by: float) -> Point:
    length = _length(start, end) or 1.0
    return start[0] + (end[0] - start[0]) * by / length, start[1] + (end[1] - start[1]) * by / length
