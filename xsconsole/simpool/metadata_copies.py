"""Copies of the pool's database on its storage: the redo log, and what another site would recover it from."""

from collections.abc import Mapping

from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.storage import add_disk, remove_disk

_COPY_BYTES = 1 << 30


async def enable_redo_log(call: Call, sr: str) -> None:
    db = call.pool.db
    db.row("SR", sr)
    try:
        found = db.find("VDI", SR=sr, type="redo_log")
        vdi = (
            found[0]
            if found
            else add_disk(call.pool, sr, name_label="Metadata redo-log", virtual_size=_COPY_BYTES, type="redo_log")
        )
    except XapiError as failure:
        words = "failed to create a VDI for the redo log on the SR with the given UUID."
        raise XapiError("CANNOT_ENABLE_REDO_LOG", words) from failure
    db.set("pool", call.pool.ref, redo_log_vdi=vdi, redo_log_enabled=True)


async def disable_redo_log(call: Call) -> None:
    """Write no log any more; its disk stays, for the next time."""
    call.pool.db.set("pool", call.pool.ref, redo_log_enabled=False)


async def assert_replicates(call: Call, sr: str) -> None:
    db = call.pool.db
    row = db.row("SR", sr)
    pbds = [db.row("PBD", pbd) for pbd in row["PBDs"]]
    if {pbd["host"] for pbd in pbds} != set(db.refs("host")):
        raise XapiError("SR_HAS_NO_PBDS", sr)
    if not all(pbd["currently_attached"] for pbd in pbds):
        raise XapiError("SR_HAS_NO_PBDS", sr)
    if row["content_type"] == "iso":
        raise XapiError("SR_OPERATION_NOT_SUPPORTED", sr)


async def enable_replication(call: Call, sr: str) -> None:
    await assert_replicates(call, sr)
    pool = call.pool
    if not pool.db.find("VDI", SR=sr, type="metadata", metadata_of_pool=pool.ref):
        vdi = add_disk(
            pool,
            sr,
            name_label="Metadata for DR",
            name_description="Used for disaster recovery",
            virtual_size=_COPY_BYTES,
            type="metadata",
        )
        pool.db.set("VDI", vdi, metadata_of_pool=pool.ref, metadata_latest=True)


async def disable_replication(call: Call, sr: str) -> None:
    call.pool.db.row("SR", sr)
    for vdi in call.pool.db.find("VDI", SR=sr, type="metadata", metadata_of_pool=call.pool.ref):
        remove_disk(call.pool, vdi)


async def required_srs(call: Call, vm: str, session: str) -> tuple[str, ...]:
    """Return the SRs that are not there and that a VM of another database needs; of its own database it has all."""
    call.pool.db.row("VM", vm)
    call.pool.sessions.check(session)
    return ()


async def assert_recoverable(call: Call, vm: str, session: str) -> None:
    await required_srs(call, vm, session)


async def required_srs_of_appliance(call: Call, appliance: str, session: str) -> tuple[str, ...]:
    call.pool.db.row("VM_appliance", appliance)
    call.pool.sessions.check(session)
    return ()


async def assert_appliance_recoverable(call: Call, appliance: str, session: str) -> None:
    await required_srs_of_appliance(call, appliance, session)


async def open_task(call: Call, kind: str, config: Mapping[str, str], allowed: tuple[str, ...]) -> str:
    """Look for SRs of another site: what other pools keep is not on the storage of this one."""
    del allowed
    if not call.pool.db.find("SM", type=kind):
        raise XapiError("SR_UNKNOWN_DRIVER", kind)
    if not config:
        raise XapiError("SR_BACKEND_FAILURE_90", "", "The request is missing the device parameter", "")
    return call.pool.db.create("DR_task", introduced_SRs=())


async def close_task(call: Call, task: str) -> None:
    call.pool.db.row("DR_task", task)
    call.pool.db.destroy("DR_task", task)


CALLS: Mapping[str, Handler] = {
    "pool.enable_redo_log": enable_redo_log,
    "pool.disable_redo_log": disable_redo_log,
    "SR.assert_supports_database_replication": assert_replicates,
    "SR.enable_database_replication": enable_replication,
    "SR.disable_database_replication": disable_replication,
    "VM.get_SRs_required_for_recovery": required_srs,
    "VM.assert_can_be_recovered": assert_recoverable,
    "VM_appliance.get_SRs_required_for_recovery": required_srs_of_appliance,
    "VM_appliance.assert_can_be_recovered": assert_appliance_recoverable,
    "DR_task.create": open_task,
    "DR_task.destroy": close_task,
}
