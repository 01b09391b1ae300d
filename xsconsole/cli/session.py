"""Where a command finds its pool, its password and its passphrase."""

import argparse
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
        connection = console.known_connection(options.pool, options.user, options.fingerprint)
        password = given.password() or console.stored_password(connection) or given.ask_password(connection)
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

    def passphrase(self) -> str | None:
        if self._passphrase is not None:
            return self._passphrase
        if sys.stdin.isatty():
            return getpass.getpass("Passphrase of this console's signing key: ")
        return None


def published(console: Console) -> Workflow:
    workflow = console.board.workflow
    if workflow is None:
        raise NotFound(
            reason="No workflow is published on this pool.",
            mend="Open the window, or run a command that changes something: the default one is published then.",
        )
    return workflow
