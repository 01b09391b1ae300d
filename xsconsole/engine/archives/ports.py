"""What the engine asks of this console's own machine for archives: folders, a key, and what is on record."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from xsconsole.domain.archive import Measured, Proof
from xsconsole.domain.ids import ConfigurationId, ConsoleId, RunId
from xsconsole.domain.record import Fact
from xsconsole.domain.signing import SignatureCheck, Signer
from xsconsole.engine.library.ports import Packages
from xsconsole.errors import Refused


class Shelf(Protocol):
    """Folders in which archives are made and kept. What is unfinished never has the name of an archive.

    Raises:
        Refused: it cannot be done there, with the reason and the mend; a full disk says so.
    """

    async def begin(self, folder: Path, run: RunId) -> None:
        """Make the unfinished folder of `run`; one that is there already and of the same run is no error."""

    def unfinished(self, folder: Path) -> Path:
        """Return where the files are until it is sealed."""

    async def write(self, folder: Path, path: str, content: bytes) -> None:
        """Write a file of an unfinished archive."""

    async def remove(self, folder: Path, path: str) -> None:
        """Remove a file of an unfinished archive; one that is gone is no error."""

    async def seal(self, folder: Path, document: bytes) -> None:
        """Add the document, make all of it read-only and outlast a power cut, and give it its name."""

    async def discard(self, folder: Path, run: RunId) -> None:
        """Remove what `run` left, unfinished or sealed; what is of another one, or gone, stays as it is."""

    async def holds(self, folder: Path, run: RunId) -> bool:
        """Return whether the archive that `run` made is there, sealed."""

    async def document(self, folder: Path) -> bytes:
        """Return the document of an archive."""

    async def measure(self, folder: Path) -> Mapping[str, Measured]:
        """Return all files beside the document by their paths, with hashes: all of it is read."""


class Archives(Protocol):
    """All that runs need which archive or restore, or import blueprints."""

    @property
    def console(self) -> ConsoleId:
        """Whose machine it is."""

    @property
    def shelf(self) -> Shelf: ...

    @property
    def packages(self) -> Packages: ...

    @property
    def signer(self) -> Signer: ...

    @property
    def check(self) -> SignatureCheck: ...

    async def record(self, fact: Fact) -> None:
        """Put on record what was found or done of an archive."""

    async def record_proof(self, name: str, where: str, proof: Proof) -> Proof:
        """Sign what came of restoring an archive for a trial, put it on record, and return it signed."""

    async def keep_proof(self, folder: Path, proof: Proof) -> str:
        """Put it beside an archive in files; where that cannot be, return why it is on this console's record only."""

    async def record_of(self, configuration: ConfigurationId) -> bytes:
        """Return the rows about a configuration, as `domain.archive.rows` writes them."""


class NoArchives:
    """A console that keeps none."""

    console = ConsoleId("")

    @property
    def shelf(self) -> Shelf:
        raise _none()

    @property
    def packages(self) -> Packages:
        raise _none()

    @property
    def signer(self) -> Signer:
        raise _none()

    @property
    def check(self) -> SignatureCheck:
        raise _none()

    async def record(self, fact: Fact) -> None:
        del fact
        raise _none()

    async def record_proof(self, name: str, where: str, proof: Proof) -> Proof:
        del name, where, proof
        raise _none()

    async def keep_proof(self, folder: Path, proof: Proof) -> str:
        del folder, proof
        raise _none()

    async def record_of(self, configuration: ConfigurationId) -> bytes:
        del configuration
        raise _none()


def _none() -> Refused:
    return Refused(reason="This console keeps no archives.", mend="Settle the run with the console that began it.")
