"""The text form of a workflow: canonical JSON in files, the same compressed and in base64 on the pool."""

import base64
import binascii
import codecs
import zlib

import msgspec

from xsconsole.domain.canonical import canonical_bytes
from xsconsole.domain.workflow.check import check
from xsconsole.domain.workflow.reading import not_readable, refuse_doubled
from xsconsole.domain.workflow.values import Workflow, content_of
from xsconsole.errors import Refused

FORMAT = 1
STORED_LIMIT_BYTES = 32 * 1024  # as it stands on the pool, after compression and base64
DECOMPRESSED_LIMIT_BYTES = 4 * 1024 * 1024


def stored_size_bytes(workflow: Workflow) -> int:
    """Return how much of `STORED_LIMIT_BYTES` the workflow would take on the pool."""
    return len(_packed(workflow))


def _packed(workflow: Workflow) -> str:
    return base64.b64encode(zlib.compress(to_json(workflow), 9)).decode("ascii")


def to_json(workflow: Workflow) -> bytes:
    """Return the canonical text form."""
    return canonical_bytes(content_of(workflow))


def from_json(text: bytes) -> Workflow:
    """Read the text form.

    Raises:
        Refused: not JSON, of a newer format, with unknown or doubled keys, too large, or what `check` refuses.
    """
    workflow = read_json(text)
    check(workflow)
    return workflow


def read_json(text: bytes) -> Workflow:
    """Read the text form without `check`: for showing what is wrong with it.

    Raises:
        Refused: not JSON, of a newer format, with unknown or doubled keys, or too large.
    """
    if len(text) > DECOMPRESSED_LIMIT_BYTES:
        raise Refused(
            reason=f"The text has {len(text)} bytes; a workflow has at most {DECOMPRESSED_LIMIT_BYTES}.",
            mend="Choose the file of a workflow.",
        )
    text = text.removeprefix(codecs.BOM_UTF8)
    if not text.strip():
        raise Refused(reason="The text is empty.", mend="Choose the file of a workflow.")
    try:
        text.decode("utf-8")
        found = msgspec.json.decode(text, type=_Format).format
        if found != FORMAT:
            raise Refused(
                reason=f"The workflow is of format {found}; this console reads format {FORMAT}.",
                mend="Use a newer console.",
            )
        workflow = msgspec.json.decode(text, type=Workflow)
    except UnicodeDecodeError as failure:
        raise Refused(
            reason=f"The text is no UTF-8: byte {failure.start} does not belong there.", mend="Save the file as UTF-8."
        ) from failure
    except RecursionError as failure:
        raise Refused(
            reason="The text nests its brackets too deep: that is no workflow.", mend="Choose the file of a workflow."
        ) from failure
    except msgspec.MsgspecError as failure:
        raise not_readable(failure, text) from failure
    refuse_doubled(text)
    return workflow


class _Format(msgspec.Struct):
    format: int = FORMAT


def to_stored(workflow: Workflow) -> str:
    """Return the form that stands on the pool.

    Raises:
        Refused: it would be larger than 32 KiB.
    """
    stored = _packed(workflow)
    if len(stored) > STORED_LIMIT_BYTES:
        raise Refused(
            reason=f"The workflow takes {len(stored)} bytes on the pool; {STORED_LIMIT_BYTES} is the most.",
            mend="Shorten descriptions or remove stages.",
        )
    return stored


def from_stored(stored: str) -> Workflow:
    """Read the form that stands on the pool.

    Raises:
        Refused: damaged, or see `from_json`.
    """
    return from_json(inflate(stored))


def inflate(stored: str) -> bytes:
    """Undo base64 and compression, with a bound on what comes out.

    Raises:
        Refused: damaged or too large.
    """
    try:
        inflater = zlib.decompressobj()
        text = inflater.decompress(base64.b64decode(stored, validate=True), DECOMPRESSED_LIMIT_BYTES)
    except (binascii.Error, zlib.error, ValueError) as failure:
        raise Refused(reason=f"A value on the pool is damaged: {failure}.") from failure
    if not inflater.eof:
        raise Refused(reason="A value on the pool is cut off or too large.")
    return text
