"""Disks while a host itself reads or writes them: attached to its control domain, so that nobody else does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from xsconsole.simpool import devices
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.operations import refresh
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.storage import assert_data


@asynccontextmanager
async def attached(pool: Pool, host: str, vdi: str, *, is_written: bool = False) -> AsyncIterator[None]:
    """Attach a disk to the control domain of a host, for reading or for writing.

    Raises:
        XapiError: HANDLE_INVALID; VDI_IN_USE, whoever has it attached does not go with that; VDI_READONLY;
            SR_HAS_NO_PBDS, no host sees the SR; VDI_INCOMPATIBLE_TYPE, its data is gone.
    """
    _assert_free(pool, vdi, is_written=is_written)
    vbd = pool.db.create(
        "VBD",
        VM=pool.db.get("host", host, "control_domain"),
        VDI=vdi,
        userdevice=_free_device(pool, host),
        type="Disk",
        mode="RW" if is_written else "RO",
        unpluggable=True,
        currently_attached=True,
    )
    refresh(pool, "VDI", vdi)
    try:
        yield
    finally:
        if pool.db.exists("VBD", vbd):
            pool.db.destroy("VBD", vbd)
        refresh(pool, "VDI", vdi)


def detach_all(pool: Pool) -> None:
    """Detach what control domains had attached when the process ended."""
    for vbd, row in pool.db.rows("VBD"):
        if pool.db.exists("VM", row["VM"]) and pool.db.get("VM", row["VM"], "is_control_domain"):
            pool.db.destroy("VBD", vbd)
            refresh(pool, "VDI", row["VDI"])


def host_that_sees(pool: Pool, srs: frozenset[str], asked: str) -> str:
    """Return a host that has all those SRs plugged: the one that was asked, where it does.

    Raises:
        XapiError: NO_HOSTS_AVAILABLE.
    """
    db = pool.db
    for host in (asked, *db.refs("host")):
        plugged = {db.get("PBD", pbd, "SR") for pbd in db.get("host", host, "PBDs") if _is_plugged(pool, pbd)}
        if srs <= plugged:
            return host
    raise XapiError("NO_HOSTS_AVAILABLE")


def _is_plugged(pool: Pool, pbd: str) -> bool:
    return bool(pool.db.get("PBD", pbd, "currently_attached"))


def _assert_free(pool: Pool, vdi: str, *, is_written: bool) -> None:
    db, row = pool.db, pool.db.row("VDI", vdi)
    assert_data(pool, vdi)
    if not any(_is_plugged(pool, pbd) for pbd in db.get("SR", row["SR"], "PBDs")):
        raise XapiError("SR_HAS_NO_PBDS", row["SR"])
    if is_written and row["read_only"]:
        raise XapiError("VDI_READONLY", vdi)
    users = [db.row("VBD", vbd) for vbd in row["VBDs"] if not _is_suspended(pool, db.get("VBD", vbd, "VM"))]
    if any(one["currently_attached"] and (is_written or one["mode"] == "RW") for one in users):
        raise XapiError("VDI_IN_USE", vdi)


def _is_suspended(pool: Pool, vm: str) -> bool:
    # What such a VM shows as attached is attached to nothing.
    return pool.db.exists("VM", vm) and bool(pool.db.get("VM", vm, "power_state") == "Suspended")


def _free_device(pool: Pool, host: str) -> str:
    taken = devices.taken_positions(pool, pool.db.get("host", host, "control_domain"))
    return next(str(number) for number in range(len(taken) + 1) if number not in taken)
