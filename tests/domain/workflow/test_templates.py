"""Templates, what is left of a workflow kept as one, and stages on the clipboard."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.workflow.flows import KEY, PRODUCTION, STAGING, rich_workflow, workflows
from tests.domain.workflow.pools import ground_of, pool_of
from xsconsole.domain.ids import PersonId, StageId
from xsconsole.domain.workflow import (
    ApprovalRule,
    Person,
    Workflow,
    check,
    default_workflow,
    from_json,
    stored_size_bytes,
    to_json,
)
from xsconsole.domain.workflow.arrange import crossings
from xsconsole.domain.workflow.clipboard import copy, holds_stages, paste
from xsconsole.domain.workflow.edits import change_stage, change_workflow, place_stages, remove
from xsconsole.domain.workflow.findings import Severity, findings
from xsconsole.domain.workflow.roll import remove_group
from xsconsole.domain.workflow.templates import Template, as_template, start_from, templates
from xsconsole.domain.workflow.values import Place
from xsconsole.errors import NotFound, Refused

ME = Person(id=PersonId("me"), name="Me", fingerprints=(KEY,))
LIVE = ground_of(pool_of())


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.name)
def test_a_template_is_drawn_and_described_and_has_no_error_once_somebody_starts_from_it(template: Template) -> None:
    draft = start_from(template.workflow, "Shops", ME)

    check(template.workflow)
    check(draft)
    assert (draft.id, draft.name, draft.version) == ("shops", "Shops", 1)
    assert template.description
    assert all(stage.place is not None and stage.description for stage in draft.stages)
    assert crossings(draft) == 0
    assert stored_size_bytes(draft) < 2048
    assert [finding for finding in findings(draft, LIVE) if finding.severity is Severity.ERROR] == []
    assert {each.rule for each in findings(draft, LIVE)} <= {"only-the-requester"}
    before = [each.rule for each in findings(template.workflow, LIVE) if each.severity is Severity.ERROR]
    assert before == ["nobody-approves"] * len(template.workflow.groups)


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.name)
def test_a_template_that_names_nobody_can_be_published_after_one_mend(template: Template) -> None:
    ground = replace(LIVE, me=ME)
    draft = start_from(template.workflow, "Shops")
    errors = [each for each in findings(draft, ground) if each.severity is Severity.ERROR]
    for finding in errors:
        assert finding.mends[0].label == "Name me (Me)"
        draft = finding.mends[0].apply(draft)

    check(draft)
    assert len(errors) == len(template.workflow.groups)
    assert [each for each in findings(draft, ground) if each.severity is Severity.ERROR] == []


def test_who_is_known_by_a_key_is_named_and_not_added_once_more() -> None:
    ann = Person(id=PersonId("ann"), name="Ann", fingerprints=(KEY,))
    draft = change_workflow(default_workflow(), people=(ann,), publishing=(ApprovalRule(count=1),))
    (finding,) = (each for each in findings(draft, replace(LIVE, me=ME)) if each.rule == "nobody-approves")

    mended = finding.mends[0].apply(draft)

    assert mended.people == (ann,)
    assert mended.publishing == (ApprovalRule(count=1, people=(ann.id,)),)


def test_there_are_four_templates_and_the_default_is_the_first() -> None:
    found = templates()

    assert len({template.name for template in found}) == 4
    assert [stage.id for stage in found[0].workflow.stages] == [stage.id for stage in default_workflow().stages]
    assert start_from(found[0].workflow, "X") == start_from(found[0].workflow, "X", ME)


@given(workflow=workflows(12))
def test_a_workflow_kept_as_a_template_holds_no_people_and_no_pool(workflow: Workflow) -> None:
    template = as_template(workflow, "Ours")

    check(template)
    content = json.loads(to_json(template))
    assert "people" not in content
    assert all("binding" not in stage and "place" in stage for stage in content["stages"])
    assert all("people" not in group for group in content.get("groups", []))
    assert from_json(to_json(template)) == template
    assert [way.source for way in template.transitions] == [way.source for way in workflow.transitions]
    check(start_from(template, "Again", ME))


def test_a_rule_that_named_people_only_asks_approvers_in_a_template() -> None:
    workflow = remove_group(rich_workflow(), rich_workflow().groups[0].id)

    template = as_template(workflow, "Ours", "For all")

    assert [(group.id, group.name) for group in template.groups] == [("approvers", "Approvers")]
    assert template.publishing[0].groups == ("approvers",)
    assert (template.description, template.author, template.signature) == ("For all", "", None)


def test_pasted_stages_have_ids_and_names_of_their_own_and_keep_their_rules() -> None:
    workflow = place_stages(rich_workflow(), {STAGING: Place(x=10, y=10), PRODUCTION: Place(x=25, y=10)})

    pasted = paste(workflow, copy(workflow, [STAGING, PRODUCTION]))

    assert pasted.stages == ("staging-2", "production-2")
    assert pasted.transitions == ("staging-2-to-production-2", "production-2-to-staging-2")
    assert pasted.lost == ()
    found = [pasted.workflow.stage(stage) for stage in pasted.stages]
    assert [stage and (stage.name, stage.place) for stage in found] == [
        ("Staging 2", Place(x=10, y=10)),
        ("Production 2", Place(x=25, y=10)),
    ]
    way = pasted.workflow.transition_of(pasted.transitions[0])
    original = workflow.transition(STAGING, PRODUCTION)
    assert way is not None
    assert original is not None
    assert (way.approvals, way.gates, way.afterwards) == (original.approvals, original.gates, original.afterwards)
    assert found[1] is not None
    assert found[1].binding == workflow.stages[3].binding


def test_what_is_pasted_elsewhere_brings_no_people_and_says_what_it_lost() -> None:
    text = copy(rich_workflow(), [STAGING, PRODUCTION])

    pasted = paste(default_workflow(), text)

    assert KEY not in text
    assert (pasted.workflow.people, pasted.workflow.groups) == ((), ())
    assert set(pasted.lost) == {"lan", "Leads", "Ann"}
    way = pasted.workflow.transition_of(pasted.transitions[0])
    assert way is not None
    assert [(rule.count, rule.groups, rule.people) for rule in way.approvals] == [(1, (), ())]


@given(workflow=workflows(8), data=st.data())
def test_pasting_adds_and_changes_nothing_else(workflow: Workflow, data: st.DataObject) -> None:
    chosen = data.draw(st.sets(st.sampled_from([stage.id for stage in workflow.stages]), min_size=1))
    other = data.draw(workflows(4))

    for target in (workflow, other):
        pasted = paste(target, copy(workflow, chosen))
        check(pasted.workflow)
        assert len(pasted.stages) == len(chosen)
        assert remove(pasted.workflow, pasted.stages) == target


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[" * 100_000,
        '{"xsconsole":"stages"}',
        '{"xsconsole":"stages","workflow":' + "[" * 100_000,
        '{"xsconsole":"stages","workflow":{"format":1}}',
        '{"xsconsole":"stages","workflow":' + to_json(default_workflow()).decode() + ',"more":1}',
        '{"xsconsole":"stages","workflow":' + to_json(default_workflow()).decode().replace("Staging", "x" * 999) + "}",
        "\ud800",
    ],
)
def test_a_clipboard_that_holds_something_else_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        paste(default_workflow(), text)


def test_nothing_selected_is_not_copied_and_what_is_copied_is_known_by_its_start() -> None:
    with pytest.raises(NotFound):
        copy(default_workflow(), [StageId("gone")])

    assert holds_stages(copy(default_workflow(), [STAGING]))
    assert not holds_stages("stages")


def test_a_stage_that_protects_itself_is_pasted_as_it_is() -> None:
    workflow = change_stage(default_workflow(), STAGING, protection=("destroy",))

    pasted = paste(workflow, copy(workflow, [STAGING])).workflow.stages[-1]

    assert pasted.protection == ("destroy",)
    assert pasted.place is None
