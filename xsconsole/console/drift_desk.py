"""What the window and the command line ask about drift: differences, since when, rules, statements."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from xsconsole.console.facts import fact_of
from xsconsole.console.refusals import record_unread
from xsconsole.console.texts import write_text
from xsconsole.console.values import Verb
from xsconsole.domain.allowances import AllowedField
from xsconsole.domain.board import Board, Card
from xsconsole.domain.canonical import Json
from xsconsole.domain.comparison import compare, rule_label, version_now
from xsconsole.domain.drift import (
    Against,
    Baseline,
    Call,
    Drift,
    Measure,
    all_at_once,
    baseline_of,
    cause_of,
    measure_of,
    why_none,
)
from xsconsole.domain.fidelity import Statement, document, stated, text
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.manifest import Change, FieldChange, Judged, Part, PartChange, Topic, topic_of
from xsconsole.domain.record import AuditEvent, AuditQuery, Outcome
from xsconsole.engine.commands import AllowDifference, ForbidDifference
from xsconsole.errors import NotFound, Refused, StoreFailed

if TYPE_CHECKING:
    from xsconsole.console.door import Console
    from xsconsole.console.estate.router import Estate

MOST_ROWS = 200
LOOKED_BACK = timedelta(days=2)  # in xapi's own log
SHOWN_S = 15.0


FOREIGN = (".pdf", ".doc", ".docx", ".odt")  # what a statement is never written as


def drifts_of(estate: "Estate") -> Mapping[ConfigurationId, Drift]:
    """Return the drift of all configurations, compared now."""
    return all_at_once(
        estate.board,
        lambda id_: estate.of_card(id_).inventory,
        lambda id_: estate.of_card(id_).own_board.allowances,
        estate.home.clock.now(),
    )


def drift_against(
    estate: "Estate", configuration: ConfigurationId, wanted: Against | ConfigurationId | None = None
) -> Drift:
    """Return how a configuration differs now from its origin, from production, or from another configuration.

    Raises:
        NotFound: there is no such thing.
    """
    board = estate.board
    card = board.cards.get(configuration)
    if card is None:
        raise NotFound(reason="It is no configuration any more.", mend="Look at the board.")
    kind = wanted if wanted is None or isinstance(wanted, Against) else None
    inventory, rules = estate.of_card(card.id).inventory, estate.of_card(card.id).own_board.allowances
    second = version_now(card, inventory, board.workflow)
    measure: Measure | None = None
    if wanted is None or isinstance(wanted, Against):
        measure = measure_of(card, second.manifest, inventory, board.workflow)
        baseline = baseline_of(card, board, wanted, has_blueprint=measure is not None)
    else:
        baseline = Baseline(configuration=wanted, against=Against.NAMED)
    if baseline is not None and measure is not None and baseline.against is Against.BLUEPRINT:
        found = compare(measure.version, second, rules, measure.allowances)
        return Drift(configuration=card.id, baseline=baseline, comparison=found, sightings={})
    other = board.cards.get(baseline.configuration) if baseline is not None else None
    if baseline is None or other is None:
        raise NotFound(reason=why_none(card, kind), mend="Name a configuration to compare it with.")
    first = version_now(other, estate.of_card(other.id).inventory, board.workflow)
    return Drift(configuration=card.id, baseline=baseline, comparison=compare(first, second, rules), sightings={})


async def recorded(estate: "Estate", configuration: ConfigurationId) -> Mapping[Topic, tuple[Change, datetime]]:
    """Return since when real differences are as they are, as far as this home's record tells.

    Raises:
        StoreFailed: the record cannot be read.
    """
    query = AuditQuery(event=AuditEvent.DRIFTED, configuration=configuration)
    found: dict[Topic, tuple[Change, datetime]] = {}
    for row in await estate.audit_page(query, limit=MOST_ROWS):
        came = (row.fact.details or {}).get("came")
        for kept in came if isinstance(came, list) else ():
            change = _change(kept)
            if change is not None and topic_of(change) not in found:
                found[topic_of(change)] = (change, _since(kept) or row.at)
    return found


async def causes(estate: "Estate", drift: Drift) -> Mapping[Topic, Call]:
    """Return which calls made the differences, on either side, as far as xapi's own log of the last days tells.

    Raises:
        PoolUnavailable: it cannot be read.
    """
    since = estate.home.clock.now() - LOOKED_BACK
    sides = []
    for id_ in (drift.configuration, drift.baseline.configuration):
        card, console = estate.board.cards.get(id_), estate.of_card(id_)
        if card is not None:
            sides.append((card, console.inventory, await console.acts.calls_since(since)))
    found: dict[Topic, Call] = {}
    for each in drift.comparison.judged:
        known = (cause_of(each.change, card, inventory, calls) for card, inventory, calls in sides)
        newest = max((call for call in known if call is not None), key=lambda call: call.at, default=None)
        if newest is not None:
            found[topic_of(each.change)] = newest
    return found


def since_of(
    change: Change, drift: Drift | None, on_record: Mapping[Topic, tuple[Change, datetime]]
) -> datetime | None:
    """Return since when a difference is as it is: as this console saw it, or its record tells; None: not known."""
    topic = topic_of(change)
    seen = drift.sightings.get(topic) if drift is not None else None
    if seen is not None and seen.at is not None:
        return seen.at
    known = on_record.get(topic)
    is_same = known is not None and (known[0] == change or isinstance(change, PartChange))
    return known[1] if known is not None and is_same else None


def _change(kept: Json) -> Change | None:
    if not isinstance(kept, dict):
        return None
    try:
        if kept.get("type") == "FieldChange":
            return msgspec.convert({name: kept[name] for name in kept.keys() - {"type", "since"}}, FieldChange)
        # What the part was like is for people who read the row.
        role, part, device = (str(kept.get(name, "")) for name in ("role", "part", "device"))
        return PartChange(role=role, part=Part(part), device=device, before=None, after=None)
    except (msgspec.ValidationError, ValueError):
        return None  # another version of this program wrote it


def _since(kept: Json) -> datetime | None:
    since = kept.get("since") if isinstance(kept, dict) else None
    return datetime.fromisoformat(since) if isinstance(since, str) else None


# Rules


def rule_for(change: Change, card: Card, *, is_of_role: bool = True, is_of_stage: bool = True) -> AllowDifference:
    """Return the command that lets a field differ from now on, of one configuration's service.

    Raises:
        Refused: a whole machine, disk or interface is missing on one side, which no rule can allow.
    """
    if not isinstance(change, FieldChange):
        raise Refused(
            reason="A machine, disk or interface that one side lacks is always drift.",
            mend="Add or remove it, so that both have it or neither.",
        )
    return AllowDifference(
        part=change.part.value,
        field=change.field,
        key=change.key,
        service=card.service,
        stage=card.stage if is_of_stage else None,
        role=change.role if is_of_role else "",
        device=change.device if is_of_role else "",
    )


def changed_rule(rule: AllowedField, *, is_of_role: bool, is_of_stage: bool) -> AllowDifference:
    """Return the command that makes the next version of a rule, of more than before where that is asked for.

    It never becomes narrower: of whom it would hold then is not known.
    """
    return AllowDifference(
        part=rule.part,
        field=rule.field,
        key=rule.key,
        service=rule.service,
        stage=rule.stage if rule.stage and is_of_stage else None,
        role=rule.role if is_of_role else "",
        device=rule.device if is_of_role else "",
        replaces=rule,
    )


def rule_again(
    each: Judged, card: Card, rules: tuple[AllowedField, ...], *, is_of_role: bool = True, is_of_stage: bool = True
) -> AllowDifference:
    """Return the command that lets a difference be: of what a rule allows already, the next version of that rule.

    Raises:
        Refused: as `rule_for`.
    """
    new = rule_for(each.change, card, is_of_role=is_of_role, is_of_stage=is_of_stage)
    scope = (new.part, new.field, new.key, new.service, new.stage or "", new.role, new.device)
    same = next((rule for rule in rules if rule.scope == scope), None)
    standing = same or next((rule for rule in rules if rule.id == each.by_hand), None)
    if standing is None:
        return new
    return changed_rule(standing, is_of_role=is_of_role, is_of_stage=is_of_stage)


async def write_rule(console: "Console", command: AllowDifference | ForbidDifference) -> AllowedField:
    """Allow a difference on one pool, or allow it no more, and return the rule once the board shows it.

    Raises:
        Refused: `NotPermitted`, `PlanIsStale` ..., on record; nothing was changed.
        PoolUnavailable, StoreFailed: whether it stands there is not known; a look at the rules finds out.
    """
    is_allowed = isinstance(command, AllowDifference)
    try:
        denial = console.denial(Verb.ALLOW)
        if denial is not None:
            raise denial
        allowing = console.engine.allowing
        done = await (allowing.allow(command) if isinstance(command, AllowDifference) else allowing.forbid(command))
    except Refused as refusal:
        asked = "allow a difference" if is_allowed else "allow a difference no more"
        await record_unread(console, asked, command.reason, refusal)
        raise

    def is_shown(board: Board) -> bool:
        return (done in board.allowances) is is_allowed

    with contextlib.suppress(TimeoutError):  # it stands on the pool; the board shows it once the feed has told
        await console.until(is_shown, SHOWN_S)
    return done


def find_rule(board: Board, name: str) -> AllowedField:
    """Return the rule whose id begins so.

    Raises:
        NotFound: none does, or several do.
    """
    rules = board.allowances
    found = [rule for rule in rules if name and rule.id.startswith(name.casefold())]
    if len(found) != 1:
        raise NotFound(
            reason=f"{'No' if not found else 'More than one'} rule begins with “{name}”.",
            mend="`xsconsole drift rules` lists them.",
            choices=tuple(f"{rule.id[:8]} {rule_label(rule, board.workflow)}" for rule in rules),
        )
    return found[0]


# Statements


def statement_of(estate: "Estate", drift: Drift) -> Statement:
    """Return how exactly a configuration is like what it was compared with."""
    card = estate.board.cards.get(drift.configuration)
    if card is None:
        raise NotFound(reason="It is no configuration any more.", mend="Look at the board.")
    identity = estate.of_card(card.id).identity
    return stated(drift.comparison, card, estate.home.clock.now(), identity.actor if identity is not None else "")


def statement_text(statement: Statement, file: Path) -> str:
    """Return what a statement's file holds: a page that needs no request where its name says so, else plain text.

    Raises:
        Refused: its name says that it is something else.
    """
    if file.suffix.casefold() in FOREIGN:
        raise Refused(
            reason=f"A statement is written as a page or as plain text, not as {file.suffix[1:].upper()}.",
            mend="Name the file .html, and print the page from a browser.",
        )
    if file.suffix.casefold() not in (".html", ".htm"):
        return text(statement)
    from xsconsole.reports.html import render_statement  # noqa: PLC0415 - few ask for a page

    return render_statement(statement)


async def keep_statement(estate: "Estate", statement: Statement, file: Path, *, may_replace: bool = False) -> None:
    """Write a statement to a file, and leave a row of it: only once it is there, and no file stays without one.

    Raises:
        AlreadyThere: there is a file of that name. Refused, DiskFull: it cannot be written.
        StoreFailed: the row could not be written, so the file is gone again.
    """
    await write_text(statement_text(statement, file), file, may_replace=may_replace)
    try:
        await state(estate, statement, str(file))
    except StoreFailed:
        await asyncio.to_thread(file.unlink, missing_ok=True)
        raise


async def state(estate: "Estate", statement: Statement, left_in: str) -> None:
    """Leave a row of a statement that was handed out; `left_in` says where it is, such as a file's name.

    Raises:
        StoreFailed: it could not be written.
    """
    second = statement.second
    identity = estate.of_card(second.configuration).identity
    what = f"{second.title} beside {statement.first.name}: {statement.verdict}"
    plain = document(statement, is_whole=False)
    fact = replace(
        fact_of(AuditEvent.STATED, identity, {"what": what, "left_in": left_in, **plain}),
        configuration=second.configuration,
        configuration_name=second.name,
        source=second.stage,
        outcome=Outcome.DONE,
    )
    await estate.record(fact)
