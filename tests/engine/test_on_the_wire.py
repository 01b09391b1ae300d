"""The engine with the real gateway and the real store on the embedded pool: scenario acme, over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from embedded import EmbeddedPool, embedded_pool

from xsconsole.console.probing import LocalProber
from xsconsole.domain.board import Board, Card, Standing, derive, disks_of
from xsconsole.domain.events import LinkChanged, StepProgressed
from xsconsole.domain.ids import ConsoleId, StageId
from xsconsole.domain.inventory import VM, ChangeBatch, Inventory
from xsconsole.domain.plan import Disks
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.engine.commands import Confirmed, Demote, Direction, Plannable, Promote, Settle
from xsconsole.engine.engine import Engine
from xsconsole.engine.lease import LeaseTiming, Me
from xsconsole.errors import HeldElsewhere, PoolFailed, Refused, RunFailed
from xsconsole.store.keys import SigningKey, is_signature
from xsconsole.store.ledger import Origin, SqliteLedger
from xsconsole.system import RandomIds, SystemClock
from xsconsole.xapi.gateway import Gateway

DEADLINE_S = 60.0


class Password:
    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value


class Seat:
    """A console without its door: gateway, ledger, mirror and engine."""

    def __init__(self, ledger: SqliteLedger, name: str) -> None:
        self.ledger = ledger
        self.name = name
        self.inventory = Inventory()
        self.reports: list[RunStatus | StepProgressed] = []
        self.engine: Engine | None = None
        self._news = asyncio.Event()

    async def connect(self, pool: EmbeddedPool, user: str) -> None:
        password = Password(pool.passwords[user])
        self.gateway = await Gateway.open(pool.url, user, password, None, self._hear, self._hear_link)
        self.engine = Engine(
            pool=self.gateway.pool,
            ledger=self.ledger,
            clock=SystemClock(),
            ids=RandomIds(),
            me=Me(console=ConsoleId(self.name), name=self.name, process=self.name, is_gone=lambda _: False),
            world=self,
            observe=self.reports.append,
            prober=LocalProber(Path("/nowhere")),
            check=is_signature,
            timing=LeaseTiming(ttl_s=20, renew_s=5),
        )
        self._pass_on()
        await self.doing.begin()
        await self.doing.publish_default()
        await self.until(lambda: self.board.workflow is not None)

    async def close(self) -> None:
        await self.doing.close()
        await self.gateway.close()
        await self.ledger.close()

    @property
    def doing(self) -> Engine:
        assert self.engine is not None
        return self.engine

    @property
    def board(self) -> Board:
        return derive(self.inventory, self.doing.watch.shown_holder_of)

    def card(self, name: str) -> Card:
        return next(card for card in self.board.cards.values() if card.name == name)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def do(self, command: Plannable) -> RunStatus:
        plan = self.doing.plan(command)
        run = await self.doing.open(Confirmed(command=command, digest=plan.digest))
        return await run.wait()

    def promotion(self, name: str, target: str) -> Promote:
        card = self.card(name)
        return Promote(configuration=card.id, revision=card.revision, target=StageId(target), reason="the release")

    def demotion(self, name: str, target: str, disks: Disks) -> Demote:
        card = self.card(name)
        return Demote(configuration=card.id, revision=card.revision, target=StageId(target), disks=disks)

    def disks(self, name: str) -> set[str]:
        vms = [self.inventory.get(VM, member.ref) for member in self.card(name).members]
        return {disk.uuid for vm in vms if vm is not None for disk in disks_of(self.inventory, vm)}

    async def events(self) -> list[AuditEvent]:
        rows = await self.ledger.page(AuditQuery(), limit=500)
        return [row.fact.event for row in reversed(rows)]

    def _hear(self, batch: ChangeBatch) -> None:
        self.inventory.apply(batch)
        self._pass_on()
        self._news.set()

    def _pass_on(self) -> None:
        if self.engine is not None and self.inventory.pool is not None:
            self.engine.hear(self.inventory.pool.other_config)

    def _hear_link(self, change: LinkChanged) -> None:
        self._news.set()


@pytest.fixture
async def seats(tmp_path: Path) -> AsyncIterator[tuple[EmbeddedPool, Seat, Seat]]:
    """Two people with the role pool-operator or more, at one pool."""
    with embedded_pool("--speed", "100") as pool:
        taken = []
        for number, user in enumerate(("alice", "adam")):
            name = f"desk of {user}"
            origin = Origin(console=ConsoleId(name), console_name=name, os_user=user, zone=lambda: "UTC")
            home = tmp_path / str(number)
            home.mkdir()
            key = SigningKey(private=Ed25519PrivateKey.generate())
            seat = Seat(await SqliteLedger.open(home, origin, key, SystemClock()), name)
            await seat.connect(pool, user)
            taken.append(seat)
        try:
            yield pool, taken[0], taken[1]
        finally:
            for seat in taken:
                await seat.close()


async def test_shop_goes_to_production_and_the_other_console_sees_it(seats: tuple[EmbeddedPool, Seat, Seat]) -> None:
    _, alice, adam = seats

    status = await alice.do(alice.promotion("shop 1.3.0", "production"))

    assert status.error is None
    await adam.until(lambda: adam.card("shop 1.3.0").stage == "production" and not adam.card("shop 1.3.0").run)
    card = adam.card("shop 1.3.0")
    assert card.standing is Standing.WHOLE
    assert card.restore_points[0].is_whole
    assert (await alice.ledger.open_runs()) == ()
    assert (await alice.events())[-1] is AuditEvent.RUN_CLOSED


async def test_the_way_back_returns_to_the_restore_point(seats: tuple[EmbeddedPool, Seat, Seat]) -> None:
    _, alice, adam = seats
    await alice.do(alice.promotion("shop 1.3.0", "production"))
    await adam.until(lambda: adam.card("shop 1.3.0").stage == "production" and not adam.card("shop 1.3.0").run)
    before = adam.disks("shop 1.3.0")

    status = await adam.do(adam.demotion("shop 1.3.0", "staging", Disks.RESTORE))

    assert status.error is None
    await adam.until(lambda: adam.card("shop 1.3.0").stage == "staging" and not adam.card("shop 1.3.0").run)
    card = adam.card("shop 1.3.0")
    assert card.standing is Standing.WHOLE
    assert {member.power_state for member in card.members} == {"Running"}
    assert not before & adam.disks("shop 1.3.0")


async def test_a_failed_return_puts_the_present_back(seats: tuple[EmbeddedPool, Seat, Seat]) -> None:
    pool, alice, _ = seats
    await alice.do(alice.promotion("shop 1.3.0", "production"))
    await alice.until(lambda: alice.card("shop 1.3.0").stage == "production" and not alice.card("shop 1.3.0").run)
    snapshots = sum(vm.is_a_snapshot for vm in alice.inventory.all(VM))
    pool.control("fail", method="VM.revert", nth=3, code="VM_REVERT_FAILED", params=["a", "b"])

    status = await alice.do(alice.demotion("shop 1.3.0", "staging", Disks.RESTORE))

    assert status.state is RunState.UNDONE
    await alice.until(lambda: not alice.card("shop 1.3.0").run)
    await alice.until(lambda: sum(vm.is_a_snapshot for vm in alice.inventory.all(VM)) == snapshots)
    card = alice.card("shop 1.3.0")
    assert (card.stage, card.standing) == ("production", Standing.WHOLE)
    assert {member.power_state for member in card.members} == {"Running"}
    assert all("destroy" in _vm(alice, member.uuid).blocked_operations for member in card.members)


async def test_a_full_storage_leaves_the_card_where_it_was(seats: tuple[EmbeddedPool, Seat, Seat]) -> None:
    pool, alice, _ = seats
    snapshots = sum(vm.is_a_snapshot for vm in alice.inventory.all(VM))
    pool.control("fail", method="VM.snapshot", nth=3, code="SR_BACKEND_FAILURE_44", params=["", "no space", ""])

    status = await alice.do(alice.promotion("shop 1.3.0", "production"))

    assert isinstance(status.error, RunFailed)
    assert isinstance(status.error.cause, PoolFailed)
    assert status.error.cause.code == "SR_BACKEND_FAILURE_44"
    await alice.until(lambda: not alice.card("shop 1.3.0").run)
    assert alice.card("shop 1.3.0").stage == "staging"
    await alice.until(lambda: sum(vm.is_a_snapshot for vm in alice.inventory.all(VM)) == snapshots)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("method", ["VM.snapshot", "VM.add_to_other_config", "pool.add_to_other_config"])
async def test_a_broken_road_does_nothing_twice(seats: tuple[EmbeddedPool, Seat, Seat], method: str, when: str) -> None:
    pool, alice, _ = seats
    pool.control("drop", method=method, nth=3, when=when)

    status = await alice.do(alice.promotion("shop 1.3.0", "production"))

    assert status.error is None
    await alice.until(lambda: alice.card("shop 1.3.0").stage == "production" and not alice.card("shop 1.3.0").run)
    taken = [vm for vm in alice.inventory.all(VM) if vm.is_a_snapshot and vm.name_label.startswith("shop 1.3.0 before")]
    assert len(taken) == 4


async def test_of_two_consoles_at_the_same_moment_one_wins(seats: tuple[EmbeddedPool, Seat, Seat]) -> None:
    _, alice, adam = seats

    async def attempt(seat: Seat) -> RunStatus | Refused:
        try:
            return await seat.do(seat.promotion("shop 1.3.0", "production"))
        except Refused as refusal:
            return refusal

    ended = await asyncio.gather(attempt(alice), attempt(adam))

    won = [status for status in ended if isinstance(status, RunStatus)]
    lost = [refusal for refusal in ended if isinstance(refusal, Refused)]
    assert [status.state for status in won] == [RunState.DONE]
    assert isinstance(lost[0], HeldElsewhere)
    assert lost[0].console in ("desk of alice", "desk of adam")


@pytest.mark.parametrize("direction", list(Direction))
async def test_another_console_settles_what_the_first_left(
    seats: tuple[EmbeddedPool, Seat, Seat], direction: Direction
) -> None:
    _, alice, adam = seats
    command = alice.promotion("shop 1.3.0", "production")
    run = await alice.doing.open(Confirmed(command=command, digest=alice.doing.plan(command).digest))
    run.stop()
    assert (await run.wait()).state is RunState.INTERRUPTED
    await adam.until(lambda: adam.card("shop 1.3.0").standing is Standing.INTERRUPTED)

    settled = await adam.doing.settle(Settle(configuration=command.configuration, direction=direction))
    status = await settled.wait()

    assert status.state is (RunState.DONE if direction is Direction.RESUME else RunState.UNDONE)
    await adam.until(lambda: adam.card("shop 1.3.0").standing is Standing.WHOLE)
    stage = "production" if direction is Direction.RESUME else "staging"
    assert adam.card("shop 1.3.0").stage == stage
    await alice.doing.reconcile()
    assert (await alice.ledger.open_runs()) == ()
    assert (await adam.ledger.open_runs()) == ()


def _vm(seat: Seat, uuid: str) -> VM:
    return next(vm for vm in seat.inventory.all(VM) if vm.uuid == uuid)
