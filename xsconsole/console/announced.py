"""A ledger that tells when it grew, and when it could not."""

from collections.abc import Callable

from xsconsole.domain.events import AuditFailed, AuditGrew, Event
from xsconsole.domain.jobs import PastJob
from xsconsole.domain.record import Fact, OpenRun
from xsconsole.engine.ports import Ledger
from xsconsole.errors import StoreFailed


class AnnouncedLedger:
    """Another ledger with announcements. Implements `engine.ports.Ledger`."""

    def __init__(self, ledger: Ledger, publish: Callable[[Event], None]) -> None:
        self._ledger = ledger
        self._publish = publish

    async def record(self, *facts: Fact) -> int:
        try:
            seq = await self._ledger.record(*facts)
        except StoreFailed as failure:
            self._publish(AuditFailed(error=failure))
            raise
        self._publish(AuditGrew(seq=seq))
        return seq

    async def remember_nonce(self, nonce: str, thing: str) -> None:
        await self._ledger.remember_nonce(nonce, thing)

    async def nonces(self) -> frozenset[str]:
        return await self._ledger.nonces()

    async def open_runs(self) -> tuple[OpenRun, ...]:
        return await self._ledger.open_runs()

    async def jobs(self, limit: int) -> tuple[PastJob, ...]:
        return await self._ledger.jobs(limit)
