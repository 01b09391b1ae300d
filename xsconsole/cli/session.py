"""Where a command finds its pool, its password and its passphrase."""

import argparse
import asyncio
import getpass
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from xsconsole.console import Connection, Console, Secret
from xsconsole.domain.workflow import Workflow
from xsconsole.errors import NotFound, Refused


@asynccontextmanager
async def connected(options: argparse.Namespace, *, is_reading: bool) -> AsyncIterator[Console]:
    """Open the console on the pool that the options name. One that only reads needs no signing key."""
    given = _Given(options)
    console = await Console.open(options.home, passphrase=given.passphrase, is_reading=is_reading)
    try:
        connection = console.home.known_connection(options.pool, options.user, options.fingerprint)
        password = given.password() or await console.home.stored_password(connection) or given.ask_password(connection)
        await console.connect(connection, password)
        yield console
    finally:
        await console.close()


class _Given:
    """Secrets from the environment, standard input or the terminal; lines of standard input in this order."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._password = self._line() if options.password_stdin else os.environ.get("XSCONSOLE_PASSWORD")
        self._passphrase = self._line() if options.passphrase_stdin else os.environ.get("XSCONSOLE_PASSPHRASE")

    @staticmethod
    def _line() -> str:
        return sys.stdin.readline().rstrip("\r\n")

    def password(self) -> Secret | None:
        return Secret(self._password) if self._password is not None else None

    def ask_password(self, connection: Connection) -> Secret:
        if not sys.stdin.isatty():
            raise Refused(
                reason=f"There is no password for {connection.user} at {connection.url}.",
                mend="Give it by --password-stdin or XSCONSOLE_PASSWORD.",
            )
        return Secret(getpass.getpass(f"Password of {connection.user} at {connection.url}: "))

    async def passphrase(self, *, is_new: bool) -> str | None:
        if self._passphrase is not None or not sys.stdin.isatty():
            return self._passphrase
        what = "Choose a passphrase for this console's signing key: " if is_new else "Passphrase of the signing key: "
        return await asyncio.to_thread(getpass.getpass, what)


async def no_passphrase(*, is_new: bool) -> str | None:
    """Answer for a console that only looks: it needs no key."""
    del is_new
    return None


def published(console: Console) -> Workflow:
    workflow = console.board.workflow
    if workflow is None:
        raise NotFound(
            reason="No workflow is published on this pool.",
            mend="Open the window, or run a command that changes something: the default one is published then.",
        )
    return workflow
