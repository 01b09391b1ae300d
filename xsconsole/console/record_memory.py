"""What the home remembers of its record beside the record itself, so that one that vanished is noticed."""

from collections.abc import Mapping, Sequence

from xsconsole.console.turning_over import Broken, set_aside
from xsconsole.domain.canonical import Json
from xsconsole.domain.record import AuditEvent, Fact, Verdict
from xsconsole.domain.words import count
from xsconsole.errors import NotFound, RecordReplaced, StoreFailed
from xsconsole.settings import KnownRecord, Settings
from xsconsole.store.chain import Head
from xsconsole.store.database import FILE_NAME
from xsconsole.store.ledger import SqliteLedger
from xsconsole.store.reader import LedgerReader

CHECK = "memory"
MEND = (
    "Put the file back from a backup. Where there is none, `xsconsole audit accept` sets aside what is there, "
    "and begins a new record whose first rows say so."
)


async def finding(settings: Settings) -> RecordReplaced | None:
    """Return how the record differs from what is remembered; a file that cannot be read is for its opener to refuse."""
    known = settings.record
    if known is None:
        return None
    try:
        reader = await LedgerReader.open(settings.home)
    except NotFound:
        return _judge(settings, known, None)
    except StoreFailed:
        return None
    try:
        return _judge(settings, known, await reader.head())
    finally:
        await reader.close()


def verdict(settings: Settings, head: Head) -> Verdict | None:
    """Return whether the record is the one remembered, as one more check; None where nothing is."""
    known = settings.record
    if known is None:
        return None
    found = _judge(settings, known, head)
    praise = f"It reaches row {known.seq} at least, up to which this home remembers it."
    return Verdict(check=CHECK, is_good=found is None, sentence=praise if found is None else found.reason)


def remember(settings: Settings, head: Head, *, is_accepted: bool = False) -> None:
    settings.remember_record(KnownRecord(chain=head.chain_id, seq=head.seq), is_accepted=is_accepted)


async def accept(
    settings: Settings, ledger: SqliteLedger, found: StoreFailed | None, before: Sequence[Fact] = ()
) -> None:
    """Go on by a person's word with another record than the one remembered; the rows `before` stand first.

    One that has rows is set aside: its chain reached farther once, and going on with it would give two rows one number.

    Raises:
        StoreFailed: the row could not be written.
    """
    if found is None:
        return
    known, end = settings.record, await ledger.head()
    remembered: Mapping[str, Json] = (
        {"remembered_chain": known.chain, "remembered_seq": known.seq} if known is not None else {}
    )
    row = Fact(event=AuditEvent.RECORD_ACCEPTED, reason=found.reason, details=remembered)
    if end.seq and not before:
        why = Broken(findings=(found.reason,), verified_seq=end.seq, verified_digest=end.digest.hex())
        await set_aside(ledger, why, lambda: (row,))
    else:
        await ledger.record(*before, row)


def _judge(settings: Settings, known: KnownRecord, head: Head | None) -> RecordReplaced | None:
    path = settings.home / FILE_NAME
    had = count(known.seq, "row")
    if head is None:
        reason = f"The record of this console, which had {had}, is gone: {path} is missing or empty."
    elif head.chain_id != known.chain:
        reason = f"{path} is not the record of this console, which had {had}, but another one."
    elif head.seq < known.seq:
        reason = f"The record ends with row {head.seq} and had {had}: an earlier copy, or its end was cut off."
    else:
        return None
    return RecordReplaced(path=str(path), reason=reason, mend=MEND)
