"""Texts that a person asked to have in a file."""

import asyncio
from pathlib import Path

from xsconsole.store import files


async def write_text(text: str, path: str | Path, *, may_replace: bool = False) -> None:
    """Write a text to a file, whole or not at all.

    Raises:
        AlreadyThere: there is a file of that name. Refused: it cannot be written. DiskFull: nothing was left.
    """
    await asyncio.to_thread(files.write_out, Path(path), text.encode(), may_replace=may_replace)
