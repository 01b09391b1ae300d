"""Freezes for a request that is about to be made, and removes what no request needs any more; each a run of its own."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

from xsconsole.domain.board import Board
from xsconsole.domain.ids import ConfigurationId, RequestId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.plan import Plan
from xsconsole.domain.poolstate import configuration_thing
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.engine.commands import Confirmed, Freeze, Plannable, Promote, Thaw
from xsconsole.engine.runs.runner import Run
from xsconsole.errors import ConsoleError, NotFound, PlanIsStale

STALE_PLANS = 3


class Runs(Protocol):
    """What carries runs out."""

    def plan(self, command: Plannable) -> Plan: ...

    async def open(self, confirmed: Confirmed) -> Run: ...

    async def catch_up(self, thing: str) -> None: ...

    def leased(
        self, command: Plannable, plan: Plan
    ) -> contextlib.AbstractAsyncContextManager[tuple[Plan, Board, Inventory]]: ...


class Freezer:
    """What stands frozen for the requests of one pool."""

    def __init__(self, runs: Runs, caught_up: Callable[[], Awaitable[None]]) -> None:
        """`caught_up` waits until the board shows all that was heard of the pool."""
        self._runs = runs
        self._caught_up = caught_up

    async def freeze(self, command: Promote, request: RequestId) -> None:
        """Snapshot every member for a request, and return when that has been done.

        Raises:
            Refused: it was not begun. RunFailed: it failed, and what had been taken was destroyed.
            Interrupted: it stopped half-way, and stands on the pool to be undone.
        """
        freeze = Freeze(
            configuration=command.configuration,
            revision=command.revision,
            target=command.target,
            request=request,
            is_stopped_first=command.is_stopped_first,
            reason=command.reason,
        )
        plan = self._runs.plan(freeze)
        run = await self._runs.open(Confirmed(command=freeze, digest=plan.digest))
        try:
            status = await run.wait()
        except BaseException:
            run.abort()  # nobody waits for it any more, so nobody would ask
            raise
        if status.error is not None:
            raise status.error

    @contextlib.asynccontextmanager
    async def leased(self, command: Promote, plan: Plan) -> AsyncIterator[tuple[Plan, Board, Inventory]]:
        """Hold the configuration, and give the plan of what was frozen by what the pool says then."""
        async with self._runs.leased(command, plan) as found:
            yield found

    async def thaw(self, configuration: ConfigurationId, request: RequestId, reason: str) -> str:
        """Destroy what was frozen for a request; return what stood against it, in a sentence, empty where it is gone.

        Whatever remains carries its mark still, so that any console can try again.
        """
        command = Thaw(configuration=configuration, request=request, reason=reason)
        try:
            for _ in range(STALE_PLANS):
                await self._runs.catch_up(configuration_thing(configuration))
                await self._caught_up()
                try:
                    digest = self._runs.plan(command).digest
                    status = await (await self._runs.open(Confirmed(command=command, digest=digest))).wait()
                except PlanIsStale:
                    continue
                is_gone = status.error is None and status.state is RunState.DONE
                return "" if is_gone else explain(status.error).failed if status.error else "It was stopped."
        except NotFound:
            return ""
        except ConsoleError as failure:
            return explain(failure).failed
        return "It changes all the time."
