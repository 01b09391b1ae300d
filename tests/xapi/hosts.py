"""Hosts that are not as the embedded pool is: a forwarder in front of it that refuses, counts and edits."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from embedded import EmbeddedPool

Edit = Callable[[bytes, bytes], bytes]


def unedited(request: bytes, answer: bytes) -> bytes:
    del request
    return answer


class Forwarder(ThreadingHTTPServer):
    """Passes calls on to a pool."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, pool: EmbeddedPool, *, refused_paths: tuple[str, ...], edit: Edit, address: str, port: int
    ) -> None:
        super().__init__((address, port), _Handler)
        self.target = urlsplit(pool.url).netloc
        self.refused_paths = refused_paths
        self.edit = edit
        self.paths: list[str] = []
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}"


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
            self._answer(500, b"<html><body>HTTP 500 internal server error</body></html>", "text/html")
            return
        onward = http.client.HTTPConnection(self.server.target, timeout=60)
        try:
            onward.request("POST", self.path, body, {"Content-Type": self.headers["Content-Type"]})
            response = onward.getresponse()
            self._answer(response.status, self.server.edit(body, response.read()), response.headers["content-type"])
        finally:
            onward.close()

    def _answer(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
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
) -> Iterator[Forwarder]:
    server = Forwarder(pool, refused_paths=refused_paths, edit=edit, address=address, port=port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
