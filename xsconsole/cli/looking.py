"""Verbs that change nothing and need no signing key."""

import argparse
import asyncio
import sys
from pathlib import Path

from xsconsole.cli import output
from xsconsole.cli.session import connected, no_passphrase, published
from xsconsole.console import Console
from xsconsole.domain import words
from xsconsole.domain.naming import find_configuration
from xsconsole.domain.record import AuditQuery
from xsconsole.domain.workflow import to_json
from xsconsole.errors import Refused


async def status(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=True) as console:
        cards = sorted(console.board.cards.values(), key=lambda card: (card.stage, card.name))
        unsettled = [card for card in cards if card.run is not None]
        identity = console.identity
        assert identity is not None
        if options.json:
            output.print_json(
                {
                    "pool": {"uuid": identity.pool, "name": identity.pool_name},
                    "user": identity.actor,
                    "role": identity.role,
                    "may_not": [right.what for right in console.rights if not right.is_allowed],
                    "workflow": output.workflow_document(published(console)),
                    "configurations": [output.card_document(card, console.board) for card in cards],
                    "strays": [{"uuid": stray.uuid, "name": stray.name} for stray in console.board.strays],
                    "unreadable": list(console.board.unreadable),
                }
            )
            return 0
        print(f"Pool {identity.pool_name}, {identity.actor} as {identity.role}")
        for stage in published(console).stages:
            print(f"  {stage.name}: {len(console.board.in_stage(stage.id))}")
        for card in unsettled:
            print(f"  {card.standing.value}: {card.name}")
        return 0


async def config_list(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=True) as console:
        cards = sorted(console.board.cards.values(), key=lambda card: (card.service, card.version, card.id))
        if options.json:
            output.print_json([output.card_document(card, console.board) for card in cards])
            return 0
        output.print_table(
            ("SERVICE", "VERSION", "STAGE", "STANDING", "VMS", "ID"),
            (
                (card.service, card.version, card.stage, card.standing.value, str(len(card.members)), card.id)
                for card in cards
            ),
        )
        return 0


async def config_show(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=True) as console:
        card = find_configuration(console.board, options.name)
        if options.json:
            output.print_json(output.card_document(card, console.board))
            return 0
        print(f"{card.name}  ({card.id})")
        print(f"  stage {card.stage}, revision {card.revision}, {card.standing.value}")
        for problem in card.problems:
            print(f"  ! {problem}")
        output.print_table(
            ("ROLE", "VM", "POWER", "DISKS", "UUID"),
            (
                (member.role, member.name, member.power_state, words.size(member.disks_bytes), member.uuid)
                for member in card.members
            ),
        )
        return 0


async def workflow_list(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=True) as console:
        workflow = published(console)
        if options.json:
            output.print_json([output.workflow_document(workflow)])
        else:
            output.print_table(
                ("ID", "NAME", "VERSION", "STAGES", "DIGEST"),
                [(workflow.id, workflow.name, str(workflow.version), str(len(workflow.stages)), workflow.digest[:12])],
            )
        return 0


async def workflow_show(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=True) as console:
        workflow = published(console)
        if options.json:
            output.print_json(output.workflow_document(workflow))
            return 0
        print(f"{workflow.name}, version {workflow.version}")
        output.print_table(
            ("FROM", "TO", "KIND", "RESTORE POINT"),
            (
                (edge.source, edge.target, edge.kind.value, "yes" if edge.has_restore_point else "no")
                for edge in workflow.transitions
            ),
        )
        return 0


async def workflow_export(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=True) as console:
        text = to_json(published(console))
    if options.out is None:
        sys.stdout.write(text.decode() + "\n")
        return 0
    try:
        await asyncio.to_thread(Path(options.out).write_bytes, text)
    except OSError as failure:
        raise Refused(reason=f"{options.out} cannot be written: {failure.strerror}.") from failure
    return 0


async def audit_list(options: argparse.Namespace) -> int:
    console = await Console.open(options.home, passphrase=no_passphrase, is_reading=True)
    try:
        rows = await console.audit_page(AuditQuery(text=options.text), limit=options.limit)
    finally:
        await console.close()
    if options.json:
        output.print_json([output.row_document(row) for row in rows])
        return 0
    output.print_table(
        ("SEQ", "AT", "EVENT", "WHO", "CONFIGURATION", "FROM", "TO", "OUTCOME"),
        (
            (
                str(row.seq),
                row.at.astimezone().strftime("%Y-%m-%d %H:%M:%S"),
                row.fact.event.value,
                row.fact.actor,
                row.fact.configuration_name,
                row.fact.source or "",
                row.fact.target or "",
                row.fact.outcome.value if row.fact.outcome else "",
            )
            for row in rows
        ),
    )
    return 0


async def audit_verify(options: argparse.Namespace) -> int:
    console = await Console.open(options.home, passphrase=no_passphrase, is_reading=True)
    try:
        verdicts = await console.verify_audit(options.key)
    finally:
        await console.close()
    if options.json:
        output.print_json([output.verdict_document(verdict) for verdict in verdicts])
    else:
        for verdict in verdicts:
            print(f"{'ok ' if verdict.is_good else 'BAD'} {verdict.check}: {verdict.sentence}")
    return 0 if all(verdict.is_good for verdict in verdicts) else 1
