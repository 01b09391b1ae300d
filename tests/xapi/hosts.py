"""Hosts that are not as the embedded pool is: a forwarder in front of it that refuses, counts and edits."""

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from embedded import EmbeddedPool

from xsconsole.simpool import certificates

Edit = Callable[[bytes, bytes], bytes]
Transfer = Callable[[BaseHTTPRequestHandler], None]
"""Answers a GET or a PUT."""


def unedited(request: bytes, answer: bytes) -> bytes:
    del request
    return answer


class Forwarder(ThreadingHTTPServer):
    """Passes calls on to a pool."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        pool: EmbeddedPool,
        *,
        refused_paths: tuple[str, ...],
        edit: Edit,
        address: str,
        port: int,
        pem: bytes | None,
        refusal: int,
    ) -> None:
        super().__init__((address, port), _Handler)
        self.is_secure = pem is not None
        if pem is not None:
            self.socket = certificates.server_context(pem).wrap_socket(self.socket, server_side=True)
        self.target = urlsplit(pool.url).netloc
        self.refused_paths = refused_paths
        self.refusal = refusal
        self.edit = edit
        self.headers: dict[str, str] = {}
        self.paths: list[str] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self._open: set[socket.socket] = set()
        self.transfer: Transfer | None = None

    @property
    def url(self) -> str:
        scheme = "https" if self.is_secure else "http"
        return f"{scheme}://{self.server_address[0]!s}:{self.server_address[1]}"

    @property
    def methods(self) -> list[str]:
        """The methods that were called in JSON."""
        return [json.loads(body)["method"] for body in self.bodies]

    def calls(self, method: str) -> list[list[Any]]:
        """Return the parameters of the calls of a method that were made in JSON."""
        return [json.loads(body)["params"] for body in self.bodies if json.loads(body)["method"] == method]

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet: connections are broken on purpose."""

    def die(self) -> None:
        """Be gone, as a host without power."""
        self.shutdown()
        self.server_close()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: Forwarder
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.paths.append(self.path)
        if self.path in self.server.refused_paths:
            self._answer(self.server.refusal, b"<html><body>no such thing</body></html>", "text/html")
            return
        self.server.bodies.append(body)
        onward = http.client.HTTPConnection(self.server.target, timeout=60)
        try:
            onward.request("POST", self.path, body, {"Content-Type": self.headers["Content-Type"]})
            response = onward.getresponse()
            self._answer(response.status, self.server.edit(body, response.read()), response.headers["content-type"])
        finally:
            onward.close()

    def do_GET(self) -> None:
        assert self.server.transfer is not None
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.server.transfer(self)

    do_PUT = do_GET

    def _answer(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet."""


@contextmanager
def forwarder(
    pool: EmbeddedPool,
    *,
    refused_paths: tuple[str, ...] = (),
    edit: Edit = unedited,
    address: str = "127.0.0.1",
    port: int = 0,
    pem: bytes | None = None,
    refusal: int = 500,
) -> Iterator[Forwarder]:
    """Serve at an address, with a certificate of its own where there is a `pem`."""
    server = Forwarder(
        pool, refused_paths=refused_paths, edit=edit, address=address, port=port, pem=pem, refusal=refusal
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def slave_of(address: str) -> Edit:
    """Answer every call as a host does that is not the coordinator: it names the one to ask."""
    error = {"code": 1, "message": "HOST_IS_SLAVE", "data": [address]}
    body = json.dumps({"jsonrpc": "2.0", "error": error, "id": 1}).encode()
    return lambda request, answer: body


class Newcomer:
    """Passes on as a host that became the coordinator: it knows no session from before."""

    def __init__(self, before: Forwarder) -> None:
        self._dead = {call[0] for call in before.calls("event.from")}

    def __call__(self, request: bytes, answer: bytes) -> bytes:
        call = json.loads(request)
        if call["params"] and call["params"][0] in self._dead:
            error = {"code": 1, "message": "SESSION_INVALID", "data": [call["params"][0]]}
            return json.dumps({"jsonrpc": "2.0", "error": error, "id": 1}).encode()
        return answer
