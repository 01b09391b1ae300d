"""A configuration is deleted with its disks: what goes, what stays, and where there is no way back."""

from collections import Counter
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.engine import test_candidates, test_taking_over
from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_pool import GIB, MemoryPool
from tests.engine.memory_port import EPOCH, Fault
from tests.engine.requesting import ask
from tests.engine.test_planning import kinds
from xsconsole.domain.actions.copies import DeleteMachines
from xsconsole.domain.closures import ClosureKind, Extension, to_text
from xsconsole.domain.freed_space import freed_by_deleting, freed_words
from xsconsole.domain.ids import ConfigurationId, StageId, Uuid
from xsconsole.domain.inventory import VBD, VDI, Inventory
from xsconsole.domain.one_way import goes_one_way
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import title
from xsconsole.domain.workflow import DiskTreatment, Method, Stage, default_workflow
from xsconsole.domain.workflow.values import DiskRule
from xsconsole.engine.commands import (
    ArchiveInPool,
    Delete,
    Direction,
    HoldBack,
    Lift,
    Replicate,
    TakePoint,
)
from xsconsole.engine.ports import Field
from xsconsole.engine.verbs.deleting import plan_delete
from xsconsole.errors import NotPromotable


def delete(desk: Desk, shop: ConfigurationId, **options: Any) -> Delete:
    return Delete(configuration=shop, revision=desk.card(shop).revision, reason="no longer needed", **options)


def census(pool: MemoryPool) -> Counter[str]:
    """Count what there is: machines, snapshots, disks, and keys of ours but those of leases."""
    kept = (key for key in pool.keys if key.startswith("xsconsole.") and ".lease." not in key)
    found = Counter(key.split(".")[1] for key in kept)
    found.update("snapshot" if vm.is_a_snapshot else "machine" for vm in pool.vms())
    found["disk"] = sum(isinstance(record, VDI) for record in pool.records.values())
    return found


def test_it_goes_whole_and_what_others_have_or_the_place_keeps_stays() -> None:
    async def story() -> None:
        office = Office()
        desk, pool = office.desk(), office.pool
        other = pool.add_vm("reports")
        before = census(pool)
        shop = await office.shop(desk)
        db, web = desk.member(shop, "shop-db"), desk.member(shop, "shop-web")
        orders = pool.add_disk(db, "orders", "1")
        shared = pool.records[pool.records[pool.vm(web).VBDs[0]].VDI]
        assert isinstance(shared, VDI)
        pool.attach(other, shared, "1", "RO", {})
        base = default_workflow()
        ways = tuple(
            msgspec.structs.replace(way, disks=(DiskRule(role="data", treatment=DiskTreatment.STAYS),))
            if way.target == "staging"
            else way
            for way in base.transitions
        )
        await desk.publish(msgspec.structs.replace(base, version=2, transitions=ways))
        assert (await desk.do(TakePoint(configuration=shop, revision=desk.card(shop).revision))).error is None

        plan = desk.engine.plan(delete(desk, shop))
        assert title(plan) == "Delete shop 1.3.0"
        assert kinds(plan)[:2] == ["shut-down"] * 2
        assert kinds(plan)[-5:] == ["roster", "delete-machines", *["drop-point"] * 3]
        assert plan.questions == ("Delete “shop 1.3.0” for good: 3 machines with 2 disks",)
        told = " ".join(plan.warnings)
        assert "Deleted for good: shop-db, shop-lb and shop-web, with 2 disks of 20 GiB." in told
        assert "2 running machines will be shut down first, cleanly." in told
        assert "1 restore point of it will be deleted too." in told
        assert "Kept, because other machines have them too: “disk” in SAN-gold." in told
        assert "Kept, because they belong to the place and not to it: “orders” in SAN-gold." in told
        assert "From there on there is no way back" in told

        with pytest.raises(NotPromotable, match="Not answered with yes: Delete") as refused:
            await desk.open(delete(desk, shop))
        assert "by `--yes NAME`" in refused.value.mend
        status = await desk.do(delete(desk, shop))
        assert (status.state, status.error) == (RunState.DONE, None)
        assert shop not in desk.board.cards
        left = census(pool)
        assert left - before == Counter(disk=2, workflow=1)
        assert {disk.uuid for disk in pool.records.values() if isinstance(disk, VDI)} >= {orders, shared.uuid}

    virtually(story)


def test_snapshots_stay_where_that_is_wished_and_copies_know_where_they_come_from() -> None:
    async def story() -> None:
        office = Office()
        desk, pool = office.desk(), office.pool
        shop = await office.shop(desk)
        await desk.do(TakePoint(configuration=shop, revision=desk.card(shop).revision))
        copy = Replicate(
            configuration=shop,
            revision=desk.card(shop).revision,
            target=StageId("integration"),
            method=Method.LINKED_CLONE,
        )
        made = (await desk.do(copy)).plan.intent.makes
        assert made is not None
        stow = ArchiveInPool(configuration=shop, revision=desk.card(shop).revision)
        assert (await desk.do(stow)).error is None
        pool.clone(desk.member(shop, "shop-db"), "stray")
        foreign = pool.snapshot(desk.member(shop, "shop-web"), "backup of last night")
        plan = desk.engine.plan(delete(desk, shop, keeps_points=True, is_forced=True))
        told = " ".join(plan.warnings)
        assert "Kept: 4 snapshots of its machines, without the marks of this console." in told
        assert "Kept: 1 archive of it in the pool." in told
        assert "Kept: stray, cloned of it, without its mark." in told
        assert f"Kept: {desk.card(made).name}, copied from it; where they come from can still be read." in told
        assert kinds(plan)[:2] == ["switch-off"] * 2
        assert "by force where a guest does not answer" in told

        assert (await desk.do(delete(desk, shop, keeps_points=True, is_forced=True))).error is None
        snapshots = [vm for vm in pool.vms() if vm.is_a_snapshot]
        assert foreign in {vm.uuid for vm in snapshots}
        assert len(snapshots) == 4
        assert not any(key.startswith("xsconsole.") for vm in snapshots for key in vm.other_config)
        assert desk.board.strays == ()
        origin = desk.card(made).origin
        assert origin is not None
        assert (origin.configuration, origin.name) == (shop, "shop 1.3.0")

    virtually(story)


def test_a_failure_before_the_first_is_destroyed_puts_back_all_and_after_it_only_goes_on() -> None:
    async def story() -> None:
        office = Office()
        desk, pool = office.desk(), office.pool
        shop = await office.shop(desk)
        await desk.do(TakePoint(configuration=shop, revision=desk.card(shop).revision))

        def stood() -> tuple[Any, ...]:
            card = desk.card(shop)
            machines = {member.name: member.power_state for member in card.members}
            return card.standing, machines, len(card.restore_points), census(pool)

        longer = Extension(
            configuration=shop,
            stage=StageId("staging"),
            since=EPOCH,
            until=EPOCH,
            reason="the audit",
            by="alice",
            at=EPOCH,
        )
        stay = f"xsconsole.stay.{shop}.1"
        pool.set_map(Field.POOL, None, {**pool.keys, stay: to_text(longer)})
        assert "drop-stay" in kinds(desk.engine.plan(delete(desk, shop)))
        before = stood()
        for method, nth in (("shut_down", 2), ("remove_key", 3), ("destroy", 1)):
            desk.port.faults.append(Fault(method=method, nth=nth, code="INTERNAL_ERROR"))
            status = await desk.do(delete(desk, shop))
            assert (status.state, stood()) == (RunState.UNDONE, before), method
            desk.port.faults.clear()
            assert desk.card(shop).extension == longer
        forced = delete(desk, shop, is_forced=True)
        desk.port.faults += [Fault(method="destroy", nth=1), Fault(method="start", nth=1)]
        assert (await desk.do(forced)).state is RunState.INTERRUPTED
        assert not goes_one_way(desk.card(shop), desk.inventory)
        desk.port.faults.append(Fault(method="destroy", nth=1))
        assert (await desk.settle(shop, Direction.RESUME)).state is RunState.UNDONE
        assert stood() == before
        desk.port.faults.append(Fault(method="destroy", nth=2, code="INTERNAL_ERROR"))
        status = await desk.do(delete(desk, shop))
        assert status.state is RunState.INTERRUPTED
        assert desk.card(shop).name == "shop 1.3.0"
        assert goes_one_way(desk.card(shop), desk.inventory)
        refused = await desk.settle(shop, Direction.UNDO)
        assert refused.state is RunState.INTERRUPTED
        desk.port.faults.append(Fault(method="destroy_disk", nth=2, code="INTERNAL_ERROR"))
        assert (await desk.settle(shop, Direction.RESUME)).state is RunState.INTERRUPTED
        assert (await desk.settle(shop, Direction.RESUME)).state is RunState.DONE
        assert census(pool) == Counter(workflow=1, disk=0)

    virtually(story)


def test_what_holds_it_is_named_and_nothing_is_deleted() -> None:
    async def story() -> None:
        office = Office()
        desk, pool = office.desk(), office.pool
        shop = await office.shop(desk)
        db = desk.member(shop, "shop-db")
        base = default_workflow()

        def protecting(*operations: str, lease_s: int | None = None) -> Any:
            def each(stage: Stage) -> Stage:
                return msgspec.structs.replace(stage, protection=operations) if stage.id == "staging" else stage

            version = (desk.board.workflow.version if desk.board.workflow else 0) + 1
            return msgspec.structs.replace(base, version=version, stages=tuple(map(each, base.stages)))

        def refused(**options: Any) -> str:
            return str(desk.refusal(delete(desk, shop, **options)).reason)

        await desk.engine.closings.close(HoldBack(configuration=shop, reason="the auditor looks at it"))
        assert "is held by user-1: the auditor looks at it" in refused()
        await desk.engine.closings.lift(Lift(kind=ClosureKind.HOLD, subject=shop, reason="done"))
        await desk.publish(protecting("destroy"))
        assert "The protection of Staging forbids to destroy machines." in refused()
        await desk.publish(protecting("clean_shutdown"))
        assert "forbids to change the power, which a deletion needs" in refused()
        await desk.publish(protecting())
        pool.change(db, blocked_operations={"destroy": "of the backup program"})
        assert "of the backup program" in refused()
        pool.change(db, blocked_operations={}, power_state="Suspended")
        assert "is suspended" in refused(is_forced=True)
        pool.change(db, power_state="Running")
        pool.change(db, current_operations={"OpaqueRef:1": "destroy"}, power_state="Halted")
        pool.put_raw(msgspec.structs.replace(pool.vm(db), allowed_operations=()))
        assert "is busy (destroy)" in refused()
        pool.change(db, current_operations={})
        elsewhere = replace(desk.card(shop), abroad=(("other", ()),))
        board = replace(desk.board, cards={shop: elsewhere})
        with pytest.raises(NotPromotable, match="stand in another pool too"):
            plan_delete(delete(desk, shop), board, desk.inventory, "alice")

        pool.forget(desk.member(shop, "shop-lb"))
        stages = tuple(stage for stage in base.stages if stage.id != "staging")
        ways = tuple(way for way in base.transitions if "staging" not in (way.source, way.target))
        gone = msgspec.structs.replace(protecting(), stages=stages, transitions=ways)
        await desk.publish(gone)
        told = desk.engine.plan(delete(desk, shop)).warnings
        assert told[-1] == "1 member gone from the pool already."
        for member in desk.card(shop).members:
            pool.forget(member.uuid)
        assert "there is nothing to delete" in refused()

    virtually(story)


def test_what_is_asked_for_holds_it_and_what_was_left_frozen_goes_with_it() -> None:
    async def story() -> None:
        scene = await test_candidates.Scene().begin()
        desk, pool = scene.alice, scene.office.pool
        request = await ask(desk, scene.shop)
        reason = desk.refusal(delete(desk, scene.shop)).reason
        assert reason == f"1 request for “shop 1.3.0” stands on the pool: {request.id[:8]}."
        kept = {key: value for key, value in pool.keys.items() if ".request." not in key}
        pool.set_map(Field.POOL, None, kept)
        told = " ".join(desk.engine.plan(delete(desk, scene.shop)).warnings)
        assert "What was frozen of it for requests that there are no more will be deleted too." in told
        assert (await desk.do(delete(desk, scene.shop))).error is None
        assert census(pool) == Counter(workflow=1, disk=0)

    virtually(story)


def test_who_took_its_place_is_told_and_a_disk_that_somebody_took_meanwhile_stays() -> None:
    async def story() -> None:
        scene = await test_taking_over.Scene().begin()
        desk, pool = scene.desk, scene.office.pool
        assert (await desk.do(desk.promotion(scene.new, "production"))).error is None
        told = " ".join(desk.engine.plan(delete(desk, scene.old)).warnings)
        assert f"{desk.card(scene.new).name} took its place, and can no longer change places with it." in told
        plan = desk.engine.plan(delete(desk, scene.old))
        (going,) = [step.action for step in plan.steps if isinstance(step.action, DeleteMachines)]
        found = next(disk for disk in pool.records.values() if isinstance(disk, VDI) and disk.uuid == going.disks[0])
        other = pool.add_vm("reports")

        def take(method: str) -> None:
            if method == "destroy" and found.ref in pool.records:
                pool.attach(pool.vm(other.uuid), found, "7", "RW", {})

        desk.port.on_call = take
        assert (await desk.do(delete(desk, scene.old))).error is None
        left = {disk.uuid for disk in pool.records.values() if isinstance(disk, VDI)}
        assert found.uuid in left
        assert not left & {*going.disks[1:]}

    virtually(story)


def test_what_becomes_free_is_told_apart_by_when() -> None:
    office = Office()
    pool = office.pool
    one, two, _ = (pool.add_vm(name) for name in ("one", "two", "other"))

    def disk_of(vm: Uuid) -> VDI:
        drive = pool.records[pool.vm(vm).VBDs[0]]
        assert isinstance(drive, VBD)
        disk = pool.records[drive.VDI]
        assert isinstance(disk, VDI)
        return disk

    def hidden(uuid: str, parent: str = "") -> VDI:
        return VDI(
            ref=Uuid(uuid),
            uuid=Uuid(uuid),
            SR=pool.storage.ref,
            managed=False,
            physical_utilisation=3 * GIB,
            sm_config={"vhd-parent": parent} if parent else {},
        )

    for record in (hidden("root", "lost"), hidden("base", "root")):
        pool.put(record)
    for vm in (one, two):
        pool.put(msgspec.structs.replace(disk_of(vm.uuid), physical_utilisation=GIB, sm_config={"vhd-parent": "base"}))
    refs = tuple(record.ref for record in pool.records.values() if isinstance(record, VDI))
    pool.put(msgspec.structs.replace(pool.storage, VDIs=refs))
    inventory = Inventory()
    pool.subscribe(lambda batch: inventory.apply(batch) and None)

    alone = freed_words(freed_by_deleting([disk_of(one.uuid)], inventory))
    both = freed_words(freed_by_deleting([disk_of(one.uuid), disk_of(two.uuid)], inventory))

    assert alone == (
        "Up to 1 GiB in “SAN-gold” becomes free at once.",
        "What other disks stand on, such as linked clones and snapshots that stay, is kept for them.",
    )
    assert both == (
        "Up to 2 GiB in “SAN-gold” becomes free at once.",
        "6 GiB in “SAN-gold” more becomes free once the storage has merged what nobody needs any more.",
    )
