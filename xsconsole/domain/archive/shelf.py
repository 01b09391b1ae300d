"""Archives as they lie on a shelf: what each is of, whether it is held, and when it was last proven whole."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

import msgspec

from xsconsole.domain.archive.proving import NOTHING, Proofs
from xsconsole.domain.archive.values import Archive
from xsconsole.domain.ids import ArchiveId
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import instant


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody deletes it until this is lifted, or `until` has passed. It is no part of what is signed."""

    reason: str
    by: str
    at: datetime
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        return self.until is None or now < self.until

    @property
    def words(self) -> str:
        """Return such as `alice until 2027-01-01 00:00 UTC: the audit`."""
        until = f" until {instant(self.until)}" if self.until is not None else ""
        return f"{shortened(self.by, 60)}{until}: {shortened(self.reason, 200)}"


class Keep(msgspec.Struct, frozen=True, kw_only=True):
    """It is kept until then, as somebody said at that time; afterwards it has expired. No part of what is signed."""

    until: datetime
    by: str
    at: datetime

    def is_over(self, now: datetime) -> bool:
        return now >= self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """A folder of an archive. `archive` is None where the document cannot be believed; `problem` then says why.

    `proven_at` is when this console last found all its hashes right, `damaged_at` when not, if that was later, and
    `damage` what was wrong then; `is_own` says that this console's key signed it. `proofs` tell whether it could be
    restored. `keep` None: until somebody deletes it. `claims`: the ids in a document that cannot be believed.
    """

    folder: PurePath
    archive: Archive | None
    problem: str = ""
    held: Held | None = None
    keep: Keep | None = None
    proven_at: datetime | None = None
    proofs: Proofs = NOTHING
    damaged_at: datetime | None = None
    damage: str = ""
    is_own: bool = False
    is_unfinished: bool = False
    claims: frozenset[ArchiveId] = frozenset()

    def clock(self, now: datetime) -> datetime:
        """Return what the clock says by which it is kept and held: this computer's, where the files are."""
        return now

    @property
    def called(self) -> str:
        return self.archive.name if self.archive is not None else self.folder.name

    @property
    def place(self) -> tuple[str, str]:
        """Tell it apart from every other one in a list, whatever becomes of it."""
        return "folder", str(self.folder)

    @property
    def where(self) -> str:
        """Where it is, for people."""
        return str(self.folder)
