"""Snapshot schedules: what they may say, and the snapshots that are taken by them at their time, in UTC."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from xsconsole.simpool import machines, snapshots, storage
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errands import perform
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.messages import post
from xsconsole.simpool.model import NULL
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.removal import remove_machine
from xsconsole.simpool.schedule_rules import assert_known, checked, completed, last_due

LOOKED_EVERY_S = 30.0
SHORTEST_LOOK_S = 0.25
"""Of our time: where the pool's runs very fast, an hour may pass between two looks."""

_FEWEST, _MOST = 1, 10
_IMPORTANT = 3
_QUIESCED = "snapshot_with_quiesce"


async def follow(pool: Pool) -> None:
    """Take snapshots whenever an enabled schedule is due, for ever; what was due earlier is not made up for."""
    seen: dict[str, tuple[object, datetime]] = {}
    while True:
        for schedule, row in tuple(pool.db.rows("VMSS")):
            told = (row["enabled"], row["frequency"], row["schedule"])
            due = last_due(row["frequency"], row["schedule"], pool.clock.now())
            before, seen[schedule] = seen.get(schedule), (told, due)
            if row["enabled"] and before is not None and before[0] == told and before[1] < due:
                await _run(pool, schedule)
        await pool.clock.sleep(max(LOOKED_EVERY_S, SHORTEST_LOOK_S * pool.clock.speed))


async def _run(pool: Pool, schedule: str) -> None:
    try:
        await perform(pool, "VMSS.snapshot_now", lambda call: snapshot_now(call, schedule))
    except XapiError:
        # The message that it left says so to whoever looks after the pool.
        return


async def create(call: Call, args: Mapping[str, Any]) -> str:
    fields = dict(args)
    frequency = fields["frequency"]
    assert_known(frequency, fields.get("schedule", {}))
    fields["schedule"] = completed(frequency, fields.get("schedule", {}))
    _assert_retained(fields.get("retained_snapshots", _FEWEST))
    return call.pool.db.create("VMSS", **fields)


async def destroy(call: Call, schedule: str) -> None:
    row = call.pool.db.row("VMSS", schedule)
    if row["VMs"]:
        raise XapiError("VMSS_HAS_VM")
    for message in call.pool.db.find("message", obj_uuid=row["uuid"]):
        call.pool.db.destroy("message", message)
    call.pool.db.destroy("VMSS", schedule)


async def snapshot_now(call: Call, schedule: str) -> str:
    """Snapshot the VMs of a schedule; of those it took of a VM earlier, no more than it retains stay."""
    pool, db, row = call.pool, call.pool.db, call.pool.db.row("VMSS", schedule)
    if row["type"] == _QUIESCED and row["VMs"]:
        raise _cannot_be_quieted(row["VMs"][0])
    failure = None
    for vm in row["VMs"]:
        name = f"{db.get('VM', vm, 'name_label')} {pool.clock.now():%Y%m%dT%H%M%SZ}"
        take = snapshots.checkpoint if row["type"] == "checkpoint" else snapshots.snapshot
        try:
            taken = await take(call, vm, name)
        except XapiError as error:
            failure = failure or error
            post(pool, "VMSS_SNAPSHOT_FAILED", "VMSS", schedule, " ".join(error.description), priority=_IMPORTANT)
            continue
        db.set("VM", taken, is_vmss_snapshot=True)
        if db.exists("VMSS", schedule):
            _drop_oldest(pool, vm, db.get("VMSS", schedule, "retained_snapshots"))
    if db.exists("VMSS", schedule):
        db.set("VMSS", schedule, last_run_time=pool.clock.now().replace(microsecond=0))
        if failure is None and row["VMs"]:
            post(pool, "VMSS_SNAPSHOT_SUCCEEDED", "VMSS", schedule)
    if failure is not None:
        raise failure
    return ""


def _drop_oldest(pool: Pool, vm: str, kept: int) -> None:
    db = pool.db
    taken = [one for one in db.get("VM", vm, "snapshots") if db.get("VM", one, "is_vmss_snapshot")]
    taken.sort(key=lambda one: db.get("VM", one, "snapshot_time"))
    for old in taken[:-kept]:
        if not db.get("VM", old, "current_operations"):
            disks = machines.disks(pool, old)
            remove_machine(pool, old)
            for vdi in disks:
                storage.remove_disk(pool, vdi)


async def set_frequency(call: Call, schedule: str, value: str) -> None:
    told = call.pool.db.get("VMSS", schedule, "schedule")
    call.pool.db.set("VMSS", schedule, frequency=value, schedule=completed(value, told))


async def set_schedule(call: Call, schedule: str, value: Mapping[str, str]) -> None:
    told = call.pool.db.get("VMSS", schedule, "schedule")
    call.pool.db.set("VMSS", schedule, schedule=checked({**told, **value}))


async def add_to_schedule(call: Call, schedule: str, key: str, value: str) -> None:
    call.pool.db.row("VMSS", schedule)
    call.pool.db.add_to_map("VMSS", schedule, "schedule", key, checked({key: value})[key])


async def set_type(call: Call, schedule: str, value: str) -> None:
    row = call.pool.db.row("VMSS", schedule)
    if value == _QUIESCED and row["VMs"]:
        raise _cannot_be_quieted(row["VMs"][0])
    call.pool.db.set("VMSS", schedule, type=value)


async def set_retained_snapshots(call: Call, schedule: str, value: int) -> None:
    call.pool.db.row("VMSS", schedule)
    _assert_retained(value)
    call.pool.db.set("VMSS", schedule, retained_snapshots=value)


def _assert_retained(value: int) -> None:
    if not _FEWEST <= value <= _MOST:
        raise XapiError("INVALID_VALUE", "retained_snapshots", value)


def _cannot_be_quieted(vm: str) -> XapiError:
    return XapiError("VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED", vm, "no guest here can")


async def assign(call: Call, vm: str, schedule: str) -> None:
    """Let a schedule take snapshots of a VM, or with NULL none do."""
    db, row = call.pool.db, call.pool.db.row("VM", vm)
    if schedule != NULL:
        if row["is_control_domain"] or not db.exists("VMSS", schedule):
            raise XapiError("INVALID_VALUE", schedule)
        if row["is_a_template"]:
            raise XapiError("VM_IS_TEMPLATE", vm)
        if db.get("VMSS", schedule, "type") == _QUIESCED:
            raise _cannot_be_quieted(vm)
    db.set("VM", vm, snapshot_schedule=schedule)
    call.pool.refresh_allowed_operations("VM", vm)


CALLS: Mapping[str, Handler] = {
    "VM.set_snapshot_schedule": assign,
    "VMSS.create": create,
    "VMSS.destroy": destroy,
    "VMSS.snapshot_now": snapshot_now,
    "VMSS.set_frequency": set_frequency,
    "VMSS.set_schedule": set_schedule,
    "VMSS.add_to_schedule": add_to_schedule,
    "VMSS.set_type": set_type,
    "VMSS.set_retained_snapshots": set_retained_snapshots,
}
