"""Asks a query of items. It is made into plain functions once, so that ten thousand items cost some milliseconds."""

import operator
import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar, assert_never

from xsconsole.domain.folding import folded, natural
from xsconsole.domain.query import And, Comparison, Everything, Not, Operator, Or, Query, Word
from xsconsole.domain.query_fields import Content, Field, Kind, Schema
from xsconsole.domain.query_worth import amount, date_beginning

T = TypeVar("T")

KEPT_ANSWERS = 1024

Asks = Callable[[T], bool]

_ORDERED: Mapping[Operator, Callable[[Any, Any], bool]] = {  # both are texts, or both are numbers
    Operator.HAS: operator.eq,
    Operator.IS: operator.eq,
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.MORE: operator.gt,
    Operator.AT_LEAST: operator.ge,
}


def asked_by(query: Query, schema: Schema[T], now: datetime) -> Asks[T]:
    """Return whether an item is what the query asks for, as a function. Ages count back from `now`."""
    match query:
        case Everything():
            return lambda _: True
        case Word():
            return _word(query, schema.words)
        case Comparison():
            field = schema.field(query.field)
            assert field is not None, "a query is asked of the list it was parsed for"
            return _comparison(query, field, now)
        case Not():
            inner = asked_by(query.of, schema, now)
            return lambda item: not inner(item)
        case And():
            return _every(tuple(asked_by(part, schema, now) for part in query.parts))
        case Or():
            return _some(tuple(asked_by(part, schema, now) for part in query.parts))
    assert_never(query)


def required_words(query: Query, in_words: AbstractSet[str]) -> tuple[str, ...]:
    """Return folded pieces that the words of every match hold, so that a store can look for them first.

    `in_words` names the fields whose content is among the words.
    """
    found: list[str] = []
    for part in query.parts if isinstance(query, And) else (query,):
        match part:
            case Word(is_pattern=False):
                found += folded(part.text).split()
            case Comparison(operator=Operator.HAS | Operator.IS, value=Word(is_pattern=False)) if (
                part.field in in_words
            ):
                found += folded(part.value.text).split()
            case _:
                pass
    return tuple(dict.fromkeys(found))


def fields_of(query: Query) -> frozenset[str]:
    """Return the names of the fields that a query asks for."""
    match query:
        case Comparison():
            return frozenset({query.field})
        case Not():
            return fields_of(query.of)
        case And() | Or():
            return frozenset().union(*(fields_of(part) for part in query.parts))
        case _:
            return frozenset()


def glob(pattern: str) -> Callable[[str], bool]:
    """Return whether a whole folded text is like a pattern of `*` and `?`, in time linear in both.

    The pieces between stars are looked for from left to right, so no pattern can make it go back.
    """
    first, *rest = (_piece(piece) for piece in folded(pattern).split("*"))
    if not rest:
        return lambda text: first.fullmatch(text) is not None
    *middle, last = rest
    length = len(folded(pattern).rsplit("*", 1)[1])

    def is_like(text: str) -> bool:
        begun = first.match(text)
        if begun is None:
            return False
        at = begun.end()
        for piece in middle:
            found = piece.search(text, at)
            if found is None:
                return False
            at = found.end()
        return len(text) - length >= at and last.fullmatch(text, len(text) - length) is not None

    return is_like


def _piece(piece: str) -> re.Pattern[str]:
    return re.compile("".join("." if letter == "?" else re.escape(letter) for letter in piece), re.DOTALL)


def _every(every: tuple[Asks[T], ...]) -> Asks[T]:
    def asks_all(item: T) -> bool:
        for asks in every:  # noqa: SIM110 - a generator for each of ten thousand items costs more than the asking
            if not asks(item):
                return False
        return True

    return asks_all


def _some(some: tuple[Asks[T], ...]) -> Asks[T]:
    def asks_some(item: T) -> bool:
        for asks in some:  # noqa: SIM110 - as above
            if asks(item):
                return True
        return False

    return asks_some


def _word(word: Word, words: Callable[[T], str]) -> Asks[T]:
    if word.is_pattern:
        is_like = glob(word.text)
        return lambda item: any(is_like(line) for line in words(item).split("\n"))
    wanted = folded(word.text)
    return lambda item: wanted in words(item)


def _comparison(query: Comparison, field: Field[T], now: datetime) -> Asks[T]:
    if query.operator is Operator.IS_NOT:
        equal = _comparison(Comparison(field=query.field, operator=Operator.IS, value=query.value), field, now)
        return lambda item: not equal(item)
    get = field.get
    match field.kind:
        case Kind.TEXT | Kind.CHOICE:
            return _on_texts(_text_test(query, field.kind), get)
        case Kind.DATE:
            return _on_texts(_date_test(query), get)
        case _:
            return _on_numbers(query, field, now)


def _on_texts(test: Callable[[str], bool], get: Callable[[T], Content]) -> Asks[T]:
    test = lru_cache(maxsize=KEPT_ANSWERS)(test)  # ten thousand machines stand on some hosts, and share some tags

    def asks(item: T) -> bool:
        content = get(item)
        if not content:
            return False
        return test(content) if isinstance(content, str) else any(map(test, content))  # type: ignore[arg-type]

    return asks


def _text_test(query: Comparison, kind: Kind) -> Callable[[str], bool]:
    value, wanted = query.value, folded(query.value.text)
    if value.is_pattern:
        is_like = glob(value.text)
        return lambda text: is_like(folded(text))
    match query.operator:
        case Operator.HAS if kind is Kind.CHOICE:
            return lambda text: text.casefold().startswith(wanted)
        case Operator.HAS:
            return lambda text: wanted in folded(text)
        case Operator.IS:
            return lambda text: folded(text) == wanted
        case _:
            compare, key = _ORDERED[query.operator], natural(query.value.text)
            return lambda text: compare(natural(text), key)


def _date_test(query: Comparison) -> Callable[[str], bool]:
    """A date of any exactness means all of its time: `<=2026-11` holds for the whole of November."""
    wanted = date_beginning(query.value.text) or ""
    compare, length = _ORDERED[query.operator], len(wanted)
    return lambda text: compare(text[:length], wanted)


def _on_numbers(query: Comparison, field: Field[T], now: datetime) -> Asks[T]:
    wanted, compare, get = amount(field.kind, query.value.text), _ORDERED[query.operator], field.get
    if field.kind is Kind.AGE:

        def asks_age(item: T) -> bool:
            at = get(item)
            return isinstance(at, datetime) and compare((now - at).total_seconds(), wanted)

        return asks_age

    def asks(item: T) -> bool:
        number = get(item)
        return number is not None and compare(number, wanted)

    return asks
