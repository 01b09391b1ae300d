"""Consoles without their doors: gateway, ledger, mirror and engine, at an embedded pool."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from embedded import EmbeddedPool

from xsconsole.console.probing import LocalProber
from xsconsole.domain.board import Board, Card
from xsconsole.domain.board_reading import derive
from xsconsole.domain.disks import disks_of
from xsconsole.domain.events import LinkChanged, StepProgressed
from xsconsole.domain.ids import ConsoleId, StageId
from xsconsole.domain.inventory import VM, ChangeBatch, Inventory
from xsconsole.domain.plan import Disks
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole.domain.runs import RunStatus
from xsconsole.engine.commands import Confirmed, Demote, Plannable, Promote
from xsconsole.engine.engine import Engine
from xsconsole.engine.runs.lease import LeaseTiming, Me
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
            observe=self._hear_report,
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

    @property
    def keys(self) -> Mapping[str, str]:
        return self.inventory.pool.other_config if self.inventory.pool is not None else {}

    async def caught_up(self) -> None:
        """Wait for nothing: the board is read from all that was heard, at each look."""

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

    def _hear_report(self, report: RunStatus | StepProgressed) -> None:
        self.reports.append(report)
        self._news.set()

    def _hear_link(self, change: LinkChanged) -> None:
        self._news.set()


@asynccontextmanager
async def seated(pool: EmbeddedPool, folder: Path, *users: str) -> AsyncIterator[tuple[Seat, ...]]:
    """Seat people at a pool, each at a home of their own."""
    taken = []
    for number, user in enumerate(users):
        name = f"desk of {user}"
        origin = Origin(console=ConsoleId(name), console_name=name, os_user=user, zone=lambda: "UTC")
        home = folder / str(number)
        home.mkdir()
        key = SigningKey(private=Ed25519PrivateKey.generate())
        seat = Seat(await SqliteLedger.open(home, origin, key, SystemClock()), name)
        await seat.connect(pool, user)
        taken.append(seat)
    try:
        yield tuple(taken)
    finally:
        for seat in taken:
            await seat.close()
