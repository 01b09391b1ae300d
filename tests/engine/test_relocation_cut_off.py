"""A move to other networks, storage and hosts that is killed or fails anywhere: it is there, or as before."""

import asyncio

import pytest

from tests.engine.desks import Desk, MemoryLedger, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_copying_cut_off import bury
from tests.engine.test_relocation import Scene
from xsconsole.domain.board import Standing
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.engine.commands import Direction
from xsconsole.errors import ConsoleError

STRIDE = 61  # of some 420 places at which the console can die


async def promote(scene: Scene, desk: Desk) -> None:
    try:
        await desk.do(desk.promotion(scene.shop, "production"))
    except ConsoleError:
        return


def ended(scene: Scene, desk: Desk) -> None:
    card = desk.card(scene.shop)
    assert card.standing is Standing.WHOLE
    assert scene.state() == (scene.moved() if card.stage == "production" else scene.before)
    scene.nothing_is_open()


@pytest.mark.parametrize("direction", list(Direction))
def test_killed_anywhere_another_console_brings_it_there_or_back(direction: Direction) -> None:
    def killed(cut_at: int) -> bool:
        async def story() -> bool:
            scene = await Scene().begin()
            scene.desk.cut_at = cut_at
            await asyncio.wait([asyncio.ensure_future(promote(scene, scene.desk))])
            if not scene.desk.is_dead:
                ended(scene, scene.desk)
                return False
            await bury()
            other = scene.office.desk(scene.desk.ledger if cut_at % 2 else MemoryLedger())
            scene.desk.inventory = other.inventory
            await asyncio.sleep(61)
            await other.engine.begin()
            if other.card(scene.shop).standing is Standing.INTERRUPTED:
                status = await other.settle(scene.shop, direction)
                assert status.error is None, explain(status.error)
                assert status.state is (RunState.DONE if direction is Direction.RESUME else RunState.UNDONE)
            ended(scene, other)
            return True

        return virtually(story)

    cut_at = 1 if direction is Direction.RESUME else 4
    while killed(cut_at):
        cut_at += STRIDE


@pytest.mark.parametrize("how", ["fail", "lose-before", "lose-after"])
@pytest.mark.parametrize("method", ["put_on", "move_disk", "prefer", "migrate"])
def test_whatever_fails_or_gets_no_answer_it_is_there_or_as_before(method: str, how: str) -> None:
    async def story() -> None:
        for nth in range(1, 5):
            scene = await Scene().begin()
            fault = Fault(method=method, nth=nth, how=how)
            scene.desk.port.faults.append(fault)
            await promote(scene, scene.desk)
            has_struck = fault not in scene.desk.port.faults
            ended(scene, scene.desk)
            if how == "fail" and has_struck:
                assert scene.state() == scene.before
            if not has_struck:
                return

    virtually(story)
