"""What an open window does of itself with the requests that its home made: carries out, and removes what was frozen.

What is refused all the same, such as by a clock of the pool that is a little behind, is tried again, ever less often.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from xsconsole.domain.ids import RequestId
from xsconsole.domain.requests.views import RequestState, RequestView
from xsconsole.errors import ConsoleError

log = logging.getLogger(__name__)

FIRST_S, MOST_S = 20.0, 3600.0  # after which what was refused is tried again, at first and at most

Doing = Coroutine[Any, Any, object]


class RequestWorks:
    """Begins each work once, until the request stands otherwise or it is refused. Lives on the loop's thread."""

    def __init__(self, carry_out: Callable[[RequestId], Doing], thaw: Callable[[RequestView], Doing]) -> None:
        self._carry_out = carry_out
        self._thaw = thaw
        self._begun: set[RequestId] = set()
        self._again: dict[RequestId, tuple[float, float]] = {}  # when, by the loop's time, and after how long a pause
        self._works: set[asyncio.Task[None]] = set()

    def hear(self, views: Iterable[RequestView], key: str) -> None:
        """Begin what is due now of requests that were made with this key."""
        due = {view.request.id: view for view in views if view.request.key == key and _is_due(view)}
        loop = asyncio.get_running_loop()
        self._begun &= due.keys()
        self._again = {request: again for request, again in self._again.items() if request in due}
        for request in due.keys() - self._begun:
            if loop.time() < self._again.get(request, (0.0, 0.0))[0]:
                continue
            view = due[request]
            doing = self._thaw(view) if view.is_over else self._carry_out(request)
            work = loop.create_task(self._see(request, doing), name=f"request {request}")
            self._begun.add(request)
            self._works.add(work)
            work.add_done_callback(self._works.discard)

    async def _see(self, request: RequestId, doing: Doing) -> None:
        try:
            await doing
        except ConsoleError as failure:
            # The engine left a row of what it refused; the request stands and says how.
            log.warning("request %s was not carried out: %s", request, failure)
        else:
            return
        pause_s = min(2 * self._again.get(request, (0.0, FIRST_S / 2))[1], MOST_S)
        self._again[request] = (asyncio.get_running_loop().time() + pause_s, pause_s)
        self._begun.discard(request)

    async def end(self) -> None:
        works = tuple(self._works)
        for work in works:
            work.cancel()
        if works:
            await asyncio.wait(works)


def _is_due(view: RequestView) -> bool:
    if view.is_over:
        return bool(view.frozen)
    return view.state is RequestState.APPROVED and not view.obstacle and view.request.runs_itself
