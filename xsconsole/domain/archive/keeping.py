"""How long an archive is kept: until when, and whether that is over. A hold keeps it beyond.

It lies beside the document as `keep.json`, or in a key of the pool that the archive is in, and is no part of what is
signed: it may be changed at any time. What lies in files goes by this computer's clock, what is in a pool by the
pool's; `now` is always this computer's.
"""

from datetime import datetime

from xsconsole.domain.archive.listing import Listed
from xsconsole.domain.archive.shelf import Held, Shelved
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import instant, size
from xsconsole.errors import Refused


def is_due(one: Listed, now: datetime) -> bool:
    """Return whether the time of an archive is over and nothing holds it, so that it may go without further ado."""
    is_over = one.keep is not None and one.keep.is_over(one.clock(now))
    return one.archive is not None and is_over and one.held is None


def kept_words(one: Listed, now: datetime) -> str:
    """Return such as `held`, `until 2027-01-01 00:00 UTC` or `expired`; empty where it is kept for ever."""
    if one.held is not None:
        return "held"
    if one.keep is None:
        return ""
    return "expired" if one.keep.is_over(one.clock(now)) else f"until {instant(one.keep.until)}"


def demand_unheld(name: str, held: Held | None) -> None:
    """Demand that nothing keeps an archive in files from being deleted.

    Raises:
        Refused: it is held.
    """
    if held is not None:
        raise Refused(
            reason=f"“{shortened(name)}” is held by {held.words.rstrip('.')}.",
            mend="Lift the hold first; `xsconsole archive release` does.",
        )


def freed_words(one: Shelved, now: datetime) -> str:
    """Return what deleting an archive frees and when, and what speaks against it."""
    frees = f"{size(one.archive.size_bytes)} become" if one.archive is not None else "What it takes becomes"
    early = one.keep is not None and not one.keep.is_over(now)
    said = f"{frees} free in {shortened(str(one.folder.parent), 200)}, at once."
    if one.is_unfinished:
        return f"{shortened(one.where, 200)}: {one.problem} {said}"
    if early and one.keep is not None:
        said += f" It was to be kept until {instant(one.keep.until)}, as {shortened(one.keep.by, 60)} said."
    return said
