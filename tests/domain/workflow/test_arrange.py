"""Where stages are drawn, and guides while one is dragged."""

import random
from itertools import combinations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.workflow.flows import workflows
from xsconsole.domain.ids import StageId, TransitionId, WorkflowId
from xsconsole.domain.workflow import Kind, Stage, Transition, Workflow, default_workflow
from xsconsole.domain.workflow.align import Axis, Box, Guide, Ruler
from xsconsole.domain.workflow.arrange import LAYER_STEPS, ROW_STEPS, arrange, crossings
from xsconsole.domain.workflow.edits import add_stage, connect, place_stages
from xsconsole.domain.workflow.values import Place


def graph_of(edges: list[tuple[int, int]], stages: int) -> Workflow:
    return Workflow(
        id=WorkflowId("w"),
        name="W",
        version=1,
        stages=tuple(Stage(id=StageId(f"s{at}"), name=f"S{at}", colour="#000000") for at in range(stages)),
        transitions=tuple(
            Transition(id=TransitionId(f"{a}-{b}"), source=StageId(f"s{a}"), target=StageId(f"s{b}"), kind=Kind.PROMOTE)
            for a, b in edges
        ),
    )


def placed(workflow: Workflow) -> Workflow:
    return place_stages(workflow, arrange(workflow))


def test_a_row_of_stages_is_drawn_as_a_row() -> None:
    places = arrange(default_workflow())

    assert [(place.x, place.y) for place in places.values()] == [(at * LAYER_STEPS, 0) for at in range(4)]
    assert crossings(default_workflow()) == 0


def test_branches_stand_apart_and_around_where_they_meet() -> None:
    places = arrange(graph_of([(0, 1), (0, 2), (1, 3), (2, 3)], 4))

    assert (places[StageId("s1")].y, places[StageId("s2")].y) == (0, ROW_STEPS)
    assert places[StageId("s0")].y == places[StageId("s3")].y
    assert 0 < places[StageId("s0")].y < ROW_STEPS


def test_crossings_that_need_not_be_are_undone() -> None:
    tangled = graph_of([(0, 5), (1, 4), (2, 3), (3, 6), (4, 7), (5, 8)], 9)
    drawn_as_listed = place_stages(
        tangled,
        {stage.id: Place(x=at // 3 * LAYER_STEPS, y=at % 3 * ROW_STEPS) for at, stage in enumerate(tangled.stages)},
    )

    assert crossings(drawn_as_listed) == 3
    assert crossings(placed(tangled)) == 0


def test_crossings_that_must_be_are_counted() -> None:
    both = graph_of([(0, 2), (0, 3), (1, 2), (1, 3)], 4)

    assert crossings(placed(both)) == 1
    assert crossings(both) == 1


def test_a_stage_that_only_ways_back_touch_stands_in_the_column_they_lead_from() -> None:
    workflow, bin_ = add_stage(default_workflow(), "Bin")
    workflow, _ = connect(workflow, StageId("production"), bin_, Kind.DEMOTE)

    places = arrange(workflow)

    assert places[bin_].x == places[StageId("production")].x
    assert places[bin_].y != places[StageId("production")].y


@given(workflow=workflows(12))
def test_no_stage_lies_upon_another_and_promotions_lead_to_the_right(workflow: Workflow) -> None:
    places = arrange(workflow)

    assert places == arrange(workflow)
    assert set(places) == {stage.id for stage in workflow.stages}
    assert min(place.y for place in places.values()) == 0
    for one, other in combinations(places.values(), 2):
        assert one.x != other.x or abs(one.y - other.y) >= ROW_STEPS
    for way in workflow.transitions:
        if way.kind is Kind.PROMOTE:
            assert places[way.source].x < places[way.target].x


@given(workflow=workflows(4))
def test_what_is_arranged_already_stays(workflow: Workflow) -> None:
    assert arrange(placed(workflow)) == arrange(workflow)


def test_a_draft_that_goes_round_is_drawn_all_the_same() -> None:
    circle = graph_of([(0, 1), (1, 2), (2, 0), (2, 2)], 3)
    lost = msgspec.structs.replace(circle, stages=circle.stages[:2])

    assert len(set(arrange(circle).values())) == 3
    assert len(arrange(lost)) == 2


@pytest.mark.parametrize("seed", range(3))
def test_a_large_graph_has_fewer_crossings_than_as_it_is_listed(seed: int) -> None:
    chance = random.Random(seed)
    edges = {tuple(sorted(chance.sample(range(60), 2))) for _ in range(90)}
    workflow = graph_of(sorted(edges), 60)
    rows: dict[int, int] = {}
    listed = {}
    for stage, place in arrange(workflow).items():
        rows[place.x] = rows.get(place.x, -1) + 1
        listed[stage] = Place(x=place.x, y=rows[place.x] * ROW_STEPS)

    assert crossings(placed(workflow)) < crossings(place_stages(workflow, listed))


def test_a_dragged_box_has_guides_along_all_that_it_stands_in_line_with() -> None:
    ruler = Ruler([Box(x=0, y=0, width=180, height=80), Box(x=500, y=200, width=100, height=80)])

    assert ruler.guides(Box(x=4, y=203, width=180, height=80)) == ()
    found = ruler.guides(Box(x=0, y=200, width=180, height=80))
    assert Guide(axis=Axis.X, at=0, start=0, end=280) in found
    assert Guide(axis=Axis.Y, at=200, start=0, end=600) in found
    assert len(found) == 6


@given(boxes=st.lists(st.tuples(*[st.integers(0, 9)] * 2, *[st.integers(1, 3)] * 2), min_size=1, max_size=5))
def test_a_guide_leads_along_every_box_in_line_and_no_other(boxes: list[tuple[int, ...]]) -> None:
    dragged, *others = (Box(x=x, y=y, width=width, height=height) for x, y, width, height in boxes)

    found = {(guide.axis, guide.at): guide for guide in Ruler(others).guides(dragged)}

    for axis, across in ((Axis.X, Axis.Y), (Axis.Y, Axis.X)):
        for at, line in enumerate(dragged.lines(axis)):
            in_line = [box for box in others if box.lines(axis)[at] == line]
            if in_line:
                ends = [end for box in (dragged, *in_line) for end in box.lines(across)]
                assert (found[axis, line].start, found[axis, line].end) == (min(ends), max(ends))
    assert len(found) <= 6
