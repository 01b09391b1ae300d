"""A sheet with a draft on it, without a window or a pool, and the hands that draw there."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from xsconsole.domain.ids import StageId, TransitionId, WorkflowId
from xsconsole.domain.workflow import Kind, Stage, Transition, Workflow
from xsconsole.domain.workflow.values import Place
from xsconsole_ui import theme
from xsconsole_ui.workflow.canvas import Canvas
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.hand import DrawingHand
from xsconsole_ui.workflow.measures import DESIGNER, GRID
from xsconsole_ui.workflow.scene import Scene

LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key
SIZE = (1000, 620)


def stage(id_: str, x: int, y: int, name: str = "") -> Stage:
    return Stage(id=StageId(id_), name=name or id_.title(), colour="#2a8fa8", place=Place(x=x, y=y))


def way(source: str, target: str, kind: Kind = Kind.PROMOTE, **fields: object) -> Transition:
    id_ = TransitionId(f"{source}-to-{target}")
    return Transition(id=id_, source=StageId(source), target=StageId(target), kind=kind, **fields)  # type: ignore[arg-type]


def a_workflow() -> Workflow:
    """Integration to staging to production, with one way back, and a stage that stands for itself."""
    return Workflow(
        id=WorkflowId("release"),
        name="Release",
        version=7,
        stages=(
            stage("integration", 0, 4),
            stage("staging", 15, 4),
            stage("production", 30, 4),
            stage("spare", 15, 14),
        ),
        transitions=(
            way("integration", "staging"),
            way("staging", "production"),
            way("production", "staging", Kind.DEMOTE),
        ),
    )


class Sheet:
    """Canvas, desk and hand, and the mouse and the keys of who draws."""

    def __init__(self, workflow: Workflow) -> None:
        self.desk = DraftDesk()
        self.scene = Scene(DESIGNER)
        self.canvas = Canvas(self.scene)
        self.hand = DrawingHand(self.canvas, self.desk)
        self.canvas.hand = self.hand
        self.desk.changed.connect(self.scene.show)
        self.heard: list[str] = []
        self.desk.refused.connect(self.heard.append)
        self.desk.open(workflow)
        self.canvas.resize(*SIZE)
        self.canvas.show()
        self.canvas.activateWindow()
        self.canvas.setFocus()
        self.canvas.zoom_to(1.0)
        self.canvas.centre_on(self.scene.bounds.center())

    def close(self) -> None:
        self.hand.choices.close()
        self.canvas.close()
        self.canvas.deleteLater()

    @property
    def workflow(self) -> Workflow:
        return self.desk.workflow

    def of(self, point: QPointF) -> QPoint:
        """Return where a point of the graph lies on the canvas."""
        return self.canvas.view.to_widget(point).toPoint()

    def node(self, id_: str) -> QPoint:
        return self.of(self.scene.nodes[StageId(id_)].area.center())

    def port(self, id_: str) -> QPoint:
        return self.of(self.scene.nodes[StageId(id_)].port)

    def edge(self, id_: str, part: float = 0.5) -> QPoint:
        return self.of(self.scene.edges[TransitionId(id_)].route.line.at(part))

    def grip(self, id_: str, *, target: bool) -> QPoint:
        return self.of(self.scene.edges[TransitionId(id_)].route.grips[1 if target else 0])

    def place(self, id_: str) -> tuple[int, int]:
        found = self.workflow.stage(StageId(id_))
        assert found is not None
        assert found.place is not None
        return found.place.x, found.place.y

    # Hands.

    def press(self, at: QPoint, held: Qt.KeyboardModifier = PLAIN) -> None:
        QTest.mousePress(self.canvas, LEFT, held, at)

    def move(self, at: QPoint, held: Qt.KeyboardModifier = PLAIN) -> None:
        # `QTest.mouseMove` knows no modifiers, and a drag is one because a button is held.
        drag(self.canvas, at, held)

    def release(self, at: QPoint, held: Qt.KeyboardModifier = PLAIN) -> None:
        QTest.mouseRelease(self.canvas, LEFT, held, at)

    def click(self, at: QPoint, held: Qt.KeyboardModifier = PLAIN) -> None:
        QTest.mouseClick(self.canvas, LEFT, held, at)

    def carry(self, start: QPoint, end: QPoint, held: Qt.KeyboardModifier = PLAIN) -> None:
        """Press, move in two steps, and stay there with the button down."""
        self.press(start, held)
        self.move((start + end) / 2, held)
        self.move(end, held)

    def drag(self, start: QPoint, end: QPoint, held: Qt.KeyboardModifier = PLAIN) -> None:
        self.carry(start, end, held)
        self.release(end, held)

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = PLAIN) -> None:
        focused = QApplication.focusWidget() or self.canvas
        QTest.keyClick(focused, key, held)

    def choose(self, words: str) -> None:
        """Choose from what the end of a gesture asks."""
        action = next(one for one in self.hand.choices.actions() if words in one.text())
        action.trigger()
        self.hand.choices.close()


def drag(canvas: Canvas, at: QPoint, held: Qt.KeyboardModifier, button: Qt.MouseButton = LEFT) -> None:
    position = QPointF(at)
    event = QMouseEvent(
        QEvent.Type.MouseMove, position, canvas.mapToGlobal(position), Qt.MouseButton.NoButton, button, held
    )
    QApplication.sendEvent(canvas, event)


def steps(number: int) -> QPoint:
    """Return so many steps of the grid, to the right."""
    return QPoint(number * GRID, 0)


@pytest.fixture
def sheet(qapp: QApplication) -> Iterator[Sheet]:
    theme.Theme(qapp, theme.Scheme.LIGHT)
    made = Sheet(a_workflow())
    yield made
    made.close()
