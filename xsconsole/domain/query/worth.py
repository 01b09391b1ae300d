"""What may be written as a value of a field, and what it comes to."""

import re
from collections.abc import Mapping
from typing import TypeVar

from xsconsole.domain.query.fields import Field, Kind
from xsconsole.domain.query.values import Operator, Word

T = TypeVar("T")

SIZE_UNITS: Mapping[str, int] = {
    "b": 1,
    **{f"{letter}{tail}": 1024**power for power, letter in enumerate("kmgtp", start=1) for tail in ("", "ib")},
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgtp", start=1)},
}
AGE_UNITS: Mapping[str, int] = {
    "s": 1,
    "m": 60,
    "min": 60,
    "h": 3600,
    "d": 86_400,
    "w": 604_800,
    "mo": 30 * 86_400,
    "y": 365 * 86_400,
}

_AMOUNT = re.compile(r"([0-9]{1,15}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})([a-z]*)\Z", re.ASCII)
_DATE_FORM = "dddd-dd-dd dd:dd:dd"
_DATE_LENGTHS = frozenset({4, 7, 10, 13, 16, 19})
WRITTEN = {
    Kind.NUMBER: "a number, such as 4",
    Kind.SIZE: "a size with its unit, such as 8GiB",
    Kind.AGE: "a time span with its unit, such as 30d or 12h",
    Kind.DATE: "a date, such as 2026-11 or 2026-11-23T14:00",
}


def amount(kind: Kind, text: str) -> float | None:
    """Return a number, a size in bytes or a span in seconds; None where the text is none."""
    found = _AMOUNT.match(text.casefold())
    if found is None or found[1] == ".":
        return None
    number, unit = float(found[1]), found[2]
    match kind:
        case Kind.NUMBER:
            return None if unit else number
        case Kind.SIZE:
            factor: int | None = SIZE_UNITS.get(unit)
        case _:
            factor = AGE_UNITS.get(unit)
    if factor is not None:
        return number * factor
    return 0.0 if not unit and not number else None


def may_become_amount(kind: Kind, text: str) -> bool:
    """Whether a text is the beginning of what `amount` reads."""
    found = _AMOUNT.match(text.casefold())
    if found is None:
        return text == "."
    units = SIZE_UNITS if kind is Kind.SIZE else AGE_UNITS if kind is Kind.AGE else {}
    return not found[2] or any(unit.startswith(found[2]) for unit in units)


def date_beginning(text: str) -> str | None:
    """Return the beginning of a local instant that a date of any exactness means; None where it is none."""
    plain = text.replace("T", " ").replace("t", " ")
    return plain if len(plain) in _DATE_LENGTHS and may_become_date(text) else None


def may_become_date(text: str) -> bool:
    plain = text.replace("T", " ").replace("t", " ")
    return len(plain) <= len(_DATE_FORM) and all(
        (letter.isascii() and letter.isdigit()) if form == "d" else letter == form
        for letter, form in zip(plain, _DATE_FORM, strict=False)
    )


def is_value(field: Field[T], operator: Operator, value: Word) -> bool:
    """Whether a field can be compared with a value."""
    match field.kind:
        case Kind.TEXT:
            return True
        case Kind.CHOICE if operator is Operator.HAS and not value.is_pattern:
            return may_become_value(field, value)
        case Kind.CHOICE:
            return value.is_pattern or value.text.casefold() in field.choices
        case Kind.DATE:
            return date_beginning(value.text) is not None
        case _:
            return amount(field.kind, value.text) is not None


def may_become_value(field: Field[T], value: Word) -> bool:
    """Whether somebody who goes on typing can make it a value."""
    match field.kind:
        case Kind.TEXT:
            return True
        case Kind.CHOICE:
            return any(choice.startswith(value.text.casefold()) for choice in field.choices)
        case Kind.DATE:
            return may_become_date(value.text)
        case _:
            return may_become_amount(field.kind, value.text)


def written(field: Field[T]) -> str:
    """Return what is to be written, to complete the sentence “it is not …”."""
    return f"a value of “{field.name}”" if field.kind is Kind.CHOICE else WRITTEN[field.kind]


def examples(field: Field[T]) -> str:
    """Return a sentence with values that are right; empty where any text is."""
    match field.kind:
        case Kind.CHOICE:
            return f"It is one of {', '.join(field.choices)}."
        case Kind.TEXT:
            return f"Such as {field.example}." if field.example else ""
        case _:
            return f"Write {WRITTEN[field.kind]}."
