"""The graph as a screen reader finds it: each stage and transition is a child of the canvas, made when asked for."""

from functools import cache, partial

from PySide6.QtCore import QObject, QPoint, QPointF, QRect, QRectF, Slot
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface, QColor, QWindow
from PySide6.QtWidgets import QAccessibleWidget, QWidget

from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.words import count
from xsconsole.domain.workflow import Workflow
from xsconsole_ui import theme
from xsconsole_ui.pieces import joined
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow.faces import in_words, ways_of
from xsconsole_ui.workflow.findings_panel import summary
from xsconsole_ui.workflow.look import Look
from xsconsole_ui.workflow.scene import Scene
from xsconsole_ui.workflow.view import View

Part = tuple[str, str]  # "stage" or "transition", and its id
Text = QAccessible.Text
STAGE, TRANSITION = "stage", "transition"
MANY = 8  # parts that change at once: then only the graph tells


class Graph(QWidget):
    """What a widget has that shows a scene. Its children for readers are those of its class."""

    scene: Scene
    view: View

    def look(self) -> Look:
        """Return how it is seen now, and what is selected in it."""
        raise NotImplementedError


def accessible_of(name: str, found: QObject | None) -> QAccessibleInterface | None:
    """Return the interface of a graph, for Qt, which asks so for each class of each object."""
    return GraphAccessible(found) if name == "Canvas" and isinstance(found, Graph) else None


@cache
def offer_accessibles() -> None:
    """Let Qt ask us. Once: PySide keeps what is installed twice twice, and Qt asks for every class of every widget."""
    QAccessible.installFactory(accessible_of)


def parts_of(scene: Scene) -> list[Part]:
    """Return all stages and then all transitions, in the order in which the workflow lists them."""
    return [(STAGE, id_) for id_ in scene.nodes] + [(TRANSITION, id_) for id_ in scene.edges]


def name_of(scene: Scene, part: Part) -> str:
    """Return what a part is called."""
    kind, id_ = part
    workflow = scene.workflow
    if workflow is None:
        return ""
    if kind == STAGE:
        stage = workflow.stage(StageId(id_))
        return one_line(stage.name) if stage is not None else ""
    way = workflow.transition_of(TransitionId(id_))
    return one_line(in_words(workflow, way)) if way is not None else ""


def told_of(scene: Scene, part: Part) -> str:
    """Return how a part stands: what is in it or runs along it, where it is in the list, and what is wrong with it."""
    kind, id_ = part
    listed = list(scene.nodes if kind == STAGE else scene.edges)
    if scene.workflow is None or id_ not in listed:
        return ""
    place = tr("{number} of {all}").format(number=listed.index(id_) + 1, all=len(listed))
    if kind == STAGE:
        what = tr("Stage {place}.").format(place=place)
        node = scene.nodes[StageId(id_)]
        facts = [f"{node.face.count} · {node.face.place}.", _ways_in_words(scene.workflow, StageId(id_))]
    else:
        what = tr("Transition {place}.").format(place=place)
        edge = scene.edges[TransitionId(id_)]
        facts = [f"{edge.face.label}."] if edge.face.is_running else []
    wrong = [one for one in scene.findings if id_ == (one.stage if kind == STAGE else one.transition)]
    told = tr("Findings: {summary}.").format(summary=summary(wrong)) if wrong else tr("No findings.")
    return joined(what, *facts, told, *(one.sentence for one in wrong))


def _ways_in_words(workflow: Workflow, stage: StageId) -> str:
    leaving = sum(way.source == stage for way in ways_of(workflow, stage))
    entering = len(ways_of(workflow, stage)) - leaving
    told = tr("{entering} in, {leaving} out.")
    return told.format(entering=count(entering, tr("transition")), leaving=leaving)


class PartAccessible(QAccessibleInterface):
    """One part of the graph. Qt keeps it until the canvas goes: of a part that went, it is used for one that comes."""

    def __init__(self, canvas: Graph, part: Part) -> None:
        super().__init__()
        self._canvas, self.part = canvas, part

    @property
    def _area(self) -> QRectF:
        """Where it lies on the canvas; of a transition, where its words are."""
        kind, id_ = self.part
        scene = self._canvas.scene
        node = scene.nodes.get(StageId(id_)) if kind == STAGE else None
        edge = scene.edges.get(TransitionId(id_)) if kind == TRANSITION else None
        if node is not None:
            return self._canvas.view.area_to_widget(node.area)
        if edge is not None:
            return self._canvas.view.area_to_widget(edge.label.area if edge.label is not None else edge.route.bounds)
        return QRectF()

    # What Qt asks of it.

    def isValid(self) -> bool:
        return not self._area.isNull()

    def object(self) -> QObject | None:  # type: ignore[override]
        return None

    def window(self) -> QWindow | None:  # type: ignore[override]
        return self._canvas.window().windowHandle()

    def parent(self) -> QAccessibleInterface:
        return QAccessible.queryAccessibleInterface(self._canvas)

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        del index
        return None

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        del x, y
        return None

    def childCount(self) -> int:
        return 0

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        del child
        return -1

    def focusChild(self) -> QAccessibleInterface | None:  # type: ignore[override]
        return None

    def text(self, kind: QAccessible.Text) -> str:
        match kind:
            case Text.Name:
                return name_of(self._canvas.scene, self.part)
            case Text.Description:
                return told_of(self._canvas.scene, self.part)
            case _:
                return ""

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Readers change nothing: names are typed in the canvas, the inspector and the outline."""

    def rect(self) -> QRect:
        return self._area.toAlignedRect().translated(self._canvas.mapToGlobal(QPoint()))

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.ListItem

    def state(self) -> QAccessible.State:
        found = QAccessible.State()
        kind, id_ = self.part
        look = self._canvas.look()
        is_last = id_ == next(iter(reversed(list(look.stages if kind == STAGE else look.ways))), None)
        found.selectable = found.focusable = found.multiSelectable = True
        found.selected = id_ in (look.stages if kind == STAGE else look.ways)
        found.focused = is_last and self._canvas.hasFocus()
        found.offscreen = not self._area.intersects(QRectF(self._canvas.rect()))
        return found

    def foregroundColor(self) -> QColor:
        return QColor(theme.colours_of(self._canvas.palette()).text)

    def backgroundColor(self) -> QColor:
        return QColor(theme.colours_of(self._canvas.palette()).surface)


class GraphAccessible(QAccessibleWidget):
    """The canvas: first the widgets that lie on it, then the parts of what it shows."""

    def __init__(self, canvas: Graph) -> None:
        super().__init__(canvas, QAccessible.Role.List)
        self._canvas = canvas
        self._made: dict[Part, PartAccessible] = {}
        canvas.destroyed.connect(partial(_forget, self._made))

    def of(self, part: Part) -> PartAccessible:
        """Return the interface of a part."""
        found = self._made.get(part)
        if found is None:
            here = set(parts_of(self._canvas.scene))
            gone = next((known for known in self._made if known not in here), None)
            found = self._made.pop(gone) if gone is not None else PartAccessible(self._canvas, part)
            found.part = part
            if gone is None:
                QAccessible.registerAccessibleInterface(found)
            self._made[part] = found
        return found

    # What Qt asks of it.

    def childCount(self) -> int:
        return super().childCount() + len(parts_of(self._canvas.scene))

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        widgets, parts = super().childCount(), parts_of(self._canvas.scene)
        if index < widgets:
            return super().child(index)
        return self.of(parts[index - widgets]) if index - widgets < len(parts) else None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        if not isinstance(child, PartAccessible):
            return super().indexOfChild(child)
        parts = parts_of(self._canvas.scene)
        return super().childCount() + parts.index(child.part) if child.part in parts else -1

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        above = super().childAt(x, y)
        if above is not None and above.object() is not self._canvas:
            return above
        scene, canvas = self._canvas.scene, self._canvas
        point = canvas.view.to_graph(QPointF(canvas.mapFromGlobal(QPoint(x, y))))
        stage, way = scene.node_at(point), scene.edge_at(point)
        if stage is not None:
            return self.of((STAGE, stage))
        return self.of((TRANSITION, way)) if way is not None else None

    def focusChild(self) -> QAccessibleInterface | None:  # type: ignore[override]
        look = self._canvas.look()
        held = [*((TRANSITION, id_) for id_ in look.ways), *((STAGE, id_) for id_ in look.stages)]
        known = [part for part in held if part in parts_of(self._canvas.scene)]
        return self.of(known[-1]) if known and self._canvas.hasFocus() else super().focusChild()


class Readers(QObject):
    """Tells readers that are there what came, went and is called otherwise. Where there are none, it only asks that."""

    def __init__(self, canvas: Graph) -> None:
        super().__init__(canvas)
        offer_accessibles()
        self._canvas = canvas
        self._names: dict[Part, str] = {}
        self._selected: list[Part] = []
        canvas.scene.changed.connect(self.follow)

    @Slot()
    def follow(self) -> None:
        """Look at the scene anew; not while something is dragged, when nothing but places changes."""
        scene = self._canvas.scene
        if not QAccessible.isActive() or scene.lifted:
            return
        before, self._names = self._names, {part: name_of(scene, part) for part in parts_of(scene)}
        if list(before) != list(self._names):
            self._tell(QAccessibleEvent(self._canvas, QAccessible.Event.ObjectReorder))
        made = QAccessible.queryAccessibleInterface(self._canvas)
        if isinstance(made, GraphAccessible):
            for part, name in self._names.items():
                if before.get(part, name) != name:
                    self._tell(QAccessibleEvent(made.of(part), QAccessible.Event.NameChanged))

    @Slot()
    def tell_selection(self) -> None:
        """Tell which parts are selected now and no longer, and which of them has the keyboard."""
        if not QAccessible.isActive():
            return
        look, scene = self._canvas.look(), self._canvas.scene
        before, self._selected = self._selected, [(STAGE, id_) for id_ in look.stages]
        self._selected += [(TRANSITION, id_) for id_ in look.ways]
        made = QAccessible.queryAccessibleInterface(self._canvas)
        if not isinstance(made, GraphAccessible):
            return
        changed = {*before} ^ {*self._selected}
        if len(changed) > MANY:
            self._tell(QAccessibleEvent(self._canvas, QAccessible.Event.SelectionWithin))
        else:
            for part in parts_of(scene):
                if part in changed:
                    self._tell(QAccessibleEvent(made.of(part), QAccessible.Event.Selection))
        self._tell_focus(made)

    @Slot()
    def tell_focus(self) -> None:
        """Tell which part has the keyboard, after the canvas got it."""
        made = QAccessible.queryAccessibleInterface(self._canvas) if QAccessible.isActive() else None
        if isinstance(made, GraphAccessible):
            self._tell_focus(made)

    def _tell_focus(self, made: GraphAccessible) -> None:
        held = made.focusChild()
        if isinstance(held, PartAccessible):
            self._tell(QAccessibleEvent(held, QAccessible.Event.Focus))

    def _tell(self, event: QAccessibleEvent) -> None:
        QAccessible.updateAccessibility(event)


def _forget(made: dict[Part, PartAccessible], _canvas: object = None) -> None:
    """Take the parts of a canvas that goes out of Qt's keeping: nobody may ask them any more."""
    for found in made.values():
        QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(found))
    made.clear()  # not before: they are ours, and Qt would be left with what is gone
