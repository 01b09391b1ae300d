"""How long to wait between tries: ever longer, and never as long as the others wait."""

import random
from collections.abc import Callable


class Backoff:
    """Waits that double, each shortened at random: consoles that lost a pool together do not come back together."""

    def __init__(self, *, first_s: float, longest_s: float, chance: Callable[[], float] = random.random) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._chance = chance
        self._wait_s = first_s

    def reset(self) -> None:
        self._wait_s = self._first_s

    def next_s(self) -> float:
        """Return the next wait: between half of it and the whole."""
        wait_s, self._wait_s = self._wait_s, min(2 * self._wait_s, self._longest_s)
        return wait_s * (1 + self._chance()) / 2
