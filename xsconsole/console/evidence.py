"""The record of a home as evidence: what it is checked against, and the heads that are stated of it."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from xsconsole.console import record_memory, soundness, turning_over
from xsconsole.console.verifying import verified_apart
from xsconsole.domain import anchors
from xsconsole.domain.anchors import Anchor
from xsconsole.domain.events import AuditVerified
from xsconsole.domain.heads import SignedHead
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import Inventory, Message
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow, Fact, Verdict
from xsconsole.engine.ports import Clock, Identity
from xsconsole.errors import ConsoleError, NotFound, Refused, StoreFailed
from xsconsole.reports.verifier.heads import objection, strangers
from xsconsole.settings import Settings
from xsconsole.store import files
from xsconsole.store.keys import is_signature
from xsconsole.store.ledger import SqliteLedger
from xsconsole.store.reader import LedgerReader
from xsconsole.store.sealing import Cut
from xsconsole.store.sqlite import failures

EVERY_S = 3600.0
MOST_ROWS = 100_000  # in one file
OLDEST = timedelta(days=366)
LONGEST_FILE = 4096

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
        self._pools: dict[Uuid, Callable[[], Iterable[Anchor]]] = {}  # what each connected pool keeps now
        self._keeper: asyncio.Task[None] | None = None
        self._looks: set[str] = set()

    def begin(self) -> None:
        """State a head every hour from now on, also when nothing happens."""
        if self._ledger is not None:
            self._keeper = asyncio.get_running_loop().create_task(self._keep(self._ledger), name="signed heads")

    async def _keep(self, ledger: SqliteLedger) -> None:
        while True:
            await self._clock.sleep(EVERY_S)
            try:
                await ledger.state_head(is_anew=True)
                if await self._is_full():
                    await self.seal()
            except ConsoleError as failure:  # the ledger tells the user with the next row; the next hour tries again
                log.warning("the record was not looked after this hour: %s", failure)

    async def _is_full(self) -> bool:
        """Whether the file in use holds more than one file should, or rows that are too old for it."""
        reader = self._source
        first_seq, last_seq = await reader.first_seq(), (await reader.head()).seq
        oldest = await self.page(AuditQuery(), first_seq + 1, 1)
        is_old = bool(oldest) and oldest[0].at + OLDEST < self._clock.now()
        return last_seq > first_seq and (last_seq - first_seq >= MOST_ROWS or is_old)

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

    # --- anchors

    async def head(self) -> SignedHead | None:
        """Return a signed head of the end of the record; None where there is no row, or nothing can be written."""
        return None if self._ledger is None else await self._ledger.state_head(is_anew=False)

    async def kept_end(self) -> str:
        """Return where the record ends, as a person keeps it: SEQ:DIGEST; empty where there is no row."""
        end = None if self._reader is None else await self._reader.head()
        return f"{end.seq}:{end.digest.hex()}" if end is not None and end.seq else ""

    async def drop(self, folder: str) -> Anchor | None:
        """Leave a head in a folder now; None where there is no row yet.

        Raises:
            StoreFailed: it cannot be written there, or the head cannot be kept.
        """
        head = await self.head()
        if head is None or self._ledger is None:
            return None
        anchor = await asyncio.to_thread(dropped, Path(folder), head)
        await self._ledger.remember_anchors([anchor])
        return anchor

    async def keep(self, *left: Anchor) -> None:
        """Remember where heads were left, and leave the newest in the folder that somebody named, too."""
        if self._ledger is None:
            return
        folder = self._settings.anchor_folder
        if folder and left:
            newest = max((one.head for one in left), key=lambda head: head.seq)
            left = (*left, await asyncio.to_thread(dropped, Path(folder), newest))
        await self._ledger.remember_anchors(left)

    async def meet(
        self, identity: Identity, inventory: Callable[[], Inventory], publish: Callable[[AuditVerified], None]
    ) -> None:
        """Compare the record with what a pool keeps of it, before anything is written there, and from now on.

        A record that is told to be an earlier copy of itself is set aside.

        Raises:
            StoreFailed: it cannot be read, or not be set aside.
        """
        self._pools[identity.pool] = lambda: anchors_in(inventory(), identity.pool, identity.pool_name)
        if self._reader is None:
            return
        verdict, end = await self.anchored(), await self._reader.head()
        if not verdict.is_good:
            publish(await self._judged((verdict,), end.seq))

    def leave(self, identity: Identity) -> None:
        """Look into a pool no more."""
        self._pools.pop(identity.pool, None)

    def in_pools(self) -> tuple[Anchor, ...]:
        """Return the anchors that connected pools keep now, of whatever chain, and whoever wrote them."""
        return tuple(one for found in self._pools.values() for one in found())

    async def own(self, found: Iterable[Anchor]) -> list[Anchor]:
        """Return those that are heads of this record by its own keys."""
        source = self._source
        return anchors.of_chain(found, (await source.end(())).chain_id, await source.keys(), is_signature)

    def look_at(self, what: str) -> tuple[Fact, ...]:
        """Return the row that tells that somebody looked into the record, the first time in a session; then none."""
        if what in self._looks:
            return ()
        self._looks.add(what)
        return (Fact(event=AuditEvent.AUDIT_READ, details={"what": what}),)

    # --- checking

    async def verify(self, expected_key: str | None, kept_heads: Sequence[tuple[int, str]] = ()) -> tuple[Verdict, ...]:
        """Check the whole chain; a given fingerprint must be the key that signed it, and heads kept elsewhere agree."""
        source = self._source
        if expected_key is None:
            found = await source.verify()
            soundness.remember(self._settings, await self._chain(), found, await source.first_seq())
        else:
            reader = await LedgerReader.open(self._settings.home, frozenset({expected_key}))
            try:
                found = await reader.verify()
            finally:
                await reader.close()
        remembered = record_memory.verdict(self._settings, await source.head())
        anchored = await self.anchored()
        if anchored.is_good and kept_heads:
            anchored = await self._agreed(kept_heads)
        return (*found, anchored, *(() if remembered is None else (remembered,)))

    async def _agreed(self, kept: Sequence[tuple[int, str]]) -> Verdict:
        """Compare the record with heads that a person kept; of one that is a file, also its chain and signature."""
        end = await self._source.end([seq for seq, _ in kept])
        for one in kept:
            if said := objection(one, end.chain_id, is_signature):
                return Verdict(check=anchors.CHECK, is_good=False, sentence=said, seq=one[0])
        verdict = anchors.agreed(kept, end)
        said = strangers(kept, await self._source.keys())
        return replace(verdict, sentence=said, is_vouched=False) if verdict.is_vouched and said else verdict

    async def verify_apart(self) -> AuditVerified:
        """Check the whole chain in a process of its own, and compare it here with the anchors of the pools.

        Raises:
            StoreFailed: it could not be checked.
        """
        newest, begun = await self.page(AuditQuery(), None, 1), await self._chain()
        at = self._clock.now()
        apart = await verified_apart(self._settings.home)
        judged = await self.anchored()
        verdicts = tuple(judged if verdict.check == anchors.CHECK else verdict for verdict in apart)
        seq = newest[0].seq if newest else 0
        if await self._chain() != begun:  # another process of this home has set it aside meanwhile
            return AuditVerified(verdicts=verdicts, seq=seq, at=at)
        return replace(await self._judged(verdicts, seq), at=at)

    async def _chain(self) -> str:
        return "" if self._reader is None else (await self._reader.head()).chain_id

    async def _judged(self, verdicts: tuple[Verdict, ...], seq: int) -> AuditVerified:
        """Return what was found; where the file in use can be relied on no more, a writer sets it aside first."""
        place = ""
        if self._ledger is not None:
            try:
                cut = await self.set_aside(verdicts)
            except StoreFailed as failure:  # what was found is told in any case
                sentence = f"It could not be set aside, and goes on as it is. {failure.reason} {failure.mend}".strip()
                verdicts = (*verdicts, Verdict(check="set aside", is_good=False, sentence=sentence))
            else:
                place = str(cut.path) if cut is not None else ""
        if not place:
            soundness.remember(self._settings, await self._chain(), verdicts, await self._source.first_seq())
        return AuditVerified(verdicts=verdicts, seq=seq, at=self._clock.now(), set_aside=place)

    # --- turning over

    async def seal(self) -> Cut:
        """Seal the file in use, and go on in it.

        Raises:
            StoreFailed: nothing was sealed; also where this home was opened for looking only.
        """
        return await turning_over.seal(self._writer)

    async def set_aside(self, verdicts: Sequence[Verdict], more: Callable[[], Sequence[Fact]] = tuple) -> Cut | None:
        """Set the record aside where the verdicts say that the file in use cannot be relied on; None where they do not.

        Raises:
            StoreFailed: it was not.
        """
        findings, first_bad = turning_over.broken(verdicts, await self._source.first_seq())
        if first_bad is None:
            return None
        good = (await self._source.end([first_bad - 1])).digests
        why = turning_over.Broken(
            findings=findings, verified_seq=first_bad - 1 if good else 0, verified_digest=good.get(first_bad - 1, "")
        )
        cut = await turning_over.set_aside(self._writer, why, more)
        record_memory.remember(self._settings, await self._writer.head(), is_accepted=True)
        return cut

    @property
    def _writer(self) -> SqliteLedger:
        if self._ledger is None:
            raise Refused(reason="This console was opened for looking only.")
        return self._ledger

    # --- comparing with anchors

    async def anchored(self) -> Verdict:
        """Compare the record with every anchor that is known of it."""
        seen, every = await self._known()
        verdict = anchors.judged(every, await self._source.end([one.head.seq for one in every]))
        if seen or not verdict.is_good or not verdict.is_vouched:
            return verdict
        sentence = f"{verdict.sentence} So this home remembers it; nobody has looked there now."
        return replace(verdict, sentence=sentence, is_vouched=False)

    async def known_anchors(self) -> list[Anchor]:
        """Return all anchors of this record that are known, each once."""
        _, every = await self._known()
        return list(dict.fromkeys(every))

    async def _known(self) -> tuple[list[Anchor], list[Anchor]]:
        """Return the anchors of this record that are seen now, and these with the remembered ones."""
        folder = self._settings.anchor_folder
        in_folder = await asyncio.to_thread(found_in, Path(folder)) if folder else ()
        seen = await self.own([*in_folder, *self.in_pools()])
        remembered = await self._source.anchors()
        if self._ledger is not None:
            await self._ledger.remember_anchors([one for one in seen if one not in remembered])
        return seen, [*seen, *await self.own(remembered)]


def anchors_in(inventory: Inventory, pool: str, pool_name: str) -> tuple[anchors.Anchor, ...]:
    """Return the anchors that a pool keeps, as last heard of: in its keys, and as messages."""
    keys = inventory.pool.other_config if inventory.pool is not None else {}
    found = anchors.in_messages(inventory.all(Message), pool, pool_name)
    return (*anchors.in_keys(keys, pool, pool_name), *found)


def dropped(folder: Path, head: SignedHead) -> Anchor:
    """Leave a head in a folder, as a file of its own.

    Raises:
        StoreFailed: it cannot be written there.
    """
    name, text = anchors.file_name(head), anchors.file_text(head)
    with failures(folder / name):
        folder.mkdir(parents=True, exist_ok=True)
        files.replace(folder / name, text.encode())
    anchor = anchors.in_file(str(folder), name, text)
    assert anchor is not None
    return anchor


def found_in(folder: Path) -> tuple[Anchor, ...]:
    """Return the anchors in a folder; a folder that is not there, such as on a stick that was pulled out, has none."""
    found = []
    for path in sorted(folder.glob(f"*{anchors.FILE_SUFFIX}")):
        with suppress(OSError):
            text = path.read_text(encoding="utf-8", errors="replace")[:LONGEST_FILE]
            found.append(anchors.in_file(str(folder), path.name, text))
    return tuple(one for one in found if one is not None)
