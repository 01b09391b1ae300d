"""The verbs about requests: what is asked for, how it stands, and what people decide."""

import argparse

import msgspec

from xsconsole.cli import output
from xsconsole.cli.acting import see_through
from xsconsole.cli.declaring import typed
from xsconsole.cli.documents import Document
from xsconsole.cli.moves import demand_settled
from xsconsole.cli.papers import at_home, written
from xsconsole.cli.session import connected, no_passphrase
from xsconsole.console import Console, RunState, decide_apart, read_paper, write_paper
from xsconsole.domain import words
from xsconsole.domain.approval import Decision, Meaning
from xsconsole.domain.lineage import frozen_words
from xsconsole.domain.manifest.words import label, place, sides
from xsconsole.domain.requests.files import DecisionFile, RequestFile
from xsconsole.domain.requests.values import Paper, Request, find_request
from xsconsole.domain.requests.views import RequestView, about, asker, waiting_words
from xsconsole.domain.signing import owner_of
from xsconsole.domain.workflow import Workflow
from xsconsole.errors import Refused


async def request_list(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=True) as console:
        await console.requests.clock.time()  # by which a request may have ended; what only reads has not asked yet
        views = console.requests.refresh()
        if options.json:
            output.print_json([_document(view, console) for view in views])
            return 0
        output.print_table(
            ("ID", "ASKS FOR", "BY", "STANDS", "ASKED"),
            (
                (
                    view.request.id[:8],
                    _about(view, console),
                    asker(view.request, console.board.workflow),
                    waiting_words(view),
                    words.instant(view.request.asked_at),
                )
                for view in views
            ),
        )
        for left in console.requests.left_over():
            about_it = f"request {left.request[:8]}: {words.count(len(left.snapshots), 'snapshot')}"
            output.note(f"Left over from {about_it}, {frozen_words(left)}. `xsconsole request clean` removes it.")
        return 0


async def clean(options: argparse.Namespace) -> int:
    """Remove what stands frozen without a request, such as after a console died while it asked."""
    async with connected(options, is_reading=False) as console:
        console.requests.refresh()
        found = console.requests.left_over()
        kept = {str(left.request): remains for left in found if (remains := await console.requests.clean(left))}
        removed = [left.request for left in found if left.request not in kept]
        if options.json:
            output.print_json({"removed": removed, "kept": dict(kept)})
        else:
            output.say(f"Removed what was frozen for {words.count(len(removed), 'request')}.")
            for request, remains in kept.items():
                output.note(f"What was frozen for request {request[:8]} stays: {output.cell(remains, 300)}")
    return 1 if kept else 0


async def request_show(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=True) as console:
        await console.requests.clock.time()  # as the list does
        view = _found(console, options.id)
        if options.json:
            output.print_json(_document(view, console))
        else:
            _print(view, console)
        return 0


async def decide(options: argparse.Namespace) -> int:
    """Approve or reject, by this console's key and, where the workflow names a log-in, by logging in anew."""
    meaning = Meaning(options.verb.rpartition(" ")[2])
    async with connected(options, is_reading=False) as console:
        view = _found(console, options.id)
        if not options.json:
            _print(view, console)
        wanted = console.requests.log_in_wanted(view)
        decides = console.requests.asks_me(view) or console.requests.decided(view) is not None
        password = await typed(wanted, options) if wanted and decides else None
        view = await console.requests.decide(view.request.id, meaning, options.reason, password)
        if options.json:
            output.print_json(_document(view, console))
        else:
            said = "approved" if meaning is Meaning.APPROVE else "rejected"
            output.say(f"You {said} it. It {waiting_words(view)}.")
    return 0


async def withdraw(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=False) as console:
        view = _found(console, options.id)
        remains = await console.requests.withdraw(view.request.id, options.reason)
        if options.json:
            output.print_json({"id": view.request.id, "state": "withdrawn", "remains": remains})
        else:
            output.say(f"The request to {_about(view, console)} is withdrawn.")
        if remains:
            output.note(f"What was frozen for it stays: {remains} `xsconsole request clean` tries again.")
    return 0


async def run(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=False) as console:
        view = _found(console, options.id)
        card = console.board.cards.get(view.request.intent.configuration)
        if card is not None:
            demand_settled(console, card, is_move=False, may_wait=False)
        return await see_through(console, await console.requests.run(view.request.id), options, RunState.DONE)


async def export(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=True) as console:
        paper = console.requests.exported(_found(console, options.id).request.id)
        await written(write_paper(paper, options.out, may_replace=options.force), options)
    return 0


async def decide_on_file(options: argparse.Namespace) -> int:
    """Decide without a pool: the signature then proves the key alone, and says so."""
    file = await read_paper(options.file, RequestFile)
    request = file.paper.request
    if not options.json:
        output.say(
            f"{request.intent.kind.value} {output.cell(request.intent.name)} from {file.source} to {file.target}"
        )
        output.say(f"  on {output.cell(file.pool_name)}, plan {request.plan[:12]}")
        _print_terms(request, output.cell(request.actor))
        for rule in file.rules:
            output.say(f"  ! must be approved by {output.cell(rule, 200)}")
        _print_plan(file.paper)
    async with at_home(options) as console:
        decision = decide_apart(console.home, file, Meaning(options.meaning), options.reason)
        await written(write_paper(decision, options.out, may_replace=options.force), options)
    if options.json:
        output.print_json({"request": request.id, "meaning": options.meaning, "key": decision.decision.fingerprint})
    return 0


async def import_(options: argparse.Namespace) -> int:
    file = await read_paper(options.file, DecisionFile)
    async with connected(options, is_reading=False) as console:
        view = await console.requests.take_in(file)
        if options.json:
            output.print_json(_document(view, console))
        else:
            output.say(f"The decision counts. The request {waiting_words(view)}.")
    return 0


async def key_show(options: argparse.Namespace) -> int:
    console = await Console.open(options.home, passphrase=no_passphrase, is_reading=True)
    try:
        key = console.home.key_fingerprint
    finally:
        await console.close()
    if not key:
        raise Refused(
            reason="This home has no key yet.",
            mend="`xsconsole key export` makes one, as do the window and the first command that changes something.",
        )
    if options.json:
        output.print_json({"fingerprint": key})
    else:
        output.say(key)
    return 0


def _found(console: Console, name: str) -> RequestView:
    views = console.requests.refresh()
    request = find_request((view.request for view in views), name)
    return console.requests.view(request.id)


def _about(view: RequestView, console: Console) -> str:
    return about(view.request, console.board.workflow)


def _print(view: RequestView, console: Console) -> None:
    request, workflow = view.request, console.board.workflow
    output.say(f"{output.cell(_about(view, console), 200)}   request {request.id[:8]}, plan {request.plan[:12]}")
    _print_terms(request, output.cell(asker(request, workflow)))
    if view.frozen:
        output.say(f"  {view.frozen}")
    output.say(f"  {waiting_words(view)}. {output.cell(view.sentence, 400)}")
    if view.obstacle:
        output.say(f"  ! {output.cell(view.obstacle, 400)}")
    _print_plan(view.paper)
    for line in view.approved:
        output.say(f"  approved: {output.cell(line, 110)}")
    for line in view.now:
        output.say(f"  now:      {output.cell(line, 110)}")
    for change in view.changes:
        before, after = sides(change)
        output.say(
            f"  {output.cell(place(change))}: {label(change)} was {output.cell(before)}, is {output.cell(after)}"
        )
    for counted in (*view.tally.counted, *(found for _, found in view.tally.rejected)) if view.tally else ():
        how = "" if counted.actor else ", by file: the key alone"
        said = f"{counted.meaning.value}, {_who(counted, workflow)}, {words.instant(counted.at)}{how}"
        output.say(f"  {said}: {output.cell(counted.reason, 300)}")
    for ignored in view.tally.ignored if view.tally else ():
        said = f"{ignored.decision.meaning.value}, {_who(ignored.decision, workflow)}"
        output.say(f"  does not count: {said}: {output.cell(ignored.reason, 300)}")


def _who(decision: Decision, workflow: Workflow | None) -> str:
    """Return whose key signed a decision, with its first digits; a key that is nobody's by itself."""
    person = owner_of(decision.fingerprint, workflow.people) if workflow is not None else None
    key = f"key {decision.fingerprint[:16]}"
    return f"{output.cell(person.name)}, {key}" if person is not None else key


def _print_terms(request: Request, by: str) -> None:
    """Print what is signed beside the plan."""
    output.say(
        f"  asked for by {by} at {words.instant(request.asked_at)}: {output.cell(request.reason, 300) or 'no reason'}"
    )
    if request.ticket:
        output.say(f"  ticket {output.cell(request.ticket, 200)}")
    if request.not_before is not None:
        output.say(f"  not before {words.instant(request.not_before)}")
    if request.expires_at is not None:
        output.say(f"  ends at {words.instant(request.expires_at)}")


def _print_plan(paper: Paper) -> None:
    """Print what would be done, and what whoever approves it has to know."""
    if paper.plan is not None:
        for step in paper.plan.steps:
            output.say(f"  · {output.cell(words.describe(step), 110)}")
        for warning in paper.plan.warnings:
            output.say(f"  ! {output.cell(warning, 400)}")


def _document(view: RequestView, console: Console) -> Document:
    rules = view.tally.rules if view.tally is not None else ()
    return {
        "id": view.request.id,
        "state": view.state.value,
        "sentence": view.sentence,
        "obstacle": view.obstacle,
        "frozen": view.frozen,
        "about": _about(view, console),
        "given": view.given,
        "needed": view.needed,
        "could": [person.name for person in view.could],
        "asks_me": console.requests.asks_me(view),
        "is_mine": console.requests.is_mine(view),
        "rules": [
            {
                "count": rule.rule.count,
                "approved": [person.name for person in rule.approved],
                "could": [person.name for person in rule.could],
            }
            for rule in rules
        ],
        "approved_lines": list(view.approved),
        "now_lines": list(view.now),
        "changes": [
            {"place": place(change), "field": label(change), "before": sides(change)[0], "after": sides(change)[1]}
            for change in view.changes
        ],
        "ignored": [one.reason for one in view.tally.ignored] if view.tally is not None else [],
        "decisions": [msgspec.to_builtins(decision) for decision in view.decisions],
        "request": msgspec.to_builtins(view.request),
    }
