"""Asking a query of things gives what a naive reading of the language gives."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.query_values import NOW, SCHEMA, Thing, queries, things
from xsconsole.domain.folding import folded_lines, natural
from xsconsole.domain.query.completion import MOST, complete
from xsconsole.domain.query.fields import Kind
from xsconsole.domain.query.matching import KEPT_ANSWERS, asked_by, asked_of_many, fields_of, glob
from xsconsole.domain.query.parser import parse, query_of
from xsconsole.domain.query.values import And, Comparison, Everything, Not, Or, Query, Word, printed

UNITS = {
    **{"": 1, "b": 1, "s": 1, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "mo": 30 * 86400, "y": 365 * 86400},
    **{"k": 2**10, "kib": 2**10, "g": 2**30, "gib": 2**30, "t": 2**40, "tib": 2**40, "p": 2**50, "pib": 2**50},
    **{"mib": 2**20, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "pb": 10**15},
}


def plain(text):
    return text.casefold().replace("\n", " ")


def like(pattern, text):
    made = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in plain(pattern))
    return re.fullmatch(made, plain(text), re.DOTALL) is not None


def amount(text, kind):
    number, unit = re.fullmatch(r"([\d.]+)([a-z]*)", text.casefold()).groups()
    return float(number) * (UNITS[unit] if unit != "m" else {Kind.SIZE: 2**20, Kind.AGE: 60}[kind])


def ordered(operator, one, other):
    return {
        ":": one == other,
        "=": one == other,
        "<": one < other,
        "<=": one <= other,
        ">": one > other,
        ">=": one >= other,
    }[operator]


def naive(query, thing):
    match query:
        case Everything():
            return True
        case Word(is_pattern=True):
            return any(like(query.text, line) for line in folded_lines(thing.name, *thing.tags).split("\n"))
        case Word():
            return any(plain(query.text) in line for line in folded_lines(thing.name, *thing.tags).split("\n"))
        case Not():
            return not naive(query.of, thing)
        case And():
            return all(naive(part, thing) for part in query.parts)
        case Or():
            return any(naive(part, thing) for part in query.parts)
        case Comparison(operator="!="):
            return not naive(Comparison(field=query.field, operator="=", value=query.value), thing)
        case Comparison():
            return naive_comparison(query, thing)


def naive_comparison(query, thing):
    field = SCHEMA.field(query.field)
    content = field.get(thing)
    contents = [content] if not isinstance(content, tuple) else content
    contents = [one for one in contents if one is not None and one != ""]
    return any(naive_value(query, field.kind, one) for one in contents)


def naive_value(query, kind, content):
    text, operator = query.value.text, str(query.operator)
    match kind:
        case Kind.NUMBER | Kind.SIZE:
            return ordered(operator, content, amount(text, kind))
        case Kind.AGE:
            return ordered(operator, (NOW - content).total_seconds(), amount(text, kind))
        case Kind.DATE:
            return ordered(operator, content[: len(text)], text.replace("T", " "))
    if query.value.is_pattern:
        return like(text, content)
    if operator == ":":
        return plain(content).startswith(plain(text)) if kind is Kind.CHOICE else plain(text) in plain(content)
    if operator == "=":
        return plain(text) == plain(content)
    return ordered(operator, natural(content), natural(text))


@given(queries, st.lists(things, max_size=5))
def test_matching_is_what_a_naive_reading_gives(query: Query, listed: list[Thing]) -> None:
    asks = asked_by(query, SCHEMA, NOW)
    expected = [naive(query, thing) for thing in listed]

    assert [asks(thing) for thing in listed] == expected
    assert asked_of_many(query, SCHEMA, NOW)(listed) == expected


def test_more_different_texts_than_are_kept_are_answered_all_the_same() -> None:
    listed = [Thing(name=f"web-{number}") for number in range(KEPT_ANSWERS + 2)]

    are_so = asked_of_many(query_of("name:*7", SCHEMA), SCHEMA, NOW)(listed)

    assert are_so == [thing.name.endswith("7") for thing in listed]


@given(st.text("ab*?", max_size=12), st.text("abc", max_size=12))
def test_patterns_are_what_a_regular_expression_would_find(pattern: str, text: str) -> None:
    assert glob(pattern)(text) == like(pattern, text)


def test_no_pattern_takes_long() -> None:
    assert not glob("*a" * 200 + "b")("a" * 5000)
    assert not glob("a*" * 200 + "b")("a" * 5000)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("web", ["web-1", "web-10"]),
        ("web-?", ["web-1"]),
        ("name=WEB-1", ["web-1"]),
        ("name>web-2", ["web-10"]),
        ("power:run", ["web-10"]),
        ("memory>=8GiB", ["web-10"]),
        ("memory=8gb", ["db"]),
        ("memory<1k", []),
        ("-memory>0", ["web-1"]),
        ("tag:prod or name:1", ["web-1", "web-10", "db"]),
        ("tag!=prod", ["web-1", "web-10"]),
        ("age>30d", ["db"]),
        ("age<=1h", ["web-10"]),
        ("date:2026-11", ["web-10"]),
        ("date<2026", ["db"]),
        ("prod web", []),
    ],
)
def test_a_text_finds(text: str, found: list[str]) -> None:
    listed = (
        Thing(name="web-1"),
        Thing(name="web-10", power="running", memory=8 * 2**30, born=NOW, date="2026-11-23 14:02:00"),
        Thing(name="db", tags=("prod",), memory=8 * 10**9, born=NOW - timedelta(days=31), date="2025-01-01 00:00:00"),
    )
    asks = asked_by(query_of(text, SCHEMA), SCHEMA, NOW)

    assert [thing.name for thing in listed if asks(thing)] == found


def test_a_query_tells_which_fields_it_asks_for() -> None:
    asked = fields_of(query_of("web (memory>1G or -power:halted) name:a", SCHEMA))

    assert asked == {"memory", "power", "name"}


def proposed(text: str, caret: int | None = None, values: tuple[str, ...] = ()) -> list[str]:
    found = complete(text, len(text) if caret is None else caret, SCHEMA, lambda _: values)
    return [proposal.text for proposal in found.proposals]


def test_fields_are_proposed_by_name_and_by_alias() -> None:
    assert proposed("a (-po") == ["power:"]
    assert proposed("lab") == ["tag:"]
    assert proposed("me") == ["memory>"]
    assert len(proposed("")) == len(SCHEMA.fields)
    assert proposed("xyz") == []


def test_values_are_proposed_as_there_are_those_that_begin_so_first() -> None:
    assert proposed("power:s") == ["suspended"]
    assert proposed("tag:p", values=("app", "Prod", "two words p")) == ["Prod", "app", '"two words p"']
    assert proposed('tag:"two', values=("two words",)) == ['"two words"']
    assert proposed("memory>") == ["8GiB"]
    assert proposed("nothing:") == []


def test_few_values_are_proposed_out_of_many_without_comparing_each_with_each() -> None:
    compared: list[str] = []

    class Address(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            compared.append(self)
            return str.__eq__(self, other) if isinstance(other, str) else NotImplemented

        __hash__ = str.__hash__

    addresses = tuple(Address(f"10.0.{number // 100}.{number % 100}") for number in range(2_000))

    found = proposed("tag:0.1", values=addresses)

    assert found == sorted(str(address) for address in addresses if "0.1" in address)[:MOST]
    assert len(compared) < 10 * len(addresses)


def test_a_proposal_takes_the_place_of_what_is_typed() -> None:
    text = "a -tag:pr b"
    found = complete(text, len("a -tag:pr"), SCHEMA, lambda _: ("prod",))

    assert found.applied(text, found.proposals[0]) == ("a -tag:prod b", len("a -tag:prod"))


@given(st.text(), st.data())
def test_completion_survives_any_text(text: str, data: st.DataObject) -> None:
    caret = data.draw(st.integers(0, len(text)))

    found = complete(text, caret, SCHEMA, lambda _: ("a b",))

    for proposal in found.proposals:
        found.applied(text, proposal)
    assert 0 <= found.start <= found.end == caret


@given(queries)
def test_what_is_asked_by_a_printed_query_is_the_same(query: Query) -> None:
    again = parse(printed(query), SCHEMA).query
    assert again is not None
    listed = [Thing(name="web-1", tags=("web",), memory=8), Thing(born=datetime(2026, 1, 1, tzinfo=UTC))]

    assert [asked_by(again, SCHEMA, NOW)(thing) for thing in listed] == [
        asked_by(query, SCHEMA, NOW)(thing) for thing in listed
    ]
