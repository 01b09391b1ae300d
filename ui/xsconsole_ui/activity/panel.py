"""The activity list as the window shows it."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import QModelIndex, QTimer, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QStackedLayout, QWidget

from xsconsole.console import Estate
from xsconsole.domain.acts import Act, JobId, Kind, ObjectId, called_together
from xsconsole.domain.endings import Ending
from xsconsole.domain.events import (
    BoardChanged,
    InventoryChanged,
    JobChanged,
    LinkChanged,
    LinkState,
    PoolsChanged,
    RunChanged,
    StepProgressed,
)
from xsconsole.domain.ids import Ref, RunId
from xsconsole.domain.inventory import Task
from xsconsole.domain.jobs import JobStatus
from xsconsole.domain.query.matching import asked_by
from xsconsole.domain.query.values import Query
from xsconsole.engine.commands import Operate
from xsconsole_ui import pieces
from xsconsole_ui.activity.entries import PAST_TASK, RUN_TAG, TASK, Entry, of_job, of_run, of_task
from xsconsole_ui.activity.filtering import ACTIVITY
from xsconsole_ui.activity.model import ActivityModel, Column
from xsconsole_ui.activity.past import PAST, past_entries
from xsconsole_ui.activity.unnamed import Unnamed
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.filter_field import FilterField
from xsconsole_ui.filter_help import FilterHelp
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.objects.act_desk import ActDesk
from xsconsole_ui.pace import Pace
from xsconsole_ui.theme import Theme

Key = RunId | JobId | Ref

FRAME_MS = 16
SOON_MS = 1000
WIDTHS = (200, 64, 56, 102, 0)
LEAST_STATE = 132  # px
SPARE = (Column.WHO, Column.WHERE, Column.STARTED)
FILTER_WIDTH = 200  # px

# Calls that every client makes all the time: rows of them would hide what people wait for.
NOISE = ("event.", "session.", "task.")


class ActivityPanel(pieces.Panel):
    """Follows the console by itself. `stop` ends that; call it before the console closes."""

    run_opened = Signal(str)  # RunId: somebody wants to see a run, such as why it failed
    explanation_wanted = Signal(object)  # Entry: somebody wants to read why it ended as it did
    object_wanted = Signal(object)  # ObjectId: somebody wants to see what it works on

    def __init__(self, console: Estate, theme: Theme, desk: ActDesk, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Activity"), parent=parent)
        self._console, self._desk, self._jobs = console, desk, jobs
        self._model = ActivityModel(self)
        self._past: dict[str, Entry] = {}  # of earlier starts, by key
        self._heard: dict[Ref, datetime] = {}  # when tasks that the pool knows were first heard of
        self._undecided: set[Ref] = set()  # tasks of which nobody knows yet whether they are ours
        self._due: OrderedDict[Key, Callable[[], Entry | None]] = OrderedDict()
        self._unnamed = Unnamed(console, jobs, self._note_tasks, self)
        self._pace = Pace(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._work)
        self._soon = QTimer(self)  # what others work on goes on
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._read_past)
        self.view = DenseTable(
            self._model,
            self.tr("Activity"),
            WIDTHS,
            self,
            least_elastic=LEAST_STATE,
            spare=SPARE,
            growing=Column.WHAT,
        )
        self.view.offer_sorting(self._model.order_by)
        self.empty = pieces.EmptyPlace("", "", self)
        self.filter = FilterField(ACTIVITY, self.tr("Filter of the activity"), self.tr("Filter"), self)
        self.filter.setFixedWidth(FILTER_WIDTH)
        self.header.add_control(self.filter)
        self._stack = QStackedLayout()
        self.body.addLayout(self._stack, 1)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.view)
        self.view.opened.connect(self._open)
        self.filter.asked.connect(self._filter)
        self.filter.left.connect(self.view.setFocus)
        self.filter.entered.connect(self.view.setFocus)
        self.filter.help_wanted.connect(self._show_help)
        theme.changed.connect(self.view.viewport().update)
        self.cancel = self._offered(self.tr("Cancel"), self._cancel)
        self.go_to = self._offered(self.tr("Go to object"), self._go_to)
        self.view.selectionModel().selectionChanged.connect(self._look_at_selection)
        self._ends: list[Callable[[], None]] = [
            console.subscribe(PoolsChanged, self._hear_pools),
            console.subscribe(LinkChanged, self._hear_link),
            console.subscribe(RunChanged, self._hear_run),
            console.subscribe(JobChanged, self._hear_job),
            console.subscribe(StepProgressed, self._hear_step),
            console.subscribe(InventoryChanged, self._hear),
            console.subscribe(BoardChanged, self._hear_board),
        ]
        self._name_pools()
        self._note_runs()
        self._note_tasks(task.ref for task in console.inventory.all(Task))
        self._work()
        self._look_at_selection()
        self._read_past()

    def _offered(self, text: str, work: Callable[[], None]) -> QAction:
        action = QAction(text, self)
        action.triggered.connect(work)
        self.view.add_context_action(action)
        return action

    def stop(self) -> None:
        """Follow the console no more."""
        for end in self._ends:
            end()
        self._ends.clear()
        self._unnamed.stop()
        self._timer.stop()
        self._soon.stop()

    @property
    def is_caught_up(self) -> bool:
        """Whether the list shows all that was heard."""
        return not self._due

    @property
    def model(self) -> ActivityModel:
        return self._model

    def _hear_pools(self, event: PoolsChanged) -> None:
        del event
        self._name_pools()
        self._note_runs()
        self._note_tasks(self._model.going_tasks)  # those of a pool that is shown no more
        self._note_tasks(task.ref for task in self._console.inventory.all(Task))

    def _hear_link(self, event: LinkChanged) -> None:
        if event.state is LinkState.LIVE:  # what time it is on the pool may be known only now
            self._note_tasks(task.ref for task in self._console.inventory.all(Task))
            self._read_past()

    def _name_pools(self) -> None:
        """Name the pools where there are several, with room to tell them apart; one alone needs no column."""
        self.view.show_names(Column.WHERE, self._console.pool_names)

    def _hear_run(self, event: RunChanged) -> None:
        self._note(event.run, partial(self._run, event.run))
        self._note_undecided()

    def _hear_job(self, event: JobChanged) -> None:
        self._note(event.status.job, partial(of_job, event.status, self._pool_of_job(event.status)))
        self._note_undecided()

    @Slot()
    def _read_past(self) -> None:
        self._jobs.start(self._show_past(), "read the activity of earlier starts")

    async def _show_past(self) -> None:
        """Add what earlier starts of this home did and saw, or say it anew now that its objects are known."""
        for entry in await past_entries(self._console, PAST):
            if self._model.known(entry.key) == self._past.get(entry.key):
                self._past[entry.key] = entry
                self._model.show(entry)
        self._show_caption()

    def _selected(self) -> list[Entry]:
        found = (self._model.entry(row) for row in self.view.selected_rows())
        return [entry for entry in found if entry is not None]

    @Slot()
    def _look_at_selection(self) -> None:
        selected = self._selected()
        can_cancel = any(entry.job is not None or entry.task is not None for entry in selected)
        self.cancel.setEnabled(can_cancel)
        self.cancel.setToolTip("" if can_cancel else self.tr("Nothing that can be cancelled is selected."))
        has_object = len(selected) == 1 and bool(selected[0].objects)
        self.go_to.setEnabled(has_object)
        self.go_to.setToolTip("" if has_object else self.tr("Nobody knows what it works on."))

    @Slot()
    def _cancel(self) -> None:
        for entry in self._selected():
            if entry.job is not None:
                self._desk.cancel(entry.job)
            elif entry.task is not None:
                self._desk.do(Operate(act=Act.CANCEL, objects=(ObjectId(kind=Kind.TASK, uuid=entry.task),)))

    @Slot()
    def _go_to(self) -> None:
        for entry in self._selected()[:1]:
            if entry.objects:
                self.object_wanted.emit(entry.objects[0])

    def _hear_step(self, event: StepProgressed) -> None:
        self._note(event.run, partial(self._run, event.run))

    def _hear(self, event: InventoryChanged) -> None:
        if event.batch.is_whole:
            self._name_pools()
            self._note_runs()
            self._note_tasks(self._model.going_tasks)  # what such a batch does not name is gone
            self._read_past()
        self._note_tasks(change.ref for change in event.batch.of("task"))

    def _hear_board(self, event: BoardChanged) -> None:
        if event.is_layout_changed:
            self._note_runs()
        if not self._soon.isActive() and any(entry.is_going for entry in self._past.values()):
            self._soon.start()

    def _note_runs(self) -> None:
        for status in reversed(self._console.runs):  # the oldest first: what comes later stands above it
            self._note(status.run, partial(self._run, status.run))

    def _note_tasks(self, refs: Iterable[Ref]) -> None:
        for ref in refs:
            self._note(ref, partial(self._task, ref))

    def _note_undecided(self) -> None:
        undecided, self._undecided = self._undecided, set()
        self._note_tasks(undecided)

    def _note(self, key: Key, make: Callable[[], Entry | None]) -> None:
        self._due[key] = make
        if not self._timer.isActive():
            self._timer.start(FRAME_MS)

    @Slot()
    def _work(self) -> None:
        if not self._pace.may_begin():
            self._timer.start(1)
            return
        while self._due:
            entry = self._due.popitem(last=False)[1]()
            if entry is not None:
                self._model.show(entry)
            if not self._pace.has_room():
                break
        if self._due:
            self._timer.start(1)
        self._show_caption()

    def _show_caption(self) -> None:
        going = self._model.going
        told = [self.tr("{count} running").format(count=going)] if going else []
        if self._model.is_full:
            told.append(
                self.tr("the newest {count}; the audit has all acts of this console").format(count=self._model.total)
            )
        text = " · ".join(told)
        if self.header.caption != text:
            self.header.set_caption(text)
        self._show_emptiness()

    def _show_emptiness(self) -> None:
        if self._model.total:
            self.empty.set_words(self.tr("Nothing matches"), self.tr("Esc in the filter clears it."))
        else:
            self.empty.set_words(
                self.tr("Nothing goes on"), self.tr("Runs of this console and tasks of the pool appear here.")
            )
        self._stack.setCurrentIndex(1 if self._model.rowCount() else 0)

    @Slot(object)
    def _filter(self, query: Query) -> None:
        self._model.set_filter(asked_by(query, ACTIVITY, datetime.now(UTC)))
        self._show_emptiness()

    @Slot()
    def _show_help(self) -> None:
        FilterHelp(self.tr("Filter of the activity"), ACTIVITY, self).show()

    def _pool_of_job(self, status: JobStatus) -> str:
        return self._console.sight_of(self._console.acts.of_job(status.job)).name

    def _run(self, run: RunId) -> Entry | None:
        status = next((status for status in self._console.runs if status.run == run), None)
        if status is None:
            return None
        console = self._console.of_run(run)
        who = console.identity.actor if console.identity is not None else ""
        known = self._model.known(f"run:{run}")
        name = self._console.sight_of(console).name
        by, is_from_queue = known.who if known and known.who else who, self._console.queue.has_begun(run)
        return of_run(status, console.board.workflow, name, by, is_from_queue=is_from_queue)

    def _task(self, ref: Ref) -> Entry | None:
        task = self._console.inventory.get(Task, ref)
        known = self._model.known(f"{TASK}{ref}")
        if task is None:
            self._heard.pop(ref, None)
            return _ended(known)
        if task.name_label.removeprefix("Async.").startswith(NOISE):
            return None
        if self._is_own(task.other_config.get(RUN_TAG, "")):
            # The run's own line tells what goes on; its tasks would push it out of sight.
            self._model.forget(f"{TASK}{ref}")
            return None
        console = self._console.of_reference(Task, ref)
        is_own = console.acts.is_own_task(task)
        if is_own is None and known is None:
            self._undecided.add(ref)
            return None
        if is_own:
            self._model.forget(f"{TASK}{ref}")
            return None
        self._model.forget(f"{PAST_TASK}{task.uuid}")  # an earlier start saw it too
        # However the clocks go, it did not begin after it was heard of.
        heard_at = self._heard.setdefault(ref, datetime.now(UTC))
        since = heard_at if task.created is None else min(heard_at, console.acts.own_time(task.created))
        objects = self._console.acts.objects_of(ref, console)
        if not objects and task.status == "failure":
            self._unnamed.note(ref, since)
        names = called_together(objects, console.inventory)
        return of_task(task, self._console.sight_of(console).name, since, objects, names)

    def _is_own(self, tag: str) -> bool:
        """Whether a line of a run or a job of this console tells of the task that carries `tag`."""
        job = tag.partition("/")[0]
        runs, jobs = self._console.runs, self._console.acts.jobs
        return any(status.run == tag for status in runs) or any(status.job == job for status in jobs)

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        entry = self._model.entry(index.row())
        if entry is None:
            return
        if entry.run is not None:
            self.run_opened.emit(entry.run)
        elif entry.why:
            self.explanation_wanted.emit(entry)
        elif entry.objects:
            self.object_wanted.emit(entry.objects[0])


def _ended(known: Entry | None) -> Entry | None:
    """Return what is to be shown of a task that the pool has forgotten."""
    if known is None or not known.is_going:
        return None
    return Entry(
        key=known.key,
        what=known.what,
        where=known.where,
        who=known.who,
        started_at=known.started_at,
        ending=Ending.UNKNOWN,
        objects=known.objects,
    )
