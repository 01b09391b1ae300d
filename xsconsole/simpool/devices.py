"""VBDs and VIFs as objects: each has its metrics beside it, which come and go with it."""

import re
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


_GIVEN_NAME = re.compile(r"(?:xvd|hd|sd)([a-z]{1,2})")


def position(userdevice: str) -> int | None:
    """Return where a VBD stands among those of its VM, by a number or a name such as `xvdb`; None: it is neither."""
    if userdevice.isascii() and userdevice.isdecimal():
        return int(userdevice)
    named = _GIVEN_NAME.fullmatch(userdevice)
    if named is None:
        return None
    number = 0
    for letter in named[1]:
        number = number * 26 + ord(letter) - ord("a") + 1
    return number - 1


def taken_positions(pool: Pool, vm: str) -> set[int | None]:
    """Return the positions of the VBDs that a VM has."""
    return {position(pool.db.get("VBD", vbd, "userdevice")) for vbd in pool.db.get("VM", vm, "VBDs")}


def guest_name(userdevice: str) -> str:
    """Return the name a guest sees for the block device in a position."""
    letters, number = "", (position(userdevice) or 0) + 1
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("a") + letter) + letters
    return f"xvd{letters}"
