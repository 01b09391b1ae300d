"""Two consoles on one pool: whatever order of acts, failures and deaths, nothing is half, unseen or left open.

Stages have networks, storage and hosts of their own, people close and open what they like, and one of them may declare
an emergency. What is closed is counted here, apart from how the program does it.
"""

import asyncio

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from tests.engine.deaths import STALE_S
from tests.engine.desks import INTENDING, Desk
from tests.engine.memory_pool import GIB
from tests.engine.memory_port import Fault
from tests.engine.requesting import person_of
from tests.engine.test_relocation import bound
from tests.engine.test_relocation import workflow as placed
from tests.engine.urgent import declaration, with_declarers
from tests.machines.accounts import Machine, is_barred, machines_of
from tests.machines.offices import OfficeMachine, number_of, thrifty
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.closures import AnyClosure, subject_of
from xsconsole.domain.ids import ConfigurationId, RunId, StageId, Uuid
from xsconsole.domain.plan import Disks
from xsconsole.domain.poolstate import LeaseValue, decode
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import Binding, Kind, Workflow
from xsconsole.domain.workflow.values import NetworkEntry
from xsconsole.engine.commands import (
    Closing,
    Confirmed,
    Demote,
    Direction,
    Emergency,
    FreezeStage,
    HoldBack,
    Lift,
    Promote,
    QuarantineVersion,
    StopTheLine,
)
from xsconsole.engine.runs.runner import Run
from xsconsole.errors import Barred, ConsoleError, Refused

STAGES = ("integration", "patch-testing", "staging", "production")
PLACING = ("put_on", "move_disk", "prefer", "migrate")
FAILING = ("snapshot", "start", "shut_down", "revert", "add_key", "remove_key", "read_vm", "announce", "keys", *PLACING)
LOSING = (*FAILING, "destroy_snapshot", "set_ha_restart_priority", "define_stage_field")


class Promotions(OfficeMachine):
    emergencies = moved_to_another_place = 0  # by all examples together

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[ConfigurationId] = []
        self.before: dict[ConfigurationId, dict[Uuid, Machine]] = {}
        self.closed: list[AnyClosure] = []
        self.written = 0

    @initialize(has_places=st.booleans(), it_burns=st.booleans())
    def open_the_office(self, has_places: bool, it_burns: bool) -> None:
        async def story() -> None:
            self.desks = [self.seat(), self.seat()]
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
            await desk.publish(self._workflow([vm.uuid for vm in (*shop, *crm, *rival)], has_places=has_places))

        self.runner.run(story())
        if it_burns:
            self.go_past_what_is_closed(0, 0)

    def _workflow(self, vms: list[Uuid], *, has_places: bool) -> Workflow:
        """The first of the desks may declare emergencies; where stages have places, production has others."""
        pool, home, away = self.office.pool, Binding(), Binding()
        if has_places:
            here, there, fast = (
                pool.add_network("stage-net"),
                pool.add_network("prod-net"),
                pool.add_storage("SAN-fast"),
            )
            for network in (here, there):
                pool.put(msgspec.structs.replace(network, other_config={"assume_network_is_shared": "true"}))
            second = pool.add_host("xen-2", 64 * GIB)
            for vm in vms:
                pool.plug(vm, here)
                pool.change(vm, resident_on=pool.host.ref)
            home = Binding(networks=(NetworkEntry(logical="front", network=bound(here)),), sr=bound(pool.storage))
            away = Binding(
                networks=(NetworkEntry(logical="front", network=bound(there)),), sr=bound(fast), hosts=(bound(second),)
            )
        made = msgspec.structs.replace(placed(home, away), people=(person_of(self.desks[0], 1),))
        return with_declarers(made if has_places else msgspec.structs.replace(made, networks=()))

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
        self.killed(desk, cut_at, self._try(self.desks[desk], which, choice, disks), keeps_home=keeps_home)

    @precondition(lambda self: self.standing_runs())
    @rule(desk=st.integers(0, 1), direction=st.sampled_from(Direction), cut_at=st.integers(1, 220))
    def be_killed_while_settling(self, desk: int, direction: Direction, cut_at: int) -> None:
        self.killed(desk, cut_at, self._settle(self.desks[desk], direction))

    @precondition(lambda self: self.standing_runs())
    @rule(desk=st.integers(0, 1), direction=st.sampled_from(Direction))
    def settle(self, desk: int, direction: Direction) -> None:
        async def story() -> None:
            await asyncio.sleep(STALE_S)
            await self._settle(self.desks[desk], direction)
            for anyone in self.desks:
                await anyone.engine.begin()

        self.runner.run(story())
        assert not self.standing_runs()
        self._nothing_is_open()

    @precondition(lambda self: len(self.closed) < 2)
    @rule(desk=st.integers(0, 1), which=st.integers(0, 2), what=st.integers(0, 3), is_total=st.booleans())
    def close(self, desk: int, which: int, what: int, is_total: bool) -> None:
        card = self.desks[0].board.cards[self.ids[which]]
        command: Closing = (
            StopTheLine(reason="why", is_total=is_total),
            FreezeStage(stage=StageId(STAGES[which + 1]), reason="why", is_total=is_total),
            HoldBack(configuration=card.id, reason="why"),
            QuarantineVersion(service=card.service, version=card.version, reason="why"),
        )[what]
        try:
            self.closed.append(self.runner.run(self.desks[desk].engine.closings.close(command)))
        except Refused:
            assert any(subject_of(one)[0].value in ("stop", "hold", "quarantine") for one in self.closed)

    @precondition(lambda self: self.closed)
    @rule(desk=st.integers(0, 1), number=st.integers(0, 9))
    def lift(self, desk: int, number: int) -> None:
        closure = self.closed.pop(number % len(self.closed))
        kind, subject = subject_of(closure)
        lifting = Lift(kind=kind, subject=subject, seen=closure, reason="over")
        assert self.runner.run(self.desks[desk].engine.closings.lift(lifting)) == closure

    @rule(desk=st.integers(0, 1), which=st.integers(0, 2))
    def go_past_what_is_closed(self, desk: int, which: int) -> None:
        if not self.closed:
            self.close(1 - desk, which, 0, False)
        self.runner.run(self._try(self.desks[desk], which, 0, Disks.KEEP, Emergency(reason="it burns")))

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
        for board in [desk.board for desk in self.desks]:
            for card in [board.cards[id_] for id_ in self.ids]:
                stages = {member.value.stage for member in card.members}
                if card.standing is Standing.WHOLE:
                    assert stages == {card.stage}
                else:
                    assert card.standing in (Standing.RUNNING, Standing.INTERRUPTED), (card.standing, card.problems)
                    assert card.run is not None

    @invariant()
    def production_holds_one_of_each_service(self) -> None:
        if self.desks:
            cards = self.desks[0].board.cards
            services = [cards[id_].service for id_ in self.ids if cards[id_].stage == "production"]
            assert len(services) == len(set(services))

    @invariant()
    def no_step_is_settled_without_its_intent(self) -> None:
        if not (records := self.standing_runs()):
            return
        facts = [fact for desk in self.desks for fact in desk.ledger.facts] + self.buried
        intended = {(fact.run, fact.step) for fact in facts if fact.event in INTENDING}
        for record in records.values():
            assert {(record.run, step) for step in record.settled} <= intended

    # How it is done

    async def _try(self, desk: Desk, which: int, choice: int, disks: Disks, emergency: Emergency | None = None) -> None:
        card = desk.card(self.ids[which])
        workflow = desk.board.workflow
        assert workflow is not None
        ways = workflow.transitions_from(card.stage)
        way = ways[choice % len(ways)]
        command: Promote | Demote = Promote(
            configuration=card.id, revision=card.revision, target=way.target, emergency=emergency
        )
        if way.kind is Kind.DEMOTE:
            command = Demote(configuration=card.id, revision=card.revision, target=way.target, disks=disks)
        before = machines_of(card, self.office.pool)
        try:
            run = await self._open(desk, command)
            assert not is_barred(card, way, self.closed) or self._is_declared(desk, run.id)
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
                was = self.before.pop(card.id)
                Promotions.moved_to_another_place += any(
                    machine.storages != was[uuid].storages
                    for uuid, machine in machines_of(after, self.office.pool).items()
                )
            case RunState.UNDONE:
                assert (after.stage, after.revision) == (card.stage, card.revision)
                assert machines_of(after, self.office.pool) == self.before.pop(card.id)
            case _:
                assert after.run is not None or status.state is RunState.INTERRUPTED

    async def _open(self, desk: Desk, command: Promote | Demote) -> Run:
        if not isinstance(command, Promote) or command.emergency is None:
            return await desk.open(command)
        signed = declaration(desk, command)
        digest = desk.engine.plan(command).digest
        run = await desk.engine.open(Confirmed(command=command, digest=digest, declaration=signed))
        Promotions.emergencies += 1
        return run

    def _is_declared(self, desk: Desk, run: RunId) -> bool:
        """Say whether it is on record as an emergency, of the one who may, before any step of it."""
        events = [fact.event for fact in desk.ledger.facts if fact.run == run]
        assert desk is self.desks[0]
        return events[:2] == [AuditEvent.RUN_OPENED, AuditEvent.EMERGENCY_DECLARED]

    async def _settle(self, desk: Desk, direction: Direction) -> None:
        for id_ in self.standing_runs():
            try:
                status = await desk.settle(id_, direction)
            except Barred:  # what is closed lets nothing go on
                assert self.closed
                status = await desk.settle(id_, Direction.UNDO)
            except Refused:
                continue
            after = desk.board.cards[id_]
            if status.state is RunState.UNDONE:
                assert machines_of(after, self.office.pool) == self.before[id_]
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

    def _card(self, which: int) -> Card | None:
        return self.desks[0].board.cards[self.ids[which]] if self.desks else None

    def _nothing_is_open(self) -> None:
        leases: dict[str, LeaseValue | None] = {}
        for key, text in sorted(self.office.pool.keys.items(), key=lambda item: number_of(item[0])):
            if ".lease." in key:
                leases[key.rpartition(".")[0]] = decode(text, LeaseValue)
        assert all(lease is not None and lease.state == "free" for lease in leases.values() if self._is_young(lease))
        for desk in self.desks:
            opened = self.runner.run(desk.ledger.open_runs())
            assert not opened, opened

    def _is_young(self, lease: LeaseValue | None) -> bool:
        """A lease whose home is lost for good stays until it is stale; nobody holds it then."""
        return lease is not None and any(lease.nonce in desk.ledger.known_nonces for desk in self.desks)


class TestPromotions(Promotions.TestCase):  # type: ignore[name-defined,misc]
    def runTest(self) -> None:
        super().runTest()
        assert Promotions.emergencies
        assert Promotions.moved_to_another_place


TestPromotions.settings = thrifty(20, 24)
