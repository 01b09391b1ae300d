"""Compares the record with xapi's own log, and leaves rows of what came of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from xsconsole.console.door import Console
from xsconsole.console.facts import fact_of
from xsconsole.console.predecessor import Predecessor, predecessor_of, set_aside_before
from xsconsole.domain.canonical import Json
from xsconsole.domain.claims import claims_in, own_claims
from xsconsole.domain.events import AuditFailed, AuditGrew
from xsconsole.domain.inventory import VM
from xsconsole.domain.outside import Foreign, Machine, Speakers, machines_of
from xsconsole.domain.reconciliation import (
    TOLERANCE,
    TRACKED,
    Position,
    Reconciled,
    claimed_sessions,
    position_in,
    reached,
    reconciled,
    sessions_of,
)
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow, Fact, Outcome
from xsconsole.engine.ports import Identity
from xsconsole.errors import Refused, StoreFailed
from xsconsole.store.keys import is_signature

LOOKED_BACK = timedelta(days=7)
TRACKED_BACK = 10 * LOOKED_BACK
ANYWAY = timedelta(days=1)  # a comparison that found nothing is on record so often
PAGE = 500


@dataclass(slots=True, kw_only=True)
class Memory:
    """What a comparison leaves for the next one of the same pool, in this process."""

    position: Position | None = None
    record: str = ""  # which chain it is of, where that follows one that was set aside
    own: frozenset[str] = frozenset()
    read_at: datetime | None = None  # up to when rows were looked through for sessions of ours
    recorded_at: datetime | None = None
    machines: dict[str, Machine] = field(default_factory=dict)  # also what is gone by now
    originators: dict[str, str] = field(default_factory=dict)

    def turn_to(self, record: str) -> None:
        """Go on in another record, whose rows have numbers of their own."""
        if record != self.record and self.position is not None:
            self.position = replace(self.position, row=0)
        self.record = record

    def see(self, console: Console) -> None:
        """Remember what calls can be about: of a machine that is destroyed the log names only what is gone."""
        found = machines_of(console.own_board, console.inventory)
        gone = {name for name, machine in found.items() if name in machine.card.missing}
        self.machines |= {name: machine for name, machine in found.items() if name not in gone & self.machines.keys()}


async def reconcile(
    console: Console, since: datetime | None = None, *, memory: Memory | None = None, is_quiet: bool = False
) -> Reconciled:
    """Compare from where the last comparison ended, or from `since`; leave a row of it, and one of each foreign change.

    No change becomes a row twice, whoever compares with this home. A quiet one leaves no row where it found nothing,
    but once a day.

    Raises:
        Refused: there is no connection.
        PoolUnavailable: the log cannot be read.
        StoreFailed: the record cannot be read or written.
    """
    memory = memory if memory is not None else Memory()
    while True:
        found = await _compared(console, since, memory, is_quiet=is_quiet)
        if found is not None:
            return found


async def _compared(console: Console, since: datetime | None, memory: Memory, *, is_quiet: bool) -> Reconciled | None:
    """Compare once; None where another process of this home has recorded a comparison meanwhile."""
    identity = console.identity
    if identity is None:
        raise Refused(reason="There is no connection to a pool.", mend="Connect to one first.")
    await console.caught_up()
    now = console.home.clock.now()
    ahead = await console.requests.clock.time() - now  # of the pool's clock, by which its log goes
    begun = await _remember_sessions(console, identity, memory, now)
    turn = await set_aside_before(console.home)
    memory.turn_to(turn.chain if turn is not None else "")
    newest, last = await _last(console, identity, memory)
    before = Predecessor()
    if turn is not None and last is None:
        before = await predecessor_of(console.home, turn, identity.pool)
    begun += min(ahead, timedelta())  # that clock may have been another then: rather too much is looked at
    earliest = now - LOOKED_BACK if turn is not None else max(now - LOOKED_BACK, begun)
    position = last or before.position or Position(until=earliest)
    told_from = Position(until=since) if since is not None else position
    begin = min(position.until, told_from.until) - TOLERANCE
    calls = await console.acts.calls_since(begin)
    await _remember_sessions(console, identity, memory, now)  # another command of this home may have begun meanwhile
    claimed = _own_claims(console) if turn is not None else ()
    memory.own |= before.sessions | claimed_sessions(calls, claimed)
    if turn is not None and (last or before.position) is None:
        position = reached(calls, claimed, earliest, begun)
        told_from = position if since is None else told_from
    memory.see(console)
    memory.originators |= {call.session: call.originator for call in calls if call.originator}
    steps = await _rows(console, AuditQuery(event=AuditEvent.STEP_SETTLED), begin - max(ahead, timedelta()))
    of_pool = sorted((row for row in steps if row.fact.pool == identity.pool), key=lambda row: row.seq)

    def compared(start: Position) -> Reconciled:
        rows = [row for row in of_pool if row.seq > start.row and (start.row or row.at >= start.until)]
        refs = {vm.uuid: vm.ref for vm in console.inventory.all(VM)}
        return reconciled(calls, rows, memory.own, memory.machines, refs, start, now, _speakers(console, memory), ahead)

    found = compared(position)
    told = replace(compared(told_from), end=found.end) if since is not None else found
    memory.position = found.end
    if is_quiet and not found.is_news and memory.recorded_at is not None and now - memory.recorded_at < ANYWAY:
        return told
    if not await _recorded(console, identity, newest, found.foreign, told):
        return None
    memory.recorded_at = now
    return told


async def _recorded(
    console: Console, identity: Identity, newest: int, foreign: Iterable[Foreign], told: Reconciled
) -> bool:
    facts = [_foreign_fact(one, identity) for one in foreign]
    try:
        seq = await console.home.record_next(_fact(told, identity), newest, facts)
    except StoreFailed as failure:
        console.bus.publish(AuditFailed(error=failure))
        raise
    if seq is not None:
        console.bus.publish(AuditGrew(seq=seq))
    return seq is not None or console.home.is_reading


def _own_claims(console: Console) -> tuple[str, ...]:
    """Return which sessions of the pool this console claims there by its key, also where it only looks now."""
    pool, home = console.inventory.pool, console.home
    if pool is None or not home.key_fingerprint:
        return ()
    return own_claims(pool.other_config, home.settings.console, pool.uuid, home.key_fingerprint, is_signature)


def _speakers(console: Console, memory: Memory) -> Speakers:
    pool, workflow = console.inventory.pool, console.own_board.workflow
    people, own = workflow.people if workflow is not None else (), console.home.key_fingerprint
    return Speakers(
        claims=claims_in(pool.other_config, pool.uuid, people, is_signature, own) if pool is not None else {},
        originators=memory.originators,
        demands_enrolment=any(person.fingerprints for person in people),
    )


async def _remember_sessions(console: Console, identity: Identity, memory: Memory, now: datetime) -> datetime:
    """Learn which sessions of this pool are ours; return when the first of them began, of those looked through."""
    since = memory.read_at - TOLERANCE if memory.read_at is not None else now - TRACKED_BACK
    tracked = [row for row in await _rows(console, AuditQuery(events=TRACKED), since) if row.fact.pool == identity.pool]
    memory.own |= sessions_of(tracked)
    memory.read_at = now
    return min((row.at for row in tracked), default=now)


async def _last(console: Console, identity: Identity, memory: Memory) -> tuple[int, Position | None]:
    """Return the number of the newest comparison of any pool, 0 for none, and where the last one of this pool ended."""
    rows = await console.audit_page(AuditQuery(event=AuditEvent.RECONCILED), limit=PAGE)
    newest = rows[0].seq if rows else 0
    for row in rows:
        position = position_in(row)
        if row.fact.pool == identity.pool and position is not None:
            memory.recorded_at = max(row.at, memory.recorded_at or row.at)
            known = memory.position
            is_further = known is None or (position.until, position.row) >= (known.until, known.row)
            return newest, position if is_further else known
    return newest, memory.position


async def _rows(console: Console, query: AuditQuery, since: datetime) -> list[AuditRow]:
    found: list[AuditRow] = []
    before: int | None = None
    while page := await console.audit_page(query, before=before, limit=PAGE):
        found += (row for row in page if row.at >= since)
        before = page[-1].seq
        if page[-1].at < since:
            break
    return found


def _fact(found: Reconciled, identity: Identity) -> Fact:
    verdict = found.verdict
    missing: list[Json] = [{"seq": one.seq, "what": one.what} for one in found.missing]
    details: dict[str, Json] = {
        "what": verdict.sentence,
        "since": found.since.isoformat(),
        "until": found.end.until.isoformat(),
        "lines": found.end.lines,
        "steps_to": found.end.row,
        "is_good": verdict.is_good,
        "is_vouched": verdict.is_vouched,
        "found": found.found,
        "missing": missing,
        "foreign": len(found.foreign),
    }
    return replace(fact_of(AuditEvent.RECONCILED, identity, details), outcome=Outcome.OBSERVED)


def _foreign_fact(one: Foreign, identity: Identity) -> Fact:
    claimant = one.claimant
    details: dict[str, Json] = {
        "what": one.sentence,
        "whose": one.whose.value,
        "is_change": one.is_change,
        "who": one.who,
        "call": one.call,
        "vm": one.vm,
        "first": one.first.isoformat(),
        "last": one.last.isoformat(),
        "number": one.number,
        "trackid": one.session,
        **({"originator": one.originator} if one.originator else {}),
        **({"claimed_by": claimant.words, "claimed_by_key": claimant.fingerprint} if claimant is not None else {}),
    }
    return replace(
        fact_of(AuditEvent.FOREIGN, identity, details),
        configuration=one.configuration,
        configuration_name=one.configuration_name,
        outcome=Outcome.OBSERVED,
    )
