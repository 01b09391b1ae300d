"""What is closed on several pools: a card's is that of its pool; the line and versions are closed on all of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xsconsole.domain.barriers import Barrier
from xsconsole.domain.board import Card
from xsconsole.domain.closures import AnyClosure, subject_of
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.naming import shortened
from xsconsole.domain.workflow import Stage
from xsconsole.domain.workflow.calendars import Span, joined
from xsconsole.domain.workflow.values import FreezeCalendar
from xsconsole.domain.workflow.windows import is_known_zone
from xsconsole.engine.commands import Closing, ExtendStay, FreezeStage, HoldBack, Lift
from xsconsole.errors import ConsoleError, NotFound, Refused

if TYPE_CHECKING:
    from xsconsole.console.closings import Closings
    from xsconsole.console.door import Console
    from xsconsole.console.estate.router import Estate


class EstateClosings:
    """The same that `Closings` is for one pool."""

    def __init__(self, estate: "Estate") -> None:
        self._estate = estate

    @property
    def all(self) -> tuple[AnyClosure, ...]:
        """Everything that somebody closed, pool by pool."""
        return tuple(closure for console in self._estate.pools.all for closure in console.closings.all)

    @property
    def stops(self) -> tuple[tuple[str, Barrier], ...]:
        """Why the line is stopped, by the name of the pool, which is empty where there is only one."""
        found = ((self._estate.pool_name(console), console.closings.stop) for console in self._estate.pools.all)
        return tuple((name, stop) for name, stop in found if stop is not None)

    def freeze_of(self, stage: Stage) -> Span | None:
        """Return the freeze of a stage that holds now on any pool, or else the next one."""
        consoles = self._of_stage(stage)
        spans = [span for console in consoles if (span := console.closings.freeze_of(stage)) is not None]
        holding = [span for span in spans if self.is_frozen(span)]
        at = min((span.begins for span in spans), default=None)
        return joined(holding or spans, at) if at is not None else None

    def is_frozen(self, span: Span) -> bool:
        """Whether a freeze holds now, by any clock."""
        return any(console.closings.is_frozen(span) for console in self._estate.pools.all)

    def why_frozen(self, stage: Stage) -> tuple[str, ...]:
        """Return a sentence for each freeze of a stage on any pool: those that hold, and those that come."""
        each = (line for console in self._of_stage(stage) for line in console.closings.why_frozen(stage))
        return tuple(dict.fromkeys(each))

    @staticmethod
    def is_unknown(calendar: FreezeCalendar) -> bool:
        """Whether this computer lacks the time zone of a calendar, so that it counts as frozen."""
        return not is_known_zone(calendar.zone)

    def on(self, card: Card) -> tuple[Barrier, ...]:
        """Return what stands against any promotion of a configuration, wherever to."""
        return self._card(card.id).on(card)

    async def do(self, command: Closing | Lift) -> AnyClosure:
        """Close or lift something on the pool that it is about, or, where it is about several, on each.

        Raises:
            Refused, PoolUnavailable, StoreFailed: see `Closings.do`; of several pools it says where it was done.
        """
        done: dict[str, AnyClosure] = {}
        for console in self._concerned(command):
            name = self._estate.sight_of(console).name
            try:
                done[name] = await console.closings.do(command)
            except ConsoleError as failure:
                if done and isinstance(failure, Refused):
                    names = ", ".join(shortened(each, 40) for each in done)
                    failure.reason = f"It was done on {names}, and not on {shortened(name, 40)}: {failure.reason}"
                raise
        return next(iter(done.values()))

    # --- inside ---------------------------------------------------------------------------------------------------

    def _concerned(self, command: Closing | Lift) -> "Sequence[Console]":
        estate = self._estate
        if isinstance(command, HoldBack | ExtendStay):
            return (estate.of_card(command.configuration),)
        if not estate.has_several:
            return (estate.pools.first,)
        connected = tuple(console for console in estate.pools if console.identity is not None)
        if isinstance(command, Lift):
            wanted = (command.kind, command.subject)
            found = tuple(
                console
                for console in connected
                if any(subject_of(one) == wanted and command.seen in (None, one) for one in console.closings.all)
            )
            if not found:
                raise NotFound(reason="That is not closed any more.", mend="Look at the board: somebody lifted it.")
            return found
        stage = (
            estate.board.workflow.stage(command.stage)
            if isinstance(command, FreezeStage) and (estate.board.workflow is not None)
            else None
        )
        consoles = self._of_stage(stage) if stage is not None else connected
        if not consoles:
            raise Refused(reason="There is no connection to a pool.", mend="Connect to one first.")
        return consoles

    def _of_stage(self, stage: Stage) -> "Sequence[Console]":
        """Return the consoles of the pools on which a stage stands: its own one, or all."""
        connected = tuple(console for console in self._estate.pools.all if console.inventory.pool is not None)
        bound = stage.binding.pool
        if bound is None:
            return connected
        return tuple(
            one for one in connected if one.inventory.pool is not None and one.inventory.pool.uuid == bound.uuid
        )

    def _card(self, configuration: ConfigurationId) -> "Closings":
        return self._estate.of_card(configuration).closings
