"""Between a fact and the fields of its audit row: names and forms are part of the audit format."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import msgspec

from xsconsole.domain.canonical import Json, canonical_bytes
from xsconsole.domain.ids import ConsoleId
from xsconsole.domain.record import ABOUT_OBJECTS, AuditEvent, Fact, Outcome
from xsconsole.errors import Refused

FACT_FIELDS = tuple(field.name for field in fields(Fact))
SEARCHED_FIELDS = (
    "event",
    "actor",
    "configuration_name",
    "source",
    "target",
    "outcome",
    "reason",
    "console_name",
    "os_user",
)
LISTED_COLUMNS = ("at", "event", "actor", "searched", "pool", "configuration", "run", "step", "outcome")
LISTED_FIELDS = frozenset({*SEARCHED_FIELDS, "at", "pool", "configuration", "run", "step", "details"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the store adds to a fact: when, where and by which account of the operating system.

    `zone` is an IANA name or an offset; `monotonic_ns` counts from an unspecified start and never goes back.
    """

    at: datetime
    zone: str
    monotonic_ns: int
    console: ConsoleId
    console_name: str
    os_user: str


def encoded_fields(facts: Iterable[Fact], circumstances: Circumstances) -> list[Mapping[str, bytes]]:
    """Return, for each fact, every field that is set, as canonical JSON.

    Raises:
        Refused: a text that is no Unicode, or a number that canonical JSON cannot hold.
    """
    shared = _encoded_set(
        {
            "at": instant_text(circumstances.at),
            "zone": circumstances.zone,
            # Canonical JSON holds integers up to 2^53 only, which is 104 days.
            "monotonic_ns": str(circumstances.monotonic_ns),
            "console": circumstances.console,
            "console_name": circumstances.console_name,
            "os_user": circumstances.os_user,
        }
    )
    return [{**_encoded_set({name: getattr(fact, name) for name in FACT_FIELDS}), **shared} for fact in facts]


def _encoded_set(values: Mapping[str, Any]) -> dict[str, bytes]:
    return {name: _encoded(name, value) for name, value in values.items() if value is not None and value != ""}


def instant_text(instant: datetime) -> str:
    """Return RFC 3339 in UTC, always with microseconds, so that texts sort like instants."""
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def instant_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def searched_text(values: Mapping[str, Any], *, has_what: bool = True) -> str:
    """Return what a search looks into, folded for comparing without case.

    Without `has_what` as files before version 9 have it: what rows say is told there of some kinds alone.
    """
    texts = [str(values[name]) for name in SEARCHED_FIELDS if name in values]
    what = str((values.get("details") or {}).get("what", ""))
    if values["event"] in ABOUT_OBJECTS or (what and has_what):
        texts.append(what)
    return "\n".join(texts).casefold()


def listed(encoded: Mapping[str, bytes], *, has_what: bool = True) -> dict[str, Any]:
    """Return the columns by which a row is searched, from its fields as canonical JSON; `has_what` as `searched_text`.

    Raises:
        msgspec.DecodeError, KeyError, TypeError, AttributeError: they are not those of a row.
    """
    values = decoded_fields({name: value for name, value in encoded.items() if name in LISTED_FIELDS})
    return {
        "at": values["at"],
        "event": values["event"],
        "actor": values.get("actor", ""),
        "searched": searched_text(values, has_what=has_what),
        **{name: values.get(name) for name in ("pool", "configuration", "run", "step", "outcome")},
    }


def _encoded(name: str, value: Json) -> bytes:
    if not isinstance(value, str) and isinstance(value, Mapping):
        value = dict(value)
    try:
        return canonical_bytes(value)
    except ValueError as failure:
        raise Refused(
            reason=f"The field '{name.replace('_', ' ')}' cannot be recorded: {failure}.",
            mend="Use plain Unicode text and numbers up to 2^53, without halves of characters.",
        ) from failure


def decoded_fields(values: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the fields of a row; what was withheld is absent.

    Raises:
        msgspec.DecodeError: a value is not JSON.
    """
    return {name: msgspec.json.decode(value) for name, value in values.items()}


def fact_of(values: Mapping[str, Any]) -> Fact:
    """Return the fact that a row records.

    Raises:
        ValueError: an event or outcome of a newer program.
        KeyError: the event was withheld.
    """
    outcome = values.get("outcome")
    return Fact(
        event=AuditEvent(values["event"]),
        actor=values.get("actor", ""),
        pool=values.get("pool"),
        session=values.get("session", ""),
        configuration=values.get("configuration"),
        configuration_name=values.get("configuration_name", ""),
        run=values.get("run"),
        step=values.get("step"),
        source=values.get("source"),
        target=values.get("target"),
        outcome=None if outcome is None else Outcome(outcome),
        reason=values.get("reason", ""),
        details=values.get("details"),
    )
