"""Random hands on the graph: whatever they do, what is drawn equals the draft, and undo returns the very same one."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication

from tests.ui.drawing import CTRL, PLAIN, SHIFT, Key, Sheet, a_workflow
from xsconsole.domain.ids import Digest, StageId
from xsconsole.domain.workflow import Kind, check
from xsconsole_ui import theme
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.situation import Design
from xsconsole_ui.workflow.designer import Designer
from xsconsole_ui.workflow.export import Exporter
from xsconsole_ui.workflow.measures import point_of
from xsconsole_ui.workflow.paper import Paper
from xsconsole_ui.workflow.placing import places

SPOTS = st.builds(QPoint, st.integers(0, 999), st.integers(0, 619))
HELD = st.sampled_from((PLAIN, CTRL, SHIFT))
DESIGNS = st.sampled_from(
    [
        *(Design.ADD_STAGE, Design.CONNECT, Design.INSERT_STAGE, Design.TURN, Design.ARRANGE, Design.COPY),
        *(Design.CUT, Design.PASTE, Design.DUPLICATE, Design.DELETE, Design.SELECT_ALL, Design.FIT, Design.ZOOM_OUT),
    ]
)
NEEDS_STAGES = {Design.COPY, Design.CUT, Design.DUPLICATE}
MOST_STAGES = 40


class Hands(RuleBasedStateMachine):
    """One draft, one canvas, and somebody who does anything."""

    def __init__(self) -> None:
        super().__init__()
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.Theme(application, theme.Scheme.LIGHT)
        application.clipboard().clear()  # what another trial left there would be pasted in this one
        self.sheet = Sheet(a_workflow())
        jobs = Jobs(on_error=lambda _: None, on_bug=lambda _: None)
        exporter = Exporter(self.sheet.scene, jobs, lambda _what, _mend: None, self.sheet.canvas)
        paper = Paper(application.clipboard(), self.sheet.canvas)
        self.designer = Designer(self.sheet.canvas, self.sheet.desk, self.sheet.hand, exporter, paper)
        self.line: list[Digest] = []

    @initialize()
    def begin(self) -> None:
        self.line = [self.sheet.workflow.digest]

    def teardown(self) -> None:
        self.sheet.close()

    # What hands do.

    def near(self, data: Any) -> QPoint:
        """Return a spot at which there is something, more often than not."""
        sheet = self.sheet
        spots = [sheet.of(node.area.center()) for node in sheet.scene.nodes.values()]
        spots += [sheet.of(node.port) for node in sheet.scene.nodes.values()]
        spots += [sheet.of(edge.route.line.at(0.5)) for edge in sheet.scene.edges.values()]
        spots += [sheet.of(grip) for edge in sheet.scene.edges.values() for grip in edge.route.grips]
        spot: QPoint = data.draw(st.one_of(st.sampled_from(spots), SPOTS) if spots else SPOTS)
        return spot

    @rule(data=st.data(), held=HELD)
    def click(self, data: Any, held: Any) -> None:
        self.sheet.click(self.near(data), held)

    @rule(data=st.data(), held=HELD, is_left=st.booleans(), choice=st.integers(0, 2))
    def drag(self, data: Any, held: Any, is_left: bool, choice: int) -> None:
        start, end = self.near(data), self.near(data)
        before = self.sheet.workflow
        self.sheet.carry(start, end, held)
        assert self.sheet.workflow == before  # nothing is changed before the end
        if is_left:
            self.sheet.key(Key.Key_Escape)
        self.sheet.release(end, held)
        if is_left:
            assert self.sheet.workflow == before
        self.answer(choice)

    @rule(what=DESIGNS, choice=st.integers(0, 2))
    def act(self, what: Design, choice: int) -> None:
        desk = self.sheet.desk
        if what in NEEDS_STAGES and not desk.stages:
            return
        if len(self.sheet.workflow.stages) > MOST_STAGES and what in (Design.PASTE, Design.DUPLICATE):
            return
        self.designer.do(what)
        if self.designer.name_field.isVisible():
            self.sheet.key(Key.Key_Return)
        self.answer(choice)

    def answer(self, choice: int) -> None:
        choices = self.sheet.hand.choices
        if choices.isVisible():
            actions = choices.actions()
            if choice < len(actions):
                actions[choice].trigger()
            choices.close()

    @rule(
        key=st.sampled_from((Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down, Key.Key_PageDown, Key.Key_Return)),
        held=HELD,
    )
    def key(self, key: Any, held: Any) -> None:
        self.sheet.canvas.setFocus()
        self.sheet.key(key, held)

    @precondition(lambda self: self.sheet.desk.history.done)
    @rule()
    def undo_and_redo(self) -> None:
        desk = self.sheet.desk
        history, digest = desk.history, desk.workflow.digest
        number = len(history.done)
        for _ in range(number):
            desk.undo()
            self.drawn_is_the_draft()
        assert desk.workflow.digest == self.line[0]
        for _ in range(number):
            desk.redo()
        assert desk.workflow.digest == digest
        assert desk.history == history

    @precondition(lambda self: self.sheet.desk.history.done)
    @rule()
    def undo(self) -> None:
        self.sheet.desk.undo()

    # What holds at all times.

    @invariant()
    def drawn_is_the_draft(self) -> None:
        scene, workflow = self.sheet.scene, self.sheet.workflow
        if self.sheet.hand.gesture is not None:
            return
        assert list(scene.nodes) == [stage.id for stage in workflow.stages]
        found = places(workflow)
        for id_, node in scene.nodes.items():
            assert node.area.topLeft() == point_of(found[id_])
        ways = {way.id: way for way in workflow.transitions}
        assert {id_: edge.way for id_, edge in scene.edges.items()} == ways
        for edge in scene.edges.values():
            assert edge.face.is_back == (edge.way.kind is Kind.DEMOTE)

    @invariant()
    def the_draft_can_be_followed(self) -> None:
        if self.sheet.workflow.stages:
            check(self.sheet.workflow)

    @invariant()
    def what_is_selected_is_there(self) -> None:
        desk = self.sheet.desk
        assert set(desk.stages) <= {StageId(stage.id) for stage in desk.workflow.stages}
        assert set(desk.transitions) <= {way.id for way in desk.workflow.transitions}


def test_whatever_hands_do_the_picture_is_the_draft(qapp: QApplication) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Hands,
        settings=settings(
            max_examples=15,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
