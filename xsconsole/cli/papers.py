"""Papers in files: written where `--out` says, and signed at a home without a pool."""

import argparse
import contextlib
from collections.abc import AsyncIterator, Awaitable, Iterator

from xsconsole.cli import output
from xsconsole.cli.session import Given, pass_on_notices
from xsconsole.console import Console
from xsconsole.errors import AlreadyThere


@contextlib.contextmanager
def naming_force() -> Iterator[None]:
    """Say of a file that is there how it is replaced."""
    try:
        yield
    except AlreadyThere as refusal:
        refusal.mend = "Name another file, or add `--force` to replace it."
        raise


async def written(writing: Awaitable[None], options: argparse.Namespace) -> None:
    """Wait until a paper is written where `--out` says, and say so where no document is printed."""
    with naming_force():
        await writing
    if not getattr(options, "json", False):
        output.say(f"{options.out} is written.")


@contextlib.asynccontextmanager
async def at_home(options: argparse.Namespace) -> AsyncIterator[Console]:
    """Open this home with its key, and connect to nothing: a signature made here proves the key alone."""
    console = await Console.open(options.home, passphrase=Given(options).passphrase)
    try:
        pass_on_notices(console)
        yield console
    finally:
        await console.close()
