"""Consoles that die while they ask for copies or carry them out: any other console clears what they leave."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

import pytest

from tests.engine.desks import Desk, virtually
from tests.engine.requesting import ask, run
from tests.engine.test_candidates import Scene
from tests.engine.test_copying import census
from tests.engine.test_copying_cut_off import bury
from xsconsole.domain.board import Standing
from xsconsole.domain.plan import RunKind
from xsconsole.domain.request_views import RequestState
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Direction
from xsconsole.errors import ConsoleError, Refused

ASKING_STRIDE = 23  # of some 180 places at which the console can die
RUNNING_STRIDE = 89  # of some 600


async def dying(scene: Scene, cut_at: int, work: Coroutine[Any, Any, object], desk: Desk) -> bool:
    """Let a console die at its n-th crossing; return whether it came to that, and its lease is stale then."""
    desk.cut_at = cut_at
    await asyncio.wait([asyncio.ensure_future(quietly(work))])
    await desk.engine.close()
    if not desk.is_dead:
        desk.cut_at = None
        return False
    await bury()
    await asyncio.sleep(61)
    return True


async def quietly(work: Coroutine[Any, Any, object]) -> None:
    with contextlib.suppress(ConsoleError):
        await work


def asked_and_cut(cut_at: int) -> bool:
    """Die while asking, and let another console put the rest in order."""

    async def story() -> bool:
        scene = await Scene().begin()
        bob = scene.bob
        if not await dying(scene, cut_at, ask(scene.alice, scene.shop), scene.alice):
            return False
        if bob.card(scene.shop).standing is Standing.INTERRUPTED:
            with pytest.raises(Refused, match="nobody but who was about to make it"):
                await bob.settle(scene.shop, Direction.RESUME)
            assert (await bob.settle(scene.shop, Direction.UNDO)).state is RunState.UNDONE
        for left in bob.engine.requests.left_over():
            assert await bob.engine.requests.clean(left, "left over") == ""
        for found in bob.engine.requests.views(bob.clock.now()):
            assert (found.state, len(scene.frozen())) == (RequestState.WAITING, 3)
            assert await bob.engine.requests.forget(found.request, "") == ""
        assert bob.card(scene.shop).standing is Standing.WHOLE
        assert census(scene.office) == scene.before
        return True

    return virtually(story)


def carried_out_and_cut(cut_at: int, direction: Direction) -> bool:
    """Die while carrying out what was approved, or tidying up after it."""

    async def story() -> bool:
        scene = await Scene().begin()
        alice, bob = scene.alice, scene.bob
        request = await scene.approved()

        async def through() -> None:
            await (await run(bob, request)).wait()

        if not await dying(scene, cut_at, through(), bob):
            return False
        card = alice.card(scene.shop)
        if card.standing is Standing.INTERRUPTED:
            assert card.run is not None
            is_thawing = card.run.record.plan.intent.kind is RunKind.THAW
            status = await alice.settle(scene.shop, direction)
            await alice.engine.close()
            expected = RunState.DONE if direction is Direction.RESUME else RunState.UNDONE
            assert (status.error, status.state) == (None, expected)
            assert len(alice.board.cards) == 1 + (direction is Direction.RESUME or is_thawing)
        for found in alice.engine.requests.views(alice.clock.now()):
            assert await alice.engine.requests.forget(found.request, "") == ""
        for left in alice.engine.requests.left_over():
            assert await alice.engine.requests.clean(left, "left over") == ""
        assert scene.frozen() == []
        assert {card.standing for card in alice.board.cards.values()} == {Standing.WHOLE}
        return True

    return virtually(story)


def test_a_console_that_dies_while_it_asks_leaves_what_any_other_can_clear() -> None:
    at = 1
    while asked_and_cut(at):
        at += ASKING_STRIDE
    assert at > 150


@pytest.mark.parametrize("direction", Direction)
def test_a_console_that_dies_while_it_carries_out_is_settled_by_any_other(direction: Direction) -> None:
    at = 1 if direction is Direction.RESUME else 2
    while carried_out_and_cut(at, direction):
        at += RUNNING_STRIDE
    assert at > 500
