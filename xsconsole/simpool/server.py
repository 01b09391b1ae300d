"""HTTP as a XAPI host speaks it: who answers which path, status pages, headers."""

import html
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar

from aiohttp import web

from xsconsole.simpool import control, control_wire, wire_json, wire_xml
from xsconsole.simpool.answers import respond
from xsconsole.simpool.bodies import body_of
from xsconsole.simpool.dispatch import LIST_METHODS, Dispatcher
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.faults import ConnectionDropped
from xsconsole.simpool.hosting import HOST
from xsconsole.simpool.wire_values import Malformed

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Found = TypeVar("Found")

_NO_CACHE = MappingProxyType({"cache-control": "no-cache, no-store"})
_ANY_ORIGIN = MappingProxyType({"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "X-Requested-With"})
_EXPLANATIONS = MappingProxyType(
    {
        403: ("forbidden", "Access to the requested resource is forbidden."),
        413: ("request entity too large", "The request is too large."),
        500: (
            "internal server error",
            "An unexpected error occurred; please wait a while and try again. If the problem persists, please contact "
            "your support representative.",
        ),
        501: ("method not implemented", "The request cannot be answered."),
    }
)
_log = logging.getLogger(__name__)


class Site:
    """Answers the HTTP requests to one pool."""

    def __init__(self, controlled: control.Controlled, dispatcher: Dispatcher) -> None:
        self._controlled = controlled
        self._dispatcher = dispatcher
        self._routes: Mapping[str, Mapping[str, Answer]] = {
            "POST": {"/": self._xml, "/jsonrpc": self._json, control_wire.PATH: self._control},
            "OPTIONS": {"/": self._options},
            "GET": {},
        }

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Return the response to a request; as with XAPI the longest prefix of the path decides who makes it."""
        routes = self._routes.get(request.method)
        if routes is None:
            return page(501)
        route = longest_prefix(routes, request.path)
        if route is None:
            return page(403)
        try:
            return await route(request)
        except ConnectionDropped:
            return _cut(request)
        except Malformed as failure:
            return page(500, detail=str(failure))
        except web.HTTPRequestEntityTooLarge:
            return page(413)

    async def _xml(self, request: web.BaseRequest) -> web.StreamResponse:
        call = wire_xml.parse_request(await body_of(request))
        try:
            result = await self._dispatcher.answer(call, host_of(request))
        except XapiError as error:
            return await _rpc(request, wire_xml.failure(error), wire_xml.CONTENT_TYPE)
        is_bare = call.method == LIST_METHODS
        pieces = wire_xml.bare(result) if is_bare else wire_xml.success(result)
        return await _rpc(request, pieces, wire_xml.CONTENT_TYPE)

    async def _json(self, request: web.BaseRequest) -> web.StreamResponse:
        envelope = wire_json.parse_request(await body_of(request))
        try:
            result = await self._dispatcher.answer(envelope.request, host_of(request))
        except XapiError as error:
            return await _rpc(request, wire_json.failure(envelope, error), wire_json.CONTENT_TYPE)
        return await _rpc(request, wire_json.success(envelope, result), wire_json.CONTENT_TYPE)

    async def _options(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {**_NO_CACHE, **_ANY_ORIGIN, "Access-Control-Allow-Methods": "PUT"}
        wanted = request.headers.get("Access-Control-Request-Headers")
        if wanted:
            headers["Access-Control-Allow-Headers"] = f"X-Requested-With, {wanted}"
        return web.Response(headers=headers)

    async def _control(self, request: web.BaseRequest) -> web.StreamResponse:
        return await control_wire.answer(self._controlled, request)


def host_of(request: web.BaseRequest) -> str:
    """Return the host that was asked."""
    return str(request[HOST])


def longest_prefix(routes: Mapping[str, Found], path: str) -> Found | None:
    """Return what belongs to the longest key that `path` begins with."""
    prefix = max((one for one in routes if path.startswith(one)), key=len, default=None)
    return None if prefix is None else routes[prefix]


def page(status: int, *, detail: str = "") -> web.Response:
    """Return the page that XAPI sends instead of an answer; the connection ends with it."""
    title, text = _EXPLANATIONS[status]
    more = f"<h1> Additional information </h1>{_escape(detail)}" if detail else ""
    response = web.Response(
        status=status,
        body=f"<html><body><h1>HTTP {status} {title}</h1>{text}{more}</body></html>".encode(),
        headers={**_NO_CACHE, "content-type": "text/html"},
    )
    response.force_close()
    return response


def _escape(text: str) -> str:
    return html.escape(text).replace("&#x27;", "&apos;")


async def _rpc(request: web.BaseRequest, pieces: Iterable[bytes], content_type: str) -> web.StreamResponse:
    # Clients compare the type for equality: nothing may be appended to it.
    return await respond(request, pieces, {**_NO_CACHE, **_ANY_ORIGIN, "content-type": content_type})


def _cut(request: web.BaseRequest) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    response = web.Response()
    response.force_close()
    return response
