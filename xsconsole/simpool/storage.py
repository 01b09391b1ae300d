"""Disks and the space they take: an SR fills and frees with every one of them.

Block storage (LVM) takes the whole virtual size of a disk at once, and again for each snapshot or clone of it, because
the new leaf could be written to its end. File storage takes what was written.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from xsconsole.simpool import devices
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import EPOCH, NULL
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.traffic import carry

SNAPSHOT_S = 0.4
CLONE_S = 0.4
CREATE_S = 0.2
DESTROY_S = 0.2

_HEADER_BYTES = 8 << 20

_BLOCK_TYPES = frozenset(("lvm", "lvmoiscsi", "lvmohba"))


def free_space(pool: Pool, sr: str) -> int:
    """Return the bytes of an SR that no disk has."""
    row = pool.db.row("SR", sr)
    return max(0, int(row["physical_size"]) - int(row["physical_utilisation"]))


def add_disk(pool: Pool, sr: str, *, written_bytes: int = 0, **fields: Any) -> str:
    """Create a disk on an SR and return its reference; `virtual_size` is among the fields.

    Raises:
        XapiError: SR_BACKEND_FAILURE_44, no space; SR_HAS_NO_PBDS, no host sees the SR.
    """
    assert_plugged(pool, sr)
    size = int(fields["virtual_size"])
    taken = size if _is_block(pool, sr) else min(size, written_bytes + _HEADER_BYTES)
    return _add(pool, sr, taken, fields)


def snapshot_disk(pool: Pool, vdi: str, at: datetime) -> str:
    """Take a snapshot of a disk and return its reference; raises as `add_disk` does."""
    fields = _inherited(pool, vdi)
    fields |= {"is_a_snapshot": True, "snapshot_of": vdi, "snapshot_time": at}
    return _sharing(pool, vdi, _add(pool, fields["SR"], _leaf_bytes(pool, vdi), fields))


def clone_disk(pool: Pool, vdi: str) -> str:
    """Make a writable disk that shares its blocks with another one; raises as `add_disk` does."""
    fields = _inherited(pool, vdi) | {"read_only": False}
    return _sharing(pool, vdi, _add(pool, fields["SR"], _leaf_bytes(pool, vdi), fields))


def copy_disk(pool: Pool, vdi: str, sr: str) -> str:
    """Make a disk of its own with the same contents on an SR; raises as `add_disk` does."""
    fields = _inherited(pool, vdi) | {"read_only": False, "SR": sr, "sm_config": {}}
    written = pool.db.get("VDI", vdi, "physical_utilisation")
    made = add_disk(pool, sr, written_bytes=written, **{name: fields[name] for name in fields if name != "SR"})
    return _sharing(pool, vdi, made)


def remove_disk(pool: Pool, vdi: str) -> None:
    """Destroy a disk, give its space back, and remove the unattached devices that showed it.

    Raises:
        XapiError: VDI_IN_USE, a VM has it attached.
    """
    row = pool.db.row("VDI", vdi)
    if is_attached(pool, vdi):
        raise XapiError("VDI_IN_USE", vdi, "destroy")
    machines = [pool.db.get("VBD", vbd, "VM") for vbd in row["VBDs"]]
    for vbd in row["VBDs"]:
        devices.remove(pool, "VBD", vbd)
    for snapshot in row["snapshots"]:
        pool.db.set("VDI", snapshot, snapshot_of=NULL)
    sr, taken, virtual = row["SR"], row["physical_utilisation"], row["virtual_size"]
    pool.db.destroy("VDI", vdi)
    pool.depot.forget(vdi)
    _account(pool, sr, taken=-taken, virtual=-virtual)
    for vm in machines:
        pool.refresh_allowed_operations("VM", vm)


def take_written(pool: Pool, vdi: str, written_bytes: int) -> None:
    """Let a disk take the space of what is written on it; on block storage it has that already.

    Raises:
        XapiError: SR_BACKEND_FAILURE_44, no space.
    """
    row = pool.db.row("VDI", vdi)
    taken = min(row["virtual_size"], written_bytes + _HEADER_BYTES)
    grown = taken - row["physical_utilisation"]
    if grown <= 0 or _is_block(pool, row["SR"]):
        return
    if grown > free_space(pool, row["SR"]):
        raise XapiError("SR_BACKEND_FAILURE_44", "", "There is insufficient space", "")
    pool.db.set("VDI", vdi, physical_utilisation=taken)
    _account(pool, row["SR"], taken=grown, virtual=0)


def is_attached(pool: Pool, vdi: str) -> bool:
    return any(pool.db.get("VBD", vbd, "currently_attached") for vbd in pool.db.get("VDI", vdi, "VBDs"))


async def copying(call: Call, vdi: str, sr: str, *, start: float = 0.0, end: float = 1.0) -> None:
    """Let the time pass that a full copy of a disk to an SR takes; raises as `Call.spend` does."""
    await call.spend(CLONE_S, start=start, end=start)
    row = call.pool.db.row("VDI", vdi)
    ends = ((call.pool, str(row["SR"])), (call.pool, sr))
    await carry(call, int(row["physical_utilisation"]), ends, start=start, end=end)


def _sharing(pool: Pool, source: str, vdi: str) -> str:
    """Give a disk the contents of another one, and return it."""
    pool.depot.share(source, vdi)
    return vdi


def _inherited(pool: Pool, vdi: str) -> dict[str, Any]:
    fields = pool.db.own_fields("VDI", vdi)
    return fields | {
        "allowed_operations": (),
        "current_operations": {},
        "location": "",
        "is_a_snapshot": False,
        "snapshot_of": NULL,
        "snapshot_time": EPOCH,
        "parent": NULL,
        "storage_lock": False,
    }


def _leaf_bytes(pool: Pool, vdi: str) -> int:
    row = pool.db.row("VDI", vdi)
    assert_plugged(pool, row["SR"])
    if row["SR"] and pool.db.get("SR", row["SR"], "content_type") == "iso":
        raise XapiError("SR_OPERATION_NOT_SUPPORTED", row["SR"])
    return int(row["virtual_size"]) if _is_block(pool, row["SR"]) else min(row["virtual_size"], _HEADER_BYTES)


def _add(pool: Pool, sr: str, taken: int, fields: Mapping[str, Any]) -> str:
    if taken > free_space(pool, sr):
        raise XapiError("SR_BACKEND_FAILURE_44", "", "There is insufficient space", "")
    uuid = str(fields.get("uuid") or pool.identities.uuid())
    values = {"managed": True, **fields, "SR": sr, "uuid": uuid, "physical_utilisation": taken}
    values["location"] = fields.get("location") or uuid
    vdi = pool.db.create("VDI", **values)
    _account(pool, sr, taken=taken, virtual=int(fields["virtual_size"]))
    pool.refresh_allowed_operations("VDI", vdi)
    return vdi


def _account(pool: Pool, sr: str, *, taken: int, virtual: int) -> None:
    """Add to what an SR says of itself: the bytes taken, and those its disks could grow to."""
    row = pool.db.row("SR", sr)
    pool.db.set(
        "SR",
        sr,
        physical_utilisation=max(0, row["physical_utilisation"] + taken),
        virtual_allocation=max(0, row["virtual_allocation"] + virtual),
    )


def _is_block(pool: Pool, sr: str) -> bool:
    return pool.db.get("SR", sr, "type") in _BLOCK_TYPES


def assert_plugged(pool: Pool, sr: str) -> None:
    """Let pass an SR that some host sees.

    Raises:
        XapiError: SR_HAS_NO_PBDS.
    """
    if not any(pool.db.get("PBD", pbd, "currently_attached") for pbd in pool.db.get("SR", sr, "PBDs")):
        raise XapiError("SR_HAS_NO_PBDS", sr)


def _assert_idle(pool: Pool, vdi: str, operation: str) -> None:
    if is_attached(pool, vdi):
        raise XapiError("VDI_IN_USE", vdi, operation)


async def create(call: Call, args: Mapping[str, Any]) -> str:
    fields = dict(args)
    sr = fields.pop("SR")
    call.pool.db.row("SR", sr)
    await call.spend(CREATE_S, can_cancel=False)
    return add_disk(call.pool, sr, **fields)


async def destroy(call: Call, vdi: str) -> None:
    _assert_idle(call.pool, vdi, "destroy")
    await call.spend(DESTROY_S, can_cancel=False)
    if call.pool.db.exists("VDI", vdi):
        remove_disk(call.pool, vdi)


async def snapshot(call: Call, vdi: str, driver_params: Mapping[str, str] | None = None) -> str:  # noqa: ARG001
    call.pool.db.row("VDI", vdi)
    await call.spend(SNAPSHOT_S)
    return snapshot_disk(call.pool, vdi, call.pool.clock.now().replace(microsecond=0))


async def clone(call: Call, vdi: str, driver_params: Mapping[str, str] | None = None) -> str:  # noqa: ARG001
    _assert_idle(call.pool, vdi, "clone")
    await call.spend(CLONE_S)
    return clone_disk(call.pool, vdi)


async def copy(call: Call, vdi: str, sr: str = NULL, base_vdi: str = NULL, into_vdi: str = NULL) -> str:  # noqa: ARG001
    """Copy a disk to an SR, or into a disk that is there; only whole copies are made."""
    pool = call.pool
    _assert_idle(pool, vdi, "copy")
    if into_vdi != NULL:
        if pool.db.get("VDI", into_vdi, "virtual_size") < pool.db.get("VDI", vdi, "virtual_size"):
            raise XapiError("VDI_TOO_SMALL", into_vdi, pool.db.get("VDI", vdi, "virtual_size"))
        await copying(call, vdi, pool.db.get("VDI", into_vdi, "SR"))
        return _sharing(pool, vdi, into_vdi)
    target = sr if pool.db.exists("SR", sr) else pool.db.get("VDI", vdi, "SR")
    await copying(call, vdi, target)
    return copy_disk(pool, vdi, target)


async def resize(call: Call, vdi: str, size: int) -> None:
    pool, row = call.pool, call.pool.db.row("VDI", vdi)
    grown = size - row["virtual_size"]
    if grown < 0:
        raise XapiError("SR_BACKEND_FAILURE_79", "", f"VDI Invalid size [opterr=shrinking not allowed: {size}]", "")
    taken = grown if _is_block(pool, row["SR"]) else 0
    if taken > free_space(pool, row["SR"]):
        raise XapiError("SR_BACKEND_FAILURE_44", "", "There is insufficient space", "")
    pool.db.set("VDI", vdi, virtual_size=size, physical_utilisation=row["physical_utilisation"] + taken)
    _account(pool, row["SR"], taken=taken, virtual=grown)


async def forget(call: Call, vdi: str) -> None:
    _assert_idle(call.pool, vdi, "forget")
    remove_disk(call.pool, vdi)


async def update(call: Call, vdi: str) -> None:
    call.pool.db.touch("VDI", vdi)


async def set_on_boot(call: Call, vdi: str, value: str) -> None:
    pool = call.pool
    _assert_idle(pool, vdi, "set_on_boot")
    pool.db.set("VDI", vdi, on_boot=value)
    for vbd in pool.db.get("VDI", vdi, "VBDs"):
        pool.refresh_allowed_operations("VM", pool.db.get("VBD", vbd, "VM"))


CALLS: Mapping[str, Handler] = {
    "VDI.create": create,
    "VDI.destroy": destroy,
    "VDI.snapshot": snapshot,
    "VDI.clone": clone,
    "VDI.copy": copy,
    "VDI.resize": resize,
    "VDI.resize_online": resize,
    "VDI.forget": forget,
    "VDI.update": update,
    "VDI.set_on_boot": set_on_boot,
}
