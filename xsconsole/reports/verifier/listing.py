"""What rows say, in the forms that people and spreadsheets read."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from xsconsole.reports.verifier.values import harmless

APPROVALS = ("request.made", "approval.decided", "request.ended", "emergency.declared", "review.closed")
WORKFLOWS = ("workflow.published",)
COLUMNS = (
    *("seq", "at", "event", "actor", "configuration_name", "configuration", "run", "step", "source", "target"),
    *("outcome", "reason", "console_name", "os_user", "pool", "details"),
)
FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def shown_line(fields: Mapping[str, Any]) -> bytes:
    """Return a row's fields as one line of `approvals.jsonl` or `workflows.jsonl`."""
    return json.dumps(fields, sort_keys=True).encode() + b"\n"


def csv_line(cells: Iterable[object]) -> bytes:
    """Return one line of `events.csv`; a spreadsheet takes none of its cells for a formula."""
    text = io.StringIO()
    texts = (harmless(cell) if isinstance(cell, str) else json.dumps(cell, sort_keys=True) for cell in cells)
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(
        "'" + cell if cell.lstrip(" ").startswith(FORMULA) else cell for cell in texts
    )
    return text.getvalue().encode()


def listed(fields: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield in which other files a row stands, and how. `fields` are those shown, and `seq`."""
    yield "events.csv", csv_line(fields.get(name, "") for name in COLUMNS)
    if fields.get("event") in APPROVALS:
        yield "approvals.jsonl", shown_line(fields)
    if fields.get("event") in WORKFLOWS:
        yield "workflows.jsonl", shown_line(fields)
