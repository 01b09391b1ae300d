"""Exports of the record: a bundle for somebody who never sees the pool, and a row that says who was given what."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from xsconsole.console.facts import fact_of
from xsconsole.console.home import Home
from xsconsole.console.review import open_review
from xsconsole.console.row_words import sentence_of, standing_of
from xsconsole.domain.anchors import Anchor, AnchorKind, of_chain
from xsconsole.domain.canonical import Json
from xsconsole.domain.naming import shortened
from xsconsole.domain.record import AuditEvent, AuditQuery, Outcome, Verdict
from xsconsole.domain.redaction import withheld_by
from xsconsole.domain.words import explain
from xsconsole.errors import ConsoleError, NotFound, Refused, StoreFailed
from xsconsole.reports.bundle import Bundle, Order, TooLarge, write_bundle
from xsconsole.reports.html import bundle_page
from xsconsole.reports.verifier import joined, program
from xsconsole.store import files
from xsconsole.store.extraction import Choice, Extraction, extracted
from xsconsole.store.keys import is_signature

__all__ = ["Choice", "chosen_by", "export_audit", "heads_of", "verify_file"]

ABSENT = (
    "What other consoles did, beyond what this one observed while it was connected.",
    "What somebody did at the pool while this console was not connected, and what xapi's own log says of it.",
    "How machines were powered and where they ran: rows of the board do not hold it.",
    "What disks hold: no digest here covers it.",
    "Proof of its anchors: it says where heads of the record are kept, and they have to be looked at there.",
)
NAMES_ONE = (
    "A configuration is named as `xsconsole config list` names it, such as “shop 1.3.0”, by service@stage or its id, a "
    "run by its id or 8 characters of it. Rows tell both. Or ask for a longer time."
)
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
        await _close(home, details, Outcome.FAILED, explain(failure).failed)
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
        raise NotFound(reason="No row of the audit fits.", mend=NAMES_ONE)
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
            page = bundle_page(sentence_of, is_signature, standing=standing_of)
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
    if choice.is_of_one:
        yield "With them what comparisons with the pool's own log found meanwhile, and at the first one afterwards."


async def heads_of(file: Path, expected_key: str | None, anchors: Sequence[Anchor]) -> Kept:
    """Return the heads among anchors that are of the chain of a file, by a key that signed it or was expected to."""
    review = await open_review(file)
    keys = frozenset({*review.signers, *filter(None, [expected_key])})
    own = of_chain(anchors, review.range.chain, keys, is_signature)
    return tuple(sorted({(one.head.seq, one.head.digest) for one in own}))


async def verify_file(file: Path, expected_key: str | None, kept_heads: Kept) -> tuple[Verdict, ...]:
    """Check a bundle, or a database file, which may be a copy or a sealed one; each check gives its own verdict.

    Raises:
        Refused: it cannot be read.
    """
    try:
        found = await asyncio.to_thread(program.verify_file, file, expected_key, kept_heads, is_signature)
    except OSError as failure:
        raise Refused(reason=f"{file} cannot be read: {failure.strerror}.", mend="Name another file.") from failure
    return tuple(Verdict(**one._asdict()) for one in found)
