"""The verb that ends stays whose time is over, for a timer where no window is open."""

import argparse

from xsconsole.cli import output
from xsconsole.cli.session import connected
from xsconsole.console import RunState
from xsconsole.domain import words
from xsconsole.domain.plan import RunKind


async def end(options: argparse.Namespace) -> int:
    """Shut down, and archive where the stage says so, what is over, of all configurations of the pool."""
    async with connected(options, is_reading=False) as console:
        console.requests.refresh()
        ended = await console.stays.end_all()
        failed = [status for status in ended if status.state is not RunState.DONE]
        if options.json:
            output.print_json([{"run": status.run, "state": status.state.value} for status in ended])
        else:
            done = [status.plan.intent.kind for status in ended if status.state is RunState.DONE]
            archived = done.count(RunKind.ARCHIVE)
            output.say(f"Shut down {words.count(len(done), 'configuration')} whose time was over.")
            if archived:
                output.say(f"{words.count(archived, 'of them is', 'of them are')} archived.")
        for status in failed:
            if status.error is not None:
                output.print_error(status.error)
    return 1 if failed else 0
