"""How far a run is and how long it is likely to go on, for whoever sits at a terminal."""

import contextlib
import sys
from collections.abc import Iterator

from xsconsole.cli import output
from xsconsole.console import Console
from xsconsole.domain import words
from xsconsole.domain.events import RunChanged
from xsconsole.domain.ids import RunId
from xsconsole.domain.runs import RunState, RunStatus


@contextlib.contextmanager
def telling(console: Console, run: RunId) -> Iterator[None]:
    """Say it on one line of the terminal, which the next thing that is said takes; nothing where nobody looks."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield
        return

    def say(event: RunChanged) -> None:
        status = next((each for each in console.runs if each.run == run), None)
        if event.run == run and status is not None:
            output.renew(progress_words(status))

    unsubscribe = console.subscribe(RunChanged, say)
    try:
        yield
    finally:
        unsubscribe()
        output.renew("")


def progress_words(status: RunStatus) -> str:
    """Return how far a run is, such as `40%, about 3 min left: Start web-1`; empty once it has ended."""
    if status.ended_at is not None:
        return ""
    left_s = status.left_s
    left = f", about {words.duration(left_s)} left" if left_s is not None and left_s >= 1 else ""
    step = next((status.plan.step(key) for key in status.current), None)
    describe = words.describe_undo if status.state is RunState.UNDOING else words.describe
    doing = f": {describe(step)}" if step is not None else ""
    how = "" if status.state is RunState.RUNNING else f" {words.state_name(status.state)}"
    return f"{status.progress:.0%}{how}{left}{doing}"
