"""A copying that fails or is disturbed at any point: afterwards it is whole, or nothing of it is left."""

import pytest

from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_copying import census, copying, made
from xsconsole.domain.board import Standing
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import Direction
from xsconsole.errors import ConsoleError

CHANGING = ("snapshot", "clone", "shape", "start", "add_key", "remove_key", "destroy_snapshot")


class Scene:
    """A running shop in staging, and a way into production that copies."""

    def __init__(self, method: Method = Method.LINKED_CLONE) -> None:
        self.office = Office()
        self.desk = self.office.desk()
        self.method = method

    async def begin(self) -> "Scene":
        self.shop = await self.office.shop(self.desk)
        await self.desk.publish(copying(self.method))
        self.before = census(self.office)
        self.machines = {vm.uuid: (vm.name_label, vm.power_state) for vm in self.office.pool.vms()}
        return self

    async def promote(self, desk: Desk) -> None:
        try:
            await desk.do(desk.promotion(self.shop, "production"))
        except ConsoleError:
            return

    def nothing_is_left(self) -> None:
        assert census(self.office) == self.before
        assert {vm.uuid: (vm.name_label, vm.power_state) for vm in self.office.pool.vms()} == self.machines
        self.nothing_is_open()

    def all_is_there(self, desk: Desk) -> None:
        card = made(desk, self.shop)
        assert (card.stage, card.standing, len(card.members)) == ("production", Standing.WHOLE, 3)
        assert {member.power_state for member in card.members} == {"Running"}
        assert not any(vm.is_a_snapshot for vm in self.office.pool.vms())
        assert len(self.office.pool.vms()) == 6
        self.nothing_is_open()

    def nothing_is_open(self) -> None:
        assert not any(".run." in key for key in self.office.pool.keys)


@pytest.mark.parametrize("how", ["fail", "lose-before", "lose-after"])
@pytest.mark.parametrize("method", CHANGING)
def test_whatever_fails_or_gets_no_answer_it_is_whole_or_nothing_is_left(method: str, how: str) -> None:
    async def story() -> None:
        for nth in range(1, 40, 1 if method not in ("add_key", "remove_key") else 3):
            scene = await Scene().begin()
            fault = Fault(method=method, nth=nth, how=how)
            scene.desk.port.faults.append(fault)
            await scene.promote(scene.desk)
            has_struck = fault not in scene.desk.port.faults
            scene.desk.port.faults.clear()
            if scene.desk.card(scene.shop).standing is Standing.INTERRUPTED:
                await scene.desk.settle(scene.shop, Direction.UNDO)
            if len(scene.desk.board.cards) == 1:
                scene.nothing_is_left()
            else:
                scene.all_is_there(scene.desk)
            if not has_struck:
                return

    virtually(story)


@pytest.mark.parametrize(
    ("victim", "moment"),
    [
        ("source", "clone"),
        ("source", "start"),
        ("candidate", "clone"),
        ("candidate", "shape"),
        ("copy", "shape"),
        ("copy", "start"),
    ],
)
def test_a_machine_that_somebody_deletes_meanwhile_ends_it_and_nothing_else_is_left(victim: str, moment: str) -> None:
    async def story() -> None:
        scene = await Scene().begin()
        pool = scene.office.pool
        gone: list[str] = []

        def delete(method: str) -> None:
            if method != moment or gone:
                return
            found = {
                "source": [vm for vm in pool.vms() if vm.is_ordinary and vm.name_label == "shop-lb"],
                "candidate": [vm for vm in pool.vms() if vm.is_a_snapshot],
                "copy": [vm for vm in pool.vms() if "Production" in vm.name_label and not vm.is_a_snapshot],
            }[victim]
            if found:
                gone.append(found[-1].uuid)
                pool.forget(found[-1].uuid)

        scene.desk.port.on_call = delete
        await scene.promote(scene.desk)
        scene.desk.port.on_call = lambda _: None

        assert gone
        assert scene.desk.card(scene.shop).run is None
        left = {vm.uuid for vm in pool.vms()} - set(scene.machines)
        if len(scene.desk.board.cards) == 2:
            assert victim != "copy"
            assert len(left) == 3
        else:
            assert left == set()
        assert not any(vm.is_a_snapshot for vm in pool.vms())

    virtually(story)


def test_an_abort_puts_everything_back() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        run = await scene.desk.open(scene.desk.promotion(scene.shop, "production"))
        scene.desk.port.on_call = lambda method: run.abort() if method == "start" else None

        status = await run.wait()

        assert status.state is RunState.UNDONE
        scene.desk.port.on_call = lambda _: None
        scene.nothing_is_left()
        assert AuditEvent.UNDO_FAILED not in scene.desk.ledger.events()

    virtually(story)


def test_what_was_put_back_in_part_goes_forward_again() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk = scene.desk
        run = await desk.open(desk.promotion(scene.shop, "production"))
        desk.port.faults.append(Fault(method="start", nth=2))
        desk.port.on_call = lambda method: run.stop() if method == "destroy" else None
        assert (await run.wait()).state is RunState.INTERRUPTED
        desk.port.on_call = lambda _: None

        status = await desk.settle(scene.shop, Direction.RESUME)

        assert status.state is RunState.DONE, status.error
        scene.all_is_there(desk)

    virtually(story)


def test_from_the_card_that_comes_into_being_the_run_can_be_settled_too() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk = scene.desk
        run = await desk.open(desk.promotion(scene.shop, "production"))
        desk.port.on_call = lambda method: run.stop() if method == "networks_of" or is_entered(scene) else None
        assert (await run.wait()).state is RunState.INTERRUPTED
        desk.port.on_call = lambda _: None
        card = made(desk, scene.shop)
        assert (card.standing, card.stage) == (Standing.INTERRUPTED, "production")

        assert (await desk.settle(card.id, Direction.UNDO)).state is RunState.UNDONE

        scene.nothing_is_left()

    virtually(story)


def is_entered(scene: Scene) -> bool:
    return len(scene.desk.board.cards) == 2


def test_while_it_goes_on_its_copies_are_no_strays() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        seen: list[int] = []
        scene.desk.port.on_call = lambda _: seen.append(len(scene.desk.board.strays))

        await scene.promote(scene.desk)

        assert set(seen) == {0}

    virtually(story)
