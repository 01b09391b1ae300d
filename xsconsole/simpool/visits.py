"""A request to one of XAPI's data handlers, by somebody who may make it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from xsconsole.simpool.calls import Call
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.pages import NO_CACHE
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.roles import Role

SERVER = "xapi/1.4"


class Stream(web.StreamResponse):
    """An answer that goes on until the connection ends: XAPI's long answers have neither a length nor chunks."""

    _length_check = False


class Visit:
    """A request to a data handler. `params` has the cookies before what the query says.

    `is_alone`: no other host listens, and this one answers for all of them.

    `refusal` is what a handler wants to be sent, instead of the page for status 500, when it fails; `refused_with`
    is the status alone, behind which that page comes all the same.
    """

    def __init__(self, call: Call, request: web.BaseRequest, params: Mapping[str, str], *, is_alone: bool) -> None:
        self.call = call
        self.request = request
        self.params = params
        self.is_alone = is_alone
        self.stream: web.StreamResponse | None = None
        self.refusal: web.Response | None = None
        self.refused_with: int | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the client has closed the connection."""
        return self.request.transport is None or self.request.transport.is_closing()

    @property
    def pool(self) -> Pool:
        return self.call.pool

    @property
    def host(self) -> str:
        """The host that was asked."""
        return self.call.host

    @property
    def hosts(self) -> list[str]:
        """The hosts in whose name the answer is given."""
        return self.pool.db.refs("host") if self.is_alone else [self.host]

    def flag(self, name: str) -> bool:
        """Whether a parameter is there and says yes."""
        return self.params.get(name) == "true"

    def wanted(self, *names: str) -> str:
        """Return the first of those parameters that is there.

        Raises:
            XapiError: INTERNAL_ERROR, none is.
        """
        for name in names:
            if name in self.params:
                return self.params[name]
        raise XapiError("INTERNAL_ERROR", "Not_found")

    def sr(self) -> str | None:
        """Return the SR that the parameters name, by its reference or its uuid.

        Raises:
            XapiError: HANDLE_INVALID or UUID_INVALID, there is none.
        """
        if "sr_id" in self.params:
            self.pool.db.row("SR", self.params["sr_id"])
            return self.params["sr_id"]
        return self.pool.db.by_uuid("SR", self.params["sr_uuid"]) if "sr_uuid" in self.params else None

    def progress(self, fraction: float) -> None:
        """Say how much is done, to the per cent; raises TASK_CANCELLED where the client has cancelled the task."""
        self.call.progress(int(fraction * 100) / 100)

    async def begin(self, headers: Mapping[str, str], *, length: int | None = None) -> web.StreamResponse:
        """Send the headers of an answer that is written piece by piece; from here on its status cannot change."""
        stream = Stream() if length is None else web.StreamResponse()
        stream.headers.update({"task-id": self.call.task, "Server": SERVER, **NO_CACHE, **headers})
        if length is not None:
            stream.content_length = length
        stream.force_close()
        self.stream = stream
        if "100-continue" in self.request.headers.get("Expect", "").lower():
            await self.request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await stream.prepare(self.request)
        return stream

    def location(self, host: str) -> str:
        """Return where another host answers the same request."""
        # A real host always says https and never a port, since every one has the same two; here they share the
        # scheme and the port at which the client came in.
        address = self.pool.db.get("host", host, "address")
        port = self.request.host.rpartition(":")[2] if ":" in self.request.host else ""
        query = urlencode(tuple(self.request.query.items()))
        return f"{self.request.scheme}://{address}{':' + port if port else ''}{self.request.path}?{query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How a handler ended; `result` is what its task says afterwards."""

    response: web.StreamResponse
    result: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A data handler.

    `name` is the one by which roles know it, `label` the name of the task it makes where the client made none; with
    `has_task` false it makes none either. `elsewhere` names the host that has to answer, where it is another one.
    """

    name: str
    label: str
    min_role: Role
    answer: Callable[[Visit], Awaitable[Answered]]
    has_task: bool = True
    elsewhere: Callable[[Visit], str | None] | None = None
    is_public: Callable[[Pool, web.BaseRequest], bool] | None = None
