"""Verbs about the record of this home. They need no pool."""

import argparse
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from xsconsole.cli import documents, output
from xsconsole.cli.session import Given, looked_at, no_passphrase, pass_on_notices
from xsconsole.console import Console
from xsconsole.console.export_names import meant_by
from xsconsole.console.exporting import Choice, chosen_by, export_audit, heads_of, verify_file
from xsconsole.console.home import Home
from xsconsole.domain.audit_filter import AUDIT
from xsconsole.domain.ids import RunId
from xsconsole.domain.query.parser import query_of
from xsconsole.domain.record import AuditEvent, AuditQuery, Verdict
from xsconsole.domain.wording import record as record_words
from xsconsole.domain.words import explain
from xsconsole.errors import ConsoleError, Refused, StoreFailed

KEY_UNKNOWN = 3
ABSENT = frozenset({"sealed"})  # of a home: what is not here is told, and is no fault
UNASKED = ABSENT | {"anchors"}


ACCEPTING = "`xsconsole audit accept` keeps it as it is in another place, and begins a new record."
EXPORTED_BROKEN = "That it was exported is added to the record all the same: who was given what stays known."
ONLY_CLOCK = "No row was changed: that the clock was set stays on record, and no new record begins for it."


async def audit_list(options: argparse.Namespace) -> int:
    asked = AuditQuery(filter=query_of(options.text, AUDIT))
    console = await Console.open(options.home, passphrase=no_passphrase, is_reading=True)
    try:
        pass_on_notices(console)
        rows = await console.audit_page(asked, limit=options.limit)
    finally:
        await console.close()
    if rows:
        await _leave_on_record(options, record_words.read_rows(options.text))
    if options.json:
        output.print_json([documents.row_document(row) for row in rows])
        return 0
    output.print_table(
        ("SEQ", "AT", "WHO", "CONFIGURATION", "WHAT", "OUTCOME"),
        (
            (
                str(row.seq),
                row.at.astimezone().strftime("%Y-%m-%d %H:%M:%S"),
                row.fact.actor,
                row.fact.configuration_name,
                record_words.event_sentence(row.fact),
                record_words.standing(row.fact),
            )
            for row in rows
        ),
        widest=90,
    )
    return 0


async def audit_verify(options: argparse.Namespace) -> int:
    """Check the record. Nothing wrong, but no key given from outside, has an exit status of its own."""
    if options.file is not None:
        verdicts, passed_over = await _file_verdicts(options, Path(options.file)), frozenset[str]()
    else:
        verdicts, passed_over = await _home_verdicts(options)
        if not options.is_recorded:
            await _leave_on_record(options, record_words.READ_VERDICTS)
    if options.json:
        output.print_json([documents.verdict_document(verdict) for verdict in verdicts])
    else:
        print_verdicts(verdicts)
    wrong = {verdict.check for verdict in verdicts if not verdict.is_good}
    if wrong:
        if options.file is None:
            output.note(ONLY_CLOCK if wrong == {"clock"} else ACCEPTING)
        return 1
    # In the home itself the end is told, but nobody can be asked to vouch for it while no pool is there.
    asked = [verdict for verdict in verdicts if verdict.check not in passed_over]
    return 0 if all(verdict.is_vouched for verdict in asked) else KEY_UNKNOWN


def print_verdicts(verdicts: Sequence[Verdict]) -> None:
    """Say each verdict on a line of its own."""
    for verdict in verdicts:
        output.say(f"{_sign(verdict)} {output.cell(f'{verdict.check}: {verdict.sentence}', 400)}")


async def _file_verdicts(options: argparse.Namespace, file: Path) -> tuple[Verdict, ...]:
    key, heads = _expected_key(options), tuple(options.head)
    async with _asked_pools(options) as console:
        if console is not None:
            heads += await heads_of(file, key, console.home.evidence.in_pools())
    return await verify_file(file, key, heads)


async def _home_verdicts(options: argparse.Namespace) -> tuple[tuple[Verdict, ...], frozenset[str]]:
    """Return the verdicts, and the checks for which nobody outside could be asked."""
    async with _asked_pools(options) as there:
        if there is not None:
            return await there.home.evidence.verify(_expected_key(options), tuple(options.head)), ABSENT
    console = await Console.open(options.home, passphrase=no_passphrase, is_reading=True)
    try:
        return await console.home.evidence.verify(_expected_key(options), tuple(options.head)), UNASKED
    finally:
        await console.close()


@asynccontextmanager
async def _asked_pools(options: argparse.Namespace) -> AsyncIterator[Console | None]:
    """Give a console that is connected to the pools that were named; None, with a note, where none can be reached."""
    async with AsyncExitStack() as until:
        console: Console | None = None
        if options.pools:
            unasked: list[ConsoleError] = []
            try:
                pools, unasked = await until.enter_async_context(looked_at(options))
                console = pools.first
            except StoreFailed:
                raise
            except ConsoleError as failure:
                unasked.append(failure)
            for why in unasked:
                output.note(f"A pool was not asked for its anchors. {explain(why).failed}")
        yield console


async def _leave_on_record(options: argparse.Namespace, what: str) -> None:
    """Leave a row that somebody looked into the record, where that can be written without asking anybody."""

    async def unasked(*, is_new: bool) -> str | None:
        return None if is_new else os.environ.get("XSCONSOLE_PASSPHRASE")

    try:
        home = await Home.open(options.home, unasked, is_reading=False)
        try:
            await home.record(*home.evidence.look_at(what))
        finally:
            await home.close()
    except StoreFailed as failure:
        output.note(f"That somebody looked into the record is not on record: {failure.reason}")


def _expected_key(options: argparse.Namespace) -> str | None:
    return options.key.strip().lower() if options.key is not None else None


async def audit_export(options: argparse.Namespace) -> int:
    """Write a bundle, and say what an end to it looks like that can be kept elsewhere."""
    choice = Choice(
        since=options.since,
        until=options.until,
        service=options.service,
        configuration=options.configuration,
        run=RunId(options.run) if options.run is not None else None,
    )
    asked = AuditQuery(filter=query_of(options.text, AUDIT))
    console = await Console.open(options.home, passphrase=Given(options).passphrase, may_be_broken=True)
    try:
        pass_on_notices(console)
        choice = await meant_by(console.home, choice)
        if options.text.strip():
            choice = await chosen_by(console.home, choice, asked, options.text)
        made = await export_audit(
            console.home,
            Path(options.out),
            choice,
            options.redact,
            may_replace=options.force,
            tell=_progress if sys.stderr is not None and sys.stderr.isatty() else lambda _done, _of: None,
        )
    finally:
        await console.close()
    if options.json:
        output.print_json(
            {
                "file": options.out,
                "manifest": made.digest,
                "first_seq": made.first_seq,
                "last_seq": made.last_seq,
                "shown": made.shown,
                "size_bytes": made.size_bytes,
                "verdicts": [documents.verdict_document(Verdict(**one._asdict())) for one in made.verdicts],
            }
        )
    else:
        rows = f"{made.shown} of the rows {made.first_seq} to {made.last_seq}"
        output.say(f"{output.cell(options.out, 400)} has {rows}, and {made.size_bytes} bytes.")
        output.say(f"The SHA-256 of its manifest is {made.digest}.")
        for one in made.verdicts:
            if not one.is_good:
                output.say(f"BAD {output.cell(f'{one.check}: {one.sentence}', 400)}")
    if all(one.is_good for one in made.verdicts):
        return 0
    output.note(EXPORTED_BROKEN)
    return 1


def _progress(done: int, of: int) -> None:
    if done % 50_000 == 0:
        output.note(f"{done} of {of} rows are written.")


def _absolute(folder: str) -> str:
    return str(Path(folder).absolute())


def _sign(verdict: Verdict) -> str:
    if not verdict.is_good:
        return "BAD"
    return "ok " if verdict.is_vouched else "?  "


async def audit_anchor(options: argparse.Namespace) -> int:
    """Say where the record ends, and leave that in a folder, now and from now on."""
    if options.into and options.into_none:
        raise Refused(reason="A folder and no folder cannot both be.", mend="Give --into DIR or --into-none.")
    folder = _absolute(options.into) if options.into else ""
    console = await Console.open(options.home, passphrase=Given(options).passphrase)
    try:
        pass_on_notices(console)
        evidence, settings = console.home.evidence, console.home.settings
        if folder:
            await evidence.drop(folder)
        if folder or options.into_none:
            settings.keep_anchor_folder(folder)
        head = await evidence.head()
    finally:
        await console.close()
    assert head is not None  # opening a console is on record
    if options.json:
        output.print_json(msgspec.to_builtins(head))
        return 0
    output.say(f"{head.seq}:{head.digest}")
    if settings.anchor_folder:
        output.note(f"Each later anchor is left in {output.cell(settings.anchor_folder, 400)}, too.")
    return 0


async def audit_rotate(options: argparse.Namespace) -> int:
    """Seal the file of the record that is in use, and go on in a new one."""
    console = await Console.open(options.home, passphrase=Given(options).passphrase)
    try:
        pass_on_notices(console)
        cut = await console.home.evidence.seal()
    finally:
        await console.close()
    if options.json:
        seqs = {"first_seq": cut.first_seq, "last_seq": cut.last_seq}
        output.print_json({"file": str(cut.path), "sha256": cut.sha256, **seqs})
        return 0
    output.say(f"Rows {cut.first_seq} to {cut.last_seq} are sealed in {output.cell(str(cut.path), 400)}.")
    output.say(f"Its SHA-256 is {cut.sha256}, as row {cut.last_seq + 1} says.")
    return 0


async def audit_accept(options: argparse.Namespace) -> int:
    """Set aside a record that is not the one remembered, or that does not verify, and begin another one."""
    console = await Console.open(options.home, passphrase=Given(options).passphrase, accepts_record=True)
    try:
        newest = await console.audit_page(AuditQuery(event=AuditEvent.RECORD_ACCEPTED), limit=1)
        started = await console.audit_page(AuditQuery(event=AuditEvent.CONSOLE_STARTED), limit=1)
        if not newest or newest[0].seq + 1 != started[0].seq:
            evidence = console.home.evidence
            cut = await evidence.set_aside(await evidence.verify(None))
            newest = await console.audit_page(AuditQuery(), limit=1) if cut is not None else ()
        place = await console.audit_page(AuditQuery(event=AuditEvent.RECORD_SET_ASIDE), limit=1)
    finally:
        await console.close()
    if not newest:
        raise Refused(
            reason="The record is the one that this home remembers, and none of its rows was changed or is gone.",
            mend="There is nothing to accept.",
        )
    if place:
        file = output.cell(str((place[0].fact.details or {}).get("file")), 400)
        output.say(f"What was there is kept as it was, in {file} of the home folder.")
    output.say(f"A new record goes on. Row {newest[0].seq} says: {output.cell(newest[0].fact.reason, 400)}")
    return 0
