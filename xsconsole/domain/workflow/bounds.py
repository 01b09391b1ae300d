"""How large a workflow and its fields may be, and what is said of one that is not so."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from xsconsole.domain.folding import shown
from xsconsole.domain.ids import StageId, TransitionId

NAME_LIMIT = 100
TEXT_LIMIT = 4000
URL_LIMIT = 2000
MOST_STAGES = 500
MOST_TRANSITIONS = 2000
MOST_OTHERS = 500  # people, groups, networks; gates, rules, actions, disks of one transition; hosts of one stage
LONGEST_S = 100 * 366 * 24 * 3600
FARTHEST_STEPS = 1_000_000
LARGEST_VERSION = 2**53 - 1  # what JSON carries exactly

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What no workflow may be: it could be neither shown nor followed. `field` is a path such as `limits.running`."""

    reason: str
    mend: str
    stage: StageId | None = None
    transition: TransitionId | None = None
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where in a workflow a check looks. `name` begins a sentence: `Stage “Staging”`."""

    name: str
    stage: StageId | None = None
    transition: TransitionId | None = None
    field: str = ""

    def at(self, field: str) -> "Spot":
        return replace(self, field=field)

    def problem(self, what: str, mend: str) -> Problem:
        return Problem(
            reason=f"{self.name}: {what}.", mend=mend, stage=self.stage, transition=self.transition, field=self.field
        )


P_co = TypeVar("P_co", covariant=True)


class Place(Protocol[P_co]):
    """Where a check looks, of a workflow or of something else; `what` and `mend` are sentences without their begin."""

    def problem(self, what: str, mend: str) -> P_co: ...


def unfit_character(text: str, *, lines: bool) -> str | None:
    """Return the first character that cannot be shown or would turn what stands beside it."""
    if text.isprintable():
        return None
    for character in text:
        category = unicodedata.category(character)
        if (lines and character in "\n\t") or (character not in _TURNING and category not in {"Cc", "Cs", "Zl", "Zp"}):
            continue
        return character
    return None


def of_text(
    spot: Place[P_co], what: str, text: str, *, most: int = NAME_LIMIT, lines: bool = False, may_be_empty: bool = False
) -> Iterator[P_co]:
    """Check words for people: `what` names them, such as `the name`."""
    if not may_be_empty and not text.strip():
        yield spot.problem(f"{what} is empty", "Type something.")
    if len(text) > most:
        yield spot.problem(f"{what} has {len(text)} characters; {most} are the most", "Shorten it.")
    found = unfit_character(text, lines=lines)
    if found is not None:
        yield spot.problem(
            f"{what} has a character that cannot be shown (U+{ord(found):04X})", "Remove it, or type the words anew."
        )


def of_id(spot: Place[P_co], what: str, text: str) -> Iterator[P_co]:
    """Check an id: it stands in keys and in files, so it has no blanks."""
    if not text or len(text) > NAME_LIMIT or not text.isprintable() or " " in text:
        yield spot.problem(
            f"{what} “{shown(text, 40)}” is no id",
            f"An id has 1 to {NAME_LIMIT} characters and no blanks, such as patch-testing.",
        )


def of_count(spot: Place[P_co], what: str, number: int, least: int = 1, most: int = 1_000_000) -> Iterator[P_co]:
    if not least <= number <= most:
        yield spot.problem(f"{what} is {_digits(number)}", f"Give a whole number from {least} to {most}.")


def of_span(spot: Place[P_co], what: str, seconds: int | None, least: int = 1) -> Iterator[P_co]:
    """Check a time span in seconds; None is none."""
    if seconds is not None and not least <= seconds <= LONGEST_S:
        is_told = abs(seconds) < 10**18
        found = f"{seconds} s" if is_told else "longer than anything"
        yield spot.problem(f"{what} is {found}", f"Give {least} s or more, and at most a hundred years.")


def of_number(spot: Place[P_co], what: str, found: int, most: int = MOST_OTHERS) -> Iterator[P_co]:
    """Check how many of something there are."""
    if found > most:
        yield spot.problem(f"there are {found} {what}; {most} are the most", "Remove some.")


def of_url(spot: Place[P_co], url: str) -> Iterator[P_co]:
    """Check a web address; an empty one is a matter of the findings."""
    if not url:
        return
    if len(url) > URL_LIMIT or not re.fullmatch(r"https?://[^\s/?#]+(?:[/?#]\S*)?", url) or not url.isprintable():
        yield spot.problem(f"“{shown(url, 60)}” is no web address", "Type it as https://host/path, without blanks.")
    elif "@" in re.split(r"[/?#]", url.split("://", 1)[1], maxsplit=1)[0]:
        yield spot.problem(
            "the web address holds a user or a password, which everybody who reads the pool would see",
            "Write it without what stands before the @.",
        )


def _digits(number: int) -> str:
    """Return a number; one of a thousand digits only by its length, which is also what Python refuses to write."""
    return str(number) if abs(number) < 10**18 else f"a number of more than {18} digits"
