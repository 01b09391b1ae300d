"""Starts the window: on the pool last used, on one that was named, or on the embedded one."""

import argparse
import logging
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from xsconsole.console import Connection, Console, Secret
from xsconsole.console.embedded import EmbeddedPool
from xsconsole.errors import ConsoleError, KeyLocked, Refused

Wanted = tuple[Connection, Secret | None]
Given = Callable[[int], Secret | None]

DEFAULT_OUT = "demo-out"
DEMO_PREFIX = "xsconsole-demo-"


def open_window(options: argparse.Namespace, given: Given) -> int:
    """Open the window on the named or last pool, or ask for one; return the exit status.

    `given` are the passwords of the pools that were named, as far as the environment or standard input tell them.
    """
    if not _has_screen() and "QT_QPA_PLATFORM" not in os.environ:
        print("xsconsole: There is no screen. `xsconsole --help` shows what works without one.", file=sys.stderr)  # noqa: T201
        return 1
    from xsconsole_ui import app  # noqa: PLC0415 - Qt is loaded when a window is certain

    logging.basicConfig(level=logging.WARNING)

    async def connections(console: Console) -> Sequence[Wanted]:
        return await _wanted(console, options, given)

    def expects(console: Console) -> tuple[str, ...]:
        urls = options.pools or [connection.url for connection in console.home.usual_pools(options.user)]
        return tuple(console.home.pool_called(url) for url in urls)

    return app.run(
        app.Options(
            connections=connections,
            url=options.pool,
            user=options.user,
            watches_stalls=options.watch_stalls,
            expects=expects,
        ),
        partial(_open_console, options.home),
    )


def open_review_window(options: argparse.Namespace) -> int:
    """Open a bundle in a window of its own, or write its report as a PDF; no home is opened for it."""
    if options.pdf is not None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    elif not _has_screen() and "QT_QPA_PLATFORM" not in os.environ:
        print("xsconsole: There is no screen. `xsconsole audit verify FILE` checks it without one.", file=sys.stderr)  # noqa: T201
        return 1
    from xsconsole_ui.review import app  # noqa: PLC0415 - Qt is loaded when a window is certain

    logging.basicConfig(level=logging.WARNING)
    pdf = Path(options.pdf) if options.pdf is not None else None
    return app.run(tuple(map(Path, options.files)), tuple(options.key), tuple(options.head), pdf)


async def _wanted(console: Console, options: argparse.Namespace, given: Given) -> Sequence[Wanted]:
    """Return the pools that were named, or else those that the window was connected to when it closed.

    What is no address is none of them: the window says so when it proposes it.
    """
    home = console.home
    if not options.pools:
        usual = await home.usual_connections(options.user)
        return [(connection, given(0) or password) for connection, password in usual] if len(usual) == 1 else usual
    try:
        named = [home.known_connection(url, options.user, options.fingerprint) for url in options.pools]
    except Refused:
        return ()
    return [(connection, given(at) or await home.stored_password(connection)) for at, connection in enumerate(named)]


async def _open_console(home: str | Path | None) -> Console:
    """Open the console with the passphrase of the environment, or the one that the user enters, until it fits."""
    from xsconsole_ui.passphrase_dialog import PassphraseQuestion  # noqa: PLC0415

    question = PassphraseQuestion(os.environ.get("XSCONSOLE_PASSPHRASE"))
    while True:
        try:
            return await Console.open(home, passphrase=question.answer, may_be_broken=True)  # and sets it aside
        except KeyLocked as locked:
            if not question.may_ask_again(locked.reason):
                raise


def run_demo(options: argparse.Namespace) -> int:
    """Open the window on an embedded pool; with `--out`, or without a screen, let it do the main job by itself."""
    out = options.out or (None if _has_screen() else DEFAULT_OUT)
    if out is None:
        with _temporary_folder() as folder:
            return _show_demo(options, folder, None)
    folder = Path(out).absolute()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in (*folder.glob("[0-9][0-9]-*.png"), *folder.glob("*.log"), *folder.glob("report.html")):
            old.unlink()
    except OSError as failure:
        print(f"xsconsole: {folder} cannot be written: {failure.strerror}.", file=sys.stderr)  # noqa: T201
        return 1
    with _temporary_folder() as home:
        status = _show_demo(options, home, folder)
    print(  # noqa: T201 - the demo's last word, also where nobody sees a window
        f"xsconsole demo: {'done; the pool and the record say so' if status == 0 else 'failed'}. "
        f"Pictures, report.html and the logs are in {folder}."
    )
    return status


def _show_demo(options: argparse.Namespace, folder: Path, out: Path | None) -> int:
    logging.basicConfig(
        filename=(out or folder) / "demo.log",
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    # The demo's pool is gone afterwards; so may its key be, unless a home was named to keep things.
    throwaway = secrets.token_urlsafe()

    async def passphrase(*, is_new: bool) -> str | None:
        del is_new
        return throwaway

    open_console = (
        partial(_open_console, options.home)
        if options.home
        else partial(Console.open, folder / "home", passphrase=passphrase)
    )
    pool = EmbeddedPool(*(["--speed", str(options.speed)] if options.speed else []), log=(out or folder) / "pool.log")
    try:
        # While the pool starts in its process, Qt is loaded in this one.
        from xsconsole_ui import app  # noqa: PLC0415
        from xsconsole_ui.demo import script  # noqa: PLC0415

        async def connections(console: Console) -> Sequence[Wanted]:
            del console
            first = await pool.introduced()
            # The script plays on one pool; who looks for themselves sees all.
            found = (first,) if out is not None else (first, *await pool.others())
            return [(one.connection, one.password) for one in found]

        return app.run(
            app.Options(
                connections=connections,
                watches_stalls=options.watch_stalls or out is not None,
                expects=lambda _: ("the embedded pools",),
                equips_all=True,
            ),
            open_console,
            None if out is None else partial(script.play, pool=pool, folder=out),
        )
    finally:
        pool.stop()


def _has_screen() -> bool:
    if os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0] in ("offscreen", "minimal"):
        return False
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{DEMO_PREFIX}{os.getpid()}-"))
    try:
        yield folder
    finally:
        logging.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Remove the folders of demos whose process was killed: they name it."""
    for left in Path(tempfile.gettempdir()).glob(f"{DEMO_PREFIX}*-*"):
        number = left.name.removeprefix(DEMO_PREFIX).partition("-")[0]
        if number.isdecimal() and not _is_alive(int(number)):
            shutil.rmtree(left, ignore_errors=True)


def _is_alive(process: int) -> bool:
    if sys.platform == "win32":
        return True  # asking there would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def tell(error: ConsoleError) -> int:
    """Say on standard error why the window did not open."""
    from xsconsole.domain import words  # noqa: PLC0415

    notice = words.explain(error)
    print("xsconsole: " + " ".join(part for part in (notice.failed, notice.mend) if part), file=sys.stderr)  # noqa: T201
    return 1
