"""Where a command finds its pool, its password and its passphrase."""

import argparse
import asyncio
import getpass
import os
import shlex
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import asynccontextmanager

from xsconsole.cli import output
from xsconsole.console import Connection, Console, Pools, Secret
from xsconsole.domain.board import Board, Card
from xsconsole.domain.board_reading import published_workflow
from xsconsole.domain.events import AuditVerified, BoardChanged
from xsconsole.domain.ids import Uuid
from xsconsole.domain.naming import clear_name, missing_configuration
from xsconsole.domain.workflow import Workflow
from xsconsole.errors import CertificateChanged, CertificateUnknown, ConsoleError, NotFound, Refused


@asynccontextmanager
async def connected(
    options: argparse.Namespace, *, is_reading: bool, given: "Given | None" = None
) -> AsyncIterator[Console]:
    """Open the console on the pool that the options name. One that only reads needs no signing key.

    Pools that a run leads to are connected beside it, where the verb names them. `given` are secrets that were read.
    """
    also = getattr(options, "leads_to", ())
    async with connected_pools(options, is_reading=is_reading, also=also, given=given) as pools:
        try:
            yield pools.first
        except NotFound as failure:
            _say_where(failure, pools, (getattr(options, "name", None), *getattr(options, "names", ())))
            raise


def _say_where(failure: NotFound, pools: Pools, names: Iterable[str | None]) -> None:
    """Name the pool of a configuration that the first one does not have, where one that was named beside it does."""
    for name in filter(None, names):
        wanted = missing_configuration(pools.first.board, name)
        if wanted is None or wanted.reason != failure.reason:
            continue
        for console in pools:
            identity = console.identity
            if identity is not None and missing_configuration(console.board, name) is None:
                pool = output.cell(identity.pool_name)
                failure.reason = f"{failure.reason.removesuffix('.')} in this pool; it stands in “{pool}”."
                failure.mend = "Swap the two: name that pool with `--pool`, and this one with `--also`."
                failure.choices = ()
                return


@asynccontextmanager
async def connected_pools(
    options: argparse.Namespace, *, is_reading: bool, also: Iterable[str] = (), given: "Given | None" = None
) -> AsyncIterator[Pools]:
    """Open the console on the pool that the options name, and on others beside it."""
    also = tuple(also)
    given = given or Given(options, also)
    pools = Pools(await Console.open(options.home, passphrase=given.passphrase, is_reading=is_reading))
    try:
        home = pools.first.home
        pass_on_notices(pools.first)
        pools.subscribe(AuditVerified, _tell_verdicts)
        connection = home.known_connection(options.pool, options.user, options.fingerprint)
        password = given.password() or await home.stored_password(connection) or given.ask_password(connection)
        await _connect(pools.connect(connection, password))
        for at, url in enumerate(also, 1):
            beside = home.known_connection(url, options.user, None)
            secret = given.password(at) or await home.stored_password(beside) or given.ask_password(beside)
            await _connect(pools.connect(beside, secret))
        yield pools
    finally:
        await pools.close()


@asynccontextmanager
async def looked_at(options: argparse.Namespace) -> AsyncIterator[tuple[Pools, list[ConsoleError]]]:
    """Look at every pool that the options name, and say why not at some. One that fails does not hinder the others.

    Raises:
        ConsoleError: none of them could be connected to; of several, why not to the first.
    """
    given = Given(options)
    pools = Pools(await Console.open(options.home, passphrase=given.passphrase, is_reading=True))
    failures: list[ConsoleError] = []
    try:
        home = pools.first.home
        pass_on_notices(pools.first)
        pools.subscribe(AuditVerified, _tell_verdicts)
        for at, url in enumerate(options.pools or (None,)):
            try:
                connection = home.known_connection(url, options.user, options.fingerprint)
                password = given.password(at) or await home.stored_password(connection)
                await _connect(pools.connect(connection, password or given.ask_password(connection)))
            except ConsoleError as failure:
                failures.append(failure)
        if not any(pools):
            raise failures[0]
        yield pools, failures
    finally:
        await pools.close()


def _tell_verdicts(check: AuditVerified) -> None:
    """Say what is wrong with the record by the word of a pool, and what was done about it."""
    for verdict in check.verdicts:
        if not verdict.is_good:
            output.note(output.cell(verdict.sentence, 400))
    if check.set_aside:
        output.note(f"The record was set aside as it was, in {output.cell(check.set_aside, 400)}. A new one goes on.")


async def reach(pools: Pools, wanted: Collection[Uuid]) -> None:
    """Connect to those pools that this home knows and has a password of; to the others nobody connects unasked."""
    home = pools.first.home
    for known in home.settings.pools:
        if known.pool not in wanted:
            continue
        connection = home.known_connection(known.url, None, None)
        password = await home.stored_password(connection)
        if password is not None:
            await pools.connect(connection, password)


async def _connect(connecting: Awaitable[object]) -> None:
    try:
        await connecting
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
    console.home.webhook.listen(lambda lost: output.note(f"The webhook was not told of {lost.event}. {lost.sentence}"))


class Given:
    """Secrets from the environment, standard input or the terminal; lines of standard input in this order."""

    def __init__(self, options: argparse.Namespace, also: Iterable[str] = ()) -> None:
        lines = [self._line() for _ in (*(options.pools or (None,)), *also)] if options.password_stdin else []
        self._passwords = lines or [os.environ.get("XSCONSOLE_PASSWORD")]
        self._passphrase = self._line() if options.passphrase_stdin else os.environ.get("XSCONSOLE_PASSPHRASE")

    @staticmethod
    def _line() -> str | None:
        """Return the next line; None where there is none."""
        line = sys.stdin.readline() if sys.stdin is not None else ""
        return line.rstrip("\r\n") if line else None

    def password(self, at: int = 0) -> Secret | None:
        """Return the password for the pool that was named at this place; where only one was given, it is for all."""
        found = self._passwords[at] if at < len(self._passwords) else None
        found = self._passwords[0] if found is None else found
        return Secret(found) if found is not None else None

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


def spoken_name(card: Card, board: Board) -> str:
    """Return what the card can be called behind a verb in a shell: by its id where another one has its names too."""
    name = clear_name(card, board)
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
