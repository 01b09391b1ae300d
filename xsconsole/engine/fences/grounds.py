"""Writing what fences of a pool are built on. Of two who write at once one is refused."""

from dataclasses import replace

from xsconsole.domain.canonical import Json
from xsconsole.domain.fence.ground import Ground
from xsconsole.domain.fence.standing import GROUND_STEM, GroundDocument, ground_on
from xsconsole.domain.fence.text import to_plain, to_text
from xsconsole.domain.poolstate import numbers
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.engine.ports import Field, Ledger, PoolPort
from xsconsole.engine.values import insist
from xsconsole.errors import PlanIsStale


class Grounds:
    """The ground of one pool."""

    def __init__(self, pool: PoolPort, ledger: Ledger) -> None:
        self._pool = pool
        self._ledger = ledger

    async def write(self, ground: Ground, seen: GroundDocument | None, reason: str = "") -> GroundDocument:
        """Write a ground over the one that was seen, and return it as it stands on the pool.

        Raises:
            PlanIsStale: somebody else wrote meanwhile; nothing was changed.
            StoreFailed: it cannot be recorded; nothing was changed.
        """
        keys = await insist(self._pool, lambda: self._pool.keys(Field.POOL))
        if ground_on(keys) != seen:
            raise _changed()
        top = next(iter(numbers(keys, GROUND_STEM)), 0)
        made = GroundDocument(
            ground=ground,
            by=self._pool.identity.actor,
            at=await insist(self._pool, self._pool.time),
            version=top + 1,
        )
        fact = self._fact(made, seen, reason)
        await self._ledger.record(fact)
        if not await insist(self._pool, lambda: self._add(made)):
            await self._ledger.record(replace(fact, outcome=Outcome.REFUSED))
            raise _changed()
        await self._ledger.record(replace(fact, outcome=Outcome.DONE))
        return made

    async def _add(self, made: GroundDocument) -> bool:
        """Write it under the number of its version; whoever was faster keeps it."""
        text, key = to_text(made).decode(), f"{GROUND_STEM}.{made.version}"
        keys = await self._pool.keys(Field.POOL)
        if keys.get(key) != text and not await self._pool.add_key(Field.POOL, key, text):
            return False
        for number in numbers(keys, GROUND_STEM):
            if number < made.version:
                await self._pool.remove_key(Field.POOL, f"{GROUND_STEM}.{number}")
        return True

    def _fact(self, made: GroundDocument, seen: GroundDocument | None, reason: str) -> Fact:
        identity = self._pool.identity
        details: dict[str, Json] = {"version": made.version, "ground": to_plain(made.ground)}
        if seen is not None:
            details["before"] = to_plain(seen.ground)
        return Fact(
            event=AuditEvent.GROUND_SET,
            actor=identity.actor,
            pool=identity.pool,
            session=identity.session,
            reason=reason,
            details=details,
        )


def _changed() -> PlanIsStale:
    return PlanIsStale(
        reason="Somebody else wrote what fences are built on meanwhile.", mend="Look at it, then write it again."
    )
