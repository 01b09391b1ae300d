"""How the graph is laid out and what it says: routes, labels, words; and that it mirrors by difference."""

import itertools

import msgspec
import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.board_values import make_card, with_run
from tests.ui.drawing import Sheet, a_workflow, sheet, stage, way
from xsconsole.domain.board import Board
from xsconsole.domain.ids import GroupId, PersonId, StageId, TransitionId, Uuid, WorkflowId
from xsconsole.domain.workflow import (
    ApprovalRule,
    Binding,
    Group,
    Kind,
    Limits,
    Person,
    PoolObject,
    RestorePointRule,
    Workflow,
    default_workflow,
)
from xsconsole.domain.workflow.edits import change_stage
from xsconsole.domain.workflow.findings import Finding, Severity
from xsconsole.domain.workflow.gates import ExactReplica, GuestToolsUp
from xsconsole.domain.workflow.templates import Template, templates
from xsconsole_ui import theme
from xsconsole_ui.workflow.curves import bars
from xsconsole_ui.workflow.faces import demands, in_words
from xsconsole_ui.workflow.live import load_of
from xsconsole_ui.workflow.measures import DESIGNER
from xsconsole_ui.workflow.minimap import Minimap
from xsconsole_ui.workflow.scene import Scene

__all__ = ["sheet"]


def shown(workflow: Workflow) -> Scene:
    scene = Scene(DESIGNER)
    scene.show(workflow)
    return scene


def through(scene: Scene, way_id: str) -> list[str]:
    """Return the stages that an edge runs through, but for its ends."""
    edge = scene.edges[TransitionId(way_id)]
    return [
        id_
        for id_, node in scene.nodes.items()
        if id_ not in (edge.way.source, edge.way.target)
        and any(node.area.contains(QPointF(*point)) for point in edge.route.line.points)
    ]


def test_promotions_leave_right_and_enter_left_and_ways_back_run_below(qapp: QApplication) -> None:
    scene = shown(a_workflow())

    forward = scene.edges[TransitionId("staging-to-production")].route
    back = scene.edges[TransitionId("production-to-staging")].route

    staging, production = (scene.nodes[StageId(id_)].area for id_ in ("staging", "production"))
    assert forward.start == QPointF(staging.right(), staging.center().y())
    assert forward.tip == QPointF(production.left(), production.center().y())
    assert back.start.y() == back.tip.y() == staging.bottom()
    assert max(y for _, y in back.line.points) > staging.bottom()


def test_a_promotion_that_skips_a_stage_goes_round_it(qapp: QApplication) -> None:
    base = a_workflow()
    skipping = msgspec.structs.replace(base, transitions=(*base.transitions, way("integration", "production")))

    scene = shown(skipping)

    assert through(scene, "integration-to-production") == []


def test_a_way_back_goes_round_what_stands_below(qapp: QApplication) -> None:
    stages = (stage("a", 0, 0), stage("b", 15, 0), stage("c", 15, 7), stage("d", 30, 0), stage("e", 15, 14))
    back = way("d", "a", Kind.DEMOTE)
    scene = shown(Workflow(id=WorkflowId("w"), name="w", version=1, stages=stages, transitions=(back,)))

    assert through(scene, "d-to-a") == []


def test_ways_back_beside_each_other_do_not_lie_on_each_other(qapp: QApplication) -> None:
    base = default_workflow()

    scene = shown(base)

    levels = [edge.route.level for edge in scene.edges.values() if edge.face.is_back and edge.route.level is not None]
    assert len(levels) == 4
    for (one, end), (other, far) in itertools.combinations(levels, 2):
        is_apart = max(one[0], end[0]) < min(other[0], far[0]) or min(one[0], end[0]) > max(other[0], far[0])
        assert is_apart or abs(one[1] - other[1]) >= 10


def test_labels_lie_on_no_node_and_no_other_label(qapp: QApplication) -> None:
    base = default_workflow()
    ways = tuple(msgspec.structs.replace(one, soak_s=3600) for one in base.transitions)

    scene = shown(msgspec.structs.replace(base, transitions=ways))

    placed = [edge.label.area for edge in scene.edges.values() if edge.label is not None]
    assert len(placed) == len(ways)
    assert not any(one.intersects(other) for one, other in itertools.combinations(placed, 2))
    assert not any(area.intersects(node.area) for area in placed for node in scene.nodes.values())


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.name)
def test_the_templates_are_drawn_with_every_label_and_through_no_stage(template: Template, qapp: QApplication) -> None:
    scene = shown(template.workflow)

    assert [edge.way.id for edge in scene.edges.values() if edge.face.label and edge.label is None] == []
    assert [way_id for way_id in scene.edges if through(scene, way_id)] == []


def test_edges_say_what_they_demand(qapp: QApplication) -> None:
    ops = Group(id=GroupId("ops"), name="ops", people=(PersonId("ann"),))
    ann = Person(id=PersonId("ann"), name="Ann")
    rules = (ApprovalRule(count=1, groups=(ops.id,)), ApprovalRule(count=2, people=(ann.id,), groups=(ops.id,)))
    base = msgspec.structs.replace(a_workflow(), groups=(ops,), people=(ann,))

    assert demands(base, way("a", "b", approvals=rules)) == "ops 1 + 2 of ops and Ann"
    assert demands(base, way("a", "b", soak_s=86400, gates=(ExactReplica(), GuestToolsUp()))) == (
        "soak 24 h · replica exact · 1 check"
    )
    assert demands(base, way("a", "b")) == ""
    back = way("production", "staging", Kind.DEMOTE, restore_point=RestorePointRule())
    assert demands(base, back) == "way back · restore point"
    assert in_words(base, back) == "Way back from Production to Staging (restore point)"


def test_ways_into_another_pool_are_crossed_by_two_bars_and_name_it(qapp: QApplication) -> None:
    here, there = (Binding(pool=PoolObject(uuid=Uuid(name), name=name)) for name in ("here", "there"))
    base = change_stage(change_stage(a_workflow(), "staging", binding=here), "production", binding=here)
    scene = shown(base)
    assert not any(edge.face.is_abroad for edge in scene.edges.values())

    scene.show(change_stage(base, "production", binding=there))

    abroad = {id_: edge.face.label for id_, edge in scene.edges.items() if edge.face.is_abroad}
    assert abroad == {"staging-to-production": "into there", "production-to-staging": "way back · into here"}
    line = scene.edges[TransitionId("staging-to-production")].route.line
    one, other = bars(line, 0.8, 5, 4)
    assert (one.length(), one.center().y(), other.center().x() - one.center().x()) == (10, line.at(0.8).y(), 4)


def test_a_new_workflow_is_mirrored_by_what_differs(qapp: QApplication) -> None:
    base = a_workflow()
    scene = shown(base)
    nodes, edges = dict(scene.nodes), dict(scene.edges)

    scene.show(change_stage(base, StageId("spare"), name="Hotfix"))

    same = [id_ for id_ in nodes if scene.nodes[id_] is nodes[id_]]
    assert same == ["integration", "staging", "production"]
    assert scene.nodes[StageId("spare")].face.name == "Hotfix"
    assert all(scene.edges[id_].route is edge.route for id_, edge in edges.items())


def test_nodes_tell_what_stands_in_them_and_edges_what_runs_along_them(qapp: QApplication) -> None:
    base = default_workflow()
    going = with_run(make_card("shop", "1.3.0"), by="bob")
    cards = {card.id: card for card in (going, make_card("crm", "7"), make_card("crm", "8", at=StageId("production")))}
    scene = shown(base)

    scene.tell(load=load_of(Board(workflow=base, cards=cards)))

    assert scene.nodes[StageId("staging")].face.count == "2 configurations"
    assert scene.nodes[StageId("integration")].face.count == "0 configurations"
    assert scene.nodes[StageId("production")].face.count == "1 · one per service"
    edge = scene.edges[TransitionId("staging-to-production")]
    assert edge.face.is_running
    assert edge.face.label == "▶ shop 1.3.0"


def test_a_limit_stands_beside_the_number(qapp: QApplication) -> None:
    base = change_stage(default_workflow(), StageId("staging"), limits=Limits(configurations=3))
    scene = shown(base)
    without_pool = scene.nodes[StageId("staging")].face.count

    scene.tell(load=load_of(Board(workflow=base, cards={})))

    assert without_pool == "at most 3"
    assert scene.nodes[StageId("staging")].face.count == "0 of 3"


def test_findings_are_marked_on_their_stage_and_their_edge(qapp: QApplication) -> None:
    scene = shown(a_workflow())
    wrong = Finding(rule="r", severity=Severity.WARNING, sentence="No host.", stage=StageId("spare"))
    bad = Finding(rule="r", severity=Severity.ERROR, sentence="No.", transition=TransitionId("staging-to-production"))

    scene.tell(findings=(wrong, bad))

    assert scene.nodes[StageId("spare")].face.mark == "warn"
    assert scene.nodes[StageId("staging")].face.mark == ""
    assert scene.edges[TransitionId("staging-to-production")].face.mark == "bad"


@pytest.mark.parametrize(
    "name",
    ["x" * 10_000, "<script>alert(1)</script>", "مرحلة الإنتاج", "🚀 🇫🇷 👍🏽", "a\u202eb\nc", "\u0000\u2028"],
)
def test_no_name_breaks_the_picture(name: str, qtbot: QtBot) -> None:
    stages = (stage("a", 0, 0, name), stage("b", 15, 0))
    sheet = Sheet(Workflow(id=WorkflowId("w"), name=name, version=1, stages=stages, transitions=(way("a", "b"),)))
    qtbot.addWidget(sheet.canvas)

    area = sheet.scene.nodes[StageId("a")].area
    picture = sheet.canvas.grab().toImage()

    right = sheet.of(area.topRight() + QPointF(4, 16))
    ground = picture.pixelColor(right)
    assert len(sheet.scene.nodes[StageId("a")].face.name) <= 200
    assert ground.name() == theme.colours_of(sheet.canvas.palette()).sunken  # nothing is written past the border
    assert sheet.scene.bounds.width() == pytest.approx(24 * 20 + 20, abs=40)


def test_stages_without_a_place_stand_in_layers_and_beside_nobody(qapp: QApplication) -> None:
    scene = shown(default_workflow())

    lefts = [scene.nodes[StageId(id_)].area.left() for id_ in ("integration", "patch-testing", "staging", "production")]
    assert lefts == sorted(set(lefts))


def test_a_stage_without_a_place_comes_below_those_that_have_one(qapp: QApplication) -> None:
    base = a_workflow()
    homeless = msgspec.structs.replace(stage("late", 0, 0), place=None)

    scene = shown(msgspec.structs.replace(base, stages=(*base.stages, homeless)))

    late = scene.nodes[StageId("late")].area
    assert not any(late.intersects(node.area) for id_, node in scene.nodes.items() if id_ != "late")


def test_the_map_comes_with_the_fifteenth_stage_and_leads_there(qtbot: QtBot) -> None:
    stages = tuple(stage(f"s{at}", (at % 5) * 15, (at // 5) * 30) for at in range(15))
    few = Workflow(id=WorkflowId("w"), name="w", version=1, stages=stages[:14], transitions=())
    sheet = Sheet(few)
    qtbot.addWidget(sheet.canvas)
    map_ = Minimap(sheet.canvas)
    map_.show()
    sheet.scene.show(few)
    assert not map_.isVisible()

    sheet.desk.do("Add", msgspec.structs.replace(few, stages=stages))
    assert map_.isVisible()
    sheet.canvas.zoom_to(1.0)
    bounds, room = sheet.scene.bounds, sheet.canvas.size()
    assert map_.width() <= room.width() * 0.3 + 1
    assert map_.height() <= room.height() * 0.3 + 1
    assert (map_.width() > map_.height()) is (bounds.width() > bounds.height())  # in its shape
    corner = QRectF(map_.rect()).bottomRight() - QPointF(8, 8)
    map_._go(corner)

    assert sheet.canvas.view.seen(sheet.canvas.room).intersects(sheet.scene.nodes[StageId("s14")].area)
    sheet.canvas.fit()
    assert not map_.isVisible()
