"""Turns mouse and keys on the canvas into gestures, and walks the selection by the arrows."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QApplication, QMenu

from xsconsole.domain.ids import StageId
from xsconsole_ui.workflow import between
from xsconsole_ui.workflow.canvas import Canvas
from xsconsole_ui.workflow.connecting import Connect, Reroute
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.faces import ways_of
from xsconsole_ui.workflow.gestures import Gesture, Modifiers, Move, RubberBand, nudge
from xsconsole_ui.workflow.measures import GRID, place_of
from xsconsole_ui.workflow.painter import Look

CTRL, SHIFT = Modifiers.ControlModifier, Modifiers.ShiftModifier
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
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
        self._is_carried = False  # the gesture goes on without a button: it was begun by keyboard
        self._around: StageId | None = None  # the stage whose transitions the keys go round
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
        if self._gesture is not None and self._is_carried:
            self._gesture.move(at, held)
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
            return Connect(desk, scene, port, self.ask, is_back=bool(held & SHIFT))
        node = scene.node_at(at)
        if node is not None:
            return self._take(node, held)
        way = scene.edge_at(at)
        if way is not None:
            if held & CTRL:
                desk.toggle(transition=way)
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
        if event.button() is not Qt.MouseButton.LeftButton or self._gesture is None or self._is_carried:
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
        self.leave()
        gesture = Connect(self._desk, self._canvas.scene, source, self.ask)
        self._begin(gesture, self._canvas.scene.nodes[source].port)
        self._is_carried = True
        self.said.emit(self.tr("Choose the target by the arrows, with Shift a way back; Enter connects, Esc leaves"))

    def _begin(self, gesture: Gesture, at: QPointF) -> None:
        self._gesture, self._is_carried = gesture, False
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
        self._gesture, self._pressed, self._narrows, self._is_carried = None, None, None, False
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
        key = Qt.Key(event.key())
        held = event.modifiers() & ~Modifiers.KeypadModifier
        if key in ARROWS:
            return held in (Modifiers.NoModifier, SHIFT, CTRL)
        return key in WAY_KEYS and not held

    def key(self, event: QKeyEvent) -> bool:
        key, held = Qt.Key(event.key()), event.modifiers() & ~Modifiers.KeypadModifier
        if key == Qt.Key.Key_Escape:
            return self._escape()
        if self._gesture is not None:
            return self._key_in_gesture(key, held)
        if key in ARROWS and self.wants_key(event):
            if held & CTRL:
                nudge(self._desk, self._canvas.scene, *ARROWS[key])
            else:
                self._walk(key, adds=bool(held & SHIFT))
        elif key in WAY_KEYS and not held:
            self._walk_ways(WAY_KEYS[key])
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
        gesture = self._gesture
        if isinstance(gesture, Connect) and self._is_carried:
            if key in ARROWS:
                at = gesture.target or gesture.source
                target = neighbour(self._canvas, at, *ARROWS[key])
                if target is not None:
                    gesture.aim(target, held)
                    self.said.emit(gesture.said)
                    self._canvas.reveal(self._canvas.scene.nodes[target].area)
                    self._canvas.stir()
            elif key in ENTERS:
                self._commit()
        return True  # while something is held, keys do nothing else

    def _walk(self, key: Qt.Key, *, adds: bool) -> None:
        desk, scene = self._desk, self._canvas.scene
        way = desk.transition
        if way is not None and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            desk.select((way.source if key == Qt.Key.Key_Left else way.target,))
            return
        here = desk.stages[-1] if desk.stages else (way.source if way is not None else None)
        found = neighbour(self._canvas, here, *ARROWS[key]) if here is not None else next(iter(scene.nodes), None)
        if found is not None:
            desk.select((*(one for one in desk.stages if one != found), found) if adds else (found,))

    def _walk_ways(self, step: int) -> None:
        """Go round the transitions of the selected stage, or of the one from which the walk began."""
        desk, way = self._desk, self._desk.transition
        stage = desk.stages[-1] if desk.stages else self._around
        if way is not None and stage not in (way.source, way.target):
            stage = way.source
        if stage is None:
            return
        self._around = stage
        ways = [one.id for one in ways_of(desk.workflow, stage)]
        if ways:
            at = ways.index(way.id) + step if way is not None and way.id in ways else (0 if step > 0 else -1)
            desk.select((), (ways[at % len(ways)],))

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


def neighbour(canvas: Canvas, stage: StageId, across: int, down: int) -> StageId | None:
    """Return the stage that comes next in a direction: near, and rather ahead than aside."""
    nodes = canvas.scene.nodes
    here = nodes[stage].area.center()
    best: tuple[float, StageId] | None = None
    for id_, node in nodes.items():
        away = node.area.center() - here
        ahead = away.x() * across + away.y() * down
        aside = abs(away.y() if across else away.x())
        if id_ != stage and ahead >= GRID / 2:
            cost = ahead + 2.5 * aside
            if best is None or (cost, id_) < best:
                best = (cost, id_)
    return best[1] if best is not None else None
