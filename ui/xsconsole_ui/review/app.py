"""Starts the window of a review: files and nothing else."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import qInstallMessageHandler

from xsconsole.console.review import open_review
from xsconsole_ui.app import log, log_qt, make_application, until_asked_to_end
from xsconsole_ui.review.paper import write_pdf
from xsconsole_ui.review.window import ReviewWindow
from xsconsole_ui.theme import Scheme, Theme
from xsconsole_ui.window_loop import WindowLoop

Kept = Sequence[tuple[int, str]]
Keys = str | Sequence[str] | None
Script = Callable[[ReviewWindow], Awaitable[int]]


def run(files: Sequence[Path], key: Keys, heads: Kept, pdf: Path | None = None, script: Script | None = None) -> int:
    """Open the window on files and return the exit status of `audit verify`; `pdf` writes the report instead.

    Raises:
        Refused: the file cannot be read, or the PDF not written.
    """
    qInstallMessageHandler(log_qt)
    application = make_application()
    try:
        with asyncio.Runner(loop_factory=partial(WindowLoop, application)) as runner:
            theme = Theme(application, Scheme.SYSTEM)
            return runner.run(until_asked_to_end(_live(theme, files, key, heads, pdf, script)))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 0


async def _live(
    theme: Theme, files: Sequence[Path], key: Keys, heads: Kept, pdf: Path | None, script: Script | None
) -> int:
    review = await open_review(files[0], key, heads, others=files[1:])
    if pdf is not None:
        write_pdf(await asyncio.to_thread(review.report), pdf, may_replace=True)
        return review.status
    window = ReviewWindow(review, theme)

    def told(kind: type[BaseException], failure: BaseException, traceback: TracebackType | None) -> None:
        log.error("a slot failed", exc_info=(kind, failure, traceback))
        window.tell_bug(failure)

    hook, sys.excepthook = sys.excepthook, told
    try:
        window.show()
        if script is not None:
            return await script(window)
        await window.until_closed()
        return 0
    finally:
        sys.excepthook = hook
        await window.end()
