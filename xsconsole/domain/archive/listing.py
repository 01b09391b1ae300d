"""Archives in files and in pools, as one list: what is looked for in it, and which one somebody means."""

from collections.abc import Iterable
from typing import TypeVar

from xsconsole.domain.archive.shelf import Shelved
from xsconsole.domain.archive.standing import Pooled
from xsconsole.domain.naming import shortened
from xsconsole.errors import Ambiguous, NotFound

Listed = Shelved | Pooled
L = TypeVar("L", Shelved, Pooled, Listed)


def texts_of(found: Listed) -> tuple[str, ...]:
    """Return all that is told of an archive, in which words are looked for."""
    archive = found.archive
    texts = [found.called, found.where, found.problem]
    if archive is not None:
        texts += [archive.id, archive.name, archive.service, archive.version, archive.stage_name, archive.pool_name]
        texts += [archive.actor, archive.reason, *(member.name for member in archive.members)]
    return tuple(texts)


def find_archive(listed: Iterable[L], name: str) -> L:
    """Return the archive meant by a folder, the beginning of an id, a name, or service@version.

    Raises:
        NotFound: nothing is called so. Ambiguous: several are; `choices` tell them apart.
    """
    listed = tuple(listed)
    found: list[L] = [one for one in listed if _lies_at(one, name)]
    found = found or [one for one in listed if name and _id(one).startswith(name)]
    wanted = name.casefold()
    found = found or [one for one in listed if wanted in _names(one)]
    if len(found) == 1:
        return found[0]
    kind, what = (Ambiguous, f"fits {len(found)} archives") if found else (NotFound, "names no archive known here")
    raise kind(
        reason=f"“{shortened(name)}” {what}.",
        mend="Name one by its folder, or by the beginning of its id.",
        choices=tuple(f"{one.called}: {_told(one)}" for one in found or listed),
    )


def _lies_at(one: Listed, name: str) -> bool:
    return isinstance(one, Shelved) and name in (str(one.folder), one.folder.name)


def _id(one: Listed) -> str:
    if isinstance(one, Pooled):
        return one.id
    return one.archive.id if one.archive is not None else ""


def _told(one: Listed) -> str:
    return one.where if isinstance(one, Shelved) else f"{one.id[:8]} {one.where}"


def _names(one: Listed) -> set[str]:
    if one.archive is None:
        return set()
    archive = one.archive
    return {archive.name.casefold(), archive.service.casefold(), f"{archive.service}@{archive.version}".casefold()}
