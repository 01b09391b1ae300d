"""What is withheld from a copy of the record, and by which word one asks for it."""

from collections.abc import Iterable, Mapping

REDACTIONS: Mapping[str, tuple[str, ...]] = {
    "people": ("actor", "os_user", "session", "reason", "details"),
    "addresses": ("console_name", "reason", "details"),
    "names": ("configuration_name", "console_name", "reason", "details"),
    "reasons": ("reason",),
    "details": ("details",),
}
"""Which fields are withheld by which word: all in which such a thing can stand, so also sentences and details."""


def withheld_by(words: Iterable[str]) -> tuple[str, ...]:
    """Return the fields that are withheld, sorted."""
    return tuple(sorted({name for word in words for name in REDACTIONS[word]}))
