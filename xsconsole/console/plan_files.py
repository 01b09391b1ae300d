"""Plans in files, to be compared with another one."""

import asyncio
from pathlib import Path

from xsconsole.domain.plan_sheet import FILE_LIMIT_BYTES, PlanSheet, from_bytes
from xsconsole.store import files


async def read_plan(path: str | Path) -> PlanSheet:
    """Return a plan that `plan --json` wrote to a file; raises `Refused`."""
    return from_bytes(await asyncio.to_thread(files.read_in, Path(path), FILE_LIMIT_BYTES))
