"""Snapshot schedules, as far as somebody asks for a snapshot by them; the pool follows none by itself."""

from collections.abc import Mapping

from xsconsole.simpool import snapshots
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError


async def snapshot_now(call: Call, schedule: str) -> str:
    """Snapshot the VMs of a schedule; what it retains is for its own clock to see to."""
    db, row = call.pool.db, call.pool.db.row("VMSS", schedule)
    if row["type"] == "snapshot_with_quiesce":
        raise XapiError("VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED", *row["VMs"][:1], "no guest here can")
    for vm in row["VMs"]:
        name = f"{db.get('VM', vm, 'name_label')} {call.pool.clock.now():%Y%m%dT%H%M%SZ}"
        take = snapshots.checkpoint if row["type"] == "checkpoint" else snapshots.snapshot
        taken = await take(call, vm, name)
        db.set("VM", taken, is_vmss_snapshot=True)
    db.set("VMSS", schedule, last_run_time=call.pool.clock.now())
    return ""


async def set_retained_snapshots(call: Call, schedule: str, value: int) -> None:
    if not 1 <= value <= 10:
        raise XapiError("INVALID_VALUE", "retained_snapshots", value)
    call.pool.db.set("VMSS", schedule, retained_snapshots=value)


async def introduce_controller(call: Call, protocol: str = "ssl", address: str = "", port: int = 0) -> str:
    """Make known a controller of networks; nothing is asked of it."""
    if call.pool.db.count("SDN_controller"):
        raise XapiError("SDN_CONTROLLER_ALREADY_EXISTS")
    return call.pool.db.create("SDN_controller", protocol=protocol, address=address, port=port or 6632)


async def forget_controller(call: Call, controller: str) -> None:
    call.pool.db.destroy("SDN_controller", controller)


CALLS: Mapping[str, Handler] = {
    "VMSS.snapshot_now": snapshot_now,
    "VMSS.set_retained_snapshots": set_retained_snapshots,
    "SDN_controller.introduce": introduce_controller,
    "SDN_controller.forget": forget_controller,
}
