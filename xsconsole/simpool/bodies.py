"""The bodies of calls."""

from aiohttp import web

LARGEST_BODY_BYTES = 64 * 1024 * 1024


async def body_of(request: web.BaseRequest) -> bytes:
    """Read the body of a call.

    Raises:
        web.HTTPRequestEntityTooLarge: it is larger than any call.
    """
    parts, size = [], 0
    async for part in request.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > LARGEST_BODY_BYTES:
            raise web.HTTPRequestEntityTooLarge(max_size=LARGEST_BODY_BYTES, actual_size=size)
    return b"".join(parts)
