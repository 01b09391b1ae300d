"""How what was begun ends: one word for each, the same in every list, line and document."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from xsconsole.domain.jobs import ItemState
from xsconsole.domain.record import Outcome
from xsconsole.domain.runs import RunState


class Ending(StrEnum):
    """The values are what lists are filtered by; `ending_name` is what is read."""

    DONE = "done"
    UNDONE = "undone"  # it failed, and what it had done was put back
    FAILED = "failed"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # neither finished nor put back
    ELSEWHERE = "elsewhere"  # it was interrupted; another console finished it, or its end was not seen
    UNKNOWN = "unknown"  # nobody can tell


_NAMES: Mapping[Ending, str] = MappingProxyType(
    {
        Ending.DONE: "done",
        Ending.UNDONE: "put back",
        Ending.FAILED: "failed",
        Ending.REFUSED: "refused",
        Ending.CANCELLED: "cancelled",
        Ending.INTERRUPTED: "interrupted",
        Ending.ELSEWHERE: "settled since",
        Ending.UNKNOWN: "not known",
    }
)
OF_RUN: Mapping[RunState, Ending] = MappingProxyType(
    {
        RunState.DONE: Ending.DONE,
        RunState.UNDONE: Ending.UNDONE,
        RunState.INTERRUPTED: Ending.INTERRUPTED,
        RunState.SETTLED_ELSEWHERE: Ending.ELSEWHERE,
    }
)
OF_ITEM: Mapping[ItemState, Ending] = MappingProxyType(
    {
        ItemState.DONE: Ending.DONE,
        ItemState.FAILED: Ending.FAILED,
        ItemState.REFUSED: Ending.REFUSED,
        ItemState.CANCELLED: Ending.CANCELLED,
        ItemState.UNKNOWN: Ending.UNKNOWN,
    }
)
OF_OUTCOME: Mapping[Outcome, Ending] = MappingProxyType(
    {
        Outcome.DONE: Ending.DONE,
        Outcome.UNDONE: Ending.UNDONE,
        Outcome.FAILED: Ending.FAILED,
        Outcome.REFUSED: Ending.REFUSED,
        Outcome.CANCELLED: Ending.CANCELLED,
        Outcome.UNKNOWN: Ending.UNKNOWN,
    }
)
_OF_TASK: Mapping[str, Ending] = MappingProxyType(
    {"success": Ending.DONE, "failure": Ending.FAILED, "cancelled": Ending.CANCELLED}
)
_WORST_FIRST = (Ending.FAILED, Ending.REFUSED, Ending.UNKNOWN, Ending.CANCELLED, Ending.DONE)


def ending_name(ending: Ending) -> str:
    return _NAMES[ending]


def of_task(status: str) -> Ending:
    """Return how a task of the pool ended; of one that went before its end was seen, nobody can tell."""
    return _OF_TASK.get(status, Ending.UNKNOWN)


def of_many(endings: tuple[Ending, ...]) -> Ending:
    """Return how the whole ended: as the worst part of it did."""
    return next((ending for ending in _WORST_FIRST if ending in endings), Ending.UNKNOWN)
