"""Where a command finds its pool, its password and its passphrase."""

import argparse
import asyncio
import getpass
import os
import shlex
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from xsconsole.cli import output
from xsconsole.console import Connection, Console, Secret
from xsconsole.domain.board import Card, published_workflow
from xsconsole.domain.events import BoardChanged
from xsconsole.domain.naming import full_name
from xsconsole.domain.workflow import Workflow
from xsconsole.errors import CertificateChanged, CertificateUnknown, NotFound, Refused


@asynccontextmanager
async def connected(options: argparse.Namespace, *, is_reading: bool) -> AsyncIterator[Console]:
    """Open the console on the pool that the options name. One that only reads needs no signing key."""
    given = Given(options)
    console = await Console.open(options.home, passphrase=given.passphrase, is_reading=is_reading)
    try:
        pass_on_notices(console)
        connection = console.home.known_connection(options.pool, options.user, options.fingerprint)
        password = given.password() or await console.home.stored_password(connection) or given.ask_password(connection)
        await _connect(console, connection, password)
        yield console
    finally:
        await console.close()


async def _connect(console: Console, connection: Connection, password: Secret) -> None:
    try:
        await console.connect(connection, password)
    except CertificateUnknown as failure:
        failure.mend = (
            "Compare the fingerprint with what the host itself shows, then say "
            f"`--fingerprint {failure.fingerprint}` once; it is kept."
        )
        raise
    except CertificateChanged as failure:
        if failure.fingerprint:
            failure.mend = (
                "Do not connect unless you know why: another machine may answer there. If the host was installed anew, "
                "compare the new fingerprint with what the host itself shows, then say "
                f"`--fingerprint {failure.fingerprint}` once; it is kept."
            )
        raise


def pass_on_notices(console: Console) -> None:
    for notice in console.home.settings.notices:
        output.note(notice)


class Given:
    """Secrets from the environment, standard input or the terminal; lines of standard input in this order."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._password = self._line() if options.password_stdin else os.environ.get("XSCONSOLE_PASSWORD")
        self._passphrase = self._line() if options.passphrase_stdin else os.environ.get("XSCONSOLE_PASSPHRASE")

    @staticmethod
    def _line() -> str | None:
        """Return the next line; None where there is none."""
        line = sys.stdin.readline() if sys.stdin is not None else ""
        return line.rstrip("\r\n") if line else None

    def password(self) -> Secret | None:
        return Secret(self._password) if self._password is not None else None

    def ask_password(self, connection: Connection) -> Secret:
        if not is_at_terminal():
            raise Refused(
                reason=f"There is no password for {connection.user} at {connection.url}.",
                mend="Give it by --password-stdin or XSCONSOLE_PASSWORD.",
            )
        return Secret(getpass.getpass(f"Password of {connection.user} at {connection.url}: "))

    async def passphrase(self, *, is_new: bool) -> str | None:
        if self._passphrase is not None or not is_at_terminal():
            return self._passphrase
        what = "Choose a passphrase for this console's signing key: " if is_new else "Passphrase of the signing key: "
        return await asyncio.to_thread(getpass.getpass, what)


async def no_passphrase(*, is_new: bool) -> str | None:
    """Answer for a console that only looks: it needs no key."""
    del is_new
    return None


def is_at_terminal() -> bool:
    """Whether somebody can be asked. Standard input may have been closed before we began."""
    return sys.stdin is not None and sys.stdin.isatty()


def published(console: Console) -> Workflow:
    workflow = console.board.workflow
    if workflow is None:
        raise NotFound(
            reason="No workflow is published on this pool.",
            mend="Open the window, or run a command that changes something: the default one is published then.",
        )
    return workflow


def is_published(console: Console) -> bool:
    """Whether the workflow stands on the pool, and is not only what the first who changes something will publish."""
    pool = console.inventory.pool
    return pool is not None and published_workflow(pool.other_config) is not None


def spoken_name(card: Card) -> str:
    """Return what the card can be called behind a verb in a shell."""
    name = full_name(card)
    return shlex.quote(name) if output.cell(name) == name else card.id


async def until(console: Console, is_so: Callable[[], bool], timeout_s: float | None = None) -> bool:
    """Wait until the board is as asked; return whether it became so in time."""
    is_changed = asyncio.Event()
    end = console.subscribe(BoardChanged, lambda _: is_changed.set())
    try:
        async with asyncio.timeout(timeout_s):
            while not is_so():
                is_changed.clear()
                await is_changed.wait()
    except TimeoutError:
        return False
    finally:
        end()
    return True
