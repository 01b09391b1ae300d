"""What else can happen to a disk: it is introduced, moved, tracked, reverted, emptied."""

import base64
from collections.abc import Mapping
from typing import Any

from xsconsole.simpool import changed_blocks, space, storage
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.pool import Pool

CBT_S = 0.2


async def introduce(
    call: Call,
    uuid: str,
    name_label: str,
    name_description: str,
    sr: str,
    type: str,
    sharable: bool,
    read_only: bool,
    other_config: Mapping[str, str],
    location: str,
    *more: Any,
) -> str:
    """Make known a disk that is on an SR already."""
    db = call.pool.db
    space.assert_plugged(call.pool, sr)
    if db.find("VDI", SR=sr, location=location):
        raise XapiError("LOCATION_NOT_UNIQUE", sr, location)
    names = (
        *("xenstore_data", "sm_config", "managed", "virtual_size", "physical_utilisation", "metadata_of_pool"),
        *("is_a_snapshot", "snapshot_time", "snapshot_of"),
    )
    optional = dict(zip(names, more, strict=False))
    written = int(optional.pop("physical_utilisation", 0))
    return storage.add_disk(
        call.pool,
        sr,
        written_bytes=written,
        **{"virtual_size": 0, **optional},
        uuid=uuid or call.pool.identities.uuid(),
        name_label=name_label,
        name_description=name_description,
        type=type,
        sharable=sharable,
        read_only=read_only,
        other_config=dict(other_config),
        location=location,
    )


async def enable_cbt(call: Call, vdi: str) -> None:
    row = call.pool.db.row("VDI", vdi)
    _assert_trackable(call.pool, vdi)
    if not row["cbt_enabled"]:
        await call.spend(CBT_S)
        call.pool.db.set("VDI", vdi, cbt_enabled=True)
        call.pool.refresh_allowed_operations("VDI", vdi)


async def disable_cbt(call: Call, vdi: str) -> None:
    _assert_trackable(call.pool, vdi)
    if call.pool.db.get("VDI", vdi, "cbt_enabled"):
        await call.spend(CBT_S)
        call.pool.db.set("VDI", vdi, cbt_enabled=False)
        call.pool.refresh_allowed_operations("VDI", vdi)


async def data_destroy(call: Call, vdi: str) -> None:
    """Free the blocks of a snapshot and keep what has changed since: the record stays, as `cbt_metadata`."""
    row = call.pool.db.row("VDI", vdi)
    if not row["is_a_snapshot"]:
        raise XapiError("OPERATION_NOT_ALLOWED", "VDI is not a snapshot")
    if not row["cbt_enabled"]:
        raise XapiError("VDI_NO_CBT_METADATA", vdi)
    if any(call.pool.db.get("VBD", vbd, "VDI") == vdi for vbd in row["VBDs"]):
        raise XapiError("VDI_IN_USE", vdi, "data_destroy")
    await call.spend(CBT_S)
    storage.empty_disk(call.pool, vdi)
    call.pool.db.set("VDI", vdi, type="cbt_metadata")
    call.pool.refresh_allowed_operations("VDI", vdi)


async def list_changed_blocks(call: Call, earlier: str, later: str) -> str:
    """Return the bitmap of the blocks that differ, in base64."""
    return base64.b64encode(await changed_blocks.bitmap(call.pool, earlier, later)).decode()


async def revert(call: Call, snapshot: str) -> None:
    """Refuse, as storage that cannot go back by itself does; `VM.revert` then clones."""
    raise XapiError("SR_OPERATION_NOT_SUPPORTED", call.pool.db.get("VDI", snapshot, "SR"))


async def set_sharable(call: Call, vdi: str, value: bool) -> None:
    if storage.is_attached(call.pool, vdi):
        raise XapiError("VDI_IN_USE", vdi, "set_sharable")
    call.pool.db.set("VDI", vdi, sharable=value)


async def set_name(call: Call, vdi: str, value: str) -> None:
    _assert_managed(call.pool, vdi)
    call.pool.db.set("VDI", vdi, name_label=value)


async def set_description(call: Call, vdi: str, value: str) -> None:
    _assert_managed(call.pool, vdi)
    call.pool.db.set("VDI", vdi, name_description=value)


async def open_database(call: Call, vdi: str) -> str:
    """Refuse: no disk here holds the database of another pool."""
    row = call.pool.db.row("VDI", vdi)
    raise XapiError("VDI_INCOMPATIBLE_TYPE", vdi, row["type"])


def _assert_trackable(pool: Pool, vdi: str) -> None:
    row = pool.db.row("VDI", vdi)
    if row["is_a_snapshot"]:
        raise XapiError("OPERATION_NOT_ALLOWED", "VDI is a snapshot")
    if row["type"] not in ("system", "user"):
        raise XapiError("VDI_INCOMPATIBLE_TYPE", vdi, row["type"])
    if row["on_boot"] == "reset":
        raise XapiError("VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION")
    if pool.db.get("SR", row["SR"], "content_type") == "iso":
        raise XapiError("SR_OPERATION_NOT_SUPPORTED", row["SR"])


def _assert_managed(pool: Pool, vdi: str) -> None:
    if not pool.db.get("VDI", vdi, "managed"):
        raise XapiError("VDI_NOT_MANAGED", vdi)


CALLS: Mapping[str, Handler] = {
    "VDI.introduce": introduce,
    "VDI.enable_cbt": enable_cbt,
    "VDI.disable_cbt": disable_cbt,
    "VDI.data_destroy": data_destroy,
    "VDI.list_changed_blocks": list_changed_blocks,
    "VDI.revert": revert,
    "VDI.set_sharable": set_sharable,
    "VDI.set_name_label": set_name,
    "VDI.set_name_description": set_description,
    "VDI.open_database": open_database,
    "VDI.read_database_pool_uuid": open_database,
}
