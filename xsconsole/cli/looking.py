"""Verbs that change nothing and need no signing key."""

import argparse
from collections.abc import Iterable, Mapping

from xsconsole.cli import documents, output
from xsconsole.cli.session import connected, is_published, looked_at, published, spoken_name
from xsconsole.console import Console, Unacknowledged, unacknowledged
from xsconsole.domain import words
from xsconsole.domain.blueprint.standing import version_words
from xsconsole.domain.board import Board, Card, Standing, Stray
from xsconsole.domain.closures import Extension
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.lineage import frozen_words, origin_words, place_words
from xsconsole.domain.naming import find_configuration, own_name
from xsconsole.domain.one_way import goes_one_way
from xsconsole.domain.stays import examined_stays, stay_of, what_to_do
from xsconsole.domain.wording.closures import closed_words
from xsconsole.errors import ConsoleError, NotFound

COLUMNS = ("STAGE", "STANDING", "VMS", "ID")  # of configurations, after what they are called
UNPUBLISHED = "is not published here yet; the first command that changes something publishes it"


async def status(options: argparse.Namespace) -> int:
    async with looked_at(options) as (pools, failures):
        consoles = _following(pools, failures)
        if options.json:
            found = [_status_document(console) for console in consoles]
            output.print_json({"pools": found} if len(options.pools) > 1 else found[0])
        for at, console in enumerate(() if options.json else consoles):
            if at:
                output.say("")
            _print_status(console)
        return _ended(failures)


def _following(pools: Iterable[Console], failures: list[ConsoleError]) -> list[Console]:
    """Return the consoles of which there is a workflow to tell of; why not of the others stands in `failures`.

    Raises:
        NotFound: of none.
    """
    found: list[Console] = []
    for console in pools:
        try:
            published(console)
        except NotFound as failure:
            failures.append(failure)
        else:
            found.append(console)
    if not found:
        raise failures[-1]
    return found


def _ended(failures: Iterable[ConsoleError]) -> int:
    """Say what failed, and return the exit status."""
    status = 0
    for failure in failures:
        output.print_error(failure)
        status = 1
    return status


def _status_document(console: Console) -> documents.Document:
    identity, board = console.identity, console.board
    assert identity is not None
    cards = sorted(board.cards.values(), key=lambda card: (card.stage, natural(card.name), card.id))
    return {
        "pool": {"uuid": identity.pool, "name": identity.pool_name},
        "user": identity.actor,
        "role": identity.role,
        "may_not": [right.what for right in console.rights if not right.is_allowed],
        "workflow": documents.workflow_document(published(console), is_published=is_published(console)),
        "configurations": [documents.card_document(card, board) for card in cards],
        "strays": [{"uuid": stray.uuid, "name": stray.name} for stray in board.strays],
        "unreadable": list(board.unreadable),
    }


def _print_status(console: Console) -> None:
    identity, board, workflow = console.identity, console.board, published(console)
    assert identity is not None
    output.say(f"Pool {output.cell(identity.pool_name)}, {output.cell(identity.actor)} as {identity.role}")
    state = f", version {workflow.version}" if is_published(console) else f" {UNPUBLISHED}"
    output.say(f"Workflow “{output.cell(workflow.name)}”{state}")
    counts = [(output.cell(stage.name), len(board.in_stage(stage.id))) for stage in workflow.stages]
    if board.homeless:
        counts.append(("in none of its stages", len(board.homeless)))
    widest = max(len(name) for name, _ in counts)
    for name, number in counts:
        output.say(f"  {name:<{widest}}  {number}")
    lacking = tuple(right.what for right in console.rights if not right.is_allowed)
    if lacking:
        needs = next(right.needs for right in console.rights if not right.is_allowed)
        output.say(f"The role {identity.role} may not {words.listing(lacking)}; that needs {needs}.")
    for closure in console.closings.all:
        mark = "  given" if isinstance(closure, Extension) else "! closed"
        output.say(f"{mark}: {output.cell(closed_words(closure, board), 200)} — {output.cell(closure.reason, 200)}")
    for card in sorted(board.cards.values(), key=lambda card: (card.standing, natural(card.name), card.id)):
        if card.standing is not Standing.WHOLE:
            output.say(f"! {card.standing.value}: {output.cell(_situation(console, card), 500)}")
    for found in examined_stays(board, None, console.home.clock.now()):
        if found is not None:
            output.say(
                f"! time in stage: {output.cell(found.name)}: {output.cell(f'{found.sentence} {found.mend}', 500)}"
            )
    for stray in board.strays:
        output.say(
            f"! stray: {output.cell(stray.name)} ({stray.uuid}) "
            f"is a copy of a member of “{output.cell(stray.value.name)}”; {_care(stray, board)}"
        )
    for name in board.unreadable:
        output.say(f"! unreadable: {output.cell(name)} carries a mark of a newer console, or a damaged one")


def _care(stray: Stray, board: Board) -> str:
    """Return what can be done with a clone that carries the mark of a member."""
    card = board.cards.get(stray.value.configuration)
    if card is None:
        return "its configuration is gone: `xsconsole config create` makes a new one of it, and overwrites the mark"
    named = f"{spoken_name(card, board)} --vm {stray.uuid}"
    return f"`xsconsole config adopt {named}` takes it in, `xsconsole config remove {named}` removes the mark"


def _situation(console: Console, card: Card) -> str:
    """Return what is the matter with a card that is not whole, and the command that mends it."""
    name = spoken_name(card, console.board)
    if card.run is None:
        return f"{card.name}: {' '.join(card.problems)} `xsconsole config adopt {name}` makes it whole"
    record, holder = card.run.record, card.run.holder
    what = words.title(record.plan, console.board.workflow)
    done = f"{what}, {len(record.settled)} of {len(record.plan.steps)} steps done"
    begun = f"begun {words.instant(record.started_at)} by {record.actor} at {record.console_name}"
    if holder is not None:
        return f"{done}, {begun}. {words.silence(console.quiet_s(card.id), holder.ttl_s)}"
    resume = f"`xsconsole settle {name} resume`"
    undo = "" if goes_one_way(card, console.inventory) else f" or `xsconsole settle {name} undo`"
    return f"{done}, {begun}; {resume}{undo}"


async def config_list(options: argparse.Namespace) -> int:
    async with looked_at(options) as (pools, failures):
        found = [(console, card) for console in pools for card in console.board.cards.values()]
        found.sort(key=lambda pair: (natural(pair[1].service), natural(pair[1].version), pair[1].id))
        is_named = len(options.pools) > 1
        has_names = any(own_name(card) for _, card in found)
        outside = await _outside(pools.first)
        if options.json:
            documents_ = (
                {**_card_document(console, card, is_named=is_named), **_outside_document(card, outside)}
                for console, card in found
            )
            output.print_json(list(documents_))
            return _ended(failures)
        output.print_table(
            (
                *(("POOL",) if is_named else ()),
                *("SERVICE", "VERSION"),
                *(("NAME",) if has_names else ()),
                *COLUMNS[:-1],
                *(("OUTSIDE",) if outside else ()),
                COLUMNS[-1],
            ),
            (
                (
                    *((_pool_name(console),) if is_named else ()),
                    card.service,
                    card.version,
                    *((own_name(card) or "-",) if has_names else ()),
                    console.board.stage_name(card.stage),
                    card.standing.value,
                    str(len(card.members)),
                    *((str(outside[card.id].number) if card.id in outside else "-",) if outside else ()),
                    card.id,
                )
                for console, card in found
            ),
        )
        return _ended(failures)


async def _outside(console: Console) -> Mapping[ConfigurationId, Unacknowledged]:
    """Return what others changed that nobody acknowledged, as this home's rows tell; looking goes on without them."""
    try:
        return await unacknowledged(console.home)
    except ConsoleError as failure:
        output.note(f"What others changed is not known: {output.cell(str(failure), 300)}")
        return {}


def _outside_document(card: Card, outside: Mapping[ConfigurationId, Unacknowledged]) -> documents.Document:
    found = outside.get(card.id)
    return {"changed_outside": [row.seq for row in found.rows] if found is not None else []}


def _card_document(console: Console, card: Card, *, is_named: bool) -> documents.Document:
    document = documents.card_document(card, console.board)
    identity = console.identity
    if is_named and identity is not None:
        document["pool"] = {"uuid": identity.pool, "name": identity.pool_name}
    return document


def _pool_name(console: Console) -> str:
    return console.identity.pool_name if console.identity is not None else ""


def _print_stay(card: Card, console: Console) -> None:
    workflow, at = console.board.workflow, console.home.clock.now()
    stay = stay_of(card, workflow)
    if stay is not None and workflow is not None:
        mend = f" {what_to_do(card, stay, workflow)}" if stay.is_over(at) else ""
        output.say(f"  {'! ' if stay.is_over(at) else ''}{output.cell(f'{stay.sentence(at)}{mend}', 500)}")


async def config_show(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=True) as console:
        card = find_configuration(console.board, options.name)
        outside = await _outside(console)
        if options.json:
            output.print_json({**documents.card_document(card, console.board), **_outside_document(card, outside)})
            return 0
        output.say(f"{output.cell(card.name, 200)}  ({card.id})")
        stage = output.cell(console.board.stage_name(card.stage))
        since = f" since {words.instant(card.since)}" if card.since else ""
        output.say(f"  in {stage}{since}, {card.standing.value}, revision {card.revision}")
        _print_stay(card, console)
        for line in card.notes.splitlines():
            output.say(f"  | {output.cell(line, 500)}")
        for told in (*origin_words(card, console.board), *version_words(card, console.inventory)):
            output.say(f"  {output.cell(told, 200)}")
        for told in place_words(card, console.board):
            output.say(f"  {output.cell(told, 300)}")
        if card.standing is not Standing.WHOLE:
            output.say(f"  ! {output.cell(_situation(console, card), 500)}")
        for told in outside[card.id].told if card.id in outside else ():
            output.say(f"  ! changed outside: {output.cell(told, 500)}")
        for barrier in console.closings.on(card):
            output.say(f"  ! {output.cell(barrier.sentence, 500)}")
        for uuid in card.missing:
            output.say(f"  ! gone: {output.cell(card.missing_name(uuid), 120)}")
        kept = {one.point.run: one.needed or one.why for one in console.points.keepings(card)}
        for point in card.restore_points:
            whole = "" if point.is_whole else ", not of every member"
            taken_in = output.cell(console.board.stage_name(point.stage))
            output.say(f"  restore point of {words.instant(point.at)}, taken in {taken_in}{whole}: {kept[point.run]}")
        for aside in card.asides:
            output.say(f"  set aside by a return on {words.instant(aside.at)}: {kept[aside.run]}")
        for one in card.candidates:
            output.say(f"  {frozen_words(one)}, for request {output.cell(one.request[:8])}")
        output.print_table(
            ("ROLE", "VM", "POWER", "DISKS", "UUID"),
            (
                (member.role, member.name, member.power_state, words.size(member.disks_bytes), member.uuid)
                for member in card.members
            ),
        )
        return 0
