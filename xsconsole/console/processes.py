"""Which processes of this home are still alive: after a kill, the next start need not wait for a lease to run out."""

from pathlib import Path

from filelock import FileLock, Timeout

from xsconsole.errors import HomeUnusable

FOLDER = "processes"


class ProcessMark:
    """A locked file that says that this process lives. The system unlocks it however the process ends."""

    def __init__(self, home: Path, process: str) -> None:
        """Mark the process `process` as alive.

        Raises:
            HomeUnusable: the mark cannot be made.
        """
        self._home = home
        self.process = process
        path = _path(home, process)
        self._lock = FileLock(path)
        try:
            path.parent.mkdir(exist_ok=True)
            self._lock.acquire(blocking=False)
        except OSError as failure:
            raise HomeUnusable(
                path=str(path), reason=f"{path} cannot be written: {failure.strerror}.", mend="Give the folder room."
            ) from failure

    def is_gone(self, process: str) -> bool:
        """Whether a process of this home that once called itself so has ended without saying so; in doubt no."""
        return process != self.process and is_gone(self._home, process)

    def is_alive(self, process: str) -> bool:
        """Whether a process of this home lives; one that ended in good order has left no file."""
        return process == self.process or (_path(self._home, process).exists() and not is_gone(self._home, process))

    def remove(self) -> None:
        """Say that this process has ended and left nothing behind."""
        self._lock.release()
        _path(self._home, self.process).unlink(missing_ok=True)


def is_gone(home: Path, process: str) -> bool:
    """Whether a process of `home` has ended without saying so, as one sees that is none of them; in doubt no."""
    path = _path(home, process)
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except (Timeout, OSError):
        return False
    lock.release()
    return True


def _path(home: Path, process: str) -> Path:
    # The name comes from a value on the pool that anybody may have written: it must not lead out of the folder.
    name = "".join(sign for sign in process if sign.isalnum() or sign == "-")[:64]
    return home / FOLDER / f"{name}.lock"
