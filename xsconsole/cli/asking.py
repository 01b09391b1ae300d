"""What `promote` and `demote` do where others have to approve: they ask, and say so."""

import argparse

from xsconsole.cli import documents, output
from xsconsole.cli.session import published
from xsconsole.console import Console
from xsconsole.console.foresight import tallied
from xsconsole.domain.approval import NAME_MORE, Tally
from xsconsole.domain.ids import Digest
from xsconsole.domain.plan import Plan
from xsconsole.domain.requests.views import about, waiting_words
from xsconsole.domain.words import listing
from xsconsole.engine.commands import Approvable, Ask, Plannable

ASKED = 3
"""The exit status of what is asked for and not done yet: a script that goes on after 0 must not go on."""


async def planned(console: Console, command: Plannable, options: argparse.Namespace) -> Plan:
    """Return the plan, at the time from which it is asked for where that is said, once XAPI has answered about it."""
    _planned(console, command, options)
    await console.abroad.answered()
    return _planned(console, command, options)


def _planned(console: Console, command: Plannable, options: argparse.Namespace) -> Plan:
    not_before = getattr(options, "not_before", None)
    if not_before is None or not isinstance(command, Approvable):
        return console.plan(command)
    return console.requests.plan(Ask(command=command, digest=Digest(""), not_before=not_before))


async def ask_for(
    console: Console, command: Approvable, plan: Plan, answers: tuple[str, ...], options: argparse.Namespace
) -> int:
    """Put the request on the pool, and say who could approve it."""
    ask = Ask(
        command=command,
        digest=plan.digest,
        ticket=options.ticket,
        not_before=options.not_before,
        runs_itself=options.by_itself,
        answers=answers,
    )
    request = await console.requests.ask(ask)
    view = console.requests.view(request.id)
    could = [person.name for person in view.could]
    if options.json:
        output.print_json({"request": request.id, "state": view.state.value, "plan": plan.digest, "could": could})
    else:
        asked = about(request, console.board.workflow)
        output.say(f"Asked for: {output.cell(asked, 200)}. It {waiting_words(view)}; request {request.id[:8]}.")
        if could:
            output.note(f"{listing(tuple(could))} could approve it: `xsconsole request approve {request.id[:8]}`.")
        if view.tally is not None and view.tally.dead_end:
            output.note(_stuck(view.tally))
    return ASKED


def print_plan(console: Console, plan: Plan, options: argparse.Namespace) -> int:
    """Print a plan, and who could approve it if it were asked for by who sits here; return the exit status."""
    workflow, found = published(console), tallied(console, plan)
    people = {person.id: person.name for rule in found.rules for person in rule.could} if found is not None else {}
    could = tuple(people.values())
    dead_end = found.dead_end if found is not None else ""
    if options.json:
        document = documents.plan_document(plan, workflow)
        output.print_json({**document, "could": list(could), "dead_end": dead_end})
        return 0
    output.print_plan(plan, workflow)
    if could:
        output.say(f"  ! {output.cell(listing(could), 300)} could approve it")
    if found is not None and dead_end:
        output.say(f"  ! {output.cell(_stuck(found), 600)}")
    return 0


def _stuck(found: Tally) -> str:
    could = any(rule.could for rule in found.rules)
    who = "Those who could approve it are too few" if could else "Nobody could approve it"
    return f"{who}: {found.dead_end} {NAME_MORE}"
