"""Keeps the draft in the home after each step, so that neither a crash nor a power cut takes more than the last one."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from xsconsole.console.drafts import Drafts
from xsconsole.domain.drafts import Draft
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.history import History
from xsconsole.errors import ConsoleError, NotFound, PlanIsStale, Refused
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.workflow.desk import DraftDesk


class Keeper(QObject):
    """One save at a time; what was done meanwhile goes into the next one."""

    told = Signal(str)  # what a user should know about the keeping of drafts

    def __init__(
        self, desk: DraftDesk, drafts: Callable[[], Drafts], jobs: Jobs, tell_error: Callable[[ConsoleError], None]
    ) -> None:
        super().__init__(desk)
        self._desk, self._drafts, self._jobs, self._tell_error = desk, drafts, jobs, tell_error
        self._draft: Draft | None = None
        self._kept: History | None = None  # what stands in the home
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        desk.history_changed.connect(self._note)

    @property
    def draft(self) -> Draft | None:
        """The draft as it was kept last; None while nothing was changed."""
        return self._draft

    async def take_up(self, published: Workflow) -> bool:
        """Go on with the newest draft of this workflow, if there is one and nothing is under way here."""
        try:
            drafts = self._drafts()
            for heading in await drafts.headings():
                if heading.problem or heading.base_version is None:
                    continue
                draft = await drafts.open(heading.id)
                is_of_this = draft.base is not None and draft.base.id == published.id
                if is_of_this and draft.workflow != draft.base and not self._desk.is_changed:
                    self.resume(draft)
                    return True
        except Refused:
            return False  # a home that is only read has no drafts to go on with
        return False

    def resume(self, draft: Draft) -> None:
        """Put a kept draft on the desk."""
        self._draft, self._kept = draft, draft.history
        self._desk.resume(draft.history, base=draft.base)

    def let_go(self) -> None:
        """Have done with the draft: the next step begins another one."""
        self._draft, self._kept = None, self._desk.history

    async def settle(self) -> None:
        """Wait until everything done so far is kept, or cannot be."""
        await self._is_idle.wait()

    @Slot()
    def _note(self) -> None:
        history = self._desk.history
        is_anything = bool(history.done or history.undone)
        if is_anything and history is not self._kept and self._is_idle.is_set():
            self._is_idle.clear()
            self._jobs.start(self._keep(), "keep the draft")

    async def _keep(self) -> None:
        try:
            while self._desk.history is not self._kept:
                history = self._desk.history
                await self._save(history)
                self._kept = history
        except Refused as refusal:
            self._kept = self._desk.history  # said once; the next step tries again
            self.told.emit(self.tr("The draft is not kept: {reason}").format(reason=refusal.reason))
        except ConsoleError as failure:
            self._kept = self._desk.history
            self._tell_error(failure)
        finally:
            self._is_idle.set()

    async def _save(self, history: History) -> None:
        drafts, draft = self._drafts(), self._draft
        if draft is not None:
            try:
                self._draft = await drafts.save(replace(draft, history=history))
                return
            except (NotFound, PlanIsStale) as gone:
                # Another window has it, or it was deleted: what is drawn here is kept beside it, never lost.
                self.told.emit(self.tr("Kept as another draft: {reason}").format(reason=gone.reason))
        made = await drafts.new(self._desk.workflow.name or self.tr("New workflow"), history.base, self._desk.base)
        self._draft = await drafts.save(replace(made, history=history))
