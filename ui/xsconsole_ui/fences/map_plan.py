"""Where the boxes and lines of a fence's map are, for a width: outside above, the router on the fence, inside below."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QFontMetricsF

from xsconsole.domain.fence.picture import Picture, Place, PlaceKind, Way
from xsconsole_ui import pieces, theme

LEAST_WIDTH = 320  # px, of a map
LEAST_OUTSIDE = 108  # px, of a box outside
LEAST_SEGMENT = 164  # px
ROUTER_WIDTH = 248  # px, at most
BETWEEN = 44  # px, where lines and what they say have room
PADDING = theme.GAP
MARK = 20  # px, before a sentence
POWER = 10  # px, of the square before a name
WRAPS = Qt.TextFlag.TextWordWrap


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    place: Place
    area: QRectF


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """From the router to a box."""

    way: Way
    start: QPointF
    end: QPointF


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A sentence below the map, or above it where it is bad."""

    text: str
    area: QRectF
    tone: str  # good: it passes; muted: it does not; bad: it is a breach; warn: another address than planned


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPlan:
    """`fence` is the frame around the inside."""

    head: QRectF
    fence: QRectF
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    said: tuple[Said, ...]
    height: float

    def at(self, point: QPointF) -> Place | None:
        """Return the box under a point; a member goes before the segment that it is in."""
        return next((box.place for box in reversed(self.boxes) if box.area.contains(point)), None)

    def area_of(self, key: str) -> QRectF:
        return next((box.area for box in self.boxes if box.place.key == key), QRectF())


def least_width(picture: Picture) -> int:
    """Return how narrow a map can be, in pixels: boxes of one row stay in one row, so that no line crosses a box."""
    outside = len(_of(picture, PlaceKind.OUTSIDE, PlaceKind.SHUT, PlaceKind.PEER))
    segments = len(_of(picture, PlaceKind.SEGMENT))
    rows = outside * (LEAST_OUTSIDE + theme.GAP), segments * (LEAST_SEGMENT + theme.GAP) + 2 * PADDING
    return max(LEAST_WIDTH, *(row + 2 * theme.MARGIN for row in rows))


def plan_map(picture: Picture, width: float) -> MapPlan:
    """Return the map laid out. Pure; heights follow from the fonts."""
    left, wide = float(theme.MARGIN), width - 2 * theme.MARGIN
    text = QFontMetricsF(theme.text_font())
    head = QRectF(left, theme.MARGIN, wide, 2 * text.height() + theme.SPACE)
    top = head.bottom() + theme.GAP
    found = _sentences([breach.sentence for breach in picture.breaches], "bad", left, top, wide)
    top = found[-1].area.bottom() + theme.SPACE if found else top
    found += _sentences([f"{one.sentence} {one.mend}" for one in picture.strays], "warn", left, top, wide)
    top = (found[-1].area.bottom() if found else top) + theme.GAP
    outside = _row(_of(picture, PlaceKind.OUTSIDE, PlaceKind.SHUT, PlaceKind.PEER), left, top, wide)
    router, frame_top = _router(picture, left, _foot(outside, top) + BETWEEN, wide)
    first = max(_foot(router, frame_top) + BETWEEN, frame_top + PADDING)
    inside = tuple(_inside(picture, left + PADDING, first, wide - 2 * PADDING))
    fence = QRectF(left, frame_top, wide, _foot(inside, first) + PADDING - frame_top)
    boxes = (*outside, *router, *inside)
    areas = {box.place.key: box.area for box in boxes}
    said = [*found, *_sentences(picture.passes, "good", left, fence.bottom() + theme.MARGIN, wide)]
    below = said[-1].area.bottom() if picture.passes else fence.bottom() + theme.MARGIN
    said += _sentences(picture.bars, "muted", left, below + theme.SPACE, wide)
    end = max(fence.bottom(), *(one.area.bottom() for one in said), fence.bottom())
    return MapPlan(
        head=head,
        fence=fence,
        boxes=boxes,
        lines=tuple(_lines(picture, areas)),
        said=tuple(said),
        height=end + theme.MARGIN,
    )


def _of(picture: Picture, *kinds: PlaceKind) -> tuple[Place, ...]:
    return tuple(place for place in picture.places if place.kind in kinds)


def height_of(place: Place) -> float:
    """Return how high a box is: its title, and a line for each of its words."""
    title, line = QFontMetricsF(theme.text_font(is_bold=True)), QFontMetricsF(theme.caption_font())
    return 2 * PADDING + title.height() + len(place.lines) * (line.height() + 2)


def _row(places: Sequence[Place], left: float, top: float, width: float) -> tuple[Box, ...]:
    if not places:
        return ()
    each = (width - (len(places) - 1) * theme.GAP) / len(places)
    high = max(map(height_of, places))
    return tuple(
        Box(place=place, area=QRectF(left + at * (each + theme.GAP), top, each, high))
        for at, place in enumerate(places)
    )


def _foot(boxes: Sequence[Box], otherwise: float) -> float:
    return max((box.area.bottom() for box in boxes), default=otherwise)


def _router(picture: Picture, left: float, top: float, width: float) -> tuple[tuple[Box, ...], float]:
    """Return the router's box, and where the frame of the fence begins: half way down it."""
    found = _of(picture, PlaceKind.ROUTER)
    if not found:
        return (), top
    wide, high = min(ROUTER_WIDTH, width - 2 * PADDING), height_of(found[0])
    area = QRectF(left + (width - wide) / 2, top, wide, high)
    return (Box(place=found[0], area=area),), area.center().y()


def _inside(picture: Picture, left: float, top: float, width: float) -> Iterator[Box]:
    segments = _of(picture, PlaceKind.SEGMENT)
    columns = {
        segment.key: [place for place in _of(picture, PlaceKind.MEMBER) if place.within == segment.key]
        for segment in segments
    }
    each = (width - (len(segments) - 1) * theme.GAP) / max(1, len(segments))
    high = max((_column_height(segment, columns[segment.key]) for segment in segments), default=0.0)
    for at, segment in enumerate(segments):
        area = QRectF(left + at * (each + theme.GAP), top, each, high)
        yield Box(place=segment, area=area)
        below = top + height_of(segment)
        for member in columns[segment.key]:
            yield Box(place=member, area=QRectF(area.left() + PADDING, below, each - 2 * PADDING, height_of(member)))
            below += height_of(member) + theme.GAP


def _column_height(segment: Place, members: Sequence[Place]) -> float:
    return height_of(segment) + sum(height_of(member) + theme.GAP for member in members)


def _lines(picture: Picture, areas: Mapping[str, QRectF]) -> Iterator[Line]:
    for way in picture.ways:
        source, target = areas.get(way.source), areas.get(way.target)
        if source is None or target is None:
            continue
        above, under = (source, target) if source.top() < target.top() else (target, source)
        router = source if way.source == "router" else target
        ends = [QPointF(area.center().x(), y) for area, y in ((above, above.bottom()), (under, under.top()))]
        # Lines leave the router spread out, towards where they go.
        for at, area in enumerate((above, under)):
            if area is router:
                other = under if area is above else above
                reach = router.width() / 2 - theme.MARGIN
                off = max(-reach, min(reach, (other.center().x() - router.center().x()) / 3))
                ends[at] = QPointF(router.center().x() + off, ends[at].y())
        yield Line(way=way, start=ends[0], end=ends[1])


def _sentences(texts: Sequence[str], tone: str, left: float, top: float, width: float) -> list[Said]:
    metrics = QFontMetrics(theme.caption_font())
    found: list[Said] = []
    for text in map(pieces.breakable, texts):
        room = metrics.boundingRect(0, 0, max(1, int(width - MARK)), 10_000, int(WRAPS), text)
        found.append(Said(text=text, area=QRectF(left, top, width, room.height() + 2), tone=tone))
        top += room.height() + theme.SPACE + 2
    return found
