"""An archive in a pool: templates that carry what they are, and a document about them in one key of the pool.

`docs/archives.md` publishes the form. The document is signed as that of an archive in files is; it names the digest of
what each template carries, so that nothing of it is changed unnoticed. Keys of a pool are read by everybody all the
time, so the document is compressed and bounded: the workflow and the record stay outside, and it names their hashes.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, TypeVar

import msgspec

from xsconsole.domain.actions.archives import Ancestor, ArchivedMember
from xsconsole.domain.archive.values import SealedArchive, is_genuine, to_bytes
from xsconsole.domain.ids import ArchiveId, Digest, Uuid
from xsconsole.domain.manifest import MemberManifest
from xsconsole.domain.poolstate import PREFIX
from xsconsole.domain.requests.values import Warrant
from xsconsole.domain.signing import SignatureCheck
from xsconsole.domain.text_form import inflate, pack
from xsconsole.errors import Refused

ARCHIVE_PREFIX = PREFIX + "archive."
HOLD_PREFIX = PREFIX + "archive_hold."
DOCUMENT_LIMIT_BYTES = 32 * 1024
SIGNATURE_BYTES = 256  # of a key and its signature in a document, which do not compress
TOGETHER_LIMIT_BYTES = 256 * 1024  # of all documents of a pool


class Form(StrEnum):
    """How a configuration came into the archive."""

    COPY = "copy"  # it stayed where it was
    RETIRED = "retired"  # its own machines became the templates


class PoolMember(ArchivedMember, frozen=True, kw_only=True):
    """A machine as `template`, which carries a text of digest `carries`. No file is written of it."""

    file: str = ""
    arrives_as: str = ""
    template: Uuid
    carries: Digest


class Extract(msgspec.Struct, frozen=True, kw_only=True):
    """What the archiving console had on record of the configuration: so many rows, up to row `through`.

    `sha256` is that of the extract as an archive in files would have it.
    """

    rows: int
    through: int
    sha256: Digest


class PoolArchive(SealedArchive, frozen=True, kw_only=True, tag="xsconsole pool archive", tag_field="type"):
    """What an archive in a pool is of.

    `frozen_at` is when the first snapshot was taken, or the last machine shut down. Approvals for which there was no
    room are counted in `left_out`.
    """

    format: Literal[1] = 1
    form: Form
    method: str
    lineage: tuple[Ancestor, ...]
    members: tuple[PoolMember, ...]
    approvals: tuple[Warrant, ...] = ()
    left_out: int = 0
    record: Extract

    @property
    def size_bytes(self) -> int:
        """How large its disks are, whatever their storage gives them."""
        return sum(sum(member.disks_bytes) for member in self.members)

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks that have to be mapped where it comes back."""
        return tuple(sorted({nic.called for member in self.members for nic in member.interfaces}))


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """What a template carries. `vm` is its own uuid: a clone of it copies the value and is told apart by it.

    `was` is the machine as the configuration had it, `stands` the template as it was sealed; `disks` are by device.
    """

    schema: Literal[1] = 1
    archive: ArchiveId
    vm: Uuid
    was: MemberManifest
    stands: MemberManifest
    disks: dict[str, Uuid] = {}


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Of which archive a template says it is, and who says so: of what it carries the part that is read at once."""

    schema: Literal[1] = 1
    archive: ArchiveId
    vm: Uuid


def archive_key(archive: ArchiveId) -> str:
    """Return the key of the pool that holds the document of an archive; it is written once."""
    return ARCHIVE_PREFIX + archive


def hold_stem(archive: ArchiveId) -> str:
    return HOLD_PREFIX + archive


def stored(content: bytes) -> str:
    """Return bytes as they stand in a key of the pool."""
    return pack(content)


C = TypeVar("C", Carried, Mark)


def carried_text(carried: Carried) -> str:
    return stored(msgspec.json.encode(carried, order="sorted"))


def digest_of_carried(text: str) -> Digest:
    return Digest(hashlib.sha256(text.encode()).hexdigest())


def read_carried(text: str) -> Carried | None:
    """Return what a template carries; None where that cannot be read."""
    return _read(text, Carried)


def read_mark(text: str) -> Mark | None:
    """Return of which archive a template is; None where that cannot be read."""
    return _read(text, Mark)


def _read(text: str, kind: type[C]) -> C | None:
    try:
        return msgspec.json.decode(inflate(text), type=kind)
    except (msgspec.MsgspecError, Refused, UnicodeDecodeError, RecursionError):
        return None


def fitting(archive: PoolArchive) -> PoolArchive:
    """Return the archive with as many of its approvals, the latest, as there is room for; sign it afterwards.

    Raises:
        Refused: there is no room for it even without any.
    """
    for kept in range(len(archive.approvals), -1, -1):
        tried = msgspec.structs.replace(
            archive,
            approvals=archive.approvals[len(archive.approvals) - kept :],
            left_out=archive.left_out + len(archive.approvals) - kept,
        )
        if len(stored(to_bytes(tried))) + SIGNATURE_BYTES <= DOCUMENT_LIMIT_BYTES:
            return tried
    raise Refused(
        reason=f"What is to be said of {len(archive.members)} machines finds no room in one key of the pool.",
        mend="Archive it into files.",
    )


def document_bytes(text: str) -> bytes:
    """Return the document that stands in a key.

    Raises:
        Refused: it is damaged.
    """
    return inflate(text)


def told_in(text: str) -> PoolArchive | None:
    """Return what a document says, whoever signed it; None where it cannot be read."""
    try:
        return msgspec.json.decode(document_bytes(text), type=PoolArchive)
    except (msgspec.MsgspecError, Refused, ValueError, RecursionError):
        return None


def read_pooled(text: str, check: SignatureCheck) -> PoolArchive:
    """Return what the document in a key says, if it is whole and what its key signed.

    Raises:
        Refused: it is damaged, changed, of another format, or none of ours.
    """
    try:
        content = document_bytes(text)
        archive = told_in(text)
        again = to_bytes(archive) if archive is not None else b""
    except (Refused, ValueError):  # numbers and texts that canonical JSON does not hold
        archive = None
    if archive is None:
        raise Refused(
            reason="Its document in the pool is damaged, or of a format that this console does not read.",
            mend="Use a newer console; where that does not help, its templates are still there.",
        )
    if again != content or not is_genuine(archive, check):
        raise Refused(
            reason="Its document in the pool was changed after it was signed.",
            mend="Do not believe it: ask who writes to the keys of the pool.",
        )
    return archive


def documents_in(keys: Mapping[str, str]) -> dict[ArchiveId, str]:
    """Return the texts of all archives that stand in the keys of a pool."""
    return {
        ArchiveId(key.removeprefix(ARCHIVE_PREFIX)): text
        for key, text in sorted(keys.items())
        if key.startswith(ARCHIVE_PREFIX)
    }
