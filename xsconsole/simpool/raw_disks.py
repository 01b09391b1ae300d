"""`/export_raw_vdi` and `/import_raw_vdi`: one disk, as it is, as a VHD or as a tar."""

import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import MappingProxyType

from xsconsole.simpool import (
    chains,
    qcow2_reading,
    qcow2_writing,
    storage,
    tar_format,
    vhd_reading,
    vhd_writing,
    xva_reader,
    xva_writer,
)
from xsconsole.simpool.attachments import attached, host_that_sees
from xsconsole.simpool.connections import told_length
from xsconsole.simpool.disk_contents import BLOCK_BYTES
from xsconsole.simpool.disk_writing import DiskWriter, io_error
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.streams import EndedEarly, Reader, body_reader
from xsconsole.simpool.traffic import Passage
from xsconsole.simpool.visits import Answered, Visit

LARGEST_VHD_BYTES = 2040 << 30

_TYPES: Mapping[str, str] = MappingProxyType(
    {
        **{"raw": "application/octet-stream", "vhd": "application/vhd", "tar": "application/x-tar"},
        "qcow2": "application/x-qemu-disk",
    }
)
_FOLDER_IN_TAR = "vdi"
_CHUNK_HEAD = struct.Struct("<QI")
_IMPORTED = "Imported VDI"

_Done = Callable[[float], Awaitable[None]]


def export_host(visit: Visit) -> str | None:
    """Return the host that sees the disk to export."""
    vdi = _disk(visit, "vdi")
    return None if vdi is None else host_that_sees(visit.pool, _sr_of(visit, vdi), visit.host)


def import_host(visit: Visit) -> str | None:
    """Return the host that sees the disk to import into, or the SR to make it on."""
    vdi, sr = _disk(visit, "vdi"), visit.sr()
    if vdi is not None:
        return host_that_sees(visit.pool, _sr_of(visit, vdi), visit.host)
    return None if sr is None else host_that_sees(visit.pool, frozenset((sr,)), visit.host)


async def download(visit: Visit) -> Answered:
    vdi, kind = _disk(visit, "vdi"), _format(visit)
    if vdi is None:
        raise XapiError("INTERNAL_ERROR", 'Failure("Missing vdi query parameter")')
    base = _disk(visit, "base")
    row = visit.pool.db.row("VDI", vdi)
    if kind == "vhd" and row["virtual_size"] > LARGEST_VHD_BYTES:
        raise XapiError("VDI_TOO_LARGE", vdi, LARGEST_VHD_BYTES)
    async with attached(visit.pool, visit.host, vdi):
        stream = await visit.begin(
            {
                "content-type": _TYPES[kind],
                "content-disposition": f'attachment; filename="{row["uuid"]}.{kind}"',
            }
        )
        passage, before = Passage(visit.call), 0.0
        async for piece, fraction in _pieces(visit, kind, vdi, base):
            await stream.write(piece)
            read = len(piece) if base is not None else (fraction - before) * chains.contents(visit.pool.db, vdi)
            await passage.passed(row["SR"], read, fraction)
            before = fraction
    return Answered(response=stream)


async def upload(visit: Visit) -> Answered:
    kind = _importable(visit)
    vdi = _target(visit, kind)
    async with attached(visit.pool, visit.host, vdi, is_written=True):
        writer, reader = DiskWriter(visit.pool, vdi), body_reader(visit.request)
        stream = await visit.begin({"content-type": "application/octet-stream"})
        done = _written(visit, writer, visit.pool.db.get("VDI", vdi, "SR"))
        try:
            if kind == "vhd":
                await vhd_reading.read(reader, writer, done)
            elif kind == "qcow2":
                await qcow2_reading.read(reader, writer, done)
            elif kind == "tar":
                await _write_tar(reader, writer, done)
            elif "chunked" in visit.params:
                await _write_chunks(reader, writer, done)
            else:
                told = told_length(visit.request)
                await _write_all(reader, writer, done, writer.size_bytes if told is None else told)
        except EndedEarly as failure:
            raise io_error() from failure
        finally:
            writer.settle()
    return Answered(response=stream, result=vdi)


def _format(visit: Visit) -> str:
    kind = visit.params.get("format", "raw").lower()
    if kind not in _TYPES or kind in visit.pool.release.absent_formats:
        raise _refused(visit, 404, "INTERNAL_ERROR", f"Unknown format {visit.params['format']}")
    return kind


def _refused(visit: Visit, status: int, code: str, *params: str) -> XapiError:
    """Return an error for the task; the client gets a status before it."""
    visit.refused_with = status
    return XapiError(code, *params)


def _importable(visit: Visit) -> str:
    """Return the format of what is coming."""
    kind, coding = _format(visit), visit.request.headers.get("Transfer-Encoding")
    if kind != "raw" and "chunked" in visit.params:
        raise _refused(visit, 404, "INTERNAL_ERROR", "Cannot handle chunked VHD")
    if coding is not None:
        raise _refused(visit, 404, "INTERNAL_ERROR", f"Cannot handle encoding: {coding}")
    return kind


def _target(visit: Visit, kind: str) -> str:
    """Return the disk to write, which is made where only an SR is named."""
    vdi, sr, length = _disk(visit, "vdi"), visit.sr(), told_length(visit.request)
    if vdi is not None:
        return vdi
    if sr is None:
        raise _refused(visit, 400, "VDI_MISSING")
    if kind in ("vhd", "qcow2"):
        raise _refused(
            visit, 400, "INTERNAL_ERROR", f"Importing a {kind.upper()} directly into an SR not yet supported"
        )
    if length is None or kind != "raw":
        raise _refused(visit, 400, "INTERNAL_ERROR", "Not enough info supplied to import")
    return storage.add_disk(visit.pool, sr, name_label=_IMPORTED, virtual_size=length, type="user")


def _written(visit: Visit, writer: DiskWriter, sr: str) -> _Done:
    """Return who is told how much of the disk is written, and lets the time pass that it takes."""
    passage, before = Passage(visit.call), 0

    async def done(fraction: float) -> None:
        nonlocal before
        fresh, before = writer.written_bytes - before, writer.written_bytes
        await passage.passed(sr, fresh, fraction)

    return done


async def _write_all(reader: Reader, writer: DiskWriter, told: _Done, length: int) -> None:
    """Write a body from the disk's first byte on; what is beyond stays as it was.

    A client that did not know the length promises more than there is and ends the connection: what came is written.
    """
    done = 0
    while done < length:
        piece = await reader.at_most(min(BLOCK_BYTES, length - done))
        if not piece:
            raise EndedEarly
        writer.fill(done, piece)
        done += len(piece)
        await told(done / length)


async def _write_tar(reader: Reader, writer: DiskWriter, told: _Done) -> None:
    size = writer.size_bytes
    async for offset, data in xva_reader.disk_chunks(reader, _FOLDER_IN_TAR, size, is_forced=False):
        writer.patch(offset, data)
        await told((offset + len(data)) / size)
    async for _ in reader.pieces():
        pass


async def _write_chunks(reader: Reader, writer: DiskWriter, told: _Done) -> None:
    """Write pieces that each say where they belong; an empty one is the last."""
    while True:
        offset, length = _CHUNK_HEAD.unpack(await reader.exactly(_CHUNK_HEAD.size))
        if not length:
            return
        end = offset + length
        while offset < end:
            piece = await reader.exactly(min(BLOCK_BYTES, end - offset))
            writer.patch(offset, piece)
            offset += len(piece)
            await told(offset / writer.size_bytes)


def _pieces(visit: Visit, kind: str, vdi: str, base: str | None) -> AsyncIterator[tuple[bytes, float]]:
    match kind:
        case "vhd":
            return vhd_writing.pieces(visit.pool, vdi, base)
        case "qcow2":
            return qcow2_writing.pieces(visit.pool, vdi, base)
        case "tar":
            return _tar_pieces(visit, vdi)
        case _:
            return _raw_pieces(visit, vdi)


async def _tar_pieces(visit: Visit, vdi: str) -> AsyncIterator[tuple[bytes, float]]:
    size = visit.pool.db.get("VDI", vdi, "virtual_size")
    async for piece, end in xva_writer.disk_pieces(visit.pool, _FOLDER_IN_TAR, vdi):
        yield piece, end / size
    yield tar_format.END, 1.0


async def _raw_pieces(visit: Visit, vdi: str) -> AsyncIterator[tuple[bytes, float]]:
    size, contents = visit.pool.db.get("VDI", vdi, "virtual_size"), visit.pool.depot.contents
    zeros = bytes(BLOCK_BYTES)
    for start in range(0, size, BLOCK_BYTES):
        length = min(BLOCK_BYTES, size - start)
        yield contents.read(vdi, start // BLOCK_BYTES, length) or zeros[:length], (start + length) / size


def _disk(visit: Visit, name: str) -> str | None:
    """Return the disk that a parameter names, by its reference or its uuid."""
    wanted = visit.params.get(name)
    if wanted is None or visit.pool.db.exists("VDI", wanted):
        return wanted
    return visit.pool.db.by_uuid("VDI", wanted)


def _sr_of(visit: Visit, vdi: str) -> frozenset[str]:
    return frozenset((visit.pool.db.get("VDI", vdi, "SR"),))
