"""What the console tells and takes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where to connect and as whom. `fingerprint` is the pinned SHA-256 of the host's certificate."""

    url: str
    user: str
    fingerprint: str | None = None


class Secret:
    """A password in memory. Never shown, never stored."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """Whether the logged-in role may do something; `needs` is the least role that may."""

    what: str
    is_allowed: bool
    needs: str
