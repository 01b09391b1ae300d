"""The extract of the audit that an archive holds: the rows about its configuration, as they stand in the chain."""

from collections.abc import Iterable

import msgspec

from xsconsole.domain.requests.values import Warrant, from_warrant


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a row: its canonical JSON in text, and the salt of its hash in hexadecimal."""

    salt: str
    value: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row as `docs/audit-format.md` describes it: `canonical` is the text whose SHA-256 is `digest`."""

    seq: int
    canonical: str
    digest: str
    values: dict[str, Value]


def to_lines(rows: Iterable[Row]) -> bytes:
    """Return the extract as it lies in an archive: one JSON value a line, oldest first."""
    return b"".join(msgspec.json.encode(row, order="sorted") + b"\n" for row in rows)


def rows_of(lines: bytes) -> tuple[Row, ...]:
    """Read an extract, whose hash was checked before."""
    return tuple(msgspec.json.decode(line, type=Row) for line in lines.splitlines() if line)


def warrants_in(rows: Iterable[Row]) -> tuple[Warrant, ...]:
    """Return what allowed the runs that the rows tell of, each once, oldest first."""
    found: dict[str, Warrant] = {}
    for row in rows:
        details = row.values.get("details")
        if details is None:
            continue
        told = msgspec.json.decode(details.value, type=dict[str, msgspec.Raw]).get("warrant")
        warrant = from_warrant(bytes(told).decode()) if told is not None else None
        if warrant is not None:
            found.setdefault(warrant.request.id, warrant)
    return tuple(found.values())
