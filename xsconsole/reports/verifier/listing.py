"""What rows say, in the forms that people and spreadsheets read."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from xsconsole.reports.verifier.values import harmless

APPROVALS = ("request.made", "approval.decided", "request.ended", "emergency.declared", "review.closed")
WORKFLOWS = ("workflow.published", "workflow.observed")
DIFFERENCES = ("drift.observed", "change.foreign", "allowance.set", "allowance.removed")
STATEMENTS = ("statement.made",)
FENCES = ("fence.observed", "fence.ground")
COLUMNS = (
    *("seq", "at", "event", "actor", "configuration_name", "configuration", "run", "step", "source", "target"),
    *("outcome", "reason", "console_name", "os_user", "pool", "details"),
)
LISTS = (
    "approvals.jsonl",
    "workflows.jsonl",
    "manifests.jsonl",
    "differences.jsonl",
    "statements.jsonl",
    "fences.jsonl",
)
FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def shown_line(fields: Mapping[str, Any]) -> bytes:
    """Return a row's fields as one line of a list."""
    return json.dumps(fields, sort_keys=True).encode() + b"\n"


def csv_line(cells: Iterable[object]) -> bytes:
    """Return one line of `events.csv`; a spreadsheet takes none of its cells for a formula."""
    text = io.StringIO()
    texts = (harmless(cell) if isinstance(cell, str) else json.dumps(cell, sort_keys=True) for cell in cells)
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(
        "'" + cell if cell.lstrip(" ").startswith(FORMULA) else cell for cell in texts
    )
    return text.getvalue().encode()


def lists_of(fields: Mapping[str, Any]) -> Iterator[str]:
    """Yield in which lists beside the table a row stands."""
    event, details = fields.get("event"), fields.get("details")
    told = details if isinstance(details, dict) else {}
    action = told.get("action")
    is_proof = isinstance(action, dict) and action.get("type") == "check-fence" and event != "step.intended"
    for name, is_in in zip(
        LISTS,
        (
            event in APPROVALS,
            event in WORKFLOWS or isinstance(told.get("content"), str),
            isinstance(told.get("manifest"), dict),
            event in DIFFERENCES,
            event in STATEMENTS,
            event in FENCES or is_proof,
        ),
        strict=True,
    ):
        if is_in:
            yield name


def listed(fields: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield in which other files a row stands, and how. `fields` are those shown, and `seq`."""
    yield "events.csv", csv_line(fields.get(name, "") for name in COLUMNS)
    for name in lists_of(fields):
        yield name, shown_line(fields)
