"""A restore point is taken by hand, and returned to where the configuration stands; a failure puts everything back."""

import msgspec
import pytest

from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_planning import kinds
from xsconsole.domain.ids import ConfigurationId, RunId
from xsconsole.domain.points.retention import keepings, taken_words
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import title
from xsconsole.engine.commands import RemoveMembers, RevertTo, TakePoint
from xsconsole.errors import NotFound, NotPromotable


def take(desk: Desk, shop: ConfigurationId) -> TakePoint:
    return TakePoint(configuration=shop, revision=desk.card(shop).revision, reason="before the test")


def revert(desk: Desk, shop: ConfigurationId, point: RunId | None = None) -> RevertTo:
    card = desk.card(shop)
    return RevertTo(
        configuration=shop, revision=card.revision, point=point or card.restore_points[0].run, reason="back"
    )


def test_it_is_taken_kept_and_returned_to_with_the_loss_named() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        plan = desk.engine.plan(take(desk, shop))
        assert (title(plan), kinds(plan)) == ("Take a restore point of shop 1.3.0", ["snapshot"] * 3)
        assert "is what a power cut would leave" in plan.warnings[0]
        assert "kept until removed" in plan.notes[0]
        desk.port.faults.append(Fault(method="snapshot", nth=2))
        assert (await desk.do(take(desk, shop))).state is RunState.UNDONE
        assert desk.card(shop).restore_points == ()
        assert not [vm for vm in office.pool.vms() if vm.is_a_snapshot]

        before = desk.card(shop)
        assert (await desk.do(take(desk, shop))).error is None
        card = desk.card(shop)
        (point,) = card.restore_points
        assert (point.is_whole, point.is_by_hand, card.revision) == (True, True, before.revision)
        assert taken_words(point, desk.board.workflow, "Staging") == "by hand in Staging"
        assert [one.is_expired for one in keepings(card, desk.board, (), desk.clock.now())] == [False]
        assert all("by hand" in vm.name_label for vm in office.pool.vms() if vm.is_a_snapshot)

        db = desk.member(shop, "shop-db")
        kept = office.pool.contents[db]
        office.pool.contents[db] = "spoiled"
        plan = desk.engine.plan(revert(desk, shop))
        assert title(plan) == "Revert shop 1.3.0"
        assert kinds(plan) == ["shut-down"] * 2 + ["snapshot"] * 3 + ["revert", "member"] * 3 + ["start"] * 2 + [
            "verify"
        ]
        assert any("Everything written since" in warning for warning in plan.warnings)
        desk.port.faults.append(Fault(method="revert", nth=3))
        assert (await desk.do(revert(desk, shop))).state is RunState.UNDONE
        assert office.pool.contents[db] == "spoiled"
        assert desk.card(shop).revision == before.revision

        assert (await desk.do(revert(desk, shop))).error is None
        card = desk.card(shop)
        assert office.pool.contents[db] == kept
        assert (card.stage, card.since, card.revision) == (before.stage, before.since, before.revision + 1)
        assert {member.name: member.power_state for member in card.members} == {
            member.name: member.power_state for member in before.members
        }

        assert (await desk.do(revert(desk, shop, card.asides[0].run))).error is None
        assert office.pool.contents[db] == "spoiled", "what was set aside is there again"

    virtually(story)


def test_what_cannot_be_returned_to_is_refused_with_the_mend() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        with pytest.raises(NotFound, match="no such restore point"):
            desk.engine.plan(revert(desk, shop, RunId("gone")))
        await desk.do(take(desk, shop))
        workflow = desk.board.workflow
        assert workflow is not None
        stages = tuple(msgspec.structs.replace(one, protection=("revert",)) for one in workflow.stages)
        await desk.publish(msgspec.structs.replace(workflow, stages=stages, version=workflow.version + 1))
        with pytest.raises(NotPromotable, match="forbids to revert"):
            desk.engine.plan(revert(desk, shop))
        await desk.publish(msgspec.structs.replace(workflow, version=workflow.version + 2))
        leaving = RemoveMembers(
            configuration=shop, revision=desk.card(shop).revision, vms=(desk.member(shop, "shop-lb"),), reason="spare"
        )
        lb = office.pool.vm(leaving.vms[0])
        (snapshot,) = office.pool.snapshots_of(lb.uuid)
        mark = dict(snapshot.other_config)
        await desk.do(leaving)
        office.pool.change(snapshot.uuid, other_config=mark)  # as an older console leaves it
        with pytest.raises(NotPromotable, match=r"is no member of “shop 1\.3\.0” any more"):
            desk.engine.plan(revert(desk, shop))
        lost = desk.card(shop).restore_points[0].snapshots[desk.member(shop, "shop-db")]
        office.pool.destroy_snapshot(lost)
        with pytest.raises(NotPromotable, match="has no snapshot of shop-db"):
            desk.engine.plan(revert(desk, shop))

    virtually(story)
