"""A blueprint with its disks into another pool of values: cut off anywhere, put back, gone on with, refused."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.engine.deaths import Fate, deaths, settled
from tests.engine.desks import Office, virtually
from tests.engine.library_scene import SHOP, Scene
from tests.engine.memory_port import EPOCH, Fault
from tests.engine.test_copying import census
from xsconsole.domain.archive.values import sealed
from xsconsole.domain.blueprint.package import BLUEPRINT, Opened, Package, PackedPart, PackedTemplate
from xsconsole.domain.blueprint.standing import library_of
from xsconsole.domain.blueprint.templates import read_mark
from xsconsole.domain.ids import ConsoleId, Digest
from xsconsole.domain.inventory import VM
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.engine.commands import Direction, ImportBlueprint
from xsconsole.store.keys import SigningKey, is_signature

FILE = Path("/files/shop.xsblueprint")
EVERY = 5
SIGNER = SigningKey(private=Ed25519PrivateKey.generate())


class Two(Scene):
    """A pool whose library has a version, which lies in a file, and another pool."""

    async def begin(self, stage: str = "production") -> "Two":
        await super().begin(stage)
        await self.captured()
        self.other = Office(first=500)
        self.there = self.other.desk()
        await self.there.engine.publish_default()
        shelf, pool, made = self.there.port.shelf, self.office.pool, self.newest
        parts = [PackedPart(path=BLUEPRINT, size_bytes=1, sha256=Digest("0" * 64))]
        templates = []
        for number, member in enumerate(made.members):
            file = f"templates/{number:02d}.xva"
            taken = shelf.take(pool, member.template, FILE / file)
            parts.append(PackedPart(path=file, size_bytes=taken.size_bytes, sha256=Digest(taken.sha256)))
            templates.append(
                PackedTemplate(
                    vm=member.template,
                    name=pool.vm(member.template).name_label,
                    file=file,
                    role=member.role,
                    order=member.order,
                    start_delay_s=0,
                    shutdown_delay_s=0,
                    disks={str(disk.position): 1024 for disk in member.disks},
                    virtual_bytes=1024**3,
                )
            )
        package = Package(
            at=EPOCH,
            console=ConsoleId("c"),
            console_name="desk",
            actor="root",
            pool=pool.pool.uuid,
            pool_name="acme",
            xapi_version="1.2",
            blueprint=made.id,
            name=made.name,
            version=made.version,
            digest=made.digest,
            templates=tuple(templates),
            parts=tuple(parts),
        )
        shelf.packages.opened[FILE] = Opened(package=sealed(package, SIGNER), blueprint=made, document=Digest("1" * 64))
        self.untouched = census(self.other)
        return self

    @property
    def command(self) -> ImportBlueprint:
        opened, sr = self.there.port.shelf.packages.opened[FILE], self.other.pool.storage.uuid
        return ImportBlueprint(file=FILE, opened=opened, is_own=True, sr=sr)


def demand_imported(scene: Two, office: Office) -> None:
    """Fail where a pool has not just the version, with a protected template for each of its members."""
    desk = scene.there if office is scene.other else office.desk()
    (one,) = library_of(desk.inventory, desk.board.workflow, is_signature).versions
    assert one.blueprint is not None
    assert (one.id, one.version, one.findings, one.signed_by) == (SHOP, 1, (), desk.me.key)
    assert one.blueprint.source == scene.newest.source
    assert one.blueprint.imported is not None
    assert one.blueprint.imported.digests == (scene.newest.digest,)
    templates = [vm for vm in desk.inventory.all(VM) if vm.is_a_template]
    assert [vm.name_label for vm in templates if read_mark(vm)] == [
        f"Shop <b> 1 · {member.role}" for member in one.blueprint.members
    ]
    assert not any(vm.VIFs for vm in templates)


def test_an_import_is_whole_or_put_back_by_whoever_comes_and_gone_on_with_where_the_file_is() -> None:
    async def story() -> None:
        scene = await Two().begin()
        made = scene.command.configuration
        run = await scene.there.open(scene.command)
        assert "blueprint.b1" in run.plan.leases
        scene.there.port.on_call = lambda method: run.stop() if method == "bring" else None
        assert (await run.wait()).state is RunState.INTERRUPTED
        scene.there.port.on_call = lambda _: None
        assert scene.there.card(made).name == "import of Shop <b>"
        status = await scene.there.settle(made, Direction.RESUME)
        assert status.error is None, explain(status.error)
        demand_imported(scene, scene.other)
        assert "version 1 of “Shop <b>” is what the file holds" in scene.there.refusal(scene.command).reason

        scene = await Two().begin()
        fates: Counter[Fate] = Counter()
        for death in (await deaths(scene.there, scene.there.do(scene.command), scene.there.pool))[::EVERY]:
            (office,) = death.offices()
            fates[await settled(office.desk(death.home()), made, Direction.UNDO)] += 1
            if not is_whole_of(office):
                assert census(office) == scene.untouched
        assert fates[Fate.UNDONE] > 2

    virtually(story)


def is_whole_of(office: Office) -> bool:
    return any(key.startswith("xsconsole.blueprint.") for key in office.pool.keys)


def test_whatever_fails_on_the_way_nothing_is_left_and_what_is_damaged_makes_nothing() -> None:
    async def story() -> None:
        for method, nth in (("bring", 2), ("shape", 3), ("add_key", 6)):
            scene = await Two().begin()
            scene.there.port.faults.append(Fault(method=method, nth=nth))
            status = await scene.there.do(scene.command)
            assert status.state is RunState.UNDONE
            assert census(scene.other) == scene.untouched
        packages = scene.there.port.shelf.packages
        packages.is_damaged = True
        status = await scene.there.do(scene.command)
        assert status.state is RunState.UNDONE
        assert status.error is not None
        assert "blueprint.json is damaged" in explain(status.error).failed
        packages.is_damaged = False
        seen, held = scene.command, packages.opened[FILE]
        packages.opened[FILE] = replace(held, document=Digest("2" * 64))
        status = await scene.there.do(seen)
        assert status.error is not None
        assert "Another file lies there" in explain(status.error).failed
        # One that is called so is in the way only if it came from there: it could not be told apart.
        packages.opened[FILE] = held
        template = held.package.templates[0]
        there = scene.other.pool.add_vm(template.name)
        assert (await scene.there.do(scene.command)).error is None
        assert scene.other.pool.find(there.uuid) is not None

    virtually(story)
