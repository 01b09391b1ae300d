"""Small files that are never seen half written."""

import os
from contextlib import suppress
from pathlib import Path


def write_new(path: Path, content: bytes) -> bool:
    """Write a file that is not there yet; False where another process came first. Its owner alone can read it."""
    unfinished = _unfinished(path, content)
    try:
        os.link(unfinished, path)
    except FileExistsError:
        return False
    finally:
        unfinished.unlink()
    _settle(path.parent)
    return True


def replace(path: Path, content: bytes) -> None:
    """Write a file, or put new content in the place of the old at once."""
    unfinished = _unfinished(path, content)
    unfinished.replace(path)
    _settle(path.parent)


def put_aside(path: Path) -> Path:
    """Rename a damaged file to the first free `.damaged-<n>` and return that name."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(aside)
    return aside


def _unfinished(path: Path, content: bytes) -> Path:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
    except OSError:
        unfinished.unlink()
        raise
    return unfinished


def _settle(folder: Path) -> None:
    """Make the new name itself outlast a power cut, where the system can (Windows cannot open folders)."""
    with suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
