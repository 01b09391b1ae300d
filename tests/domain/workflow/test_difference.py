"""Differences of two versions, and two designers' changes made one."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.workflow.flows import PRODUCTION, STAGING, TO_PRODUCTION, edited, rich_workflow, workflows
from xsconsole.domain.ids import GroupId, PersonId, StageId, TransitionId
from xsconsole.domain.publication.values import own_summary
from xsconsole.domain.workflow import Limits, check, default_workflow
from xsconsole.domain.workflow.difference import ChangeKind, Subject, apply, diff, diff_of_drafts, lines, value_of
from xsconsole.domain.workflow.edits import (
    add_stage,
    change_stage,
    change_transition,
    change_workflow,
    connect,
    order_stages,
    place_stages,
    remove,
)
from xsconsole.domain.workflow.gates import GuestToolsUp, HttpCall
from xsconsole.domain.workflow.rebase import OF_A_VERSION, prefer_mine, rebase
from xsconsole.domain.workflow.roll import add_group, add_person, remove_group, remove_person
from xsconsole.domain.workflow.values import Place, Signature

INTEGRATION, PATCHES = StageId("integration"), StageId("patch-testing")


def test_a_draft_differs_by_what_was_drawn_and_a_version_by_who_published_it_too() -> None:
    version = msgspec.structs.replace(
        default_workflow(), author="ann", summary="first", signature=Signature(public_key="k", value="v")
    )
    draft = change_stage(msgspec.structs.replace(version, signature=None, summary=""), STAGING, name="Pre")
    other = msgspec.structs.replace(version, author="bob")

    assert lines(diff_of_drafts(version, draft)) == ("Stage Pre, name: “Staging” → “Pre”",)
    assert lines(diff_of_drafts(version, other)) == ("Workflow, author: “ann” → “bob”",)


def test_a_difference_is_told_field_by_field_in_words() -> None:
    before = rich_workflow()
    after, lab = add_stage(before, "Lab")
    after, _ = connect(after, lab, STAGING)
    after = change_stage(after, PRODUCTION, name="Live", limits=Limits(configurations=9, running=3, per_service=2))
    after = change_transition(
        after, TO_PRODUCTION, soak_s=7 * 24 * 3600, gates=(GuestToolsUp(), HttpCall(url="https://ci.example"))
    )
    after = remove(after, (), [TransitionId("staging-to-integration")])
    after, _ = add_person(after, "Cid")
    after = change_workflow(after, publishing=(), name="Shops")
    after = place_stages(after, {STAGING: Place(x=1, y=1)})
    after = order_stages(after, [PRODUCTION])

    found = diff(before, after)

    assert lines(found) == (
        "Workflow, name: “Release to production” → “Shops”",
        "Workflow, rules for publishing: 1 of Leads and Ann, not the author → none",
        "Stage Live, name: “Production” → “Live”",
        "Stage Live, limit per service: 1 → 2",
        "Stage Lab added",
        "Promotion Staging → Live, checks: guest tools answer, within 5 min, afterwards, else back again; "
        "maintenance window Monday to Friday 01:00–05:00 (Europe/Berlin); web request GET https://ci.example/ok, "
        "within 10 s; script /usr/bin/check --all, within 1 min → guest tools answer, web request GET https://ci.example",
        "Promotion Staging → Live, soak time: 1 h → 7 days",
        "Way back Staging → Integration removed",
        "Promotion Lab → Staging added",
        "Person Cid added",
        "Stage Staging is drawn elsewhere",
        "Order of stages",
    )
    assert not found.is_cosmetic
    assert diff(before, place_stages(before, {STAGING: Place(x=1, y=1)})).is_cosmetic


def test_equal_versions_have_no_difference() -> None:
    assert not diff(rich_workflow(), rich_workflow())
    assert lines(diff(rich_workflow(), rich_workflow())) == ()


@given(start=workflows(5), data=st.data())
def test_a_difference_made_to_the_first_gives_the_second(start, data: st.DataObject) -> None:
    other = data.draw(edited(start, 8) | workflows(5))

    assert apply(diff(start, other), start) == other
    assert apply(diff(other, start), other) == start
    assert bool(diff(start, other)) is (start != other)


@given(base=workflows(4), data=st.data())
def test_two_designers_changes_are_made_one(base, data: st.DataObject) -> None:
    mine, theirs = data.draw(edited(base, 6)), data.draw(edited(base, 6))

    rebased = rebase(base, mine, theirs)

    check(rebased.workflow)
    unsettled = {(conflict.subject, conflict.id) for conflict in rebased.conflicts}
    for change in diff(base, mine).changes:
        if (change.subject, change.id) in unsettled:
            continue
        name = {Subject.PERSON: "people"}.get(change.subject, f"{change.subject.value}s")
        things = [rebased.workflow] if change.subject is Subject.WORKFLOW else getattr(rebased.workflow, name)
        standing = [
            thing
            for thing in things
            if change.subject is Subject.WORKFLOW or change.id in (thing, getattr(thing, "id", None))
        ]
        assert bool(standing) is (change.kind is not ChangeKind.REMOVED)
        for field in change.fields:
            if field.field not in OF_A_VERSION:
                assert value_of(standing[0], field.field) == field.after
    for conflict in rebased.conflicts:
        assert conflict.sentence.endswith(".")
        check(prefer_mine(rebased.workflow, conflict))


@given(base=workflows(4), data=st.data())
def test_a_designer_who_is_alone_keeps_everything(base, data: st.DataObject) -> None:
    mine = data.draw(edited(base, 6))

    assert rebase(base, mine, base).conflicts == ()
    assert rebase(base, mine, base).workflow == msgspec.structs.replace(mine, version=base.version, signature=None)
    theirs = rebase(base, base, mine)
    assert theirs.conflicts == ()
    assert (
        not diff(theirs.workflow, mine).changes
        or {field.field for change in diff(theirs.workflow, mine).changes for field in change.fields} <= OF_A_VERSION
    )


def test_the_same_field_changed_unlike_stays_as_published_and_can_be_settled() -> None:
    base = rich_workflow()
    mine = change_stage(base, STAGING, name="Rehearsal", colour="#111111")
    theirs = change_stage(base, STAGING, name="Dress rehearsal", description="New")

    rebased = rebase(base, mine, theirs)

    stage = rebased.workflow.stage(STAGING)
    assert stage is not None
    assert (stage.name, stage.colour, stage.description) == ("Dress rehearsal", "#111111", "New")
    (conflict,) = rebased.conflicts
    assert conflict.sentence == "name: you have “Rehearsal”; the published version has “Dress rehearsal”."
    settled = prefer_mine(rebased.workflow, conflict).stage(STAGING)
    assert settled is not None
    assert settled.name == "Rehearsal"


def test_what_one_removed_and_the_other_changed_is_a_conflict_both_ways() -> None:
    base = rich_workflow()
    removed = remove(base, [STAGING])
    changed = change_stage(base, STAGING, name="Rehearsal")

    theirs_stands = rebase(base, removed, changed)
    gone = rebase(base, changed, removed)

    assert theirs_stands.workflow.stage(STAGING) is not None
    assert theirs_stands.conflicts[0].sentence == "You removed it; the published version changed it: name."
    assert prefer_mine(theirs_stands.workflow, theirs_stands.conflicts[0]).stage(STAGING) is None
    assert gone.workflow.stage(STAGING) is None
    assert gone.conflicts[0].sentence == "You changed it (name); the published version removed it."
    revived = prefer_mine(gone.workflow, gone.conflicts[0]).stage(STAGING)
    assert revived is not None
    assert revived.name == "Rehearsal"


def test_what_the_two_made_of_one_name_is_compared_field_by_field() -> None:
    base = default_workflow()
    mine, _ = add_stage(base, "Lab", Place(x=1, y=1))
    theirs = change_stage(add_stage(base, "Lab")[0], StageId("lab"), description="Theirs")

    rebased = rebase(base, mine, theirs)

    assert [conflict.field for conflict in rebased.conflicts] == ["description"]
    assert len(rebased.workflow.stages) == 5
    assert rebase(base, theirs, theirs).conflicts == ()


def test_what_does_not_fit_any_more_is_left_out_and_said() -> None:
    base = rich_workflow()
    mine = change_stage(base, INTEGRATION, name="Lab")
    mine = remove_person(mine, PersonId("ben"))
    theirs = change_stage(base, PATCHES, name="lab")
    theirs, crew = add_group(theirs, "Crew", [PersonId("ben")])

    rebased = rebase(base, mine, theirs)

    check(rebased.workflow)
    assert {(conflict.subject, conflict.id) for conflict in rebased.conflicts} == {
        (Subject.STAGE, "integration"),
        (Subject.PERSON, "ben"),
    }
    assert all("It does not fit the published version" in conflict.sentence for conflict in rebased.conflicts)
    assert rebased.workflow.groups[-1].id == crew
    assert prefer_mine(rebased.workflow, rebased.conflicts[0]) is rebased.workflow


def test_a_circle_that_only_both_together_make_is_not_made() -> None:
    base = remove(default_workflow(), (), ["production-to-staging", "staging-to-production"])
    mine, _ = connect(base, STAGING, PRODUCTION)
    theirs, _ = connect(base, PRODUCTION, STAGING)

    rebased = rebase(base, mine, theirs)

    check(rebased.workflow)
    assert "round in a circle" in rebased.conflicts[0].sentence
    assert rebased.workflow.transition(PRODUCTION, STAGING) is not None


def test_a_group_removed_by_one_and_used_anew_by_the_other_stays() -> None:
    base = rich_workflow()
    mine = remove_group(base, GroupId("leads"))
    theirs = change_stage(base, STAGING, actors=(GroupId("leads"),))

    rebased = rebase(base, mine, theirs)

    check(rebased.workflow)
    assert [conflict.id for conflict in rebased.conflicts] == ["leads"]
    assert rebased.workflow.groups[0].id == "leads"


def test_a_file_speaks_for_itself_only_where_the_standing_version_does_not_say_the_same() -> None:
    standing, edited_since = (change_workflow(default_workflow(), summary=said) for said in ("First", "Second"))

    assert own_summary(edited_since, standing) == "Second"
    assert own_summary(edited_since, None) == "Second"
    assert own_summary(standing, standing) == ""
