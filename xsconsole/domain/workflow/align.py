"""Guides while a rectangle is dragged: edges and middles of others that it nearly stands in line with."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Snap:
    """How far to shift the dragged box so that it stands in line, and the guides to show then."""

    dx: float = 0.0
    dy: float = 0.0
    guides: tuple[Guide, ...] = ()


def snap(dragged: Box, others: Iterable[Box], reach: float) -> Snap:
    """Return the nearest alignment on each axis that is not farther than `reach`; of two as near, the first listed."""
    standing = tuple(others)
    dx = _shift(dragged, standing, Axis.X, reach)
    dy = _shift(dragged, standing, Axis.Y, reach)
    moved = Box(x=dragged.x + (dx or 0.0), y=dragged.y + (dy or 0.0), width=dragged.width, height=dragged.height)
    guides = [
        guide
        for axis, shift in ((Axis.X, dx), (Axis.Y, dy))
        if shift is not None
        for guide in _guides(moved, standing, axis)
    ]
    return Snap(dx=dx or 0.0, dy=dy or 0.0, guides=tuple(guides))


def _shift(dragged: Box, others: tuple[Box, ...], axis: Axis, reach: float) -> float | None:
    """Return the smallest shift that puts a line of the dragged box on the same kind of line of another."""
    shifts = [
        theirs - ours
        for other in others
        for ours, theirs in zip(dragged.lines(axis), other.lines(axis), strict=True)
        if abs(theirs - ours) <= reach
    ]
    return min(shifts, key=abs, default=None)


def _guides(moved: Box, others: tuple[Box, ...], axis: Axis) -> list[Guide]:
    across = Axis.Y if axis is Axis.X else Axis.X
    found = []
    for at, ours in enumerate(moved.lines(axis)):
        in_line = [other for other in others if abs(other.lines(axis)[at] - ours) < 1e-6]
        if in_line:
            ends = [end for box in (moved, *in_line) for end in (box.lines(across)[0], box.lines(across)[2])]
            found.append(Guide(axis=axis, at=ours, start=min(ends), end=max(ends)))
    return found
