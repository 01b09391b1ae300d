"""A demotion that swaps with the stand-by: the place has its old machines again, with its data, or nothing changed."""

import contextlib

import msgspec
import pytest

from tests.engine.deaths import bury
from tests.engine.desks import Killed, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_closing import closed
from tests.engine.test_copying import census
from tests.engine.test_succession import EMPTY, Scene, succeeding
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import StageId
from xsconsole.domain.plan import Disks
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import title
from xsconsole.domain.workflow.edits import change_transition
from xsconsole.domain.workflow.gates import Checklist, GuestToolsUp, When
from xsconsole.engine.commands import Demote, Direction, QuarantineVersion
from xsconsole.errors import NotPromotable


async def promoted(*, stays: bool = True) -> Scene:
    """shop 2 (a copy) has the place of shop 1, which stands by in staging."""
    scene = await Scene().begin() if stays else await Scene().begin(succeeding(EMPTY, replaces_data=True))
    await scene.promote()
    return scene


def swap(scene: Scene) -> Demote:
    return scene.desk.demotion(scene.made().id, "staging", Disks.SWAP)


def powers(scene: Scene) -> dict[str, str]:
    return {vm.name_label: vm.power_state for vm in scene.office.pool.vms() if vm.is_ordinary}


def test_they_change_places_and_the_disks_of_the_place_go_back() -> None:
    async def story() -> None:
        scene = await promoted()
        desk, made = scene.desk, scene.made()
        plan = desk.engine.plan(swap(scene))
        kept = desk.engine.plan(desk.demotion(made.id, "staging"))

        status = await desk.do(swap(scene))
        await desk.engine.close()

        assert status.error is None, status.error
        before = "“shop 1”, who had the place in Production before, stands by in Staging and does not take it again"
        assert [note for note in kept.notes if note.startswith(before)]
        assert not [note for note in plan.notes if note.startswith(before)]
        assert title(plan).endswith("from Production to Staging, swapped with the stand-by")
        assert "takes its place in Production again" in plan.warnings[0]
        assert any(" of the place goes back to shop 1 with all that was written" in told for told in plan.warnings)
        assert any("stays with it, and shop 1 does not have it" in told for told in plan.warnings)
        assert powers(scene) == {"shop-1": "Running", "shop-2": "Running", "shop-2 (Production)": "Halted"}
        assert scene._holders() == {"1": "shop-1", "2": "shop-2"}
        old, new = desk.card(scene.old), desk.card(made.id)
        assert (old.stage, old.standing, new.stage, new.standing) == ("production", "whole", "staging", "whole")
        assert plan.intent.incumbent == scene.old
        assert not any(".run." in key for key in scene.office.pool.keys)
        # Back in staging it took nobody's place any more.
        again = desk.refusal(desk.demotion(scene.old, "staging", Disks.SWAP))
        assert isinstance(again, NotPromotable)
        assert "there is no stand-by" in again.reason

    virtually(story)


@pytest.mark.parametrize("method", ["start", "attach", "shut_down"])
def test_where_a_step_fails_the_place_is_as_it_was(method: str) -> None:
    async def story() -> None:
        scene = await promoted()
        before = (census(scene.office), powers(scene), scene._holders())
        scene.desk.port.faults.append(Fault(method=method, nth=1))

        status = await scene.desk.do(swap(scene))
        await scene.desk.engine.close()

        assert status.state is RunState.UNDONE, status
        assert (census(scene.office), powers(scene), scene._holders()) == before
        assert scene.made().stage == "production"
        assert scene.desk.card(scene.old).standing is Standing.WHOLE

    virtually(story)


@pytest.mark.parametrize("at", range(19, 140, 34))
@pytest.mark.parametrize("direction", list(Direction))
def test_where_the_console_dies_another_finishes_it_or_puts_it_back(at: int, direction: Direction) -> None:
    async def story() -> None:
        scene = await promoted()
        before = (census(scene.office), powers(scene), scene._holders())
        desk, made = scene.desk, scene.made().id
        other = scene.office.desk()
        await other.until(lambda: other.board.cards)
        desk.cut_at = at
        with contextlib.suppress(Killed):
            await (await desk.open(swap(scene))).wait()
        await bury()
        await other.clock.sleep(200)
        if other.card(made).run is not None:
            assert (await other.settle(made, direction)).error is None
        await other.engine.close()
        stages = (other.card(made).stage, other.card(scene.old).stage)
        if stages == ("production", "staging"):
            assert (census(scene.office), powers(scene), scene._holders()) == before
        else:
            assert stages == ("staging", "production")
            assert scene._holders() == {"1": "shop-1", "2": "shop-2"}
            assert powers(scene)["shop-1"] == "Running"
        assert {card.standing for card in other.board.cards.values()} == {Standing.WHOLE}

    virtually(story)


def test_what_cannot_be_swapped_says_why() -> None:
    async def story() -> None:
        scene = await promoted()
        desk = scene.desk
        assert desk.refusal(desk.demotion(scene.old, "integration", Disks.SWAP)).reason
        scene.office.pool.change(scene.made().members[0].uuid, power_state="Halted")
        await desk.port.disks.detach(scene.made().members[0].uuid, scene.data["1"])
        refused = desk.refusal(swap(scene))
        assert isinstance(refused, NotPromotable)
        assert "is not where it was handed over to" in refused.reason
        assert "data of 1" in refused.reason

    virtually(story)


def test_gates_that_look_at_machines_and_a_quarantine_of_who_comes_stand_against_it_with_the_mend() -> None:
    async def story() -> None:
        scene = await promoted()
        desk, workflow = scene.desk, scene.desk.board.workflow
        assert workflow is not None
        back = workflow.transition(StageId("production"), StageId("staging"))
        assert back is not None
        asked = Checklist(items=("Is everybody told?",))
        for version, gates in enumerate(((asked,), (asked, GuestToolsUp(), GuestToolsUp(when=When.AFTER))), 3):
            gated = change_transition(workflow, back.id, gates=gates)
            await desk.publish(msgspec.structs.replace(gated, version=version))
            if version == 3:
                assert desk.engine.plan(swap(scene)).questions == ("Is everybody told?",)
        refused = desk.refusal(swap(scene))
        assert "gates that look at the machines of “shop 2”, and would not look at those of “shop 1”" in refused.reason
        assert refused.reason.endswith("which then serve: guest tools answer.")
        assert refused.mend.endswith("Or take these gates out of that way.")

        await desk.publish(msgspec.structs.replace(change_transition(workflow, back.id, gates=()), version=5))
        await closed(desk, QuarantineVersion(service="shop", version="1", reason="it lost orders"))
        refused = desk.refusal(swap(scene))
        assert "Version 1, which “shop 1” has, is quarantined" in refused.reason
        assert refused.mend == "Demote it with its disks as they are. Or lift the quarantine."

    virtually(story)
