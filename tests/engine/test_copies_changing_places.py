"""Copies sent into a place of another pool that somebody has: who had it stands by, then gives way; and they swap."""

from contextlib import suppress
from typing import Any

import pytest

from tests.engine.crossings import is_clear, machines
from tests.engine.desks import virtually
from tests.engine.memory_pool import GIB
from tests.engine.memory_port import Fault
from tests.engine.test_changing_places_across import Scene, fill, stage_in
from xsconsole.domain.archive import Form, PoolArchive, pooled_in
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.ids import StageId
from xsconsole.domain.inventory import SR, VBD
from xsconsole.domain.plan import Disks
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import describe, explain
from xsconsole.domain.workflow import Binding, Method, PoolObject
from xsconsole.domain.workflow.afterwards import ArchiveIncumbent
from xsconsole.domain.workflow.gates import Script, When
from xsconsole.engine.commands import Demote, Direction
from xsconsole.errors import ConsoleError, NotPromotable
from xsconsole.store.keys import is_signature

ARCHIVING: dict[str, Any] = {"afterwards": (ArchiveIncumbent(),), "restore_point": None}
COPIES: dict[str, Any] = {"method": Method.FULL_COPY, "restore_point": None}


class Copied(Scene):
    """shop 1 serves in the one pool; of shop 2, which stays in staging of the other one, copies take its place."""

    def made(self) -> Card:
        cards = self.pair.there.board.cards.values()
        (card,) = (card for card in cards if card.members and card.id not in (self.old, self.new))
        return card

    def swap(self) -> Demote:
        return self.pair.there.demotion(self.made().id, "staging", Disks.SWAP)

    async def promote(self) -> RunState:
        desk = self.pair.here
        run = await desk.open(desk.promotion(self.new, "production"))
        return (await run.wait()).state

    def look(self) -> dict[str, tuple[str, bool, str]]:
        """Say of each machine whether it runs, whether it is in production's pool, and whose data it has."""
        assert is_clear(self)
        found = {}
        for pool in (self.test.pool, self.production.pool):
            for name, state in machines(pool).items():
                data = [disk.name_label[-1] for disk in pool._disks(pool.vm(state[0])) if "data" in disk.name_label]
                found[name] = (state[1], pool is self.production.pool, "".join(data))
        return found


BEFORE = {"shop-1": ("Running", True, "1"), "shop-2": ("Running", False, "2")}
AFTER = {
    "shop-1": ("Halted", False, ""),  # its data stayed with the place
    "shop-2": ("Running", False, "2"),
    "shop-2 (Production)": ("Running", True, "1"),
}


class Ends:
    """How copies into a taken place may end."""

    def look(self, scene: Copied) -> bool:
        """Return whether they have it."""
        found = scene.look()
        assert found in (BEFORE, AFTER)
        return found == AFTER


def test_copies_take_the_place_with_its_data_and_who_had_it_goes_to_the_other_pool_and_comes_back() -> None:
    async def story() -> None:
        scene = await Copied().begin(**COPIES)
        here, there = scene.pair.here, scene.pair.there
        assert scene.look() == BEFORE
        plan = scene.promotion_plan()
        said = " ".join(plan.warnings)
        assert (
            "“shop 1” has the place: it is shut down, its restore point is taken, and once all has passed it goes to "
            "Staging and stays off."
        ) in said
        assert "For that shop 1 moves from pool “production pool” to pool “acme”." in said
        assert "1 disk of shop 1 stays with the place; what the new machines write there stays written" in said
        does = [describe(step) for step in plan.steps]
        order = ["Freeze shop-2", "Copy shop-2", "Shut shop-1", "Hand the disk", "Start shop-2", "Move shop-1"]
        found = [next((at for at, one in enumerate(does) if one.startswith(begin)), -1) for begin in order]
        assert found == sorted(found), does
        assert found[0] >= 0, does
        assert plan.intent.incumbent == scene.old
        assert {scene.old in name for name in (*plan.leases, *plan.leases_abroad)} == {False, True}

        assert await scene.promote() is RunState.DONE
        await there.caught_up()

        assert scene.look() == AFTER
        made, old = scene.made(), here.card(scene.old)
        assert (made.stage, made.standing) == ("production", Standing.WHOLE)
        assert (old.stage, old.standing, old.restore_points[0].stage) == ("staging", Standing.WHOLE, "production")
        assert here.card(scene.new).stage == "staging"
        assert machines(scene.test.pool)["shop-1"][2] == (scene.front.uuid,)

        told = there.engine.plan(scene.swap()).warnings
        assert any("of the place goes back to shop 1 with all that was written" in one for one in told)
        storage = next(one for one in scene.production.pool.records.values() if isinstance(one, SR))
        fill(scene.production.pool, free=5 * GIB)
        await there.caught_up()
        assert there.refusal(scene.swap()).reason.startswith("The machines that come back may take")
        scene.production.pool.put(storage)
        vm = scene.test.pool.vm(here.card(scene.old).members[0].uuid)
        scene.test.pool.add_disk(vm.uuid, "another", "1")
        await here.caught_up()
        assert "or the stand-by has another at device 1." in there.refusal(scene.swap()).reason
        drive = scene.test.pool.records[scene.test.pool.vm(vm.uuid).VBDs[-1]]
        assert isinstance(drive, VBD)
        scene.test.pool.detach(drive)
        await here.caught_up()
        there.port.faults.append(Fault(method="attach", nth=1))
        assert (await there.do(scene.swap())).state is RunState.UNDONE
        assert scene.look() == AFTER
        status = await there.do(scene.swap())

        assert status.error is None, explain(status.error)
        assert scene.look() == {
            **BEFORE,
            "shop-2 (Production)": ("Halted", False, ""),
        }
        assert there.card(scene.old).stage == "production"
        await here.caught_up()
        again = scene.promotion_plan()  # the copies that gave way keep their id in the other pool
        assert again.intent.makes not in {*here.board.cards, *there.board.cards}

    virtually(story)


@pytest.mark.parametrize("how", ["fail", "lose-before", "lose-after"])
def test_whatever_fails_or_gets_no_answer_one_serves_with_the_data_of_the_place(how: str) -> None:
    async def story() -> None:
        for is_here, method, nth in (
            (True, "send", 1),
            (False, "shut_down", 1),
            (False, "attach", 1),
            (False, "start", 1),
            (False, "migrate_send", 1),
            (True, "add_key", 1),
        ):
            scene = await Copied().begin(**COPIES)
            port = (scene.pair.here if is_here else scene.pair.there).port
            port.faults.append(Fault(method=method, nth=nth, how=how))
            with suppress(ConsoleError):
                await scene.promote()
            assert not port.faults or method == "add_key", method
            port.faults.clear()
            if scene.pair.here.card(scene.new).standing is Standing.INTERRUPTED:
                await scene.pair.here.settle(scene.new, Direction.UNDO)
            assert scene.look() in (BEFORE, AFTER), (method, scene.look())
            if method not in ("send", "add_key"):  # of a stream that broke off nobody says that all of it came
                assert (scene.look() == AFTER) is (how != "fail"), method

    virtually(story)


def test_who_has_the_place_may_stay_in_its_pool() -> None:
    async def story() -> None:
        scene = await Copied().begin(**COPIES)
        here, there = scene.pair.here, scene.pair.there
        pools = (scene.test.pool, scene.production.pool)
        staying = Binding(
            pool=PoolObject(uuid=pools[1].pool.uuid, name="production pool"),
            networks=scene.workflow().stage(StageId("production")).binding.networks,
        )
        for desk in (here, there):
            await desk.publish(stage_in(scene, "patch-testing", staying))
        assert await scene.promote() is RunState.DONE
        await there.caught_up()

        assert scene.look() == {**AFTER, "shop-1": ("Halted", True, "")}
        assert there.card(scene.old).stage == "patch-testing"
        with pytest.raises(NotPromotable):
            there.engine.plan(scene.swap())

    virtually(story)


def archived(scene: Copied) -> PoolArchive | None:
    """Return the archive in the pool of the place, which is whole; nothing is archived in the other one."""
    here, there = scene.pair.here, scene.pair.there
    assert pooled_in(here.inventory, is_signature, here.clock.now()) == ()
    found = pooled_in(there.inventory, is_signature, there.clock.now())
    for one in found:
        assert one.is_whole, one.sentence
    return found[0].archive if found else None


@pytest.mark.parametrize("is_copying", [True, False])
def test_who_has_the_place_is_archived_where_it_is_once_all_has_passed(*, is_copying: bool) -> None:
    async def story() -> None:
        gate = Script(when=When.AFTER, argv=("/x/up",), leads_back=True)
        ways = {**ARCHIVING, **COPIES} if is_copying else {**ARCHIVING, "disks": (), "replaces_data": True}
        scene = await Copied().begin(**ways, gates=(gate,))
        here, there = scene.pair.here, scene.pair.there
        said = " ".join(scene.promotion_plan().warnings)
        assert "once all has passed its machines become templates of an archive in the pool. Until then it" in said
        assert "Afterwards nobody stands by" in said
        if is_copying:
            assert "They are not in the archive of who had it." in said

        there.prober.will("/x/up", False)
        assert await scene.promote() is RunState.UNDONE
        there.prober.will("/x/up", True)
        assert (scene.look(), archived(scene)) == (BEFORE, None)
        there.port.faults.append(Fault(method="make_template"))
        assert await scene.promote() is RunState.UNDONE
        assert (scene.look(), archived(scene)) == (BEFORE, None)
        assert await scene.promote() is RunState.DONE
        await there.caught_up()

        archive = archived(scene)
        assert archive is not None
        assert (archive.form, archive.configuration, archive.stage) == (Form.RETIRED, scene.old, "production")
        assert archive.pool == scene.production.pool.pool.uuid
        assert scene.old not in {*here.board.cards, *there.board.cards}
        took = scene.made() if is_copying else there.card(scene.new)
        swap = there.demotion(took.id, "staging", Disks.SWAP)
        assert "“shop 1”, who had the place before, was archived on" in there.refusal(swap).reason
        assert is_clear(scene)

    virtually(story)
