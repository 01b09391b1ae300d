"""Exports of the record: a bundle for somebody who never sees the pool, and a row that says who was given what."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from xsconsole.console.facts import fact_of
from xsconsole.console.home import Home
from xsconsole.domain.anchors import Anchor, AnchorKind
from xsconsole.domain.canonical import Json
from xsconsole.domain.naming import shortened
from xsconsole.domain.record import AuditEvent, AuditQuery, Outcome, Verdict
from xsconsole.domain.redaction import withheld_by
from xsconsole.domain.wording.record import event_sentence
from xsconsole.errors import ConsoleError, NotFound, Refused, StoreFailed
from xsconsole.reports.bundle import Bundle, Order, TooLarge, line_of, write_bundle
from xsconsole.reports.html import bundle_page
from xsconsole.reports.verifier import joined
from xsconsole.reports.verifier.program import verify
from xsconsole.reports.verifier.values import Found
from xsconsole.reports.verifier.walk import Walk
from xsconsole.store import fields as stored_fields
from xsconsole.store import files
from xsconsole.store.database import Reading
from xsconsole.store.extraction import Choice, Extraction, extracted
from xsconsole.store.keys import is_signature
from xsconsole.store.reader import LedgerReader

__all__ = ["Choice", "chosen_by", "export_audit", "verify_file"]

ABSENT = (
    "What other consoles did, beyond what this one observed while it was connected.",
    "What somebody did at the pool while this console was not connected, and what xapi's own log says of it.",
    "How machines were powered and where they ran: rows of the board do not hold it.",
    "What disks hold: no digest here covers it.",
    "Proof of its anchors: it says where heads of the record are kept, and they have to be looked at there.",
)
SQLITE = b"SQLite format 3\0"
PAGE = 500
MOST_TEXT = 300
Kept = tuple[tuple[int, str], ...]


class _Stopped(Exception):
    """Whoever asked for it does not want it any more."""


async def chosen_by(home: Home, choice: Choice, query: AuditQuery, text: str) -> Choice:
    """Return a choice of what a filter shows; `text` is the filter as it was typed.

    Raises:
        NotFound: it shows nothing.
        StoreFailed: the record cannot be read.
    """
    found: list[int] = []
    before: int | None = None
    while page := await home.audit_page(query, before, PAGE):
        found += (row.seq for row in page)
        before = page[-1].seq
    if not found:
        raise NotFound(reason="No row of the audit fits the filter.", mend="Ask for something else.")
    return replace(choice, rows=tuple(reversed(found)), text=shortened(text, MOST_TEXT))


async def export_audit(
    home: Home,
    file: Path,
    choice: Choice,
    redactions: tuple[str, ...] = (),
    *,
    may_replace: bool = False,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> Bundle:
    """Write a bundle of what fits, and leave rows of it: one before, which the bundle holds, and one once it is there.

    `tell` hears from another thread how many rows are written, of how many. Being cancelled leaves no file, and a row
    that says so.

    Raises:
        AlreadyThere, Refused, DiskFull: the file cannot be written, or no row fits.
        StoreFailed: the record cannot be read, or the row cannot be written; there is no file then.
    """
    files.refuse_taken(file, may_replace=may_replace)
    details: dict[str, Json] = {
        "what": f"rows of the audit into {file.name}",
        "left_in": str(file),
        "asked": list(_asked(choice)),
        "redacted": list(redactions),
    }
    await home.ledger.record(fact_of(AuditEvent.EXPORT_OPENED, None, details))
    stop, begun, ended = threading.Event(), threading.Event(), threading.Event()

    anchors = tuple(_told(one, redactions) for one in await home.evidence.known_anchors())

    def work(extraction: Extraction) -> Bundle:
        begun.set()
        try:
            return _written(home, extraction, file, choice, redactions, anchors, stop, tell, may_replace=may_replace)
        finally:
            ended.set()

    redacted = frozenset(withheld_by(redactions))
    try:
        made = await extracted(home.ledger.database.reading, choice, redacted, work)
    except asyncio.CancelledError:
        stop.set()
        if begun.is_set():
            await asyncio.shield(asyncio.to_thread(ended.wait))
        await asyncio.shield(_close(home, details, Outcome.CANCELLED, "It was stopped; there is no file."))
        raise
    except ConsoleError as failure:
        await _close(home, details, Outcome.FAILED, str(failure))
        raise
    told: dict[str, Json] = {
        "manifest": made.digest,
        "rows": [made.first_seq, made.last_seq],
        "shown": made.shown,
    }
    try:
        await _close(home, {**details, **told}, Outcome.DONE, "")
    except StoreFailed:
        await asyncio.to_thread(file.unlink, missing_ok=True)
        raise
    return made


async def _close(home: Home, details: dict[str, Json], outcome: Outcome, reason: str) -> None:
    fact = fact_of(AuditEvent.EXPORT_CLOSED, None, details)
    await home.ledger.record(replace(fact, outcome=outcome, reason=reason))


def _written(
    home: Home,
    extraction: Extraction,
    file: Path,
    choice: Choice,
    redactions: tuple[str, ...],
    anchors: tuple[Mapping[str, Any], ...],
    stop: threading.Event,
    tell: Callable[[int, int], None],
    *,
    may_replace: bool,
) -> Bundle:
    stretch = extraction.stretch
    if not stretch.shown:
        raise NotFound(reason="No row of the audit fits.", mend="Ask for a longer time, or for something else.")
    of = stretch.last_seq - stretch.first_seq + 1

    def hear(done: int) -> None:
        if stop.is_set():
            raise _Stopped
        if done:
            tell(done, of)

    hear(0)
    is_hidden = "names" in redactions or bool(redactions and choice.text)
    order = Order(
        made_at=home.clock.now(),
        made_by=_maker(home, redactions),
        asked=("Some of it is withheld, and what was asked for with it.",) if is_hidden else _asked(choice),
        redacted=withheld_by(redactions),
        absent=ABSENT,
        chain_id=stretch.head.chain_id,
        head=(stretch.head.seq, stretch.head.digest.hex()),
        heads=tuple(msgspec.to_builtins(head) for head in extraction.heads()),
        anchors=anchors,
    )
    try:
        with files.writing_out(file, may_replace=may_replace) as out:
            page = bundle_page(_sentence, is_signature)
            return write_bundle(out, extraction, stretch, order, home.signer, page, joined(), is_signature, hear)
    except TooLarge as failure:
        raise Refused(
            reason="The rows do not fit into one bundle, which holds 4 GiB.", mend="Export a shorter time at once."
        ) from failure
    except _Stopped as failure:
        raise Refused(reason="The export was stopped.") from failure


def _told(anchor: Anchor, redactions: tuple[str, ...]) -> Mapping[str, Any]:
    """Return what a bundle says of an anchor. Names and folders go where anything is withheld: they name anybody."""
    is_folder = anchor.kind is AnchorKind.FILE
    return {
        "head": msgspec.to_builtins(anchor.head),
        "kept_at": anchor.kept_at.isoformat(),
        "kind": anchor.kind.value,
        "place": "" if redactions and is_folder else anchor.place,
        "place_name": "" if redactions else anchor.place_name,
        "reference": anchor.reference,
    }


def _maker(home: Home, redactions: tuple[str, ...]) -> str:
    console = home.settings.console
    return f"console {console}" if redactions else f"{home.settings.console_name} (console {console})"


def _asked(choice: Choice) -> tuple[str, ...]:
    return tuple(_asked_sentences(choice)) or ("All rows up to this export.",)


def _asked_sentences(choice: Choice) -> Iterator[str]:
    if choice.since is not None:
        yield f"Rows from {choice.since.isoformat()} on."
    if choice.until is not None:
        yield f"Rows before {choice.until.isoformat()}."
    if choice.rows is not None:
        yield f"Rows that fit the filter: {choice.text or 'as it was set'}."
    if choice.service is not None:
        yield f"Rows about configurations of the service {choice.service}."
    if choice.configuration is not None:
        yield f"Rows about the configuration {choice.configuration}."
    if choice.run is not None:
        yield f"Rows of the run {choice.run}."


def _sentence(fields: Mapping[str, Any]) -> str:
    """Return what a row tells, in words; of one that this program does not know, what it calls itself."""
    try:
        return event_sentence(stored_fields.fact_of(fields))
    except (KeyError, ValueError, TypeError, AttributeError):
        return str(fields.get("event", "withheld"))


async def verify_file(file: Path, expected_key: str | None, kept_heads: Kept) -> tuple[Verdict, ...]:
    """Check a bundle, or a database file, which may be a copy; each check gives its own verdict.

    Raises:
        Refused: it cannot be read.
        StoreFailed: it is a database, and cannot be used as one.
    """
    try:
        with file.open("rb") as opened:
            if opened.read(len(SQLITE)) != SQLITE:
                found = await asyncio.to_thread(verify, opened, expected_key, kept_heads, is_signature)
                return tuple(map(_verdict, found))
    except OSError as failure:
        raise Refused(reason=f"{file} cannot be read: {failure.strerror}.", mend="Name another file.") from failure
    reading = await Reading.open_file(file)
    try:
        expected = frozenset({expected_key}) if expected_key else frozenset()
        judged = await LedgerReader(reading, expected).verify()
        walked = await extracted(reading, Choice(), frozenset(), lambda rows: _walked(rows, kept_heads))
    finally:
        await reading.close()
    more = tuple(_verdict(one) for one in walked if one.check == "anchors")
    return (*(_unknown(one) if expected_key is None else one for one in judged), *more)


def _verdict(found: Found) -> Verdict:
    return Verdict(**found._asdict())


def _unknown(verdict: Verdict) -> Verdict:
    """Return a verdict on keys of which nobody has said whose they are: nothing is wrong, and nobody vouches."""
    if verdict.check != "keys" or verdict.is_good:
        return verdict
    return Verdict(check="keys", is_good=True, sentence=verdict.sentence, is_vouched=False)


def _walked(rows: Extraction, kept_heads: Kept) -> tuple[Found, ...]:
    """Follow the rows of a database for what only a walk along them tells; signatures are the store's to check."""
    stretch = rows.stretch
    manifest = {
        "chain_id": stretch.head.chain_id,
        "fingerprint": "",
        "first_seq": stretch.first_seq,
        "head": {"seq": stretch.head.seq, "digest": stretch.head.digest.hex()},
        "last_seq": stretch.last_seq,
        "previous": stretch.previous.hex(),
        "redacted": [],
        "shown": stretch.shown,
    }
    walk = Walk(manifest, rows.groups(), {}, lambda *_: True, kept_heads)
    for row in rows.rows():
        walk.row(line_of(row))
    return walk.end(None)
