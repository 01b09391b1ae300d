"""A road to one host: one kept-alive connection, with timeouts, that never sends a call twice."""

import contextlib
import hashlib
import http.client
import re
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import urllib3
import XenAPI
from urllib3.connection import HTTPConnection, HTTPSConnection

from xsconsole.xapi.errors import BadAnswer, NoTls, RoadBroken, WrongCertificate
from xsconsole.xapi.wire import Wire, decode, encode

CONNECT_TIMEOUT_S = 10.0
CALL_TIMEOUT_S = 60.0
OK = 200
DEFAULT_PORTS = {"http": 80, "https": 443}
# OpenSSL's names for a first answer that is none of TLS: another protocol's words.
NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})
NO_SESSION = "OpaqueRef:NULL"
# A supporter that sends clients to its coordinator vouches for the coordinator's certificate, if it is asked to.
ASK_FOR_FINGERPRINT = {"x-xenapi-request-host-certificate-thumbprint": "sha-256:master"}
VOUCHED_FINGERPRINT = "x-xenapi-response-host-certificate-thumbprint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a host listens, what it speaks and, for https, which certificate it has to show."""

    scheme: str
    host: str
    port: int
    wire: Wire = Wire.JSON
    fingerprint: str | None = None

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def place(self) -> str:
        """Host and port, by which certificates are known."""
        return urlsplit(self.url).netloc

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"


def parse_address(text: str) -> Address:
    """Read what a user calls a host; without a scheme it is https.

    Raises:
        ValueError: it is no address.
    """
    try:
        parts = urlsplit(text.strip() if "://" in text else f"https://{text.strip()}")
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError as failure:
        raise ValueError(f"no address: {text}") from failure
    if scheme not in DEFAULT_PORTS or not host:
        raise ValueError(f"no address: {text}")
    return Address(scheme=scheme, host=host, port=port or DEFAULT_PORTS[scheme])


def readable_fingerprint(digest: str) -> str:
    """Return a SHA-256 as people compare it: upper-case pairs with colons."""
    plain = plain_fingerprint(digest).upper()
    return ":".join(plain[at : at + 2] for at in range(0, len(plain), 2))


def plain_fingerprint(fingerprint: str) -> str:
    """Return the 64 digits of a SHA-256, whatever is written before and between them."""
    return re.sub(r"[^0-9a-f]", "", fingerprint.lower())[-64:]


def shown_fingerprint(address: Address, *, timeout_s: float = CONNECT_TIMEOUT_S) -> str:
    """Return the SHA-256 of the certificate that the host shows, trusting nobody.

    Raises:
        RoadBroken: nobody answers there, or not with TLS (`NoTls`).
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((address.host, address.port), timeout=timeout_s) as plain,
            context.wrap_socket(plain, server_hostname=address.host) as secure,
        ):
            certificate = secure.getpeercert(binary_form=True)
    except OSError as failure:
        raise _no_road(failure) from failure
    assert certificate is not None
    return readable_fingerprint(hashlib.sha256(certificate).hexdigest())


class Road:
    """One connection to one host. Belongs to one thread; only `abort` may come from another."""

    def __init__(
        self, address: Address, *, timeout_s: float = CALL_TIMEOUT_S, connect_timeout_s: float = CONNECT_TIMEOUT_S
    ) -> None:
        self.address = address
        self.timeout_s = timeout_s
        self._connect_timeout_s = connect_timeout_s
        self.vouched_fingerprint: str | None = None
        self._connection = connection_to(address)
        self._is_aborted = False

    def post(self, method: str, params: Sequence[object], *, timeout_s: float | None = None) -> bytes:
        """Make one call and return the body of its answer.

        Raises:
            RoadBroken: there is no answer.
            BadAnswer: the answer is not XAPI's.
        """
        body = encode(self.address.wire, method, params)
        self._open()
        try:
            status, answer = self._exchange(body, self.timeout_s if timeout_s is None else timeout_s)
        except (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError) as failure:
            self._connection.close()
            raise RoadBroken(cause_of(failure), was_sent=True) from failure
        except BaseException:
            self._connection.close()
            raise
        if status != OK:
            raise BadAnswer(f"HTTP status {status}")
        return answer

    def call(self, method: str, params: Sequence[object]) -> Any:
        """Make one call and return its value as `wire.decode` gives it."""
        return decode(self.address.wire, self.post(method, params))

    def abort(self) -> None:
        """Break a call that another thread waits for; nothing more goes over this road."""
        self._is_aborted = True
        connected = self._connection.sock
        if connected is not None:
            with contextlib.suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._connection.close()

    def _open(self) -> None:
        if self._is_aborted:
            raise RoadBroken("the console waits for this host no more", was_sent=False)
        if self._connection.sock is not None and self._connection.is_connected:
            return
        self._connection.close()
        self._connection.timeout = self._connect_timeout_s
        try:
            self._connection.connect()
        except (OSError, urllib3.exceptions.HTTPError) as failure:
            self._connection.close()
            if isinstance(failure, urllib3.exceptions.SSLError):
                raise WrongCertificate(cause_of(failure)) from failure
            raise _no_road(failure) from failure

    def _exchange(self, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        connection, wire = self._connection, self.address.wire
        connection.timeout = timeout_s
        headers = {"Content-Type": wire.content_type, "Connection": "keep-alive"}
        if self.address.is_secure:
            headers |= ASK_FOR_FINGERPRINT
        connection.request("POST", wire.path, body=body, headers=headers)
        response = connection.getresponse()
        answer = response.data
        self.vouched_fingerprint = response.headers.get(VOUCHED_FINGERPRINT)
        return response.status, answer


def with_wire(
    address: Address,
    *,
    connect_timeout_s: float = CONNECT_TIMEOUT_S,
    on_road: Callable[[Road], None] | None = None,
) -> Address:
    """Return the address with the language found there. A call without a session asks, which changes nothing.

    `on_road` is given each connection before it waits for an answer, so that another thread can break it.

    Raises:
        RoadBroken: nobody answers.
        BadAnswer: whoever answers is no XAPI.
    """
    for wire in Wire:
        found = replace(address, wire=wire)
        with (
            contextlib.closing(Road(found, connect_timeout_s=connect_timeout_s)) as road,
            contextlib.suppress(BadAnswer),
        ):
            if on_road is not None:
                on_road(road)
            _ask_for_an_answer(road)
            return found
    raise BadAnswer("neither JSON-RPC nor XML-RPC")


def _ask_for_an_answer(road: Road) -> None:
    with contextlib.suppress(XenAPI.Failure):  # a no is XAPI's answer as well
        road.call("session.get_all_subject_identifiers", (NO_SESSION,))


def _no_road(failure: BaseException) -> RoadBroken:
    """Return why no connection could be made."""
    if isinstance(failure, ssl.SSLError) and failure.reason in NO_TLS:
        return NoTls()
    return RoadBroken(cause_of(failure), was_sent=False)


def cause_of(failure: BaseException) -> str:
    """Return in few words what broke a connection."""
    if isinstance(failure, urllib3.exceptions.NameResolutionError | socket.gaierror):
        return "the name of the host is not known"
    if isinstance(failure, http.client.RemoteDisconnected):
        return "the host closed the connection without an answer"
    if isinstance(failure, ssl.SSLError) and failure.reason:
        return f"no TLS comes about with it ({failure.reason.replace('_', ' ').lower()})"
    for one in (failure, failure.__cause__, failure.__context__):
        if isinstance(one, OSError) and one.strerror:
            return one.strerror.lower()
    if isinstance(failure, TimeoutError | urllib3.exceptions.TimeoutError):
        return "no answer in time"
    return str(failure) or type(failure).__name__


def connection_to(address: Address) -> HTTPConnection:
    """Return a connection that is not open yet, and believes in nothing but the pinned certificate."""
    if not address.is_secure:
        return HTTPConnection(address.host, address.port)
    # The pinned certificate is the whole proof: there is no authority behind a host's own certificate.
    assert address.fingerprint is not None, "https without a pinned certificate"
    return HTTPSConnection(
        address.host,
        address.port,
        cert_reqs="CERT_NONE",
        assert_hostname=False,
        assert_fingerprint=plain_fingerprint(address.fingerprint),
    )
