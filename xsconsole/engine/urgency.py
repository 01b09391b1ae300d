"""Why something cannot wait for what stands against it. Part of `commands`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """Why it has to be done now, past what stands against it. A plan needs no reason yet; who declares it does."""

    reason: str = ""
    ticket: str = ""
