"""How large the parts of the graph are, in pixels at 100 %: as the designer draws it, and in small above the board."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF

from xsconsole.domain.workflow.values import Place

GRID = 20  # px, one step of a `Place`


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Nodes, the ways between them, and their labels."""

    width: float
    height: float
    is_small: bool
    arrow: float  # length of an arrow's head
    drop: float  # from a node's foot to the first way back below it
    lane: float  # between ways back that run beside each other
    spread: float  # between ends of ways back at one node
    corner: float
    clear: float  # of nodes that a way passes
    label_height: float
    line: float  # width of an edge


DESIGNER = Measures(
    width=9 * GRID,
    height=4 * GRID,
    is_small=False,
    arrow=10.0,
    drop=22.0,
    lane=20.0,
    spread=14.0,
    corner=9.0,
    clear=14.0,
    label_height=18.0,
    line=1.5,
)
STRIP = Measures(
    width=124.0,
    height=26.0,
    is_small=True,
    arrow=7.0,
    drop=9.0,
    lane=7.0,
    spread=10.0,
    corner=5.0,
    clear=5.0,
    label_height=15.0,
    line=1.2,
)


def point_of(place: Place) -> QPointF:
    """Return the upper left corner of a stage that stands at `place`."""
    return QPointF(place.x * GRID, place.y * GRID)


def place_of(point: QPointF) -> Place:
    """Return the place on the grid that is nearest."""
    return Place(x=round(point.x() / GRID), y=round(point.y() / GRID))
