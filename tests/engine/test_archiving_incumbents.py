"""Who had the place goes into the archive with the run of the newcomer: it stands by until all has passed."""

import contextlib
from dataclasses import replace

import pytest

from tests.engine import test_succession, test_taking_over
from tests.engine.desks import virtually
from tests.engine.memory_port import Fault
from tests.engine.test_succession import STAYS, succeeding
from tests.engine.test_taking_over import taking_over
from xsconsole.domain.archive import Form, PoolArchive, pooled_in
from xsconsole.domain.ids import StageId
from xsconsole.domain.plan import Disks, TakeSnapshot
from xsconsole.domain.wording.steps import doing
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.afterwards import ArchiveIncumbent
from xsconsole.domain.workflow.gates import Script, When
from xsconsole.engine.commands import Demote
from xsconsole.errors import ConsoleError
from xsconsole.store.keys import is_signature

ARCHIVING = {"afterwards": (ArchiveIncumbent(),)}
Scene = test_succession.Scene | test_taking_over.Scene


def archived(scene: Scene) -> PoolArchive:
    (found,) = pooled_in(scene.desk.inventory, is_signature, scene.desk.clock.now())
    assert found.is_whole, found.sentence
    assert found.archive is not None
    return found.archive


def nothing_is_archived(scene: Scene) -> None:
    assert pooled_in(scene.desk.inventory, is_signature, scene.desk.clock.now()) == ()
    assert not any(vm.is_a_template and not vm.is_a_snapshot for vm in scene.office.pool.vms())
    scene.everything_is_as_before()


def test_copies_take_the_place_with_its_data_and_who_had_it_is_archived() -> None:
    async def story() -> None:
        scene = await test_succession.Scene().begin(archiving_copies())
        old = scene.machine(scene.old)
        plan = scene.desk.engine.plan(scene.desk.promotion(scene.new, "production"))
        assert any("become templates of an archive in the pool" in said for said in plan.warnings)
        assert any("Afterwards nobody stands by" in said for said in plan.warnings)
        assert any("not in the archive of who had it" in said for said in plan.warnings)
        assert not any(isinstance(step.action, TakeSnapshot) and step.action.vm == old for step in plan.steps)
        assert "Sign the archive of shop 1" in " ".join(doing(step.action, step.subject) for step in plan.steps)

        await scene.promote()

        archive = archived(scene)
        assert (archive.form, archive.configuration, archive.name) == (Form.RETIRED, scene.old, "shop 1")
        assert (archive.stage, [member.template for member in archive.members]) == ("production", [old])
        assert scene.old not in scene.desk.board.cards
        made = scene.made()
        assert made.stage == "production"
        assert made.succession is not None
        assert made.succession.incumbent == scene.old
        assert scene.data["1"] in scene.disks_of(scene.machine(made.id)).values()
        assert scene.data["1"] not in scene.disks_of(old).values()
        swap = Demote(configuration=made.id, revision=1, target=StageId("staging"), disks=Disks.SWAP)
        assert "“shop 1”, who had the place before, was archived on" in scene.desk.refusal(swap).reason
        back = scene.desk.engine.plan(replace(swap, disks=Disks.KEEP))
        assert any("nobody takes the place again by this" in note for note in back.notes)

    virtually(story)


def test_what_moves_into_the_place_archives_who_had_it_and_keeps_it_as_it_is_until_all_has_passed() -> None:
    async def story() -> None:
        gate = Script(when=When.AFTER, argv=("/x/up",), leads_back=True)
        scene = await test_taking_over.Scene().begin(archiving_moves(gates=(gate,)))
        scene.desk.port.on_call = lambda _: None
        scene.desk.prober.will("/x/up", False)
        status = await scene.desk.do(scene.desk.promotion(scene.new, "production"))
        assert status.error is not None
        nothing_is_archived(scene)
        scene.desk.prober.will("/x/up", True)

        await scene.desk.do(scene.desk.promotion(scene.new, "production"))

        assert (archived(scene).name, archived(scene).revision) == ("shop 1", 1)
        assert list(scene.desk.board.cards) == [scene.new]
        assert scene.desk.card(scene.new).stage == "production"

    virtually(story)


@pytest.mark.parametrize("how", ["fail", "lose-before", "lose-after"])
@pytest.mark.parametrize("method", ["make_template", "clone", "add_key"])
def test_whatever_fails_one_has_the_place_and_the_archive_is_whole_or_not_there(method: str, how: str) -> None:
    async def story() -> None:
        for nth in (1, 14):
            scene = await test_succession.Scene().begin(archiving_copies())
            scene.desk.port.faults.append(Fault(method=method, nth=nth, how=how))
            with contextlib.suppress(ConsoleError):
                await scene.promote()
            scene.desk.port.faults.clear()
            if scene.old in scene.desk.board.cards:
                nothing_is_archived(scene)
            else:
                archived(scene)
                assert scene.made().stage == "production"

    virtually(story)


def archiving_copies() -> Workflow:
    return succeeding(STAYS, **ARCHIVING)


def archiving_moves(**fields: object) -> Workflow:
    return taking_over((), replaces_data=True, **ARCHIVING, **fields)
