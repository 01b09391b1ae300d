"""Runs on the pool of values: promotions and demotions, their failures, and what is left behind."""

import msgspec

from tests.engine.desks import Office, virtually
from tests.engine.memory_port import Fault
from xsconsole.console.facts import seen_move
from xsconsole.domain.board import Standing
from xsconsole.domain.events import ConfigurationMoved
from xsconsole.domain.ids import StageId
from xsconsole.domain.plan import Disks
from xsconsole.domain.poolstate import numbers, run_stem
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.runs import RunState
from xsconsole.domain.wording.record import event_sentence
from xsconsole.domain.workflow import default_workflow
from xsconsole.errors import RunFailed


def test_a_promotion_moves_every_member_and_keeps_a_restore_point() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)

        status = await desk.do(desk.promotion(shop, "production"))

        assert status.error is None
        assert status.state is RunState.DONE
        card = desk.card(shop)
        assert (card.stage, card.standing, card.revision) == ("production", Standing.WHOLE, 2)
        assert {member.power_state for member in card.members} == {"Running"}
        assert card.restore_points[0].is_whole
        assert card.restore_points[0].stage == "staging"
        assert all("destroy" in office.pool.vm(member.uuid).blocked_operations for member in card.members)
        assert not [key for key in office.pool.keys if ".run." in key]
        assert desk.ledger.events()[-1] is AuditEvent.RUN_CLOSED

    virtually(story)


def test_the_record_calls_stages_by_their_names_in_the_workflow_in_force() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        standing = default_workflow()
        stages = tuple(
            msgspec.structs.replace(stage, name="Live 24x7") if stage.id == "production" else stage
            for stage in standing.stages
        )
        await desk.publish(msgspec.structs.replace(standing, version=2, stages=stages))
        began = len(desk.ledger.facts)

        assert (await desk.do(desk.promotion(shop, "production"))).state is RunState.DONE

        told = {fact.event: (fact.details or {}).get("what") for fact in desk.ledger.facts[began:]}
        named = "Promote shop 1.3.0 from Staging to Live 24x7"
        assert (told[AuditEvent.RUN_OPENED], told[AuditEvent.RUN_CLOSED]) == (named, named)

        move = ConfigurationMoved(
            configuration=shop, source=StageId("staging"), target=StageId("production"), name="shop 1.3.0"
        )
        assert event_sentence(seen_move(move, desk.board, None)).endswith("shop 1.3.0 from Staging to Live 24x7")

    virtually(story)


def test_a_demotion_to_the_restore_point_brings_the_disks_back_and_sets_the_present_aside() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.do(desk.promotion(shop, "production"))
        before = {member.uuid: office.pool.contents[member.uuid] for member in desk.card(shop).members}
        for member in desk.card(shop).members:
            office.pool.contents[member.uuid] = "written in production"

        status = await desk.do(desk.demotion(shop, "staging", Disks.RESTORE))

        assert status.error is None
        card = desk.card(shop)
        assert (card.stage, card.standing) == ("staging", Standing.WHOLE)
        assert {uuid: office.pool.contents[uuid] for uuid in before} == before
        assert all("destroy" not in office.pool.vm(uuid).blocked_operations for uuid in before)

    virtually(story)


def test_a_full_storage_at_the_third_snapshot_puts_everything_back() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        desk.port.faults.append(Fault(method="snapshot", nth=3))

        status = await desk.do(desk.promotion(shop, "production"))

        assert status.state is RunState.UNDONE
        assert isinstance(status.error, RunFailed)
        card = desk.card(shop)
        assert (card.stage, card.standing, card.revision) == ("staging", Standing.WHOLE, 1)
        assert not any(vm.is_a_snapshot for vm in office.pool.vms())
        assert not [key for key in office.pool.keys if ".run." in key]

    virtually(story)


def test_steps_that_end_at_the_same_time_are_named_on_the_pool_by_one_writing() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        vms = [office.pool.add_vm(f"vm-{number}", "Running") for number in range(8)]
        shop = await office.configuration(desk, "shop", "1", "staging", [vm.uuid for vm in vms])
        stem, written = run_stem(shop), {0}

        def look(method: str) -> None:
            written.update(numbers(office.pool.keys, stem))

        desk.port.on_call = look
        status = await desk.do(desk.promotion(shop, "production"))

        assert status.error is None
        assert len(status.settled) == 17
        assert 4 < max(written) < len(status.settled)

    virtually(story)
