"""Answers of any size: encoded between the other work of the process, and sent as fast as the client reads."""

import asyncio
import time
from collections.abc import Iterable, Mapping

from aiohttp import web

TURN_S = 0.005
"""How long encoding may keep the others waiting."""

_SLICE_BYTES = 256 * 1024


async def respond(request: web.BaseRequest, pieces: Iterable[bytes], headers: Mapping[str, str]) -> web.StreamResponse:
    """Send an answer that is made of pieces, with its length in front as XAPI has it."""
    slices = await _slices(pieces)
    if len(slices) <= 1:
        return web.Response(body=b"".join(slices), headers=headers)
    response = web.StreamResponse(headers=headers)
    response.content_length = sum(map(len, slices))
    await response.prepare(request)
    for one in slices:
        await response.write(one)
    await response.write_eof()
    return response


async def _slices(pieces: Iterable[bytes]) -> list[bytes]:
    slices: list[bytes] = []
    collected: list[bytes] = []
    size, until = 0, time.monotonic() + TURN_S
    for piece in pieces:
        collected.append(piece)
        size += len(piece)
        if size >= _SLICE_BYTES:
            slices.append(b"".join(collected))
            collected.clear()
            size = 0
        if time.monotonic() >= until:
            await asyncio.sleep(0)
            until = time.monotonic() + TURN_S
    return [*slices, b"".join(collected)] if collected else slices
