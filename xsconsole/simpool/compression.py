"""gzip and zstd on bytes that flow."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Protocol

import zstandard

from xsconsole.simpool.streams import EndedEarly, Reader

_GZIP = 16 + zlib.MAX_WBITS
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_LARGEST_PIECE_BYTES = 1 << 20
_ZSTD_BITE_BYTES = 2 << 10
"""A block of zstd holds up to 128 KiB and takes as little as 4 bytes: small bites keep small what comes of one."""


class Compression(StrEnum):
    """What `use_compression` can ask for."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"


class Compressor(Protocol):
    """Takes bytes, gives them back smaller, perhaps later."""

    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


class _Plain:
    def compress(self, data: bytes) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def asked_for(word: str | None) -> Compression:
    """Return what a value of `use_compression` means; what XAPI does not know means none."""
    match word:
        case "true" | "gzip":
            return Compression.GZIP
        case "zstd":
            return Compression.ZSTD
        case _:
            return Compression.NONE


async def compressed(pieces: AsyncIterator[bytes], kind: Compression) -> AsyncIterator[bytes]:
    """Yield the compressed form of what `pieces` yields."""
    compressor = _compressor(kind)
    async for piece in pieces:
        # It takes a core's while, and lets the interpreter go meanwhile.
        done = await asyncio.to_thread(compressor.compress, piece) if kind is not Compression.NONE else piece
        if done:
            yield done
    rest = compressor.flush()
    if rest:
        yield rest


def decompressed(reader: Reader, head: bytes) -> Reader:
    """Return a reader of what `reader` holds in compressed form; `head` is how that begins."""
    return Reader(_unzstd(reader) if head.startswith(_ZSTD_MAGIC) else _gunzip(reader))


def _compressor(kind: Compression) -> Compressor:
    match kind:
        case Compression.GZIP:
            return zlib.compressobj(wbits=_GZIP)
        case Compression.ZSTD:
            return zstandard.ZstdCompressor().compressobj()
        case Compression.NONE:
            return _Plain()


async def _gunzip(reader: Reader) -> AsyncIterator[bytes]:
    decompressor = zlib.decompressobj(wbits=_GZIP)
    try:
        async for piece in reader.pieces():
            rest = piece
            while rest:
                yield decompressor.decompress(rest, _LARGEST_PIECE_BYTES)
                rest = decompressor.unconsumed_tail
                if decompressor.eof:
                    rest, decompressor = decompressor.unused_data, zlib.decompressobj(wbits=_GZIP)
    except zlib.error as failure:
        raise EndedEarly from failure


async def _unzstd(reader: Reader) -> AsyncIterator[bytes]:
    decompressor = zstandard.ZstdDecompressor().decompressobj(read_across_frames=True)
    try:
        while bite := await reader.at_most(_ZSTD_BITE_BYTES):
            yield decompressor.decompress(bite)
    except zstandard.ZstdError as failure:
        raise EndedEarly from failure
