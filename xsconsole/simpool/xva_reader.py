"""An XVA as it arrives: what it says first, then its disks piece by piece, with every checksum compared."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import xxhash

from xsconsole.simpool import tar_format
from xsconsole.simpool.compression import decompressed
from xsconsole.simpool.conversion import Converter
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import Model
from xsconsole.simpool.streams import EndedEarly, Reader
from xsconsole.simpool.wire_values import Malformed
from xsconsole.simpool.wire_xml import parse_value_text
from xsconsole.simpool.xva_objects import OVA_XML

LARGEST_DESCRIPTION_BYTES = 256 << 20
LARGEST_CHUNK_BYTES = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """One object of the file; references in its fields are names of the file."""

    cls: str
    id: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What the file says of its origin and of its objects."""

    version: tuple[int, int]
    export_version: int
    objects: tuple[Exported, ...]

    def of(self, cls: str) -> tuple[Exported, ...]:
        return tuple(one for one in self.objects if one.cls == cls)

    def find(self, name: str) -> Exported:
        """Return the object of that name.

        Raises:
            XapiError: IMPORT_ERROR_FAILED_TO_FIND_OBJECT.
        """
        for one in self.objects:
            if one.id == name:
                return one
        raise XapiError("IMPORT_ERROR_FAILED_TO_FIND_OBJECT", name)


async def unpacked(reader: Reader) -> Reader:
    """Return a reader of the tar: the file may be one, or one in gzip or zstd.

    Raises:
        EndedEarly: it is neither.
    """
    head = await reader.peek(tar_format.BLOCK_BYTES)
    try:
        tar_format.parse_header(head)
    except tar_format.NoTar:
        return decompressed(reader, head)
    return reader


async def read_description(tar: Reader, model: Model) -> Description:
    """Read the first file.

    Raises:
        XapiError: IMPORT_ERROR_UNEXPECTED_FILE, it is another one; IMPORT_ERROR, it cannot be understood.
        EndedEarly: there is none.
    """
    try:
        entry = await tar_format.next_entry(tar)
    except tar_format.NoTar as failure:
        raise EndedEarly from failure
    if entry.name != OVA_XML:
        raise XapiError("IMPORT_ERROR_UNEXPECTED_FILE", OVA_XML, entry.name)
    if entry.size > LARGEST_DESCRIPTION_BYTES:
        raise XapiError("IMPORT_ERROR", f"{OVA_XML} is too large: {entry.size} bytes")
    try:
        return _description(parse_value_text(await tar_format.contents(tar, entry)), model)
    except (Malformed, KeyError, TypeError, ValueError, AttributeError) as failure:
        raise XapiError("IMPORT_ERROR", f"{OVA_XML} cannot be understood: {failure!r}") from failure


async def disk_chunks(tar: Reader, name: str, size: int, *, is_forced: bool) -> AsyncIterator[tuple[int, bytes]]:
    """Yield the pieces of one disk, each with the place where it belongs.

    Raises:
        XapiError: IMPORT_ERROR_SOME_CHECKSUMS_FAILED, unless `is_forced`; IMPORT_ERROR_UNEXPECTED_FILE.
        EndedEarly: the file is cut off.
    """
    offset, last, step = 0, -1, 0
    while offset < size:
        entry = await _entry(tar)
        number = _number(name, entry.name)
        if number <= last or entry.size > LARGEST_CHUNK_BYTES:
            raise XapiError("IMPORT_ERROR", f"Invalid XVA file: {entry.name} of {entry.size} bytes")
        step = step or entry.size
        data = await tar_format.contents(tar, entry)
        await _check(tar, entry.name, data, is_forced=is_forced)
        # Where pieces were left out, all zeros, the numbers tell how many; the first one tells how large they were.
        offset += (number - last - 1) * step
        yield offset, data
        offset, last = offset + len(data), number


async def _entry(tar: Reader) -> tar_format.Entry:
    try:
        return await tar_format.next_entry(tar)
    except tar_format.NoTar as failure:
        raise EndedEarly from failure


def _number(name: str, path: str) -> int:
    folder, _, number = path.rpartition("/")
    if folder != name or not number.isdecimal():
        raise XapiError("IMPORT_ERROR_UNEXPECTED_FILE", f"{name}/", path)
    return int(number)


async def _check(tar: Reader, name: str, data: bytes, *, is_forced: bool) -> None:
    """Compare a piece with the checksum that follows it."""
    entry = await _entry(tar)
    told = (await tar_format.contents(tar, entry)).decode("ascii", "replace")
    match entry.name.removeprefix(name):
        case ".xxhash":
            found = f"{xxhash.xxh64_intdigest(data):016X}"
        case ".checksum":
            found = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        case _:
            raise XapiError("IMPORT_ERROR_UNEXPECTED_FILE", f"{name}.xxhash", entry.name)
    if told.lower() != found.lower() and not is_forced:
        raise XapiError("IMPORT_ERROR_SOME_CHECKSUMS_FAILED")


def _description(value: Any, model: Model) -> Description:
    version, converter = value["version"], Converter(model)
    return Description(
        version=(int(version["xapi_major"]), int(version["xapi_minor"])),
        export_version=int(version.get("export_vsn", 0)),
        objects=tuple(
            Exported(cls=one["class"], id=one["id"], fields=_fields(one["class"], one["snapshot"], model, converter))
            for one in value["objects"]
            if one["class"] in model.classes
        ),
    )


def _fields(cls: str, told: Mapping[str, Any], model: Model, converter: Converter) -> dict[str, Any]:
    """Return the fields of an object: an older or a newer xapi may tell fewer of them or more."""
    try:
        return {
            name: converter.convert(field.type, told[name]) if name in told else field.initial()
            for name, field in model.classes[cls].fields.items()
        }
    except XapiError as error:
        raise ValueError(f"{cls}: {' '.join(error.params)}") from error
