"""Values that move like measured ones: functions of what they belong to and of the time, and of nothing else."""

import hashlib
import math
from enum import StrEnum

STEP_S = 5
"""How often a real host measures."""

_DAY_S = 86_400
_MASK = (1 << 64) - 1


class Consolidation(StrEnum):
    """What is kept of the measurements of a longer time."""

    AVERAGE = "AVERAGE"
    MIN = "MIN"
    MAX = "MAX"
    LAST = "LAST"


class Signal:
    """A level between 0 and 1, the same again for the same seed and owner."""

    __slots__ = ("_key", "_period_s", "_phase")

    def __init__(self, seed: int, owner: str, name: str) -> None:
        self._key = int.from_bytes(hashlib.blake2b(f"{seed}:{owner}:{name}".encode(), digest_size=8).digest())
        self._period_s = 900 + self._key % 5400
        self._phase = self._key % 997 / 997

    def at(self, instant_s: int, step_s: int, kept: Consolidation) -> float:
        """Return the level for the time of `step_s` that ends at an instant.

        The longer that is the calmer is its average, and the farther are its extremes from it.
        """
        calm = min(1.0, math.sqrt(STEP_S / step_s))
        day = _hump(instant_s / _DAY_S + 0.1 * self._phase)
        swing = _hump(instant_s / self._period_s + self._phase) if step_s < self._period_s else 0.5
        noise = (self._noise(instant_s // STEP_S) - 0.5) * calm + 0.5
        level = 0.35 * day + 0.35 * swing + 0.3 * noise
        if kept is Consolidation.MIN:
            return max(0.0, level - 0.3 * (1 - calm))
        if kept is Consolidation.MAX:
            return min(1.0, level + 0.3 * (1 - calm))
        return level

    def _noise(self, number: int) -> float:
        mixed = (self._key ^ number * 0x9E3779B97F4A7C15) & _MASK
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _MASK
        return (mixed ^ mixed >> 31) / _MASK


def _hump(turns: float) -> float:
    """Return a wave of one turn: from 0 up to 1 and back."""
    share = turns % 1.0
    return 4 * share * (1 - share)
