"""Which processes of one home folder are alive: each holds a lock on a file of its own for as long as it runs."""

import sys
from pathlib import Path
from types import TracebackType
from typing import IO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class Presence:
    """This process, made known in `folder` under `name` until `leave` or its death."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._path = folder / f"{name}.lock"
        self._file: IO[bytes] | None = self._path.open("ab")
        if not _lock(self._file):
            raise FileExistsError(self._path)

    def is_gone(self, name: str) -> bool:
        """Whether a process of this home once called itself so and has ended. False where nothing is known."""
        path = self._folder / f"{name}.lock"
        try:
            with path.open("r+b") as file:
                return _lock(file)
        except FileNotFoundError:
            return False

    def leave(self) -> None:
        """Withdraw in good order; leases that are still held then are left to become stale."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._path.unlink(missing_ok=True)

    def __enter__(self) -> "Presence":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()


def _lock(file: IO[bytes]) -> bool:
    """Lock the file without waiting; closing it, also by the end of the process, unlocks."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
