"""A move into another pool that fails anywhere: all machines are there, or all are as before."""

import pytest

from tests.engine.desks import Desk, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_moving_across import MOVE, is_clear, machines, rosters
from tests.engine.two_pools import Company
from xsconsole.domain.board import Standing
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Direction
from xsconsole.errors import ConsoleError


async def promote(company: Company, desk: Desk) -> None:
    try:
        await desk.do(desk.promotion(company.shop, "production"))
    except ConsoleError:
        return


class Ends:
    """How a company may end: all machines in the one pool or all in the other, and each of them once."""

    def __init__(self, company: Company) -> None:
        self.before = machines(company.test.pool)

    def look(self, company: Company) -> bool:
        """Return whether they have moved."""
        test, production = company.test.pool, company.production.pool
        assert is_clear(company)
        is_moved = not machines(test)
        where, nowhere = (production, test) if is_moved else (test, production)
        assert {name: state[0] for name, state in machines(where).items()} == {
            name: state[0] for name, state in self.before.items()
        }
        assert machines(nowhere) == {}
        assert (rosters(where), rosters(nowhere)) == (1, 0)
        if not is_moved:
            assert machines(test) == self.before
            assert all(vm.snapshots == () for vm in test.vms())
        return is_moved


@pytest.mark.parametrize("how", ["fail", "lose-before", "lose-after"])
@pytest.mark.parametrize(("method", "is_here"), [("migrate_send", True), ("start", False), ("add_key", False)])
def test_whatever_fails_or_gets_no_answer_it_is_there_or_as_before(method: str, how: str, *, is_here: bool) -> None:
    async def story() -> None:
        for nth in (1, 3):
            company = await Company().begin(**MOVE)
            ends, here = Ends(company), company.pair.here
            port = here.port if is_here else company.pair.there.port
            port.faults.append(Fault(method=method, nth=nth, how=how))
            await promote(company, here)
            is_struck = not port.faults
            port.faults.clear()
            card = here.board.cards.get(company.shop)
            if card is not None and card.standing is Standing.INTERRUPTED:
                assert (await here.settle(company.shop, Direction.UNDO)).state is RunState.UNDONE
            assert ends.look(company) is (how != "fail" or not is_struck)

    virtually(story)
