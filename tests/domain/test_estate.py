"""Several pools as one value: what is joined, who leads, and what a column answers."""

from datetime import UTC, datetime

import msgspec
import pytest

from tests.domain.outline_values import member_of, pool, vm
from tests.inventories import change_of, inventory_of
from xsconsole.domain.board import EMPTY_BOARD, Board, Card, Member, RunView, Standing
from xsconsole.domain.estate import (
    Inventories,
    Part,
    PoolSight,
    answered,
    away,
    differing,
    homes,
    joined,
    place_of,
    spread,
    waited_for,
)
from xsconsole.domain.events import LinkChanged, LinkState
from xsconsole.domain.ids import NULL_REF, ConfigurationId, Ref, StageId, Uuid
from xsconsole.domain.inventory import VM, ChangeBatch, Pool
from xsconsole.domain.outline.lines import Outline
from xsconsole.domain.outline.views import View
from xsconsole.domain.plan import Intent, RunKind
from xsconsole.domain.poolstate import MemberValue
from xsconsole.domain.runs import Target
from xsconsole.domain.workflow import Binding, PoolObject, default_workflow

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
WORKFLOW = default_workflow()
SHOP = ConfigurationId("shop")


def sight(name="acme", state=LinkState.LIVE, *, as_of=None, has_given_up=False):
    link = LinkChanged(state=state, as_of=as_of, has_given_up=has_given_up)
    return PoolSight(pool=Uuid(name), ref=Ref(name), name=name, url=f"http://{name}", link=link)


def card(id_=SHOP, stage="staging", members=("web",), standing=Standing.WHOLE, **more):
    return Card(
        id=id_,
        name=f"{id_} 1",
        service=id_,
        version="1",
        stage=StageId(stage),
        revision=1,
        workflow_version=1,
        members=tuple(member(name, stage) for name in members),
        standing=standing,
        **more,
    )


def member(name, stage):
    value = MemberValue(
        vm=Uuid(name),
        configuration=SHOP,
        name="shop 1",
        service="shop",
        version="1",
        stage=StageId(stage),
        workflow=WORKFLOW.id,
        workflow_version=1,
        role=name,
        revision=1,
        roster_count=1,
        roster_digest="",
    )
    return Member(
        ref=Ref(name),
        uuid=Uuid(name),
        name=name,
        role=name,
        power_state="Running",
        memory_bytes=1,
        disks_bytes=1,
        order=0,
        value=value,
    )


def board(*cards, workflow=WORKFLOW, is_published=True):
    return Board(workflow=workflow, cards={one.id: one for one in cards}, is_published=is_published)


def version(number, **changes):
    return msgspec.structs.replace(WORKFLOW, version=number, **changes)


def named_pool(name):
    return msgspec.structs.replace(pool(name_label=name), ref=Ref(name), uuid=Uuid(name))


def test_what_is_asked_of_several_mirrors_is_answered_by_the_one_that_has_it():
    test, production = inventory_of(named_pool("test"), vm("a")), inventory_of(named_pool("production"), vm("b"))
    both = Inventories((test, production))

    assert [one.name_label for one in both.all(Pool)] == ["test", "production"]
    assert both.count(VM) == 2
    assert both.total() == 4
    assert both.get(VM, Ref("OpaqueRef:b")) is production.get(VM, Ref("OpaqueRef:b"))
    assert both.get(VM, NULL_REF) is None
    assert both.by_uuid(VM, Uuid("b")) is both.get(VM, Ref("OpaqueRef:b"))
    assert both.by_uuid(VM, Uuid("c")) is None
    assert both.holding(VM, Ref("OpaqueRef:a")) is test
    assert both.holding(VM, NULL_REF) is None


def test_each_pool_is_a_root_sorted_by_its_name_and_a_pool_that_leaves_takes_its_lines_along():
    test, production = inventory_of(named_pool("test"), vm("a")), inventory_of(named_pool("production"), vm("b"))
    both = Inventories((test,))
    outline = Outline(both)
    outline.settle_all()

    both.show((test, production))
    outline.join(production)
    outline.set_pools({Ref("test"): "test", Ref("production"): "production"})
    outline.settle_all()
    seen = [row.name for row in outline.rows]
    both.show((production,))
    outline.leave()
    outline.settle_all()

    assert seen == ["production", "Not running", "b", "test", "Not running", "a"]
    assert [row.name for row in outline.rows] == ["production", "Not running", "b"]


def test_views_by_service_are_over_all_pools_and_machines_know_their_pool():
    test, production = (
        inventory_of(named_pool("test"), member_of("a")),
        inventory_of(named_pool("production"), member_of("b")),
    )
    outline = Outline(Inventories((test, production)))
    outline.set_view(View.SERVICES)
    outline.settle_all()

    assert [row.name for row in outline.rows] == ["shop", "staging", "shop 1.3.0", "a", "b"]
    assert {item.name: item.pool_name for item in outline.items.values()}["b"] == "production"


def test_what_one_of_two_pools_says_anew_leaves_the_other_as_it_is():
    test, production = inventory_of(named_pool("test"), vm("a")), inventory_of(named_pool("production"), vm("b"))
    outline = Outline(Inventories((test, production)))
    outline.settle_all()
    whole = ChangeBatch(changes=(change_of(named_pool("test")), change_of(vm("c"))), is_whole=True)

    test.apply(whole)
    outline.hear(whole, test)
    outline.settle_all()

    assert {item.name for item in outline.items.values()} == {"test", "c", "production", "b"}


def test_a_pool_that_is_renamed_is_renamed_at_all_that_it_has():
    test = inventory_of(named_pool("test"), vm("a"))
    outline = Outline(test)
    outline.settle_all()
    renamed = ChangeBatch(changes=(change_of(msgspec.structs.replace(named_pool("test"), name_label="trial")),))

    test.apply(renamed)
    outline.hear(renamed)
    outline.settle_all()

    assert {item.pool_name for item in outline.items.values()} == {"trial"}


def test_one_board_is_itself_and_none_is_empty():
    only = board(card())

    assert joined((only,)) is only
    assert joined(()) == EMPTY_BOARD


def test_the_columns_are_those_of_the_newest_published_version_of_the_first_ones_workflow():
    older, newer = board(card(), workflow=version(1)), board(card(ConfigurationId("pay")), workflow=version(2))
    other = board(workflow=version(9, id="another"))
    assumed = board(workflow=version(5), is_published=False)

    both = joined((older, newer, other, assumed))

    assert both.workflow == version(2)
    assert both.is_published
    assert set(both.cards) == {SHOP, "pay"}
    assert joined((board(workflow=None), older)).workflow == version(1)
    assert joined((board(workflow=None), board(workflow=None))).workflow is None


def test_a_configuration_on_two_pools_is_shown_where_its_members_are():
    ghost, whole = card(members=()), card()

    for boards in ((board(ghost), board(whole)), (board(whole), board(ghost))):
        names = (
            ("with the rest", "with members") if boards[0].cards[SHOP] is ghost else ("with members", "with the rest")
        )
        shown = joined(boards, names).cards[SHOP]
        assert [one.uuid for one in shown.members] == ["web"]
        assert shown.problems == (
            "Its roster still stands in pool “with the rest”: connected to that alone, dissolve what is left there.",
        )
        assert spread(shown) is None


def test_a_configuration_of_which_a_machine_is_in_another_pool_says_where_and_is_not_moved():
    here = card(members=("web", "app"), missing=("db",), standing=Standing.INCOMPLETE, problems=("1 is gone.",))
    there = card(members=("db", "web"), standing=Standing.INCONSISTENT)
    found = [Target(stage=stage.id, kind=None, plan=None, refusal=None) for stage in WORKFLOW.stages]

    for boards, names in (((board(here), board(there)), ("a", "b")), ((board(there), board(here)), ("b", "a"))):
        shown = joined(boards, names).cards[SHOP]
        answers = answered(shown, found, sight("a"), (sight("a"), sight("b")), WORKFLOW, WORKFLOW)

        assert homes(boards)[SHOP] == names.index("a")
        assert [(pool, [one.uuid for one in members]) for pool, members in shown.abroad] == [("b", ["db", "web"])]
        assert shown.problems == (
            "1 is gone.",
            "1 machine of it in pool “b”: db.",
            "1 machine in pool “b” with the uuid of one of these: web.",
        )
        refusals = {str(one.refusal) for one in answers if one.stage != "staging"}
        assert all("stands in several pools: db in pool “b”" in refusal for refusal in refusals)


def test_where_a_run_goes_on_is_where_a_configuration_is_at_home():
    copied, run = card(members=("web",)), RunView(record=None, holder=None)
    made = card(members=(), run=run)

    shown = joined((board(copied), board(made)), ("a", "b")).cards[SHOP]

    assert shown.run is run
    assert shown.problems == ("1 machine of it in pool “a”: web.",)


@pytest.mark.parametrize(
    ("seen", "reason", "mend"),
    [
        (sight(state=LinkState.CLOSED), "not connected", "Connect"),
        (sight(state=LinkState.CONNECTING), "still being connected", "Wait"),
        (sight(state=LinkState.LOST, as_of=NOON), "2026-11-27", "Wait"),
        (sight(state=LinkState.LOST, has_given_up=True), "nothing is tried", "again"),
    ],
)
def test_a_pool_that_is_away_says_why_and_what_to_do(seen, reason, mend):
    refusal = away(seen)

    assert refusal is not None
    assert "acme" in refusal.reason
    assert reason in refusal.reason
    assert mend in refusal.mend
    assert away(sight()) is None


def test_a_run_between_two_pools_waits_for_the_one_that_is_away():
    between = Intent(
        kind=RunKind.PROMOTE,
        configuration=SHOP,
        name="shop 1",
        service="shop",
        workflow=WORKFLOW.id,
        workflow_version=1,
        pools=(Uuid("acme"), Uuid("second")),
    )
    third = sight("third", LinkState.LOST)

    assert waited_for(between, (sight(), sight("second", LinkState.LOST), third)) == "second"
    assert waited_for(between, (sight(), sight("second"), third)) == ""
    assert waited_for(msgspec.structs.replace(between, pools=()), (sight("acme", LinkState.LOST),)) == ""


def bound(stage, name):
    return msgspec.structs.replace(stage, binding=Binding(pool=PoolObject(uuid=Uuid(name), name=name)))


def test_a_stage_says_whether_its_pool_is_here():
    free = WORKFLOW.stages[0]

    assert place_of(free, ()) is None
    assert place_of(bound(free, "acme"), (sight(),)) is None
    there = place_of(bound(free, "acme"), (sight(state=LinkState.LOST),))
    assert there is not None
    assert "away" in there.reason
    nowhere = place_of(bound(free, "beta"), (sight(),))
    assert nowhere is not None
    assert "beta" in nowhere.reason


def test_every_column_answers_a_card():
    far = WORKFLOW.stages[-1]
    shown = msgspec.structs.replace(
        WORKFLOW,
        version=2,
        stages=(*WORKFLOW.stages[:-1], bound(far, "beta"), msgspec.structs.replace(far, id=StageId("new"), name="New")),
    )
    found = [Target(stage=stage.id, kind=None, plan=None, refusal=None) for stage in WORKFLOW.stages]

    answers = {one.stage: one.refusal for one in answered(card(), found, sight(), (sight(),), shown, WORKFLOW)}

    assert list(answers) == [stage.id for stage in shown.stages]
    assert answers[WORKFLOW.stages[0].id] is None
    assert "beta" in answers[far.id].reason
    assert "version 1" in answers[StageId("new")].reason
    without = answered(card(), (), sight(), (sight(),), shown, None)
    assert all("no workflow" in one.refusal.reason for one in without)


def test_a_card_of_a_pool_that_is_away_goes_nowhere():
    lost = sight(state=LinkState.LOST)
    found = [Target(stage=stage.id, kind=None, plan=None, refusal=None) for stage in WORKFLOW.stages]

    answers = answered(card(), found, lost, (lost,), WORKFLOW, WORKFLOW)

    assert all(("away" in str(one.refusal)) == (one.stage != "staging") for one in answers)


def part(name, workflow, state=LinkState.LIVE, *, is_published=True):
    return Part(sight=sight(name, state), board=board(workflow=workflow, is_published=is_published))


def test_pools_that_follow_something_else_are_named_with_what_they_follow():
    same = part("one", version(2))
    parts = [
        same,
        part("old", version(1)),
        part("edited", version(2, name="Edited")),
        part("other", version(1, id="another", name="Another")),
        part("none", version(1), is_published=False),
        part("away", version(1), LinkState.LOST),
    ]

    found = differing(parts, board(workflow=version(2)))

    assert found is not None
    assert [name for name, _ in found.pools] == ["old", "edited", "other", "none"]
    assert "“old” has version 1" in found.sentence
    assert "other content" in found.sentence
    assert "“Another”" in found.sentence
    assert "“none” has none" in found.sentence
    assert found.unreached == ("old", "edited", "other")
    assert found.sentence.endswith("and “other”: publishing writes there once one does.")
    stages = default_workflow().stages
    there = Binding(pool=PoolObject(uuid=parts[1].sight.pool))
    bound_there = version(2, stages=(msgspec.structs.replace(stages[0], binding=there), *stages[1:]))
    assert differing(parts[:2], board(workflow=bound_there)).unreached == ("one",)
    assert differing([same], board(workflow=version(2))) is None
    assert differing(parts, board(workflow=None)) is None


def test_where_no_pool_has_a_workflow_the_columns_are_told_to_be_a_proposal():
    parts = [part("one", version(1), is_published=False), part("two", version(1), is_published=False)]

    found = differing(parts, board(workflow=version(1), is_published=False))

    assert found is not None
    assert found.sentence.startswith("“one” has no workflow and “two” has no workflow: the columns are those of “")
