"""A move into another pool that fails anywhere: all machines are there, or all are as before."""

import pytest

from tests.engine.crossings import MOVE, Ends
from tests.engine.desks import Desk, virtually
from tests.engine.memory_port import Fault
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
