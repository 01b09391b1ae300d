"""Machines that move into a place that somebody has: who had it stands by, its data stay, and all can be put back."""

from typing import Any

import msgspec
import pytest

from tests.engine.desks import Desk, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_relocation import bound
from tests.engine.test_succession import STAYS
from tests.engine.test_succession import Scene as Occupied
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import StageId
from xsconsole.domain.inventory import VDI
from xsconsole.domain.lineage import place_words
from xsconsole.domain.plan import Disks, Plan
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import describe
from xsconsole.domain.workflow import Binding, DiskRule, Workflow, default_workflow
from xsconsole.domain.workflow.afterwards import DemoteIncumbent
from xsconsole.domain.workflow.gates import Script, When
from xsconsole.domain.workflow.values import NetworkEntry
from xsconsole.engine.commands import AddMembers, Direction, NewMember, RemoveMembers, RevertTo

TRAVELS: tuple[DiskRule, ...] = ()


def taking_over(disks: tuple[DiskRule, ...] = STAYS, **fields: Any) -> Workflow:
    """The default workflow in its second version, whose way into production leads back who has the place."""
    workflow = default_workflow()
    way = {"disks": disks, "afterwards": (DemoteIncumbent(),), **fields}
    ways = tuple(
        msgspec.structs.replace(each, **way) if each.id == "staging-to-production" else each
        for each in workflow.transitions
    )
    return msgspec.structs.replace(workflow, version=2, transitions=ways)


class Scene(Occupied):
    """shop 1 runs in production with its data, shop 2 in staging with test data, and goes there itself."""

    async def begin(self, workflow: Workflow | None = None) -> "Scene":
        await super().begin(workflow or taking_over())
        self.seen: list[tuple[str, ...]] = []
        self.desk.port.on_call = self._look
        return self

    @property
    def plan(self) -> Plan:
        return self.desk.engine.plan(self.desk.promotion(self.new, "production"))

    def does(self) -> list[str]:
        return [describe(step) for step in self.plan.steps]

    def stages(self, desk: Desk | None = None) -> tuple[str, str]:
        cards = (desk or self.desk).board.cards
        return cards[self.old].stage, cards[self.new].stage

    def everything_is_as_before(self) -> None:
        super().everything_is_as_before()
        assert self.stages() == ("production", "staging")
        assert self.placed() == {"shop-1": "1", "shop-2": "2"}

    def everything_has_come(self, *, exchanged: bool = True) -> None:
        pool = self.office.pool
        powers = {vm.name_label: vm.power_state for vm in pool.vms() if vm.is_ordinary}
        assert (powers["shop-1"], powers["shop-2"]) == ("Halted", "Running")
        assert self.stages() == ("staging", "production")
        assert {card.standing for card in self.desk.board.cards.values()} == {Standing.WHOLE}
        assert self.placed() == {"shop-1": "2" if exchanged else "1", "shop-2": "1" if exchanged else "2"}
        assert not any(".run." in key for key in pool.keys)

    def placed(self) -> dict[str, str]:
        """Return whose data each machine has at the device of its data."""
        versions = {disk: version for version, disk in self.data.items()}
        machines = map(self.office.pool.vm, map(self.machine, (self.old, self.new)))
        return {vm.name_label: versions[self.disks_of(vm.uuid)["1"]] for vm in machines}

    def _look(self, method: str) -> None:
        """Nobody ever sees two in the place, or none."""
        assert len(self.desk.board.in_stage(StageId("production"))) == 1
        self.seen.append((method, self.desk.card(self.old).standing.value))


def test_the_newcomer_gets_the_data_of_the_place_in_exchange_for_its_own_and_the_old_one_goes_back() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        plan = scene.plan

        assert scene.does() == [
            "Shut shop-2 down",
            "Take the restore point of shop-2",
            "Shut shop-1 down",
            "Take the restore point of shop-1",
            "Give shop-2 the disk of the place in exchange for its own",
            "Start shop-2",
            "Write the stage of shop-2",
            "Write the roster of shop 2",
            "Compare shop 2 with the pool",
            "Write the stage of shop-1",
            "Compare shop 1 with the pool",
        ]
        assert plan.warnings[:2] == (
            "“shop 1” has the place: it is shut down, its restore point is taken, and once all has passed it goes to "
            "Staging and stays off.",
            "1 disk of shop 1 stays with the place, and the disk of shop 2 in that role goes to shop 1 in exchange: "
            "both are off for that, and what is written there stays written, also where the run goes back.",
        )
        assert plan.asks
        assert plan.downtime_s == 30 + 4 + 3 + 20  # what the place is without: not the shutdown of the newcomer
        assert plan.intent.incumbent == scene.old
        assert [lease.partition(".")[0] for lease in plan.leases] == ["configuration", "configuration", "slot"]

        await scene.promote()

        scene.everything_has_come()
        old = scene.desk.card(scene.old)
        assert (old.restore_points[0].stage, old.restore_points[0].is_whole) == ("production", True)
        assert "destroy" not in scene.office.pool.vm(old.members[0].uuid).blocked_operations
        assert {standing for method, standing in scene.seen if method == "shut_down"} == {"running"}

    virtually(story)


def test_without_disks_that_stay_the_newcomer_runs_on_and_the_old_one_only_stops() -> None:
    async def story() -> None:
        scene = await Scene().begin(taking_over(TRAVELS, replaces_data=True, restore_point=None))

        assert [text for text in scene.does() if "Write" not in text and "Compare" not in text] == ["Shut shop-1 down"]
        assert scene.plan.downtime_s == 30
        await scene.promote()

        scene.everything_has_come(exchanged=False)
        assert not any(vm.is_a_snapshot for vm in scene.office.pool.vms())

    virtually(story)


def test_data_never_give_way_unasked_and_nothing_is_exchanged_for_nothing() -> None:
    async def story() -> None:
        scene = await Scene().begin(taking_over(TRAVELS))
        desk, pool = scene.desk, scene.office.pool

        def reason() -> str:
            return desk.refusal(desk.promotion(scene.new, "production")).reason

        assert reason().startswith("Disk “data of 1” of “shop-1” holds data of Production")
        await desk.publish(msgspec.structs.replace(taking_over(), version=3))
        (disk,) = (found for found in pool.records.values() if found.uuid == scene.data["2"])
        assert isinstance(disk, VDI)
        pool.put(msgspec.structs.replace(disk, sharable=True))
        assert "is shared among machines" in reason()
        pool.put(disk)
        pool.add_disk(scene.machine(scene.new), "more data", "2")
        assert reason().startswith("Disk “more data” of “shop-2” has no counterpart in shop 1")
        desk.port.on_call = lambda _: None
        await desk.do(desk.demotion(scene.old, "staging"))
        assert "Nobody has the place yet: the disks of shop-2 that would stay with it travel." in scene.plan.warnings

    virtually(story)


def test_a_gate_that_fails_afterwards_brings_the_old_one_back_into_service() -> None:
    async def story() -> None:
        gate = Script(when=When.AFTER, argv=("smoke",), leads_back=True)
        scene = await Scene().begin(taking_over(gates=(gate,)))
        scene.desk.prober.will("smoke", False)

        await scene.promote()

        scene.everything_is_as_before()
        assert [method for method, _ in scene.seen if method in ("start", "shut_down")] == [
            *("shut_down", "shut_down", "start"),
            *("shut_down", "start", "start"),
        ]

    virtually(story)


@pytest.mark.parametrize("how", ["fail", "lose-after"])
@pytest.mark.parametrize("method", ["snapshot", "detach", "attach", "start"])
def test_whatever_fails_or_gets_no_answer_one_of_the_two_has_the_place_with_its_data(method: str, how: str) -> None:
    async def story() -> None:
        for nth in range(1, 40):
            scene = await Scene().begin()
            fault = Fault(method=method, nth=nth, how=how)
            scene.desk.port.faults.append(fault)
            await scene.promote()
            has_struck = fault not in scene.desk.port.faults
            scene.desk.port.faults.clear()
            if scene.desk.card(scene.new).standing is Standing.INTERRUPTED:
                assert (await scene.desk.settle(scene.new, Direction.UNDO)).state is RunState.UNDONE
            if scene.stages() == ("production", "staging"):
                scene.everything_is_as_before()
            else:
                scene.everything_has_come()
            if not has_struck:
                return

    virtually(story)


def test_an_abort_at_any_step_leaves_the_old_one_in_service() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        steps = [step.key for step in scene.plan.steps]
        for key in steps[::4]:
            run = await scene.desk.open(scene.desk.promotion(scene.new, "production"))
            await scene.desk.until(lambda key=key, run=run: key in run.status.current or run.status.ended_at)  # type: ignore[misc]
            run.abort()
            assert (await run.wait()).state is RunState.UNDONE
            scene.everything_is_as_before()

    virtually(story)


def test_they_change_places_again_and_each_has_its_own_disk() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.promote()
        desk = scene.desk
        # A way that keeps the disks takes those of the place along, and says so; a return would leave them with nobody.
        kept = desk.engine.plan(desk.demotion(scene.new, "staging", Disks.KEEP))
        assert any(text.startswith("“data of 1” belongs to the place in Production") for text in kept.warnings)
        returning = desk.refusal(desk.demotion(scene.new, "staging", Disks.RESTORE))
        assert "belongs to the place that it took" in returning.reason
        assert "Swap with the stand-by" in returning.mend
        # What loses nothing is what is done unless somebody chooses otherwise.
        ways = {target.stage: target for target in desk.engine.targets(scene.new)}
        assert ways[StageId("staging")].disks is Disks.SWAP
        told = " ".join(desk.engine.plan(desk.demotion(scene.new, "staging", Disks.SWAP)).warnings)
        assert "1 disk (“data of 1”) of the place goes back to shop 1" in told
        assert "shop 2 gets its own back, 1 disk (“" in told
        assert "Keeping the disks instead would take what is the place's along to Staging" in told
        card = desk.card(scene.new)
        point = card.restore_points[0].run
        reverting = desk.refusal(RevertTo(configuration=card.id, revision=card.revision, point=point))
        assert "and reverting would leave that with nobody" in reverting.reason
        assert reverting.mend.startswith("Demote it with a swap")
        assert place_words(desk.card(scene.new), desk.board) == (
            "It took the place of shop 1 in Production, with 1 disk that stays there; shop 1 stands by in Staging.",
        )
        assert place_words(desk.card(scene.old), desk.board) == ("It stands by: shop 2 took its place in Production.",)
        pool, old = scene.office.pool, scene.machine(scene.old)
        pool.change(old, power_state="Running")
        assert place_words(desk.card(scene.new), desk.board)[0].endswith("; shop 1 runs in Staging.")
        assert place_words(desk.card(scene.old), desk.board) == ("shop 2 took its place in Production.",)
        pool.change(old, power_state="Halted")
        # Other members change nothing about that.
        extra = NewMember(vm=scene.office.pool.add_vm("shop-extra").uuid, role="extra")
        card = desk.card(scene.new)
        await desk.do(AddMembers(configuration=card.id, revision=card.revision, members=(extra,)))
        await desk.do(RemoveMembers(configuration=card.id, revision=card.revision + 1, vms=(extra.vm,)))
        assert desk.card(scene.new).succession == card.succession
        command = desk.demotion(scene.new, "staging", Disks.SWAP)
        plan = desk.engine.plan(command)
        assert any("shop 2 gets its own back" in text for text in plan.warnings)

        desk.port.faults.append(Fault(method="start", nth=1))
        assert (await desk.do(command)).state is RunState.UNDONE
        scene.everything_has_come()
        assert (await desk.do(command)).error is None

        assert scene.stages() == ("production", "staging")
        assert scene.placed() == {"shop-1": "1", "shop-2": "2"}
        powers = {vm.name_label: vm.power_state for vm in scene.office.pool.vms() if vm.is_ordinary}
        assert (powers["shop-1"], powers["shop-2"]) == ("Running", "Halted")
        # And once more: what is off is started, and the roster says anew whose place it took.
        await scene.promote()
        scene.everything_has_come()

    virtually(story)


def test_who_gives_way_is_put_on_the_networks_of_where_it_goes_and_finds_its_way_back() -> None:
    async def story() -> None:
        scene = Scene()
        pool = scene.office.pool
        nets = {stage: pool.add_network(f"{stage}-net") for stage in ("staging", "production")}
        for net in nets.values():
            pool.put(msgspec.structs.replace(net, other_config={"assume_network_is_shared": "true"}))
        bindings = {
            stage: Binding(networks=(NetworkEntry(logical="front", network=bound(net)),)) for stage, net in nets.items()
        }
        workflow = taking_over()
        stages = tuple(
            msgspec.structs.replace(stage, binding=bindings.get(stage.id, stage.binding)) for stage in workflow.stages
        )
        await scene.begin(msgspec.structs.replace(workflow, networks=("front",), stages=stages))
        for card, stage in ((scene.old, "production"), (scene.new, "staging")):
            pool.plug(scene.machine(card), nets[stage])

        def networks() -> list[str]:
            names = {record.uuid: name for name, record in nets.items()}
            return [
                names[uuid]
                for card in (scene.old, scene.new)
                for uuid in pool.networks_of(scene.machine(card)).values()
            ]

        await scene.promote()
        scene.everything_has_come()
        assert networks() == ["staging", "production"]
        calls = [method for method, _ in scene.seen]
        assert calls.index("put_on") > calls.index("shut_down") + 1  # not while the old one has the addresses
        status = await scene.desk.do(scene.desk.demotion(scene.new, "staging", Disks.SWAP))
        assert status.error is None, status.error
        assert networks() == ["production", "staging"]

    virtually(story)
