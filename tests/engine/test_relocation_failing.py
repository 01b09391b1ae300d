"""A move to other networks, storage and hosts that fails anywhere: it is there, or as before."""

import pytest

from tests.engine.desks import Desk, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_relocation import Scene
from xsconsole.domain.board import Standing
from xsconsole.errors import ConsoleError


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
