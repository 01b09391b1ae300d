"""Folders of values in which archives are made and kept, with failures on command as a pool of values has them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.engine.memory_pool import MemoryPool
from tests.engine.memory_sending import receive
from xsconsole.domain.archive import DOCUMENT, Measured, Proof, sealed_proof
from xsconsole.domain.blueprint.package import Opened
from xsconsole.domain.ids import ConfigurationId, ConsoleId, RunId, Uuid
from xsconsole.domain.record import Fact
from xsconsole.engine.ports import Span, Transferred
from xsconsole.errors import Refused
from xsconsole.store.keys import SigningKey, is_signature

Taken = tuple[MemoryPool, Uuid]


@dataclass(slots=True, kw_only=True)
class MemoryPackages:
    """Files that hold blueprints with their disks: what each says, and the XVAs in it as files below it."""

    opened: dict[Path, Opened] = field(default_factory=dict)
    is_damaged: bool = False

    async def open(self, path: Path, check: object) -> Opened:
        return self.opened[path]

    async def measure(self, path: Path, check: object) -> tuple[Opened, Mapping[str, Measured]]:
        opened = self.opened[path]
        return opened, {
            part.path: Measured(size_bytes=part.size_bytes, sha256="" if self.is_damaged else part.sha256)
            for part in opened.package.parts
        }

    async def place(self, path: Path, part: str) -> Span:
        return Span(offset=[one.path for one in self.opened[path].package.parts].index(part), size_bytes=1)

    def part(self, path: Path, within: Span) -> Path:
        return path / self.opened[path].package.parts[within.offset].path


@dataclass(slots=True, kw_only=True)
class MemoryShelf:
    """A disk: its files, and of what machine of what pool, as it was then, an XVA is."""

    files: dict[Path, bytes] = field(default_factory=dict)
    owners: dict[Path, RunId] = field(default_factory=dict)
    xvas: dict[bytes, Taken] = field(default_factory=dict)
    packages: MemoryPackages = field(default_factory=MemoryPackages)
    is_full: bool = False
    proofs: list[Proof] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)

    def take(self, pool: MemoryPool, source: Uuid, file: Path) -> Transferred:
        content = f"xva {len(self.xvas)}".encode()
        self.xvas[content] = (pool.copied(), source)
        self.files[file] = content
        return _transferred(content)

    def give(self, file: Path, pool: MemoryPool, sr: Uuid) -> tuple[tuple[Uuid, ...], Transferred]:
        then, source = self.xvas[self.files[file]]
        return (receive(then, source, pool, sr),), _transferred(self.files[file])

    def unfinished(self, folder: Path) -> Path:
        return folder.with_name(folder.name + ".part")

    async def begin(self, folder: Path, run: RunId) -> None:
        if self._of(folder) or self.owners.get(folder, run) != run:
            raise Refused(reason=f"{folder} is there already.")
        self.owners[folder] = run

    async def write(self, folder: Path, path: str, content: bytes) -> None:
        if self.is_full:
            raise Refused(reason="There is no room left.", mend="Free space.")
        self.files[self.unfinished(folder) / path] = content

    async def remove(self, folder: Path, path: str) -> None:
        self.files.pop(self.unfinished(folder) / path, None)

    async def seal(self, folder: Path, document: bytes) -> None:
        await self.write(folder, DOCUMENT, document)
        part = self.unfinished(folder)
        for file in self._of(part):
            self.files[folder / file.relative_to(part)] = self.files.pop(file)

    async def discard(self, folder: Path, run: RunId) -> None:
        if self.owners.get(folder) == run:
            for file in (*self._of(folder), *self._of(self.unfinished(folder))):
                del self.files[file]
            del self.owners[folder]

    async def holds(self, folder: Path, run: RunId) -> bool:
        return folder / DOCUMENT in self.files and self.owners.get(folder) == run

    async def document(self, folder: Path) -> bytes:
        if folder / DOCUMENT not in self.files:
            raise Refused(reason=f"{folder} holds no archive.")
        return self.files[folder / DOCUMENT]

    async def measure(self, folder: Path) -> Mapping[str, Measured]:
        found = {file.relative_to(folder).as_posix(): self.files[file] for file in self._of(folder)}
        return {
            path: Measured(size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
            for path, content in found.items()
            if path != DOCUMENT
        }

    def _of(self, folder: Path) -> list[Path]:
        return [file for file in self.files if folder in file.parents]


class Shelving(Protocol):
    """Who has a shelf, which a test may put another one in place of."""

    shelf: MemoryShelf


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryArchives:
    """What a desk needs to archive."""

    console: ConsoleId
    signer: SigningKey
    port: Shelving

    @property
    def shelf(self) -> MemoryShelf:
        return self.port.shelf

    @property
    def packages(self) -> MemoryPackages:
        return self.port.shelf.packages

    @staticmethod
    def check(public_key: bytes, signature: bytes, covered: bytes) -> bool:
        return is_signature(public_key, signature, covered)

    async def record(self, fact: Fact) -> None:
        self.port.shelf.facts.append(fact)

    async def record_proof(self, name: str, where: str, proof: Proof) -> Proof:
        return sealed_proof(proof, self.signer)

    async def keep_proof(self, folder: Path, proof: Proof) -> str:
        self.port.shelf.proofs.append(proof)
        return ""

    async def record_of(self, configuration: ConfigurationId) -> bytes:
        del configuration
        return b""


def _transferred(content: bytes) -> Transferred:
    return Transferred(size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
