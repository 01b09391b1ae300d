"""Compares the record with xapi's own log, and leaves rows of what came of it."""

from dataclasses import replace
from datetime import datetime, timedelta

from xsconsole.console.door import Console
from xsconsole.console.facts import fact_of
from xsconsole.domain.canonical import Json
from xsconsole.domain.reconciliation import TRACKED, Foreign, Reconciled, reconciled, sessions_of
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow, Fact, Outcome
from xsconsole.engine.ports import Identity
from xsconsole.errors import Refused

LOOKED_BACK = timedelta(days=7)
PAGE = 500


async def reconcile(console: Console, since: datetime | None = None) -> Reconciled:
    """Compare from where the last comparison ended, or from `since`; leave a row of it, and one of each foreign change.

    Raises:
        Refused: there is no connection.
        PoolUnavailable: the log cannot be read.
        StoreFailed: the record cannot be read or written.
    """
    identity = console.identity
    if identity is None:
        raise Refused(reason="There is no connection to a pool.", mend="Connect to one first.")
    await console.caught_up()
    until = console.home.clock.now()
    tracked = await _rows(console, AuditQuery(events=TRACKED), until - 10 * LOOKED_BACK)
    ours = [row for row in tracked if row.fact.pool == identity.pool]
    own = sessions_of(ours)
    first = max(until - LOOKED_BACK, min((row.at for row in ours), default=until))
    begin = since or await _last_end(console, identity) or first
    steps = await _rows(console, AuditQuery(event=AuditEvent.STEP_SETTLED), begin)
    of_pool = sorted((row for row in steps if row.fact.pool == identity.pool), key=lambda row: row.seq)
    calls = await console.acts.calls_since(begin)
    until = max(until, calls[-1].at) if calls else until  # the clock of the pool may be ahead
    found = reconciled(calls, of_pool, own, console.own_board, console.inventory, begin, until)
    await console.record(*(_foreign_fact(one, identity) for one in found.foreign), _fact(found, identity))
    return found


async def _last_end(console: Console, identity: Identity) -> datetime | None:
    for row in await console.audit_page(AuditQuery(event=AuditEvent.RECONCILED), limit=PAGE):
        until = (row.fact.details or {}).get("until")
        if row.fact.pool == identity.pool and isinstance(until, str):
            return datetime.fromisoformat(until)
    return None


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
        "until": found.until.isoformat(),
        "is_good": verdict.is_good,
        "is_vouched": verdict.is_vouched,
        "found": found.found,
        "missing": missing,
        "foreign": len(found.foreign),
    }
    return replace(fact_of(AuditEvent.RECONCILED, identity, details), outcome=Outcome.OBSERVED)


def _foreign_fact(one: Foreign, identity: Identity) -> Fact:
    details: dict[str, Json] = {
        "what": one.sentence,
        "who": one.who,
        "call": one.call,
        "vm": one.vm,
        "first": one.first.isoformat(),
        "last": one.last.isoformat(),
        "number": one.number,
        "trackid": one.session,
    }
    return replace(
        fact_of(AuditEvent.FOREIGN, identity, details),
        configuration=one.configuration,
        configuration_name=one.configuration_name,
        outcome=Outcome.OBSERVED,
    )
