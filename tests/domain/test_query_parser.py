"""The filter language: what is written, what it means, and what is said of what cannot be understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.query_values import LETTERS, SCHEMA, queries
from xsconsole.domain.query.parser import DEEPEST, LONGEST, parse, parse_typed, query_of
from xsconsole.domain.query.values import EVERYTHING, And, Comparison, Not, Operator, Or, Query, Word, printed
from xsconsole.errors import Refused


def word(text: str) -> Word:
    return Word(text=text, is_pattern="*" in text or "?" in text)


def compared(field: str, operator: str, value: str) -> Comparison:
    return Comparison(field=field, operator=Operator(operator), value=word(value))


A, B, C = word("a"), word("b"), word("c")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", EVERYTHING),
        ("  \t ", EVERYTHING),
        ("a", A),
        ("a b", And(parts=(A, B))),
        ("a and b AND c", And(parts=(A, B, C))),
        ("a or b c", Or(parts=(A, And(parts=(B, C))))),
        ("(a or b) c", And(parts=(Or(parts=(A, B)), C))),
        ("((a))", A),
        ("-a", Not(of=A)),
        ("not a b", And(parts=(Not(of=A), B))),
        ("--a", Not(of=Not(of=A))),
        ("-(a or b)", Not(of=Or(parts=(A, B)))),
        ('"a b"', word("a b")),
        (r'"say \"hi\" \\"', word('say "hi" \\')),
        ('"and" or "or"', Or(parts=(word("and"), word("or")))),
        ('"a*"', Word(text="a*")),
        ("web-*", word("web-*")),
        ("web-1", word("web-1")),
        ("oracle andes", And(parts=(word("oracle"), word("andes")))),
        ('a"b c"', And(parts=(A, word("b c")))),
        ("name:web", compared("name", ":", "web")),
        ('name:"we b"', compared("name", ":", "we b")),
        ("name: web", compared("name", ":", "web")),
        ("STATE:running", compared("power", ":", "running")),
        ("power:run", compared("power", ":", "run")),
        ("power=Running", compared("power", "=", "Running")),
        ("memory>8GiB", compared("memory", ">", "8GiB")),
        ("memory > 8GiB a", And(parts=(compared("memory", ">", "8GiB"), A))),
        ("memory:>=8G", compared("memory", ">=", "8G")),
        ("memory!=0", compared("memory", "!=", "0")),
        ("age>30d", compared("age", ">", "30d")),
        ("date<=2026-11-23T14:00", compared("date", "<=", "2026-11-23T14:00")),
        ("-tag:web", Not(of=compared("tag", ":", "web"))),
        ("tag:a:b", compared("tag", ":", "a:b")),
    ],
)
def test_a_text_means(text: str, meant: Query) -> None:
    parsed = parse(text, SCHEMA)

    assert parsed.fault is None
    assert parsed.query == meant


@given(queries)
def test_a_printed_query_means_the_same_again(query: Query) -> None:
    parsed = parse(printed(query), SCHEMA)

    assert parsed.fault is None
    assert parsed.query == query


@given(queries, st.data())
def test_no_beginning_of_a_right_text_is_called_wrong(query: Query, data: st.DataObject) -> None:
    text = printed(query)
    beginning = text[: data.draw(st.integers(0, len(text)))]

    assert not parse(beginning, SCHEMA).is_wrong


@given(st.one_of(st.text(), st.text(LETTERS), st.lists(st.sampled_from(("(", "-", "not ", "a", ")", "or ", "name:")))))
def test_any_text_is_understood_or_said_to_be_wrong_at_a_place_in_it(text: str | list[str]) -> None:
    written = "".join(text)

    parsed = parse(written, SCHEMA)

    assert (parsed.query is None) == parsed.is_wrong
    if parsed.fault is not None:
        assert 0 <= parsed.fault.start < parsed.fault.end <= len(written) + 1
        assert parsed.fault.sentence.endswith(".")


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("mem>8GiB", (0, 3), "There is no field “mem”. Did you mean memory?"),
        ("a nmae:x", (2, 6), "There is no field “nmae”. Did you mean name?"),
        ("aa:bb:cc", (0, 2), 'There is no field “aa”. For the text itself write "aa:bb:cc".'),
        ("power:x", (6, 7), "“x” is not a value of “power”. It is one of running, halted, suspended."),
        ("power>running", (6, 13), "“power” is a word and has no order. Write power:running."),
        ("memory>8 a", (7, 8), "“8” is not a size with its unit, such as 8GiB."),
        ("age>30q", (4, 7), "“30q” is not a time span with its unit, such as 30d or 12h."),
        ("cpus:4k", (5, 7), "“4k” is not a number, such as 4."),
        ("date:23.11.", (5, 11), "“23.11.” is not a date, such as 2026-11 or 2026-11-23T14:00."),
        ("a)", (1, 2), "This bracket closes nothing."),
        ("() a", (0, 2), "There is nothing in these brackets."),
        ("or a", (0, 2), 'Nothing stands before this “or”. Write "or" for the word.'),
        ("and a", (0, 3), "Nothing stands before this “and”."),
        ("(a or) b", (3, 5), "Something has to follow “or”."),
        ("a and or b", (2, 8), "Something has to follow “and”."),
        ("(-) a", (1, 2), "Something has to follow, to be left out."),
        ("(name:) a", (1, 6), "A value has to follow “name:”. Such as name:web."),
        (":a", (0, 1), "No field stands before “:”."),
        ('"name":a', (0, 6), "A field has no quotes."),
        ("a" * (LONGEST + 1), (LONGEST, LONGEST + 1), "longer than"),
        ("(" * (DEEPEST + 1), (DEEPEST, DEEPEST + 1), "inside one another"),
        ("-" * 1000, (DEEPEST, DEEPEST + 1), "inside one another"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_what_was_meant(text: str, place: tuple[int, int], said: str) -> None:
    parsed = parse(text, SCHEMA)

    assert parsed.is_wrong
    assert parsed.fault is not None
    assert (parsed.fault.start, parsed.fault.end) == place
    assert said in f"{parsed.fault.sentence} {parsed.fault.mend}"
    assert f"{parsed.fault.sentence} {parsed.fault.mend}".count("such as") <= 1


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("a memory>", A),
        ("a memory>8", A),
        ("a memory>8Gi", A),
        ("a memory!", A),
        ("a power=r", A),
        ("a date:2026-1", A),
        ("a age<.", A),
        ('a "b', A),
        ('a name:"b', A),
        ("a or", A),
        ("a and", A),
        ("(a", A),
        ("a (b or", And(parts=(A, B))),
        ("a -", A),
        ("a not", A),
        ("or", EVERYTHING),
        ("a or or", A),
        ("a and or", A),
        ("name: or", EVERYTHING),
    ],
)
def test_what_is_half_typed_is_left_out_and_not_called_wrong(text: str, meant: Query) -> None:
    parsed = parse(text, SCHEMA)

    assert parsed.fault is not None
    assert parsed.fault.is_unfinished
    assert parsed.query == meant


def test_nothing_is_called_wrong_at_the_caret_while_one_types_in_the_middle() -> None:
    text = "memory> web"

    assert parse_typed(text, len(text), SCHEMA).is_wrong
    assert parse_typed(text, 0, SCHEMA).is_wrong
    typing = parse_typed(text, len("memory>"), SCHEMA)
    assert not typing.is_wrong
    assert typing.query is None
    assert parse_typed("mem> web", len("mem>"), SCHEMA).is_wrong


def test_a_finished_text_is_refused_where_it_cannot_be_understood() -> None:
    assert query_of("a", SCHEMA) == A
    with pytest.raises(Refused, match="at letter 3: There is no field “mem”"):
        query_of("a mem>8", SCHEMA)
    with pytest.raises(Refused, match="closing quote"):
        query_of('"a', SCHEMA)


def test_near_names_are_few_and_fields_are_found_by_their_aliases() -> None:
    field = SCHEMA.field("LABEL")

    assert field is not None
    assert field.name == "tag"
    assert SCHEMA.near("xyzzy") == ()
    assert SCHEMA.near("m") == ()
    assert SCHEMA.near("labl") == ("tag",)
