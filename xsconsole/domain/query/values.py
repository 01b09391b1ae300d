"""What is looked for in a list, as a value, and its one printed form. `docs/filter.md` describes the language."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

RESERVED = frozenset({"and", "or", "not"})
WILDCARDS = "*?"
_NOT_BARE = frozenset('"()\\')
_NOT_IN_WORD = frozenset(":=<>!")


class Operator(StrEnum):
    """How a field is compared. `HAS` is the lenient one: texts may hold more, choices may be longer."""

    HAS = ":"
    IS = "="
    IS_NOT = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A text that is to be found, or, with wildcards, that a whole text has to be like.

    `start` and `end` say where it stood; they are no part of what it means.
    """

    text: str
    is_pattern: bool = False
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A field, by its proper name, against a value."""

    field: str
    operator: Operator
    value: Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """Nothing is asked: all are meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    of: "Query"


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    parts: tuple["Query", ...]


Query = Word | Comparison | Everything | Not | And | Or

EVERYTHING = Everything()


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def printed_value(value: Word) -> str:
    """Return a value as it stands behind an operator: in quotes only where it has to be."""
    return value.text if value.is_pattern or _is_bare_value(value.text) else quoted(value.text)


def printed(query: Query) -> str:
    """Return the text that means the query; parsing it gives an equal one."""
    match query:
        case Everything():
            return ""
        case Word():
            is_bare = query.is_pattern or (_is_bare_value(query.text) and _is_bare_word(query.text))
            return query.text if is_bare else quoted(query.text)
        case Comparison():
            return f"{query.field}{query.operator}{printed_value(query.value)}"
        case Not():
            return f"-{_part(query.of, And, Or)}"
        case And():
            return " ".join(_part(part, And, Or) for part in query.parts)
        case Or():
            return " or ".join(_part(part, Or) for part in query.parts)
    assert_never(query)


def _part(query: Query, *bracketed: type[Query]) -> str:
    text = printed(query)
    return f"({text})" if isinstance(query, bracketed) else text


def _is_bare_value(text: str) -> bool:
    """Whether a text needs no quotes behind an operator."""
    if not text or text[0] in _NOT_IN_WORD or text.casefold() in RESERVED:
        return False
    return not any(letter.isspace() or letter in _NOT_BARE or letter in WILDCARDS for letter in text)


def _is_bare_word(text: str) -> bool:
    return text[0] != "-" and not any(letter in _NOT_IN_WORD for letter in text)
