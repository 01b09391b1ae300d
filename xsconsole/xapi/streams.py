"""Large bodies over HTTP: between a host and a file, a piece at a time, hashed on the way. All of it blocks."""

import contextlib
import errno
import hashlib
import http.client
import io
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlencode, urlsplit

import urllib3

from xsconsole.engine.ports import Sink, Span, Transferred
from xsconsole.errors import ConnectFailed, DiskFull, Refused, StoreFailed
from xsconsole.xapi.errors import RoadBroken
from xsconsole.xapi.transport import DEFAULT_PORTS, Address, cause_of, connection_to
from xsconsole.xapi.trust import Trust

PIECE_BYTES = 1024 * 1024
# A host that compresses, or waits for its storage, may be silent for long; whoever waits can cancel.
SILENCE_TIMEOUT_S = 1800.0
# XAPI decides before it reads a body whether another host has to take it, and says so at once.
FIRST_WORD_TIMEOUT_S = 0.3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
LARGEST_NUMBER_OF_HOPS = 3
OK = range(200, 300)
BROKEN = (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError)


class HttpRefused(Exception):
    """The host answered with a page instead of what was asked for; the task may say why."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP status {status}")
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for. The cookie carries the session: a query would stand in every log."""

    verb: str
    path: str
    query: Mapping[str, str]
    cookie: str

    def head(self, address: Address, size_bytes: int | None, version: str = "1.1") -> bytes:
        lines = [
            f"{self.verb} {self.path}?{urlencode(self.query)} HTTP/{version}",
            f"Host: {urlsplit(address.url).netloc}",
            f"Cookie: {self.cookie}",
            "Connection: close",
        ]
        if size_bytes is not None:
            lines.append(f"Content-Length: {size_bytes}")
        return "\r\n".join((*lines, "", "")).encode()


class Stream:
    """One transfer. Belongs to one thread; only `abort` may come from another."""

    def __init__(
        self,
        address: Address,
        *,
        trust: Trust,
        is_of_pool: Callable[[str], bool],
        on_bytes: Callable[[int], None],
    ) -> None:
        """Begin at `address`; `is_of_pool` says whether a host that we are sent to may be believed."""
        self._address = address
        self._trust = trust
        self._is_of_pool = is_of_pool
        self._on_bytes = on_bytes
        self._socket: socket.socket | None = None
        self._is_aborted = False

    def abort(self) -> None:
        """Break what waits for the other side."""
        self._is_aborted = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def download(self, request: Request, file: Path) -> Transferred:
        """Write what the host sends into `file`, which is made anew.

        Raises:
            RoadBroken: the connection broke.
            HttpRefused: the host sends a page instead.
            Refused: it sends us to a stranger.
            StoreFailed: the file cannot be written; `DiskFull`.
        """
        for address in self._hops():
            with self._connected(address) as connected:
                connected.sendall(request.head(address, None))
                with contextlib.closing(_begun(connected, request.verb)) as answer:
                    if not self._is_elsewhere(address, answer):
                        return self._written(answer, file)
        raise _circle()

    def upload(self, request: Request, file: Path, within: Span | None = None) -> Transferred:
        """Send `file` or a part of it to the host and wait until it has taken all of it. Raises as `download` does."""
        return self._put(request, lambda: _opened(file, "rb"), within)

    def put(self, request: Request, content: bytes) -> Transferred:
        """Send this much to the host and wait until it has taken all of it. Raises as `download` does but for files."""
        return self._put(request, lambda: contextlib.nullcontext(io.BytesIO(content)))

    def _put(
        self,
        request: Request,
        opened: Callable[[], contextlib.AbstractContextManager[BinaryIO]],
        within: Span | None = None,
    ) -> Transferred:
        for address in self._hops():
            with opened() as source, self._connected(address) as connected:
                size_bytes = source.seek(0, os.SEEK_END) if within is None else within.size_bytes
                source.seek(0 if within is None else within.offset)
                connected.sendall(request.head(address, size_bytes))
                digest, answer = hashlib.sha256(), _early_answer(connected, request.verb)
                if answer is None or answer.status in OK:  # XAPI says yes before it reads
                    answer = self._sent(connected, source, size_bytes, digest, answer) or _begun(
                        connected, request.verb
                    )
                with contextlib.closing(answer):
                    if not self._is_elsewhere(address, answer):
                        for _ in _pieces(answer):
                            pass
                        return Transferred(size_bytes=size_bytes, sha256=digest.hexdigest())
        raise _circle()

    def fetch(self, request: Request, sink: Sink) -> Transferred:
        """Pass what the host sends on to `sink`. Raises as `download` does but for files."""
        for address in self._hops():
            with self._connected(address) as connected:
                connected.sendall(request.head(address, None))
                with contextlib.closing(_begun(connected, request.verb)) as answer:
                    if not self._is_elsewhere(address, answer):
                        return self._passed_on(answer, sink)
        raise _circle()

    def feed(self, request: Request, source: BinaryIO) -> Transferred:
        """Send the host what comes from `source`, whose length nobody knows. Raises as `download` does but for files.

        The end of the connection is the end of what is sent: whether the host has taken all of it only its task says.
        """
        for address in self._hops():
            with self._connected(address) as connected:
                # Chunks are refused. A client of 1.0 may leave the length out; it is told first that it may send.
                connected.sendall(request.head(address, None, "1.0"))
                with contextlib.closing(_begun(connected, request.verb)) as answer:
                    if not self._is_elsewhere(address, answer):
                        size_bytes, digest = 0, hashlib.sha256()
                        while piece := source.read(PIECE_BYTES):
                            connected.sendall(piece)
                            digest.update(piece)
                            size_bytes += len(piece)
                            self._on_bytes(size_bytes)
                        return Transferred(size_bytes=size_bytes, sha256=digest.hexdigest())
        raise _circle()

    def _hops(self) -> Iterator[Address]:
        for _ in range(LARGEST_NUMBER_OF_HOPS):
            yield self._address

    @contextlib.contextmanager
    def _connected(self, address: Address) -> Iterator[socket.socket]:
        connection = connection_to(address)
        try:
            connection.connect()
            assert connection.sock is not None
            connection.sock.settimeout(SILENCE_TIMEOUT_S)
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            self._socket = connection.sock
            if self._is_aborted:
                raise RoadBroken("the console waits for this no more", was_sent=False)
            yield connection.sock
        except BROKEN as failure:
            raise RoadBroken(cause_of(failure), was_sent=True) from failure
        finally:
            self._socket = None
            connection.close()

    def _is_elsewhere(self, address: Address, response: http.client.HTTPResponse) -> bool:
        """Whether another host has to be asked, which is then the next; raises for what is no success."""
        if response.status in OK:
            return False
        if response.status not in REDIRECTS:
            raise HttpRefused(response.status)
        location = urlsplit(response.headers.get("Location", ""))
        host = location.hostname or ""
        if location.scheme not in DEFAULT_PORTS or not self._is_of_pool(host):
            raise _stranger(host, "which is none of the pool's hosts")
        if address.is_secure and location.scheme != "https":
            raise _stranger(host, "without encryption")
        port = location.port or DEFAULT_PORTS[location.scheme]
        found = Address(scheme=location.scheme, host=host, port=port, wire=address.wire)
        try:
            self._address = self._trust.checked(found)
        except ConnectFailed as failure:
            raise Refused(reason=failure.reason, mend=failure.mend) from failure
        return True

    def _written(self, response: http.client.HTTPResponse, file: Path) -> Transferred:
        size_bytes, digest = 0, hashlib.sha256()
        with _opened(file, "wb") as output:
            for piece in _pieces(response):
                digest.update(piece)
                size_bytes += len(piece)
                with _file_failures(file):
                    output.write(piece)
                self._on_bytes(size_bytes)
            with _file_failures(file):
                output.flush()
                os.fsync(output.fileno())
        return Transferred(size_bytes=size_bytes, sha256=digest.hexdigest())

    def _passed_on(self, response: http.client.HTTPResponse, sink: Sink) -> Transferred:
        size_bytes, digest = 0, hashlib.sha256()
        for piece in _pieces(response):
            digest.update(piece)
            size_bytes += len(piece)
            sink.write(piece)
            self._on_bytes(size_bytes)
        sink.flush()
        return Transferred(size_bytes=size_bytes, sha256=digest.hexdigest())

    def _sent(
        self,
        connected: socket.socket,
        source: BinaryIO,
        size_bytes: int,
        digest: "hashlib._Hash",
        answer: http.client.HTTPResponse | None,
    ) -> http.client.HTTPResponse | None:
        """Send the body, and return the answer as far as it has come."""
        sent_bytes = 0
        try:
            while piece := source.read(min(PIECE_BYTES, size_bytes - sent_bytes)):
                connected.sendall(piece)
                digest.update(piece)
                sent_bytes += len(piece)
                self._on_bytes(sent_bytes)
        except OSError:
            if answer is None:
                return None  # who refuses a body answers without reading it
            raise
        return answer


def _begun(connected: socket.socket, verb: str) -> http.client.HTTPResponse:
    response = http.client.HTTPResponse(connected, method=verb)
    try:
        response.begin()
    except BaseException:
        response.close()  # it holds the connection open
        raise
    return response


def _pieces(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while piece := response.read(PIECE_BYTES):
        yield piece
    if response.length:  # the library takes a body that was cut off for a whole one
        raise RoadBroken("the host closed the connection before the end", was_sent=True)


def _early_answer(connected: socket.socket, verb: str) -> http.client.HTTPResponse | None:
    """Return what the host says before it has the body: that it does not want it, or who is to have it."""
    connected.settimeout(FIRST_WORD_TIMEOUT_S)
    try:
        return _begun(connected, verb)
    except TimeoutError:
        return None
    finally:
        connected.settimeout(SILENCE_TIMEOUT_S)


@contextlib.contextmanager
def _opened(file: Path, mode: str) -> Iterator[BinaryIO]:
    with _file_failures(file):
        opened = file.open(mode)
    with contextlib.closing(opened):
        yield opened  # type: ignore[misc] # the mode is binary


@contextlib.contextmanager
def _file_failures(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as failure:
        if failure.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                path=str(file),
                reason=f"There is no room left for {file.name} in {file.parent}.",
                mend="Free space there, or choose another folder, then try again.",
            ) from failure
        raise StoreFailed(
            path=str(file),
            reason=f"{file} cannot be used: {(failure.strerror or str(failure)).lower()}.",
            mend="Choose another file, or give yourself the right to it.",
        ) from failure


def _stranger(host: str, why: str) -> Refused:
    return Refused(
        reason=f"The pool sends the transfer to {host or 'no address'}, {why}.",
        mend="Look at the addresses of the pool's hosts; the transfer was not begun.",
    )


def _circle() -> Refused:
    return Refused(
        reason="The pool's hosts send the transfer in a circle.",
        mend="See that a host of the pool has the storage attached, then try again.",
    )
