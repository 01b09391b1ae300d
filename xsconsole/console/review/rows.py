"""One line of a bundle as a row, whatever stands in it: what cannot be read is said in its place."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from xsconsole.domain.ids import ConfigurationId, RunId, StageId, StepKey, Uuid
from xsconsole.domain.record import AuditEvent, AuditRow, Fact, Outcome
from xsconsole.reports.verifier.values import harmless, parsed

UNREADABLE = cast(AuditEvent, "cannot be read")
BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
TEXTS = ("actor", "session", "configuration_name", "reason")


def fields_of(line: bytes) -> Mapping[str, Any] | None:
    """Return the values that a line shows; None of one whose values are withheld or cannot be read."""
    row = parsed(line)
    values = row.get("values")
    if row.get("shown") is not True or not isinstance(values, dict):
        return None
    found: dict[str, Any] = {}
    for name, one in values.items():
        try:
            found[name] = json.loads(one["value"])
        except (TypeError, KeyError, ValueError, RecursionError):
            return None
    return found


def row_of(line: bytes, seq: int, before: datetime) -> AuditRow:
    """Return a row for people. `before` is the time of the row before it, for one that has none of its own."""
    fields = fields_of(line)
    digest = parsed(line).get("digest")
    row = AuditRow(
        chain="",
        seq=seq,
        at=before,
        console="",
        os_user="",
        fact=Fact(event=UNREADABLE, reason="This line of the file is no row, or one without values."),
        digest=digest if isinstance(digest, str) else "",
    )
    return row if fields is None else _shown(row, fields)


def instant_in(fields: Mapping[str, Any]) -> datetime | None:
    """Return when a row was written; None where it does not say so."""
    try:
        at = datetime.fromisoformat(fields["at"])
    except (KeyError, ValueError, TypeError):
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _shown(row: AuditRow, fields: Mapping[str, Any]) -> AuditRow:
    event = _text(fields, "event")
    outcome = _text(fields, "outcome")
    details = _clean(fields.get("details"))
    fact = Fact(
        event=AuditEvent(event) if event in set(AuditEvent) else cast(AuditEvent, event or "withheld"),
        outcome=None if not outcome else Outcome(outcome) if outcome in set(Outcome) else cast(Outcome, outcome),
        pool=Uuid(_text(fields, "pool")) or None,
        configuration=ConfigurationId(_text(fields, "configuration")) or None,
        run=RunId(_text(fields, "run")) or None,
        step=StepKey(_text(fields, "step")) or None,
        source=StageId(_text(fields, "source")) or None,
        target=StageId(_text(fields, "target")) or None,
        details=details if isinstance(details, dict) else None,
        **{name: _text(fields, name) for name in TEXTS},
    )
    return AuditRow(
        chain=row.chain,
        seq=row.seq,
        at=instant_in(fields) or row.at,
        console=_text(fields, "console_name") or _text(fields, "console"),
        os_user=_text(fields, "os_user"),
        fact=fact,
        digest=row.digest,
    )


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return harmless(value) if isinstance(value, str) else ""


def _clean(value: Any) -> Any:
    match value:
        case str():
            return harmless(value)
        case list():
            return [_clean(one) for one in value]
        case dict():
            return {harmless(name): _clean(one) for name, one in value.items()}
        case _:
            return value
