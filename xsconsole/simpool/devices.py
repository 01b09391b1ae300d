"""VBDs and VIFs as objects: each has its metrics beside it, which come and go with it."""

from typing import Any

from xsconsole.simpool.pool import Pool


def add(pool: Pool, cls: str, **fields: Any) -> str:
    """Create a VBD or VIF, as `cls` says, and return its reference."""
    fields["metrics"] = pool.db.create(f"{cls}_metrics")
    return pool.db.create(cls, **fields)


def remove(pool: Pool, cls: str, device: str) -> None:
    """Destroy a VBD or VIF."""
    metrics = pool.db.get(cls, device, "metrics")
    pool.db.destroy(cls, device)
    if pool.db.exists(f"{cls}_metrics", metrics):
        pool.db.destroy(f"{cls}_metrics", metrics)
