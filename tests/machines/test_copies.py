"""Copies and moves into a place that is taken, by two consoles: whatever fails or dies, no disk is lost or doubled."""

import asyncio

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from tests.engine.deaths import STALE_S
from tests.engine.desks import Desk
from tests.engine.memory_port import Fault
from tests.engine.test_succession import STAYS, succeeding
from tests.machines.offices import OfficeMachine, thrifty
from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.inventory import VBD, VDI
from xsconsole.domain.lineage import standby_of
from xsconsole.domain.plan import Disks
from xsconsole.domain.poolstate import RESTORE_POINT_KEY, RestorePointMark, decode
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import Method, Workflow
from xsconsole.engine.commands import Create, Demote, Direction, NewMember, Plannable, Promote
from xsconsole.errors import ConsoleError, Refused

FAILING = ("snapshot", "clone", "copy", "shape", "start", "shut_down", "attach", "detach", "destroy_disk", "add_key")
LOSING = (*FAILING, "destroy", "destroy_snapshot", "remove_key", "disk_at", "named", "read_vm")
DATA_DEVICE = "1"


def workflow(method: Method) -> Workflow:
    """Into production by this method, from staging; whoever is there goes back to staging."""
    made = succeeding(STAYS, method=method)
    return msgspec.structs.replace(made, version=2)


class Copies(OfficeMachine):
    def __init__(self) -> None:
        super().__init__()
        self.data: dict[Uuid, str] = {}

    @initialize(method=st.sampled_from(Method), runs=st.booleans())
    def open_the_office(self, method: Method, runs: bool) -> None:
        async def story() -> None:
            self.desks = [self.seat(), self.seat()]
            desk = self.desks[0]
            await desk.engine.publish_default()
            for version, stage in (("1", "production"), ("2", "staging"), ("3", "staging")):
                vms = [
                    self.office.pool.add_vm(f"{role}-{version}", "Running" if runs else "Halted", order=order)
                    for order, role in enumerate(("db", "web"))
                ]
                self.data[self.office.pool.add_disk(vms[0].uuid, f"data {version}", DATA_DEVICE)] = version
                members = tuple(NewMember(vm=vm.uuid, role=role) for vm, role in zip(vms, ("db", "web"), strict=True))
                command = Create(service="shop", version=version, stage=StageId(stage), members=members)
                assert (await desk.do(command)).error is None
            await desk.publish(workflow(method))

        self.runner.run(story())

    # What people and the world do

    @rule(desk=st.integers(0, 1), choice=st.integers(0, 9))
    def go_on(self, desk: int, choice: int) -> None:
        self.runner.run(self._try(self.desks[desk], choice))

    @rule(choice=st.integers(0, 9), other=st.integers(0, 9))
    def go_on_at_the_same_moment(self, choice: int, other: int) -> None:
        async def story() -> None:
            await asyncio.gather(self._try(self.desks[0], choice), self._try(self.desks[1], other))

        self.runner.run(story())

    @rule(
        desk=st.integers(0, 1),
        choice=st.integers(0, 9),
        fault=st.sampled_from(FAILING).map(lambda method: (method, "fail"))
        | st.tuples(st.sampled_from(LOSING), st.sampled_from(["lose-before", "lose-after"])),
        nth=st.integers(1, 12),
    )
    def go_on_with_a_failure(self, desk: int, choice: int, fault: tuple[str, str], nth: int) -> None:
        async def story() -> None:
            self.desks[desk].port.faults.append(Fault(method=fault[0], nth=nth, how=fault[1]))
            await self._try(self.desks[desk], choice)
            self.desks[desk].port.faults.clear()

        self.runner.run(story())

    @rule(desk=st.integers(0, 1), choice=st.integers(0, 9), cut_at=st.integers(1, 700), keeps_home=st.booleans())
    def be_killed(self, desk: int, choice: int, cut_at: int, keeps_home: bool) -> None:
        self.killed(desk, cut_at, self._try(self.desks[desk], choice), keeps_home=keeps_home)

    @precondition(lambda self: self.standing_runs())
    @rule(desk=st.integers(0, 1), direction=st.sampled_from(Direction), cut_at=st.integers(1, 500))
    def be_killed_while_settling(self, desk: int, direction: Direction, cut_at: int) -> None:
        self.killed(desk, cut_at, self._settle(self.desks[desk], direction))

    @precondition(lambda self: self.standing_runs())
    @rule(desk=st.integers(0, 1), direction=st.sampled_from(Direction))
    def settle(self, desk: int, direction: Direction) -> None:
        async def story() -> None:
            await asyncio.sleep(STALE_S)
            await self._settle(self.desks[desk], direction)

        self.runner.run(story())
        assert not self.standing_runs()

    # What must hold at every moment

    @invariant()
    def no_data_disk_is_lost_or_in_two_places(self) -> None:
        records = self.office.pool.records.values()
        present = {record.uuid for record in records if isinstance(record, VDI)}
        assert set(self.data) <= present
        refs = {record.ref for record in records if isinstance(record, VDI) and record.uuid in self.data}
        holders = [record.VDI for record in records if isinstance(record, VBD) and record.VDI in refs]
        assert len(holders) == len(set(holders))

    @invariant()
    def without_a_run_everything_is_whole_and_nothing_is_left_over(self) -> None:
        if not self.desks or self.standing_runs():
            return
        pool = self.office.pool
        board = self.desks[0].board
        assert {card.standing for card in board.cards.values()} == {Standing.WHOLE}
        assert board.strays == ()
        members = {member.uuid for card in board.cards.values() for member in card.members}
        assert members == {vm.uuid for vm in pool.vms() if not vm.is_a_snapshot}
        attached = {record.VDI for record in pool.records.values() if isinstance(record, VBD)}
        assert attached == {record.ref for record in pool.records.values() if isinstance(record, VDI)}
        for vm in pool.vms():
            if vm.is_a_snapshot:
                mark = decode(vm.other_config.get(RESTORE_POINT_KEY, ""), RestorePointMark)
                assert mark is not None
                assert mark.purpose == "restore-point"

    @invariant()
    def production_holds_one(self) -> None:
        if self.desks and not self.standing_runs():
            assert len(self.desks[0].board.in_stage(StageId("production"))) <= 1

    # How it is done

    async def _try(self, desk: Desk, choice: int) -> None:
        cards = sorted(desk.board.cards.values(), key=lambda card: card.id)
        card = cards[choice % len(cards)]
        command = _command(card, desk.board, may_swap=choice > 4)
        try:
            run = await desk.open(command)
            status = await run.wait()
        except Refused:
            return
        except ConsoleError:
            desk.port.faults.clear()
            return
        assert status.ended_at is not None
        if status.state is RunState.DONE and isinstance(command, Promote):
            is_moved = status.plan.intent.method is Method.MOVE
            assert desk.card(card.id).stage == ("production" if is_moved else "staging")
            assert is_moved or status.plan.intent.makes in desk.board.cards

    async def _settle(self, desk: Desk, direction: Direction) -> None:
        for id_ in self.standing_runs():
            try:
                status = await desk.settle(id_, direction)
            except Refused:
                continue
            assert status.state in (RunState.DONE, RunState.UNDONE), status.error


def _command(card: Card, board: Board, *, may_swap: bool) -> Plannable:
    """Return the promotion of what is in staging, and the demotion of what is in production, swapped where it may."""
    if card.stage == "production":
        disks = Disks.SWAP if may_swap and standby_of(card, board) is not None else Disks.KEEP
        return Demote(configuration=card.id, revision=card.revision, target=StageId("staging"), disks=disks)
    return Promote(configuration=card.id, revision=card.revision, target=StageId("production"))


TestCopies = Copies.TestCase
TestCopies.settings = thrifty(12, 12)
