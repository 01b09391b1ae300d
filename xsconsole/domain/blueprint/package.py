"""A version of a blueprint as one file with its disks: what its document says, and whether the file is what it says.

`docs/library.md` publishes the form. The document is the last part of the file, signed by the key of the console that
wrote it, and names the size and the hash of every other part.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec

from xsconsole.domain.archive.checking import Measured
from xsconsole.domain.archive.values import Signed, is_genuine, to_bytes
from xsconsole.domain.blueprint.text import from_json
from xsconsole.domain.blueprint.values import MOST_DIGESTS, Blueprint, Imported
from xsconsole.domain.ids import BlueprintId, ConsoleId, Digest, Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.signing import SignatureCheck
from xsconsole.domain.words import count, size
from xsconsole.errors import Refused

SUFFIX = "xsblueprint"
DOCUMENT = "package.json"
BLUEPRINT = "blueprint.json"
FORMAT = 1
TYPE = "xsconsole blueprint package"
MOST_DOCUMENT_BYTES = 1024 * 1024
MOST_PARTS = 66  # the document, the blueprint, and a template for each of its members
MOST_PART_BYTES = 64 * 1024**4
FILE = re.compile(r"templates/[0-9]{2}-[a-z0-9][a-z0-9.-]{0,60}\.xva")

AGAIN = "Take it from another copy of the file, or export it again."
STRANGE = "Do not use it: no console of this kind wrote it."


class PackedTemplate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template. `file` is its XVA, `vm` its uuid where it was; what is imported is called `name` at first."""

    vm: Uuid
    name: str
    file: str
    role: str
    order: int
    start_delay_s: int
    shutdown_delay_s: int
    disks: dict[str, int]  # their sizes in bytes, by position
    virtual_bytes: int  # what all that is in the XVA comes to when it is imported


class PackedPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the file beside the document."""

    path: str
    size_bytes: int
    sha256: Digest


class Package(Signed, frozen=True, kw_only=True, tag=TYPE, tag_field="type", forbid_unknown_fields=True):
    """What a file holds. `digest` is that of the blueprint, `at` when it was exported, by its maker's clock.

    `parts` stand in the order in which they lie in the file.
    """

    format: Literal[1] = 1
    at: datetime
    console: ConsoleId
    console_name: str
    actor: str
    pool: Uuid
    pool_name: str
    xapi_version: str
    blueprint: BlueprintId
    name: str
    version: int
    digest: Digest
    templates: tuple[PackedTemplate, ...]
    parts: tuple[PackedPart, ...]

    @property
    def size_bytes(self) -> int:
        return sum(part.size_bytes for part in self.parts)

    def part(self, path: str) -> PackedPart:
        return next(part for part in self.parts if part.path == path)


class _Head(msgspec.Struct, frozen=True):
    type: str = ""
    format: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What the two small parts of a file say. `document` is the SHA-256 of the signed one."""

    package: Package
    blueprint: Blueprint
    document: Digest

    @property
    def imported(self) -> Imported:
        """Return what a version that is made of the file says of where it came from."""
        earlier = self.blueprint.imported.digests if self.blueprint.imported is not None else ()
        return Imported(
            version=self.package.version,
            digests=(self.package.digest, *earlier)[:MOST_DIGESTS],
            key=self.package.key,
            pool=shortened(self.package.pool_name, 100),
        )


def read_package(document: bytes, blueprint: bytes, lies: Sequence[tuple[str, int]], check: SignatureCheck) -> Package:
    """Return what the document of a file says, if its key signed it and the file has exactly these parts.

    `lies` are the parts beside the document as they lie in the file, with their sizes.

    Raises:
        Refused: it is changed, of a newer format or none of ours, or a part is missing or too much; the reason says.
    """
    try:
        head = msgspec.json.decode(document, type=_Head)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as failure:
        raise _refused(f"{DOCUMENT} is damaged: it is no JSON any more") from failure
    if head.type != TYPE:
        raise Refused(reason="That is no blueprint with its disks.", mend=f"Name a file that ends in .{SUFFIX}.")
    if isinstance(head.format, int) and head.format > FORMAT:
        raise Refused(
            reason=f"The file is of format {head.format}; this console reads up to {FORMAT}.",
            mend="Use a newer console.",
        )
    try:
        package = msgspec.json.decode(document, type=Package)
        again = to_bytes(package)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as failure:
        raise _refused(f"{DOCUMENT} is damaged: {shortened(str(failure), 200)}") from failure
    if again != document or not is_genuine(package, check):
        raise _refused(f"{DOCUMENT} was changed after it was signed, or damaged")
    _demand_sound(package)
    _demand_parts(package, lies)
    found = read_blueprint(package, blueprint)
    if (found.id, found.version, found.digest) != (package.blueprint, package.version, package.digest):
        raise Refused(reason=f"{BLUEPRINT} is not the blueprint that {DOCUMENT} tells of.", mend=STRANGE)
    lacking = {member.template for member in found.members} ^ {template.vm for template in package.templates}
    if lacking:
        raise Refused(reason=f"{DOCUMENT} has not exactly the templates of the blueprint.", mend=STRANGE)
    return package


def read_blueprint(package: Package, content: bytes) -> Blueprint:
    """Return the blueprint of a file whose part was compared with its hash.

    Raises:
        Refused: it has another hash, or cannot be read.
    """
    if hashlib.sha256(content).hexdigest() != package.part(BLUEPRINT).sha256:
        raise _refused(f"{BLUEPRINT} is damaged: it has another SHA-256 than was signed")
    return from_json(content)


def damage(package: Package, found: Mapping[str, Measured]) -> tuple[str, ...]:
    """Return a sentence for every part that is not as it was signed."""
    return tuple(
        f"{part.path} is damaged: it has another SHA-256 than was signed."
        for part in package.parts
        if part.path not in found or found[part.path].sha256 != part.sha256
    )


def whole_words(package: Package) -> str:
    """Return what to say of a file in which nothing is damaged."""
    return f"Whole: {count(len(package.templates), 'template')}, {size(package.size_bytes)}, as they were signed."


def _demand_sound(package: Package) -> None:
    """Refuse a document that is signed and yet says what none of ours does: its key may be anybody's."""
    paths = [part.path for part in package.parts]
    files = [template.file for template in package.templates]
    is_sound = (
        bool(files)
        and paths == [BLUEPRINT, *files]
        and len(set(paths)) == len(paths)
        and len(paths) < MOST_PARTS
        and all(map(FILE.fullmatch, files))
        and all(0 <= part.size_bytes <= MOST_PART_BYTES for part in package.parts)
        and len({template.vm for template in package.templates}) == len(files)
        and all(_is_possible(template) for template in package.templates)
    )
    if not is_sound:
        raise Refused(reason=f"{DOCUMENT} tells of parts that no blueprint has, or of one twice.", mend=STRANGE)


def _is_possible(template: PackedTemplate) -> bool:
    disks = template.disks.items()
    numbers = (template.order, template.start_delay_s, template.shutdown_delay_s)
    return (
        all(position.isascii() and position.isdecimal() and 0 < size_ <= MOST_PART_BYTES for position, size_ in disks)
        and len(template.disks) <= 256
        and sum(template.disks.values()) <= template.virtual_bytes <= MOST_PART_BYTES
        and all(0 <= number < 2**31 for number in numbers)
        and 0 < len(template.name) <= 1000
    )


def _demand_parts(package: Package, lies: Sequence[tuple[str, int]]) -> None:
    there, told = dict(lies), {part.path: part.size_bytes for part in package.parts}
    for path, size_bytes in told.items():
        if path not in there:
            raise _refused(f"{path} is missing in the file")
        if there[path] != size_bytes:
            raise _refused(f"{path} has {size(there[path])}, and {size(size_bytes)} were signed")
    strange = next((path for path, _ in lies if path not in told), None)
    if strange is not None or [path for path, _ in lies] != list(told):
        what = shortened(strange, 120) if strange is not None else "A part"
        raise Refused(reason=f"{what} is foreign, or not where it belongs in the file.", mend=STRANGE)


def _refused(what: str) -> Refused:
    return Refused(reason=f"{what}.", mend=AGAIN)
