"""HTTP as it is, for tests of what an embedded pool answers to it."""

import http.client
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from embedded import EmbeddedPool

DEADLINE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that was read to its end; the names of the headers are in small letters."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    is_closed: bool


def connect(pool: EmbeddedPool, *, url: str = "") -> http.client.HTTPConnection:
    address = urlsplit(url or pool.url)
    if address.scheme == "https":
        trust = ssl._create_unverified_context()
        return http.client.HTTPSConnection(address.netloc, timeout=DEADLINE_S, context=trust)
    return http.client.HTTPConnection(address.netloc, timeout=DEADLINE_S)


def ask(
    pool: EmbeddedPool,
    method: str,
    path: str,
    body: bytes | Iterable[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    url: str = "",
    **query: object,
) -> Reply:
    """Make one request on a connection of its own, to the coordinator or to the host at `url`.

    A body of pieces without a length goes in chunks.
    """
    connection = connect(pool, url=url)
    try:
        target = f"{path}?{urlencode(query)}" if query else path
        connection.request(method, target, body, dict(headers or {}))
        answer = connection.getresponse()
        return Reply(
            status=answer.status,
            reason=answer.reason,
            headers={name.lower(): value for name, value in answer.getheaders()},
            is_closed=answer.will_close,
            body=answer.read(),
        )
    finally:
        connection.close()
