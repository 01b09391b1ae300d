"""What goes over the wire beside plain Python values, in XML and in JSON alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from xsconsole.simpool.rows import Record


class Int32(int):
    """A number that XML-RPC shows with a tag, unlike XAPI's 64-bit numbers."""


@dataclass(slots=True, kw_only=True)
class Event:
    """One line of an answer about changes; `cls` is in small letters, and what is gone has no `snapshot`."""

    # Not frozen: that would double the time to make one, and an answer has a hundred thousand.

    cls: str
    operation: str
    ref: str
    generation: int
    snapshot: Record | None


class InstantText(str):
    """A date as a client sent it, tagged as one."""

    __slots__ = ()


class Malformed(Exception):
    """A body that is no request. XAPI answers it with status 500 and a page, never with a failure of a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A call as it arrived; what the client sent as arguments is not converted yet."""

    method: str
    params: Sequence[object]


def instant_text(instant: datetime) -> str:
    """Return an instant as XAPI writes it: `20260821T17:31:45Z`."""
    at = instant.astimezone(UTC)
    return f"{at.year:04}{at.month:02}{at.day:02}T{at.hour:02}:{at.minute:02}:{at.second:02}Z"


def described(value: object) -> str:
    """Return a value of a request as XAPI shows it in its complaints about types."""
    match value:
        case None:
            return "N"
        case bool():
            return f"B({str(value).lower()})"
        case int():
            return f"I({value})"
        case float():
            return f"F({value:g})"
        case InstantText():
            return f"D({value})"
        case str():
            return f"S({value})"
        case Mapping():
            return "{" + ";".join(f"{key}:{described(one)}" for key, one in value.items()) + "}"
        case Sequence():
            return "[" + ";".join(map(described, value)) + "]"
        case _:
            raise TypeError(f"not a value of a request: {value!r}")
