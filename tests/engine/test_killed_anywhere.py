"""Consoles that die at any place of what they do: whoever comes next finishes it, or puts it back, whole."""

import os

import pytest

from tests.engine.deaths import Fate
from tests.engine.desks import virtually
from tests.engine.sweeps import ASKING, SWEEPS
from xsconsole.engine.commands import Direction

# Some of the deaths, others in each direction; all of them where slow tests are asked for.
EVERY = 1 if "XSCONSOLE_SLOW_TESTS" in os.environ else 5


@pytest.mark.parametrize("name", SWEEPS)
def test_wherever_a_console_dies_another_one_finishes_what_it_left_or_puts_it_back(name: str) -> None:
    async def story() -> None:
        sweep = await SWEEPS[name]()
        for number, direction in enumerate(Direction):
            counted = await sweep.fates(direction, EVERY, number * EVERY // 2)

            can_only_be_put_back = direction is Direction.UNDO or name == ASKING
            wanted = Fate.UNDONE if can_only_be_put_back else Fate.RESUMED
            assert counted[wanted] > 0
            assert set(counted) <= {wanted, Fate.CLOSED}

    virtually(story)
