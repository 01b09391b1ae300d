"""What differs between two states of a list: one piece in the middle, so that a view changes only that."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Difference(NamedTuple):
    """From row `first` on, `gone` rows went and `came` rows came."""

    first: int
    gone: int
    came: int


def difference(before: Sequence[T], after: Sequence[T]) -> Difference:
    first = _same(before, after)
    most = min(len(before), len(after)) - first
    last = min(_same(before[::-1], after[::-1]), most)
    return Difference(first, len(before) - first - last, len(after) - first - last)


def _same(one: Sequence[T], other: Sequence[T]) -> int:
    """Return how many rows are equal from the start."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
