"""HTTP as a XAPI host speaks it: who answers which path, and what calls look like on the wire."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from aiohttp import web

from xsconsole.simpool import access, control, control_wire, pages, static_files, wire_json, wire_xml
from xsconsole.simpool.answers import respond
from xsconsole.simpool.bodies import LARGEST_CALL_BYTES, body_of
from xsconsole.simpool.data_handlers import ACTIONS
from xsconsole.simpool.dispatch import LIST_METHODS, Dispatcher
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.faults import ConnectionDropped
from xsconsole.simpool.hosting import HOST
from xsconsole.simpool.visits import Action
from xsconsole.simpool.wire_values import Malformed

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Found = TypeVar("Found")

_THUMBPRINT_QUESTION = "x-xenapi-request-host-certificate-thumbprint"
_THUMBPRINT_ANSWER = "x-xenapi-response-host-certificate-thumbprint"


class Site:
    """Answers the HTTP requests to the hosts of one pool.

    `is_listening` says of a host whether clients reach it. `thumbprints` are those of the hosts' certificates, by the
    question for them; `files` is the folder that browsers see.
    """

    def __init__(
        self,
        controlled: control.Controlled,
        dispatcher: Dispatcher,
        *,
        is_listening: Callable[[str], bool],
        thumbprints: Mapping[str, Mapping[str, str]],
        files: Path | None = None,
    ) -> None:
        self._controlled = controlled
        self._dispatcher = dispatcher
        self._is_listening = is_listening
        self._thumbprints = thumbprints
        self._routes: Mapping[str, Mapping[str, Answer]] = {
            "POST": {"/": self._xml, "/jsonrpc": self._json, control_wire.PATH: self._control},
            "OPTIONS": {"/": self._options},
            "GET": {**self._data_routes("GET"), **({} if files is None else {"/": partial(_static, files)})},
            "PUT": self._data_routes("PUT"),
            "CONNECT": {},
        }

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Return the response to a request; as with XAPI the longest prefix of the path decides who makes it."""
        routes = self._routes.get(request.method)
        if routes is None:
            return pages.method_page(request.method)
        route = longest_prefix(routes, request.path)
        if route is None:
            return pages.page(403)
        try:
            return await route(request)
        except ConnectionDropped:
            return _cut(request)
        except (Malformed, RecursionError) as failure:
            # Lists within lists within lists are read, and then too much for whoever looks at them.
            return pages.page(500, detail=str(failure))

    def _data_routes(self, method: str) -> Mapping[str, Answer]:
        return {path: partial(self._data, action) for path, action in ACTIONS[method].items()}

    async def _data(self, action: Action, request: web.BaseRequest) -> web.StreamResponse:
        pool = self._controlled.pool
        return await access.serve(pool, host_of(request), request, action, is_listening=self._is_listening)

    async def _xml(self, request: web.BaseRequest) -> web.StreamResponse:
        call = wire_xml.parse_request(await body_of(request, at_most=LARGEST_CALL_BYTES))
        try:
            result = await self._dispatcher.answer(call, host_of(request))
        except XapiError as error:
            return await self._failed(request, wire_xml.failure(error), wire_xml.CONTENT_TYPE, error)
        is_bare = call.method == LIST_METHODS
        pieces = wire_xml.bare(result) if is_bare else wire_xml.success(result)
        return await _rpc(request, pieces, wire_xml.CONTENT_TYPE)

    async def _json(self, request: web.BaseRequest) -> web.StreamResponse:
        envelope = wire_json.parse_request(await body_of(request, at_most=LARGEST_CALL_BYTES))
        try:
            result = await self._dispatcher.answer(envelope.request, host_of(request))
        except XapiError as error:
            return await self._failed(request, wire_json.failure(envelope, error), wire_json.CONTENT_TYPE, error)
        return await _rpc(request, wire_json.success(envelope, result), wire_json.CONTENT_TYPE)

    async def _failed(
        self, request: web.BaseRequest, pieces: Iterable[bytes], content_type: str, error: XapiError
    ) -> web.StreamResponse:
        """Send a failure; whoever came to the wrong host may ask by what the right one is known."""
        known = self._thumbprints.get(self._controlled.pool.coordinator, {})
        thumbprint = known.get(request.headers.get(_THUMBPRINT_QUESTION, ""))
        is_told = error.code == "HOST_IS_SLAVE" and thumbprint is not None
        more = {_THUMBPRINT_ANSWER: str(thumbprint)} if is_told else {}
        return await _rpc(request, pieces, content_type, more)

    async def _options(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {**pages.NO_CACHE, **pages.ANY_ORIGIN, "Access-Control-Allow-Methods": "PUT"}
        wanted = request.headers.get("Access-Control-Request-Headers")
        if wanted:
            headers["Access-Control-Allow-Headers"] = f"{wanted}, X-Requested-With"
        return await respond(request, (), headers)

    async def _control(self, request: web.BaseRequest) -> web.StreamResponse:
        return await control_wire.answer(self._controlled, request)


def host_of(request: web.BaseRequest) -> str:
    """Return the host that was asked."""
    return str(request[HOST])


def longest_prefix(routes: Mapping[str, Found], path: str) -> Found | None:
    """Return what belongs to the longest key that `path` begins with."""
    prefix = max((one for one in routes if path.startswith(one)), key=len, default=None)
    return None if prefix is None else routes[prefix]


async def _static(folder: Path, request: web.BaseRequest) -> web.StreamResponse:
    return static_files.file_answer(folder, request.path)


async def _rpc(
    request: web.BaseRequest,
    pieces: Iterable[bytes],
    content_type: str,
    more: Mapping[str, str] = MappingProxyType({}),
) -> web.StreamResponse:
    # Clients compare the type for equality: nothing may be appended to it.
    return await respond(request, pieces, {**pages.NO_CACHE, **pages.ANY_ORIGIN, "content-type": content_type, **more})


def _cut(request: web.BaseRequest) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    response = web.Response()
    response.force_close()
    return response
