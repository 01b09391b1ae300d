"""Where edges run: promotions leave right and enter left, ways back run below; both go round nodes where they can."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPolygonF

from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow import Kind, Transition
from xsconsole_ui.workflow.curves import Box, Cubic, Line, Point, angled, crosses, curved, hits, sampled
from xsconsole_ui.workflow.measures import Measures

LEAST_REACH, MOST_REACH = 28.0, 180.0
GRIP = 22.0  # px from an end to where it can be taken
NEAR_LEVEL = 16.0  # px: a way whose ends differ by less is drawn as level, with its label above

TRIED_HEIGHTS = 12  # above and below what stands in the way

Boxes = Mapping[StageId, Box]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How one edge runs. `heading` is where its arrow points; `tip` is where it ends, at the target's border.

    `head` is the arrow's, kept because all of them are painted in each frame.
    """

    line: Line
    start: QPointF
    tip: QPointF
    heading: QPointF
    bounds: QRectF
    head: QPolygonF = field(compare=False)
    level: tuple[Point, Point] | None = None  # the level piece on which a label can stand

    def shifted(self, by: QPointF) -> "Route":
        """Return the same route elsewhere."""
        (x, y), level = (by.x(), by.y()), self.level
        return Route(
            line=self.line.shifted(by),
            start=self.start + by,
            tip=self.tip + by,
            heading=self.heading,
            bounds=self.bounds.translated(by),
            head=self.head.translated(by),
            level=((level[0][0] + x, level[0][1] + y), (level[1][0] + x, level[1][1] + y)) if level else None,
        )

    @property
    def grips(self) -> tuple[QPointF, QPointF]:
        """Where its source end and its target end can be taken: off the ports, where new ones are drawn."""
        return _along(self.line.points, GRIP), _along(self.line.points[::-1], GRIP)


def routes(boxes: Boxes, ways: Sequence[Transition], measures: Measures) -> dict[TransitionId, Route]:
    """Return how all edges run between the boxes of their stages. Deterministic: equal arguments give equal lines."""
    found: dict[TransitionId, Route] = {}
    shown = [way for way in ways if way.source in boxes and way.target in boxes]
    clear = [(id_, box.grown(measures.clear / 2)) for id_, box in boxes.items()]
    for way in shown:
        if way.kind is Kind.PROMOTE:
            found[way.id] = _promotion(boxes, way, clear, measures)
    backs = [way for way in shown if way.kind is Kind.DEMOTE]
    ends = _ends(boxes, backs, measures)
    taken: list[tuple[float, float, float]] = []  # y, from x, to x
    for way in sorted(backs, key=lambda way: (abs(boxes[way.source].x - boxes[way.target].x), way.id)):
        found[way.id] = _way_back(boxes, way, ends[way.id], measures, taken)
    return found


def _promotion(boxes: Boxes, way: Transition, clear: Sequence[tuple[StageId, Box]], measures: Measures) -> Route:
    one, other = boxes[way.source], boxes[way.target]
    start, tip = (one.right, one.y), (other.left, other.y)
    end = (tip[0] - measures.arrow + 1, tip[1])
    line = curved([_swing(start, end)])
    left, right = min(start[0], end[0]) - MOST_REACH, max(start[0], end[0]) + MOST_REACH
    near = [box for id_, box in clear if box[0] < right and box[2] > left and id_ not in (way.source, way.target)]
    blockers = hits(line.points, near)
    if blockers:
        line = _round(start, end, blockers, near, line)
    is_level = abs(start[1] - end[1]) < NEAR_LEVEL and not blockers and end[0] > start[0]
    return _route(line, start, tip, (1.0, 0.0), measures, (start, end) if is_level else None)


def loose(start: QPointF, end: QPointF, measures: Measures) -> Route:
    """Return how an edge runs that is being drawn and has no target yet."""
    line = curved([_swing((start.x(), start.y()), (end.x() - measures.arrow, end.y()))])
    return _route(line, (start.x(), start.y()), (end.x(), end.y()), (1.0, 0.0), measures)


def _swing(start: Point, end: Point) -> Cubic:
    ahead = end[0] - start[0]
    reach = ahead / 2 if ahead > 0 else min(MOST_REACH, LEAST_REACH + abs(ahead) / 2)
    reach = max(LEAST_REACH, reach) if ahead < 2 * LEAST_REACH else reach
    return start, (start[0] + reach, start[1]), (end[0] - reach, end[1]), end


def _round(start: Point, end: Point, blockers: Sequence[Box], others: Sequence[Box], straight: Line) -> Line:
    """Go above or below what stands in the way, wherever the least of it is run through."""
    left = max(start[0] + LEAST_REACH, min(box.left for box in blockers))
    right = min(end[0] - LEAST_REACH, max(box.right for box in blockers))
    if right <= left:
        return straight
    middle = (start[1] + end[1]) / 2
    near = [box for box in others if box.left < right and box.right > left]
    heights = sorted({y for box in near for y in (box.top - 2, box.bottom + 2)}, key=lambda y: abs(y - middle))
    best: Sequence[Cubic] = ()
    fewest = len(blockers)
    for height in heights[:TRIED_HEIGHTS]:
        one, other = (left, height), (right, height)
        tried = [_swing(start, one), (one, one, other, other), _swing(other, end)]
        number = len(hits(sampled(tried), others))
        if number < fewest:
            best, fewest = tried, number
        if not fewest:
            break
    return curved(best) if best else straight


@dataclass(frozen=True, slots=True)
class _Ends:
    """Where a way back leaves and enters, along the feet of its nodes."""

    start: float
    end: float


def _ends(boxes: Boxes, backs: Sequence[Transition], measures: Measures) -> dict[TransitionId, _Ends]:
    """Spread the ends along the feet so that ways back lie within each other and do not cross."""
    leftward: dict[StageId, list[tuple[float, TransitionId]]] = defaultdict(list)
    rightward: dict[StageId, list[tuple[float, TransitionId]]] = defaultdict(list)
    for way in backs:
        for here, there in ((way.source, way.target), (way.target, way.source)):
            away = boxes[there].x - boxes[here].x
            (leftward if away < 0 else rightward)[here].append((abs(away), way.id))
    x_of: dict[tuple[StageId, TransitionId], float] = {}
    for stage, listed in leftward.items():
        for at, (_, way_id) in enumerate(sorted(listed)):
            x_of[stage, way_id] = _foot(boxes[stage], (at - len(listed)) * measures.spread)
    for stage, listed in rightward.items():
        for at, (_, way_id) in enumerate(sorted(listed)):
            x_of[stage, way_id] = _foot(boxes[stage], (len(listed) - at) * measures.spread)
    return {way.id: _Ends(x_of[way.source, way.id], x_of[way.target, way.id]) for way in backs}


def _foot(box: Box, aside: float) -> float:
    room = (box.right - box.left) / 2 - 10
    return box.x + max(-room, min(room, aside))


def _way_back(
    boxes: Boxes, way: Transition, ends: _Ends, measures: Measures, taken: list[tuple[float, float, float]]
) -> Route:
    one, other = boxes[way.source], boxes[way.target]
    if abs(one.x - other.x) < (one.right - one.left) / 2:
        return _beside(one, other, measures)
    start, tip = (ends.start, one.bottom), (ends.end, other.bottom)
    end = (tip[0], tip[1] + measures.arrow - 1)
    left, right = min(one.left, other.left) - measures.clear, max(one.right, other.right) + measures.clear
    near = [
        box.grown(2)
        for id_, box in boxes.items()
        if box[0] < right and box[2] > left and id_ not in (way.source, way.target)
    ]
    points = _below((start, one), (end, other), near, measures, taken)
    level = max(itertools.pairwise(points), key=lambda pair: abs(pair[0][0] - pair[1][0]))
    taken.append((level[0][1], min(level[0][0], level[1][0]), max(level[0][0], level[1][0])))
    return _route(angled(points, measures.corner), start, tip, (0.0, -1.0), measures, level)


def _below(
    source: tuple[Point, Box],
    target: tuple[Point, Box],
    others: Sequence[Box],
    measures: Measures,
    taken: Iterable[tuple[float, float, float]],
) -> list[Point]:
    """Return the corners of the way with the fewest nodes in it, and of those the highest."""
    (start, one), (end, other) = source, target
    left, right = sorted((start[0], end[0]))
    lowest = max(one.bottom, other.bottom)
    feet = {lowest} | {box.bottom - 2 for box in others if box.left < right and box.right > left}
    best: tuple[int, float, list[Point]] | None = None
    for foot in sorted(foot for foot in feet if foot >= lowest - 1):
        low = foot + measures.drop
        while any(abs(y - low) < measures.lane - 0.5 and a < right + 4 and b > left - 4 for y, a, b in taken):
            low += measures.lane
        down = _down(start, low, one, others, measures, towards=end[0])
        up = _down(end, low, other, others, measures, towards=start[0])[::-1]
        points = [*down, *up]
        number = sum(crosses(a, b, box) for a, b in itertools.pairwise(points) for box in others)
        if best is None or (number, low) < best[:2]:
            best = (number, low, points)
        if number == 0:
            break
    assert best is not None
    return best[2]


def _down(
    foot: Point, low: float, own: Box, others: Sequence[Box], measures: Measures, *, towards: float
) -> list[Point]:
    """Return the corners from a node's foot to the level piece; beside the column where other nodes stand below."""
    if not any(crosses(foot, (foot[0], low), box) for box in others):
        return [foot, (foot[0], low)]
    aside = own.left - measures.clear if towards < foot[0] else own.right + measures.clear
    under = own.bottom + measures.drop / 2
    return [foot, (foot[0], under), (aside, under), (aside, low)]


def _beside(one: Box, other: Box, measures: Measures) -> Route:
    """Return a way back between nodes that stand above each other: it swings out to the left."""
    start, tip = (one.left, one.y + 8), (other.left, other.y + 8)
    end = (tip[0] - measures.arrow + 1, tip[1])
    reach = min(MOST_REACH, LEAST_REACH + abs(start[1] - tip[1]) / 4)
    line = curved([(start, (start[0] - reach, start[1]), (end[0] - reach, end[1]), end)])
    return _route(line, start, tip, (1.0, 0.0), measures)


def _route(
    line: Line, start: Point, tip: Point, heading: Point, measures: Measures, level: tuple[Point, Point] | None = None
) -> Route:
    room = measures.arrow
    bounds = line.path.boundingRect().adjusted(-room, -room, room, room)
    return Route(
        line=line,
        start=QPointF(*start),
        tip=QPointF(*tip),
        heading=QPointF(*heading),
        bounds=bounds,
        head=_head(tip, heading, measures.arrow),
        level=level,
    )


def _head(tip: Point, heading: Point, length: float) -> QPolygonF:
    (x, y), (across, down) = tip, (heading[0] * length, heading[1] * length)
    back, aside = (x - across, y - down), (-down / 2, across / 2)
    ends = (QPointF(back[0] + aside[0], back[1] + aside[1]), QPointF(back[0] - aside[0], back[1] - aside[1]))
    return QPolygonF([QPointF(x, y), *ends, QPointF(x, y)])


def _along(points: Sequence[Point], by: float) -> QPointF:
    for before, at in itertools.pairwise(points):
        length = math.dist(before, at)
        if length >= by:
            part = by / length
            return QPointF(before[0] + (at[0] - before[0]) * part, before[1] + (at[1] - before[1]) * part)
        by -= length
    return QPointF(*points[-1])
