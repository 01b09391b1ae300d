"""SRs and PBDs: storage that is introduced to the pool, plugged into hosts, and taken away again."""

from collections.abc import Mapping
from typing import Any

from xsconsole.simpool import devices, discovery
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.space import assert_plugged

SUPPORTED_TYPES = (
    "shm",
    "smb",
    "iso",
    "lvm",
    "nfs",
    "udev",
    "hba",
    "dummy",
    "lvmoiscsi",
    "ext",
    "lvmohba",
    "file",
    "iscsi",
)
FOUND_BYTES = 500 << 30
"""What an SR turns out to be large where its maker did not say."""

_CREATE_S = 0.5
_SCAN_S = 0.2


async def create(
    call: Call,
    host: str,
    device_config: Mapping[str, str],
    physical_size: int,
    name_label: str,
    name_description: str,
    type: str,
    content_type: str,
    shared: bool,
    sm_config: Mapping[str, str] | None = None,
) -> str:
    """Make an SR and plug it: into all hosts where it is shared, else into that host alone."""
    db = call.pool.db
    db.row("host", host)
    _assert_known(type)
    discovery.offer_what_is_missing(type, device_config)
    await call.spend(_CREATE_S)
    sr = db.create(
        "SR",
        name_label=name_label,
        name_description=name_description,
        type=type,
        content_type=content_type,
        shared=shared,
        physical_size=physical_size or FOUND_BYTES,
        sm_config=dict(sm_config or {}),
    )
    for one in db.refs("host") if shared else (host,):
        db.create("PBD", host=one, SR=sr, device_config=dict(device_config), currently_attached=True)
    call.pool.refresh_allowed_operations("SR", sr)
    return sr


async def introduce(
    call: Call,
    uuid: str,
    name_label: str,
    name_description: str,
    type: str,
    content_type: str,
    shared: bool,
    sm_config: Mapping[str, str] | None = None,
) -> str:
    """Make known an SR that exists; its PBDs are made and plugged by the client."""
    db = call.pool.db
    _assert_known(type)
    wanted = uuid or call.pool.identities.uuid()
    if db.find("SR", uuid=wanted):
        raise XapiError("SR_UUID_EXISTS", wanted)
    sr = db.create(
        "SR",
        uuid=wanted,
        name_label=name_label,
        name_description=name_description,
        type=type,
        content_type=content_type,
        shared=shared,
        physical_size=FOUND_BYTES,
        sm_config=dict(sm_config or {}),
    )
    call.pool.refresh_allowed_operations("SR", sr)
    return sr


async def make(call: Call, *arguments: Any) -> str:
    """Refuse, as XAPI has done since the call was deprecated."""
    del call, arguments
    raise XapiError("MESSAGE_DEPRECATED")


async def forget(call: Call, sr: str) -> None:
    """Let the pool no longer know an SR; what is on it stays there."""
    _assert_unplugged(call.pool, sr)
    remove(call.pool, sr)


async def destroy(call: Call, sr: str) -> None:
    """Remove an empty SR for good."""
    row = call.pool.db.row("SR", sr)
    if row["other_config"].get("indestructible") == "true":
        raise XapiError("SR_INDESTRUCTIBLE", sr)
    if not row["PBDs"]:
        raise XapiError("SR_HAS_NO_PBDS", sr)
    _assert_unplugged(call.pool, sr)
    if any(call.pool.db.get("VDI", vdi, "managed") for vdi in row["VDIs"]):
        raise XapiError("SR_NOT_EMPTY")
    remove(call.pool, sr)


async def probe(
    call: Call,
    host: str,
    device_config: Mapping[str, str],
    type: str,
    sm_config: Mapping[str, str] | None = None,
) -> str:
    """Look for SRs on some storage; the pool knows all that there are."""
    del sm_config
    call.pool.db.row("host", host)
    _assert_known(type)
    await call.spend(_SCAN_S)
    discovery.offer_what_is_missing(type, device_config)
    return discovery.known(call.pool, type, device_config)


async def probe_ext(
    call: Call,
    host: str,
    device_config: Mapping[str, str],
    type: str,
    sm_config: Mapping[str, str] | None = None,
) -> tuple[Mapping[str, Any], ...]:
    await probe(call, host, device_config, type, sm_config)
    return ()


async def scan(call: Call, sr: str) -> None:
    assert_plugged(call.pool, sr)
    await call.spend(_SCAN_S)
    call.pool.db.touch("SR", sr)


async def get_supported_types(_call: Call) -> tuple[str, ...]:
    return SUPPORTED_TYPES


async def set_shared(call: Call, sr: str, value: bool) -> None:
    """Say whether hosts share an SR; one with several PBDs cannot stop being shared."""
    if not value and len(call.pool.db.get("SR", sr, "PBDs")) > 1:
        raise XapiError("SR_HAS_MULTIPLE_PBDS", call.pool.db.get("SR", sr, "PBDs")[0])
    call.pool.db.set("SR", sr, shared=value)


async def create_pbd(call: Call, args: Mapping[str, Any]) -> str:
    """Connect a host to an SR, unplugged; a host has one connection to each at the most."""
    db = call.pool.db
    db.row("host", args["host"])
    row = db.row("SR", args["SR"])
    for pbd in row["PBDs"]:
        if db.get("PBD", pbd, "host") == args["host"]:
            raise XapiError("PBD_EXISTS", args["SR"], args["host"], pbd)
    if row["PBDs"] and not row["shared"]:
        raise XapiError("SR_NOT_SHARABLE", args["SR"], args["host"])
    pbd = db.create("PBD", **args)
    call.pool.refresh_allowed_operations("SR", args["SR"])
    return pbd


async def destroy_pbd(call: Call, pbd: str) -> None:
    row = call.pool.db.row("PBD", pbd)
    if row["currently_attached"]:
        raise XapiError("OPERATION_NOT_ALLOWED", "PBD is currently attached")
    sr = row["SR"]
    call.pool.db.destroy("PBD", pbd)
    call.pool.refresh_allowed_operations("SR", sr)


async def plug(call: Call, pbd: str) -> None:
    call.pool.db.set("PBD", pbd, currently_attached=True)
    call.pool.refresh_allowed_operations("SR", call.pool.db.get("PBD", pbd, "SR"))


async def unplug(call: Call, pbd: str) -> None:
    """Take an SR from a host, unless a VM there uses one of its disks."""
    db, row = call.pool.db, call.pool.db.row("PBD", pbd)
    used = []
    for vdi in db.get("SR", row["SR"], "VDIs"):
        for vbd in db.get("VDI", vdi, "VBDs"):
            attached = db.row("VBD", vbd)
            if attached["currently_attached"] and db.get("VM", attached["VM"], "resident_on") in (row["host"], NULL):
                used.append(vdi)
    if used:
        raise XapiError("VDI_IN_USE", *used)
    db.set("PBD", pbd, currently_attached=False)
    call.pool.refresh_allowed_operations("SR", row["SR"])


async def set_device_config(call: Call, pbd: str, value: Mapping[str, str]) -> None:
    if call.pool.db.get("PBD", pbd, "currently_attached"):
        raise XapiError("OPERATION_NOT_ALLOWED", "PBD is currently attached")
    call.pool.db.set("PBD", pbd, device_config=dict(value))


def _assert_known(driver: str) -> None:
    if driver not in SUPPORTED_TYPES:
        raise XapiError("SR_UNKNOWN_DRIVER", driver)


def _assert_unplugged(pool: Pool, sr: str) -> None:
    if any(pool.db.get("PBD", pbd, "currently_attached") for pbd in pool.db.get("SR", sr, "PBDs")):
        raise XapiError("SR_HAS_PBD", sr)


def remove(pool: Pool, sr: str) -> None:
    """Remove the records of an SR, of its PBDs, and of its disks with the devices that showed them."""
    db = pool.db
    row = db.row("SR", sr)
    machines = {db.get("VBD", vbd, "VM") for vdi in row["VDIs"] for vbd in db.get("VDI", vdi, "VBDs")}
    for vdi in row["VDIs"]:
        for vbd in db.get("VDI", vdi, "VBDs"):
            devices.remove(pool, "VBD", vbd)
        for snapshot in db.get("VDI", vdi, "snapshots"):
            db.set("VDI", snapshot, snapshot_of=NULL)
        db.destroy("VDI", vdi)
    for pbd in row["PBDs"]:
        db.destroy("PBD", pbd)
    db.destroy("SR", sr)
    for vm in machines:
        pool.refresh_allowed_operations("VM", vm)
    for field in ("default_SR", "suspend_image_SR", "crash_dump_SR"):
        if db.get("pool", pool.ref, field) == sr:
            db.set("pool", pool.ref, **{field: NULL})


CALLS: Mapping[str, Handler] = {
    "SR.create": create,
    "SR.introduce": introduce,
    "SR.make": make,
    "SR.forget": forget,
    "SR.destroy": destroy,
    "SR.probe": probe,
    "SR.probe_ext": probe_ext,
    "SR.scan": scan,
    "SR.update": scan,
    "SR.get_supported_types": get_supported_types,
    "SR.set_shared": set_shared,
    "PBD.create": create_pbd,
    "PBD.destroy": destroy_pbd,
    "PBD.plug": plug,
    "PBD.unplug": unplug,
    "PBD.set_device_config": set_device_config,
}
