"""What tests of machines and disks as files look at: their bytes, what is left over, and tasks of ours in the pool."""

import hashlib
from pathlib import Path
from typing import Any

from xsconsole.domain.ids import RunId

RUN = RunId("a-run")


def ignored(size_bytes: int, share: float) -> None:
    del size_bytes, share


def sha256_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def left_in(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


def tasks_of(plain: Any) -> list[str]:
    return [ref for ref, one in plain.task.get_all_records().items() if one["name_label"].startswith("xsconsole:")]
