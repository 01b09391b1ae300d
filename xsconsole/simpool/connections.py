"""Connections as XAPI takes them: the body of an upload that says no length goes on until the client closes.

HTTP knows no such requests, and aiohttp takes what follows for the next one. So the head of the first request on a
connection is looked at before aiohttp sees it. A CONNECT to a console, which names a path and no address as HTTP wants
it, becomes a GET of such a length.
"""

import re
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

UNTIL_CLOSE = "x-simpool-until-close"
"""A header of ours in requests whose body has no length that anybody knows."""

IS_TUNNEL = "x-simpool-tunnel"
"""A header of ours in requests that were a CONNECT."""

_ENDLESS = 1 << 60
_UPLOAD = b"PUT "
_TUNNEL = b"CONNECT /console"
_HEAD_END = b"\r\n\r\n"
_LARGEST_HEAD_BYTES = 64 << 10
_HAS_LENGTH = re.compile(rb"\r\n(content-length|transfer-encoding)[ \t]*:", re.IGNORECASE)


class Connection(RequestHandler):
    """One connection of a client."""

    __slots__ = ("_head",)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head: bytes | None = b""

    def data_received(self, data: bytes) -> None:
        if self._head is None:
            super().data_received(data)
            return
        self._head += data
        method = next((one for one in (_UPLOAD, _TUNNEL) if self._head[: len(one)] == one[: len(self._head)]), None)
        if method is not None and _HEAD_END not in self._head and len(self._head) < _LARGEST_HEAD_BYTES:
            return
        head, self._head = self._head, None
        if method is not None:
            head = _as_get(head) if method == _TUNNEL else _with_length(head)
        super().data_received(head)


class Front(web.Server):
    """Makes such connections."""

    def __call__(self) -> RequestHandler:
        return Connection(self, loop=self._loop, **self._kwargs)


def told_length(request: web.BaseRequest) -> int | None:
    """Return how long the body is; None where the client does not say."""
    return None if UNTIL_CLOSE in request.headers else request.content_length


def _as_get(data: bytes) -> bytes:
    request, _, rest = data.removeprefix(b"CONNECT ").partition(b"\r\n")
    return _with_length(b"GET %s\r\n%s: 1\r\n%s" % (request, IS_TUNNEL.encode(), rest))


def _with_length(data: bytes) -> bytes:
    head, end, body = data.partition(_HEAD_END)
    if not end or _HAS_LENGTH.search(head):
        return data
    return b"%s\r\nContent-Length: %d\r\n%s: 1%s%s" % (head, _ENDLESS, UNTIL_CLOSE.encode(), end, body)
