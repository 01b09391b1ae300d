"""Into an archive in the pool and back, at a pool of values: what comes into being, and what cuts it off."""

import hashlib
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_copying import census
from xsconsole.domain.archive import (
    BLOCKED,
    Form,
    Held,
    Keep,
    PoolArchive,
    Pooled,
    archive_key,
    document_bytes,
    hold_stem,
    is_due,
    keep_stem,
    pooled_in,
)
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import NULL_REF, ArchiveId, Digest, Ref, StageId, Uuid
from xsconsole.domain.inventory import VM, Appliance
from xsconsole.domain.manifest import fingerprint, manifest_of_card
from xsconsole.domain.poolstate import MEMBER_STEM
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import (
    ArchiveInPool,
    DeletePooled,
    Direction,
    Plannable,
    RestoreFromPool,
)
from xsconsole.engine.plans.planner import plan
from xsconsole.engine.ports import Field
from xsconsole.errors import ConsoleError, NotPromotable
from xsconsole.store.keys import is_signature


class Scene:
    """A shop in staging, of which two of three machines run."""

    def __init__(self) -> None:
        self.office = Office()
        self.desk = self.office.desk()
        self.front = self.office.pool.add_network("front-net")

    async def begin(self) -> "Scene":
        self.shop = await self.office.shop(self.desk)
        for member in self.desk.card(self.shop).members:
            self.office.pool.plug(member.uuid, self.front)
        self.before = census(self.office)
        return self

    def archiving(self, **more: Any) -> ArchiveInPool:
        return ArchiveInPool(configuration=self.shop, revision=self.desk.card(self.shop).revision, **more)

    def returning(self, **more: Any) -> RestoreFromPool:
        archive = self.archive
        text = self.office.pool.keys[archive_key(archive.id)]
        digest = Digest(hashlib.sha256(document_bytes(text)).hexdigest())
        wanted = {"networks": {"front-net": self.front.uuid}, "target": StageId("integration"), **more}
        return RestoreFromPool(archive=archive, document=digest, **wanted)

    def deleting(self) -> DeletePooled:
        pool, archive = self.office.pool.pool.uuid, self.archive
        return DeletePooled(archive=archive.id, pool=pool, configuration=archive.configuration, name=archive.name)

    @property
    def listed(self) -> tuple[Pooled, ...]:
        return pooled_in(self.desk.inventory, is_signature, self.desk.clock.now())

    @property
    def archive(self) -> PoolArchive:
        (found,) = self.listed
        assert found.archive is not None, found.problem
        return found.archive

    def templates(self) -> list[VM]:
        return [vm for vm in self.office.pool.vms() if vm.is_a_template and not vm.is_a_snapshot]

    def nothing_is_left(self) -> None:
        assert census(self.office) == self.before
        assert not any(".archive" in key or ".run." in key for key in self.office.pool.keys if ".lease." not in key)
        assert self.listed == ()

    async def done(self, command: Plannable, desk: Desk | None = None) -> RunStatus:
        status = await (desk or self.desk).do(command)
        assert status.error is None, explain(status.error)
        return status


def test_a_configuration_is_copied_into_the_archive_and_comes_back_as_a_new_one() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        card = scene.desk.card(scene.shop)
        print_of = fingerprint(manifest_of_card(card, scene.desk.inventory, scene.desk.board.workflow))

        status = await scene.done(scene.archiving(reason="the year has ended"))

        assert "2 running machines" in " ".join(status.plan.warnings)
        (found,), archive = scene.listed, scene.archive
        assert (found.findings, found.is_whole, found.sentence[:19]) == ((), True, "Whole: 3 templates,")
        assert (archive.form, archive.method, archive.fingerprint) == (Form.COPY, "linked-clone", print_of)
        assert (archive.name, archive.stage_name, archive.reason) == ("shop 1.3.0", "Staging", "the year has ended")
        assert [member.role for member in archive.members] == ["shop-db", "shop-web", "shop-lb"]
        assert [member.was_running for member in archive.members] == [True, True, False]
        assert {vm.name_label for vm in scene.templates()} == {
            f"{member.name} (archive 1)" for member in archive.members
        }
        for vm in scene.templates():
            assert vm.blocked_operations == BLOCKED
            assert (vm.power_state, vm.appliance, vm.ha_restart_priority) == ("Halted", NULL_REF, "")
            assert not any(key.startswith(MEMBER_STEM) for key in vm.other_config)
        assert scene.desk.card(scene.shop) == card
        assert not any(vm.is_a_snapshot for vm in scene.office.pool.vms())
        assert scene.desk.board.strays == ()

        back = await scene.done(scene.returning())

        made = scene.desk.card(back.plan.intent.configuration)
        assert (made.standing, made.stage, made.revision) == (Standing.WHOLE, "integration", 1)
        assert [member.name for member in made.members] == [
            f"{name} (Integration)" for name in ("shop-db", "shop-web", "shop-lb")
        ]
        assert made.origin is not None
        assert (made.origin.archive, made.origin.configuration) == (archive.id, scene.shop)
        assert {member.order for member in made.members} == {member.order for member in card.members}
        assert scene.listed[0].is_whole
        again = await scene.done(scene.archiving(method=Method.FULL_COPY, is_stopped_first=True))
        assert again.plan.intent.method is Method.FULL_COPY
        (newest,) = [one.archive for one in scene.listed if one.archive is not None and one.archive.id != archive.id]
        assert not any(member.was_running for member in newest.members)
        assert len({vm.name_label for vm in scene.templates()}) == 6

    virtually(story)


def had(vm: VM) -> tuple[object, ...]:
    kept = (vm.power_state, vm.is_a_template, vm.appliance, vm.ha_restart_priority, vm.snapshot_schedule)
    return (*kept, vm.other_config, vm.blocked_operations, vm.order, vm.name_label)


def test_a_retired_configuration_leaves_the_board_and_is_the_archive_itself() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        web = scene.desk.member(scene.shop, "shop-web")
        vapp = Appliance(ref=Ref("vapp"), uuid=Uuid("vapp"), name_label="shop")
        scene.office.pool.put_raw(vapp)  # type: ignore[arg-type]
        scene.office.pool.change(web, appliance=vapp.ref, ha_restart_priority="restart", snapshot_schedule=Ref("daily"))
        scene.office.pool.schedules[Ref("daily")] = "daily"
        uuids = {member.uuid for member in scene.desk.card(scene.shop).members}
        machine = scene.office.pool.vm(web)

        stopped = await scene.desk.open(scene.archiving(form=Form.RETIRED))
        scene.desk.port.on_call = lambda method: stopped.stop() if method == "make_template" else None
        assert (await stopped.wait()).state is RunState.INTERRUPTED
        scene.desk.port.on_call = lambda _: None
        bob = scene.office.desk()
        assert (await bob.settle(scene.shop, Direction.UNDO)).state is RunState.UNDONE
        scene.nothing_is_left()
        assert had(scene.office.pool.vm(web)) == had(machine)

        await scene.done(scene.archiving(form=Form.RETIRED))

        assert scene.desk.board.cards == {}
        assert (scene.archive.form, scene.archive.method) == (Form.RETIRED, "move")
        assert {vm.uuid for vm in scene.templates()} == uuids
        assert scene.listed[0].is_whole
        found = scene.office.pool.vm(web)
        assert (found.power_state, found.appliance, found.ha_restart_priority) == ("Halted", NULL_REF, "")
        assert not any(scene.shop in key for key in scene.office.pool.keys if ".lease." not in key)

        back = await scene.done(scene.returning(target=StageId("staging"), method=Method.FULL_COPY))
        assert scene.desk.card(back.plan.intent.configuration).standing is Standing.WHOLE
        assert {vm.uuid for vm in scene.templates()} == uuids
        status = await scene.done(scene.deleting())
        assert any("is free once the storage has merged" in said for said in status.plan.warnings)
        assert scene.listed == ()
        assert scene.templates() == []
        assert not any(".archive" in key for key in scene.office.pool.keys if ".lease." not in key)
        recorded = [fact.event for fact in scene.desk.port.shelf.facts]
        assert recorded == [AuditEvent.ARCHIVE_VERIFIED, AuditEvent.ARCHIVE_DELETED]

    virtually(story)


def test_what_stands_against_it_is_said_before() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, pool = scene.desk, scene.office.pool

        def why(command: Plannable) -> str:
            refusal = desk.refusal(command)
            assert refusal.mend
            return refusal.reason

        gold = pool.storage.uuid
        assert "stays on the storage of its original" in why(scene.archiving(sr=gold))
        assert "no storage of the pool" in why(scene.archiving(sr=Uuid("x"), method=Method.FULL_COPY))
        assert "its disks are not copied" in why(scene.archiving(form=Form.RETIRED, method=Method.FULL_COPY))
        web = desk.member(scene.shop, "shop-web")
        pool.change(web, blocked_operations={"make_into_template": "mine"})
        assert "Make into template is blocked at “shop-web”: mine" in why(scene.archiving(form=Form.RETIRED))
        pool.change(web, blocked_operations={})
        keys = dict(pool.keys)
        pool.set_map(Field.POOL, None, {**keys, archive_key(ArchiveId("big")): "x" * 256 * 1024})
        assert "256 KiB is the most" in why(scene.archiving())
        pool.set_map(Field.POOL, None, keys)

        await scene.done(scene.archiving())
        assert "no storage of the pool" in why(scene.returning(sr=Uuid("x"), method=Method.FULL_COPY))
        assert "stays on the storage of the template" in why(scene.returning(sr=gold))
        assert "is none of this pool" in why(scene.returning(networks={"front-net": Uuid("x")}))
        held = Held(reason="the audit", by="alice", at=desk.clock.now())
        key = f"{hold_stem(scene.archive.id)}.1"
        pool.set_map(Field.POOL, None, {**pool.keys, key: msgspec.json.encode(held).decode()})
        assert "is held by alice: the audit" in why(scene.deleting())
        pool.set_map(Field.POOL, None, {k: v for k, v in pool.keys.items() if k != key})

        expiring = replace(scene.deleting(), is_expiry=True)
        assert "has not expired" in why(expiring)  # it is kept until somebody deletes it
        for until, is_over in ((desk.clock.now() + timedelta(days=1), False), (desk.clock.now(), True)):
            keep = Keep(until=until, by="alice", at=desk.clock.now())
            key = f"{keep_stem(scene.archive.id)}.1"
            pool.set_map(Field.POOL, None, {**pool.keys, key: msgspec.json.encode(keep).decode()})
            assert [is_due(one, desk.clock.now()) for one in scene.listed] == [is_over]
            # What is in a pool goes by that pool's clock, whatever this computer's says.
            for hours, is_due_there in ((48, True), (-48, False)):
                ahead = timedelta(hours=hours)
                assert [is_due(replace(one, ahead=ahead), desk.clock.now()) for one in scene.listed] == [is_due_there]
                there = (desk.clock.now() + ahead,)
                with nullcontext() if is_due_there else pytest.raises(NotPromotable, match="has not expired"):
                    plan(expiring, desk.board, desk.inventory, "root", desk.clock.now(), there)
        assert desk.engine.plan(expiring).steps == desk.engine.plan(scene.deleting()).steps

        command, deleting = scene.returning(), scene.deleting()
        template = scene.templates()[0]
        pool.change(template.uuid, memory_static_max=1)
        assert "memory, static maximum was 2 GiB, is 1 B" in why(command)
        pool.change(template.uuid, is_a_template=False)
        assert any(
            "is no template any more, and stays as it is" in said for said in desk.engine.plan(deleting).warnings
        )
        await scene.done(deleting)
        assert pool.find(template.uuid) is not None
        assert scene.listed == ()
        assert not any("archive_keep" in key for key in pool.keys)
        assert "gone from the pool" in why(deleting)

    virtually(story)


def test_what_is_changed_meanwhile_is_no_archive_and_comes_not_back() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        web = scene.desk.member(scene.shop, "shop-web")
        pool, port = scene.office.pool, scene.desk.port

        port.on_call = lambda method: pool.change(web, memory_static_max=2**33) if method == "snapshot" else None
        changed = await scene.desk.do(scene.archiving())
        port.on_call = lambda _: None
        assert changed.error is not None
        assert "it was changed while it was frozen" in explain(changed.error).details
        assert scene.templates() == []

        await scene.done(scene.archiving())
        late = await scene.desk.do(replace(scene.returning(), document=Digest("0" * 64)))
        assert late.error is not None
        assert "Another archive stands there by now" in explain(late.error).failed

    virtually(story)


@pytest.mark.parametrize("how", ["fail", "lose-before", "lose-after"])
@pytest.mark.parametrize(
    ("form", "method"),
    [
        (Form.COPY, "clone"),
        (Form.COPY, "shape"),
        (Form.COPY, "add_key"),
        (Form.RETIRED, "make_template"),
        (Form.RETIRED, "remove_key"),
    ],
)
def test_whatever_fails_it_is_whole_or_nothing_is_left(form: Form, method: str, how: str) -> None:
    async def story() -> None:
        for nth in (1, 3, 12):
            scene = await Scene().begin()
            scene.desk.port.faults.append(Fault(method=method, nth=nth, how=how))
            with suppress(ConsoleError):
                await scene.desk.do(scene.archiving(form=form, keep_until=scene.desk.clock.now() + timedelta(days=9)))
            scene.desk.port.faults.clear()
            card = scene.desk.board.cards.get(scene.shop)
            if card is not None and card.standing is Standing.INTERRUPTED:
                await scene.desk.settle(scene.shop, Direction.UNDO)
            if scene.listed:
                assert (scene.listed[0].is_whole, scene.listed[0].keep is not None) == (True, True)
            else:
                scene.nothing_is_left()

    virtually(story)
