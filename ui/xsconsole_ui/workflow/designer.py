"""What the designer's actions do: each ends at the desk as one step, or at the canvas."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QPointF, Signal

from xsconsole.domain import words
from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import Kind, Workflow
from xsconsole.domain.workflow.arrange import arrange
from xsconsole.domain.workflow.edits import change_transition, place_stages, remove
from xsconsole.errors import Refused
from xsconsole_ui.pieces import joined
from xsconsole_ui.situation import Design
from xsconsole_ui.workflow import between, placing, steps
from xsconsole_ui.workflow.canvas import Canvas
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.export import Exporter
from xsconsole_ui.workflow.hand import DrawingHand
from xsconsole_ui.workflow.measures import place_of
from xsconsole_ui.workflow.paper import Paper, pasted, written
from xsconsole_ui.workflow.rename import NameField


class Designer(QObject):
    """Does what an action says, whichever way it was asked for."""

    offers_changed = Signal()

    def __init__(self, canvas: Canvas, desk: DraftDesk, hand: DrawingHand, exporter: Exporter, paper: Paper) -> None:
        super().__init__(canvas)
        self._canvas, self._desk, self._hand = canvas, desk, hand
        self._paper = paper
        self.name_field = NameField(canvas, desk)
        self._offers: dict[Design, Callable[[], object]] = {}
        hand.rename_wanted.connect(self.rename)
        self._own: dict[Design, Callable[[], object]] = {
            Design.ADD_STAGE: self.add_stage,
            Design.CONNECT: self.connect_stages,
            Design.INSERT_STAGE: self.insert_stage,
            Design.TURN: self.turn,
            Design.LEAD_TARGET: lambda: self.lead_end(is_target=True),
            Design.LEAD_SOURCE: lambda: self.lead_end(is_target=False),
            Design.RENAME: self.rename,
            Design.ARRANGE: self.arrange,
            Design.UNDO: desk.undo,
            Design.REDO: desk.redo,
            Design.CUT: self.cut,
            Design.COPY: self.copy,
            Design.PASTE: self.paste,
            Design.DUPLICATE: self.duplicate,
            Design.DELETE: self.delete,
            Design.SELECT_ALL: desk.select_all,
            Design.ZOOM_IN: lambda: canvas.zoom_by(1),
            Design.ZOOM_OUT: lambda: canvas.zoom_by(-1),
            Design.FULL_SIZE: lambda: canvas.zoom_to(1.0),
            Design.FIT: canvas.fit,
            Design.EXPORT_SVG: exporter.export_svg,
            Design.EXPORT_PNG: exporter.export_png,
        }

    @property
    def offers(self) -> frozenset[Design]:
        """What somebody else does for the designer: publishing, comparing, walking through."""
        return frozenset(self._offers)

    def offer(self, what: Design, perform: Callable[[], object]) -> None:
        """Do this when it is asked for; until then its action says that it cannot be done."""
        self._offers[what] = perform
        self.offers_changed.emit()

    def do(self, what: Design) -> None:
        """Do what an action says. A gesture under way is left first: its end would come too late."""
        self._hand.leave()
        perform = self._offers.get(what) or self._own.get(what)
        if perform is not None:
            perform()

    # Stages.

    def add_stage(self) -> None:
        """Add a stage in the middle of what is seen; on a selected transition, between its ends."""
        if self._desk.transition is not None:
            self.insert_stage()
            return
        selected = self._desk.stage
        measures = self._canvas.scene.measures
        if selected is not None:
            beside = placing.places(self._desk.workflow)[selected.id]
            wanted = placing.right_of(beside)
        else:
            seen = self._canvas.view.seen(self._canvas.room).center()
            wanted = place_of(seen - QPointF(measures.width / 2, measures.height / 2))
        self._name(between.add(self._desk, wanted))

    def insert_stage(self) -> None:
        """Put a new stage on the selected transition; a selected stage that stands for itself between two others."""
        way, stage = self._desk.transition, self._desk.stage
        if way is not None:
            self._name(between.insert(self._desk, way.id))
        elif stage is not None:
            why_not = between.why_not_between(self._desk.workflow, stage)
            if why_not:
                self._desk.refused.emit(why_not)
            else:
                self._hand.put_between(stage.id)

    def _name(self, stage: StageId | None) -> None:
        """Let a new stage be named at once; it has a name already for who does not care."""
        if stage is not None:
            self.rename()

    def rename(self) -> None:
        stage = self._desk.stage
        if stage is not None:
            self._canvas.reveal(self._canvas.scene.nodes[stage.id].area)
            self.name_field.begin(stage.id)

    def connect_stages(self) -> None:
        """Connect two selected stages in the order of their selection; from one, let the target be chosen."""
        stages = self._desk.stages
        if len(stages) == 1:
            self._hand.connect_from(stages[0])
        elif len(stages) == 2:
            between.join(self._desk, stages[0], stages[1], self._hand.ask)

    def lead_end(self, *, is_target: bool) -> None:
        """Lead an end of the selected transition to another stage."""
        way = self._desk.transition
        if way is not None:
            self._hand.lead_end(way, is_target=is_target)

    def turn(self) -> None:
        """Make a way back of a promotion, or the other way round."""
        way = self._desk.transition
        if way is None:
            return
        kind = Kind.PROMOTE if way.kind is Kind.DEMOTE else Kind.DEMOTE
        label = steps.turn(self._desk.workflow, way, kind)
        self._desk.edit(label, lambda workflow: change_transition(workflow, way.id, kind=kind))

    def arrange(self) -> None:
        """Put all stages where the arrangement wants them, and show them all, or as many as can be read."""
        stages = [stage.id for stage in self._desk.workflow.stages]
        label = self.tr("Arrange {what}").format(what=steps.several(self._desk.workflow, stages))
        self._desk.edit(label, lambda workflow: place_stages(workflow, arrange(workflow)))
        self._canvas.begin()

    # Taking out.

    def delete(self) -> None:
        """Take the selection out. Where its neighbours could be joined instead, ask."""
        stages, ways = self._desk.stages, self._desk.transitions
        workflow = self._desk.workflow
        plain = remove(workflow, stages, ways)
        bridged = remove(workflow, stages, ways, bridges=True)
        what = self._name_of_selection()
        label = steps.delete(what)
        if plain == bridged:
            self._desk.do(label, plain)
            return
        lost = len(workflow.transitions) - len(plain.transitions)
        joints = len(bridged.transitions) - len(plain.transitions)
        lost_words, joined_words = words.count(lost, "transition"), words.count(joints, "new transition")
        choices: list[between.Choice] = [
            (
                self.tr("Delete {what}, and join its neighbours by {ways}").format(what=what, ways=joined_words),
                lambda: self._remove(label, bridged, workflow),
            ),
            (
                self.tr("Delete {what} with {ways}").format(what=what, ways=lost_words),
                lambda: self._remove(label, plain, workflow),
            ),
        ]
        self._hand.ask(choices)

    def _remove(self, label: str, after: Workflow, before: Workflow) -> None:
        if self._desk.workflow == before:  # while the menu was open, nothing else was done
            self._desk.do(label, after)

    def _name_of_selection(self) -> str:
        way = self._desk.transition
        if way is not None:
            return steps.ends(self._desk.workflow, way)
        return steps.several(self._desk.workflow, self._desk.stages, len(self._desk.transitions))

    # The clipboard.

    def copy(self) -> None:
        self._paper.put(self._desk.workflow, self._desk.stages)
        self._desk.done.emit(self.tr("Copied {what}").format(what=self._name_of_selection()))

    def cut(self) -> None:
        label = self.tr("Cut {what}").format(what=self._name_of_selection())
        self._paper.put(self._desk.workflow, self._desk.stages)
        self._desk.do(label, remove(self._desk.workflow, self._desk.stages, self._desk.transitions))

    def paste(self) -> None:
        self._paste(self._paper.text(), self.tr("Paste {what}"))

    def duplicate(self) -> None:
        self._paste(written(self._desk.workflow, self._desk.stages), self.tr("Duplicate {what}"))

    def _paste(self, text: str, label: str) -> None:
        try:
            found = pasted(self._desk.workflow, text)
        except Refused as refusal:
            self._desk.refused.emit(joined(refusal.reason, refusal.mend))
            return
        self._desk.do(label.format(what=steps.several(found.workflow, found.stages)), found.workflow)
        self._desk.select(found.stages)
        self._canvas.reveal(self._canvas.scene.bounds_of(found.stages))
        if found.lost:
            known = self.tr("The workflow lacks {names}: rules that named them were changed. Look at the findings.")
            self._desk.refused.emit(known.format(names=words.listing(found.lost)))
