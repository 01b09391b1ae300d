"""What the console tells and takes."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from xsconsole.xapi.addresses import canonical_fingerprint, canonical_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where to connect and as whom. `fingerprint` is the pinned SHA-256 of the host's certificate.

    Both are brought into the one form in which they are kept.

    Raises:
        Refused: the address or the fingerprint is none, or the address holds a password.
    """

    url: str
    user: str
    fingerprint: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", canonical_url(self.url))
        if self.fingerprint is not None:
            object.__setattr__(self, "fingerprint", canonical_fingerprint(self.fingerprint, self.url))


class Secret:
    """A password in memory. Never shown, never stored."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"


class Verb(StrEnum):
    """What a role may or may not do, as people say it."""

    MOVE = "promote and demote configurations"
    CHANGE = "create, change and dissolve configurations"
    SETTLE = "resume or undo interrupted runs"
    PUBLISH = "publish a workflow"
    CLOSE = "freeze, hold, quarantine and stop the line"
    COPY = "replicate and refresh configurations"
    PROVISION = "make configurations of blueprints"
    SHELVE = "change the library"
    ALLOW = "say which differences are allowed"
    KEEP = "archive configurations, and restore, hold and delete archives"
    SERVE = "start, stop, snapshot, describe, migrate and delete configurations"
    FENCE = "deploy configurations in fences, and change fences and their ground"
    DECIDE = "decide on requests and close reviews"
    EXTEND = "give configurations more time in their stages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """Whether the logged-in role may do something; `needs` is the least role that may."""

    what: Verb
    is_allowed: bool
    needs: str


def goes_in_clear(url: str) -> bool:
    """Whether what is sent to `url` can be read on the way. To this machine itself there is none."""
    if not url.casefold().startswith("http://"):
        return False
    try:
        host = urlsplit(url).hostname or ""
        return host != "localhost" and not ip_address(host).is_loopback
    except ValueError:  # a name, or not all of it is typed yet
        return True
