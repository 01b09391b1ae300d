"""A configuration outside of any pool: what an archive says, and whether what lies in a folder is what it says."""

from xsconsole.domain.archive.checking import Check, Fault, Finding, Measured, judge
from xsconsole.domain.archive.reading import MOST_DOCUMENT_BYTES, read
from xsconsole.domain.archive.rows import Row, rows_of, to_lines, warrants_in
from xsconsole.domain.archive.shelf import Held, Shelved, find_archive, fits
from xsconsole.domain.archive.values import (
    DOCUMENT,
    MANIFEST,
    RECORD,
    WORKFLOW,
    Archive,
    ArchivedFile,
    sealed,
    to_bytes,
)

__all__ = [
    "DOCUMENT",
    "MANIFEST",
    "MOST_DOCUMENT_BYTES",
    "RECORD",
    "WORKFLOW",
    "Archive",
    "ArchivedFile",
    "Check",
    "Fault",
    "Finding",
    "Held",
    "Measured",
    "Row",
    "Shelved",
    "find_archive",
    "fits",
    "judge",
    "read",
    "rows_of",
    "sealed",
    "to_bytes",
    "to_lines",
    "warrants_in",
]
