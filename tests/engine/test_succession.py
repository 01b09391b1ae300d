"""Copies into a place that somebody has: who had it stands by, its data stay, and all of it can be put back."""

import msgspec
import pytest

from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_copying import census, copying
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.disks import drives_of
from xsconsole.domain.ids import ConfigurationId, StageId, Uuid
from xsconsole.domain.inventory import VDI
from xsconsole.domain.plan import Disks
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import DiskRule, DiskTreatment, Workflow
from xsconsole.domain.workflow.afterwards import DemoteIncumbent
from xsconsole.domain.workflow.gates import Script, When
from xsconsole.engine.commands import Create, Direction, NewMember
from xsconsole.errors import ConsoleError

STAYS = (DiskRule(role="data", treatment=DiskTreatment.STAYS),)
EMPTY = (DiskRule(role="data", treatment=DiskTreatment.EMPTY),)


def succeeding(disks: tuple[DiskRule, ...] = STAYS, **fields: object) -> Workflow:
    workflow = copying()
    ways = tuple(
        msgspec.structs.replace(way, **{"disks": disks, "afterwards": (DemoteIncumbent(),), **fields})
        if way.id == "staging-to-production"
        else way
        for way in workflow.transitions
    )
    return msgspec.structs.replace(workflow, transitions=ways)


class Scene:
    """shop 1 runs in production with its data, shop 2 in staging with test data."""

    def __init__(self) -> None:
        self.office = Office()
        self.desk = self.office.desk()

    async def begin(self, workflow: Workflow | None = None) -> "Scene":
        pool = self.office.pool
        self.data: dict[str, Uuid] = {}
        ids = []
        for version, stage in (("1", "production"), ("2", "staging")):
            vm = pool.add_vm(f"shop-{version}", "Running")
            self.data[version] = pool.add_disk(vm.uuid, f"data of {version}", "1")
            await self.desk.engine.publish_default()
            member = NewMember(vm=vm.uuid, role="db")
            command = Create(service="shop", version=version, stage=StageId(stage), members=(member,))
            ids.append((await self.desk.do(command)).plan.intent.configuration)
        self.old, self.new = ids
        await self.desk.publish(workflow or succeeding())
        self.before = census(self.office)
        self.power = {vm.uuid: (vm.power_state, vm.name_label) for vm in pool.vms()}
        return self

    async def promote(self) -> None:
        try:
            await self.desk.do(self.desk.promotion(self.new, "production"))
        except ConsoleError:
            return

    def made(self, desk: Desk | None = None) -> Card:
        cards = (desk or self.desk).board.cards.values()
        (card,) = (card for card in cards if card.id not in (self.old, self.new))
        return card

    def disks_of(self, uuid: Uuid) -> dict[str, Uuid]:
        drives = drives_of(self.desk.inventory, self.office.pool.vm(uuid))
        return {drive.userdevice: disk.uuid for drive, disk in drives}

    def machine(self, configuration: ConfigurationId) -> Uuid:
        return self.desk.board.cards[configuration].members[0].uuid

    def everything_is_as_before(self) -> None:
        pool = self.office.pool
        assert census(self.office) == self.before
        assert {vm.uuid: (vm.power_state, vm.name_label) for vm in pool.vms()} == self.power
        assert self._holders() == {"1": "shop-1", "2": "shop-2"}
        assert not any(".run." in key for key in pool.keys)

    def everything_has_come(self) -> None:
        pool = self.office.pool
        names = {vm.name_label: vm.power_state for vm in pool.vms() if vm.is_ordinary}
        assert names == {"shop-1": "Halted", "shop-2": "Running", "shop-2 (Production)": "Running"}
        assert self._holders() == {"1": "shop-2 (Production)", "2": "shop-2"}
        assert not any(".run." in key for key in pool.keys)
        assert len([vm for vm in pool.vms() if vm.is_a_snapshot]) == 1

    def _holders(self) -> dict[str, str]:
        """Return who has the data of each version."""
        pool = self.office.pool
        found = {}
        for version, disk in self.data.items():
            (holder,) = (vm for vm in pool.vms() if vm.is_ordinary and disk in {d.uuid for d in pool._disks(vm)})
            found[version] = holder.name_label
        return found


def test_the_new_one_gets_the_data_of_the_place_and_the_old_one_goes_back() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        plan = scene.desk.engine.plan(scene.desk.promotion(scene.new, "production"))

        await scene.promote()

        scene.everything_has_come()
        old, made = scene.desk.card(scene.old), scene.made()
        assert (made.stage, made.standing) == ("production", Standing.WHOLE)
        assert (old.stage, old.standing, old.revision) == ("staging", Standing.WHOLE, 2)
        assert old.restore_points[0].is_whole
        assert old.restore_points[0].stage == "production"
        assert scene.desk.card(scene.new).restore_points == ()
        assert "destroy" not in scene.office.pool.vm(old.members[0].uuid).blocked_operations
        assert plan.asks
        assert plan.downtime_s > 0
        assert any("“shop 1” has the place" in warning for warning in plan.warnings)
        assert any("1 disk of shop 1 stays with the place" in warning for warning in plan.warnings)

    virtually(story)


def test_the_old_one_runs_until_the_copies_are_there() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        order: list[str] = []
        scene.desk.port.on_call = order.append

        await scene.promote()

        changes = [call for call in order if call in ("snapshot", "clone", "shape", "shut_down", "attach", "start")]
        assert changes == ["snapshot", "clone", "shape", "shut_down", "snapshot", "attach", "start"]

    virtually(story)


@pytest.mark.parametrize("disks", [(), EMPTY])
def test_data_of_production_are_replaced_only_where_the_way_says_so(disks: tuple[DiskRule, ...]) -> None:
    async def story() -> None:
        scene = await Scene().begin(succeeding(disks))

        reason = scene.desk.refusal(scene.desk.promotion(scene.new, "production")).reason

        assert (
            reason
            == "Disk “data of 1” of “shop-1” holds data of Production, and what comes along would take its place."
        )
        permitted = msgspec.structs.replace(succeeding(disks, replaces_data=True), version=3)
        await scene.desk.publish(permitted)
        await scene.promote()
        assert scene.made().standing is Standing.WHOLE
        (drives,) = (scene.disks_of(member.uuid) for member in scene.made().members)
        assert drives["1"] not in scene.data.values()
        assert scene.data["1"] in scene.disks_of(scene.machine(scene.old)).values()

    virtually(story)


def test_an_empty_disk_has_the_size_and_place_of_the_copied_one_and_nothing_of_it() -> None:
    async def story() -> None:
        scene = await Scene().begin(succeeding(EMPTY, replaces_data=True))

        await scene.promote()

        (member,) = scene.made().members
        disk = scene.desk.inventory.by_uuid(VDI, scene.disks_of(member.uuid)["1"])
        original = scene.desk.inventory.by_uuid(VDI, scene.data["2"])
        assert disk is not None
        assert original is not None
        assert (disk.name_label, disk.virtual_size, disk.SR) == (
            original.name_label,
            original.virtual_size,
            original.SR,
        )
        assert scene.office.pool.made[disk.uuid]
        assert scene.office.pool.count(VDI) == scene.before["disks"] + 2 + 2  # the copy, the old one's restore point

    virtually(story)


def test_a_disk_that_would_stay_travels_where_nobody_has_the_place() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        assert (await scene.desk.do(scene.desk.demotion(scene.old, "staging", Disks.KEEP))).error is None
        plan = scene.desk.engine.plan(scene.desk.promotion(scene.new, "production"))

        await scene.promote()

        assert "Nobody has the place yet: the disks of shop-2 that would stay with it travel." in plan.warnings
        assert set(scene.disks_of(scene.made().members[0].uuid)) == {"0", "1"}

    virtually(story)


def test_without_the_word_of_the_way_a_full_place_stays_full() -> None:
    async def story() -> None:
        scene = await Scene().begin(copying())

        refused = scene.desk.refusal(scene.desk.promotion(scene.new, "production"))

        assert "Production already has shop 1" in refused.reason

    virtually(story)


def test_a_gate_that_fails_afterwards_gives_everything_back_to_the_old_one() -> None:
    async def story() -> None:
        gate = Script(when=When.AFTER, argv=("smoke",), leads_back=True)
        scene = await Scene().begin(succeeding(gates=(gate,)))
        scene.desk.prober.will("smoke", False)
        seen: list[str] = []
        scene.desk.port.on_call = lambda method: seen.append(method) if method == "start" else None

        await scene.promote()

        scene.everything_is_as_before()
        assert seen == ["start", "start"]  # of the copy, and of the old one again

    virtually(story)


def test_while_it_goes_on_the_old_one_is_shown_as_being_changed() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        seen: set[tuple[str, str]] = set()

        def look(method: str) -> None:
            if method == "attach":
                card = scene.desk.card(scene.old)
                seen.add((card.standing.value, card.stage))

        scene.desk.port.on_call = look
        await scene.promote()

        assert seen == {("running", "production")}

    virtually(story)


METHODS = ("snapshot", "clone", "shape", "shut_down", "detach", "destroy_disk", "attach", "start", "add_key")


@pytest.mark.parametrize("how", ["fail", "lose-before", "lose-after"])
@pytest.mark.parametrize("method", METHODS)
def test_whatever_fails_or_gets_no_answer_nobody_loses_data(method: str, how: str) -> None:
    async def story() -> None:
        for nth in range(1, 40, 1 if method != "add_key" else 4):
            scene = await Scene().begin()
            fault = Fault(method=method, nth=nth, how=how)
            scene.desk.port.faults.append(fault)
            await scene.promote()
            has_struck = fault not in scene.desk.port.faults
            scene.desk.port.faults.clear()
            if scene.desk.card(scene.new).standing is Standing.INTERRUPTED:
                assert (await scene.desk.settle(scene.new, Direction.UNDO)).state is RunState.UNDONE
            if len(scene.desk.board.cards) == 2:
                scene.everything_is_as_before()
            else:
                scene.everything_has_come()
            if not has_struck:
                return

    virtually(story)


@pytest.mark.parametrize("method", ["create_disk", "attach", "destroy_disk", "rename_disk"])
@pytest.mark.parametrize("how", ["fail", "lose-before", "lose-after"])
def test_an_empty_disk_is_made_once_or_not_at_all(method: str, how: str) -> None:
    async def story() -> None:
        scene = await Scene().begin(succeeding(EMPTY, replaces_data=True))
        scene.desk.port.faults.append(Fault(method=method, how=how))

        await scene.promote()

        assert scene.desk.port.faults == []
        if how == "fail":
            assert census(scene.office) == scene.before
        else:
            assert scene.office.pool.count(VDI) == scene.before["disks"] + 2 + 2

    virtually(story)
