"""The fields that a list can be asked for, and what may be written as their values."""

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")

Content = str | tuple[str, ...] | float | datetime | None
"""What an item has in a field. Of several texts each counts; None and no text at all never match."""


class Kind(StrEnum):
    TEXT = "text"
    CHOICE = "choice"  # one of a few words
    NUMBER = "number"
    SIZE = "size"  # bytes
    AGE = "age"  # of an instant
    DATE = "date"  # a local date and time, written from the largest part to the smallest


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Generic[T]):
    """`about` completes the sentence “… is” in a list of fields.

    `known` tells what there is in the field, where that is found sooner than by looking at every item.
    """

    name: str
    kind: Kind
    about: str
    get: Callable[[T], Content]
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    example: str = ""
    known: Callable[[], Iterable[str]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema(Generic[T]):
    """What can be asked of one kind of item. `words` are the folded lines that plain words are looked for in.

    `looked_in` says which those are.
    """

    fields: tuple[Field[T], ...]
    words: Callable[[T], str]
    looked_in: str = ""

    def field(self, name: str) -> Field[T] | None:
        """Return the field of this name or alias, whatever the case of its letters."""
        wanted = name.casefold()
        return next((field for field in self.fields if wanted == field.name or wanted in field.aliases), None)

    def near(self, name: str) -> tuple[str, ...]:
        """Return names of fields that may have been meant."""
        wanted = name.casefold()
        called = {other: field.name for field in self.fields for other in (field.name, *field.aliases)}
        found = [called[other] for other in called if len(wanted) > 1 and other.startswith(wanted)]
        found += [called[other] for other in difflib.get_close_matches(wanted, called, n=3, cutoff=0.6)]
        return tuple(dict.fromkeys(found))[:3]
