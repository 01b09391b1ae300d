"""Reading the document of an archive: what is cut off, changed, of another format or no archive at all is named so."""

import re
from typing import Any

import msgspec

from xsconsole.domain.archive.values import DOCUMENT, FORMAT, Archive, is_genuine, to_bytes
from xsconsole.domain.ids import ArchiveId
from xsconsole.domain.naming import shortened
from xsconsole.domain.signing import SignatureCheck
from xsconsole.errors import Refused

MOST_DOCUMENT_BYTES = 64 * 1024 * 1024
TYPE = "xsconsole archive"
PATH = re.compile(r"[a-z0-9][a-z0-9._-]{0,120}(/[a-z0-9][a-z0-9._-]{0,120})?")
"""Of a file in an archive: nothing that leads out of its folder, and nothing that a file system could not hold."""

CLAIM = re.compile(rb'"id":"([0-9a-f-]{8,64})"')

AGAIN = "Take it from another copy of the archive."


class _Head(msgspec.Struct, frozen=True):
    type: str = ""
    format: Any = None


def read(content: bytes, check: SignatureCheck) -> Archive:
    """Return what a document says, if it is whole and what its key signed.

    Raises:
        Refused: it is cut off, changed, of an older or newer format, or none of ours; the reason says which.
    """
    try:
        head = msgspec.json.decode(content, type=_Head)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as failure:
        is_cut = str(failure).endswith(("was truncated", f"(byte {len(content)})"))  # it failed only behind the end
        what = "is cut off: its end is missing" if is_cut else "is damaged: it is no JSON any more"
        raise Refused(reason=f"{DOCUMENT} {what}.", mend=AGAIN) from failure
    _demand_format(head)
    try:
        archive = msgspec.json.decode(content, type=Archive)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as failure:
        raise _damaged(f"is damaged: {shortened(str(failure), 200)}") from failure
    if _again(archive) != content or not is_genuine(archive, check):
        raise _damaged("was changed after it was signed, or damaged")
    paths = [file.path for file in archive.files]
    if len(set(paths)) < len(paths) or not all(map(PATH.fullmatch, paths)):
        raise Refused(
            reason=f"{DOCUMENT} names files that no archive has, such as one outside its folder.",
            mend="Do not use it: no console of this kind wrote it.",
        )
    lacking = sorted({member.file for member in archive.members} - set(paths))
    if lacking or not archive.members:
        raise Refused(
            reason=f"{DOCUMENT} names no hash for {lacking[0] if lacking else 'any machine'}.",
            mend="Do not use it: no console of this kind wrote it.",
        )
    return archive


def claimed_by(content: bytes) -> frozenset[ArchiveId]:
    """Return the ids that stand in a document, however little else of it can be believed."""
    return frozenset(ArchiveId(id_.decode()) for id_ in CLAIM.findall(content))


def _demand_format(head: _Head) -> None:
    if head.type != TYPE:
        found = f"“{shortened(head.type, 60)}”" if head.type else "something else"
        reason = f"{DOCUMENT} is no archive of this kind, but {found}."
        raise Refused(reason=reason, mend="Name the folder of an archive.")
    if head.format == FORMAT:
        return
    if isinstance(head.format, int) and head.format > FORMAT:
        raise Refused(
            reason=f"The archive is of format {head.format}; this console reads up to {FORMAT}.",
            mend="Use a newer console.",
        )
    raise Refused(
        reason=f"The archive is of format {shortened(str(head.format), 20)}, older than any that this console reads.",
        mend="Restore it with the console that wrote it, and archive it again.",
    )


def _again(archive: Archive) -> bytes:
    try:
        return to_bytes(archive)
    except ValueError:  # numbers and texts that canonical JSON does not hold
        return b""


def _damaged(what: str) -> Refused:
    return Refused(reason=f"{DOCUMENT} {what}.", mend=AGAIN)
