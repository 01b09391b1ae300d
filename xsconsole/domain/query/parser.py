"""From a text to a query. What is wrong is said with its place; what is only half typed is no fault."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from xsconsole.domain.naming import shortened
from xsconsole.domain.query.fields import Field, Kind, Schema
from xsconsole.domain.query.values import (
    EVERYTHING,
    RESERVED,
    WILDCARDS,
    And,
    Comparison,
    Not,
    Operator,
    Or,
    Query,
    Word,
    quoted,
)
from xsconsole.domain.query.worth import examples, is_value, may_become_value, written
from xsconsole.errors import Refused

T = TypeVar("T")

LONGEST = 2_000  # characters
DEEPEST = 40  # brackets and nots inside one another
_OPERATORS = ("!=", "<=", ">=", ":", "=", "<", ">")
_ENDS_WORD = frozenset('()"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What cannot be understood, from `start` up to `end`, and what may have been meant.

    `is_unfinished`: it can still become right by typing on, so nobody needs to hear of it yet.
    """

    start: int
    end: int
    sentence: str
    mend: str = ""
    is_unfinished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """`query` leaves out what is unfinished; it is None where nothing can be told, such as where something is wrong."""

    query: Query | None
    fault: Fault | None = None

    @property
    def is_wrong(self) -> bool:
        return self.fault is not None and not self.fault.is_unfinished


class _Wrong(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.sentence)
        self.fault = fault


def parse(text: str, schema: Schema[T]) -> Parsed:
    """Return what a text asks for."""
    parser = _Parser(text, schema)
    try:
        query = parser.whole()
    except _Wrong as wrong:
        return Parsed(query=None, fault=wrong.fault)
    return Parsed(query=query, fault=parser.unfinished)


def query_of(text: str, schema: Schema[T]) -> Query:
    """Return what a finished text asks for.

    Raises:
        Refused: it cannot be understood; the reason names the place.
    """
    parsed = parse(text, schema)
    if parsed.fault is not None:
        raise Refused(
            reason=f"The filter cannot be understood at letter {parsed.fault.start + 1}: {parsed.fault.sentence}",
            mend=parsed.fault.mend,
        )
    return parsed.query or EVERYTHING


def parse_typed(text: str, caret: int, schema: Schema[T]) -> Parsed:
    """Like `parse`, while somebody types at `caret`: what is wrong only because of what follows is unfinished."""
    parsed = parse(text, schema)
    if parsed.fault is None or not parsed.is_wrong or caret >= len(text):
        return parsed
    begun = parse(text[:caret], schema)
    if begun.fault is not None and begun.fault.is_unfinished:
        return Parsed(query=None, fault=begun.fault)
    return parsed


class _Parser(Generic[T]):
    """Goes through the text once. An expression that is left out, because it is unfinished, is None."""

    def __init__(self, text: str, schema: Schema[T]) -> None:
        self._text, self._schema = text, schema
        self._at = 0
        self.unfinished: Fault | None = None

    def whole(self) -> Query:
        if len(self._text) > LONGEST:
            raise _Wrong(
                Fault(
                    start=LONGEST,
                    end=len(self._text),
                    sentence=f"This is longer than {LONGEST} characters.",
                    mend="Ask for less at once.",
                )
            )
        query = self._either(0)
        if self._peek() == ")":
            raise self._wrong(self._at, self._at + 1, "This bracket closes nothing.", "Remove it, or open one before.")
        return query or EVERYTHING

    # --- expressions

    def _either(self, depth: int) -> Query | None:
        parts = [self._all(depth)]
        while self._keyword() == "or":
            start = self._at
            self._at += 2
            if parts[0] is None and len(parts) == 1:
                self._misplaced(start, "Nothing stands before this “or”.")
                break
            if self._is_over():
                self._leave_open(start, self._at, "Something has to follow “or”.")
                break
            if self._stops_here():
                self._misplaced(start, "Something has to follow “or”.")
                break
            parts.append(self._all(depth))
        return _joined(Or, parts)

    def _all(self, depth: int) -> Query | None:
        parts: list[Query | None] = []
        while not self._is_over() and self._peek() != ")" and (keyword := self._keyword()) != "or":
            if keyword == "and":
                start = self._at
                self._at += 3
                if not parts:
                    self._misplaced(start, "Nothing stands before this “and”.")
                    break
                if self._is_over():
                    self._leave_open(start, self._at, "Something has to follow “and”.")
                    break
                if self._stops_here():
                    self._misplaced(start, "Something has to follow “and”.")
                    break
            parts.append(self._one(depth))
        return _joined(And, parts)

    def _one(self, depth: int) -> Query | None:
        start = self._at
        if depth >= DEEPEST:
            raise self._wrong(
                start, start + 1, f"More than {DEEPEST} brackets are inside one another.", "Ask it simpler."
            )
        if self._keyword() == "not":
            self._at += 3
            return self._refused(start, depth)
        if self._peek() == "-":
            self._at += 1
            return self._refused(start, depth)
        if self._peek() == "(":
            return self._group(depth)
        return self._term()

    def _refused(self, start: int, depth: int) -> Query | None:
        if self._is_over():
            self._leave_open(start, self._at, "Something has to follow, to be left out.")
            return None
        if self._stops_here():
            self._misplaced(start, "Something has to follow, to be left out.")
            return None
        of = self._one(depth + 1)
        return None if of is None else Not(of=of)

    def _group(self, depth: int) -> Query | None:
        start = self._at
        self._at += 1
        of = self._either(depth + 1)
        if self._is_over():
            self._leave_open(start, start + 1, "This bracket is not closed.")
            return of
        if of is None and self.unfinished is None:
            raise self._wrong(start, self._at + 1, "There is nothing in these brackets.")
        self._at += 1
        return of

    # --- terms

    def _term(self) -> Query | None:
        start = self._at
        if self._peek() == '"':
            word = self._quoted()
            if word is not None and self._operator():
                raise self._wrong(start, self._at, "A field has no quotes.", "Write its name alone, such as name:web.")
            return word
        if self._operator():
            operator = self._operator()
            raise self._wrong(
                start, start + len(operator), f"No field stands before “{operator}”.", "Write one, such as memory>8GiB."
            )
        name = self._bare(_OPERATORS)
        after_name = self._at
        while self._peek_raw().isspace():
            self._at += 1
        operator = self._operator()
        if operator and (after_name == self._at or operator != ":"):
            self._at += len(operator)
            return self._comparison(name, Operator(operator), start, after_name)
        self._at = after_name
        if name.endswith("!") and self._is_over() and self._schema.field(name[:-1]):
            self._leave_open(start, after_name, "Something has to follow “!”.")
            return None
        return Word(text=name, is_pattern=_has_wildcards(name), start=start, end=after_name)

    def _comparison(self, name: str, operator: Operator, start: int, end: int) -> Query | None:
        field = self._schema.field(name)
        if field is None:
            near = self._schema.near(name)
            whole = quoted(shortened(self._text[start : self._word_end()], 40))
            meant = f"Did you mean {' or '.join(near)}?" if near else f"For the text itself write {whole}."
            raise self._wrong(start, end, f"There is no field “{shortened(name, 40)}”.", meant)
        if operator is Operator.HAS and self._operator():
            # drift:>0 is how many write it elsewhere
            operator = Operator(self._operator())
            self._at += len(operator)
        if self._is_over():
            self._leave_open(start, self._at, f"A value has to follow “{field.name}{operator}”.", examples(field))
            return None
        if self._peek() in "()" or self._keyword() or self._operator():
            self._misplaced(start, f"A value has to follow “{field.name}{operator}”.", examples(field))
            return None
        value = self._value()
        if value is None:
            return None
        return self._checked(field, operator, value)

    def _value(self) -> Word | None:
        if self._peek() == '"':
            return self._quoted()
        start = self._at
        text = self._bare(())
        return Word(text=text, is_pattern=_has_wildcards(text), start=start, end=self._at)

    def _checked(self, field: Field[T], operator: Operator, value: Word) -> Query | None:
        if field.kind is Kind.CHOICE and operator not in (Operator.HAS, Operator.IS, Operator.IS_NOT):
            advice = f"Write {field.name}:{field.choices[0]}."
            raise self._wrong(value.start, value.end, f"“{field.name}” is a word and has no order.", advice)
        is_right, may_become_right = is_value(field, operator, value), may_become_value(field, value)
        if is_right:
            return Comparison(field=field.name, operator=operator, value=value)
        said = f"“{shortened(value.text, 40)}” is not {written(field)}."
        if value.end == len(self._text) and may_become_right:
            self._leave_open(value.start, value.end, said)
            return None
        raise self._wrong(value.start, value.end, said, examples(field) if field.kind is Kind.CHOICE else "")

    # --- letters

    def _quoted(self) -> Word | None:
        start = self._at
        letters: list[str] = []
        at = start + 1
        while at < len(self._text):
            letter = self._text[at]
            if letter == '"':
                self._at = at + 1
                return Word(text="".join(letters), start=start, end=self._at)
            if letter == "\\" and at + 1 < len(self._text):
                at += 1
                letter = self._text[at]
            letters.append(letter)
            at += 1
        self._at = at
        self._leave_open(start, at, "The closing quote is missing.")
        return None

    def _bare(self, ends: tuple[str, ...]) -> str:
        start = self._at
        text = self._text
        while self._at < len(text):
            letter = text[self._at]
            if letter.isspace() or letter in _ENDS_WORD or (ends and text.startswith(ends, self._at)):
                break
            self._at += 1
        return text[start : self._at]

    def _word_end(self) -> int:
        at = self._at
        while at < len(self._text) and not self._text[at].isspace() and self._text[at] not in _ENDS_WORD:
            at += 1
        return at

    def _peek_raw(self) -> str:
        return self._text[self._at : self._at + 1]

    def _peek(self) -> str:
        """Return the next letter that is no blank; empty at the end."""
        while self._peek_raw().isspace():
            self._at += 1
        return self._peek_raw()

    def _is_over(self) -> bool:
        return not self._peek()

    def _operator(self) -> str:
        return next((operator for operator in _OPERATORS if self._text.startswith(operator, self._at)), "")

    def _keyword(self) -> str:
        """Return the next word where it is `and`, `or` or `not`."""
        self._peek()
        for keyword in RESERVED:
            end = self._at + len(keyword)
            if self._text[self._at : end].casefold() == keyword:
                after = self._text[end : end + 1]
                if not after or after.isspace() or after in _ENDS_WORD:
                    return keyword
        return ""

    def _stops_here(self) -> bool:
        """Whether what comes next begins no expression."""
        return self._peek() == ")" or self._keyword() in ("and", "or")

    def _misplaced(self, start: int, sentence: str, mend: str = "") -> None:
        """Find a keyword, a bracket or an operator where something else has to be.

        A keyword at the very end may be the beginning of a word: `or` of `oracle`.
        """
        after = self._at
        keyword = self._keyword()
        end = self._at + len(keyword) if keyword else after
        standing = self._text[start:after].casefold()
        word = standing if standing in RESERVED else keyword
        if end == len(self._text) and word:
            self._leave_open(start, end, sentence, mend)
            self._at = end
            return
        raise self._wrong(start, end, sentence, mend or (f"Write {quoted(word)} for the word." if word else ""))

    def _leave_open(self, start: int, end: int, sentence: str, mend: str = "") -> None:
        if self.unfinished is None:
            self.unfinished = Fault(start=start, end=end, sentence=sentence, mend=mend, is_unfinished=True)

    def _wrong(self, start: int, end: int, sentence: str, mend: str = "") -> _Wrong:
        return _Wrong(Fault(start=start, end=max(end, start + 1), sentence=sentence, mend=mend))


def _joined(kind: type[And] | type[Or], parts: list[Query | None]) -> Query | None:
    present = tuple(part for part in parts if part is not None)
    if len(present) > 1:
        return kind(parts=present)
    return present[0] if present else None


def _has_wildcards(text: str) -> bool:
    return any(wildcard in text for wildcard in WILDCARDS)
