"""How long which values are kept, and which of them answer a question."""

import math
from dataclasses import dataclass

from xsconsole.simpool.signals import STEP_S, Consolidation

KEPT = (Consolidation.AVERAGE, Consolidation.MIN, Consolidation.MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """So many values, each of them for so many seconds."""

    step_s: int
    rows: int

    def last(self, now_s: float) -> int:
        """Return the end of the last time that is complete."""
        return int(now_s) // self.step_s * self.step_s


ARCHIVES = (
    Archive(step_s=STEP_S, rows=120),
    Archive(step_s=60, rows=120),
    Archive(step_s=3600, rows=168),
    Archive(step_s=86_400, rows=366),
)


def chosen(start_s: int, interval_s: int, now_s: float) -> Archive:
    """Return the finest archive that is no finer than wanted and reaches back to `start_s`; else the coarsest."""
    last = ARCHIVES[0].last(now_s)
    for archive in ARCHIVES:
        if archive.step_s >= interval_s // STEP_S * STEP_S and start_s > last - archive.step_s * archive.rows:
            return archive
    return ARCHIVES[-1]


def instants(archive: Archive, start_s: int, now_s: float) -> list[int]:
    """Return the ends of the times from `start_s` on, the latest first."""
    last = archive.last(now_s)
    times = (last - number * archive.step_s for number in range(archive.rows))
    return [instant for instant in times if instant >= start_s]


def number_text(value: float) -> str:
    """Return a value as a real host writes it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return f"{value:.15g}" if value else "0.0"
