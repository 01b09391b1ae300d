"""Edits: what they change, what they leave, and what they refuse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.workflow.flows import EDITS, PRODUCTION, STAGING, TO_PRODUCTION, rich_workflow, workflows
from xsconsole.domain.ids import GroupId, PersonId, StageId, TransitionId
from xsconsole.domain.workflow import ApprovalRule, Kind, Limits, check, default_workflow
from xsconsole.domain.workflow.afterwards import Review
from xsconsole.domain.workflow.edits import (
    add_stage,
    change_stage,
    change_transition,
    change_workflow,
    connect,
    insert_stage,
    name_new_stage,
    order_stages,
    place_stages,
    remove,
    why_not_connect,
)
from xsconsole.domain.workflow.gates import HttpCall
from xsconsole.domain.workflow.history import LONGEST, History
from xsconsole.domain.workflow.roll import (
    add_group,
    change_group,
    change_person,
    remove_group,
    remove_network,
    remove_person,
    rename_network,
)
from xsconsole.domain.workflow.values import Place, Stage
from xsconsole.errors import NotFound, Refused

INTEGRATION = StageId("integration")


def test_a_new_stage_has_an_id_and_a_colour_of_its_own() -> None:
    workflow, first = add_stage(default_workflow(), "  Load   test ")
    workflow, second = add_stage(workflow, "Load-Test")

    assert (first, second) == ("load-test", "load-test-2")
    assert workflow.stages[4].name == "Load test"
    assert len({stage.colour for stage in workflow.stages}) == 6
    with pytest.raises(Refused, match="Another stage is called “LOAD TEST”"):
        add_stage(workflow, "LOAD TEST")


def test_a_stage_that_was_never_published_gets_an_id_of_its_name_and_its_ways_do_too() -> None:
    workflow, stage = add_stage(default_workflow(), "New stage")
    workflow, _ = connect(workflow, INTEGRATION, stage)
    workflow, made = insert_stage(workflow, TransitionId("integration-to-new-stage"), "Later")

    named, stage = name_new_stage(workflow, stage, "Load  test")
    again, staging = name_new_stage(named, stage, "staging-")

    check(named)
    assert stage == "load-test"
    ways = {way.id: (way.source, way.target) for way in named.transitions}
    assert ways["integration-to-later"] == (INTEGRATION, made)
    assert ways["integration-to-new-stage"] == (made, "load-test")  # an id that says otherwise is not made to fit
    assert staging == "staging-2"
    assert again.stage(STAGING) == workflow.stage(STAGING)
    with pytest.raises(Refused, match="Another stage is called"):
        name_new_stage(workflow, StageId("new-stage"), "Production")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "production"}, "Another stage is called"),
        ({"name": " "}, "The name is empty"),
        ({"name": "x" * 101}, "The name has 101 characters"),
        ({"colour": "green"}, "“green” is no colour"),
        ({"limits": Limits(running=-1)}, "its limit of running configurations is -1"),
        ({"actors": (GroupId("nobody"),)}, "it names the group “nobody”"),
    ],
)
def test_a_stage_is_not_made_wrong(fields: dict[str, object], words: str) -> None:
    with pytest.raises(Refused, match=words):
        change_stage(default_workflow(), STAGING, **fields)


def test_a_field_that_is_wrong_already_does_not_block_the_mending_of_another() -> None:
    broken = default_workflow()
    stages = (*broken.stages[:3], Stage(id=PRODUCTION, name="Production", colour="green", description="\0"))
    broken = type(broken)(**{**{name: getattr(broken, name) for name in broken.__struct_fields__}, "stages": stages})

    mended = change_stage(broken, PRODUCTION, colour="#00ff00")

    assert mended.stages[3].colour == "#00ff00"
    with pytest.raises(Refused, match="is no colour"):
        change_stage(broken, PRODUCTION, colour="blue")
    check(change_stage(mended, PRODUCTION, description="Well"))


def test_a_transition_is_not_made_wrong() -> None:
    with pytest.raises(Refused, match="is no web address"):
        change_transition(default_workflow(), TO_PRODUCTION, gates=(HttpCall(url="nonsense"),))
    with pytest.raises(Refused, match="its soak time is -1 s"):
        change_transition(default_workflow(), TO_PRODUCTION, soak_s=-1)
    with pytest.raises(Refused, match="round in a circle: Integration → Patch testing → Staging leads back"):
        connect(remove(default_workflow(), (), [TransitionId("staging-to-integration")]), STAGING, INTEGRATION)
    with pytest.raises(NotFound):
        change_transition(default_workflow(), TransitionId("gone"), soak_s=1)


def test_an_end_can_be_led_elsewhere_over_its_own_place() -> None:
    workflow = remove(default_workflow(), (), [TransitionId("production-to-staging")])

    turned = change_transition(workflow, TO_PRODUCTION, source=PRODUCTION, target=STAGING, kind=Kind.DEMOTE)

    way = turned.transition(PRODUCTION, STAGING)
    assert way is not None
    assert way.id == TO_PRODUCTION
    assert why_not_connect(workflow, STAGING, STAGING, Kind.DEMOTE) is not None
    assert why_not_connect(workflow, STAGING, StageId("gone"), Kind.DEMOTE) is not None


def test_a_removed_stage_is_bridged_with_the_demands_of_the_way_that_led_on() -> None:
    workflow = change_transition(default_workflow(), TO_PRODUCTION, soak_s=60)

    bridged = remove(workflow, [STAGING], bridges=True)

    way = bridged.transition(StageId("patch-testing"), PRODUCTION)
    assert way is not None
    assert (way.kind, way.soak_s) == (Kind.PROMOTE, 60)
    assert remove(workflow, [STAGING]).transition(StageId("patch-testing"), PRODUCTION) is None
    check(bridged)


def test_a_stage_put_on_a_transition_keeps_the_demands_before_the_target() -> None:
    workflow = change_transition(default_workflow(), TO_PRODUCTION, soak_s=60)

    inserted, stage = insert_stage(workflow, TO_PRODUCTION, "Rehearsal", Place(x=1, y=2))

    before, after = inserted.transition(STAGING, stage), inserted.transition(stage, PRODUCTION)
    assert before is not None
    assert after is not None
    assert (before.soak_s, after.soak_s, after.id) == (0, 60, TO_PRODUCTION)
    with pytest.raises(NotFound):
        insert_stage(workflow, TransitionId("gone"), "X")


def test_places_and_order_change_nothing_else() -> None:
    workflow = default_workflow()

    moved = place_stages(workflow, {STAGING: Place(x=3, y=4)})
    ordered = order_stages(workflow, [PRODUCTION])

    assert moved.stage(STAGING) == change_stage(workflow, STAGING, place=Place(x=3, y=4)).stage(STAGING)
    assert [stage.id for stage in ordered.stages] == ["production", "integration", "patch-testing", "staging"]
    with pytest.raises(Refused, match="too far away"):
        place_stages(workflow, {STAGING: Place(x=10**9, y=0)})


def test_what_is_removed_from_the_roll_is_removed_wherever_it_was_named() -> None:
    workflow = rich_workflow()

    without_ann = remove_person(workflow, PersonId("ann"))
    without_leads = remove_group(workflow, GroupId("leads"))

    check(without_ann)
    check(without_leads)
    assert without_ann.groups[0].people == ("ben",)
    assert without_ann.publishing[0].people == ()
    way = without_leads.transition_of(TO_PRODUCTION)
    assert way is not None
    assert way.approvals == (ApprovalRule(count=1, people=(PersonId("ann"),), excludes_author=True),)
    assert [action.rule.groups for action in way.afterwards if isinstance(action, Review)] == [()]
    assert without_leads.stages[3].actors == ()
    with pytest.raises(Refused, match="it names the person “ann”"):
        change_workflow(workflow, people=workflow.people[1:])


def test_a_network_is_renamed_and_removed_in_every_map() -> None:
    workflow = rich_workflow()

    renamed = rename_network(workflow, "lan", " office  lan ")

    assert renamed.networks == ("office lan",)
    assert renamed.stages[3].binding.networks[0].logical == "office lan"
    assert remove_network(renamed, "office lan").stages[3].binding.networks == ()
    check(renamed)
    with pytest.raises(Refused, match="the name of a network is empty"):
        rename_network(workflow, "lan", " ")


def test_people_and_groups_are_changed_and_not_made_wrong() -> None:
    workflow, team = add_group(rich_workflow(), "leads", [PersonId("ben")])

    assert workflow.groups[1].name == "leads 2"
    assert change_group(workflow, team, people=()).groups[1].people == ()
    assert change_person(workflow, PersonId("ben"), subject="ben@acme").people[1].subject == "ben@acme"
    with pytest.raises(Refused, match="is no fingerprint"):
        change_person(workflow, PersonId("ben"), fingerprints=("1",))
    with pytest.raises(Refused, match="it names the person “zoe”"):
        change_group(workflow, team, people=(PersonId("zoe"),))


@given(data=st.data(), start=workflows(3))
def test_undo_leads_to_the_identical_digest_and_redo_back(data: st.DataObject, start) -> None:
    history = History(base=start)
    digests = [start.digest]
    for at, edit in enumerate(data.draw(st.lists(st.sampled_from(EDITS), max_size=5))):
        try:
            edited = edit(history.workflow, data.draw)
        except Refused:
            continue
        if edited != history.workflow:
            history = history.do(f"edit {at}", edited)
            digests.append(history.workflow.digest)

    whole = history
    for digest in reversed(digests):
        assert history.workflow.digest == digest
        history = history.undo()
    for digest in digests[1:]:
        history = history.redo()
        assert history.workflow.digest == digest
    assert history == whole


def test_a_drag_is_one_step_until_it_is_settled() -> None:
    start = default_workflow()
    places = [place_stages(start, {STAGING: Place(x=x, y=0)}) for x in range(4)]

    history = History(base=start).do("Move", places[0], merge="drag").do("Move", places[1], merge="drag")
    history = history.settled().do("Move", places[2], merge="drag").do("Move", places[3], merge="drag")

    assert len(history.done) == 2
    assert history.undo().workflow == places[1]
    assert history.undo().redo_label == "Move"
    assert history.do("nothing", history.workflow) is history


def test_the_history_forgets_its_oldest_steps() -> None:
    start = default_workflow()
    history = History(base=start)
    for x in range(LONGEST + 2):
        history = history.do("Move", place_stages(start, {STAGING: Place(x=x, y=0)}))

    assert len(history.done) == LONGEST
    assert history.base == place_stages(start, {STAGING: Place(x=1, y=0)})
    assert History(base=start).undo().redo().settled() == History(base=start)
    assert History(base=start).undo_label is None
