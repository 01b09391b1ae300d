r"""Patterns of texts, matched in time linear to the text: a document of strangers must not make a console hang.

A pattern is a row of characters, `.`, classes such as `[a-z0-9-]`, `\d` and `\w`, each perhaps followed by `?`, `*`,
`+` or `{2,10}`; rows are alternatives with `|` between. There are no groups and no look-ahead.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 200
MOST_TIMES = 1000
_ATOM = re.compile(r"\\[dw]|\\[^A-Za-z0-9]|\[(?:\\[dw]|\\[^A-Za-z0-9]|[^\\\[\]])+\]|[^\\\[\](){}?*+|^$]")
_TIMES = re.compile(r"[?*+]|\{(\d{1,4})(,?)(\d{0,4})\}")


@dataclass(frozen=True, slots=True)
class _Item:
    """One character that fits `one`, from `least` to `most` times; `most` None: any number."""

    one: re.Pattern[str]
    least: int
    most: int | None


Row = tuple[_Item, ...]


class NoPattern(ValueError):
    """A text is no pattern; its own text says why, to follow a colon."""


def compiled(pattern: str) -> tuple[Row, ...]:
    """Return the alternatives of a pattern.

    Raises:
        NoPattern: it is none, or is too long.
    """
    if len(pattern) > LONGEST:
        raise NoPattern(f"it has {len(pattern)} characters; {LONGEST} are the most")
    rows: list[Row] = []
    row: list[_Item] = []
    at = 0
    while at < len(pattern):
        if pattern[at] == "|":
            rows.append(tuple(row))
            row, at = [], at + 1
            continue
        atom = _ATOM.match(pattern, at)
        if atom is None:
            raise NoPattern(f"“{pattern[at]}” at place {at + 1} is not understood there")
        times = _TIMES.match(pattern, atom.end())
        least, most = _bounds(times)
        row.append(_Item(_class(atom[0]), least, most))
        at = times.end() if times else atom.end()
    return (*rows, tuple(row))


def fits(pattern: str, text: str) -> bool:
    """Return whether the whole of a text fits. Raises `NoPattern` as `compiled` does."""
    return any(_fits_row(row, text) for row in compiled(pattern))


def _fits_row(row: Row, text: str) -> bool:
    """Follow all ways through the row at once: a state is an item and how often it was used."""
    states = set(_reached(row, 0, 0))
    for character in text:
        states = {
            after
            for item, used in states
            if item < len(row) and row[item].one.fullmatch(character)
            for after in _reached(row, item, min(used + 1, row[item].least if row[item].most is None else used + 1))
        }
        if not states:
            return False
    return any(item == len(row) for item, _ in states)


def _reached(row: Row, item: int, used: int) -> Iterator[tuple[int, int]]:
    """Yield the states that a state is at the same time, as what is left over may be left out."""
    while True:
        if item == len(row):
            yield item, 0
            return
        most = row[item].most
        if most is None or used < most:
            yield item, used
        if used < row[item].least:
            return
        item, used = item + 1, 0


def _class(atom: str) -> re.Pattern[str]:
    try:
        return re.compile(atom, re.DOTALL)
    except re.error as failure:
        raise NoPattern(f"{atom} is no class of characters: {failure.msg}") from failure


def _bounds(times: re.Match[str] | None) -> tuple[int, int | None]:
    if times is None:
        return 1, 1
    match times[0]:
        case "?":
            return 0, 1
        case "*":
            return 0, None
        case "+":
            return 1, None
    least = int(times[1])
    most = least if not times[2] else int(times[3]) if times[3] else None
    if max(least, most or 0) > MOST_TIMES or (most is not None and most < least):
        raise NoPattern(f"{times[0]} is no count from 0 to {MOST_TIMES}")
    return least, most
