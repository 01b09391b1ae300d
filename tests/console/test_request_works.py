"""What an open window carries out by itself is tried again where it was refused, and once where it was done."""

import asyncio

from tests.engine.desks import virtually
from tests.engine.requesting import Scene, approve, ask, view
from xsconsole.console.requests.works import FIRST_S, RequestWorks
from xsconsole.domain.ids import RequestId
from xsconsole.domain.requests.views import RequestState, RequestView
from xsconsole.errors import Refused


def test_what_was_refused_is_tried_again_ever_less_often_until_it_is_done() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        request = await ask(scene.alice, scene.shop, runs_itself=True)
        await approve(scene.bob, request)
        stands = view(scene.alice, request)
        assert stands.state is RequestState.APPROVED
        refusals, begun = [Refused(reason="Not yet."), Refused(reason="Not yet.")], list[float]()
        loop = asyncio.get_running_loop()

        async def carry_out(asked: RequestId) -> None:
            assert asked == request.id
            begun.append(loop.time())
            if refusals:
                raise refusals.pop()

        async def thaw(_: RequestView) -> None:
            raise AssertionError("nothing was frozen")

        works, start = RequestWorks(carry_out, thaw), loop.time()
        for _ in range(30):  # as a watch looks, every few seconds
            works.hear((stands,), request.key)
            await asyncio.sleep(FIRST_S / 4)
        await works.end()

        assert [round((at - start) / FIRST_S) for at in begun] == [0, 1, 3]

    virtually(story)
