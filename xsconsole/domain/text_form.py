"""The text form of what people draw or fill in: canonical JSON in files, compressed and in base64 on the pool."""

import base64
import binascii
import codecs
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import TypeVar

import msgspec

from xsconsole.domain.canonical import Json
from xsconsole.domain.text_faults import Names, not_readable, refuse_doubled
from xsconsole.errors import Refused

DECOMPRESSED_LIMIT_BYTES = 4 * 1024 * 1024
STORED_LIMIT_BYTES = 32 * 1024  # as it stands on the pool, after compression and base64

S = TypeVar("S", bound=msgspec.Struct)


def written(value: msgspec.Struct) -> Mapping[str, Json]:
    """Return a struct as it is written: what equals its default is left out, so that equal ones are written alike.

    (`omit_defaults` of msgspec leaves out only what *is* the default: a zone read as "UTC" would be written, and the
    digest be another one.)
    """
    tag = value.__struct_config__
    named = {} if tag.tag is None else {str(tag.tag_field): str(tag.tag)}
    return {
        **named,
        **{
            name: _plain(found)
            for name, default in _defaults(type(value))
            if (found := getattr(value, name)) != default
        },
    }


def _plain(value: object) -> Json:
    match value:
        case msgspec.Struct():
            return written(value)
        case tuple():
            return [_plain(each) for each in value]
        case StrEnum():
            return value.value
        case datetime():
            return value.isoformat()
        case str() | int() | None:
            return value
        case _:  # no field has another type
            raise TypeError(type(value))


@cache
def _defaults(kind: type[msgspec.Struct]) -> tuple[tuple[str, object], ...]:
    return tuple((field.name, field.default) for field in msgspec.structs.fields(kind))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextForm:
    """How one kind of thing is read and kept: `names` say what it and its parts are called.

    `shorter` says what to do with one that is too large for the pool.
    """

    format: int
    names: Names
    shorter: str


def read(text: bytes, kind: type[S], form: TextForm) -> S:
    """Read a text form; what may not be in it beyond its types is another question.

    Raises:
        Refused: not JSON, of a newer format, with unknown or doubled keys, or too large.
    """
    what = form.names.what
    if len(text) > DECOMPRESSED_LIMIT_BYTES:
        raise Refused(
            reason=f"The text has {len(text)} bytes; a {what} has at most {DECOMPRESSED_LIMIT_BYTES}.",
            mend=f"Choose the file of a {what}.",
        )
    text = text.removeprefix(codecs.BOM_UTF8)
    if not text.strip():
        raise Refused(reason="The text is empty.", mend=f"Choose the file of a {what}.")
    try:
        text.decode("utf-8")
        found = msgspec.json.decode(text, type=_Format).format
        if found not in (None, form.format):
            raise Refused(
                reason=f"The {what} is of format {found}; this console reads format {form.format}.",
                mend="Use a newer console.",
            )
        value = msgspec.json.decode(text, type=kind)
    except UnicodeDecodeError as failure:
        raise Refused(
            reason=f"The text is no UTF-8: byte {failure.start} does not belong there.", mend="Save the file as UTF-8."
        ) from failure
    except RecursionError as failure:
        raise Refused(
            reason=f"The text nests its brackets too deep: that is no {what}.", mend=f"Choose the file of a {what}."
        ) from failure
    except msgspec.MsgspecError as failure:
        raise not_readable(failure, text, form.names, kind) from failure
    refuse_doubled(text, form.names)
    return value


class _Format(msgspec.Struct):
    format: int | None = None


def pack(text: bytes, level: int = 9) -> str:
    """Return a text as it stands on the pool; `level` is zlib's, from 1 to 9."""
    return base64.b64encode(zlib.compress(text, level)).decode("ascii")


def stored(text: bytes, form: TextForm) -> str:
    """Return a text as it stands on the pool, if it may.

    Raises:
        Refused: it would be larger than 32 KiB.
    """
    packed = pack(text)
    if len(packed) > STORED_LIMIT_BYTES:
        raise Refused(
            reason=f"The {form.names.what} takes {len(packed)} bytes on the pool; {STORED_LIMIT_BYTES} is the most.",
            mend=form.shorter,
        )
    return packed


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
