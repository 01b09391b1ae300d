"""Names what a window left that a fault in native code ended, in Qt or in what binds it to Python."""

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import PySide6
from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

from xsconsole_ui.notices import Notices
from xsconsole_ui.texts import tr
from xsconsole_ui.times import clock_time


def about_program() -> str:
    """Return what somebody has to know who reads where a fault was."""
    parts = (
        f"xsconsole {version('xsconsole')}",
        f"Python {platform.python_version()}",
        f"PySide {PySide6.__version__}",
        f"Qt {qVersion()} by {QGuiApplication.platformName()}",
        platform.platform(),
    )
    return ", ".join(parts)


def tell_fault(notices: Notices, left: Path | None) -> None:
    """Say when the window died, and what to do with what it left."""
    if left is None:
        return
    when = clock_time(datetime.fromtimestamp(left.stat().st_mtime, UTC))
    notices.tell(
        "warn",
        tr("The last window was ended by a fault in the program ({when}).").format(when=when),
        tr(
            "Where it was then is written in {file}. Please send that file with a word on what you did: it names "
            "places in the program, and nothing of your pools. A run that went on then is on the board as it was left."
        ).format(file=left),
    )
