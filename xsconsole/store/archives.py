"""Folders of archives on this machine, written under a name that is none of an archive, and renamed at the end."""

import asyncio
import contextlib
import errno
import hashlib
import os
import re
import shutil
import stat
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from xsconsole.domain.archive import DOCUMENT, KEEP, MOST_DOCUMENT_BYTES, UNFINISHED, Held, Keep, Measured
from xsconsole.domain.ids import RunId
from xsconsole.errors import Refused
from xsconsole.store.files import settle

T = TypeVar("T")

OWNER = ".run"  # in an unfinished folder: the run that made it
HOLD = "hold.json"  # beside the document: it may come and go, and is no part of the archive
PROOF = "proof.json"  # and this: that it could be restored, and when
BESIDE = frozenset({HOLD, PROOF, KEEP})
PIECE_BYTES = 1024 * 1024
READ_ONLY = 0o444
OURS = re.compile(r"\.run|(archive|manifest|workflow|keep)\.json|record\.jsonl|members/[^/]+\.xva(\.part)?")
FOLDER_READ_ONLY = 0o555


class _Stopped(Exception):
    """Nobody waits for what is read any more."""


class _Id(msgspec.Struct):
    id: str = ""


class FolderShelf:
    """Implements `engine.archives.Shelf`. What takes long happens on another thread."""

    def unfinished(self, folder: Path) -> Path:
        return folder.with_name(folder.name + UNFINISHED)

    async def begin(self, folder: Path, run: RunId) -> None:
        await _apart(folder, lambda: self._begin(folder, run))

    def _begin(self, folder: Path, run: RunId) -> None:
        part = self.unfinished(folder)
        if os.path.lexists(folder):
            raise Refused(reason=f"{folder} is there already.", mend="Name another folder.")
        if _owner(part) == run:
            return
        try:
            part.mkdir(mode=0o700, parents=True)
        except FileExistsError as failure:
            raise Refused(
                reason=f"{part} is there already: another run writes there, or was cut off.",
                mend="Settle that run, or remove what it left.",
            ) from failure
        (part / OWNER).write_text(run)
        (part / "members").mkdir()

    async def write(self, folder: Path, path: str, content: bytes) -> None:
        await _apart(folder, lambda: _write(self.unfinished(folder) / path, content))

    async def remove(self, folder: Path, path: str) -> None:
        await _apart(folder, lambda: (self.unfinished(folder) / path).unlink(missing_ok=True))

    async def seal(self, folder: Path, document: bytes) -> None:
        await _apart(folder, lambda: self._seal(folder, document))

    def _seal(self, folder: Path, document: bytes) -> None:
        part = self.unfinished(folder)
        _write(part / DOCUMENT, document)
        (part / OWNER).unlink(missing_ok=True)
        for file in _files(part):
            file.chmod(READ_ONLY)
        settle(part / "members")
        settle(part)
        if os.path.lexists(folder):
            raise Refused(reason=f"{folder} is there already.", mend="Name another folder.")
        part.rename(folder)
        (folder / "members").chmod(FOLDER_READ_ONLY)
        folder.chmod(FOLDER_READ_ONLY)
        settle(folder.parent)

    async def discard(self, folder: Path, run: RunId) -> None:
        def away() -> None:
            part = self.unfinished(folder)
            if run in (_owner(part), _sealed_by(part)):
                _remove(part)
            if _sealed_by(folder) == run:
                _remove(folder)

        await _apart(folder, away)

    async def holds(self, folder: Path, run: RunId) -> bool:
        return await _apart(folder, lambda: _sealed_by(folder) == run)

    async def held(self, folder: Path) -> Held | None:
        """Return what keeps an archive from being deleted; one that cannot be read keeps it too."""

        def read() -> Held | None:
            try:
                return msgspec.json.decode((folder / HOLD).read_bytes(), type=Held)
            except FileNotFoundError:
                return None
            except msgspec.MsgspecError:
                return Held(reason=f"{HOLD} cannot be read.", by="somebody", at=datetime.fromtimestamp(0, UTC))

        return await _apart(folder, read)

    async def kept_until(self, folder: Path) -> Keep | None:
        """Return until when an archive is kept; what cannot be read lets none expire."""

        def read() -> Keep | None:
            try:
                return msgspec.json.decode((folder / KEEP).read_bytes(), type=Keep)
            except (FileNotFoundError, msgspec.MsgspecError):
                return None

        return await _apart(folder, read)

    async def keep(self, folder: Path, name: str, content: bytes | None) -> None:
        """Put what is no part of an archive beside its document, such as a hold, or take it away."""
        assert name in BESIDE, "all else is signed"

        def kept() -> None:
            folder.chmod(0o755)
            try:
                (folder / name).unlink(missing_ok=True)
                if content is not None:
                    _write(folder / name, content)
            finally:
                folder.chmod(FOLDER_READ_ONLY)

        await _apart(folder, kept)

    async def delete(self, folder: Path, paths: Iterable[str]) -> int:
        """Delete the files of an archive and its folder; return how many bytes that were.

        Raises:
            Refused: there is something in the folder that is none of it.
        """

        def away() -> int:
            known = {*paths, DOCUMENT, *BESIDE}
            found = {file.relative_to(folder).as_posix(): file for file in _files(folder)}
            _demand_ours(folder, set(found) - known)
            size_bytes = sum(file.lstat().st_size for file in found.values())
            _remove(folder)
            return size_bytes

        return await _apart(folder, away)

    @staticmethod
    def within(place: Path) -> Iterator[Path]:
        """Yield the folders directly in a place that are archives, or were to become some, by name."""
        yield from sorted(one for one in place.iterdir() if (one / DOCUMENT).is_file() or _owner(one))

    async def unfinished_by(self, folder: Path) -> RunId | None:
        """Return the run that makes a folder, or was cut off in that; None where it is none."""
        return await _apart(folder, lambda: RunId(_owner(folder)) or None)

    async def forget(self, folder: Path) -> int:
        """Delete an unfinished folder with all that is in it; return how many bytes that were."""

        def away() -> int:
            if not _owner(folder):
                return 0
            found = {file.relative_to(folder).as_posix(): file for file in _files(folder)}
            _demand_ours(folder, (path for path in found if not OURS.fullmatch(path)))
            size_bytes = sum(file.lstat().st_size for file in found.values())
            _remove(folder)
            return size_bytes

        return await _apart(folder, away)

    async def document(self, folder: Path) -> bytes:
        found = await self.content(folder, DOCUMENT)
        if not found and not await _apart(folder, (folder / DOCUMENT).is_file):
            raise Refused(reason=f"{folder} holds no archive: it has no {DOCUMENT}.", mend="Name another folder.")
        return found

    async def content(self, folder: Path, path: str) -> bytes:
        """Return a document of an archive; empty where there is none."""

        def read() -> bytes:
            file = folder / path
            if file.is_symlink() or not file.is_file():
                return b""
            with file.open("rb") as opened:
                return opened.read(MOST_DOCUMENT_BYTES)

        return await _apart(folder, read)

    async def measure(self, folder: Path, tell: Callable[[float], None] | None = None) -> Mapping[str, Measured]:
        """Read all files beside the document; cancelled, it stops. `tell` hears on the loop what share is read."""
        loop, stop = asyncio.get_running_loop(), threading.Event()

        def measured() -> Mapping[str, Measured]:
            beside = {DOCUMENT, *BESIDE}
            paths = {file.relative_to(folder).as_posix(): file for file in _files(folder)}
            found = {path: file for path, file in paths.items() if path not in beside}
            whole, read_bytes, told = sum(file.lstat().st_size for file in found.values()), 0, 0

            def count(piece_bytes: int) -> None:
                nonlocal read_bytes, told
                if stop.is_set():
                    raise _Stopped
                read_bytes += piece_bytes
                percent = min(100, read_bytes * 100 // max(whole, 1))
                if tell is not None and percent > told:
                    told = percent
                    loop.call_soon_threadsafe(tell, percent / 100)

            return {path: _measured(file, count) for path, file in found.items()}

        try:
            return await _apart(folder, measured)
        finally:
            stop.set()  # the thread cannot be cancelled itself, and the program waits for it at its end


def _files(folder: Path) -> Iterator[Path]:
    """Yield all that lies in a folder and is none, by name; links are not followed."""
    for directory, _, names in os.walk(folder):
        yield from (Path(directory) / name for name in sorted(names))


def _measured(file: Path, count: Callable[[int], None]) -> Measured:
    if not stat.S_ISREG(file.lstat().st_mode):
        return Measured(size_bytes=0, sha256="")
    digest, size_bytes = hashlib.sha256(), 0
    with file.open("rb") as opened:
        while piece := opened.read(PIECE_BYTES):
            digest.update(piece)
            size_bytes += len(piece)
            count(len(piece))
    return Measured(size_bytes=size_bytes, sha256=digest.hexdigest())


def _write(file: Path, content: bytes) -> None:
    with file.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _demand_ours(folder: Path, strange: Iterable[str]) -> None:
    """Refuse where a folder holds what no archive of it put there."""
    found = sorted(strange)
    if found:
        raise Refused(
            reason=f"{folder} also holds {found[0]}, which is none of the archive.",
            mend="Take that out first; nothing was deleted.",
        )


def _owner(part: Path) -> str:
    """Return the run that makes an unfinished folder; empty where it is none."""
    if part.suffix != UNFINISHED:
        return ""
    with contextlib.suppress(OSError):
        return (part / OWNER).read_text()
    return ""


def _sealed_by(folder: Path) -> str:
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode((folder / DOCUMENT).read_bytes(), type=_Id).id
    return ""


def _remove(folder: Path) -> None:
    for directory, _, _ in os.walk(folder):
        Path(directory).chmod(0o700)
    shutil.rmtree(folder)
    settle(folder.parent)


async def _apart(folder: Path, work: Callable[[], T]) -> T:
    """Do it on another thread; what the file system says becomes a sentence."""
    try:
        return await asyncio.to_thread(work)
    except OSError as failure:
        if failure.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Refused(
                reason=f"There is no room left for the archive in {folder.parent}.",
                mend="Free space there, or choose another folder, then try again.",
            ) from failure
        raise Refused(
            reason=f"{failure.filename or folder} cannot be used: {(failure.strerror or str(failure)).lower()}.",
            mend="Choose another folder, or give yourself the right to it.",
        ) from failure
