"""The graph as it is drawn: it mirrors a workflow, and of a new one makes anew only what differs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QPointF, QRectF, Signal
from PySide6.QtGui import QPainterPath, QPainterPathStroker

from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow import Stage, Transition, Workflow
from xsconsole.domain.workflow.findings import Finding
from xsconsole_ui.workflow import placing
from xsconsole_ui.workflow.curves import Box, box_of
from xsconsole_ui.workflow.faces import EdgeFace, Load, NodeFace, edge_face, node_face
from xsconsole_ui.workflow.labels import Label, labels
from xsconsole_ui.workflow.measures import Measures, point_of
from xsconsole_ui.workflow.routes import Route, routes

PORT_REACH = 11.0  # px around a port that belong to it
EDGE_REACH = 6.0  # px beside an edge that belong to it
END_REACH = 9.0

NO_LOAD = Load()


@dataclass(frozen=True, slots=True)
class Node:
    id: StageId
    area: QRectF
    face: NodeFace

    @property
    def port(self) -> QPointF:
        return QPointF(self.area.right(), self.area.center().y())

    @property
    def entry(self) -> QPointF:
        return QPointF(self.area.left(), self.area.center().y())


@dataclass(frozen=True, slots=True)
class Edge:
    way: Transition
    route: Route
    face: EdgeFace
    label: Label | None

    def shifted(self, by: QPointF) -> "Edge":
        label = Label(self.label.text, self.label.area.translated(by)) if self.label is not None else None
        return Edge(self.way, self.route.shifted(by), self.face, label)


class Scene(QObject):
    """Holds geometry and words; who shows it paints with a `GraphPainter`."""

    changed = Signal()

    def __init__(self, measures: Measures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.measures = measures
        self.face_of: Callable[[Stage, Load, Sequence[Finding]], NodeFace] = node_face
        self.nodes: dict[StageId, Node] = {}
        self.edges: dict[TransitionId, Edge] = {}
        self.workflow: Workflow | None = None
        self._load = NO_LOAD
        self._findings: tuple[Finding, ...] = ()
        self._areas: dict[StageId, QRectF] = {}  # as drawn
        self._boxes: dict[StageId, Box] = {}  # the same in plain numbers
        self._bounds: QRectF | None = None  # of all that is drawn, once somebody asked
        self._home: dict[StageId, QRectF] = {}  # as the workflow says; where nothing is lifted, the same
        self._strokes: dict[TransitionId, tuple[Route, QPainterPath]] = {}
        self._lifted: Mapping[StageId, QPointF] = {}
        self._home_edges: Mapping[TransitionId, Edge] = {}  # before the gesture

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self._findings

    # What it mirrors.

    def show(self, workflow: Workflow | None, areas: Mapping[StageId, QRectF] | None = None) -> None:
        """Mirror a workflow; `areas` say where its stages stand, None: where the designer drew them."""
        before, self.workflow, self._lifted = self.workflow, workflow, {}
        found = dict(areas) if areas is not None else self._areas_of(workflow)
        is_moved = found != self._areas
        self._areas = found
        self._boxes = {id_: box_of(area) for id_, area in found.items()}
        self._home = dict(found)
        if workflow is None:
            self.nodes, self.edges = {}, {}
        else:
            self._mirror_nodes(workflow, before)
            self._mirror_edges(workflow, before, is_moved=is_moved)
        self._strokes = {id_: kept for id_, kept in self._strokes.items() if id_ in self.edges}
        self._tell_change()

    def tell(self, *, load: Load | None = None, findings: tuple[Finding, ...] | None = None) -> None:
        """Say what stands where and what is wrong; words change, geometry does not."""
        before = (self._load, self._findings)
        self._load = load if load is not None else self._load
        self._findings = findings if findings is not None else self._findings
        if self.workflow is not None and before != (self._load, self._findings):
            self._mirror_nodes(self.workflow, None)
            self._say_edges(self.workflow, {way: edge.route for way, edge in self.edges.items()})
            self._tell_change()

    def _areas_of(self, workflow: Workflow | None) -> dict[StageId, QRectF]:
        if workflow is None:
            return {}
        wide, high = self.measures.width, self.measures.height
        found = placing.places(workflow)
        return {id_: QRectF(point_of(place), point_of(place) + QPointF(wide, high)) for id_, place in found.items()}

    def _mirror_nodes(self, workflow: Workflow, before: Workflow | None) -> None:
        known = {stage.id: stage for stage in before.stages} if before is not None else {}
        nodes: dict[StageId, Node] = {}
        for stage in workflow.stages:
            area, node = self._areas[stage.id], self.nodes.get(stage.id)
            if node is not None and known.get(stage.id) == stage:
                nodes[stage.id] = node if node.area == area else Node(stage.id, area, node.face)
            else:
                nodes[stage.id] = Node(stage.id, area, self.face_of(stage, self._load, self._findings))
        self.nodes = nodes

    def _mirror_edges(self, workflow: Workflow, before: Workflow | None, *, is_moved: bool) -> None:
        is_same = before is not None and [_ends(way) for way in before.transitions] == [
            _ends(way) for way in workflow.transitions
        ]
        if is_same and not is_moved and self.edges:
            found = {way: edge.route for way, edge in self.edges.items()}
        else:
            found = routes(self._boxes, workflow.transitions, self.measures)
        self._say_edges(workflow, found)

    def _say_edges(self, workflow: Workflow, found: Mapping[TransitionId, Route]) -> None:
        faces = {way.id: edge_face(workflow, way, self._load, self._findings) for way in workflow.transitions}
        texts = {id_: self._text_of(face) for id_, face in faces.items()}
        known = {id_: (edge.route, self._text_of(edge.face)) for id_, edge in self.edges.items()}
        if known.keys() == found.keys() and all(known[id_] == (found[id_], texts[id_]) for id_ in found):
            placed = {id_: edge.label for id_, edge in self.edges.items() if edge.label is not None}
        else:
            placed = labels(texts, found, self._boxes.values(), self.measures)
        self.edges = {
            way.id: Edge(way, found[way.id], faces[way.id], placed.get(way.id))
            for way in workflow.transitions
            if way.id in found
        }

    def _text_of(self, face: EdgeFace) -> str:
        """Return the label; in small a dashed line says by itself that it is a way back."""
        return "" if self.measures.is_small and face.is_back and not face.is_running else face.label

    def _tell_change(self) -> None:
        self._bounds = None
        self.changed.emit()

    # While a gesture holds nodes.

    @property
    def lifted(self) -> Mapping[StageId, QPointF]:
        return self._lifted

    def lift(self, offsets: Mapping[StageId, QPointF]) -> None:
        """Draw stages elsewhere for the time of a gesture, with the edges that hang on them."""
        if self.workflow is None:
            return
        if not self._lifted:
            self._home_edges = dict(self.edges)
        touched = set(offsets) | set(self._lifted)
        self._lifted = dict(offsets)
        for id_ in touched:
            self._areas[id_] = self._home[id_].translated(offsets.get(id_, QPointF()))
            self._boxes[id_] = box_of(self._areas[id_])
            self.nodes[id_] = Node(id_, self._areas[id_], self.nodes[id_].face)
        hanging: list[Transition] = []
        for way in self.workflow.transitions:
            if way.source in touched and offsets.get(way.source) == offsets.get(way.target):
                self.edges[way.id] = self._home_edges[way.id].shifted(offsets.get(way.source, QPointF()))
            elif way.source in touched or way.target in touched:
                hanging.append(way)
        if hanging:
            self._hang(hanging)
        self._tell_change()

    def _hang(self, ways: Sequence[Transition]) -> None:
        """Draw anew the edges one end of which was lifted."""
        found = routes(self._boxes, ways, self.measures)
        texts = {way.id: self._text_of(self.edges[way.id].face) for way in ways}
        placed = labels(texts, found, self._boxes.values(), self.measures)
        for way in ways:
            self.edges[way.id] = Edge(way, found[way.id], self.edges[way.id].face, placed.get(way.id))

    def put_down(self) -> None:
        """Draw everything where the workflow says it is."""
        if self._lifted:
            self._areas = {}
            self.show(self.workflow, self._home)

    # Where things are.

    @property
    def bounds(self) -> QRectF:
        """The room that everything drawn takes."""
        if self._bounds is None:
            self._bounds = QRectF()
            for node in self.nodes.values():
                self._bounds |= node.area
            for edge in self.edges.values():
                self._bounds |= edge.route.bounds
                if edge.label is not None:
                    self._bounds |= edge.label.area
        return QRectF(self._bounds)

    def bounds_of(self, stages: Iterable[StageId], ways: Iterable[TransitionId] = ()) -> QRectF:
        found = QRectF()
        for id_ in stages:
            found = found.united(self.nodes[id_].area) if id_ in self.nodes else found
        for way in ways:
            found = found.united(self.edges[way].route.bounds) if way in self.edges else found
        return found

    def node_at(self, point: QPointF) -> StageId | None:
        """Return the stage there; of several that cover each other, the one that lies above."""
        return next((id_ for id_ in reversed(self.nodes) if self.nodes[id_].area.contains(point)), None)

    def port_at(self, point: QPointF) -> StageId | None:
        """Return the stage whose port is there."""
        return next((id_ for id_ in reversed(self.nodes) if _is_near(self.nodes[id_].port, point, PORT_REACH)), None)

    def edge_at(self, point: QPointF) -> TransitionId | None:
        """Return the transition whose line or label is there."""
        for id_, edge in reversed(self.edges.items()):
            if edge.label is not None and edge.label.area.contains(point):
                return id_
        reach = EDGE_REACH
        for id_, edge in reversed(self.edges.items()):
            near = edge.route.bounds.adjusted(-reach, -reach, reach, reach)
            if near.contains(point) and self._stroke(id_, edge.route).contains(point):
                return id_
        return None

    def end_at(self, point: QPointF, ways: Iterable[TransitionId]) -> tuple[TransitionId, bool] | None:
        """Return the transition of `ways` one end of which is there, and whether it is its target end."""
        for id_ in ways:
            edge = self.edges.get(id_)
            for at, grip in enumerate(edge.route.grips if edge is not None else ()):
                if _is_near(grip, point, END_REACH):
                    return id_, at == 1
        return None

    def within(self, area: QRectF) -> tuple[tuple[StageId, ...], tuple[TransitionId, ...]]:
        """Return the stages that an area touches, and the transitions that lie in it as a whole."""
        stages = tuple(id_ for id_, node in self.nodes.items() if node.area.intersects(area))
        ways = tuple(
            id_
            for id_, edge in self.edges.items()
            if area.contains(edge.route.line.path.boundingRect().adjusted(0, -0.5, 0, 0.5))
        )
        return stages, ways

    def _stroke(self, way: TransitionId, route: Route) -> QPainterPath:
        kept = self._strokes.get(way)
        if kept is None or kept[0] is not route:
            stroker = QPainterPathStroker()
            stroker.setWidth(2 * EDGE_REACH)
            kept = (route, stroker.createStroke(route.line.path))
            self._strokes[way] = kept
        return kept[1]


def _ends(way: Transition) -> tuple[TransitionId, StageId, StageId, str]:
    return way.id, way.source, way.target, way.kind


def _is_near(one: QPointF, other: QPointF, reach: float) -> bool:
    return bool(abs(one.x() - other.x()) <= reach and abs(one.y() - other.y()) <= reach)
