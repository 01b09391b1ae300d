"""Guides while a rectangle is dragged: edges and middles of others that it stands in line with."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

PLACES = 4  # of a line's number: what differs by less is the same line


class Axis(StrEnum):
    """`X`: a vertical guide, for left, middle or right; `Y`: a horizontal one."""

    X = "x"
    Y = "y"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle; x and y are those of its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    def lines(self, axis: Axis) -> tuple[float, float, float]:
        start, size = (self.x, self.width) if axis is Axis.X else (self.y, self.height)
        return start, start + size / 2, start + size


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """A line to draw, at `at` on its axis and from `start` to `end` across, along the dragged box and those in line."""

    axis: Axis
    at: float
    start: float
    end: float


class Ruler:
    """The lines of boxes that stay, looked up at every step of a drag."""

    def __init__(self, standing: Iterable[Box]) -> None:
        self._in_line: dict[tuple[Axis, int, float], list[Box]] = defaultdict(list)
        for box in standing:
            for axis in Axis:
                for at, line in enumerate(box.lines(axis)):
                    self._in_line[axis, at, round(line, PLACES)].append(box)

    def guides(self, dragged: Box) -> tuple[Guide, ...]:
        """Return the lines along which a box stands: left with left, middle with middle, right with right."""
        found = []
        for axis in Axis:
            across = Axis.Y if axis is Axis.X else Axis.X
            for at, line in enumerate(dragged.lines(axis)):
                in_line = self._in_line.get((axis, at, round(line, PLACES)))
                if in_line:
                    ends = [end for box in (dragged, *in_line) for end in box.lines(across)]
                    found.append(Guide(axis=axis, at=line, start=min(ends), end=max(ends)))
        return tuple(found)
