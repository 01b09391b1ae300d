"""The runs of this console since its start, and which of them somebody else has settled meanwhile."""

from collections.abc import Set as AbstractSet

from xsconsole.domain.board import Board
from xsconsole.domain.ids import RunId, Uuid
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.engine.runs.runner import Run


class OwnRuns:
    """Follows board and journal. A run that was left and is settled elsewhere says so, and can be settled no more."""

    def __init__(self) -> None:
        self._runs: dict[RunId, Run] = {}
        self._pools: dict[RunId, Uuid] = {}
        self._seen: set[RunId] = set()  # their records stood on the board, so that not standing there means something

    def add(self, run: Run, pool: Uuid) -> None:
        self._runs[run.id] = run
        self._pools[run.id] = pool

    @property
    def statuses(self) -> tuple[RunStatus, ...]:
        """Return how they stand, newest first."""
        return tuple(run.status for run in reversed(self._runs.values()))

    async def wait(self, run: RunId) -> RunStatus:
        return await self._runs[run].wait()

    def hear_board(self, board: Board, pool: Uuid) -> None:
        """Look for their records on the board of `pool`."""
        for run in self._open(pool):
            card = board.cards.get(run.plan.intent.configuration)
            if card is not None and card.run is not None and card.run.record.run == run.id:
                self._seen.add(run.id)
            elif run.id in self._seen:
                run.leave_to_others()

    def hear_journal(self, still_open: AbstractSet[RunId], pool: Uuid) -> None:
        """Take the journal's word for runs that left nothing on the pool to be seen."""
        for run in self._open(pool):
            if run.id not in still_open:
                run.leave_to_others()

    def _open(self, pool: Uuid) -> list[Run]:
        closed = (RunState.DONE, RunState.UNDONE, RunState.SETTLED_ELSEWHERE)
        return [run for id_, run in self._runs.items() if self._pools[id_] == pool and run.status.state not in closed]
