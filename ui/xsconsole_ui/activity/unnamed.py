"""Finds out what failed tasks of others were about, where neither the pool's events nor their errors tell."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from PySide6.QtCore import QObject, Slot

from xsconsole.console import Estate
from xsconsole.domain.ids import Ref
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.timers import one_shot

GATHER_MS = 1500  # so that one look at the log serves several
RECENT = timedelta(minutes=10)  # what is older would ask for much of the log


class Unnamed(QObject):
    """Asks xapi's own log, of each task once."""

    def __init__(self, console: Estate, jobs: Jobs, found: Callable[[Iterable[Ref]], None], parent: QObject) -> None:
        super().__init__(parent)
        self._console, self._jobs, self._found = console, jobs, found
        self._asked: set[Ref] = set()
        self._due: list[Ref] = []
        self._soon = one_shot(self, self._ask, delay_ms=GATHER_MS)

    def note(self, task: Ref, began_at: datetime) -> None:
        """Ask about a task soon, unless that was done, or it began long ago."""
        if task in self._asked or datetime.now(UTC) - began_at > RECENT:
            return
        self._asked.add(task)
        self._due.append(task)
        if not self._soon.isActive():
            self._soon.start()

    def stop(self) -> None:
        """Ask no more."""
        self._soon.stop()

    @Slot()
    def _ask(self) -> None:
        due, self._due = tuple(self._due), []
        self._jobs.start(self._look_up(due), "ask what tasks were about")

    async def _look_up(self, tasks: tuple[Ref, ...]) -> None:
        self._found(await self._console.acts.look_up(tasks))
