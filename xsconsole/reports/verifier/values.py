"""What a bundle consists of, and what is said of it."""

import json
import re
from typing import Any, NamedTuple

FORMAT = 2
READ_FORMATS = (1, 2)
MANIFEST_TYPE = "xsconsole audit bundle"
SIGNED_FILES = (
    *("events.jsonl", "events.csv", "approvals.jsonl", "workflows.jsonl", "manifests.jsonl"),
    *("differences.jsonl", "statements.jsonl", "fences.jsonl"),
    *("report.html", "heads.jsonl", "keys.json", "anchors.json", "verify.py"),
)
FILES = (*SIGNED_FILES, "MANIFEST", "MANIFEST.sig")
# The first bundles of format 1 had none of these.
LATER_FILES = ("manifests.jsonl", "differences.jsonl", "statements.jsonl", "fences.jsonl")
# Named one by one: the tables of Unicode grow, and every Python has to make the same of a text.
STEERING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


decoded = json.JSONDecoder().decode
"""What `json.loads` does with a text, without asking each time how."""


class Wrong(Exception):
    """The bundle is none of a format that is known here; the text says why."""


class Found(NamedTuple):
    """What one check found. Without `is_vouched` nothing is wrong, and nobody from outside says so."""

    check: str
    is_good: bool
    sentence: str
    seq: int | None = None
    is_vouched: bool = True


def parsed(text: bytes | str) -> dict[str, Any]:
    """Return the object that a JSON text is; an empty one where it is none."""
    try:
        found = json.loads(text) if isinstance(text, bytes) else decoded(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def raw(text: object) -> bytes:
    """Return the bytes that lower-case hexadecimal stands for; none where it is none."""
    try:
        found = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return b""
    return found if found.hex() == text else b""


def span(first_seq: int, last_seq: int) -> str:
    """Return the beginning of a sentence about rows, with its verb."""
    return f"Row {first_seq} is" if first_seq == last_seq else f"Rows {first_seq} to {last_seq} are"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def harmless(text: str) -> str:
    """Return a text in which whatever could steer a terminal or turn its direction is U+FFFD."""
    return STEERING.sub("\N{REPLACEMENT CHARACTER}", text)
