"""What a XAPI host sends instead of an answer: its status lines, its pages, its words."""

import html
from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import web

NO_CACHE = MappingProxyType({"cache-control": "no-cache, no-store"})
ANY_ORIGIN = MappingProxyType({"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "X-Requested-With"})

_REASONS = MappingProxyType(
    {401: "Unauthorised", 403: "Forbidden", 404: "Not Found", 500: "Internal Error", 501: "Method not implemented"}
)
_TEXTS = MappingProxyType(
    {
        400: "<h1>HTTP 400 bad request</h1>The HTTP request was malformed. Please correct and retry.",
        401: "<h1>HTTP 401 unauthorised</h1>Please check your credentials and retry.",
        403: "<h1>HTTP 403 forbidden</h1>Access to the requested resource is forbidden.",
        500: "<h1>HTTP 500 internal server error</h1>An unexpected error occurred; please wait a while and try again. "
        "If the problem persists, please contact your support representative.",
        501: "<h1>HTTP 501 Method Not Implemented</h1>",
        503: "<h1>HTTP 503 Service Unavailable</h1>",
    }
)
_KNOWN_METHODS = frozenset(("GET", "POST", "PUT", "CONNECT", "OPTIONS"))


def page(status: int, *, detail: str = "", headers: Mapping[str, str] | None = None) -> web.Response:
    """Return the page of a status; the connection ends with it."""
    response = web.Response(
        status=status,
        reason=_REASONS.get(status),
        body=page_text(status, detail=detail).encode(),
        headers={**NO_CACHE, "content-type": "text/html", **(headers or {})},
    )
    response.force_close()
    return response


def late_failure(detail: str) -> bytes:
    """Return what is written where a head was sent already: XAPI sends a second one behind it, and its page."""
    text = page_text(500, detail=detail).encode()
    fields = {"content-length": len(text), "content-type": "text/html", "connection": "close", **NO_CACHE}
    lines = (f"HTTP/1.1 500 {_REASONS[500]}", *(f"{name}: {value}" for name, value in fields.items()), "", "")
    return "\r\n".join(lines).encode() + text


def page_text(status: int, *, detail: str = "") -> str:
    """Return a status in words, with what else there is to say of it."""
    more = f"<h1> Additional information </h1>{_escape(detail)}" if detail else ""
    return f"<html><body>{_TEXTS[status]}{more}</body></html>"


def method_page(method: str) -> web.Response:
    """Return the page for a method that no path has."""
    response = page(501)
    shown = method if method in _KNOWN_METHODS else f"Unknown {method}"
    response.body = f"<html><body>{_TEXTS[501]}<p>{_escape(shown)} not supported.<br /></p></body></html>".encode()
    return response


def unauthorised(realm: str) -> web.Response:
    """Return the page that asks for a name and a password."""
    return page(401, headers={"WWW-Authenticate": f'Basic realm="{realm}"'})


def too_many(text: str) -> web.Response:
    """Return the page for one viewer too many of a console."""
    response = page(503)
    response.set_status(503, "Connection Limit Exceeded")
    response.body = text.encode()
    return response


def bare(status: int, *, body: bytes = b"") -> web.Response:
    """Return a status with next to nothing else, as many of XAPI's handlers refuse; the connection ends with it."""
    response = web.Response(status=status, reason=_REASONS.get(status), body=body, headers=dict(NO_CACHE))
    response.force_close()
    return response


def redirect(location: str) -> web.Response:
    """Return the advice to ask another host."""
    response = bare(302)
    response.headers["Location"] = location
    return response


def _escape(text: str) -> str:
    return html.escape(text).replace("&#x27;", "&apos;")
