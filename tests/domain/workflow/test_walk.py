"""A configuration walks through a draft as one person at one moment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.workflow.flows import KEY, PRODUCTION, STAGING, TO_PRODUCTION, workflows
from tests.domain.workflow.pools import occupant
from xsconsole.domain.ids import GroupId, PersonId
from xsconsole.domain.workflow import ApprovalRule, Group, Limits, Person, Workflow, default_workflow
from xsconsole.domain.workflow.afterwards import DemoteIncumbent, Review
from xsconsole.domain.workflow.edits import change_stage, change_transition, change_workflow
from xsconsole.domain.workflow.gates import GuestToolsUp, MaintenanceWindow
from xsconsole.domain.workflow.walk import Because, Traveller, Verdict, WayView, walk, who_could_approve

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
ANN, BEN, CID = (PersonId(name) for name in ("ann", "ben", "cid"))
LEADS = GroupId("leads")
BASE = change_workflow(
    default_workflow(),
    people=(
        Person(id=ANN, name="Ann", fingerprints=(KEY,)),
        Person(id=BEN, name="Ben", fingerprints=(KEY[::-1],)),
        Person(id=CID, name="Cid"),
    ),
    groups=(Group(id=LEADS, name="Leads", people=(ANN, BEN, CID)),),
)
SHOP = Traveller(name="shop 1.3", service="shop", stage=STAGING, since=NOW - timedelta(hours=1))
ONE_LEAD = ApprovalRule(count=1, groups=(LEADS,))


def way(**fields: object) -> Workflow:
    return change_transition(BASE, TO_PRODUCTION, **fields)


def seen(workflow: Workflow, person: PersonId | None = ANN, traveller: Traveller = SHOP, **more: object) -> WayView:
    """Return what the way into production says."""
    views = walk(workflow, traveller, person, NOW, **more)  # type: ignore[arg-type]
    here = next(view for view in views if view.is_here)
    return next(view for view in here.ways if view.transition.id == TO_PRODUCTION)


def test_a_way_without_rules_opens_at_once() -> None:
    view = seen(BASE)

    assert (view.verdict, view.reasons, view.opens_at, view.target) == (Verdict.OPENS, (), NOW, "Production")


def test_every_stage_is_walked_in_the_order_of_the_board() -> None:
    views = walk(way(soak_s=60), SHOP, ANN, NOW)

    assert [(view.name, view.is_here, len(view.ways)) for view in views] == [
        ("Integration", False, 1), ("Patch testing", False, 2), ("Staging", True, 3), ("Production", False, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("workflow", "person", "because", "verdict", "sentence"),
    [
        (
            way(soak_s=7200), ANN, Because.SOAK, Verdict.LATER,
            "It must stand there for 2 h: until 2026-11-23 13:00 UTC.",
        ),
        (
            way(gates=(MaintenanceWindow(weekdays=(1,), from_minute=60, to_minute=120),)), ANN,
            Because.WINDOW, Verdict.LATER,
            "The maintenance window Tuesday 01:00–02:00 (UTC) opens at 2026-11-24 01:00 UTC.",
        ),
        (
            way(gates=(MaintenanceWindow(weekdays=()),)), ANN, Because.WINDOW, Verdict.REFUSES,
            "The maintenance window on no day 00:00–24:00 (UTC) never opens.",
        ),
        (
            change_stage(BASE, PRODUCTION, actors=(LEADS,)), None, Because.ACTORS, Verdict.REFUSES,
            "Only Leads may act in Production.",
        ),
        (
            way(approvals=(ONE_LEAD,)), ANN, Because.APPROVALS, Verdict.ASKS,
            "Asks for approval by 1 of Leads: Ben could give it.",
        ),
        (
            way(approvals=(ApprovalRule(count=2, groups=(LEADS,)),)), ANN, Because.APPROVALS, Verdict.REFUSES,
            "Approval by 2 of Leads cannot be had: only Ben could give it.",
        ),
        (
            way(approvals=(ApprovalRule(count=1, people=(ANN,)),)), ANN, Because.APPROVALS, Verdict.REFUSES,
            "Approval by 1 of Ann cannot be had: nobody could give it.",
        ),
    ],
)  # fmt: skip
def test_a_rule_that_stands_against_it_is_said(
    workflow: Workflow, person: PersonId | None, because: Because, verdict: Verdict, sentence: str
) -> None:
    view = seen(workflow, person)

    assert [(each.because, each.verdict, each.sentence) for each in view.reasons] == [(because, verdict, sentence)]
    assert view.verdict is verdict


def test_a_full_stage_refuses_and_says_who_is_there_unless_they_make_room() -> None:
    there = (occupant("production"), occupant("production", "blog"))
    crowded = change_stage(BASE, PRODUCTION, limits=Limits(configurations=2, running=1, per_service=1))

    sentences = [reason.sentence for reason in seen(crowded, occupants=there).reasons]

    assert sentences == [
        "Production takes 2 configurations and has shop 1.0 and blog 1.0.",
        "Production takes 1 configuration of shop and has shop 1.0.",
        "Production takes 1 running configuration and has shop 1.0 and blog 1.0.",
    ]
    leading = seen(way(afterwards=(DemoteIncumbent(),)), occupants=there)
    assert leading.reasons == ()
    assert leading.afterwards == ("shop 1.0 makes place and goes back to Staging",)
    full = change_stage(way(afterwards=(DemoteIncumbent(),)), STAGING, limits=Limits(configurations=1))
    (reason,) = seen(full, occupants=(*there, occupant("staging", "blog"))).reasons
    assert reason.sentence == "shop 1.0 makes place and would go back to Staging, which is full."
    assert seen(BASE, occupants=there[1:]).verdict is Verdict.OPENS


def test_it_opens_when_it_has_soaked_and_the_window_is_open() -> None:
    window = MaintenanceWindow(weekdays=(1, 3), from_minute=60, to_minute=120)

    view = seen(way(soak_s=2 * 24 * 3600, gates=(window, GuestToolsUp(timeout_s=60))))

    assert view.opens_at == datetime(2026, 11, 26, 1, tzinfo=UTC)
    assert view.gates == ("guest tools answer, within 1 min",)
    assert seen(way(gates=(window, MaintenanceWindow(weekdays=(0,))))).opens_at is None


def test_who_changed_it_last_does_not_count_where_the_rule_says_so() -> None:
    rule = ApprovalRule(count=1, groups=(LEADS,), excludes_author=True)

    assert [person.id for person in who_could_approve(BASE, rule, None, BEN)] == [ANN]
    assert [person.id for person in who_could_approve(BASE, ONE_LEAD, None, BEN)] == [ANN, BEN]
    view = seen(way(afterwards=(Review(rule=rule),)), traveller=replace(SHOP, author=BEN), person=None)
    assert view.afterwards == ("review within 3 days by 1 of Leads, not the author",)
    assert [person.id for person in view.reviews[0].able] == [ANN]


@given(workflow=workflows(10), data=st.data())
def test_a_walk_never_fails_and_its_verdict_is_that_of_its_worst_reason(
    workflow: Workflow, data: st.DataObject
) -> None:
    stage = data.draw(st.sampled_from([stage.id for stage in workflow.stages]))
    person = data.draw(st.sampled_from([None, *(person.id for person in workflow.people)]))
    standing = (occupant("staging"), occupant("production"), occupant("gone"))

    views = walk(workflow, replace(SHOP, stage=stage), person, NOW, standing)

    assert sum(len(view.ways) for view in views) == len(workflow.transitions)
    assert [view.stage for view in views if view.is_here] == [stage]
    for each in (way_seen for view in views for way_seen in view.ways):
        ranks = [list(Verdict).index(reason.verdict) for reason in each.reasons]
        assert list(Verdict).index(each.verdict) == max(ranks, default=0)
        assert all(approval.can_be_had for approval in each.approvals) or each.verdict is Verdict.REFUSES
