"""Turns mouse and keys on the canvas into gestures, and walks the selection by the arrows."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QApplication, QMenu

from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import Transition
from xsconsole_ui.workflow import between
from xsconsole_ui.workflow.canvas import Canvas
from xsconsole_ui.workflow.connecting import Connect, PutBetween, Reroute
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.gestures import Gesture, Modifiers, Move, RubberBand, nudge
from xsconsole_ui.workflow.look import Look
from xsconsole_ui.workflow.measures import place_of
from xsconsole_ui.workflow.steering import ARROWS, Steered, Walk

CTRL, SHIFT = Modifiers.ControlModifier, Modifiers.ShiftModifier
WAY_KEYS = {Qt.Key.Key_PageDown: 1, Qt.Key.Key_PageUp: -1}
ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class DrawingHand(QObject):
    """The hand on a canvas whose draft is edited."""

    said = Signal(str)  # what the gesture says to where it is now; empty when it ends
    menu_wanted = Signal(QPoint)  # on the screen, for what is selected
    rename_wanted = Signal()
    opened = Signal()  # the selected thing is to be looked at closely

    def __init__(self, canvas: Canvas, desk: DraftDesk) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._desk = desk
        self._gesture: Gesture | None = None
        self._pressed: QPoint | None = None  # until the mouse has gone far enough for a gesture to begin
        self._narrows: StageId | None = None  # a click on one of several selected ends with only this one
        self._steered: Steered | None = None  # the gesture goes on without a button: it was begun by keyboard
        self._walk = Walk(desk, canvas.scene)
        self._choices = QMenu(canvas)
        self._choices.triggered.connect(self._choose)
        self._chosen: Sequence[between.Choice] = ()

    @property
    def gesture(self) -> Gesture | None:
        return self._gesture

    @property
    def choices(self) -> QMenu:
        """What the end of a gesture asks."""
        return self._choices

    # Mouse.

    def press(self, event: QMouseEvent) -> bool:
        if event.button() is not Qt.MouseButton.LeftButton:
            return False
        at, held = self._canvas.view.to_graph(event.position()), event.modifiers()
        if self._steered is not None:
            self._steered.move(at, held)
            self._commit()
            return True
        gesture = self._gesture_for(at, held)
        if gesture is not None:
            self._begin(gesture, at)
            self._pressed = event.position().toPoint()
        return True

    def _gesture_for(self, at: QPointF, held: Modifiers) -> Gesture | None:
        scene, desk = self._canvas.scene, self._desk
        self._narrows = None
        end = scene.end_at(at, desk.transitions)
        if end is not None:
            return Reroute(desk, scene, *end)
        port = scene.port_at(at)
        if port is not None:
            return Connect(desk, scene, port, self.ask, self.rename_wanted.emit, is_back=bool(held & SHIFT))
        node = scene.node_at(at)
        if node is not None:
            return self._take(node, held)
        way = scene.edge_at(at)
        if way is not None:
            if held & CTRL:
                desk.toggle(transition=way)
            elif held & SHIFT:
                desk.select(desk.stages, (*desk.transitions, way))
            else:
                desk.select((), (way,))
            return None
        return RubberBand(desk, scene, adds=bool(held & (CTRL | SHIFT)))

    def _take(self, node: StageId, held: Modifiers) -> Gesture | None:
        desk = self._desk
        if held & CTRL:
            desk.toggle(stage=node)
            return None
        if held & SHIFT and node not in desk.stages:
            desk.select((*desk.stages, node), desk.transitions)
        elif node not in desk.stages:
            desk.select((node,))
        else:
            self._narrows = node
        return Move(desk, self._canvas.scene)

    def move(self, event: QMouseEvent) -> bool:
        at = self._canvas.view.to_graph(event.position())
        if self._gesture is None:
            self._show_cursor(at)
            return False
        if self._pressed is not None:
            away = (event.position().toPoint() - self._pressed).manhattanLength()
            if away < QApplication.startDragDistance():
                return True
            self._pressed, self._narrows = None, None
        self._gesture.move(at, event.modifiers())
        self.said.emit(self._gesture.said)
        self._canvas.stir()
        return True

    def release(self, event: QMouseEvent) -> bool:
        if event.button() is not Qt.MouseButton.LeftButton or self._gesture is None or self._steered is not None:
            return False
        narrows = self._narrows
        self._commit()
        if narrows is not None:
            self._desk.select((narrows,))
        return True

    def double_click(self, event: QMouseEvent) -> bool:
        if event.button() is not Qt.MouseButton.LeftButton:
            return False
        self.leave()
        at, scene = self._canvas.view.to_graph(event.position()), self._canvas.scene
        node = scene.node_at(at)
        if node is not None:
            self._desk.select((node,))
            self.rename_wanted.emit()
        elif scene.edge_at(at) is not None:
            self.opened.emit()
        else:
            half = QPointF(scene.measures.width / 2, scene.measures.height / 2)
            if between.add(self._desk, place_of(at - half)) is not None:
                self.rename_wanted.emit()
        return True

    def menu(self, at: QPoint, *, by_key: bool) -> None:
        """Ask for the menu of what is there; by key, of what is selected."""
        self.leave()
        scene, desk = self._canvas.scene, self._desk
        if by_key:
            area = scene.bounds_of(desk.stages, desk.transitions)
            place = (
                self._canvas.view.to_widget(area.center()).toPoint()
                if not area.isNull()
                else self._canvas.rect().center()
            )
            self.menu_wanted.emit(self._canvas.mapToGlobal(place))
            return
        point = self._canvas.view.to_graph(QPointF(at))
        node = scene.node_at(point)
        way = scene.edge_at(point) if node is None else None
        if node is not None and node not in desk.stages:
            desk.select((node,))
        elif way is not None and way not in desk.transitions:
            desk.select((), (way,))
        elif node is None and way is None:
            desk.select()
        self.menu_wanted.emit(self._canvas.mapToGlobal(at))

    def _middle_of_selection(self) -> QPoint:
        area = self._canvas.scene.bounds_of(self._desk.stages, self._desk.transitions)
        middle = QPointF(self._canvas.rect().center())
        return (middle if area.isNull() else self._canvas.view.to_widget(area.center())).toPoint()

    # Gestures.

    def connect_from(self, source: StageId) -> None:
        """Draw a transition by keyboard, or by mouse without holding a button: Enter or a click ends it."""
        told = self.tr("Arrows choose the target, with Shift a way back; Ins a new stage; Enter connects, Esc leaves")
        self._steer(Connect(self._desk, self._canvas.scene, source, self.ask, self.rename_wanted.emit), told)

    def lead_end(self, way: Transition, *, is_target: bool) -> None:
        """Lead one end of a transition elsewhere, in the same way."""
        told = self.tr("Arrows choose where it ends") if is_target else self.tr("Arrows choose where it begins")
        gesture = Reroute(self._desk, self._canvas.scene, way.id, is_target)
        self._steer(gesture, self.tr("{told}; Enter leads it there, Esc leaves").format(told=told))

    def put_between(self, stage: StageId) -> None:
        """Put a stage between the ends of a transition, in the same way."""
        told = self.tr("Arrows choose the transition; Enter puts the stage between its ends, Esc leaves")
        self._steer(PutBetween(self._desk, self._canvas.scene, stage), told)

    def _steer(self, gesture: Steered, told: str) -> None:
        self.leave()
        area = self._canvas.scene.bounds_of(self._desk.stages, self._desk.transitions)
        self._begin(gesture, area.center())
        self._steered = gesture
        self._canvas.setFocus()
        self.said.emit(gesture.said or told)

    def _begin(self, gesture: Gesture, at: QPointF) -> None:
        self._gesture, self._steered = gesture, None
        gesture.begin(at)
        self._canvas.stir()

    def _commit(self) -> None:
        gesture = self._gesture
        self._end()
        if gesture is not None:
            gesture.commit()

    def leave(self) -> None:
        """Drop the gesture: everything is as before it began."""
        gesture = self._gesture
        self._end()
        if gesture is not None:
            gesture.cancel()

    def _end(self) -> None:
        had = self._gesture is not None
        self._gesture, self._pressed, self._narrows, self._steered = None, None, None, None
        if had:
            self.said.emit("")
            self._canvas.stir()

    def ask(self, choices: Sequence[between.Choice]) -> None:
        """Let the user choose at the pointer; whoever leaves the menu leaves everything as it was."""
        self._chosen = choices
        self._choices.clear()
        for at, (text, _) in enumerate(choices):
            action = QAction(text.replace("&", "&&"), self._choices)
            action.setData(at)
            self._choices.addAction(action)
        self._choices.setActiveAction(self._choices.actions()[0])
        if self._canvas.underMouse():
            self._choices.popup(self._canvas.cursor().pos())
        else:
            self._choices.popup(self._canvas.mapToGlobal(self._middle_of_selection()))

    def _choose(self, action: QAction) -> None:
        self._chosen[int(action.data())][1]()

    # Keys.

    def wants_key(self, event: QKeyEvent) -> bool:
        """Answer whether a key is the canvas's own, before any shortcut of the window takes it."""
        key, held = Qt.Key(event.key()), event.modifiers() & ~Modifiers.KeypadModifier
        if key in ARROWS:
            return held in (Modifiers.NoModifier, SHIFT, CTRL)
        return key in WAY_KEYS and held in (Modifiers.NoModifier, SHIFT)

    def key(self, event: QKeyEvent) -> bool:
        key, held = Qt.Key(event.key()), event.modifiers() & ~Modifiers.KeypadModifier
        if key == Qt.Key.Key_Escape:
            return self._escape()
        if self._gesture is not None:
            return self._key_in_gesture(key, held)
        if key in ARROWS and held == CTRL:
            nudge(self._desk, self._canvas.scene, *ARROWS[key])
        elif key in ARROWS and self.wants_key(event):
            self._walk.to_stage(key, adds=bool(held & SHIFT))
        elif key in WAY_KEYS and self.wants_key(event):
            self._walk.to_way(WAY_KEYS[key], adds=bool(held & SHIFT))
        elif key == Qt.Key.Key_Space and held == CTRL:
            self._walk.take_back()
        elif key in ENTERS and not held and (self._desk.stages or self._desk.transitions):
            self.opened.emit()
        else:
            return False
        self._reveal()
        return True

    def _escape(self) -> bool:
        if self._gesture is not None:
            self.leave()
        elif self._desk.stages or self._desk.transitions:
            self._desk.select()
        else:
            return False
        return True

    def _key_in_gesture(self, key: Qt.Key, held: Modifiers) -> bool:
        steered = self._steered
        if steered is not None and key in ARROWS:
            area = steered.steer(ARROWS[key], held)
            self.said.emit(steered.said)
            self._canvas.reveal(area)
            self._canvas.stir()
        elif steered is not None and key in ENTERS:
            self._commit()
        elif isinstance(steered, Connect) and key == Qt.Key.Key_Insert:
            steered.lead_beside()
            self._commit()
        return True  # while something is held, keys do nothing else

    def _reveal(self) -> None:
        self._canvas.reveal(self._canvas.scene.bounds_of(self._desk.stages, self._desk.transitions))

    # How it is seen.

    def look(self, look: Look) -> Look:
        seen = replace(look, stages=frozenset(self._desk.stages), ways=frozenset(self._desk.transitions))
        return self._gesture.look(seen) if self._gesture is not None else seen

    def paint(self, painter: QPainter, look: Look) -> None:
        if self._gesture is not None:
            self._gesture.paint(painter, look)

    def _show_cursor(self, at: QPointF) -> None:
        scene = self._canvas.scene
        if scene.port_at(at) is not None or scene.end_at(at, self._desk.transitions) is not None:
            self._canvas.setCursor(Qt.CursorShape.CrossCursor)
        elif scene.node_at(at) is not None or scene.edge_at(at) is not None:
            self._canvas.setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self._canvas.unsetCursor()
