"""A plan as `plan --json` writes it, laid beside another one: what only the one and what only the other does."""

from collections import Counter

import msgspec

from xsconsole.domain.words import duration
from xsconsole.errors import Refused

FILE_LIMIT_BYTES = 4 * 1024 * 1024


class SheetStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step in words."""

    what: str


class PlanSheet(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared of the document; the rest of it is passed over."""

    digest: str
    title: str
    duration_s: float
    downtime_s: float
    steps: tuple[SheetStep, ...]
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    approvals: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """Return all of it in words, in the order in which a plan is printed."""
        down = f", {duration(self.downtime_s)} of them without the machines" if self.downtime_s else ""
        return (
            *(step.what for step in self.steps),
            *self.warnings,
            *self.notes,
            *(f"asks: {question}" for question in self.questions),
            *(f"must be approved by {rule}" for rule in self.approvals),
            f"about {duration(self.duration_s)}{down}",
        )


def from_bytes(content: bytes) -> PlanSheet:
    """Read a file.

    Raises:
        Refused: it holds no plan of one configuration.
    """
    try:
        return msgspec.json.decode(content, type=PlanSheet)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as failure:
        raise Refused(
            reason="The file holds no plan of one configuration.",
            mend="Write one by `xsconsole plan NAME --to STAGE --json > FILE`.",
        ) from failure


def beside(earlier: PlanSheet, now: PlanSheet) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the lines that only the earlier one has, and those that only the one of now has."""
    return _only(earlier.lines, now.lines), _only(now.lines, earlier.lines)


def _only(lines: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    left = Counter(others)
    left.subtract(lines)
    return tuple(line for line in dict.fromkeys(lines) for _ in range(-left[line]))
