"""The record of a home as evidence: what it is checked against, and the heads that are stated of it."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace

from xsconsole.console import record_memory
from xsconsole.console.verifying import verified_apart
from xsconsole.domain import anchors
from xsconsole.domain.anchors import Anchor
from xsconsole.domain.events import AuditVerified
from xsconsole.domain.ids import Uuid
from xsconsole.domain.record import AuditQuery, AuditRow, Verdict
from xsconsole.engine.ports import Clock
from xsconsole.errors import ConsoleError, NotFound, StoreFailed
from xsconsole.settings import Settings
from xsconsole.store.keys import is_signature
from xsconsole.store.ledger import SqliteLedger
from xsconsole.store.reader import LedgerReader

EVERY_S = 3600.0

log = logging.getLogger(__name__)


class Evidence:
    """What a home does for its record beside writing it. Lives on the loop's thread."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        ledger: SqliteLedger | None,
        reader: LedgerReader | None,
        finding: StoreFailed | None,
    ) -> None:
        self._settings, self._clock = settings, clock
        self._ledger = ledger
        self._reader = ledger.reader if ledger is not None else reader
        self._finding = finding  # of one that only looks; who writes does not go on with one
        self._pools: dict[Uuid, tuple[Anchor, ...]] = {}  # what was found in each pool when it was looked at last
        self._keeper: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """State a head every hour from now on, also when nothing happens."""
        if self._ledger is not None:
            self._keeper = asyncio.get_running_loop().create_task(self._keep(self._ledger), name="signed heads")

    async def _keep(self, ledger: SqliteLedger) -> None:
        while True:
            await self._clock.sleep(EVERY_S)
            try:
                await ledger.state_head(is_anew=True)
            except ConsoleError as failure:  # the ledger tells the user with the next row; the next hour tries again
                log.warning("the hourly head of the record was not stated: %s", failure)

    async def close(self) -> None:
        """State a last head of this session, and remember how far the record reaches."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
            self._keeper = None
        if self._ledger is not None:
            # Worth no error now: what is not remembered or stated is only noticed less well.
            with suppress(StoreFailed):
                await self._ledger.state_head(is_anew=False)
                record_memory.remember(self._settings, await self._ledger.head())

    @property
    def _source(self) -> LedgerReader:
        if self._reader is None:
            raise self._finding or NotFound(
                reason="This home folder has no record yet.", mend="Connect to a pool first."
            )
        return self._reader

    async def page(self, query: AuditQuery, before: int | None, limit: int) -> tuple[AuditRow, ...]:
        if self._reader is None and self._finding is not None:
            raise self._finding
        pools = self._settings.pools
        named = {Uuid(known.pool): known.name for known in reversed(pools) if known.pool and known.name}
        query = replace(query, pools={**named, **query.pools})
        return () if self._reader is None else await self._reader.page(query, before=before, limit=limit)

    # --- checking

    async def verify(self, expected_key: str | None) -> tuple[Verdict, ...]:
        """Check the whole chain; a given fingerprint must be the key that signed it."""
        source = self._source
        if expected_key is None:
            found = await source.verify()
        else:
            reader = await LedgerReader.open(self._settings.home, frozenset({expected_key}))
            try:
                found = await reader.verify()
            finally:
                await reader.close()
        remembered = record_memory.verdict(self._settings, await source.head())
        return (*found, await self.anchored(), *(() if remembered is None else (remembered,)))

    async def verify_apart(self) -> AuditVerified:
        """Check the whole chain in a process of its own, and compare it here with the anchors of the pools.

        Raises:
            StoreFailed: it could not be checked.
        """
        newest = await self.page(AuditQuery(), None, 1)
        at = self._clock.now()
        apart = await verified_apart(self._settings.home)
        judged = await self.anchored()
        verdicts = tuple(judged if verdict.check == anchors.CHECK else verdict for verdict in apart)
        return AuditVerified(verdicts=verdicts, seq=newest[0].seq if newest else 0, at=at)

    async def anchored(self) -> Verdict:
        """Compare the record with every anchor that is known of it."""
        source = self._source
        seen = [one for found in self._pools.values() for one in found]
        chain, keys = (await source.end(())).chain_id, await source.keys()
        looked_at = anchors.of_chain(seen, chain, keys, is_signature)
        remembered = anchors.of_chain(await source.anchors(), chain, keys, is_signature)
        every = [*looked_at, *remembered]
        verdict = anchors.judged(every, await source.end([one.head.seq for one in every]))
        if looked_at or not verdict.is_good or not verdict.is_vouched:
            return verdict
        sentence = f"{verdict.sentence} So this home remembers it; nobody has looked there now."
        return replace(verdict, sentence=sentence, is_vouched=False)
