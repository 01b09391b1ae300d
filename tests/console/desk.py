"""What a person at a desk does with a console that has no window, and what they wait for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from consoles import PASSPHRASE, given_passphrase
from embedded import EmbeddedPool

from xsconsole.console import Connection, Console, RunStatus, Secret
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.events import (
    AuditGrew,
    BoardChanged,
    InventoryChanged,
    JobChanged,
    LinkChanged,
    QueueChanged,
    RequestsChanged,
    RunChanged,
)
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.naming import find_configuration
from xsconsole.domain.plan import Disks
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow
from xsconsole.engine.commands import Confirmed, Demote, Direction, Plannable, Promote, Settle
from xsconsole.engine.runs.lease import LeaseTiming

__all__ = ["PASSPHRASE", "Desk", "seated"]

DEADLINE_S = 60.0
SHOP = "shop 1.3.0"
SHORT = LeaseTiming(ttl_s=2, renew_s=0.5)
NEWS = (AuditGrew, BoardChanged, InventoryChanged, JobChanged, LinkChanged, QueueChanged, RequestsChanged, RunChanged)


class Desk:
    """A console and who sits at it."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._news = asyncio.Event()
        for kind in NEWS:
            console.subscribe(kind, self._hear)

    def _hear(self, event: object) -> None:
        del event
        self._news.set()

    async def until(self, is_so: Callable[[], object], deadline_s: float = DEADLINE_S) -> None:
        """Wait until something is so; asked again after each event of the console."""
        async with asyncio.timeout(deadline_s):
            while not is_so():
                self._news.clear()
                await self._news.wait()

    async def news(self) -> None:
        """Wait for the next event of the console."""
        self._news.clear()
        await self._news.wait()

    def card(self, name: str = SHOP) -> Card:
        return find_configuration(self.console.board, name)

    def stands(self, name: str, stage: str, standing: Standing = Standing.WHOLE) -> bool:
        """Whether the card is there, in that standing and without a run."""
        card = next((card for card in self.console.board.cards.values() if card.name == name), None)
        return card is not None and (card.stage, card.standing) == (stage, standing)

    def promotion(self, name: str = SHOP, target: str = "production") -> Promote:
        card = self.card(name)
        return Promote(configuration=card.id, revision=card.revision, target=StageId(target), reason="the release")

    def demotion(self, name: str = SHOP, target: str = "staging", disks: Disks = Disks.RESTORE) -> Demote:
        card = self.card(name)
        return Demote(configuration=card.id, revision=card.revision, target=StageId(target), disks=disks)

    async def start(self, command: Plannable) -> RunStatus:
        """Confirm the plan as it stands; return the run as it begins."""
        plan = self.console.plan(command)
        run = await self.console.do(Confirmed(command=command, digest=plan.digest))
        return next(status for status in self.console.runs if status.run == run)

    async def do(self, command: Plannable) -> RunStatus:
        return await self.console.finished((await self.start(command)).run)

    async def settle(self, configuration: ConfigurationId, direction: Direction) -> RunStatus:
        run = await self.console.do(Settle(configuration=configuration, direction=direction))
        return await self.console.finished(run)

    async def rows(self, query: AuditQuery | None = None) -> list[AuditRow]:
        """Return rows of the audit, oldest first."""
        return list(reversed(await self.console.audit_page(query or AuditQuery(), limit=1000)))

    async def events(self, query: AuditQuery | None = None) -> list[AuditEvent]:
        return [row.fact.event for row in await self.rows(query)]

    async def until_recorded(self, event: AuditEvent) -> AuditRow:
        """Wait for a row of this kind and return the newest one."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                self._news.clear()
                rows = await self.console.audit_page(AuditQuery(event=event), limit=1)
                if rows:
                    return rows[0]
                await self._news.wait()


@asynccontextmanager
async def seated(
    pool: EmbeddedPool, home: Path, user: str = "root", timing: LeaseTiming | None = None
) -> AsyncIterator[Desk]:
    """Somebody at a console of their own, connected to `pool`."""
    console = await Console.open(home, passphrase=given_passphrase, timing=timing)
    try:
        desk = Desk(console)
        await console.connect(Connection(url=pool.url, user=user), Secret(pool.passwords[user]))
        yield desk
    finally:
        await console.close()
