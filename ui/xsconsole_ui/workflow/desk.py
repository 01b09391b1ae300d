"""Where everything that changes a draft ends: gestures, keys, editors, the outline. It holds history and selection."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from xsconsole.domain.ids import StageId, TransitionId, WorkflowId
from xsconsole.domain.workflow import Stage, Transition, Workflow
from xsconsole.domain.workflow.findings import Finding
from xsconsole.domain.workflow.history import History
from xsconsole.errors import Refused
from xsconsole_ui.pieces import joined

Find = Callable[[Workflow], tuple[Finding, ...]]
Selection = tuple[tuple[StageId, ...], tuple[TransitionId, ...]]

NOTHING = Workflow(id=WorkflowId("workflow"), name="New workflow", version=1, stages=(), transitions=())


@dataclass(slots=True)
class _Sides:
    """What was selected before a step and, once it was undone, after it. `workflow` is the one after the step."""

    workflow: Workflow
    before: Selection
    after: Selection


def _nothing_found(workflow: Workflow) -> tuple[Finding, ...]:
    del workflow
    return ()


class DraftDesk(QObject):
    """One draft, its history, what is selected in it and what is wrong with it.

    `changed` comes before `selection_changed` and `history_changed`, so whoever shows the selection finds it shown.
    """

    changed = Signal(object)  # Workflow: the draft as it is now
    selection_changed = Signal()
    history_changed = Signal()
    findings_changed = Signal()
    refused = Signal(str)  # a sentence: what cannot be, and what to do instead
    done = Signal(str)  # what was done, undone or redone, in words

    def __init__(self, parent: QObject | None = None, *, find: Find = _nothing_found) -> None:
        super().__init__(parent)
        self._find = find
        self._history = History(base=NOTHING)
        self._opened: Workflow | None = None
        self._stages: tuple[StageId, ...] = ()
        self._transitions: tuple[TransitionId, ...] = ()
        self._findings: tuple[Finding, ...] = ()
        self._sides: dict[int, _Sides] = {}  # of the steps, by the identity of the workflow after each

    # What it holds.

    @property
    def workflow(self) -> Workflow:
        return self._history.workflow

    @property
    def history(self) -> History:
        return self._history

    @property
    def base(self) -> Workflow | None:
        """The published workflow that the draft began from; None where it began from nothing."""
        return self._opened

    @property
    def is_changed(self) -> bool:
        return self.workflow != (self._opened or NOTHING)

    @property
    def changes(self) -> int:
        """How many gestures lie between what was opened and the draft."""
        return len(self._history.done) if self.is_changed else 0

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self._findings

    @property
    def stages(self) -> tuple[StageId, ...]:
        """The selected stages, in the order in which they were selected."""
        return self._stages

    @property
    def transitions(self) -> tuple[TransitionId, ...]:
        return self._transitions

    @property
    def selection(self) -> Selection:
        return self._stages, self._transitions

    @property
    def stage(self) -> Stage | None:
        """The one selected stage, where exactly one thing is selected and it is a stage."""
        return self.workflow.stage(self._stages[0]) if len(self._stages) == 1 and not self._transitions else None

    @property
    def transition(self) -> Transition | None:
        if len(self._transitions) != 1 or self._stages:
            return None
        return self.workflow.transition_of(self._transitions[0])

    # What is done to it.

    def open(self, workflow: Workflow | None) -> None:
        """Begin a draft from a published workflow; from nothing where there is none."""
        self.resume(History(base=workflow or NOTHING), base=workflow)

    def resume(self, history: History, *, base: Workflow | None) -> None:
        """Go on with a draft that was kept; `base` is the published workflow it began from."""
        self._history, self._opened = history, base
        self._sides = {}
        self._follow()

    def find_by(self, find: Find) -> None:
        """Look for findings so from now on, and look anew: the inventory they are checked against has changed."""
        self._find = find
        self._look()

    def do(self, label: str, workflow: Workflow, *, merge: str = "") -> None:
        """Take a step. `label` names it in undo; steps in a row with the same `merge` are one."""
        before = self._history
        self._history = before.do(label, workflow, merge=merge)
        if self._history is not before:
            self._note_selection(before)
            self._follow()
            self.done.emit(label)

    def edit(self, label: str, change: Callable[[Workflow], Workflow], *, merge: str = "") -> bool:
        """Do what `change` returns; where it refuses, say why and return False."""
        workflow = self.attempt(change)
        if workflow is None:
            return False
        self.do(label, workflow, merge=merge)
        return True

    def attempt(self, change: Callable[[Workflow], Workflow]) -> Workflow | None:
        """Return what `change` makes of the draft, which stays as it is; where it refuses, say why."""
        try:
            return change(self.workflow)
        except Refused as refusal:
            self.refused.emit(joined(refusal.reason, refusal.mend))
            return None

    def settle(self) -> None:
        """End the merging of steps."""
        self._history = self._history.settled()

    def undo(self) -> None:
        label, undone = self._history.undo_label, self.workflow
        if label is not None:
            sides = self._sides.get(id(undone))
            if sides is not None:
                sides.after = self.selection
            self._history = self._history.undo()
            self._follow(sides.before if sides is not None and not _has_same(undone, self.workflow) else None)
            self.done.emit(self.tr("Undone: {label}").format(label=label))

    def redo(self) -> None:
        label, before = self._history.redo_label, self.workflow
        if label is not None:
            self._history = self._history.redo()
            sides = self._sides.get(id(self.workflow))
            self._follow(sides.after if sides is not None and not _has_same(before, self.workflow) else None)
            self.done.emit(self.tr("Redone: {label}").format(label=label))

    def select(self, stages: Iterable[StageId] = (), transitions: Iterable[TransitionId] = ()) -> None:
        """Select exactly these; what is not in the draft is left out."""
        known = {stage.id for stage in self.workflow.stages}
        ways = {way.id for way in self.workflow.transitions}
        chosen = tuple(dict.fromkeys(stage for stage in stages if stage in known))
        chosen_ways = tuple(dict.fromkeys(way for way in transitions if way in ways))
        if (chosen, chosen_ways) != (self._stages, self._transitions):
            self._stages, self._transitions = chosen, chosen_ways
            self.selection_changed.emit()

    def toggle(self, *, stage: StageId | None = None, transition: TransitionId | None = None) -> None:
        """Add one thing to the selection, or take it out."""
        stages = [one for one in self._stages if one != stage]
        ways = [one for one in self._transitions if one != transition]
        if stage is not None and stage not in self._stages:
            stages.append(stage)
        if transition is not None and transition not in self._transitions:
            ways.append(transition)
        self.select(stages, ways)

    def select_all(self) -> None:
        self.select(stage.id for stage in self.workflow.stages)

    def _note_selection(self, before: History) -> None:
        """Keep what is selected before the step that was just taken; of merged steps, before the first of them."""
        steps = self._history.done
        if not steps or any(step is steps[-1] for step in before.done):
            return  # merged steps ended where they began
        merged = self._sides.get(id(before.workflow)) if self._history.before is not before.workflow else None
        kept = {id(step.workflow) for step in steps}
        self._sides = {key: sides for key, sides in self._sides.items() if key in kept}
        selected = merged.before if merged is not None else self.selection
        self._sides[id(self.workflow)] = _Sides(workflow=self.workflow, before=selected, after=selected)

    def _follow(self, selection: Selection | None = None) -> None:
        """Show the draft as it is now, with this selected, or what was."""
        self.changed.emit(self.workflow)
        self.select(*(selection if selection is not None else self.selection))
        self.history_changed.emit()
        self._look()

    def _look(self) -> None:
        found = self._find(self.workflow)
        if found != self._findings:
            self._findings = found
            self.findings_changed.emit()


def _has_same(one: Workflow, other: Workflow) -> bool:
    """Whether both have the same stages and transitions, so that what is selected in one is there in the other."""
    return all(
        [part.id for part in getattr(one, parts)] == [part.id for part in getattr(other, parts)]
        for parts in ("stages", "transitions")
    )
