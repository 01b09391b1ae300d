"""The least number of people who satisfy several rules together."""

from collections import Counter
from collections.abc import Collection, Sequence

from xsconsole.domain.ids import PersonId

MOST_COUNTED = 5000  # more would be felt in a list of requests


def fewest(wanted: Sequence[int], able: Sequence[Collection[PersonId]]) -> int:
    """Return how many people give every rule what it wants, each counting wherever they are able; at least so many.

    People who serve the same rules are alike. It is exact up to `MOST_COUNTED` ways to stand half-way; beyond, the
    rule that wants most is the answer, which is never too much.
    """
    everybody = {person for people in able for person in people}
    alike = Counter(tuple(at for at, people in enumerate(able) if person in people) for person in everybody)
    reached = {tuple(wanted): 0}
    for serves, number in alike.items():
        for left, used in tuple(reached.items()):
            for more in range(1, min(number, max((left[at] for at in serves), default=0)) + 1):
                then = tuple(max(0, one - more) if at in serves else one for at, one in enumerate(left))
                reached[then] = min(used + more, reached.get(then, used + more))
        if len(reached) > MOST_COUNTED:
            return max(wanted)
    return reached.get((0,) * len(wanted), sum(wanted))
