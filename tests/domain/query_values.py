"""A small list of things with fields of every kind, for the tests of the filter language."""

from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import strategies as st

from xsconsole.domain.folding import folded_lines
from xsconsole.domain.query.fields import Field, Kind, Schema
from xsconsole.domain.query.values import And, Comparison, Not, Operator, Or, Word
from xsconsole.domain.query.worth import AGE_UNITS, SIZE_UNITS

NOW = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
POWERS = ("running", "halted", "suspended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    name: str = ""
    tags: tuple[str, ...] = ()
    power: str = "halted"
    memory: int | None = None
    cpus: int | None = None
    born: datetime | None = None
    date: str | None = None


SCHEMA: Schema[Thing] = Schema(
    words=lambda thing: folded_lines(thing.name, *thing.tags),
    fields=(
        Field(name="name", kind=Kind.TEXT, about="its name", get=lambda thing: thing.name, example="name:web"),
        Field(name="tag", kind=Kind.TEXT, about="its tags", get=lambda thing: thing.tags, aliases=("tags", "label")),
        Field(
            name="power",
            kind=Kind.CHOICE,
            about="its power",
            get=lambda thing: thing.power,
            aliases=("state",),
            choices=POWERS,
        ),
        Field(name="memory", kind=Kind.SIZE, about="its memory", get=lambda thing: thing.memory),
        Field(name="cpus", kind=Kind.NUMBER, about="its processors", get=lambda thing: thing.cpus),
        Field(name="age", kind=Kind.AGE, about="its age", get=lambda thing: thing.born),
        Field(name="date", kind=Kind.DATE, about="its day", get=lambda thing: thing.date),
    ),
)

LETTERS = 'aAbwWeE1209 -_.*?"\\()<>=!:\n\tß€\u2028,'

texts = st.one_of(st.text(LETTERS, max_size=6), st.sampled_from(("and", "OR", "not", "web-1", "Web 2", "")), st.text())
patterns = st.builds(
    lambda head, star, tail: Word(text=f"{head}{star}{tail}", is_pattern=True),
    st.text("abwe1", max_size=3),
    st.sampled_from("*?"),
    st.text("abwe1*?", max_size=4),
)
plain_words = texts.map(lambda text: Word(text=text))
values = st.one_of(plain_words, patterns)


def _amounts(units):
    written = st.builds(
        "{}{}".format, st.sampled_from(("0", "1", "8", "2.5", "30", ".5")), st.sampled_from(tuple(units))
    )
    return written.map(lambda text: Word(text=text))


def _compared(name, operators, compared):
    return st.builds(
        lambda operator, value: Comparison(field=name, operator=operator, value=value),
        st.sampled_from(operators),
        compared,
    )


EVERY = tuple(Operator)
LOOSE = (Operator.HAS, Operator.IS, Operator.IS_NOT)
choices = st.sampled_from(POWERS).map(lambda text: Word(text=text))
dates = st.sampled_from(("2026", "2026-11", "2026-11-23", "2026-11-23T14:00", "2026-11-23T14:00:30"))

comparisons = st.one_of(
    _compared("name", EVERY, values),
    _compared("tag", EVERY, values),
    _compared("power", LOOSE, choices),
    _compared("memory", EVERY, _amounts(SIZE_UNITS)),
    _compared("cpus", EVERY, _amounts(("",))),
    _compared("age", EVERY, _amounts(AGE_UNITS)),
    _compared("date", EVERY, dates.map(lambda text: Word(text=text))),
)

queries = st.recursive(
    st.one_of(values, comparisons),
    lambda inner: st.one_of(
        inner.map(lambda of: Not(of=of)),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: And(parts=tuple(parts))),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: Or(parts=tuple(parts))),
    ),
    max_leaves=10,
)

things = st.builds(
    Thing,
    name=st.sampled_from(("web-1", "Web-10", "WEB 2", "db", "", "Straße", "a*b", 'say "hi"', "two\nlines", "aab")),
    tags=st.lists(st.sampled_from(("web", "Prod", "it 1", "ab")), max_size=2).map(tuple),
    power=st.sampled_from(POWERS),
    memory=st.sampled_from((None, 0, 1, 8 * 2**30, 8 * 10**9, 5 * 2**29)),
    cpus=st.sampled_from((None, 0, 1, 8, 30)),
    born=st.sampled_from((None, NOW, datetime(2026, 10, 24, 14, 2, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC))),
    date=st.sampled_from((None, "2026-11-23 14:02:00", "2026-11-23 14:00:30", "2025-01-01 00:00:00")),
)
