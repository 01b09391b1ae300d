"""What can follow where somebody types: names of fields, and values that there are."""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from xsconsole.domain.query.fields import Kind, Schema
from xsconsole.domain.query.values import Word, printed_value

T = TypeVar("T")

MOST = 12
_BREAKS = frozenset("() \t\n")
_OPERATOR_LETTERS = frozenset(":=<>!")
_EXAMPLES = {Kind.SIZE: ("8GiB",), Kind.AGE: ("30d", "12h"), Kind.NUMBER: (), Kind.DATE: ()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """`text` takes the place of what is typed; `about` says what it is."""

    text: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What may take the place of the text from `start` up to `end`."""

    start: int
    end: int
    proposals: tuple[Proposal, ...]

    def applied(self, text: str, proposal: Proposal) -> tuple[str, int]:
        """Return the text with a proposal in it, and where the caret stands then."""
        return text[: self.start] + proposal.text + text[self.end :], self.start + len(proposal.text)


def complete(text: str, caret: int, schema: Schema[T], values: Callable[[str], Iterable[str]]) -> Completion:
    """Return what fits at `caret`. `values` gives what there is now in a field, such as the tags in use."""
    start, is_quoted = 0, False
    for index, letter in enumerate(text[:caret]):
        is_quoted ^= letter == '"'
        if letter in _BREAKS and not is_quoted:
            start = index + 1
    typed = text[start:caret].removeprefix("-")
    start = caret - len(typed)
    at = next((index for index, letter in enumerate(typed) if letter in _OPERATOR_LETTERS), None)
    if at is None:
        return Completion(start=start, end=caret, proposals=_fields(typed, schema))
    value_at = at
    while value_at < len(typed) and typed[value_at] in _OPERATOR_LETTERS:
        value_at += 1
    proposals = _values(typed[:at], typed[value_at:], schema, values)
    return Completion(start=start + value_at, end=caret, proposals=proposals)


def _fields(typed: str, schema: Schema[T]) -> tuple[Proposal, ...]:
    wanted = typed.casefold()
    found = [
        Proposal(
            text=f"{field.name}{'>' if field.kind in (Kind.SIZE, Kind.AGE, Kind.NUMBER) else ':'}", about=field.about
        )
        for field in schema.fields
        if field.name.startswith(wanted) or any(alias.startswith(wanted) for alias in field.aliases)
    ]
    return tuple(found) if not wanted else tuple(found[:MOST])


def _values(name: str, typed: str, schema: Schema[T], values: Callable[[str], Iterable[str]]) -> tuple[Proposal, ...]:
    field = schema.field(name)
    if field is None:
        return ()
    wanted = typed.removeprefix('"').casefold()
    there_are = set(field.choices or values(field.name)) or _EXAMPLES.get(field.kind, ())
    # Ten thousand machines have ten thousand addresses: only the few that are shown are put in order.
    fitting = [
        (not folded.startswith(wanted), folded, value)
        for value, folded in zip(there_are, map(str.casefold, there_are), strict=True)
        if wanted in folded
    ]
    ranked = [value for _, _, value in heapq.nsmallest(MOST, fitting)]
    return tuple(Proposal(text=printed_value(Word(text=value)), about=field.about) for value in ranked)
