"""Chains of disks: a snapshot or clone leaves the blocks in a hidden base that both leaves stand on.

A base whose leaves are gone goes at once; one with a single leaf left is merged into that some time later.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from xsconsole.simpool import space
from xsconsole.simpool.database import Database
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL
from xsconsole.simpool.pool import Pool

LONGEST = 30
COALESCE_S = 30.0
PARENT = "vhd-parent"


def parent(db: Database, vdi: str) -> str:
    """Return the hidden disk that a disk stands on; NULL for none."""
    uuid = db.get("VDI", vdi, "sm_config").get(PARENT)
    found = db.find_uuid("VDI", uuid) if uuid else None
    return found if found is not None else NULL


def depth(db: Database, vdi: str) -> int:
    """Return how many disks have to be read to read one of them: 1 where it stands on none."""
    length = 0
    while vdi != NULL:
        length, vdi = length + 1, parent(db, vdi)
    return length


def contents(db: Database, vdi: str) -> int:
    """Return how many bytes somebody has written to a disk, wherever in its chain they stand."""
    size, total = int(db.get("VDI", vdi, "virtual_size")), 0
    while vdi != NULL:
        total, vdi = total + int(db.get("VDI", vdi, "physical_utilisation")), parent(db, vdi)
    return min(size, total)


def branch(pool: Pool, vdi: str, fields: Mapping[str, Any], *, is_snapshot: bool) -> str:
    """Create a disk with the present contents of another one and return it; `fields` are those of the new disk.

    Raises:
        XapiError: SR_BACKEND_FAILURE_44, no space; SR_BACKEND_FAILURE_109, the chain would be too long.
    """
    db, row = pool.db, pool.db.row("VDI", vdi)
    sr, size, is_block = row["SR"], int(row["virtual_size"]), space.is_block(pool, row["SR"])
    header = min(size, space.HEADER_BYTES)
    cost = size if is_block else header
    base = parent(db, vdi)
    if base != NULL and (row["is_a_snapshot"] or vdi in pool.pristine):
        if depth(db, vdi) > LONGEST:
            raise _too_long()
        leaf = space.place(pool, sr, cost, {**fields, "sm_config": {**fields["sm_config"], PARENT: _uuid(db, base)}})
        pool.pristine.add(leaf)
        return leaf
    if depth(db, vdi) + 1 > LONGEST:
        raise _too_long()
    space.require(pool, sr, cost)
    # What is asked for is what the new leaf costs; where the bytes stand is a matter of the storage.
    kept = size if is_block and is_snapshot else header
    own = header if is_block and is_snapshot else cost
    total = int(row["physical_utilisation"]) + cost
    # What an import took over from its file stood in another pool; storage says what it finds.
    base = _hidden(pool, vdi, {PARENT: _uuid(db, base)} if base != NULL else {})
    uuid = _uuid(db, base)
    space.resize(pool, vdi, kept)
    db.set("VDI", vdi, sm_config={**db.get("VDI", vdi, "sm_config"), PARENT: uuid})
    space.resize(pool, base, max(0, total - kept - own))
    leaf = space.place(pool, sr, own, {**fields, "sm_config": {**fields["sm_config"], PARENT: uuid}})
    pool.pristine |= {vdi, leaf}
    return leaf


def let_go(pool: Pool, base: str) -> None:
    """Clean up after a disk that stood on a base and is gone; to be called on the pool's loop, if there is one."""
    if base == NULL or not pool.db.exists("VDI", base):
        return
    leaves = _leaves(pool.db, base)
    if not leaves:
        below = parent(pool.db, base)
        row = pool.db.row("VDI", base)
        sr, taken, virtual = row["SR"], int(row["physical_utilisation"]), int(row["virtual_size"])
        pool.db.destroy("VDI", base)
        space.account(pool, sr, taken=-taken, virtual=-virtual)
        let_go(pool, below)
    elif len(leaves) == 1:
        schedule(pool, base)


def schedule(pool: Pool, base: str) -> None:
    """Let a base with one leaf be merged into that after a while."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    loop.call_later(COALESCE_S / pool.clock.speed, _coalesce, pool, base)


def mark_written(pool: Pool, vdi: str) -> None:
    """Say that a disk has, or may have, blocks of its own."""
    pool.pristine.discard(vdi)


def _coalesce(pool: Pool, base: str) -> None:
    db = pool.db
    if not db.exists("VDI", base):
        return
    leaves = _leaves(db, base)
    if len(leaves) != 1:
        return
    (leaf,) = leaves
    row, below = db.row("VDI", base), db.get("VDI", base, "sm_config").get(PARENT)
    if space.free(pool, row["SR"]) < min(int(row["physical_utilisation"]), space.HEADER_BYTES):
        schedule(pool, base)
        return
    merged = int(row["physical_utilisation"]) + int(db.get("VDI", leaf, "physical_utilisation"))
    taken = min(int(db.get("VDI", leaf, "virtual_size")), merged)
    sm_config = {key: value for key, value in db.get("VDI", leaf, "sm_config").items() if key != PARENT}
    db.set("VDI", leaf, sm_config=sm_config | ({PARENT: below} if below else {}))
    sr, virtual = row["SR"], int(row["virtual_size"])
    space.resize(pool, base, 0)
    db.destroy("VDI", base)
    space.account(pool, sr, taken=0, virtual=-virtual)
    space.resize(pool, leaf, taken)
    mark_written(pool, leaf)


def _hidden(pool: Pool, vdi: str, sm_config: Mapping[str, str]) -> str:
    row = pool.db.row("VDI", vdi)
    fields = {
        "name_label": "base copy",
        "virtual_size": row["virtual_size"],
        "type": row["type"],
        "managed": False,
        "read_only": True,
        "sm_config": dict(sm_config),
    }
    return space.place(pool, row["SR"], 0, fields)


def _leaves(db: Database, base: str) -> tuple[str, ...]:
    uuid = _uuid(db, base)
    disks = db.get("SR", db.get("VDI", base, "SR"), "VDIs")
    return tuple(vdi for vdi in disks if db.get("VDI", vdi, "sm_config").get(PARENT) == uuid)


def _uuid(db: Database, vdi: str) -> str:
    return str(db.get("VDI", vdi, "uuid"))


def _too_long() -> XapiError:
    return XapiError("SR_BACKEND_FAILURE_109", "", "The snapshot chain is too long", "")
