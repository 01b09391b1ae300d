"""Disks: made, copied, snapshotted, resized, removed; each takes its space, and gives it back."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from xsconsole.simpool import chains, devices, space
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import EPOCH, NULL
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.traffic import carry

SNAPSHOT_S = 0.4
CLONE_S = 0.4
CREATE_S = 0.2
DESTROY_S = 0.2


def add_disk(pool: Pool, sr: str, *, written_bytes: int = 0, **fields: Any) -> str:
    """Create a disk on an SR and return its reference; `virtual_size` is among the fields.

    Raises:
        XapiError: SR_BACKEND_FAILURE_44, no space; SR_BACKEND_FAILURE_79, no such size; SR_HAS_NO_PBDS, no host sees
            the SR.
    """
    space.assert_plugged(pool, sr)
    size = int(fields["virtual_size"])
    taken = size if space.is_block(pool, sr) else min(size, written_bytes + space.HEADER_BYTES)
    space.require(pool, sr, taken)
    space.assert_possible(pool, sr, size)
    return space.place(pool, sr, taken, fields)


def snapshot_disk(pool: Pool, vdi: str, at: datetime) -> str:
    """Take a snapshot of a disk and return its reference; raises as `add_disk` does, and SR_BACKEND_FAILURE_109."""
    _assert_branching(pool, vdi)
    fields = _inherited(pool, vdi)
    fields |= {"is_a_snapshot": True, "snapshot_of": vdi, "snapshot_time": at}
    return _sharing(pool, vdi, chains.branch(pool, vdi, fields, is_snapshot=True))


def clone_disk(pool: Pool, vdi: str) -> str:
    """Make a writable disk that shares its blocks with another one; raises as `snapshot_disk` does."""
    _assert_branching(pool, vdi)
    fields = _inherited(pool, vdi) | {"read_only": False, "cbt_enabled": False}
    return _sharing(pool, vdi, chains.branch(pool, vdi, fields, is_snapshot=False))


def copy_disk(pool: Pool, vdi: str, sr: str) -> str:
    """Make a disk of its own with the same contents on an SR; raises as `add_disk` does."""
    fields = _inherited(pool, vdi) | {"read_only": False, "SR": sr, "sm_config": {}}
    written = chains.contents(pool.db, vdi)
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
    base = chains.parent(pool.db, vdi)
    pool.db.destroy("VDI", vdi)
    pool.depot.forget(vdi)
    pool.pristine.discard(vdi)
    space.account(pool, sr, taken=-taken, virtual=-virtual)
    chains.let_go(pool, base)
    for vm in machines:
        pool.refresh_allowed_operations("VM", vm)


def take_written(pool: Pool, vdi: str, written_bytes: int) -> None:
    """Let a disk take the space of what is written on it; on block storage it has that already.

    Raises:
        XapiError: SR_BACKEND_FAILURE_44, no space.
    """
    row = pool.db.row("VDI", vdi)
    taken = min(row["virtual_size"], written_bytes + space.HEADER_BYTES)
    grown = taken - row["physical_utilisation"]
    if grown <= 0 or space.is_block(pool, row["SR"]):
        return
    if grown > space.free(pool, row["SR"]):
        raise XapiError("SR_BACKEND_FAILURE_44", "", "There is insufficient space", "")
    pool.db.set("VDI", vdi, physical_utilisation=taken)
    space.account(pool, row["SR"], taken=grown, virtual=0)


def is_attached(pool: Pool, vdi: str) -> bool:
    return any(pool.db.get("VBD", vbd, "currently_attached") for vbd in pool.db.get("VDI", vdi, "VBDs"))


async def copying(call: Call, vdi: str, sr: str, *, start: float = 0.0, end: float = 1.0) -> None:
    """Let the time pass that a full copy of a disk to an SR takes; raises as `Call.spend` does."""
    await call.spend(CLONE_S, start=start, end=start)
    traffic = call.pool.traffic
    ends = ((traffic, str(call.pool.db.get("VDI", vdi, "SR"))), (traffic, sr))
    await carry(call, chains.contents(call.pool.db, vdi), ends, start=start, end=end)


def _sharing(pool: Pool, source: str, vdi: str) -> str:
    """Give a disk the contents of another one, and return it."""
    pool.depot.share(source, vdi)
    return vdi


def _inherited(pool: Pool, vdi: str) -> dict[str, Any]:
    fields = pool.db.own_fields("VDI", vdi)
    config = {key: value for key, value in fields["sm_config"].items() if key != chains.PARENT}
    return fields | {
        "sm_config": config,
        "allowed_operations": (),
        "current_operations": {},
        "location": "",
        "is_a_snapshot": False,
        "snapshot_of": NULL,
        "snapshot_time": EPOCH,
        "parent": NULL,
        "storage_lock": False,
    }


def empty_disk(pool: Pool, vdi: str) -> None:
    """Free the blocks of a disk and keep its record."""
    base = chains.parent(pool.db, vdi)
    space.resize(pool, vdi, 0)
    config = pool.db.get("VDI", vdi, "sm_config")
    pool.db.set("VDI", vdi, sm_config={key: value for key, value in config.items() if key != chains.PARENT})
    chains.let_go(pool, base)


@contextmanager
def marked(pool: Pool, vdi: str, task: str, operation: str) -> Iterator[None]:
    """Show an operation on a disk, and let no other begin meanwhile.

    Raises:
        XapiError: OTHER_OPERATION_IN_PROGRESS.
    """
    for other, current in pool.db.get("VDI", vdi, "current_operations").items():
        raise XapiError("OTHER_OPERATION_IN_PROGRESS", "VDI", vdi, current, other)
    pool.db.set("VDI", vdi, current_operations={task: operation})
    pool.refresh_allowed_operations("VDI", vdi)
    try:
        yield
    finally:
        if pool.db.exists("VDI", vdi):
            pool.db.set("VDI", vdi, current_operations={})
            pool.refresh_allowed_operations("VDI", vdi)


def _assert_branching(pool: Pool, vdi: str) -> None:
    row = pool.db.row("VDI", vdi)
    space.assert_plugged(pool, row["SR"])
    _assert_managed(pool, vdi)
    assert_data(pool, vdi)
    if pool.db.get("SR", row["SR"], "content_type") == "iso":
        raise XapiError("SR_OPERATION_NOT_SUPPORTED", row["SR"])


def _assert_idle(pool: Pool, vdi: str, operation: str) -> None:
    if is_attached(pool, vdi):
        raise XapiError("VDI_IN_USE", vdi, operation)


def assert_data(pool: Pool, vdi: str) -> None:
    """Let pass a disk that holds more than the record of what changed.

    Raises:
        XapiError: VDI_INCOMPATIBLE_TYPE.
    """
    kind = pool.db.get("VDI", vdi, "type")
    if kind == "cbt_metadata":
        raise XapiError("VDI_INCOMPATIBLE_TYPE", vdi, kind)


def _assert_managed(pool: Pool, vdi: str) -> None:
    if not pool.db.get("VDI", vdi, "managed"):
        raise XapiError("VDI_NOT_MANAGED", vdi)


def _fill(pool: Pool, vdi: str, written: int) -> None:
    """Let a disk hold as much as another one, where its SR counts that."""
    row = pool.db.row("VDI", vdi)
    if not space.is_block(pool, row["SR"]):
        taken = max(int(row["physical_utilisation"]), min(int(row["virtual_size"]), written))
        space.require(pool, row["SR"], taken - int(row["physical_utilisation"]))
        space.resize(pool, vdi, taken)
    chains.mark_written(pool, vdi)


async def create(call: Call, args: Mapping[str, Any]) -> str:
    fields = dict(args)
    sr = fields.pop("SR")
    call.pool.db.row("SR", sr)
    await call.spend(CREATE_S, can_cancel=False)
    return add_disk(call.pool, sr, **fields)


async def destroy(call: Call, vdi: str) -> None:
    _assert_idle(call.pool, vdi, "destroy")
    _assert_managed(call.pool, vdi)
    with marked(call.pool, vdi, call.task, "destroy"):
        await call.spend(DESTROY_S, can_cancel=False)
        if call.pool.db.exists("VDI", vdi):
            remove_disk(call.pool, vdi)


async def snapshot(call: Call, vdi: str, driver_params: Mapping[str, str] | None = None) -> str:  # noqa: ARG001
    with marked(call.pool, vdi, call.task, "snapshot"):
        await call.spend(SNAPSHOT_S)
        return snapshot_disk(call.pool, vdi, call.pool.clock.now().replace(microsecond=0))


async def clone(call: Call, vdi: str, driver_params: Mapping[str, str] | None = None) -> str:  # noqa: ARG001
    _assert_idle(call.pool, vdi, "clone")
    with marked(call.pool, vdi, call.task, "clone"):
        await call.spend(CLONE_S)
        return clone_disk(call.pool, vdi)


async def copy(call: Call, vdi: str, sr: str = NULL, base_vdi: str = NULL, into_vdi: str = NULL) -> str:  # noqa: ARG001
    """Copy a disk to an SR, or into a disk that is there; only whole copies are made."""
    pool, db = call.pool, call.pool.db
    _assert_idle(pool, vdi, "copy")
    assert_data(pool, vdi)
    if into_vdi != NULL:
        target = db.row("VDI", into_vdi)
        if target["read_only"]:
            raise XapiError("VDI_READONLY", into_vdi)
        if target["virtual_size"] < db.get("VDI", vdi, "virtual_size"):
            raise XapiError("VDI_TOO_SMALL", into_vdi, db.get("VDI", vdi, "virtual_size"))
    with marked(pool, vdi, call.task, "copy"):
        wanted = sr if db.exists("SR", sr) else db.get("VDI", vdi, "SR")
        await copying(call, vdi, db.get("VDI", into_vdi, "SR") if into_vdi != NULL else wanted)
        if into_vdi != NULL:
            _fill(pool, into_vdi, chains.contents(db, vdi))
            return _sharing(pool, vdi, into_vdi)
        return copy_disk(pool, vdi, wanted)


async def resize(call: Call, vdi: str, size: int) -> None:
    pool, row = call.pool, call.pool.db.row("VDI", vdi)
    assert_data(pool, vdi)
    grown = size - row["virtual_size"]
    if grown < 0:
        raise XapiError("SR_BACKEND_FAILURE_79", "", f"VDI Invalid size [opterr=shrinking not allowed: {size}]", "")
    taken = grown if space.is_block(pool, row["SR"]) else 0
    space.require(pool, row["SR"], taken)
    space.assert_possible(pool, row["SR"], size)
    with marked(pool, vdi, call.task, "resize"):
        pool.db.set("VDI", vdi, virtual_size=size, physical_utilisation=row["physical_utilisation"] + taken)
        space.account(pool, row["SR"], taken=taken, virtual=grown)


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
