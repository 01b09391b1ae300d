"""The board at a past moment, from the rows of this home. It needs no pool."""

import argparse
from datetime import UTC

import msgspec

from xsconsole.cli import output
from xsconsole.cli.documents import Document, verdict_document
from xsconsole.cli.session import connected, connected_pools, no_passphrase
from xsconsole.console import Console, acknowledge
from xsconsole.console.projecting import board_verdict, past_of, row_at
from xsconsole.console.reconciling import reconcile
from xsconsole.domain.naming import find_configuration
from xsconsole.domain.outside import by_whom, work_of_consoles
from xsconsole.domain.projection import Past, PastCard, PastPool
from xsconsole.domain.words import count

UNSEEN = "What changed while no console of this home was connected is in its rows once one is."


async def audit_board(options: argparse.Namespace) -> int:
    """Print what stood where, and what the rows cannot tell of it; to check, also whether the pool shows that now."""
    if options.check:
        return await _checked(options)
    console = await Console.open(options.home, passphrase=no_passphrase, is_reading=True)
    try:
        until = options.row if options.at is None else await row_at(console.home, options.at)
        past = await past_of(console.home, until)
    finally:
        await console.close()
    if options.json:
        output.print_json(_document(past))
    else:
        _print_past(past)
    return 0


async def _checked(options: argparse.Namespace) -> int:
    # Who only looks writes no row, so that the rows are those of before this look.
    async with connected_pools(options, is_reading=True) as pools:
        past, verdict = await past_of(pools.first.home), await board_verdict(pools)
    assert verdict is not None, "there is a connection"
    if options.json:
        output.print_json({**_document(past), "check": verdict_document(verdict)})
    else:
        _print_past(past)
        output.say(output.cell(f"{'ok ' if verdict.is_good else 'BAD'} {verdict.sentence}", 400))
        if not verdict.is_good:
            output.say(UNSEEN)
    return 0 if verdict.is_good else 1


def _print_past(past: Past) -> None:
    at = past.at.astimezone().strftime("%Y-%m-%d %H:%M:%S") if past.at is not None else "no time"
    output.say(f"As row {past.seq} of {at} left it:")
    output.print_table(
        ("STAGE", "CONFIGURATION", "STANDING", "MEMBERS", "SINCE ROW"),
        (
            (
                stage_of(pool, card),
                card.face.name,
                card.standing,
                "not known" if card.is_partial else ", ".join(member.name for member in card.face.members),
                str(card.seq),
            )
            for pool, card in past.cards
        ),
        widest=60,
    )
    for sentence in past.unknown:
        output.say(f"?   {sentence}")


async def audit_reconcile(options: argparse.Namespace) -> int:
    """Compare the record with xapi's own log.

    Exit status 3: nothing is missing, but there are changes that no console answers for, or not all could be compared.
    """
    async with connected(options, is_reading=False) as console:
        found = await reconcile(console, options.since)
    verdict = found.verdict
    if options.json:
        document: Document = {
            **verdict_document(verdict),
            "found": found.found,
            "missing": [{"seq": one.seq, "what": one.what} for one in found.missing],
            "foreign": [
                {
                    "configuration": one.configuration_name,
                    "vm": one.vm,
                    "machine": one.machine,
                    "who": one.who,
                    "call": one.call,
                    "number": one.number,
                    "whose": one.whose.value,
                    "is_change": one.is_change,
                    "first": one.first.isoformat(),
                    "last": one.last.isoformat(),
                }
                for one in found.foreign
            ],
        }
        output.print_json(document)
    else:
        output.say(f"{'BAD' if not verdict.is_good else 'ok ' if verdict.is_vouched else '?  '} {verdict.sentence}")
        strangers, others = by_whom(found.foreign)
        lines = [f"not ours: {one.sentence}" for one in strangers]
        if options.all:
            lines += [f"of another console: {one.sentence}" for one in others]
        else:
            lines += [f"of another console: {sentence}" for sentence in work_of_consoles(others)]
        for line in lines:
            output.say(f"    {output.cell(line, 400)}")
        if others and not options.all:
            output.note("With --all each of the calls of other consoles is listed.")
    return 1 if not verdict.is_good else 0 if verdict.is_vouched else 3


async def audit_acknowledge(options: argparse.Namespace) -> int:
    """Leave a row that says why what others changed of a configuration may stay."""
    async with connected(options, is_reading=False) as console:
        card = find_configuration(console.board, options.name)
        number = await acknowledge(console, card, options.reason)
    if options.json:
        output.print_json({"configuration": card.id, "name": card.name, "acknowledged": number})
    else:
        output.say(f"Acknowledged: {count(number, 'change')} to {output.cell(card.name, 200)} from outside.")
    return 0


def stage_of(pool: PastPool, card: PastCard) -> str:
    """Return what the stage of a card was called then."""
    stage = pool.workflow.stage(card.face.stage) if pool.workflow is not None else None
    return stage.name if stage is not None else str(card.face.stage)


def _document(past: Past) -> Document:
    return {
        "row": past.seq,
        "at": past.at.astimezone(UTC).isoformat() if past.at is not None else None,
        "unknown": list(past.unknown),
        "pools": [
            {
                "pool": pool.pool,
                "workflow_version": pool.workflow_version or None,
                "is_followed": pool.is_followed,
                "configurations": [
                    {
                        **msgspec.to_builtins(card.face),
                        "standing": card.standing,
                        "row": card.seq,
                        "run": card.run.run if card.run is not None else None,
                        "members_are_known": not card.is_partial,
                    }
                    for card in pool.cards.values()
                ],
            }
            for pool in past.pools.values()
        ],
    }
