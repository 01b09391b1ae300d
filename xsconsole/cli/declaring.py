"""What is signed at a shell by a person who may have to log in anew: emergencies, decisions and reviews."""

import argparse
import asyncio
import getpass
import sys

from xsconsole.cli import output
from xsconsole.cli.session import is_at_terminal
from xsconsole.console import Console, Secret
from xsconsole.domain.ids import RunId
from xsconsole.engine.commands import Confirmed
from xsconsole.errors import LogInNeeded

REVIEW_OPEN = (
    "A review of this emergency is open now, until somebody else closes it: `xsconsole review-item list` has its id, "
    "`xsconsole review-item close ID --reason TEXT` closes it."
)


async def typed(user: str, options: argparse.Namespace) -> Secret:
    """Return what somebody types now: a password that is kept somewhere proves nothing of who sits here."""
    if options.log_in_stdin:
        return Secret(sys.stdin.readline().rstrip("\r\n"))
    if not is_at_terminal():
        raise LogInNeeded(
            reason=f"Who signs logs in anew as {user}.", mend="Give the password by --log-in-stdin.", user=user
        )
    return Secret(await asyncio.to_thread(getpass.getpass, f"Log in anew to sign. Password of {user}: "))


async def declare(console: Console, order: Confirmed, options: argparse.Namespace) -> RunId:
    """Declare the emergency, begin, and say that its review is open."""
    wanted = "" if console.reviews.why_not_declare() else console.reviews.log_in_wanted
    run = await console.reviews.declare(order, await typed(wanted, options) if wanted else None)
    output.note(REVIEW_OPEN)
    return run
