"""The files that consoles write for each other: what one is that is given for another, and where it belongs."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from xsconsole.errors import Refused

REQUEST, DECISION = "xsconsole request", "xsconsole decision"
PUBLICATION_REQUEST, PUBLICATION_DECISION = "xsconsole publication request", "xsconsole publication decision"
KEY = "xsconsole key"

PAPERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        REQUEST: (
            "The file is a request for a promotion",
            "Decide on it: “Decide on a request in a file…”, or `xsconsole request decide`. The decision that this "
            "writes is what is taken in.",
        ),
        DECISION: (
            "The file is a decision on a request",
            "Take it in where the request stands: “Take in a decision in a file…”, or `xsconsole request import`.",
        ),
        PUBLICATION_REQUEST: (
            "The file is a request to publish a workflow",
            "Decide on it by `xsconsole workflow decide`, or in the place of workflows. The decision that this writes "
            "is what is taken in.",
        ),
        PUBLICATION_DECISION: (
            "The file is a decision on publishing a workflow",
            "Take it in where that is published: “Take in a decision…” beside the draft, or `xsconsole workflow "
            "receive`.",
        ),
        KEY: ("The file is somebody's key", "Pin it to a person of the workflow, such as by `xsconsole key enrol`."),
    }
)
"""By what a file says of itself: what it is, and what is done with it."""


class _Tagged(msgspec.Struct, frozen=True):
    type: str = ""


def unread(content: bytes, wanted: str, mend: str) -> Refused:
    """Return why a file cannot be read that should be one of `wanted`, and what to do: with the one that it is, too.

    `mend` is for what is none of these files, or is one of `wanted` that is damaged or of a newer console.
    """
    try:
        found = msgspec.json.decode(content, type=_Tagged).type
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        found = ""
    what = wanted.rpartition(" ")[2]
    if found in PAPERS and found != wanted:
        told, instead = PAPERS[found]
        return Refused(reason=f"{told}; a {what} is wanted here.", mend=instead)
    return Refused(reason=f"The file holds no {what} that this console can read.", mend=mend)
