"""Blueprints with their disks in one file: an uncompressed tar of plain files, written and read piece by piece.

Anybody's tar unpacks it. Read here it is only as it was written here: a header is taken if it is byte for byte the one
that this program writes for that name and that size, so there are no links, no extensions, and no second reading of it.
"""

import asyncio
import contextlib
import errno
import hashlib
import io
import os
import re
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from xsconsole.domain.archive import Measured
from xsconsole.domain.blueprint.package import (
    AGAIN,
    BLUEPRINT,
    DOCUMENT,
    MOST_DOCUMENT_BYTES,
    MOST_PARTS,
    STRANGE,
    SUFFIX,
    Opened,
    read_blueprint,
    read_package,
)
from xsconsole.domain.ids import Digest
from xsconsole.domain.naming import shortened
from xsconsole.domain.signing import SignatureCheck
from xsconsole.domain.text_form import DECOMPRESSED_LIMIT_BYTES
from xsconsole.engine.ports import Sink, Span
from xsconsole.errors import AlreadyThere, DiskFull, Refused
from xsconsole.store.files import settle

T = TypeVar("T")

BLOCK = 512
ZERO = bytes(BLOCK)
END_BYTES = 2 * BLOCK
PIECE_BYTES = 1024 * 1024
MOST_OVA_BYTES = 16 * 1024 * 1024
VIRTUAL_SIZE = re.compile(rb"<name>virtual_size</name>\s*<value>\s*(?:<string>)?(\d{1,18})<")
XVA_BEGINS = b"ova.xml\0"  # a compressed one, which says nothing of how large it becomes, begins otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    path: str
    offset: int  # of what it holds
    size_bytes: int

    @property
    def padding(self) -> int:
        return -self.size_bytes % BLOCK

    @property
    def end(self) -> int:
        return self.offset + self.size_bytes + self.padding


class _Guarded:
    """A file on the thread of a transfer, to which its own failures would look like those of the road."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path

    def write(self, piece: bytes) -> None:
        with _told(self._path):
            self._file.write(piece)

    def flush(self) -> None:
        with _told(self._path):
            self._file.flush()


class PackageWriter:
    """Writes one file, part by part, under a name that is none of it until it is whole."""

    def __init__(self, path: Path, *, may_replace: bool = False) -> None:
        """Begin.

        Raises:
            AlreadyThere: there is a file, and it may not be replaced. Refused: it cannot be written there.
        """
        self._path = path
        self._part = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.part")
        with _told(path):
            if os.path.lexists(path) and not path.is_file():
                raise Refused(reason=f"{path} is no file.", mend="Name a file.")
            if path.exists() and not may_replace:
                raise AlreadyThere(reason=f"{path} is there already.", mend="Name another file, or replace it.")
            self._file = self._part.open("x+b")

    def add(self, path: str, content: bytes) -> None:
        with self.adding(path) as sink:
            sink.write(content)

    @contextlib.contextmanager
    def adding(self, path: str) -> Iterator[Sink]:
        """Give what takes the content of the next part, whose size need not be known before."""
        with _told(self._path):
            head = self._file.tell()
            self._file.write(ZERO)
            yield _Guarded(self._file, self._path)
            size_bytes = self._file.tell() - head - BLOCK
            self._file.write(bytes(-size_bytes % BLOCK))
            end = self._file.tell()
            self._file.seek(head)
            self._file.write(_header(path, size_bytes))
            self._file.seek(end)
            self._last = _Entry(path=path, offset=head + BLOCK, size_bytes=size_bytes)

    def last_machine(self) -> int:
        """Return how large the disks in the XVA are that was added last."""
        with _told(self._path):
            end = self._file.tell()
            try:
                return _virtual_bytes(self._file, self._last)
            finally:
                self._file.seek(end)

    def finish(self) -> None:
        """Make it outlast a power cut, and give it its name."""
        with _told(self._path):
            self._file.write(bytes(END_BYTES))
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            mask = os.umask(0)
            os.umask(mask)
            self._part.chmod(0o666 & ~mask)
            self._part.replace(self._path)
            settle(self._path.parent)

    def discard(self) -> None:
        """Remove what is not finished; after the end nothing happens."""
        self._file.close()
        self._part.unlink(missing_ok=True)


class PackageShelf:
    """Implements `engine.library.ports.Packages`. What takes long happens on another thread."""

    async def open(self, path: Path, check: SignatureCheck) -> Opened:
        """Return what a file says; the templates in it are not read.

        Raises:
            Refused: it cannot be read, is cut off, damaged, foreign or of a newer console; the reason says which.
        """
        return await asyncio.to_thread(_opened, path, check)

    async def measure(
        self, path: Path, check: SignatureCheck, tell: Callable[[float], None] | None = None
    ) -> tuple[Opened, Mapping[str, Measured]]:
        """Read all of a file; `tell` hears on the loop what share is read. Cancelled, it stops. Raises as `open`."""
        loop, stop = asyncio.get_running_loop(), threading.Event()

        def hear(share: float) -> None:
            if stop.is_set():
                raise asyncio.CancelledError
            if tell is not None:
                loop.call_soon_threadsafe(tell, share)

        try:
            return await asyncio.to_thread(_measured, path, check, hear)
        finally:
            stop.set()  # the thread cannot be cancelled itself

    async def place(self, path: Path, part: str) -> Span:
        """Return where a part lies in a file; raises as `open`."""
        entries = await asyncio.to_thread(_reading, path, _entries)
        found = next((one for one in entries if one.path == part), None)
        if found is None:
            raise Refused(reason=f"{part} is missing in {path.name}.", mend=AGAIN)
        return Span(offset=found.offset, size_bytes=found.size_bytes)


def _header(path: str, size_bytes: int) -> bytes:
    entry = tarfile.TarInfo(path)
    entry.size = size_bytes
    entry.mode = 0o644
    return entry.tobuf(tarfile.GNU_FORMAT, "ascii", "strict")


def _opened(path: Path, check: SignatureCheck) -> Opened:
    return _reading(path, lambda file: _look(file, _entries(file), check))


def _measured(
    path: Path, check: SignatureCheck, hear: Callable[[float], None]
) -> tuple[Opened, Mapping[str, Measured]]:
    def measured(file: BinaryIO) -> tuple[Opened, Mapping[str, Measured]]:
        entries = _entries(file)
        opened = _look(file, entries, check)
        whole, done, found = entries[-1].end, 0, {}
        for entry in entries:
            digest, left = hashlib.sha256(), entry.size_bytes
            file.seek(entry.offset)
            while left and (piece := file.read(min(PIECE_BYTES, left))):
                digest.update(piece)
                left -= len(piece)
                done += len(piece)
                hear(done / whole)
            if file.read(entry.padding) != bytes(entry.padding):
                raise Refused(reason=f"What lies behind {entry.path} is damaged.", mend=AGAIN)
            found[entry.path] = Measured(size_bytes=entry.size_bytes - left, sha256=digest.hexdigest())
        return opened, found

    return _reading(path, measured)


def _reading(path: Path, read: Callable[[BinaryIO], T]) -> T:
    try:
        if not path.is_file():
            raise Refused(reason=f"{path} is no file.", mend=f"Name a file that ends in .{SUFFIX}.")
        with path.open("rb") as file:
            return read(file)
    except OSError as failure:
        raise Refused(reason=f"{path} cannot be read: {failure.strerror}.", mend="Name another file.") from failure


def _entries(file: BinaryIO) -> list[_Entry]:
    """Return what lies in a file, by its headers alone, if it ends where it says."""
    whole = file.seek(0, io.SEEK_END)
    found: list[_Entry] = []
    at = 0
    while True:
        file.seek(at)
        block = file.read(BLOCK)
        if block == ZERO:
            break
        entry = _entry(block, at, found)
        if entry.end > whole:
            raise _cut_off(f"{entry.path} is")
        found.append(entry)
        if len(found) > MOST_PARTS:
            raise Refused(reason="It has more parts than any blueprint.", mend=STRANGE)
        at = entry.end
    if not found:
        raise _foreign()
    if whole < at + END_BYTES:
        raise _cut_off("its end is")
    if file.read(BLOCK) != ZERO:
        raise Refused(reason="The end of the file is damaged: it is not empty any more.", mend=AGAIN)
    if whole != at + END_BYTES:
        raise Refused(reason="Something foreign lies behind its end.", mend=STRANGE)
    if found[-1].path != DOCUMENT:
        raise Refused(reason=f"{DOCUMENT} is missing at its end.", mend=AGAIN)
    return found


def _entry(block: bytes, at: int, before: list[_Entry]) -> _Entry:
    where = f"behind {before[-1].path}" if before else "at its beginning"
    if len(block) < BLOCK:
        if not before and not block:
            raise _foreign()
        raise _cut_off("its end is" if before else "it is")
    try:
        told = tarfile.TarInfo.frombuf(block, "ascii", "strict")
        is_ours = told.size >= 0 and _header(told.name, told.size) == block
    except (tarfile.TarError, ValueError, UnicodeError, OverflowError) as failure:
        if not before:
            raise _foreign() from failure
        raise Refused(reason=f"The header {where} is damaged.", mend=AGAIN) from failure
    if not is_ours:
        raise Refused(reason=f"The header {where} is none that this program writes, or damaged.", mend=STRANGE)
    if any(one.path == told.name for one in before):
        raise Refused(reason=f"It has {shortened(told.name, 120)} twice.", mend=STRANGE)
    return _Entry(path=told.name, offset=at + BLOCK, size_bytes=told.size)


def _look(file: BinaryIO, entries: list[_Entry], check: SignatureCheck) -> Opened:
    last, first = entries[-1], entries[0]
    document = _small(file, last, MOST_DOCUMENT_BYTES)
    if first.path != BLUEPRINT:
        raise Refused(reason=f"{BLUEPRINT} is missing at its beginning.", mend=STRANGE)
    blueprint = _small(file, first, DECOMPRESSED_LIMIT_BYTES)
    lies = [(one.path, one.size_bytes) for one in entries[:-1]]
    package = read_package(document, blueprint, lies, check)
    for entry, template in zip(entries[1:-1], package.templates, strict=True):
        if _virtual_bytes(file, entry) != template.virtual_bytes:
            raise Refused(reason=f"{entry.path} holds disks of another size than was signed.", mend=STRANGE)
    return Opened(
        package=package,
        blueprint=read_blueprint(package, blueprint),
        document=Digest(hashlib.sha256(document).hexdigest()),
    )


def _small(file: BinaryIO, entry: _Entry, most_bytes: int) -> bytes:
    if entry.size_bytes > most_bytes:
        raise Refused(reason=f"{shortened(entry.path, 120)} is larger than any such document.", mend=STRANGE)
    file.seek(entry.offset)
    return file.read(entry.size_bytes)


def _virtual_bytes(file: BinaryIO, entry: _Entry) -> int:
    """Return how large the disks of an XVA become, as its first part tells."""
    file.seek(entry.offset)
    head = file.read(BLOCK) if entry.size_bytes > BLOCK else b""
    size_bytes = -1
    if head.startswith(XVA_BEGINS):
        with contextlib.suppress(tarfile.TarError, ValueError):
            size_bytes = tarfile.TarInfo.frombuf(head, "ascii", "replace").size
    if not 0 < size_bytes <= min(MOST_OVA_BYTES, entry.size_bytes - BLOCK):
        raise Refused(reason=f"{entry.path} is no machine as it was exported, or damaged.", mend=AGAIN)
    return sum(map(int, VIRTUAL_SIZE.findall(file.read(size_bytes))))


def _cut_off(what: str) -> Refused:
    return Refused(reason=f"The file is cut off: {what} missing in part.", mend=AGAIN)


def _foreign() -> Refused:
    return Refused(reason="That is no blueprint with its disks.", mend=f"Name a file that ends in .{SUFFIX}.")


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say of a failure of the file what to do about it."""
    try:
        yield
    except OSError as failure:
        if failure.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                path=str(path), reason="The disk is full.", mend="Free space, or name a file on another disk."
            ) from failure
        raise Refused(
            reason=f"{path} cannot be written: {failure.strerror or failure}.", mend="Name another file."
        ) from failure
