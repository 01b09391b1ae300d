"""Verbs about the record of this home. They need no pool."""

import argparse

from xsconsole.cli import documents, output
from xsconsole.cli.session import Given, no_passphrase, pass_on_notices
from xsconsole.console import Console
from xsconsole.domain.audit_filter import AUDIT
from xsconsole.domain.query.parser import query_of
from xsconsole.domain.record import AuditEvent, AuditQuery, Verdict
from xsconsole.domain.wording import record as record_words
from xsconsole.errors import Refused

KEY_UNKNOWN = 3


async def audit_list(options: argparse.Namespace) -> int:
    asked = AuditQuery(filter=query_of(options.text, AUDIT))
    console = await Console.open(options.home, passphrase=no_passphrase, is_reading=True)
    try:
        pass_on_notices(console)
        rows = await console.audit_page(asked, limit=options.limit)
    finally:
        await console.close()
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
                record_words.outcome_name(row.fact.outcome) if row.fact.outcome else "",
            )
            for row in rows
        ),
        widest=90,
    )
    return 0


async def audit_verify(options: argparse.Namespace) -> int:
    """Check the record. Nothing wrong, but no key given from outside, has an exit status of its own."""
    console = await Console.open(options.home, passphrase=no_passphrase, is_reading=True)
    try:
        verdicts = await console.verify_audit(options.key)
    finally:
        await console.close()
    if options.json:
        output.print_json([documents.verdict_document(verdict) for verdict in verdicts])
    else:
        for verdict in verdicts:
            output.say(f"{_sign(verdict)} {output.cell(f'{verdict.check}: {verdict.sentence}', 400)}")
    if not all(verdict.is_good for verdict in verdicts):
        return 1
    return 0 if all(verdict.is_vouched for verdict in verdicts) else KEY_UNKNOWN


def _sign(verdict: Verdict) -> str:
    if not verdict.is_good:
        return "BAD"
    return "ok " if verdict.is_vouched else "?  "


async def audit_accept(options: argparse.Namespace) -> int:
    """Go on with a record that is not the one remembered."""
    console = await Console.open(options.home, passphrase=Given(options).passphrase, accepts_record=True)
    try:
        (newest,) = await console.audit_page(AuditQuery(event=AuditEvent.RECORD_ACCEPTED), limit=1) or (None,)
        started = await console.audit_page(AuditQuery(event=AuditEvent.CONSOLE_STARTED), limit=1)
    finally:
        await console.close()
    if newest is None or newest.seq + 1 != started[0].seq:
        raise Refused(reason="The record is the one that this home remembers.", mend="There is nothing to accept.")
    output.say(f"The record goes on as it stands. Row {newest.seq} says: {output.cell(newest.fact.reason, 400)}")
    return 0
