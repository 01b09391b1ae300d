"""What a process leaves that a fault in native code ends: where it was then, in a file that the next start finds."""

import faulthandler
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

FOLDER = "crashes"
RUNNING = "running-"
MOST_KEPT = 10
FAULT = re.compile("Fatal Python error|Windows fatal exception")

log = logging.getLogger(__name__)


class LastWords:
    """Python cannot tell of such a fault once it has happened: all that is written then is prepared before.

    What cannot be written or read is logged, and keeps nobody from working.
    """

    def __init__(self, home: Path, process: str, is_alive: Callable[[str], bool]) -> None:
        self._folder = home / FOLDER
        self._path = self._folder / f"{RUNNING}{process}.txt"
        self._is_alive = is_alive
        self._file: IO[str] | None = None

    def find(self) -> Path | None:
        """Return what the last process left that a fault ended, once; None where there is nothing new."""
        found = None
        try:
            for path in sorted(self._folder.glob(f"{RUNNING}*.txt"), key=lambda path: path.stat().st_mtime):
                if not self._is_alive(path.stem.removeprefix(RUNNING)):
                    found = self._kept(path) or found
            for old in sorted(self._folder.glob("[0-9]*.txt"))[:-MOST_KEPT]:
                old.unlink(missing_ok=True)
        except OSError as failure:
            log.warning("%s cannot be looked through: %s", self._folder, failure.strerror)
        return found

    def _kept(self, path: Path) -> Path | None:
        """Keep what a fault left by its time, and remove what a kill or a power cut did."""
        if FAULT.search(path.read_text(encoding="utf-8", errors="replace")) is None:
            path.unlink(missing_ok=True)
            return None
        at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return path.rename(self._folder / f"{at:%Y-%m-%dT%H%M%SZ}.txt")

    def prepare(self, about: str) -> None:
        """Write where each thread is as soon as a fault ends this process; `about` says what program it is.

        Whoever asked Python to write that elsewhere, as by `-X faulthandler`, has it there and nowhere else.
        """
        if faulthandler.is_enabled():
            return
        try:
            self._folder.mkdir(exist_ok=True)
            self._file = self._path.open("w", encoding="utf-8")
            self._file.write(f"{about}\n")
            self._file.flush()
        except OSError as failure:
            log.warning("%s cannot be written: %s", self._path, failure.strerror)
        else:
            faulthandler.enable(self._file)

    def end(self) -> None:
        """Say that this process ends in good order."""
        if self._file is not None:
            faulthandler.disable()
            self._file.close()
            self._file = None
            self._path.unlink(missing_ok=True)
