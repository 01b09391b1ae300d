"""Files with values for blueprints."""

import asyncio
import sys
from pathlib import Path

from xsconsole.domain.value_sheet import FILE_LIMIT_BYTES, Row, rows_from
from xsconsole.store import files

STANDARD_INPUT = "-"


async def read_values(path: str) -> tuple[Row, ...]:
    """Return the rows of a file, `-` for standard input; raises `Refused`."""
    if path == STANDARD_INPUT:
        return rows_from(await asyncio.to_thread(lambda: sys.stdin.buffer.read(FILE_LIMIT_BYTES + 1)), "standard input")
    return rows_from(await asyncio.to_thread(files.read_in, Path(path), FILE_LIMIT_BYTES), path)
