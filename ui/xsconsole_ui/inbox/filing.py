"""Requests by file: written for somebody off the pool, decided on by their console, and the decision taken in."""

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from xsconsole.console import Estate, decide_apart, read_paper, write_paper
from xsconsole.console.home import Home
from xsconsole.console.requests.files import demand_genuine
from xsconsole.domain.approval import Meaning
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import RequestId
from xsconsole.domain.requests.files import DecisionFile, RequestFile
from xsconsole.domain.requests.views import waiting_words
from xsconsole.errors import Refused
from xsconsole_ui.deciding import SIZE, FileDecision
from xsconsole_ui.dialogs import answered
from xsconsole_ui.inbox import entries
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.papers import Papers, Save
from xsconsole_ui.promotion.rows import Mark, Row, RowsView
from xsconsole_ui.scrolling import UprightPage
from xsconsole_ui.texts import tr
from xsconsole_ui.times import exact_time
from xsconsole_ui.workflow.export import file_name


class RequestDecision(FileDecision):
    """Shows what is asked and its plan."""

    def __init__(self, file: RequestFile, home: Home, jobs: Jobs, parent: QWidget | None = None) -> None:
        self._file, self._home = file, home
        request = file.paper.request
        kind, name = request.intent.kind.value, one_line(request.intent.name)
        title = tr("{kind} {name} from {source} to {target} on {pool}").format(
            kind=kind.capitalize(),
            name=name,
            source=one_line(file.source),
            target=one_line(file.target),
            pool=one_line(file.pool_name),
        )
        about = tr("Asked for by {who} at {time}, with key {key}: {reason}").format(
            who=one_line(request.actor),
            time=exact_time(request.asked_at),
            key=request.key[:16],
            reason=one_line(request.reason) or tr("no reason given"),
        )
        super().__init__(tr("Decide on a request"), title, about, jobs, parent)
        rules = [Row(mark=Mark.WAITING, text=tr("Must be approved by {rule}").format(rule=rule)) for rule in file.rules]
        self.rows = RowsView(self.tr("What is asked"), self)
        self.rows.show_rows((*entries.terms(request), *rules, *entries.plan_rows(file.paper)), width=SIZE[0])
        self.lay_out((), ((UprightPage(self.rows, self), 1),))

    def signed(self, meaning: Meaning, reason: str) -> tuple[Save, str]:
        if not reason:
            raise Refused(
                reason=self.tr("A decision needs its reason."), mend=self.tr("Say why: it is signed with it.")
            )
        decision = decide_apart(self._home, self._file, meaning, reason)
        return partial(write_paper, decision), tr("{name} decision.json").format(
            name=file_name(self._file.paper.request.intent.name)
        )


class Filing(QObject):
    """Asks for files on behalf of the inbox."""

    said = Signal(str)

    def __init__(self, console: Estate, jobs: Jobs, over: QWidget, parent: QObject) -> None:
        super().__init__(parent)
        self._console, self._jobs, self._over = console, jobs, over
        self.papers = Papers(over)
        self.dialog: RequestDecision | None = None  # while it is open

    def write(self, request: RequestId) -> None:
        """Write a request for somebody who has no way to the pool."""
        self._jobs.start(self._write(request), "write a request")

    async def _write(self, request: RequestId) -> None:
        file = self._console.requests.exported(request)
        name = tr("{name} request.json").format(name=file_name(file.paper.request.intent.name))
        path = await self.papers.write(partial(write_paper, file), self.tr("Write the request"), name)
        if path is not None:
            told = self.tr("The request is in {path}. What comes back is taken in with “Take in a decision”.")
            self.said.emit(told.format(path=path))

    def decide(self) -> None:
        """Decide on a request that came as a file."""
        reading = self.papers.read(self.tr("Open a request"), self.open_request)
        self._jobs.start(reading, "decide on a request by file")

    async def open_request(self, path: str) -> None:
        """Show a request that came as a file, and let it be decided on.

        Raises:
            Refused: it is forged, damaged, or another kind of file.
        """
        file = await self.read_request(path)
        self.dialog = RequestDecision(file, self._console.home, self._jobs, self._over)
        try:
            if await answered(self.dialog):
                self.said.emit(self.tr("The decision is written: give it back to whoever asked."))
        finally:
            self.dialog = None

    async def read_request(self, path: str) -> RequestFile:
        """Return what a file asks for; raises as `open_request`."""
        file = await read_paper(path, RequestFile)
        demand_genuine(file)
        return file

    def take_in(self) -> None:
        """Take in a decision that came back as a file."""
        reading = self.papers.read(self.tr("Take in a decision"), self.open_decision)
        self._jobs.start(reading, "take in a decision")

    async def open_decision(self, path: str) -> None:
        """Leave the decision of a file on the pool.

        Raises:
            Refused: it is forged, about something else, or of nobody whom a rule names.
        """
        view = await self._console.requests.take_in(await read_paper(path, DecisionFile))
        told = self.tr("The decision counts. {what} {stands}.")
        self.said.emit(told.format(what=entries.title(view, self._console), stands=waiting_words(view)))
