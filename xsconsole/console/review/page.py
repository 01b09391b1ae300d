"""The page of what brings none along: a database, or several files as one."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from xsconsole.console.review.joining import Joined
from xsconsole.console.review.ranges import PartOfReview
from xsconsole.console.review.reading import Reading
from xsconsole.console.row_words import sentence_of, standing_of
from xsconsole.reports.bundle import Order
from xsconsole.reports.html import bundle_page
from xsconsole.reports.verifier.values import harmless
from xsconsole.store.keys import is_signature

ABSENT = (
    "What happened elsewhere: only the rows of these files are in it.",
    "Proof: it was made by whoever looked at these files. Ask for the files, and check them.",
)


def made_page(reading: Reading | Joined, parts: Sequence[PartOfReview], label: Callable[[int], str]) -> str:
    """Return the page, as a bundle would have it, with the number of each row in the record of its own console."""
    index, told = reading.index, reading.manifest
    files = [one.path.name for one in reading.readings] if isinstance(reading, Joined) else [reading.path.name]
    manifest: dict[str, Any] = {
        **{"fingerprint": "", "chain_id": "", "redacted": [], "head": {"seq": 0, "digest": ""}},
        **told,
        **{"first_seq": index.first_seq, "last_seq": index.last_seq, "shown": len(index.shown)},
    }
    order = Order(
        made_at=datetime.now(UTC),
        made_by=f"a review of {', '.join(files)}",
        asked=(),
        redacted=(),
        absent=ABSENT,
        chain_id=str(manifest["chain_id"]),
        head=(0, ""),
    )
    page = bundle_page(sentence_of, is_signature, label, parts, standing_of)
    return harmless("".join(page(order, manifest, index.told, reading.verdicts)))
