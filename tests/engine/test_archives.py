"""Into an archive and back, at a pool of values: what comes into being, what is refused, what cuts it off."""

import hashlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.engine.deaths import Death, Fate, deaths, settled
from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_pool import MemoryPool
from tests.engine.memory_port import Fault
from tests.engine.test_copying import census
from xsconsole.domain.archive import Archive, read
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import Digest, PersonId, StageId, Uuid
from xsconsole.domain.inventory import Host
from xsconsole.domain.lineage import descent
from xsconsole.domain.manifest import Manifest, fingerprint
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import ApprovalRule, Binding, EntryAction, Person, PoolObject, default_workflow
from xsconsole.domain.workflow.values import NetworkEntry
from xsconsole.engine.commands import ArchiveToFiles, Direction, QuarantineVersion, RestoreFromArchive
from xsconsole.errors import ConsoleError, NotPromotable, Refused
from xsconsole.store.keys import is_signature

FOLDER = Path("/archives/shop")
EVERY = 5  # so many deaths, one is inherited


class Scene:
    """A shop in staging on one pool, and another pool where an archive of it comes back."""

    def __init__(self) -> None:
        self.office, self.other = Office(), Office(MemoryPool(1_000_001, "other pool"), first=500)
        self.desk, self.there = self.office.desk(), self.other.desk()
        self.there.port.shelf = self.desk.port.shelf
        self.front, self.prod = self.office.pool.add_network("front-net"), self.other.pool.add_network("prod-net")

    async def begin(self, **production: Any) -> "Scene":
        self.shop = await self.office.shop(self.desk)
        for member in self.desk.card(self.shop).members:
            self.office.pool.plug(member.uuid, self.front)
        await self.there.engine.publish_default()
        self.before = census(self.office)
        return self

    def archiving(self, **more: Any) -> ArchiveToFiles:
        revision = self.desk.card(self.shop).revision
        return ArchiveToFiles(configuration=self.shop, revision=revision, folder=FOLDER, **more)

    def returning(self, **more: Any) -> RestoreFromArchive:
        document = self.files[FOLDER / "archive.json"]
        usual = {"networks": {"front-net": self.prod.uuid}, "target": StageId("staging")}
        wanted = {**usual, "sr": self.other.pool.storage.uuid, **more}
        digest = Digest(hashlib.sha256(document).hexdigest())
        return RestoreFromArchive(archive=read(document, is_signature), document=digest, folder=FOLDER, **wanted)

    async def archived(self) -> Archive:
        status = await self.desk.do(self.archiving())
        assert status.error is None, explain(status.error)
        return read(self.files[FOLDER / "archive.json"], is_signature)

    @property
    def files(self) -> dict[Path, bytes]:
        return self.desk.port.shelf.files

    def is_archived(self) -> bool:
        """Return whether all of it is there; fails where it is half there, or the pool is not as it was."""
        assert census(self.office) == self.before
        assert not any(".run." in key for key in self.office.pool.keys)
        assert len(self.files) in (0, 7)
        return bool(self.files)

    def has_returned(self) -> bool:
        machines = [vm for vm in self.other.pool.vms() if not vm.is_a_snapshot]
        assert len(machines) in (0, 3)
        assert not any(".run." in key for key in self.other.pool.keys)
        assert len(self.there.board.cards) == len(machines) // 3
        return bool(machines)


def test_an_archive_tells_what_it_is_of_and_comes_back_as_a_new_configuration() -> None:
    async def story() -> None:
        scene = await Scene().begin()

        archive = await scene.archived()

        assert scene.is_archived()
        assert (archive.name, archive.version, archive.stage_name) == ("shop 1.3.0", "1.3.0", "Staging")
        assert [member.role for member in archive.members] == ["shop-db", "shop-web", "shop-lb"]
        assert [member.was_running for member in archive.members] == [True, True, False]
        manifest = msgspec.json.decode(scene.files[FOLDER / "manifest.json"], type=Manifest)
        assert fingerprint(manifest) == archive.fingerprint

        status = await scene.there.do(scene.returning())

        assert status.error is None, explain(status.error)
        assert scene.has_returned()
        made = status.plan.intent.configuration
        card = scene.there.card(made)
        assert made != scene.shop
        assert (card.standing, card.stage, card.revision) == (Standing.WHOLE, "staging", 1)
        assert [member.name for member in card.members] == [
            f"{name} (Staging)" for name in ("shop-db", "shop-web", "shop-lb")
        ]
        for member in card.members:
            assert scene.other.pool.networks_of(member.uuid) == {"0": scene.prod.uuid}
        assert card.origin is not None
        assert card.origin.archive == archive.id
        assert descent(card.origin, scene.there.board.workflow).startswith("Restored from the archive of shop 1.3.0")
        assert scene.there.board.strays == ()
        again = scene.there.engine.plan(scene.returning(target=StageId("integration")))
        assert again.intent.configuration != made

    virtually(story)


@pytest.mark.parametrize("how", ["fail", "lose-before", "lose-after"])
@pytest.mark.parametrize("method", ["snapshot", "export", "add_key", "destroy_snapshot"])
def test_whatever_fails_on_the_way_in_it_is_whole_or_nothing_is_left(method: str, how: str) -> None:
    async def story() -> None:
        for nth in (1, 2, 3, 5):
            scene = await Scene().begin()
            await attempt(scene.desk, scene.archiving(), Fault(method=method, nth=nth, how=how))
            if scene.desk.card(scene.shop).standing is Standing.INTERRUPTED:
                await scene.desk.settle(scene.shop, Direction.UNDO)
            scene.is_archived()

    virtually(story)


@pytest.mark.parametrize("how", ["fail", "lose-before", "lose-after"])
@pytest.mark.parametrize("method", ["bring", "shape", "start", "add_key", "remove_key"])
def test_whatever_fails_on_the_way_back_it_is_whole_or_nothing_is_left(method: str, how: str) -> None:
    async def story() -> None:
        workflow = default_workflow()
        stages = tuple(
            msgspec.structs.replace(stage, entry=EntryAction.START) if stage.id == "staging" else stage
            for stage in workflow.stages
        )
        for nth in (1, 2, 3):
            scene = await Scene().begin()
            await scene.there.publish(msgspec.structs.replace(workflow, version=2, stages=stages))
            await scene.archived()
            command = scene.returning()
            await attempt(scene.there, command, Fault(method=method, nth=nth, how=how))
            for card in scene.there.board.cards.values():
                if card.standing is Standing.INTERRUPTED:
                    await scene.there.settle(card.id, Direction.UNDO)
            scene.has_returned()

    virtually(story)


def failure(status: RunStatus, *, details: bool = False) -> str:
    assert status.error is not None
    notice = explain(status.error)
    return notice.details if details else notice.failed


async def attempt(desk: Desk, command: ArchiveToFiles | RestoreFromArchive, fault: Fault) -> None:
    desk.port.faults.append(fault)
    try:
        await desk.do(command)
    except ConsoleError:
        return
    finally:
        desk.port.faults.clear()


def test_another_console_puts_back_what_is_on_the_pool_and_leaves_files_that_are_not_its_own() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        run = await scene.desk.open(scene.archiving())
        scene.desk.port.on_call = lambda method: run.stop() if method == "export" else None
        assert (await run.wait()).state is RunState.INTERRUPTED
        written = dict(scene.files)
        bob = scene.office.desk()
        bob.port.shelf = scene.desk.port.shelf
        with pytest.raises(Refused, match="are on the machine of console “desk-1”"):
            await bob.settle(scene.shop, Direction.RESUME)
        undone = await bob.settle(scene.shop, Direction.UNDO)
        assert undone.state is RunState.UNDONE
        assert f"{FOLDER}.part stays on the computer of console “desk-1”" in next(iter(undone.remarks.values()))
        assert census(scene.office) == scene.before
        assert scene.files == written

    virtually(story)


def test_an_interrupted_archiving_is_resumed_by_its_own_console() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        run = await scene.desk.open(scene.archiving(is_stopped_first=True, room_bytes=2**30))
        assert any("1 GiB are free" in said for said in run.plan.warnings)
        scene.desk.port.on_call = lambda method: run.stop() if method == "export" else None
        assert (await run.wait()).state is RunState.INTERRUPTED
        scene.desk.port.on_call = lambda _: None

        assert (await scene.desk.settle(scene.shop, Direction.RESUME)).state is RunState.DONE

        assert scene.is_archived()
        assert not any(
            member.was_running for member in read(scene.files[FOLDER / "archive.json"], is_signature).members
        )

    virtually(story)


def test_what_is_changed_meanwhile_or_does_not_fit_is_no_archive() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        web = scene.desk.member(scene.shop, "shop-web")

        def change(method: str) -> None:
            if method == "snapshot":
                scene.office.pool.change(web, memory_static_max=2**33)

        scene.desk.port.on_call = change
        changed = await scene.desk.do(scene.archiving())
        scene.desk.port.on_call = lambda _: None
        assert "it was changed while it was frozen" in failure(changed, details=True)

        scene.desk.port.shelf.is_full = True
        full = await scene.desk.do(scene.archiving())
        assert "There is no room left" in failure(full)
        assert scene.files == {}
        scene.before = census(scene.office)
        scene.desk.port.shelf.is_full = False
        await scene.archived()
        assert "is there already" in failure(await scene.desk.do(scene.archiving()))
        assert scene.is_archived()

        scene.office.pool.change(web, VTPMs=("tpm",))
        assert "a virtual TPM" in scene.desk.refusal(scene.archiving()).reason

    virtually(story)


def test_what_is_not_as_it_was_signed_is_named_before_anything_is_made_of_it() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.archived()
        command = scene.returning()
        web = FOLDER / "members/02-shop-web.xva"
        for wrong, said in ((b"xva!", "is cut off"), (b"xva ?", "is damaged")):
            good, scene.files[web] = scene.files[web], wrong
            failed = failure(await scene.there.do(command))
            scene.files[web] = good
            assert f"members/02-shop-web.xva {said}" in failed
            assert "bring" not in scene.there.port.calls
        scene.there.port.on_call = lambda method: (
            scene.files.update({web: scene.files[FOLDER / "members/01-shop-db.xva"]}) if method == "bring" else None
        )
        meanwhile = await scene.there.do(command)
        scene.there.port.on_call = lambda _: None
        assert meanwhile.state is RunState.UNDONE
        assert not scene.has_returned()
        scene.files[web] = good
        other = await scene.there.do(replace(command, document=Digest("0" * 64)))
        assert "Another archive lies there by now" in failure(other)
        assert [fact.outcome.value for fact in scene.there.port.shelf.facts] == ["failed", "failed", "done", "done"]

    virtually(story)


def test_what_stands_against_coming_back_is_said_before() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.archived()
        desk, pool = scene.there, scene.other.pool

        def why(**more: Any) -> str:
            return desk.refusal(scene.returning(**more)).reason

        assert "on which network of this pool the interfaces of front-net go" in why(networks={})
        assert "is none of this pool" in why(networks={"front-net": Uuid("x")})
        assert "No machine of the archive is on back" in why(
            networks={"front-net": scene.prod.uuid, "back": scene.prod.uuid}
        )
        assert "no storage of the pool" in why(sr=Uuid("x"))
        in_the_way = pool.add_vm(scene.returning().archive.members[0].arrives_as)
        assert "as what arrives would be" in why()
        pool.forget(in_the_way.uuid)
        archive = scene.returning().archive
        higher = msgspec.structs.replace(archive, xapi_version="27.0")
        pool.change_record(Host, software_version={"xapi": "26.1"})
        refusal = desk.refusal(replace(scene.returning(), archive=higher))
        assert "from a pool with XAPI 27.0, this one has 26.1" in refusal.reason
        assert "is bound to no storage, and its pool has no usual one" in why(sr=None)
        foreign = replace(scene.returning(), is_own=False)
        assert any("that the workflow pins to nobody" in said for said in desk.engine.plan(foreign).warnings)
        owner = Person(id=PersonId("ann"), name="Ann", fingerprints=(foreign.archive.key,))
        known = msgspec.structs.replace(default_workflow(), version=2, people=(owner,))
        await desk.publish(known)
        assert any("of Ann." in said for said in desk.engine.plan(foreign).warnings)
        base = default_workflow()
        ruled = tuple(
            msgspec.structs.replace(way, approvals=(ApprovalRule(count=1),)) if way.target == "staging" else way
            for way in base.transitions
        )
        await desk.publish(msgspec.structs.replace(base, version=3, transitions=ruled))
        assert "an archive is no way round that" in why()
        bound = Binding(pool=PoolObject(uuid=scene.office.pool.pool.uuid, name="acme"))
        stages = tuple(
            msgspec.structs.replace(stage, binding=bound if stage.id == "staging" else stage.binding)
            for stage in base.stages
        )
        await desk.publish(msgspec.structs.replace(base, version=4, stages=stages))
        assert "lives in pool “acme”, and this is another one" in why()
        command = QuarantineVersion(service="shop", version="1.3.0", reason="it loses orders")
        await desk.engine.closings.close(command)
        assert "shop 1.3.0 is quarantined" in why(target=StageId("integration"))
        assert isinstance(desk.refusal(scene.returning(target=StageId("integration"))), NotPromotable)

    virtually(story)


@pytest.mark.parametrize("is_returning", [False, True])
def test_wherever_a_console_dies_another_one_puts_it_back_whole(*, is_returning: bool) -> None:
    async def story() -> None:
        scene = await Scene().begin()
        if is_returning:
            await scene.archived()
        victim, command = (scene.there, scene.returning()) if is_returning else (scene.desk, scene.archiving())
        configuration = victim.engine.plan(command).intent.configuration
        fates: Counter[Fate] = Counter()
        for death in (await deaths(victim, victim.do(command), victim.pool))[::EVERY]:
            (office,) = death.offices()
            fate = await settled(office.desk(death.home()), configuration, Direction.UNDO)
            fates[fate] += 1
            if is_returning:
                assert sum(not vm.is_a_snapshot for vm in office.pool.vms()) == (3 if is_whole(death) else 0)
            else:
                assert census(office) == scene.before
        assert fates[Fate.UNDONE] > 0
        assert set(fates) == {Fate.UNDONE, Fate.CLOSED}

    virtually(story)


def is_whole(death: Death) -> bool:
    """Return whether the run had ended well when its console died: its record is gone from the pool."""
    (pool,) = death.pools
    return bool(pool.vms()) and not any(".run." in key for key in pool.keys)


def test_what_came_back_can_be_archived_again_and_tells_from_where_it_came() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        first = await scene.archived()
        run = await scene.there.open(scene.returning())
        scene.there.port.on_call = lambda method: run.stop() if method == "bring" else None
        assert (await run.wait()).state is RunState.INTERRUPTED
        scene.there.port.on_call = lambda _: None
        assert "was being restored, and that was cut off" in scene.there.refusal(scene.returning()).reason
        made = run.plan.intent.configuration
        assert (await scene.there.settle(made, Direction.RESUME)).state is RunState.DONE

        # The stages of both call the network alike: nothing has to be said, and file storage takes what was written.
        front = NetworkEntry(logical="front", network=PoolObject(uuid=scene.prod.uuid, name="prod-net"))
        stages = tuple(
            msgspec.structs.replace(stage, binding=Binding(networks=(front,))) for stage in default_workflow().stages
        )
        mapped = msgspec.structs.replace(default_workflow(), version=2, networks=("front",), stages=stages)
        await scene.there.publish(mapped)
        folder, card = Path("/archives/again"), scene.there.card(made)
        status = await scene.there.do(ArchiveToFiles(configuration=made, revision=card.revision, folder=folder))
        assert status.error is None, explain(status.error)
        document = scene.files[folder / "archive.json"]
        again = read(document, is_signature)
        assert [(one.configuration, one.archive) for one in again.lineage] == [(scene.shop, first.id)]
        assert {nic.called for member in again.members for nic in member.interfaces} == {"front"}
        nfs = scene.other.pool.add_storage("nfs")
        command = RestoreFromArchive(
            archive=again,
            document=Digest(hashlib.sha256(document).hexdigest()),
            folder=folder,
            target=StageId("integration"),
            sr=nfs.uuid,
        )
        plan = scene.there.engine.plan(command)
        assert all(set(step.estimate.space) <= {nfs.uuid} for step in plan.steps)
        in_the_way = scene.there.pool.add_vm("x")
        scene.there.port.on_call = lambda method: (
            scene.other.pool.put_vm(msgspec.structs.replace(in_the_way, name_label=again.members[0].arrives_as))
            if method == "named"
            else None
        )
        blocked = await scene.there.do(command)
        assert "they could not be told apart" in failure(blocked)
        assert scene.other.pool.find(in_the_way.uuid) is not None

    virtually(story)
