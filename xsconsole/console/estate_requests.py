"""The requests of several pools as one list: what is asked goes to the console of its pool."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xsconsole.console.requests import Requests
from xsconsole.console.values import Secret
from xsconsole.domain.approval import Decision, Meaning
from xsconsole.domain.ids import ConfigurationId, RequestId, RunId
from xsconsole.domain.plan import Plan
from xsconsole.domain.request_views import RequestView
from xsconsole.domain.requests import Request
from xsconsole.domain.workflow import Workflow
from xsconsole.engine.commands import Ask
from xsconsole.errors import NotFound

if TYPE_CHECKING:
    from xsconsole.console.estate import Estate


class EstateRequests:
    """Says and does what `Requests` of the pool in question says and does."""

    def __init__(self, estate: "Estate") -> None:
        self._estate = estate

    @property
    def views(self) -> tuple[RequestView, ...]:
        found = [view for one in self._all() for view in one.views]
        return tuple(sorted(found, key=lambda view: (view.request.asked_at, view.request.id)))

    def refresh(self) -> tuple[RequestView, ...]:
        for one in self._all():
            one.refresh()
        return self.views

    def view(self, request: RequestId) -> RequestView:
        return self._of(request).view(request)

    def of(self, configuration: ConfigurationId) -> tuple[RequestView, ...]:
        return tuple(view for view in self.views if view.request.intent.configuration == configuration)

    def workflow_of(self, view: RequestView) -> Workflow | None:
        return self._of(view.request.id).workflow_of(view)

    def asks_me(self, view: RequestView) -> bool:
        return self._of(view.request.id).asks_me(view)

    def is_mine(self, view: RequestView) -> bool:
        return self._of(view.request.id).is_mine(view)

    def decided(self, view: RequestView) -> Decision | None:
        return self._of(view.request.id).decided(view)

    def log_in_wanted(self, view: RequestView) -> str:
        return self._of(view.request.id).log_in_wanted(view)

    def carry_out(self) -> None:
        """Let the consoles there are, and those to come, carry out what was asked to run by itself."""
        for one in self._all():
            one.carry_out()

    def plan(self, ask: Ask) -> Plan:
        return self._estate.of_card(ask.command.configuration).requests.plan(ask)

    async def ask(self, ask: Ask) -> Request:
        return await self._estate.of_card(ask.command.configuration).requests.ask(ask)

    async def decide(
        self, request: RequestId, meaning: Meaning, reason: str, password: Secret | None = None
    ) -> RequestView:
        return await self._of(request).decide(request, meaning, reason, password)

    async def withdraw(self, request: RequestId, reason: str) -> None:
        await self._of(request).withdraw(request, reason)

    async def run(self, request: RequestId) -> RunId:
        return await self._of(request).run(request)

    def _all(self) -> Iterator[Requests]:
        return (console.requests for console in self._estate.pools.all)

    def _of(self, request: RequestId) -> Requests:
        for one in self._all():
            if any(view.request.id == request for view in one.views):
                return one
        raise NotFound(reason="There is no such request on a pool any more.", mend="Look at the board.")
