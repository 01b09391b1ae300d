"""The pool in a file, so that it is there again tomorrow.

Sessions and tasks are not kept: as with a real pool they do not survive the program that serves them.
"""

import asyncio
import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from xsconsole.simpool.conversion import Converter
from xsconsole.simpool.database import Database, Tombstone
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import Model
from xsconsole.simpool.wire_values import instant_text

FORMAT = 1
SETTLING_S = 0.5

LEAP = 1_000_000
"""How far the generation jumps at a restart, so that tokens given out after the last writing are not ahead of it."""

_PARTS = frozenset({"seed", "generation", "tables", "tombstones"})
_FLEETING = frozenset({"session", "task"})


class StateUnusable(Exception):
    """The file is not one of ours, or damaged; the text says which file and why, for people."""


def read(path: Path) -> dict[str, Any]:
    """Return the contents of a state file.

    Raises:
        StateUnusable: it cannot be read, or is no state of a pool.
    """
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        raise StateUnusable(f"cannot read the pool's state from {path}: {failure}") from failure
    is_state = isinstance(state, dict) and state.get("format") == FORMAT and state.keys() >= _PARTS
    if not is_state or not isinstance(state["seed"], int) or not isinstance(state["generation"], int):
        raise StateUnusable(f"{path} is not the state of a pool that this version can read")
    found: dict[str, Any] = state
    return found


def restore(db: Database, state: Mapping[str, Any], path: Path) -> None:
    """Fill an empty database with what a state file holds.

    Raises:
        StateUnusable: an object in it does not fit the model.
    """
    converter = Converter(db.model)
    try:
        for cls, rows in state["tables"].items():
            for ref, created, modified, fields in rows:
                db.put(cls, ref, _fields(db.model, converter, cls, fields), created=created, modified=modified)
        tombstones = [
            Tombstone(cls=cls, ref=ref, created=created, destroyed=destroyed)
            for cls, ref, created, destroyed in state["tombstones"]
        ]
        db.continue_from(state["generation"] + LEAP, tombstones)
    except (KeyError, ValueError, TypeError, AttributeError, XapiError) as failure:
        raise StateUnusable(f"{path} is damaged: {failure!r}") from failure


def write(db: Database, seed: int, path: Path) -> None:
    """Put the whole pool into a file, at once or not at all.

    Raises:
        StateUnusable: the file cannot be written.
    """
    kept = [cls for cls in db.model.classes if cls not in _FLEETING]
    state = {
        "format": FORMAT,
        "seed": seed,
        "generation": db.generation,
        "tables": {
            cls: [
                [ref, row.created, row.modified, row.fields]
                for ref, row in sorted(db.changed_since(cls, -1), key=lambda entry: entry[1].created)
            ]
            for cls in kept
        },
        "tombstones": [
            [gone.cls, gone.ref, gone.created, gone.destroyed]
            for gone in reversed(list(db.destroyed_since(-1)))
            if gone.cls not in _FLEETING
        ],
    }
    text = json.dumps(state, separators=(",", ":"), ensure_ascii=False, default=_plain)
    beside = path.with_name(f"{path.name}.new")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
    except OSError as failure:
        raise StateUnusable(f"cannot write the pool's state to {path}: {failure}") from failure


async def keep(db: Database, seed: int, path: Path) -> None:
    """Write the file now and soon after every change, until cancelled.

    Raises:
        StateUnusable: the file cannot be written.
    """
    while True:
        changed = db.changed()
        write(db, seed, path)
        await changed
        await asyncio.sleep(SETTLING_S)


def _fields(model: Model, converter: Converter, cls: str, fields: Mapping[str, Any]) -> dict[str, object]:
    """Return the fields of an object; those that a newer model has and the file has not get their defaults."""
    return {
        name: _settled(name, converter.convert(field.type, fields[name])) if name in fields else field.initial()
        for name, field in model.classes[cls].fields.items()
    }


def _settled(name: str, value: object) -> object:
    """Return a field's value, but no operation that was under way when the program ended."""
    return {} if name == "current_operations" else value


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"not a value of a field: {value!r}")
