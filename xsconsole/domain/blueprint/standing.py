"""What stands in a pool's library: blueprints with their versions, and what is left over.

`docs/pool-keys.md` publishes the keys. A version is written once and never changed, under its own number: of two who
publish the same one, XAPI lets one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

import msgspec

from xsconsole.domain.approval import Tally
from xsconsole.domain.blueprint.finding import Finding
from xsconsole.domain.blueprint.findings import findings
from xsconsole.domain.blueprint.gold import gold_of, signer_of
from xsconsole.domain.blueprint.templates import read_mark, templates_of
from xsconsole.domain.blueprint.text import from_stored
from xsconsole.domain.blueprint.values import Blueprint
from xsconsole.domain.board import Card
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import BlueprintId, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.naming import ID_BEGINNING
from xsconsole.domain.poolstate import PREFIX, SCHEMA, numbers
from xsconsole.domain.signing import SignatureCheck
from xsconsole.domain.workflow import Workflow
from xsconsole.errors import NotFound, Refused

BLUEPRINT_PREFIX = PREFIX + "blueprint."
RETIRED_PREFIX = PREFIX + "blueprint_retired."
TOGETHER_LIMIT_BYTES = 256 * 1024  # of all blueprints of a pool, which everybody reads all the time


def blueprint_stem(blueprint: BlueprintId) -> str:
    return BLUEPRINT_PREFIX + blueprint


def blueprint_key(blueprint: BlueprintId, version: int) -> str:
    """Return the key of one version."""
    return f"{blueprint_stem(blueprint)}.{version}"


def retired_stem(blueprint: BlueprintId) -> str:
    return RETIRED_PREFIX + blueprint


def blueprint_thing(blueprint: BlueprintId) -> str:
    """Return the name under which a blueprint is leased while a version of it is made."""
    return f"blueprint.{blueprint}"


class Retired(msgspec.Struct, frozen=True, kw_only=True):
    """The highest version that was ever retired, so that no other one gets its number."""

    schema: int = SCHEMA
    blueprint: BlueprintId
    version: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """One version as it stands on a pool. `blueprint` is None where the document cannot be read; `problem` says why.

    `signed_by` is the fingerprint of the key that signed it; empty where nobody did, or the signature does not match.
    """

    id: BlueprintId
    version: int
    pool: Uuid
    pool_name: str
    blueprint: Blueprint | None
    problem: str = ""
    signed_by: str = ""
    findings: tuple[Finding, ...] = ()
    gold: Tally | None = None  # None: the workflow has no rules by which one could be
    is_newest: bool = False
    has_namesake: bool = False  # another blueprint of the pool is called so too

    @property
    def called(self) -> str:
        """Return its name, with the beginning of its id where the name alone could mean another one."""
        if self.blueprint is None:
            return f"blueprint {self.id[:8]}"
        return f"{self.blueprint.name} ({self.id[:ID_BEGINNING]})" if self.has_namesake else self.blueprint.name

    @property
    def is_gold(self) -> bool:
        """Whether so many as have to have signed it, and nobody rejected it."""
        return self.gold is not None and self.gold.is_satisfied

    @property
    def is_usable(self) -> bool:
        return self.blueprint is not None and not any(finding.is_error for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """What a pool has. `left` are templates with a mark of a blueprint of which no version needs them."""

    versions: tuple[Shelved, ...] = ()
    left: tuple[tuple[Uuid, str], ...] = ()

    @property
    def newest(self) -> tuple[Shelved, ...]:
        return tuple(one for one in self.versions if one.is_newest)

    def of(self, blueprint: BlueprintId) -> tuple[Shelved, ...]:
        """Return the versions of one blueprint, newest first."""
        return tuple(one for one in self.versions if one.id == blueprint)

    def version(self, blueprint: BlueprintId, version: int) -> Shelved | None:
        return next((one for one in self.of(blueprint) if one.version == version), None)


def library_of(inventory: Inventory, workflow: Workflow | None, check: SignatureCheck) -> Library:
    """Return what stands in a pool's library: blueprints by name, of each the newest version first."""
    pool = inventory.pool
    if pool is None:
        return Library()
    keys = pool.other_config
    found = []
    for id_, version in versions_in(keys):
        stands = blueprint_key(id_, version)
        blueprint, problem = read_standing(keys[stands], id_, version)
        is_newest = version == numbers(keys, blueprint_stem(id_))[0]
        found.append(
            Shelved(
                id=id_,
                version=version,
                pool=pool.uuid,
                pool_name=pool.name_label,
                blueprint=blueprint,
                problem=problem,
                signed_by=signer_of(blueprint, check) if blueprint is not None else "",
                findings=findings(blueprint, templates_of(blueprint, inventory)) if blueprint is not None else (),
                gold=gold_of(blueprint, keys, workflow, check) if blueprint is not None else None,
                is_newest=is_newest,
            )
        )
    found = _told_apart(found)
    names = {one.id: natural(one.called) for one in found if one.is_newest}
    found.sort(key=lambda one: (names[one.id], one.id, -one.version))
    needed = {member.template for one in found if one.blueprint is not None for member in one.blueprint.members}
    unread = {one.id for one in found if one.blueprint is None}
    left = [
        (vm.uuid, vm.name_label)
        for vm in inventory.all(VM)
        if (mark := read_mark(vm)) is not None and vm.uuid not in needed and mark.blueprint not in unread
    ]
    return Library(versions=tuple(found), left=tuple(sorted(left, key=lambda one: (natural(one[1]), one[0]))))


def _told_apart(versions: list[Shelved]) -> list[Shelved]:
    ids: dict[str, set[BlueprintId]] = defaultdict(set)
    for one in versions:
        if one.blueprint is not None:
            ids[one.blueprint.name.casefold()].add(one.id)
    return [
        replace(one, has_namesake=one.blueprint is not None and len(ids[one.blueprint.name.casefold()]) > 1)
        for one in versions
    ]


def versions_in(keys: Mapping[str, str]) -> tuple[tuple[BlueprintId, int], ...]:
    """Return which versions stand in the keys of a pool."""
    found = []
    for key in keys:
        stem, _, number = key.rpartition(".")
        if stem.startswith(BLUEPRINT_PREFIX) and number.isdecimal() and len(stem) > len(BLUEPRINT_PREFIX):
            found.append((BlueprintId(stem.removeprefix(BLUEPRINT_PREFIX)), int(number)))
    return tuple(sorted(found))


@lru_cache(maxsize=256)
def read_standing(stored: str, id_: BlueprintId, version: int) -> tuple[Blueprint | None, str]:
    """Return a version as it stands under its key, or why it cannot be believed."""
    try:
        found = from_stored(stored)
    except Refused as refusal:
        return None, f"{refusal.reason} {refusal.mend}".strip()
    if (found.id, found.version) != (id_, version):
        return None, "It says that it is another one than its key says: somebody copied it there by hand."
    return found, ""


def next_version(keys: Mapping[str, str], blueprint: BlueprintId) -> int:
    """Return the number of the version that would be published next."""
    standing = (*numbers(keys, blueprint_stem(blueprint)), *numbers(keys, retired_stem(blueprint)))
    return max(standing, default=0) + 1


def standing_in(keys: Mapping[str, str], blueprint: BlueprintId, version: int) -> Blueprint | None:
    """Return a version that stands in the keys of a pool; None where it is gone, or cannot be believed."""
    stored = keys.get(blueprint_key(blueprint, version))
    return read_standing(stored, blueprint, version)[0] if stored is not None else None


def made_of(card: Card, inventory: Inventory) -> Blueprint | None:
    """Return the version that a configuration was made of; None where it was made otherwise, or that is gone."""
    origin, pool = card.origin, inventory.pool
    if origin is None or origin.blueprint is None or pool is None:
        return None
    return standing_in(pool.other_config, origin.blueprint, origin.revision)


def version_words(card: Card, inventory: Inventory) -> tuple[str, ...]:
    """Return what to know of the version that a configuration was made of: that a newer one exists, or it is gone."""
    origin, pool = card.origin, inventory.pool
    if origin is None or origin.blueprint is None or pool is None:
        return ()
    standing = numbers(pool.other_config, blueprint_stem(origin.blueprint))
    if not standing:
        return ("That blueprint is not in the library of this pool any more.",)
    found = (f"Version {standing[0]} of that blueprint is newer.",) if standing[0] > origin.revision else ()
    gone = f"Version {origin.revision} of it was retired."
    return found if origin.revision in standing else (*found, gone)


def shelved(library: Library, name: str, version: int | None = None) -> Shelved:
    """Return the version meant by an id, its beginning or a name, the newest one where none is named.

    Raises:
        NotFound: there is none; with the choices.
    """
    wanted = name.casefold()
    ids = {one.id for one in library.versions if one.id == name}
    ids = ids or {one.id for one in library.versions if wanted in _names(one)}
    if not ids and len(name) >= ID_BEGINNING:
        ids = {one.id for one in library.versions if one.id.startswith(wanted)}
    found = [one for one in library.versions if one.id in ids and version in (None, one.version)]
    if len(ids) == 1 and found:
        return found[0]
    choices = tuple(f"{one.called} ({one.id})" for one in library.newest)
    if len(ids) > 1:
        raise NotFound(
            reason=f"{len(ids)} blueprints are called so.",
            mend="Name it by its id, or the first six digits of it.",
            choices=tuple(choice for choice, one in zip(choices, library.newest, strict=True) if one.id in ids),
        )
    if ids:
        numbers_ = tuple(str(one.version) for one in library.versions if one.id in ids)
        raise NotFound(
            reason=f"There is no version {version} of it.", mend="Name one of those there are.", choices=numbers_
        )
    raise NotFound(
        reason="The library has no blueprint of that name or id.", mend="Name one of those there are.", choices=choices
    )


def _names(one: Shelved) -> tuple[str, ...]:
    own = one.blueprint.name.casefold() if one.blueprint is not None else ""
    return (one.called.casefold(), own)


def needed_by(library: Library, but: Iterable[tuple[BlueprintId, int]] = ()) -> Mapping[Uuid, tuple[str, ...]]:
    """Return which templates versions need, and which those are called; without some versions."""
    left_out = set(but)
    found: dict[Uuid, list[str]] = defaultdict(list)
    for one in library.versions:
        if one.blueprint is not None and (one.id, one.version) not in left_out:
            for member in one.blueprint.members:
                found[member.template].append(f"{one.called} version {one.version}")
    return {template: tuple(names) for template, names in found.items()}
