"""Closing and opening again by hand: freezes, holds, quarantine, the line. Of two who close at once, one does."""

import contextlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

import msgspec

from xsconsole.domain.canonical import Json
from xsconsole.domain.closures import (
    REASON_LIMIT,
    AnyClosure,
    ClosureKind,
    Closures,
    Extension,
    Freeze,
    Hold,
    Quarantine,
    Stop,
    closure_of,
    closure_stem,
    closures_of,
    stem_of,
    subject_of,
    to_text,
)
from xsconsole.domain.poolstate import RunRecord, numbers
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.wording.closures import announcement, closed_words
from xsconsole.domain.words import instant
from xsconsole.domain.workflow.bounds import unfit_character
from xsconsole.engine.archives.holds import ArchiveHolds
from xsconsole.engine.commands import Closing, ExtendStay, FreezeStage, HoldBack, Lift, QuarantineVersion, StopTheLine
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.barring import demand_going_on
from xsconsole.engine.ports import Clock, Field, Ids, Ledger, PoolPort
from xsconsole.engine.runs.gatekeeper import World
from xsconsole.engine.values import insist, remove_value
from xsconsole.engine.verbs.ending import extended
from xsconsole.errors import NotFound, PlanIsStale, PoolFailed, PoolUnavailable, Refused

MOST_FREEZES = 100
KEPT_AFTER = timedelta(days=1)  # an ended freeze is taken away with the next one that is added


class Closings:
    """What is closed on one pool by hand."""

    def __init__(self, pool: PoolPort, ledger: Ledger, clock: Clock, ids: Ids, world: World) -> None:
        self._pool = pool
        self._ledger = ledger
        self._clock = clock
        self._ids = ids
        self._world = world
        self.archives = ArchiveHolds(pool, ledger)  # what keeps an archive of the pool from being deleted

    async def close(self, command: Closing) -> AnyClosure:
        """Close something, and return it as it stands on the pool.

        Raises:
            Refused: it is closed already, or makes no sense; nothing was changed.
            PoolUnavailable: whether it stands there is not known; a look at the board finds out.
            StoreFailed: it cannot be recorded; nothing was changed.
        """
        demand_reason(command.reason)
        at = await insist(self._pool, self._pool.time)
        closure = self._made(command, at)
        keys = await insist(self._pool, lambda: self._pool.keys(Field.POOL))
        standing = closure_of(keys, *subject_of(closure))
        if isinstance(closure, Extension) and isinstance(standing, Extension):
            self._demand_longer(standing, closure)
            await self._lift(standing, *subject_of(standing), command.reason)
        elif standing is not None:
            raise self._closed_already(standing)
        event = AuditEvent.STAY_EXTENDED if isinstance(closure, Extension) else AuditEvent.CLOSED
        fact = self._fact(event, closure, command.reason)
        await self._ledger.record(fact)
        if not await insist(self._pool, lambda: self._add(closure)):
            await self._ledger.record(replace(fact, outcome=Outcome.REFUSED))
            keys = await insist(self._pool, lambda: self._pool.keys(Field.POOL))
            raise self._closed_already(closure_of(keys, *subject_of(closure)) or closure)
        await self._ledger.record(replace(fact, outcome=Outcome.DONE))
        await self._tell(closure, command.reason, is_lifted=False)
        if isinstance(closure, Freeze):
            await self._tidy(closures_of(keys), at)
        return closure

    async def lift(self, command: Lift) -> AnyClosure:
        """Open again what somebody closed, and return what that was.

        Raises:
            NotFound: it is not closed any more. PlanIsStale: another one stands there than the one that was seen.
            PoolUnavailable: whether it stands there is not known; the same call again finds out.
            StoreFailed: it cannot be recorded; nothing was changed.
        """
        demand_reason(command.reason)
        keys = await insist(self._pool, lambda: self._pool.keys(Field.POOL))
        standing = closure_of(keys, command.kind, command.subject)
        if standing is None:
            raise NotFound(reason="That is not closed any more.", mend="Look at the board: somebody lifted it.")
        if command.seen is not None and command.seen != standing:
            raise PlanIsStale(
                reason=f"Another one stands there now: {closed_words(standing, self._world.board)}.",
                mend="Look at it, then decide again.",
            )
        await self._lift(standing, command.kind, command.subject, command.reason)
        return standing

    async def demand_going_on(self, record: RunRecord) -> None:
        """Refuse to go on with an interrupted run that the pool says is closed; see `barring.demand_going_on`."""
        demand_going_on(record, closures_of(await insist(self._pool, lambda: self._pool.keys(Field.POOL))))

    async def _lift(self, standing: AnyClosure, kind: ClosureKind, subject: str, reason: str) -> None:
        fact = self._fact(AuditEvent.LIFTED, standing, reason)
        await self._ledger.record(fact)
        await remove_value(self._pool, Field.POOL, closure_stem(kind, subject))
        await self._ledger.record(replace(fact, outcome=Outcome.DONE))
        await self._tell(standing, reason, is_lifted=True)

    # Inside

    def _made(self, command: Closing, at: datetime) -> AnyClosure:
        by, reason, board = self._pool.identity.actor, command.reason.strip(), self._world.board
        match command:
            case FreezeStage():
                rules.stage_of(rules.workflow_of(board), command.stage)
                if len(board.closures.freezes) >= MOST_FREEZES:
                    raise Refused(
                        reason=f"{MOST_FREEZES} freezes stand on the pool, which is the most.",
                        mend="Lift what nobody needs, or put it into the workflow's calendar.",
                    )
                begins = command.begins or min(at, self._clock.now())
                _demand_span(begins, command.ends, max(at, self._clock.now()))
                return Freeze(
                    id=self._ids.new(),
                    stage=command.stage,
                    begins=begins,
                    ends=command.ends,
                    is_total=command.is_total,
                    reason=reason,
                    by=by,
                    at=at,
                )
            case HoldBack():
                rules.card_of(board, command.configuration)
                return Hold(configuration=command.configuration, reason=reason, by=by, at=at)
            case QuarantineVersion():
                if not command.service or not command.version:
                    raise Refused(reason="A quarantine names a service and its version.", mend="Name both.")
                return Quarantine(service=command.service, version=command.version, reason=reason, by=by, at=at)
            case StopTheLine():
                return Stop(is_total=command.is_total, reason=reason, by=by, at=at)
            case ExtendStay():
                now = max(at, self._clock.now())
                return extended(command, rules.card_of(board, command.configuration), board, now, by)
        assert_never(command)

    async def _add(self, closure: AnyClosure) -> bool:
        stem, text = stem_of(closure), to_text(closure)
        keys = await self._pool.keys(Field.POOL)
        standing = numbers(keys, stem)
        if standing:
            return keys[f"{stem}.{standing[0]}"] == text
        return await self._pool.add_key(Field.POOL, f"{stem}.1", text)

    def _demand_longer(self, standing: Extension, wanted: Extension) -> None:
        if standing.since == wanted.since and standing.until >= wanted.until:
            raise self._closed_already(standing)

    def _closed_already(self, standing: AnyClosure) -> Refused:
        return Refused(
            reason=f"That is closed already: {closed_words(standing, self._world.board)}.",
            mend="Lift it first, if another reason counts now.",
        )

    async def _tell(self, closure: AnyClosure, reason: str, *, is_lifted: bool) -> None:
        """Leave a message on the pool when the line stops and goes on; it stands whether that can be told or not."""
        if not isinstance(closure, Stop):
            return
        name, body = announcement(closure, reason, self._pool.identity.actor, is_lifted=is_lifted)
        with contextlib.suppress(PoolFailed, PoolUnavailable):
            await insist(self._pool, lambda: self._pool.announce(name, body))

    async def _tidy(self, closures: Closures, at: datetime) -> None:
        for freeze in closures.freezes:
            if freeze.ends is not None and freeze.ends + KEPT_AFTER < min(at, self._clock.now()):
                await self._lift(freeze, *subject_of(freeze), "It was over.")

    def _fact(self, event: AuditEvent, closure: AnyClosure, reason: str) -> Fact:
        identity, board = self._pool.identity, self._world.board
        details: dict[str, Json] = {
            "what": closed_words(closure, board),
            "kind": subject_of(closure)[0].value,
            "closure": msgspec.to_builtins(closure),
        }
        held = closure.configuration if isinstance(closure, Hold | Extension) else None
        card = board.cards.get(held) if held is not None else None
        return Fact(
            event=event,
            actor=identity.actor,
            pool=identity.pool,
            session=identity.session,
            target=closure.stage if isinstance(closure, Freeze | Extension) else None,
            reason=reason,
            details=details,
            configuration=held,
            configuration_name=card.name if card is not None else "",
        )


def demand_reason(reason: str) -> None:
    """Refuse a reason that says nothing, too much, or cannot be shown.

    Raises:
        Refused: with the mend.
    """
    if not reason.strip():
        raise Refused(reason="There is no reason given.", mend="Say why: others see nothing else of it.")
    if len(reason) > REASON_LIMIT:
        raise Refused(
            reason=f"The reason has {len(reason)} characters; {REASON_LIMIT} is the most.", mend="Shorten it."
        )
    unfit = unfit_character(reason, lines=True)
    if unfit is not None:
        raise Refused(
            reason=f"The reason has a character that cannot be shown (U+{ord(unfit):04X}).", mend="Leave it out."
        )


def _demand_span(begins: datetime, ends: datetime | None, now: datetime) -> None:
    if ends is None:
        return
    if ends <= begins:
        raise Refused(reason="The freeze ends before it begins.", mend="Let it end later.")
    if ends <= now:
        raise Refused(reason=f"The freeze ended at {instant(ends)} already.", mend="Let it end later.")
