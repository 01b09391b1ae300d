"""What an open window does of itself with the requests that its home made: carries out, and removes what was frozen."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from xsconsole.domain.ids import RequestId
from xsconsole.domain.request_views import RequestState, RequestView

Doing = Coroutine[Any, Any, None]


class RequestWorks:
    """Begins each work once, until the request stands otherwise. Lives on the loop's thread."""

    def __init__(self, carry_out: Callable[[RequestId], Doing], thaw: Callable[[RequestView], Doing]) -> None:
        self._carry_out = carry_out
        self._thaw = thaw
        self._begun: set[RequestId] = set()
        self._works: set[asyncio.Task[None]] = set()

    def hear(self, views: Iterable[RequestView], key: str) -> None:
        """Begin what is due now of requests that were made with this key."""
        due = {view.request.id: view for view in views if view.request.key == key and _is_due(view)}
        for request in due.keys() - self._begun:
            view = due[request]
            doing = self._thaw(view) if view.is_over else self._carry_out(request)
            work = asyncio.get_running_loop().create_task(doing, name=f"request {request}")
            self._works.add(work)
            work.add_done_callback(self._works.discard)
        self._begun = set(due)

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
