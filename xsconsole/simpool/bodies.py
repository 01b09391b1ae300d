"""The bodies of calls and commands."""

from aiohttp import web

from xsconsole.simpool.wire_values import Malformed

LARGEST_CALL_BYTES = 300 * 1024
LARGEST_COMMAND_BYTES = 64 * 1024 * 1024


async def body_of(request: web.BaseRequest, *, at_most: int) -> bytes:
    """Read a body.

    Raises:
        Malformed: its length is not said beforehand, or is above the limit.
    """
    length = request.content_length
    if length is None:
        raise Malformed('Failure("We require a content-length: HTTP header")')
    if length > at_most:
        raise Malformed("Http_svr.Client_requested_size_over_limit")
    return await request.read()
