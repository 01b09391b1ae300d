"""Ends the row of several that went together and whose console died: as soon as none of their runs is open any more."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from xsconsole.console.home import Home
from xsconsole.domain.batch import PartState
from xsconsole.domain.canonical import Json
from xsconsole.domain.ids import ConfigurationId, RunId
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow, Fact, Outcome
from xsconsole.engine.ports import Ledger

LOOKED_AT = 50  # the newest ones
DIED = "The console that carried it out has ended without a word."


async def close_dead(home: Home, open_runs: Iterable[RunId], ledger: Ledger) -> tuple[str, ...]:
    """Write `batch.closed` for each batch of this home that nobody carries out any more; return their ids.

    One of which a run still stands on the pool waits until somebody has settled that.
    """
    opened = await home.audit_page(AuditQuery(event=AuditEvent.BATCH_OPENED), None, LOOKED_AT)
    if not opened:
        return ()
    ended = await home.audit_page(AuditQuery(event=AuditEvent.BATCH_CLOSED), None, 2 * LOOKED_AT)
    closed = {_of(row).get("batch") for row in ended}
    standing, done = frozenset(open_runs), []
    for row in opened:
        batch, process = _of(row).get("batch"), _of(row).get("process")
        if batch in closed or not process or home.is_alive(str(process)):
            continue
        begun = await _begun(row, str(batch), home)
        runs = {part["configuration"]: await _run_of(part, begun, home) for part in _of(row)["parts"]}
        if any(found is not None and found[0] in standing for found in runs.values()):
            continue
        parts = _of(row)["parts"]
        asked = {part["configuration"] for part in parts if await _was_asked(part, str(batch), home)}
        told: list[Json] = [{**part, **_became(part, runs[part["configuration"]], asked)} for part in parts]
        details = {**_of(row), "parts": told}
        event = AuditEvent.BATCH_CLOSED
        await ledger.record(replace(row.fact, event=event, outcome=Outcome.UNKNOWN, reason=DIED, details=details))
        done.append(str(batch))
    return tuple(done)


def _of(row: AuditRow) -> Mapping[str, Any]:
    return row.fact.details or {}


async def _was_asked(part: Mapping[str, Any], batch: str, home: Home) -> bool:
    query = AuditQuery(event=AuditEvent.REQUESTED, configuration=ConfigurationId(part["configuration"]))
    rows = await home.audit_page(query, None, LOOKED_AT)
    return any(_of(row).get("batch") == batch and row.fact.outcome is Outcome.DONE for row in rows)


async def _begun(opened: AuditRow, batch: str, home: Home) -> dict[str, Fact]:
    """Return the intents of a batch's runs by the digests of their plans: what one makes has an id of its own."""
    found: dict[str, Fact] = {}
    before: int | None = None
    while rows := await home.audit_page(AuditQuery(event=AuditEvent.RUN_OPENED), before, LOOKED_AT):
        for row in rows:
            if row.seq < opened.seq:
                return found
            if _of(row).get("batch") == batch:
                found[str(_of(row).get("plan"))] = row.fact
        before = rows[-1].seq
    return found


async def _run_of(
    part: Mapping[str, Any], begun: Mapping[str, Fact], home: Home
) -> tuple[RunId, Fact, Fact | None] | None:
    """Return the run that a part became, with its intent and the row of its end; None where it was not begun."""
    intent = begun.get(str(part.get("plan")))
    if intent is None or intent.run is None:
        return None
    ends = await home.audit_page(AuditQuery(event=AuditEvent.RUN_CLOSED, run=intent.run), None, 1)
    return intent.run, intent, ends[0].fact if ends else None


def _became(
    part: Mapping[str, Any], found: tuple[RunId, Fact, Fact | None] | None, asked: Collection[ConfigurationId]
) -> dict[str, Json]:
    if found is None:
        if part["configuration"] in asked:
            return {"state": PartState.ASKED.value, "run": None}
        if part.get("why"):
            return {"state": PartState.REFUSED.value, "run": None}
        return {"state": PartState.SKIPPED.value, "run": None, "why": "No run of it was begun."}
    run, intent, end = found
    told: dict[str, Json] = {"configuration": intent.configuration, "run": run}
    if end is None:
        why = "Another console settled its run: that one's record says how it ended."
        return {**told, "state": PartState.ELSEWHERE.value, "why": why}
    is_done = end.outcome is Outcome.DONE
    return {**told, "state": (PartState.DONE if is_done else PartState.FAILED).value, "why": end.reason}
