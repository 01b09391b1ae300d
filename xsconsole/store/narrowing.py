"""What a filter of the audit comes to in the database: a condition that every row which fits meets.

Rows that meet it are still asked themselves; it spares asking the others. Each condition is of an index alone, as rows
are ten times as large as what is asked of them.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, String, and_, func, or_, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, aliased

from xsconsole.domain.folding import folded
from xsconsole.domain.ids import Uuid
from xsconsole.domain.query.fields import Kind
from xsconsole.domain.query.values import And, Comparison, Operator, Or, Query, Word
from xsconsole.domain.query.worth import amount, date_beginning
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole.domain.wording import record as record_words
from xsconsole.store.fields import instant_text
from xsconsole.store.schema import AuditEntry

Condition = ColumnElement[bool]

IN_WORDS = frozenset({"who", "event", "outcome", "stage", "from", "to", "reason", "console"})
"""Fields whose whole content is among the words of a row."""
_HOLDING = (Operator.HAS, Operator.IS)
_FROM, _TO = (Operator.MORE, Operator.AT_LEAST), (Operator.LESS, Operator.AT_MOST)
_WILD = re.compile(r"[*?\s]+")
_RUN = re.compile(r"[^\W_]+")
_WAY = "from to"
_BEYOND_ASCII = "*[^ -~]*"
_SLACK = timedelta(seconds=1)
_ZONES = timedelta(days=2)  # no two clocks of the world are further apart
_LONGEST_S = 1e10


def conditions(query: AuditQuery, now: datetime, before: int | None, *, has_what: bool = True) -> Iterable[Condition]:
    """Yield what rows have to meet by their columns. `has_what`: what rows say is among their words."""
    if before is not None:
        yield AuditEntry.seq < before
    if query.event is not None:
        yield AuditEntry.event == query.event.value
    if query.events:
        yield AuditEntry.event.in_(sorted(query.events))
    if query.configuration is not None:
        yield AuditEntry.configuration == query.configuration
    if query.run is not None:
        yield AuditEntry.run == query.run
    met = _narrowed(query.filter, query.pools, now, has_what=has_what)
    if met is not None:
        yield met


def _narrowed(query: Query, pools: Mapping[Uuid, str], now: datetime, *, has_what: bool) -> Condition | None:
    """Return what the columns can tell; None where that is nothing."""
    match query:
        case Word():
            return _said(query) if has_what else None
        case Comparison(field="what", operator=Operator.HAS | Operator.IS):
            return _said(query.value, _WAY) if has_what else None
        case Comparison():
            return _compared(query, pools, now)
        case And():
            return _every(_narrowed(part, pools, now, has_what=has_what) for part in query.parts)
        case Or():
            parts = [_narrowed(part, pools, now, has_what=has_what) for part in query.parts]
            known = [part for part in parts if part is not None]
            return or_(*known) if len(known) == len(parts) else None
        case _:
            return None


def _every(parts: Iterable[Condition | None]) -> Condition | None:
    known = [part for part in parts if part is not None]
    return and_(*known) if known else None


def _pieces(word: Word) -> tuple[str, ...]:
    """Return what a text that is like a word holds. Half a character can be typed, but not stored: it finds nothing."""
    text = folded(word.text).encode(errors="replace").decode()
    return tuple(dict.fromkeys(filter(None, _WILD.split(text) if word.is_pattern else text.split())))


def _said(word: Word, between: str = "") -> Condition | None:
    """Return what rows must meet that say a word, in a sentence too; words `between` its parts tell nothing.

    The letters and digits of a text stand in its sentence as they stand in one of its parts; between the parts there
    are blanks and signs, and words that belong to the kind of the row or to its outcome.
    """
    runs = dict.fromkeys(run for piece in _pieces(word) for run in _RUN.findall(piece))
    return _every(_in_sentence(run) for run in runs if run not in between)


def _in_sentence(run: str) -> Condition:
    kinds, outcomes = record_words.kinds_saying(run), record_words.outcomes_saying(run)
    found = [_in_words(run), *(_in_words(outcome.value) for outcome in sorted(outcomes))]
    if kinds:
        first_line = func.substr(AuditEntry.searched, 1, func.instr(AuditEntry.searched, "\n") - 1)
        found.append(first_line.in_(sorted(kinds)))
    return or_(*found)


def _in_words(piece: str) -> Condition:
    return func.instr(AuditEntry.searched, piece) > 0


def _compared(query: Comparison, pools: Mapping[Uuid, str], now: datetime) -> Condition | None:
    wanted, operator = query.value, query.operator
    match query.field:
        case "row":
            return _of_number(amount(Kind.NUMBER, wanted.text), operator)
        case "age":
            return _of_age(amount(Kind.AGE, wanted.text), operator, now)
        case "time":
            return _of_date(date_beginning(wanted.text) or "", operator)
        case _ if operator not in _HOLDING:
            return None
        case "event":
            return _of_event(wanted)
        case "configuration":
            return _every(or_(_in_words(one), _elsewhere("configuration", one)) for one in _pieces(wanted))
        case "run":
            return _every(_elsewhere("run", piece) for piece in _pieces(wanted))
        case "pool":
            called = {
                piece: [pool for pool, name in pools.items() if piece in folded(name)] for piece in _pieces(wanted)
            }
            return _every(
                or_(AuditEntry.pool.in_(named), _holds(AuditEntry.pool.expression, one))
                for one, named in called.items()
            )
        case field if field in IN_WORDS:
            return _every(_in_words(piece) for piece in _pieces(wanted))
    return None


def _of_event(wanted: Word) -> Condition | None:
    """Of a single kind of rows there is an index; of several, sorting what it finds costs more than the words."""
    kinds = [event for event in AuditEvent if event.startswith(folded(wanted.text))]
    if len(kinds) == 1 and not wanted.is_pattern:
        return AuditEntry.event == kinds[0].value
    return _every(_in_words(piece) for piece in _pieces(wanted))


def _elsewhere(column: str, piece: str) -> Condition:
    """Whether a row is among those that an index of its own finds."""
    other = aliased(AuditEntry)
    asked: InstrumentedAttribute[str | None] = getattr(other, column)
    return AuditEntry.seq.in_(select(other.seq).where(asked.in_(_ids(column, piece))))


def _ids(column: str, piece: str) -> Select[tuple[str | None]]:
    """Select the ids that may hold a text, each found from the one before it: many rows have the same."""
    first: InstrumentedAttribute[str | None] = getattr(aliased(AuditEntry), column)
    after: InstrumentedAttribute[str | None] = getattr(aliased(AuditEntry), column)
    each = select(func.min(first).label("id")).where(first.is_not(None)).cte(recursive=True)
    following = select(func.min(after)).where(after > each.c.id).scalar_subquery()
    each = each.union_all(select(following).where(each.c.id.is_not(None)))
    return select(each.c.id).where(each.c.id.is_not(None), _holds(each.c.id, piece))


def _holds(column: ColumnElement[str | None], piece: str) -> Condition:
    """Whether an id may hold a folded text. SQLite folds ASCII only: what is beyond is looked at in any case."""
    return or_(func.instr(func.lower(column), piece) > 0, column.op("GLOB")(_BEYOND_ASCII))


def _of_number(wanted: float | None, operator: Operator) -> Condition | None:
    if wanted is None:
        return None
    found: Mapping[Operator, Callable[[], Condition]] = {
        Operator.HAS: lambda: AuditEntry.seq == wanted,
        Operator.IS: lambda: AuditEntry.seq == wanted,
        Operator.LESS: lambda: AuditEntry.seq < wanted,
        Operator.AT_MOST: lambda: AuditEntry.seq <= wanted,
        Operator.MORE: lambda: AuditEntry.seq > wanted,
        Operator.AT_LEAST: lambda: AuditEntry.seq >= wanted,
    }
    return found[operator]() if operator in found else None


def _of_age(wanted_s: float | None, operator: Operator, now: datetime) -> Condition | None:
    if wanted_s is None or wanted_s > _LONGEST_S:
        return None
    try:
        at = now - timedelta(seconds=wanted_s)
        earliest, latest = instant_text(at - _SLACK), instant_text(at + _SLACK)
    except OverflowError:
        return None
    # What is older was earlier.
    return _between(operator, earliest, latest, is_from=operator in _TO, is_to=operator in _FROM)


def _of_date(wanted: str, operator: Operator) -> Condition | None:
    """A date is local, and of any exactness: whole days around it are enough here."""
    try:
        first = date.fromisoformat(f"{wanted[:10]}{'0000-01-01'[len(wanted) :]}")
        last = first + timedelta(days={4: 366, 7: 31}.get(len(wanted), 1))
        earliest, latest = (first - _ZONES).isoformat(), (last + _ZONES).isoformat()
    except (ValueError, OverflowError):
        return None
    return _between(operator, earliest, latest, is_from=operator in _FROM, is_to=operator in _TO)


def _between(operator: Operator, earliest: str, latest: str, *, is_from: bool, is_to: bool) -> Condition | None:
    at = type_coerce(AuditEntry.at, String)  # compared as the texts that they are
    is_equal = operator in _HOLDING
    bounds = [at >= earliest] if is_from or is_equal else []
    bounds += [at <= latest] if is_to or is_equal else []
    return _every(bounds)
