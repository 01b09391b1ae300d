"""What Health looks at, of all pools that there are."""

from xsconsole.console import Estate
from xsconsole.domain.crowding import examined_places
from xsconsole.domain.estate import Part
from xsconsole.domain.health import Examination, examined_all
from xsconsole.domain.stays import examined_stays


def examined(console: Estate) -> Examination:
    """Look at the objects of the pools, then at how long configurations may stand where they do, and how many may."""
    now = console.home.clock.now()
    yield from examined_all(console.inventory.parts, now)
    for one in console.consoles:
        yield from examined_stays(one.own_board, one.inventory.pool, now)
    yield from examined_places([Part(sight=console.sight_of(one), board=one.own_board) for one in console.consoles])
