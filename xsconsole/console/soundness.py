"""Whether the record can be gone on with, by what is known and what is seen in a moment."""

from collections.abc import Sequence
from contextlib import suppress

from xsconsole.console.turning_over import broken
from xsconsole.domain.record import Verdict
from xsconsole.errors import RecordBroken, StoreFailed
from xsconsole.settings import KnownFault, Settings
from xsconsole.store.database import FILE_NAME
from xsconsole.store.reader import LedgerReader

SEEN_AT_ONCE = frozenset({"chain", "gaps", "values", "signatures"})
MEND = (
    "Put the file back from a backup, and let `xsconsole audit verify` check it; or let `xsconsole audit accept`, or "
    "the window, set it aside as it is, and begin a new record that says so."
)


async def finding(settings: Settings, reader: LedgerReader) -> RecordBroken | None:
    """Return what is wrong with the record by the last check of all of it, or by its newest rows; else None.

    Raises:
        StoreFailed: it cannot be read.
    """
    known = settings.fault
    if known is not None and known.chain == (await reader.head()).chain_id:
        return _said(settings, known.sentence)
    found = [one for one in await reader.verify_end() if one.check in SEEN_AT_ONCE and not one.is_good]
    return _said(settings, found[0].sentence) if found else None


def remember(settings: Settings, chain: str, verdicts: Sequence[Verdict], first_seq: int) -> None:
    """Remember what a check of the whole record found, for the next command; where nothing can be kept, nothing is."""
    findings, _ = broken(verdicts, first_seq)
    with suppress(StoreFailed):
        settings.remember_fault(KnownFault(chain=chain, sentence=findings[0]) if findings else None)


def _said(settings: Settings, sentence: str) -> RecordBroken:
    path = settings.home / FILE_NAME
    return RecordBroken(path=str(path), reason=f"The record of this console does not verify. {sentence}", mend=MEND)
