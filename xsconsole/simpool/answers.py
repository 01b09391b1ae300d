"""Answers of any size: encoded between the other work of the process, and sent as fast as the client reads."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from aiohttp import HttpVersion11, web

from xsconsole.simpool.turns import unhurried

Response = TypeVar("Response", bound=web.StreamResponse)

_SLICE_BYTES = 256 * 1024


async def respond(request: web.BaseRequest, pieces: Iterable[bytes], headers: Mapping[str, str]) -> web.StreamResponse:
    """Send an answer that is made of pieces, with its length in front as XAPI has it."""
    # The pieces are mostly the kept texts of objects: only what is just being sent is ever copied.
    collected, size = [], 0
    async for piece in unhurried(pieces):
        collected.append(piece)
        size += len(piece)
    if size <= _SLICE_BYTES:
        return _with_connection(request, web.Response(body=b"".join(collected), headers=headers))
    response = _with_connection(request, web.StreamResponse(headers=headers))
    response.content_length = size
    await response.prepare(request)
    for one in _slices(collected):
        await response.write(one)
    await response.write_eof()
    return response


def _with_connection(request: web.BaseRequest, response: Response) -> Response:
    """Say whether the connection goes on; with HTTP/1.0 it never does."""
    is_kept = request.keep_alive and request.version >= HttpVersion11
    response.headers["connection"] = "keep-alive" if is_kept else "close"
    if not is_kept:
        response.force_close()
    return response


def _slices(pieces: Sequence[bytes]) -> Iterator[bytes]:
    first, size = 0, 0
    for number, piece in enumerate(pieces, 1):
        size += len(piece)
        if size >= _SLICE_BYTES:
            yield b"".join(pieces[first:number])
            first, size = number, 0
    if first < len(pieces):
        yield b"".join(pieces[first:])
