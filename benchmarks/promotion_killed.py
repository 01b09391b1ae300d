"""Every place at which a console can die in the middle of a run, and what another one makes of what is left there.

    python benchmarks/promotion_killed.py [EVERY]

A place is one before or after a call of the pool or a commit of the record; places between which nothing changed leave
the same. Of what is left each is finished and, in another world, put back: all, or every so many. The pool is that
of the tests, without a wire; `tests/console/test_kill.py` kills real processes at some of these places.
"""

import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.engine.desks import virtually
from tests.engine.sweeps import SWEEPS
from xsconsole.engine.commands import Direction


async def swept(name: str, every: int) -> Counter[str]:
    sweep = await SWEEPS[name]()
    places = sum(death.places for death in sweep.deaths)
    ends = {}
    for direction in Direction:
        ends[direction] = await sweep.fates(direction, every)  # fails where anything is not whole afterwards
    told = "; ".join(
        f"{direction.value}: " + ", ".join(f"{count} {fate.value}" for fate, count in sorted(counted.items()))
        for direction, counted in ends.items()
    )
    print(f"{name}: {places} places, of which {len(sweep.deaths)} leave something else; {told}", flush=True)
    return Counter(places=places, killed=sum(counted.total() for counted in ends.values()))


def main(every: int) -> None:
    began, total = time.monotonic(), Counter[str]()
    for name in SWEEPS:
        total += virtually(lambda: swept(name, every))  # noqa: B023 - told at once
    killed = f"{total['killed']} deaths, each settled whole"
    print(f"{total['places']} places in {len(SWEEPS)} kinds of runs: {killed} ({time.monotonic() - began:.0f} s)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
