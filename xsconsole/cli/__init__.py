"""The commands that need no screen. They issue the same command objects as the window.

Exit status: 0 done, 1 refused or failed (the reason on standard error, as a sentence), 2 wrong usage.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping

from xsconsole.cli import acting, looking, output
from xsconsole.errors import ConsoleError

Verb = Callable[[argparse.Namespace], Awaitable[int]]


def main(options: argparse.Namespace) -> int:
    """Run one command and return its exit status. `options` come from `parser()`."""
    try:
        return asyncio.run(_see(options))
    except ConsoleError as error:
        output.print_error(error)
        return 1
    except BrokenPipeError:
        # The reader of our output went away: nothing more can be said, and nothing was left half done.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("xsconsole: stopped. `xsconsole status` shows whether a run was interrupted.", file=sys.stderr)
        return 1


async def _see(options: argparse.Namespace) -> int:
    return await VERBS[options.verb](options)


VERBS: Mapping[str, Verb] = {
    "status": looking.status,
    "plan": acting.show_plan,
    "promote": acting.act,
    "demote": acting.act,
    "settle": acting.settle,
    "config list": looking.config_list,
    "config show": looking.config_show,
    "config create": acting.act,
    "config add": acting.act,
    "config remove": acting.act,
    "config adopt": acting.act,
    "config dissolve": acting.act,
    "workflow list": looking.workflow_list,
    "workflow show": looking.workflow_show,
    "workflow export": looking.workflow_export,
    "audit list": looking.audit_list,
    "audit verify": looking.audit_verify,
}
