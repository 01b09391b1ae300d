"""Refusing what something stands against; an emergency would pass some of it, and nothing else does."""

from collections.abc import Callable, Sequence

from xsconsole.domain.barriers import Barrier
from xsconsole.errors import Barred, NotPromotable


def demand_open(barriers: Sequence[Barrier], has_place: Callable[[], None]) -> None:
    """Refuse where anything stands against it, naming all of that, also where there is no place for it.

    Raises:
        Barred: with when all of it will have fallen away by itself, where that is known.
        NotPromotable: there is no place, and nothing else is in the way.
    """
    try:
        has_place()
    except NotPromotable as full:
        if not barriers:
            raise
        raise barred(barriers, full) from full
    if barriers:
        raise barred(barriers)


def barred(barriers: Sequence[Barrier], also: NotPromotable | None = None) -> Barred:
    """Return the refusal that names these barriers, and what else is in the way."""
    reasons = [barrier.sentence for barrier in barriers] + ([also.reason] if also is not None else [])
    mends = [barrier.mend for barrier in barriers] + ([also.mend] if also is not None else [])
    ends = [barrier.until for barrier in barriers]
    known = [end for end in ends if end is not None]
    is_known = also is None and len(known) == len(ends)
    return Barred(reason=" ".join(reasons), mend=" ".join(dict.fromkeys(mends)), until=max(known) if is_known else None)
