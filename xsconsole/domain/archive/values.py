"""The document of an archive: what was archived, from where, who allowed what, and the hash of every file beside it.

`docs/archives.md` publishes the form. The signature is by the key of the console that made it, over all the rest.
"""

from datetime import datetime
from typing import Any, Literal, TypeVar

import msgspec

from xsconsole.domain.actions.archives import Ancestor, ArchivedMember
from xsconsole.domain.canonical import canonical_bytes
from xsconsole.domain.ids import ArchiveId, ConfigurationId, ConsoleId, Digest, StageId, Uuid, WorkflowId
from xsconsole.domain.requests.values import Warrant
from xsconsole.domain.signing import SignatureCheck, Signer, key_fingerprint, raw_of, text_of

DOCUMENT = "archive.json"
MANIFEST = "manifest.json"
WORKFLOW = "workflow.json"
RECORD = "record.jsonl"
FORMAT = 1
UNFINISHED = ".part"  # at the end of the name of a folder that is no archive yet
KEEP = "keep.json"  # beside the document, and no part of the archive: until when it is kept


class ArchivedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file beside the document, by its path within the folder with slashes."""

    path: str
    size_bytes: int
    sha256: Digest


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A document that a console's key signs: `public_key` and `signature` in base64."""

    public_key: str = ""
    signature: str = ""

    @property
    def key(self) -> str:
        """The fingerprint of the key that signed it; empty where there is none."""
        raw = raw_of(self.public_key)
        return key_fingerprint(raw) if raw else ""


class SealedArchive(Signed, frozen=True, kw_only=True):
    """What every archive says of itself. `at` is when it was sealed, by its maker's clock; `stage`, where it stood."""

    id: ArchiveId
    at: datetime
    console: ConsoleId
    console_name: str
    actor: str
    reason: str
    pool: Uuid
    pool_name: str
    xapi_version: str
    configuration: ConfigurationId
    name: str
    service: str
    version: str
    revision: int
    stage: StageId
    stage_name: str
    workflow: WorkflowId
    workflow_name: str
    workflow_version: int
    workflow_digest: Digest
    fingerprint: Digest
    frozen_at: datetime
    skew_s: float


class Archive(SealedArchive, frozen=True, kw_only=True, tag="xsconsole archive", tag_field="type"):
    """What an archive in files is of.

    `frozen_at` and `skew_s` tell of the snapshots that it was made of. `fingerprint` is that of the manifest.
    `approvals` are the requests, and the decisions that counted, of its promotions, as far as the console that archived
    it had them on record.
    """

    format: Literal[1] = 1
    lineage: tuple[Ancestor, ...]
    members: tuple[ArchivedMember, ...]
    approvals: tuple[Warrant, ...]
    files: tuple[ArchivedFile, ...]

    @property
    def size_bytes(self) -> int:
        """What all files beside the document take."""
        return sum(file.size_bytes for file in self.files)

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks that have to be mapped where it comes back."""
        return tuple(sorted({nic.called for member in self.members for nic in member.interfaces}))


D = TypeVar("D", bound=Signed)


def sealed(archive: D, signer: Signer) -> D:
    """Return the document signed by this key."""
    unsigned = msgspec.structs.replace(archive, public_key=text_of(signer.public_key), signature="")
    return msgspec.structs.replace(unsigned, signature=text_of(signer.sign(_covered(unsigned))))


def is_genuine(archive: Signed, check: SignatureCheck) -> bool:
    """Whether the key that the document names signed exactly this."""
    key, signature = raw_of(archive.public_key), raw_of(archive.signature)
    if (
        key is None
        or signature is None
        or (text_of(key), text_of(signature)) != (archive.public_key, archive.signature)
    ):
        return False  # base64 has several ways to write the same bytes
    return check(key, signature, _covered(archive))


def to_bytes(archive: Signed) -> bytes:
    """Return the document as it lies in the folder: canonical JSON."""
    return canonical_bytes(msgspec.to_builtins(archive))


def _covered(archive: Signed) -> bytes:
    content: dict[str, Any] = msgspec.to_builtins(archive)
    del content["signature"]
    return canonical_bytes(content)
