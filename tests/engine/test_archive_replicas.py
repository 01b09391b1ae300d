"""Replicas of archives at a pool of values: where they lead, and where they would be a way round."""

from dataclasses import replace

import msgspec

from tests.engine.desks import virtually
from tests.engine.test_archives import Scene
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import StageId
from xsconsole.domain.inventory import VM
from xsconsole.domain.words import explain, title
from xsconsole.domain.workflow import ApprovalRule, Kind, default_workflow
from xsconsole.engine.commands import QuarantineVersion


def test_an_archive_is_replicated_past_no_rule_that_it_has_not_gone_through() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.archived()
        desk, base = scene.there, default_workflow()
        ruled = tuple(
            msgspec.structs.replace(way, approvals=(ApprovalRule(count=1),)) if way.kind is Kind.PROMOTE else way
            for way in base.transitions
        )
        await desk.publish(msgspec.structs.replace(base, version=2, transitions=ruled))
        await desk.engine.closings.close(QuarantineVersion(service="shop", version="1.3.0", reason="it loses orders"))
        into = StageId("patch-testing")
        wanted = scene.returning(target=into, is_replica=True, pattern="{service}-{role} {number}")

        assert "an archive is no way round that" in desk.refusal(replace(wanted, is_replica=False)).reason
        assert "is production" in desk.refusal(replace(wanted, target=StageId("production"))).reason
        foreign = desk.refusal(replace(wanted, is_own=False))
        assert "was signed by a key that nobody here vouches for" in foreign.reason
        other = msgspec.structs.replace(wanted.archive, workflow="another")
        assert "went through another workflow" in desk.refusal(replace(wanted, archive=other)).reason
        early = msgspec.structs.replace(wanted.archive, stage="integration")
        assert "has not been through them" in desk.refusal(replace(wanted, archive=early)).reason
        assert "gives all machines one name" in desk.refusal(replace(wanted, pattern="x")).reason

        scene.other.pool.add_vm("shop-shop-web lab")
        await desk.until(lambda: any(vm.name_label == "shop-shop-web lab" for vm in desk.inventory.all(VM)))
        assert "name of a machine of the pool" in desk.refusal(replace(wanted, pattern="{service}-{role} lab")).reason

        status = await desk.do(wanted)

        assert status.error is None, explain(status.error)
        assert title(status.plan, desk.board.workflow) == "Replicate shop 1.3.0 in Patch testing"
        card = desk.card(status.plan.intent.configuration)
        assert (card.stage, card.standing) == (into, Standing.WHOLE)
        assert [member.name for member in card.members] == [f"shop-shop-{name} 1" for name in ("db", "web", "lb")]
        assert card.origin is not None
        assert card.origin.archive == wanted.archive.id

    virtually(story)
