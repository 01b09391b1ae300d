"""What is odd about archives in a pool: holds, what goes along, what is not heard of, what others take apart."""

from datetime import timedelta

import msgspec
import pytest

from tests.engine.desks import virtually
from tests.engine.test_pool_archives import Scene
from xsconsole.domain.archive import (
    Form,
    archive_key,
)
from xsconsole.domain.ids import ArchiveId, ConfigurationId, StageId
from xsconsole.domain.plan import TakeSnapshot
from xsconsole.domain.poolstate import KeptDisk, Roster, Succession, decode, encode, roster_stem
from xsconsole.domain.record import AuditEvent, Outcome
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import (
    HoldBack,
    TakePoint,
)
from xsconsole.engine.ports import Field
from xsconsole.errors import Refused


def test_a_hold_is_on_record_and_on_the_pool_until_it_is_lifted() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.done(scene.archiving())
        holds, archive, now = scene.desk.engine.closings.archives, scene.archive, scene.desk.clock.now()

        for reason, until, said in ((" ", None, "needs a reason"), ("the audit", now, "is over already")):
            with pytest.raises(Refused, match=said):
                await holds.hold(archive, reason, until)
        with pytest.raises(Refused, match="is not held"):
            await holds.release(archive, "")
        await holds.hold(archive, "the audit", now + timedelta(days=1))
        held = scene.listed[0].held
        assert held is not None
        assert held.words == "user-1 until 2026-11-24 14:02 UTC: the audit"
        await holds.release(archive, "it is over")
        assert scene.listed[0].held is None
        events = [(fact.event, fact.outcome) for fact in scene.desk.ledger.facts[-4:]]
        assert events == [
            (AuditEvent.ARCHIVE_HELD, None),
            (AuditEvent.ARCHIVE_HELD, Outcome.DONE),
            (AuditEvent.ARCHIVE_RELEASED, None),
            (AuditEvent.ARCHIVE_RELEASED, Outcome.DONE),
        ]
        gone = msgspec.structs.replace(archive, id=ArchiveId("gone"))
        with pytest.raises(Refused, match="gone from the pool"):
            await holds.hold(gone, "the audit")

    virtually(story)


def test_a_retired_one_takes_its_hold_its_restore_points_and_their_snapshots_along() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.done(TakePoint(configuration=scene.shop, revision=scene.desk.card(scene.shop).revision))
        await scene.desk.engine.closings.close(HoldBack(configuration=scene.shop, reason="it loses orders"))
        web = scene.desk.member(scene.shop, "shop-web")

        started = await scene.desk.open(scene.archiving(form=Form.RETIRED))
        assert any("1 restore point can no longer be returned to" in said for said in started.plan.warnings)
        scene.desk.port.on_call = lambda method: (
            scene.office.pool.change(web, power_state="Running") if method == "remove_key" else None
        )
        failed = await started.wait()
        scene.desk.port.on_call = lambda _: None
        assert failed.error is not None
        assert "is running, and a template is off" in explain(failed.error).failed
        assert scene.desk.card(scene.shop).hold is not None

        await scene.done(scene.archiving(form=Form.RETIRED))
        assert not any(".hold." in key for key in scene.office.pool.keys)
        plan = (await scene.done(scene.deleting())).plan
        assert any("3 snapshots of its templates go with it" in said for said in plan.warnings)
        assert not any(vm.is_a_snapshot or vm.is_a_template for vm in scene.office.pool.vms())

    virtually(story)


@pytest.mark.parametrize("what", ["machine", "document"])
def test_what_is_not_heard_of_in_time_is_put_back(what: str) -> None:
    async def story() -> None:
        scene = await Scene().begin()

        def deafen(method: str) -> None:
            scene.desk.is_deaf_to_machines = scene.desk.is_deaf_to_machines or (what == "machine" and method == "clone")
            if what == "document" and scene.listed:
                scene.office.pool.change(scene.templates()[0].uuid, name_description="not mine")

        scene.desk.port.on_call = deafen
        status = await scene.desk.do(scene.archiving())

        assert status.state is RunState.UNDONE
        assert status.error is not None
        said = explain(status.error)
        assert ("was not heard of" if what == "machine" else "description was") in said.details + said.failed

    virtually(story)


def test_of_an_archive_that_is_taken_apart_only_its_own_templates_go() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.done(scene.archiving())
        command, deleting = scene.returning(), scene.deleting()
        gone, foreign, _ = scene.templates()
        port, pool = scene.desk.port, scene.office.pool
        key = archive_key(scene.archive.id)

        document, before = pool.keys[key], len(scene.desk.ledger.facts)

        def take_away(method: str) -> None:
            if any(fact.event is AuditEvent.STEP_INTENDED for fact in scene.desk.ledger.facts[before:]):
                pool.set_map(Field.POOL, None, {name: text for name, text in pool.keys.items() if name != key})

        port.on_call = take_away
        status = await scene.desk.do(command)
        port.on_call = lambda _: None
        assert status.error is not None
        assert status.state is RunState.UNDONE
        pool.set_map(Field.POOL, None, {**pool.keys, key: document})

        run = await scene.desk.open(deleting)
        pool.forget(gone.uuid)
        pool.change(foreign.uuid, other_config={})
        assert (await run.wait()).state is RunState.DONE
        assert [vm.uuid for vm in scene.templates()] == [foreign.uuid]

    virtually(story)


def test_what_is_off_is_copied_as_it_is_and_a_place_s_disk_goes_along_only_with_a_word() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        pool, desk = scene.office.pool, scene.desk
        for member in desk.card(scene.shop).members:
            pool.change(member.uuid, power_state="Halted")
        nfs = pool.add_storage("nfs")

        plan = (await scene.done(scene.archiving(method=Method.FULL_COPY, sr=nfs.uuid))).plan

        assert not any(isinstance(step.action, TakeSnapshot) for step in plan.steps)
        assert any("3 templates are made in “nfs”, as full copies" in said for said in plan.warnings)
        assert scene.archive.skew_s == 0
        assert "are taken at once" in " ".join(desk.engine.plan(scene.archiving()).warnings)
        web = pool.vm(desk.member(scene.shop, "shop-web"))
        (disk,) = pool._disks(web)
        kept = Succession(
            incumbent=ConfigurationId("gone"),
            place=StageId("staging"),
            kept=(KeptDisk(disk=disk.uuid, vm=web.uuid, device="0"),),
        )
        stem = f"{roster_stem(scene.shop)}.1"
        roster = decode(pool.keys[stem], Roster)
        assert roster is not None
        text = encode(msgspec.structs.replace(roster, succeeded=kept))
        pool.set_map(Field.POOL, None, {**pool.keys, stem: text})
        said = desk.engine.plan(scene.archiving(form=Form.RETIRED)).warnings
        assert any("“disk” belongs to the place that it took" in each for each in said)

    virtually(story)
