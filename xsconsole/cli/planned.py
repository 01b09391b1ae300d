"""A command that was planned: shown, or confirmed and seen through to its end."""

import argparse

from xsconsole.cli import documents, output
from xsconsole.cli.acting import confirm, see_through
from xsconsole.cli.session import published
from xsconsole.console import Console, RunState
from xsconsole.engine.commands import ArchiveToFiles, Confirmed, Plannable


async def carry_out(
    console: Console,
    command: Plannable,
    options: argparse.Namespace,
    told: documents.Document,
) -> int:
    """Return the exit status; with --dry-run only the plan is told. `told` stands in the document beside the rest."""
    plan = console.plan(command)
    if options.dry_run:
        if options.json:
            output.print_json({**documents.plan_document(plan, published(console)), **told})
        else:
            output.print_plan(plan, published(console))
        return 0
    await console.demand_rights(command)
    answers = confirm(console, plan, options)
    run = await console.do(Confirmed(command=command, digest=plan.digest, answers=answers))
    status = await see_through(console, run, options, RunState.DONE, told)
    if status == 0 and isinstance(command, ArchiveToFiles) and not options.json:
        output.say(f"It lies in {output.cell(str(command.folder), 400)}")
    return status
