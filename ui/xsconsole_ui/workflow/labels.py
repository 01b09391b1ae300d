"""Where the labels of edges stand: on their edge, and on no node and no other label where there is room."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF

from xsconsole.domain.ids import TransitionId
from xsconsole_ui import theme
from xsconsole_ui.workflow.curves import Box, box_of
from xsconsole_ui.workflow.measures import Measures
from xsconsole_ui.workflow.routes import Route

PADDING = 6.0
LEAST_WIDTH, MOST_WIDTH = 44.0, 190.0
GAP_WIDTH = 112.0  # that fits between two layers
PARTS = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8)


@dataclass(frozen=True, slots=True)
class Label:
    text: str
    area: QRectF


def labels(
    texts: Mapping[TransitionId, str], found: Mapping[TransitionId, Route], nodes: Iterable[Box], measures: Measures
) -> dict[TransitionId, Label]:
    """Return the labels there is room for; what one says stands in the tooltip of its edge anyway."""
    metrics = QFontMetricsF(theme.caption_font())
    placed: dict[TransitionId, Label] = {}
    taken = list(nodes)
    for way_id, text in texts.items():
        if not text or way_id not in found:
            continue
        route = found[way_id]
        needed = metrics.horizontalAdvance(text) + 2 * PADDING
        wide = min(needed, MOST_WIDTH)
        if route.level is not None:
            length = abs(route.level[0][0] - route.level[1][0])
            wide = min(wide, length - 4)
        if wide < min(needed, LEAST_WIDTH) or (measures.is_small and wide < needed):
            continue
        area = _free(_areas(route, wide, measures), taken)
        if area is None and not measures.is_small and wide > GAP_WIDTH:
            area = _free(_areas(route, GAP_WIDTH, measures), taken)
        if area is not None:
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width() - 2 * PADDING + 1)
            placed[way_id] = Label(shown, area)
            taken.append(box_of(area))
    return placed


def _areas(route: Route, wide: float, measures: Measures) -> list[QRectF]:
    """Return where a label could stand, best first."""
    if route.level is not None:
        (x1, y), (x2, _) = route.level
        is_way_back = route.heading.y() < 0
        # A level way is short: a label on it would hide it, so it stands above; a way back is long.
        lifted = y if is_way_back else y - measures.label_height / 2 - 4
        spots = [QPointF(x1 + (x2 - x1) * part, lifted) for part in PARTS]
        if not is_way_back:
            spots = [spots[0] + QPointF(measures.arrow / 2, 0), *spots[1:]]
    else:
        spots = [route.line.at(part) for part in PARTS]
    half = measures.label_height / 2
    return [QRectF(spot.x() - wide / 2, spot.y() - half, wide, measures.label_height) for spot in spots]


def _free(areas: Sequence[QRectF], taken: Sequence[Box]) -> QRectF | None:
    for area in areas:
        left, top, right, bottom = box_of(area)
        if not any(box[0] < right and box[2] > left and box[1] < bottom and box[3] > top for box in taken):
            return area
    return None
