"""How long steps take that run side by side where they do not wait for each other, so many at once."""

from collections.abc import Collection, Iterable

from xsconsole.domain.ids import StepKey

STEPS_AT_ONCE = 4


def span_s(steps: Iterable[tuple[StepKey, Collection[StepKey], float]]) -> float:
    """Return the time of the longest chain or, where that is longer, of all the work that so many at once have.

    Each step is its key, the steps before it, which stand before it in the order too, and its seconds.
    """
    ends: dict[StepKey, float] = {}
    work_s = 0.0
    for key, after, seconds in steps:
        ends[key] = max((ends[before] for before in after), default=0.0) + seconds
        work_s += seconds
    return max(work_s / STEPS_AT_ONCE, *ends.values(), 0.0)
