"""Which moves on the board are this console's own: those stand in the rows of their runs."""

from xsconsole.domain.events import ConfigurationMoved
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.plan import Intent
from xsconsole.domain.runs import RunState, RunStatus


class OwnMoves:
    """Moves that runs of this console make the feed tell of, until it has told of them."""

    def __init__(self) -> None:
        self._expected: set[tuple[ConfigurationId, StageId | None]] = set()
        self._running: dict[ConfigurationId, Intent] = {}

    def expect(self, intent: Intent) -> None:
        self._running[intent.configuration] = intent
        if intent.source != intent.target or intent.source is None:
            self._expected.add((intent.configuration, intent.target))

    def hear(self, status: RunStatus) -> None:
        """Take note of an end: what was not done moves nothing any more, or only back out of sight."""
        intent = status.plan.intent
        if status.ended_at is None:
            return
        self._running.pop(intent.configuration, None)
        if status.state is RunState.DONE:
            return
        if status.state is RunState.UNDONE and intent.source is None:
            # The feed may tell of the appearing only now, and then of the vanishing.
            self._expected.add((intent.configuration, None))
        else:
            self._expected.discard((intent.configuration, intent.target))

    def take(self, move: ConfigurationMoved) -> bool:
        """Whether the move is our own; after the end of its run it is expected only once."""
        own = (move.configuration, move.target)
        intent = self._running.get(move.configuration)
        # While a run holds the lease it may come and go, as the feed tells of its writes one by one or together.
        is_own = own in self._expected or (intent is not None and move.target in (intent.source, intent.target))
        self._expected.discard(own)
        if is_own and move.target is None and intent is None:
            self._expected = {expected for expected in self._expected if expected[0] != move.configuration}
        return is_own

    def forget(self) -> None:
        self._expected.clear()
        self._running.clear()
