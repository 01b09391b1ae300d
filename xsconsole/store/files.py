"""Small files that are never seen half written."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from xsconsole.errors import AlreadyThere, DiskFull, Refused


def write_new(path: Path, content: bytes) -> bool:
    """Write a file that is not there yet; False where another process came first. Its owner alone can read it."""
    unfinished = _unfinished(path, content)
    try:
        os.link(unfinished, path)
    except FileExistsError:
        return False
    finally:
        unfinished.unlink()
    settle(path.parent)
    return True


def replace(path: Path, content: bytes) -> None:
    """Write a file, or put new content in the place of the old at once."""
    unfinished = _unfinished(path, content)
    unfinished.replace(path)
    settle(path.parent)


def write_out(path: Path, content: bytes, *, may_replace: bool) -> None:
    """Write a file for its user, with the usual rights, and never half of it. See `writing_out`."""
    with writing_out(path, may_replace=may_replace) as file:
        file.write(content)


@contextmanager
def writing_out(path: Path, *, may_replace: bool) -> Iterator[BinaryIO]:
    """Give a file to write into, which has its name and the usual rights once all is written, and is gone otherwise.

    Raises:
        AlreadyThere: there is a file, and it may not be replaced.
        Refused: there is something that is no file, or the folder cannot be written.
        DiskFull: nothing was left.
    """
    try:
        refuse_taken(path, may_replace=may_replace)
        unfinished, file = _begun(path)
        try:
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            mask = os.umask(0)
            os.umask(mask)
            unfinished.chmod(0o666 & ~mask)
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    except OSError as failure:
        if failure.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                path=str(path), reason="The disk is full.", mend="Free space, or name a file on another disk."
            ) from failure
        raise Refused(reason=f"{path} cannot be written: {failure.strerror}.", mend="Name another file.") from failure
    settle(path.parent)


def refuse_taken(path: Path, *, may_replace: bool) -> None:
    """Refuse a name that nothing may be written under; see `writing_out`."""
    if path.exists() and not path.is_file():
        raise Refused(reason=f"{path} is no file.", mend="Name a file.")
    if path.exists() and not may_replace:
        raise AlreadyThere(reason=f"{path} is there already.", mend="Name another file, or replace it.")


def read_in(path: Path, most_bytes: int) -> bytes:
    """Return what a user's file holds.

    Raises:
        Refused: there is none, it is none, it cannot be read, or it is larger than `most_bytes`.
    """
    try:
        if path.exists() and not path.is_file():
            raise Refused(reason=f"{path} is no file.", mend="Name a file.")
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as failure:
        raise Refused(reason=f"{path} cannot be read: {failure.strerror}.", mend="Name another file.") from failure
    if len(content) > most_bytes:
        raise Refused(reason=f"{path} is larger than {most_bytes} bytes.", mend="Name the file of a workflow.")
    return content


def put_aside(path: Path) -> Path:
    """Rename a damaged file to the first free `.damaged-<n>` and return that name."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(aside)
    return aside


def _unfinished(path: Path, content: bytes) -> Path:
    unfinished, file = _begun(path)
    try:
        with file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        unfinished.unlink()
        raise
    return unfinished


def _begun(path: Path) -> tuple[Path, BinaryIO]:
    """Return a new file beside `path` that its owner alone can read."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    return unfinished, open(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "r+b")


def settle(folder: Path) -> None:
    """Make the new name itself outlast a power cut, where the system can (Windows cannot open folders)."""
    with suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
