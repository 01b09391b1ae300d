"""Where every gesture ends: it asks for a plan, then starts it or lays it before the user."""

import re
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import datetime

from PySide6.QtCore import QObject, Signal, Slot

from xsconsole.console import Estate
from xsconsole.domain import words
from xsconsole.domain.board import Board, Card
from xsconsole.domain.ids import ConfigurationId, Digest, RunId
from xsconsole.domain.lineage import standby_of
from xsconsole.domain.plan import Disks, Plan
from xsconsole.domain.points.sets import RestorePoint
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import (
    Approvable,
    Ask,
    Confirmed,
    Demote,
    Direction,
    Emergency,
    Freezing,
    OfService,
    Plannable,
    Promote,
    Settle,
)
from xsconsole.errors import ConsoleError, Refused
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.promotion.asking import Asking
from xsconsole_ui.promotion.declaring import Declaring
from xsconsole_ui.texts import tr

_SEAM = re.compile(r"(?<=[a-z])(?=[A-Z])")  # between two words of the name of a command


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A plan that waits for a person. `refusal` stands where the plan can no longer be done.

    One with `not_before` is barred until then, and can only be asked for.
    """

    command: Plannable
    plan: Plan
    not_before: datetime | None = None
    has_changed: bool = False
    refusal: Refused | None = None

    @property
    def configuration(self) -> ConfigurationId:
        return self.plan.intent.configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a demotion could do with the disks instead; `why_not` says why it cannot be chosen now."""

    words: str
    why_not: str = ""


class Desk(QObject):
    """The one path of drag, key, button and menu."""

    question_changed = Signal()
    failed = Signal(object, str, object)  # ConsoleError, what was asked for, ConfigurationId or None
    started = Signal(str)  # RunId
    ended = Signal(str)  # RunId
    requested = Signal(object)  # RequestId
    led = Signal(object)  # RequestId or ReviewId: somebody wants to see it in the inbox
    met = Signal(object)  # RequestId: what is wanted is asked for already

    def __init__(self, console: Estate, bridge: Bridge, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._console = console
        self._jobs = jobs
        self._question: Question | None = None
        self._is_starting = False
        self._told: set[RunId] = set()
        bridge.card_changed.connect(self._look_again)
        bridge.closures_changed.connect(self._look_at_closures)
        bridge.run_changed.connect(self._hear_run)

    @property
    def question(self) -> Question | None:
        return self._question

    @property
    def is_starting(self) -> bool:
        """Whether a run was asked for and its intent is not yet on record."""
        return self._is_starting

    def ask(self, command: Plannable, *, show_only: bool = False) -> None:
        """Plan the command; start it at once where nothing needs a decision, unless it is only to be shown."""
        try:
            plan = self._console.plan(command)
        except ConsoleError as refusal:
            if isinstance(refusal, Refused) and not show_only:
                self._jobs.start(self._console.record_refusal(command, refusal), "record a refusal")
            self.failed.emit(refusal, self._subject(command), _configuration_of(command))
            return
        standing = self._console.requests.standing(command)
        if standing is not None and not show_only:
            self.met.emit(standing.request.id)
            return
        denial = self._denial(command)
        question = Question(command=command, plan=plan, refusal=denial)
        if show_only or plan.asks or plan.demand is not None or denial is not None or self.can_choose(command):
            self._set(question)
        else:
            self._start(Confirmed(command=command, digest=plan.digest))

    def ask_later(self, command: Promote | Demote, not_before: datetime) -> None:
        """Lay before the user what is barred until a time, to be asked for now."""
        try:
            plan = self._planned(command, not_before)
        except Refused as refusal:
            self.failed.emit(refusal, self._subject(command), command.configuration)
            return
        self._set(Question(command=command, plan=plan, not_before=not_before, refusal=self._denial(command)))

    def _planned(self, command: Plannable, not_before: datetime | None) -> Plan:
        if not_before is None or not isinstance(command, Approvable):
            return self._console.plan(command)
        return self._console.requests.plan(Ask(command=command, digest=Digest(""), not_before=not_before))

    def why_not(self, command: Plannable) -> str:
        """Return why something cannot be planned now, with the mend; empty where it can."""
        try:
            self._console.plan(command)
        except ConsoleError as refusal:
            told = words.explain(refusal)
            return f"{told.failed} {told.mend}".strip()
        return ""

    def choose_disks(self, disks: Disks) -> None:
        """Plan the pending demotion again, with the disks kept, returned to the restore point, or swapped."""
        question = self._question
        if question is None or not isinstance(question.command, Demote):
            return
        self._plan_again(replace(question.command, disks=disks), question)

    def choose_freeze(self, *, is_stopped_first: bool) -> None:
        """Plan what is pending again, with its machines shut down while they are frozen, or not."""
        question = self._question
        if question is not None and isinstance(question.command, Freezing):
            self._plan_again(replace(question.command, is_stopped_first=is_stopped_first), question)

    def can_choose(self, command: Plannable) -> bool:
        """Whether a demotion could also return to a restore point of its target, or swap with the stand-by."""
        if not isinstance(command, Demote):
            return False
        board = self._console.board
        card = board.cards.get(command.configuration)
        return card is not None and (
            newest_restore_point(card, command) is not None or standby_in(card, command, board) is not None
        )

    def confirm(self, reason: str = "", answers: tuple[str, ...] = ()) -> None:
        """Start what the user has seen. `answers` are the questions that they answered with yes."""
        question = self._question
        if question is not None and question.refusal is None and not self._is_starting:
            command = replace(question.command, reason=reason)
            self._start(Confirmed(command=command, digest=question.plan.digest, answers=answers))

    def declare(self, reason: str, answers: tuple[str, ...], declaring: Declaring) -> None:
        """Declare the emergency that the user has seen, and begin it."""
        question = self._question
        command = question.command if question is not None else None
        if question is None or question.refusal is not None or self._is_starting:
            return
        if isinstance(command, Approvable) and command.emergency is not None:
            urgent = replace(command, reason=reason, emergency=Emergency(reason=reason, ticket=declaring.ticket))
            order = Confirmed(command=urgent, digest=question.plan.digest, answers=answers)
            self._is_starting = True
            begin = self._console.reviews.declare(order, declaring.password)
            self._jobs.start(self._begun(begin, command), "declare an emergency")
            self.question_changed.emit()

    def ask_for_approval(self, reason: str, answers: tuple[str, ...], asking: Asking) -> None:
        """Make a request of what the user has seen: others have to approve it."""
        question = self._question
        command = question.command if question is not None else None
        if question is None or question.refusal is not None or self._is_starting:
            return
        standing = self._console.requests.standing(command) if command is not None else None
        if standing is not None:
            self.dismiss()
            self.met.emit(standing.request.id)
        elif isinstance(command, Approvable):
            ask = Ask(
                command=replace(command, reason=reason),
                digest=question.plan.digest,
                ticket=asking.ticket,
                not_before=asking.not_before,
                runs_itself=asking.runs_itself,
                answers=answers,
            )
            self._is_starting = True
            self._jobs.start(self._request(ask), "ask for approval")
            self.question_changed.emit()

    async def _request(self, ask: Ask) -> None:
        try:
            request = await self._console.requests.ask(ask)
        except ConsoleError as refusal:
            self._is_starting = False
            self.question_changed.emit()
            self._fail(refusal, ask.command)
            return
        self._is_starting = False
        self._question = None
        self.requested.emit(request.id)
        self.question_changed.emit()

    def _fail(self, refusal: ConsoleError, command: Plannable | Settle) -> None:
        self.failed.emit(refusal, self._subject(command), _configuration_of(command))
        if self._question is not None:
            self._plan_again(self._question.command, self._question)

    def settle(self, configuration: ConfigurationId, direction: Direction, reason: str = "") -> None:
        """Finish an interrupted run, forward or back."""
        self._start(Settle(configuration=configuration, direction=direction, reason=reason))

    def abort(self, run: RunId) -> None:
        """Give up a run that goes on here, and put everything back."""
        self._jobs.start(self._console.abort(run), "stop a run")

    def dismiss(self) -> None:
        """Drop the pending plan. Nothing was changed."""
        self._set(None)

    def _set(self, question: Question | None) -> None:
        if question != self._question:
            self._question = question
            self.question_changed.emit()

    def _start(self, command: Confirmed | Settle) -> None:
        self._is_starting = True
        self._jobs.start(self._do(command), "start a run")
        self.question_changed.emit()

    async def _do(self, command: Confirmed | Settle) -> None:
        await self._begun(self._console.do(command), command.command if isinstance(command, Confirmed) else command)

    async def _begun(self, begin: Coroutine[None, None, RunId], asked: Plannable | Settle) -> None:
        try:
            run = await begin
        except ConsoleError as refusal:
            self._is_starting = False
            self.question_changed.emit()
            self._fail(refusal, asked)
            return
        self._is_starting = False
        self._question = None
        self.started.emit(run)
        self.question_changed.emit()

    def _plan_again(self, command: Plannable, before: Question) -> None:
        try:
            plan = self._planned(command, before.not_before)
        except Refused as refusal:
            self._set(replace(before, refusal=refusal))
            return
        is_same_wish = command == before.command
        has_changed = is_same_wish and (before.has_changed or plan.digest != before.plan.digest)
        denial = self._denial(command)
        begins = before.not_before
        self._set(Question(command=command, plan=plan, not_before=begins, has_changed=has_changed, refusal=denial))

    def _denial(self, command: Plannable) -> Refused | None:
        """Return why this log-in may look at the plan and no more."""
        return self._console.denial(command)

    @Slot(str)
    def _look_again(self, configuration: str) -> None:
        question = self._question
        if question is not None and question.configuration == configuration and not self._is_starting:
            self._plan_again(question.command, question)

    @Slot()
    def _look_at_closures(self) -> None:
        if self._question is not None:
            self._look_again(self._question.configuration)

    @Slot(str)
    def _hear_run(self, run: RunId) -> None:
        status = next((status for status in self._console.runs if status.run == run), None)
        if status is None:
            return
        if status.state in (RunState.RUNNING, RunState.UNDOING):
            self._told.discard(run)
        elif run not in self._told:
            self._told.add(run)
            self.ended.emit(run)

    def _subject(self, command: Plannable | Settle) -> str:
        configuration = _configuration_of(command)
        card = self._console.board.cards.get(configuration) if configuration else None
        name = card.name if card else called(command)
        target = getattr(command, "target", None)
        workflow = self._console.board.workflow
        stage = workflow.stage(target) if workflow and target else None
        verb = (
            words.kind_name(command.kind)
            if isinstance(command, OfService)
            else _SEAM.sub(" ", type(command).__name__).capitalize()
        )
        return (
            tr("{verb} {name} to {stage}").format(verb=tr(verb), name=name, stage=stage.name)
            if stage
            else f"{verb} {name}".strip()
        )


def called(command: Plannable | Settle) -> str:
    """Return the name of what a command makes; empty where it makes nothing, or names it nowhere."""
    newcomers, archive = getattr(command, "newcomers", ()), getattr(command, "archive", None)
    made = newcomers[0].name if newcomers else getattr(archive, "name", "")
    return getattr(command, "name", "") or getattr(command, "service", "") or made


def _configuration_of(command: Plannable | Settle) -> ConfigurationId | None:
    """Return what the command is about; a new configuration has no id yet."""
    return getattr(command, "configuration", None)


def standby_in(card: Card, command: Demote, board: Board) -> Card | None:
    """Return whom a demotion could swap it with: who had its place, and stands where it leads."""
    found = standby_of(card, board)
    return found if found is not None and found.stage == command.target else None


def newest_restore_point(card: Card, command: Demote) -> RestorePoint | None:
    """Return the newest whole restore point of the stage the demotion leads to."""
    return next((point for point in card.restore_points if point.is_whole and point.stage == command.target), None)
