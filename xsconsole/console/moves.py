"""Which moves on the boards are this home's own: those stand in the rows of their runs."""

from collections import defaultdict

from xsconsole.domain.events import ConfigurationMoved
from xsconsole.domain.ids import ConfigurationId, StageId, Uuid
from xsconsole.domain.plan import Intent
from xsconsole.domain.runs import RunState, RunStatus

Seen = tuple[ConfigurationId, StageId | None]


class OwnMoves:
    """Moves that runs of this home make the feeds of their pools tell of, until these have told of them."""

    def __init__(self) -> None:
        self._expected: defaultdict[Uuid, set[Seen]] = defaultdict(set)
        self._running: dict[tuple[Uuid, ConfigurationId], Intent] = {}

    def expect(self, pool: Uuid, intent: Intent) -> None:
        """Take note of a run of `pool` that begins; both its pools will tell of it, where it has two."""
        for place in intent.pools or (pool,):
            for id_ in (intent.configuration, *intent.others):
                self._running[place, id_] = intent
        if intent.abroad is not None:
            self._expect_abroad(pool, intent.abroad, intent)
            return
        if intent.source != intent.target or intent.source is None:
            self._expected[pool].add((intent.configuration, intent.target))
        if intent.makes is not None:
            self._expected[pool].add((intent.makes, intent.target))

    def _expect_abroad(self, home: Uuid, abroad: Uuid, intent: Intent) -> None:
        """Expect how the boards of both differ when the run is done."""
        if intent.makes is None:
            self._expected[home].add((intent.configuration, None))
            self._expected[abroad].add((intent.configuration, intent.target))
        else:  # what is copied was only shown there as long as the run lasted
            self._expected[abroad] |= {(intent.makes, intent.target), (intent.configuration, None)}

    def hear(self, pool: Uuid, status: RunStatus) -> None:
        """Take note of an end: what was not done moves nothing any more, or only back out of sight."""
        intent = status.plan.intent
        if status.ended_at is None:
            return
        for place in intent.pools or (pool,):
            for id_ in (intent.configuration, *intent.others):
                self._running.pop((place, id_), None)
        if status.state is RunState.DONE:
            return
        is_undone = status.state is RunState.UNDONE
        for place, id_ in ((pool, intent.configuration), (intent.abroad or pool, intent.makes or intent.configuration)):
            self._expected[place] -= {(id_, intent.target), (id_, None)}
            # The feed may tell of the appearing only now, and then of the vanishing.
            if is_undone and (place != pool or id_ != intent.configuration or intent.source is None):
                self._expected[place].add((id_, None))

    def take(self, pool: Uuid, move: ConfigurationMoved) -> bool:
        """Whether the move is our own; after the end of its run it is expected only once."""
        own, expected = (move.configuration, move.target), self._expected[pool]
        intent = self._running.get((pool, move.configuration))
        is_own = own in expected or (intent is not None and _is_of(intent, move))
        expected.discard(own)
        if is_own and move.target is None and intent is None:
            self._expected[pool] = {each for each in expected if each[0] != move.configuration}
        return is_own

    def forget(self, pool: Uuid) -> None:
        self._expected.pop(pool, None)
        self._running = {key: intent for key, intent in self._running.items() if key[0] != pool}


def _is_of(intent: Intent, move: ConfigurationMoved) -> bool:
    """Whether a run makes a configuration come and go so: the feed tells of its writes one by one or together."""
    if move.configuration != intent.configuration:
        return True  # it comes into being, or gives way, and who holds the lease alone does that
    return move.target in (intent.source, intent.target) or (move.target is None and intent.abroad is not None)
