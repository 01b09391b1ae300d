"""The hold that a demotion leaves behind, written as a step of its run."""

from xsconsole.domain.actions.holds import CarryHold, CarryStay, DropHold, DropStay, PlaceHold
from xsconsole.domain.closures import ClosureKind, Extension, Hold, closure_of, closure_stem, to_text
from xsconsole.domain.ids import ConfigurationId
from xsconsole.engine.ports import Field
from xsconsole.engine.runs.presence import Presence
from xsconsole.engine.values import remove_value, write_value


class Holding:
    """Holds of one run; every write can be repeated. `why` is what was said when the run was asked for."""

    def __init__(self, presence: Presence, *, why: str) -> None:
        self._at = presence
        self._why = why
        self._pool = presence.pool

    async def stands(self, action: PlaceHold) -> bool:
        return await self._standing(action.configuration, _kind_of(action)) is not None

    async def place(self, action: PlaceHold) -> None:
        """Hold a configuration; one that somebody holds already stays as it is."""
        configuration = action.configuration
        if await self.stands(action):
            return
        if isinstance(action, CarryHold):
            return await self.put_back(configuration, action.text, _kind_of(action))
        hold = Hold(
            configuration=configuration,
            reason=self._why.strip() or action.reason,
            by=self._pool.identity.actor,
            at=self._at.clock.now(),
            run=self._at.run,
        )
        await write_value(self._pool, Field.POOL, closure_stem(ClosureKind.HOLD, configuration), to_text(hold))

    async def take_back(self, action: PlaceHold) -> None:
        """Remove the hold that this run placed or brought along, and nobody else's."""
        kind = _kind_of(action)
        standing = await self._standing(action.configuration, kind)
        if not isinstance(standing, Hold | Extension):
            return
        carried = action.text if isinstance(action, CarryHold) else None
        is_own = isinstance(standing, Hold) and standing.run == self._at.run
        if is_own or to_text(standing) == carried:
            await self.drop(action.configuration, kind)

    async def is_dropped(self, action: DropHold) -> bool:
        return await self._standing(action.configuration, _kind_of(action)) is None

    async def drop(self, configuration: ConfigurationId, kind: ClosureKind = ClosureKind.HOLD) -> None:
        await remove_value(self._pool, Field.POOL, closure_stem(kind, configuration))

    async def forget(self, action: DropHold) -> None:
        await self.drop(action.configuration, _kind_of(action))

    async def remember(self, action: DropHold) -> None:
        """Write again what was forgotten."""
        await self.put_back(action.configuration, action.original, _kind_of(action))

    async def put_back(self, configuration: ConfigurationId, text: str, kind: ClosureKind = ClosureKind.HOLD) -> None:
        await write_value(self._pool, Field.POOL, closure_stem(kind, configuration), text)

    async def _standing(self, configuration: ConfigurationId, kind: ClosureKind = ClosureKind.HOLD) -> object:
        return closure_of(await self._at.keys(Field.POOL), kind, configuration)


def _kind_of(action: PlaceHold | DropHold) -> ClosureKind:
    return ClosureKind.STAY if isinstance(action, CarryStay | DropStay) else ClosureKind.HOLD
