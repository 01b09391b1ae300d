"""Requests on several pools: each goes to the console of the pool on which it stands."""

from dataclasses import replace
from typing import TYPE_CHECKING

from xsconsole.console.values import Secret
from xsconsole.domain.approval import Decision, Meaning
from xsconsole.domain.ids import ConfigurationId, RequestId, RunId, Uuid
from xsconsole.domain.plan import Plan
from xsconsole.domain.points.sets import Candidate
from xsconsole.domain.requests.files import DecisionFile, RequestFile
from xsconsole.domain.requests.values import Request
from xsconsole.domain.requests.views import RequestView
from xsconsole.domain.workflow import Workflow
from xsconsole.engine.commands import Approvable, Ask, Plannable, Promote
from xsconsole.engine.requests.asked import asks_for, command_of
from xsconsole.errors import NotFound

if TYPE_CHECKING:
    from xsconsole.console.estate.router import Estate
    from xsconsole.console.requests.desk import Requests


class EstateRequests:
    """The same that `Requests` is for one pool."""

    def __init__(self, estate: "Estate") -> None:
        self._estate = estate

    @property
    def _each(self) -> tuple["Requests", ...]:
        return tuple(console.requests for console in self._estate.pools.all)

    def _of(self, request: RequestId) -> "Requests":
        """Return what follows the pool of a request; of one that is nowhere, that of the first pool."""
        every = self._each
        return next((one for one in every if any(view.request.id == request for view in one.views)), every[0])

    def pool_name(self, request: RequestId) -> str:
        """Return the name of a request's pool where it has to be told; empty where there is one pool only."""
        of = self._of(request)
        console = next(one for one in self._estate.pools.all if one.requests is of)
        return self._estate.pool_name(console)

    def carry_out(self) -> None:
        """Carry out what this home asked to run by itself, on pools that come later too."""
        for one in self._each:
            one.carry_out()

    # --- looking --------------------------------------------------------------------------------------------------

    @property
    def views(self) -> tuple[RequestView, ...]:
        """Every request as it stands, pool by pool."""
        return tuple(view for one in self._each for view in one.views)

    @property
    def pools_looked_at(self) -> frozenset[Uuid]:
        """Return the pools of which all requests are known: before that, none is there because it is new."""
        looked = (console.identity for console in self._estate.pools.all if console.requests.has_looked)
        return frozenset(identity.pool for identity in looked if identity is not None)

    def refresh(self) -> tuple[RequestView, ...]:
        """Judge all of them anew, also by what changes without being told, and return them."""
        return tuple(view for one in self._each for view in one.refresh())

    def view(self, request: RequestId) -> RequestView:
        """Return one request; see `Requests.view`."""
        return self._of(request).view(request)

    def of(self, configuration: ConfigurationId) -> tuple[RequestView, ...]:
        """Return the requests for one configuration."""
        return self._estate.of_card(configuration).requests.of(configuration)

    def workflow_of(self, view: RequestView) -> Workflow | None:
        """Return the workflow that stands where the request does."""
        return self._of(view.request.id).workflow_of(view)

    def knows_me(self, view: RequestView) -> bool:
        """Whether the workflow knows whose key this console's is; see `Requests.knows_me`."""
        return self._of(view.request.id).knows_me(view)

    def asks_me(self, view: RequestView) -> bool:
        """Whether a request waits for this console's person; see `Requests.asks_me`."""
        return self._of(view.request.id).asks_me(view)

    def is_mine(self, view: RequestView) -> bool:
        """Whether this console's person asked for it."""
        return self._of(view.request.id).is_mine(view)

    def decided(self, view: RequestView) -> Decision | None:
        """Return what this console's person decided already."""
        return self._of(view.request.id).decided(view)

    def log_in_wanted(self, view: RequestView) -> str:
        """Return as whom one has to log in anew to decide; empty where nobody has to."""
        return self._of(view.request.id).log_in_wanted(view)

    def standing(self, command: Plannable) -> RequestView | None:
        """Return the open request that asks for just this; None where there is none."""
        if not isinstance(command, Approvable) or command.emergency is not None:
            return None
        found = (view for view in self.of(command.configuration) if view.is_open and asks_for(view.request, command))
        return next(found, None)

    def renewed(self, request: RequestId) -> Approvable:
        """Return the command that asks for the same of the configuration as it is now.

        Raises:
            Refused: it, or the request, is not there any more.
        """
        command = command_of(self.view(request).request)
        card = self._estate.board.cards.get(command.configuration)
        if card is None:
            raise NotFound(reason="The configuration is not on the pool any more.", mend="Look at the board.")
        revised = replace(command, revision=card.revision, reason="")
        return replace(revised, candidate=None) if isinstance(revised, Promote) else revised

    # --- doing ----------------------------------------------------------------------------------------------------

    def plan(self, ask: Ask) -> Plan:
        """Return what would be done at the time from which it is asked for; see `Requests.plan`."""
        return self._estate.of_card(ask.command.configuration).requests.plan(ask)

    async def ask(self, ask: Ask) -> Request:
        """Ask those who have to approve, on the pool of the configuration; see `Requests.ask`."""
        return await self._estate.of_card(ask.command.configuration).requests.ask(ask)

    async def decide(
        self, request: RequestId, meaning: Meaning, reason: str, password: Secret | None = None
    ) -> RequestView:
        """Approve or reject; see `Requests.decide`."""
        return await self._of(request).decide(request, meaning, reason, password)

    def exported(self, request: RequestId) -> RequestFile:
        """Return a request as a file; see `Requests.exported`."""
        return self._of(request).exported(request)

    async def take_in(self, file: DecisionFile) -> RequestView:
        """Leave a decision that came as a file on the pool of its request; see `Requests.take_in`."""
        return await self._of(RequestId(file.request)).take_in(file)

    async def withdraw(self, request: RequestId, reason: str) -> str:
        """Take a request back; see `Requests.withdraw`."""
        return await self._of(request).withdraw(request, reason)

    async def clean(self, candidate: Candidate) -> str:
        """Remove what stands frozen without a request; see `Requests.clean`."""
        return await self._estate.of_card(candidate.configuration).requests.clean(candidate)

    async def run(self, request: RequestId) -> RunId:
        """Carry out what was approved; see `Requests.run`."""
        return await self._of(request).run(request)
