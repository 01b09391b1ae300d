"""Archives as they lie on a shelf: what each is of, whether it is held, and when it was last proven whole."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

import msgspec

from xsconsole.domain.archive.values import Archive
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import instant
from xsconsole.errors import Ambiguous, NotFound

ID_LENGTH = 8


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """A folder of an archive. `archive` is None where the document cannot be believed; `problem` then says why.

    `proven_at` is when this console last found all its hashes right, `damaged_at` when not, if that was later; `is_own`
    says that this console's key signed it.
    """

    folder: PurePath
    archive: Archive | None
    problem: str = ""
    held: Held | None = None
    proven_at: datetime | None = None
    damaged_at: datetime | None = None
    is_own: bool = False
    is_unfinished: bool = False

    @property
    def called(self) -> str:
        return self.archive.name if self.archive is not None else self.folder.name


def fits(found: Shelved, words: str) -> bool:
    """Return whether all words stand somewhere in what is told of an archive."""
    archive = found.archive
    texts = [str(found.folder), found.problem]
    if archive is not None:
        texts += [archive.id, archive.name, archive.service, archive.version, archive.stage_name, archive.pool_name]
        texts += [archive.actor, archive.reason, *(member.name for member in archive.members)]
    everything = "\n".join(texts).casefold()
    return all(word in everything for word in words.casefold().split())


def find_archive(shelf: Iterable[Shelved], name: str) -> Shelved:
    """Return the archive meant by a folder, the beginning of an id, a name, or service@version.

    Raises:
        NotFound: nothing is called so. Ambiguous: several are; `choices` tell them apart.
    """
    shelf = tuple(shelf)
    found = [one for one in shelf if str(one.folder) == name or one.folder.name == name]
    found = found or [one for one in shelf if one.archive is not None and name and one.archive.id.startswith(name)]
    wanted = name.casefold()
    found = found or [one for one in shelf if wanted in _names(one)]
    if len(found) == 1:
        return found[0]
    kind, what = (Ambiguous, f"fits {len(found)} archives") if found else (NotFound, "names no archive known here")
    raise kind(
        reason=f"“{shortened(name)}” {what}.",
        mend="Name one by its folder, or by the beginning of its id.",
        choices=tuple(f"{one.called}: {one.folder}" for one in found or shelf),
    )


def _names(one: Shelved) -> set[str]:
    if one.archive is None:
        return set()
    archive = one.archive
    return {archive.name.casefold(), archive.service.casefold(), f"{archive.service}@{archive.version}".casefold()}
