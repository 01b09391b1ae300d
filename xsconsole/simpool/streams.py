"""Bytes that arrive piece by piece, asked for in the amounts that their reader wants."""

from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web


class EndedEarly(Exception):
    """The bytes ended before what had to be read was complete."""


class Reader:
    """Gives out the bytes of an iterator; never holds more than what was asked for and one piece."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces
        self._held = bytearray()
        self._failure: EndedEarly | None = None

    async def exactly(self, count: int) -> bytes:
        """Return the next `count` bytes.

        Raises:
            EndedEarly: there are fewer.
        """
        found = await self.at_most(count)
        if len(found) < count:
            raise EndedEarly
        return found

    async def at_most(self, count: int) -> bytes:
        """Return the next `count` bytes, or what there is before the end.

        Raises:
            EndedEarly: nothing is left, and the bytes were cut off there.
        """
        await self._hold(count)
        if self._failure is not None and not self._held and count:
            raise self._failure
        found = bytes(self._held[:count])
        del self._held[:count]
        return found

    async def peek(self, count: int) -> bytes:
        """Return the next `count` bytes, or what there is before the end, and leave them there."""
        await self._hold(count)
        return bytes(self._held[:count])

    async def skip(self, count: int) -> None:
        """Pass over bytes; raises as `exactly` does."""
        while count:
            count -= len(await self.exactly(min(count, 1 << 16)))

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield everything that is left, as it comes."""
        while piece := await self.at_most(1 << 16):
            yield piece

    async def _hold(self, count: int) -> None:
        while len(self._held) < count and self._failure is None:
            try:
                piece = await anext(self._pieces, None)
            except EndedEarly as failure:
                self._failure = failure
                return
            if piece is None:
                return
            self._held += piece


def body_reader(request: web.BaseRequest) -> Reader:
    """Return what reads the body of a request; a client that goes away ends it early."""
    return Reader(_body(request))


async def _body(request: web.BaseRequest) -> AsyncIterator[bytes]:
    try:
        async for piece in request.content.iter_any():
            yield piece
    except (aiohttp.ClientError, aiohttp.http.HttpProcessingError, OSError) as failure:
        raise EndedEarly from failure
