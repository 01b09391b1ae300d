"""Asks a query of items. It is made into plain functions once, which take many items at a time.

A function that is called for each of ten thousand items costs more than what it asks: here each part of a query goes
over all that the parts before it left.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import compress
from typing import Any, TypeVar, assert_never

from xsconsole.domain.folding import folded, natural
from xsconsole.domain.query.fields import Content, Field, Kind, Schema
from xsconsole.domain.query.values import And, Comparison, Everything, Not, Operator, Or, Query, Word
from xsconsole.domain.query.worth import amount, date_beginning

T = TypeVar("T")

KEPT_ANSWERS = 4096  # of one comparison

Asks = Callable[[T], bool]
AsksMany = Callable[[Sequence[T]], list[bool]]

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
    asks = asked_of_many(query, schema, now)
    return lambda item: asks((item,))[0]


def asked_of_many(query: Query, schema: Schema[T], now: datetime) -> AsksMany[T]:
    """Return the same for many items: which of them are what the query asks for, in their order."""
    match query:
        case Everything():
            return lambda items: [True] * len(items)
        case Word():
            return _word(query, schema.words)
        case Comparison():
            field = schema.field(query.field)
            assert field is not None, "a query is asked of the list it was parsed for"
            return _comparison(query, field, now)
        case Not():
            return _turned(asked_of_many(query.of, schema, now))
        case And():
            return _every([asked_of_many(part, schema, now) for part in query.parts])
        case Or():  # what is not none of them
            return _turned(_every([_turned(asked_of_many(part, schema, now)) for part in query.parts]))
    assert_never(query)


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
    pieces = folded(pattern).split("*")
    if any("?" in piece for piece in pieces) or len(pieces) == 1:
        return _loose_glob(*map(_piece, pieces), end=len(pieces[-1]))
    first, *middle, last = pieces

    def is_like(text: str) -> bool:
        if not text.startswith(first):
            return False
        at = len(first)
        for piece in middle:
            at = text.find(piece, at)
            if at < 0:
                return False
            at += len(piece)
        return len(text) - len(last) >= at and text.endswith(last)

    return is_like


def _loose_glob(first: re.Pattern[str], *rest: re.Pattern[str], end: int) -> Callable[[str], bool]:
    """Return the same where pieces hold a `?`; `end` is how long the last one is."""
    if not rest:
        return lambda text: first.fullmatch(text) is not None
    *middle, last = rest

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
        return len(text) - end >= at and last.fullmatch(text, len(text) - end) is not None

    return is_like


def _piece(piece: str) -> re.Pattern[str]:
    return re.compile("".join("." if letter == "?" else re.escape(letter) for letter in piece), re.DOTALL)


def _turned(asks: AsksMany[T]) -> AsksMany[T]:
    return lambda items: list(map(operator.not_, asks(items)))


def _every(every: Sequence[AsksMany[T]]) -> AsksMany[T]:
    first, *others = every

    def asks_all(items: Sequence[T]) -> list[bool]:
        are_so = first(items)
        for asks in others:  # only what all before said of
            answers = iter(asks(tuple(compress(items, are_so))))
            are_so = [is_so and next(answers) for is_so in are_so]
        return are_so

    return asks_all


def _word(word: Word, words: Callable[[T], str]) -> AsksMany[T]:
    if word.is_pattern:
        is_like = glob(word.text)
        return lambda items: [any(map(is_like, text.split("\n"))) for text in map(words, items)]
    wanted = folded(word.text)
    return lambda items: [wanted in text for text in map(words, items)]


def _comparison(query: Comparison, field: Field[T], now: datetime) -> AsksMany[T]:
    if query.operator is Operator.IS_NOT:
        equal = Comparison(field=query.field, operator=Operator.IS, value=query.value)
        return _turned(_comparison(equal, field, now))
    answers, get = _Answers(_content_test(query, field, now)), field.get
    return lambda items: list(map(answers.__getitem__, map(get, items)))


class _Answers(dict[Content, bool]):
    """What was answered before: ten thousand machines stand on some hosts, and share some tags.

    Of several texts each counts; what has nothing in a field is never meant.
    """

    def __init__(self, test: Callable[[Any], bool]) -> None:
        super().__init__()
        self._test = test

    def __missing__(self, content: Content) -> bool:
        if len(self) >= KEPT_ANSWERS:
            self.clear()
        if isinstance(content, tuple):
            answer = any(map(self.__getitem__, content))
        else:
            answer = content is not None and content != "" and self._test(content)
        self[content] = answer
        return answer


def _content_test(query: Comparison, field: Field[T], now: datetime) -> Callable[[Any], bool]:
    match field.kind:
        case Kind.TEXT | Kind.CHOICE:
            return _text_test(query, field.kind)
        case Kind.DATE:
            return _date_test(query)
        case _:
            return _amount_test(query, field.kind, now)


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


def _amount_test(query: Comparison, kind: Kind, now: datetime) -> Callable[[Any], bool]:
    wanted, compare = amount(kind, query.value.text), _ORDERED[query.operator]
    if kind is Kind.AGE:
        return lambda at: compare((now - at).total_seconds(), wanted)
    return lambda number: compare(number, wanted)
