"""The verbs about drift: how configurations differ from what they are meant to be like, and what may differ."""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import msgspec

from xsconsole.cli import output
from xsconsole.cli.documents import Document
from xsconsole.cli.papers import naming_force
from xsconsole.cli.session import connected, connected_pools, looked_at, spoken_name
from xsconsole.console import (
    Console,
    Estate,
    Pools,
    drift_against,
    drifts_of,
    find_rule,
    keep_statement,
    recorded,
    rule_again,
    since_of,
    statement_of,
    write_rule,
)
from xsconsole.console import state as put_on_record
from xsconsole.domain.allowances import AllowedField
from xsconsole.domain.board import Board, Card
from xsconsole.domain.comparison import aspect_of, rule_label, stage_title
from xsconsole.domain.drift import Against, Drift
from xsconsole.domain.fidelity import document, text
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.manifest import Change, FieldChange, Judged, Topic, words
from xsconsole.domain.mending import why_not
from xsconsole.domain.naming import find_configuration
from xsconsole.domain.words import instant
from xsconsole.domain.workflow import Method, Workflow
from xsconsole.engine.commands import ForbidDifference, Mend, Refresh
from xsconsole.errors import NotFound

OnRecord = Mapping[Topic, tuple[Change, datetime]]


async def list_(options: argparse.Namespace) -> int:
    """List every configuration with how many fields really differ, and from what."""
    async with looked_at(options) as (pools, failures):
        estate = Estate(pools)
        cards = sorted(estate.board.cards.values(), key=lambda card: (natural(card.name), card.id))
        found = drifts_of(estate)
        if options.json:
            output.print_json([_row_document(card, found.get(card.id), estate.board) for card in cards])
        else:
            output.print_table(
                ("CONFIGURATION", "STAGE", "DRIFT", "ALLOWED", "COMPARED WITH"),
                (_row(card, found.get(card.id), estate.board) for card in cards),
            )
        for failure in failures:
            output.print_error(failure)
        return 1 if failures else 0


async def show(options: argparse.Namespace) -> int:
    """Print each difference of one configuration."""
    async with looked_at(options) as (pools, failures):
        estate = Estate(pools)
        for failure in failures:
            output.print_error(failure)
        drift = _named(estate, options)
        on_record = await recorded(estate, drift.configuration)
        if options.json:
            output.print_json(_document(drift, on_record))
            return 1 if failures else 0
        comparison = drift.comparison
        output.say(f"{_told(drift)}: {len(comparison.drift)} drift, {len(comparison.allowed)} allowed")
        if comparison.judged:
            output.print_table(
                ("WHERE", "WHAT", "IT HAS", "IN PLACE OF", "SINCE", "VERDICT", "FIELD"),
                (_line(each, drift, on_record) for each in (*comparison.drift, *comparison.allowed)),
            )
        output.note(f"Not compared: {words.NOT_COMPARED}")
        return 1 if failures else 0


async def state(options: argparse.Namespace) -> int:
    """Say how exactly a configuration is like another, and leave a row of having said so."""
    async with connected_pools(options, is_reading=False) as pools:
        estate = Estate(pools)
        made = statement_of(estate, _named(estate, options))
        if options.out is None:
            await put_on_record(estate, made, "")
            if options.json:
                output.print_json(document(made))
            else:
                for line in text(made).rstrip().splitlines():
                    output.say(line)
            return 0
        with naming_force():
            await keep_statement(estate, made, Path(options.out), may_replace=options.force)
        output.print_json(document(made)) if options.json else output.say(f"{output.cell(made.verdict, 500)}")
        return 0


async def rules(options: argparse.Namespace) -> int:
    """List the rules that people made."""
    async with connected(options, is_reading=True) as console:
        found = console.board.allowances
        if options.json:
            output.print_json([_rule_document(rule, console.board.workflow) for rule in found])
            return 0
        output.print_table(
            ("ID", "VERSION", "MAY DIFFER", "SINCE", "BY", "REASON"),
            (
                (
                    rule.id[:8],
                    str(rule.version),
                    rule_label(rule, console.board.workflow),
                    instant(rule.at),
                    rule.by,
                    rule.reason,
                )
                for rule in found
            ),
        )
        return 0


async def allow(options: argparse.Namespace) -> int:
    """Let a field that differs now differ from now on."""
    async with connected_pools(options, is_reading=False) as pools:
        estate = Estate(pools)
        drift = _named(estate, options)
        each = _field(drift, options.field)
        card = estate.board.cards[drift.configuration]
        owner = estate.of_card(card.id)
        command = rule_again(
            each,
            card,
            owner.own_board.allowances,
            is_of_role=not options.all_members,
            is_of_stage=not options.everywhere,
        )
        made = await write_rule(owner, replace(command, reason=options.reason))
        if options.json:
            output.print_json(_rule_document(made, owner.own_board.workflow))
        else:
            again = f" (version {made.version} of that rule)" if made.version > 1 else ""
            output.say(f"May differ: {rule_label(made, owner.own_board.workflow)}{again}.")
        return 0


def refreshing(console: Console, card: Card, options: argparse.Namespace) -> Refresh:
    """Return what makes a replica anew of what it was copied from, or of what is named."""
    board = Estate(console.abroad).board if isinstance(console.abroad, Pools) else console.board
    return Refresh(
        configuration=card.id,
        revision=card.revision,
        source=find_configuration(board, options.of).id if options.of else None,
        method=Method(options.method) if options.method else None,
        is_stopped_first=options.stop_first,
        reason=options.reason,
    )


def mending(console: Console, card: Card, options: argparse.Namespace) -> Mend:
    """Return what brings the named fields back, or all that can be brought back.

    Raises:
        NotFound: nothing differs that could be.
    """
    drift = _named(Estate.of(console), options)
    if options.fields:
        changes = [_field(drift, name).change for name in options.fields]
    else:
        changes = [each.change for each in drift.comparison.drift if not why_not(each.change)]
    if not changes:
        raise NotFound(reason="Nothing differs that this program could bring back.", mend="`drift show` lists all.")
    return Mend(configuration=card.id, revision=card.revision, changes=tuple(changes), reason=options.reason)


async def forbid(options: argparse.Namespace) -> int:
    """Remove a rule."""
    async with connected(options, is_reading=False) as console:
        rule = find_rule(console.board, options.id)
        workflow = console.board.workflow
        done = await write_rule(console, ForbidDifference(id=rule.id, seen=rule, reason=options.reason))
        output.print_json(_rule_document(done, workflow)) if options.json else output.say(
            f"Removed: {rule_label(done, workflow)}."
        )
        return 0


# --- inside ---------------------------------------------------------------------------------------------------------


def _named(estate: Estate, options: argparse.Namespace) -> Drift:
    card = find_configuration(estate.board, options.name)
    wanted: Against | ConfigurationId | None = None
    if options.against in (Against.ORIGIN, Against.BLUEPRINT, Against.PRODUCTION):
        wanted = Against(options.against)
    elif options.against is not None:
        wanted = find_configuration(estate.board, options.against).id
    return drift_against(estate, card.id, wanted)


def _field(drift: Drift, name: str) -> Judged:
    known = {field_name(each.change): each for each in drift.comparison.judged}
    if name not in known:
        raise NotFound(
            reason=f"“{name}” does not differ now.",
            mend="Name a field that does, as `drift show` names it.",
            choices=tuple(known),
        )
    return known[name]


def field_name(change: Change) -> str:
    """Return how a field is named at the command line, such as `web:vcpus_max` or `web:nic.0.mac`."""
    part = "" if change.part == "member" else f"{change.part}.{change.device}."
    field = change.field if isinstance(change, FieldChange) else "whole"
    return f"{change.role}:{part}{field}" + (f".{change.key}" if isinstance(change, FieldChange) and change.key else "")


def _told(drift: Drift) -> str:
    first, second = drift.comparison.first, drift.comparison.second
    return f"{output.cell(second.title, 120)} beside {output.cell(first.title, 120)} ({drift.baseline.against.value})"


def _row(card: Card, drift: Drift | None, board: Board) -> tuple[str, ...]:
    stage = stage_title(card.stage, board.workflow) or card.stage
    if drift is None:
        is_copy = card.origin is not None and card.origin.is_copy
        why = "its origin is gone or not connected" if is_copy else "it is no copy, and nothing else is in production"
        is_made = card.origin is not None and not is_copy
        why = "its blueprint is gone, and nothing else is in production" if is_made else why
        return (card.name, stage, "", "", f"nothing: {why}")
    comparison = drift.comparison
    measure = f"{comparison.first.title} ({drift.baseline.against.value})"
    return (card.name, stage, str(len(comparison.drift)), str(len(comparison.allowed)), measure)


def _row_document(card: Card, drift: Drift | None, board: Board) -> Document:
    return {
        "id": card.id,
        "name": card.name,
        "called": spoken_name(card, board),
        "stage": card.stage,
        "against": drift.baseline.configuration if drift is not None else None,
        "because": drift.baseline.against.value if drift is not None else None,
        "drift": len(drift.comparison.drift) if drift is not None else None,
        "allowed": len(drift.comparison.allowed) if drift is not None else None,
    }


def _line(each: Judged, drift: Drift, on_record: OnRecord) -> tuple[str, ...]:
    before, after = words.sides(each.change)
    since = since_of(each.change, drift, on_record)
    return (
        words.place(each.change),
        words.label(each.change),
        after,
        before,
        instant(since) if since is not None else "",
        words.verdict(each),
        field_name(each.change),
    )


def _document(drift: Drift, on_record: OnRecord) -> Document:
    first, second = drift.comparison.first, drift.comparison.second
    return {
        "id": drift.configuration,
        "name": second.name,
        "stage": second.stage,
        "against": {"id": first.configuration, "name": first.name, "because": drift.baseline.against.value},
        "differences": [
            {
                "verdict": each.verdict.value,
                "rule": each.rule or None,
                "class": aspect_of(each.change).value,
                "name": field_name(each.change),
                "sentence": f"{words.place(each.change)}: {words.label(each.change)}",
                "since": _iso(since_of(each.change, drift, on_record)),
                **msgspec.to_builtins(each.change),
            }
            for each in drift.comparison.judged
        ],
        "not_compared": words.NOT_COMPARED,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _rule_document(rule: AllowedField, workflow: Workflow | None) -> Document:
    plain: Document = msgspec.to_builtins(rule)
    plain.pop("schema", None)
    return {**plain, "what": rule_label(rule, workflow)}
