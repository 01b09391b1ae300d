"""What the engine asks of this console's own machine for blueprints that come with their disks in one file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from xsconsole.domain.archive import Measured
from xsconsole.domain.blueprint.package import Opened
from xsconsole.domain.signing import SignatureCheck
from xsconsole.engine.ports import Span


class Packages(Protocol):
    """Files that are only read. All raise `Refused` for what is cut off, damaged, foreign or of a newer console."""

    async def open(self, path: Path, check: SignatureCheck) -> Opened:
        """Return what a file says; the templates in it are not read."""

    async def measure(self, path: Path, check: SignatureCheck) -> tuple[Opened, Mapping[str, Measured]]:
        """Return that and the size and hash of each part: all of it is read."""

    async def place(self, path: Path, part: str) -> Span:
        """Return where a part lies in a file."""
