"""The protocol by which disks are read over the network (NBD, fixed newstyle), from the side that has the disks."""

import asyncio
import ssl
import struct
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

LARGEST_READ_BYTES = 32 << 20
LARGEST_OPTION_BYTES = 64 << 10

_GREETING, _OPTION_MAGIC, _REPLY_MAGIC = b"NBDMAGIC", b"IHAVEOPT", 0x3E889045565A9
_REQUEST_MAGIC, _ANSWER_MAGIC = 0x25609513, 0x67446698
_NEWSTYLE, _NO_ZEROES = 1, 2
_HAS_FLAGS, _READ_ONLY = 1, 2
_OLD_PADDING = bytes(124)
_EXPORT_INFORMATION = 0


class Option(IntEnum):
    """What a client asks for before it reads."""

    EXPORT_NAME = 1
    ABORT = 2
    LIST = 3
    START_TLS = 5
    INFORMATION = 6
    GO = 7


class Reply(IntEnum):
    """How it is answered; errors have the highest bit."""

    DONE = 1
    INFORMATION = 3
    UNSUPPORTED = (1 << 31) + 1
    INVALID = (1 << 31) + 3
    TLS_REQUIRED = (1 << 31) + 5
    UNKNOWN = (1 << 31) + 6


class Command(IntEnum):
    """What a client does with a disk."""

    READ = 0
    WRITE = 1
    LEAVE = 2
    FLUSH = 3


class Errno(IntEnum):
    """How a command failed."""

    NONE = 0
    NOT_PERMITTED = 1
    INPUT_OUTPUT = 5
    INVALID = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A disk that can be read: its size in bytes, and what gives `length` bytes of it from `offset` on."""

    size_bytes: int
    read: Callable[[int, int], Awaitable[bytes]]


Open = Callable[[str], AbstractAsyncContextManager[Export | None]]
"""Gives the export of a name for as long as it is used; None where there is none for who asks."""


class Conversation:
    """One client. With `context` the disks are told by TLS only."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        opened: Open,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._opened = opened
        self._context = context
        self._is_secret = False

    async def hold(self) -> None:
        """Serve until the client leaves; it may leave in the middle of anything."""
        try:
            await self._negotiate()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            return

    async def _negotiate(self) -> None:
        await self._send(_GREETING, _OPTION_MAGIC, struct.pack(">H", _NEWSTYLE | _NO_ZEROES))
        (flags,) = await self._unpacked(">I")
        while True:
            magic, option, length = await self._unpacked(">8sII")
            if magic != _OPTION_MAGIC or length > LARGEST_OPTION_BYTES:
                return
            body = await self._reader.readexactly(length)
            match option:
                case Option.EXPORT_NAME:
                    await self._old_export(body, is_padded=not flags & _NO_ZEROES)
                    return
                case Option.ABORT:
                    await self._reply(option, Reply.DONE)
                    return
                case Option.START_TLS if self._context is not None and not self._is_secret:
                    await self._reply(option, Reply.DONE)
                    await self._writer.start_tls(self._context)
                    self._is_secret = True
                case Option.LIST | Option.INFORMATION | Option.GO if self._is_open:
                    await self._reply(option, Reply.TLS_REQUIRED)
                case Option.LIST:
                    await self._reply(option, Reply.DONE)
                case Option.INFORMATION | Option.GO:
                    if await self._export(option, body):
                        return
                case _:
                    await self._reply(option, Reply.UNSUPPORTED)

    @property
    def _is_open(self) -> bool:
        """Whether anybody could listen although nobody may."""
        return self._context is not None and not self._is_secret

    async def _old_export(self, body: bytes, *, is_padded: bool) -> None:
        """Answer to the option that knows no refusal: where the disk is not for the client, the connection ends."""
        if self._is_open:
            return
        async with self._opened(body.decode(errors="replace")) as export:
            if export is not None:
                padding = _OLD_PADDING if is_padded else b""
                await self._send(struct.pack(">QH", export.size_bytes, _HAS_FLAGS | _READ_ONLY), padding)
                await self._transmit(export)

    async def _export(self, option: int, body: bytes) -> bool:
        """Tell of an export, and serve it if it is to be read; whether that has been done."""
        (length,) = struct.unpack_from(">I", body.ljust(4, b"\0"))
        if length > len(body) - 6:
            await self._reply(option, Reply.INVALID)
            return False
        async with self._opened(body[4 : 4 + length].decode(errors="replace")) as export:
            if export is None:
                await self._reply(option, Reply.UNKNOWN)
                return False
            told = struct.pack(">HQH", _EXPORT_INFORMATION, export.size_bytes, _HAS_FLAGS | _READ_ONLY)
            await self._reply(option, Reply.INFORMATION, told)
            await self._reply(option, Reply.DONE)
            if option == Option.INFORMATION:
                return False
            await self._transmit(export)
            return True

    async def _transmit(self, export: Export) -> None:
        while True:
            magic, _flags, command, handle, offset, length = await self._unpacked(">IHH8sQI")
            if magic != _REQUEST_MAGIC or command == Command.LEAVE:
                return
            error, data = Errno.NONE, b""
            match command:
                case Command.READ if length <= LARGEST_READ_BYTES and offset + length <= export.size_bytes:
                    data = await export.read(offset, length)
                case Command.WRITE:
                    await self._passed_over(length)
                    error = Errno.NOT_PERMITTED
                case Command.FLUSH:
                    pass
                case _:
                    error = Errno.INVALID
            await self._send(struct.pack(">II8s", _ANSWER_MAGIC, error, handle), data)

    async def _passed_over(self, length: int) -> None:
        while length:
            length -= len(await self._reader.readexactly(min(length, 1 << 16)))

    async def _reply(self, option: int, kind: Reply, body: bytes = b"") -> None:
        await self._send(struct.pack(">QIII", _REPLY_MAGIC, option, kind, len(body)), body)

    async def _send(self, *parts: bytes) -> None:
        self._writer.write(b"".join(parts))
        await self._writer.drain()

    async def _unpacked(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(form, await self._reader.readexactly(struct.calcsize(form)))
