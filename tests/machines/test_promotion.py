"""Two consoles on one pool: whatever order of acts, failures and deaths, nothing is half, unseen or left open."""

import asyncio
from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.engine.desks import Desk, MemoryLedger, Office, VirtualLoop
from tests.engine.memory_port import Fault
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.ids import ConfigurationId, Uuid
from xsconsole.domain.plan import Disks
from xsconsole.domain.poolstate import LeaseValue, RunRecord, decode, decode_run
from xsconsole.domain.record import AuditEvent, Fact
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Demote, Direction, Promote
from xsconsole.errors import ConsoleError, Refused

STAGES = ("integration", "patch-testing", "staging", "production")
FAILING = ("snapshot", "start", "shut_down", "revert", "add_key", "remove_key", "read_vm", "announce", "keys")
LOSING = (*FAILING, "destroy_snapshot", "set_ha_restart_priority", "define_stage_field")
STALE_S = 61.0


@dataclass(frozen=True)
class Machine:
    """What undoing must bring back: name, our values and everybody's keys, power, protection, disks, snapshots."""

    name: str
    power_state: str
    keys: frozenset[tuple[str, str]]
    blocked: frozenset[tuple[str, str]]
    content: str
    snapshots: frozenset[str]


class Promotions(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.runner = asyncio.Runner(loop_factory=lambda: self.loop)
        self.office = Office()
        self.desks: list[Desk] = []
        self.ids: list[ConfigurationId] = []
        self.before: dict[ConfigurationId, dict[Uuid, Machine]] = {}
        self.written = 0
        self._buried: list[Fact] = []

    @initialize()
    def open_the_office(self) -> None:
        async def story() -> None:
            self.desks = [self.office.desk(), self.office.desk()]
            pool = self.office.pool
            shop = [pool.add_vm("shop-db", "Running", order=0), pool.add_vm("shop-web", "Halted", order=1)]
            crm = [pool.add_vm("crm", "Halted")]
            rival = [pool.add_vm("shop-next", "Running")]
            desk = self.desks[0]
            self.ids = [
                await self.office.configuration(desk, "shop", "1", "staging", [vm.uuid for vm in shop]),
                await self.office.configuration(desk, "crm", "7", "patch-testing", [vm.uuid for vm in crm]),
                await self.office.configuration(desk, "shop", "2", "staging", [vm.uuid for vm in rival]),
            ]

        self.runner.run(story())

    def teardown(self) -> None:
        self.runner.close()
        assert not self.loop.bugs, self.loop.bugs

    # What people and the world do

    @rule(desk=st.integers(0, 1), which=st.integers(0, 2), choice=st.integers(0, 3), disks=st.sampled_from(Disks))
    def move(self, desk: int, which: int, choice: int, disks: Disks) -> None:
        self.runner.run(self._try(self.desks[desk], which, choice, disks))

    @rule(which=st.integers(0, 2), choice=st.integers(0, 3), other=st.integers(0, 2), disks=st.sampled_from(Disks))
    def move_at_the_same_moment(self, which: int, choice: int, other: int, disks: Disks) -> None:
        async def story() -> None:
            await asyncio.gather(
                self._try(self.desks[0], which, choice, disks), self._try(self.desks[1], other, choice, disks)
            )

        self.runner.run(story())

    @rule(
        desk=st.integers(0, 1),
        which=st.integers(0, 2),
        choice=st.integers(0, 3),
        disks=st.sampled_from(Disks),
        method=st.sampled_from(FAILING),
        nth=st.integers(1, 25),
    )
    def move_with_a_failure(self, desk: int, which: int, choice: int, disks: Disks, method: str, nth: int) -> None:
        self._with_fault(self.desks[desk], which, choice, disks, Fault(method=method, nth=nth))

    @rule(
        desk=st.integers(0, 1),
        which=st.integers(0, 2),
        choice=st.integers(0, 3),
        disks=st.sampled_from(Disks),
        method=st.sampled_from(LOSING),
        nth=st.integers(1, 25),
        how=st.sampled_from(("lose-before", "lose-after")),
    )
    def move_over_a_broken_road(
        self, desk: int, which: int, choice: int, disks: Disks, method: str, nth: int, how: str
    ) -> None:
        self._with_fault(self.desks[desk], which, choice, disks, Fault(method=method, nth=nth, how=how))

    @rule(
        desk=st.integers(0, 1),
        which=st.integers(0, 2),
        choice=st.integers(0, 3),
        disks=st.sampled_from(Disks),
        cut_at=st.integers(1, 220),
        keeps_home=st.booleans(),
    )
    def be_killed_while_moving(
        self, desk: int, which: int, choice: int, disks: Disks, cut_at: int, keeps_home: bool
    ) -> None:
        self._killed(desk, cut_at, keeps_home, self._try(self.desks[desk], which, choice, disks))

    @precondition(lambda self: self._interrupted())
    @rule(desk=st.integers(0, 1), direction=st.sampled_from(Direction), cut_at=st.integers(1, 220))
    def be_killed_while_settling(self, desk: int, direction: Direction, cut_at: int) -> None:
        self._killed(desk, cut_at, True, self._settle(self.desks[desk], direction))

    @precondition(lambda self: self._interrupted())
    @rule(desk=st.integers(0, 1), direction=st.sampled_from(Direction))
    def settle(self, desk: int, direction: Direction) -> None:
        async def story() -> None:
            await asyncio.sleep(STALE_S)
            await self._settle(self.desks[desk], direction)
            for anyone in self.desks:
                await anyone.engine.begin()

        self.runner.run(story())
        assert not self._interrupted()
        self._nothing_is_open()

    @rule(which=st.integers(0, 2))
    def write_to_the_disks(self, which: int) -> None:
        card = self._card(which)
        if card is not None and card.run is None:
            for member in card.members:
                self.written += 1
                self.office.pool.contents[member.uuid] = f"writing {self.written}"

    @rule()
    def let_a_minute_pass(self) -> None:
        self.runner.run(asyncio.sleep(STALE_S))

    # What must hold at every moment

    @invariant()
    def every_configuration_is_in_one_stage_or_shown_as_what_it_is(self) -> None:
        for desk in self.desks:
            for id_ in self.ids:
                card = desk.board.cards[id_]
                stages = {member.value.stage for member in card.members}
                if card.standing is Standing.WHOLE:
                    assert stages == {card.stage}
                else:
                    assert card.standing in (Standing.RUNNING, Standing.INTERRUPTED), (card.standing, card.problems)
                    assert card.run is not None

    @invariant()
    def production_holds_one_of_each_service(self) -> None:
        if self.desks:
            cards = [self.desks[0].board.cards[id_] for id_ in self.ids]
            services = [card.service for card in cards if card.stage == "production"]
            assert len(services) == len(set(services))

    @invariant()
    def no_step_is_settled_without_its_intent(self) -> None:
        intended = {
            (fact.run, fact.step)
            for desk in self.desks
            for fact in desk.ledger.facts + self._buried
            if fact.event in (AuditEvent.STEP_INTENDED, AuditEvent.UNDO_INTENDED)
        }
        for record in self._records():
            assert {(record.run, step) for step in record.settled} <= intended

    # How it is done

    async def _try(self, desk: Desk, which: int, choice: int, disks: Disks) -> None:
        card = desk.card(self.ids[which])
        workflow = desk.board.workflow
        assert workflow is not None
        ways = workflow.transitions_from(card.stage)
        way = ways[choice % len(ways)]
        command: Promote | Demote = Promote(configuration=card.id, revision=card.revision, target=way.target)
        if way.kind.value == "demote":
            command = Demote(configuration=card.id, revision=card.revision, target=way.target, disks=disks)
        before = self._machines(card)
        try:
            run = await desk.open(command)
            self.before[card.id] = before
            status = await run.wait()
        except Refused:
            return
        except ConsoleError:
            desk.port.faults.clear()
            return
        after = desk.board.cards[card.id]
        assert status.ended_at is not None
        match status.state:
            case RunState.DONE:
                assert (after.stage, after.revision) == (way.target, card.revision + 1)
                self.before.pop(card.id)
            case RunState.UNDONE:
                assert (after.stage, after.revision) == (card.stage, card.revision)
                assert self._machines(after) == self.before.pop(card.id)
            case _:
                assert after.run is not None or status.state is RunState.INTERRUPTED

    async def _settle(self, desk: Desk, direction: Direction) -> None:
        for id_ in self._interrupted():
            try:
                status = await desk.settle(id_, direction)
            except Refused:
                continue
            after = desk.board.cards[id_]
            if status.state is RunState.UNDONE:
                assert self._machines(after) == self.before[id_]
            assert status.state in (RunState.DONE, RunState.UNDONE), status.error
            assert after.standing is Standing.WHOLE
            intent = status.plan.intent
            assert after.stage == (intent.target if status.state is RunState.DONE else intent.source)
            self.before.pop(id_, None)

    def _with_fault(self, desk: Desk, which: int, choice: int, disks: Disks, fault: Fault) -> None:
        async def story() -> None:
            desk.port.faults.append(fault)
            await self._try(desk, which, choice, disks)
            desk.port.faults.clear()

        self.runner.run(story())

    def _killed(self, number: int, cut_at: int, keeps_home: bool, story: object) -> None:
        async def doomed() -> None:
            desk = self.desks[number]
            desk.cut_at = cut_at
            task = asyncio.ensure_future(story)  # type: ignore[call-overload]
            await asyncio.wait([task])
            error = None if task.cancelled() else task.exception()
            if error is not None and not desk.is_dead:
                raise error
            desk.cut_at = None
            if desk.is_dead:
                left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
                for task in left:
                    task.cancel()
                if left:
                    await asyncio.wait(left)
                self._buried = [*self._buried, *desk.ledger.facts]
                self.desks[number] = self.office.desk(desk.ledger if keeps_home else MemoryLedger())
                await self.desks[number].engine.begin()

        self.runner.run(doomed())

    def _card(self, which: int) -> Card | None:
        return self.desks[0].board.cards[self.ids[which]] if self.desks else None

    def _interrupted(self) -> list[ConfigurationId]:
        return [record.plan.intent.configuration for record in self._records()]

    def _records(self) -> list[RunRecord]:
        records: dict[ConfigurationId, RunRecord] = {}
        for key, text in sorted(self.office.pool.keys.items(), key=lambda item: _number(item[0])):
            record = decode_run(text) if ".run." in key else None
            if record is not None:
                records[record.plan.intent.configuration] = record
        return list(records.values())

    def _machines(self, card: Card) -> dict[Uuid, Machine]:
        return {member.uuid: self._machine(member.uuid) for member in card.members}

    def _machine(self, uuid: Uuid) -> Machine:
        vm = self.office.pool.vm(uuid)
        return Machine(
            name=vm.name_label,
            power_state=vm.power_state,
            keys=frozenset((key.rstrip("0123456789"), text) for key, text in vm.other_config.items()),
            blocked=frozenset(vm.blocked_operations.items()),
            content=self.office.pool.contents[uuid],
            snapshots=frozenset(snapshot.uuid for snapshot in self.office.pool.snapshots_of(uuid)),
        )

    def _nothing_is_open(self) -> None:
        leases: dict[str, LeaseValue | None] = {}
        for key, text in sorted(self.office.pool.keys.items(), key=lambda item: _number(item[0])):
            if ".lease." in key:
                leases[key.rpartition(".")[0]] = decode(text, LeaseValue)
        assert all(lease is not None and lease.state == "free" for lease in leases.values() if self._is_young(lease))
        for desk in self.desks:
            opened = self.runner.run(desk.ledger.open_runs())
            assert not opened, opened

    def _is_young(self, lease: LeaseValue | None) -> bool:
        """A lease whose home is lost for good stays until it is stale; nobody holds it then."""
        return lease is not None and any(lease.nonce in desk.ledger.known_nonces for desk in self.desks)


def _number(key: str) -> int:
    tail = key.rpartition(".")[2]
    return int(tail) if tail.isdecimal() else 0


TestPromotions = Promotions.TestCase
TestPromotions.settings = settings(
    max_examples=24, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
