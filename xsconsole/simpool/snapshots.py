"""Snapshots of VMs: taken, with or without memory, and gone back to."""

import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from xsconsole.simpool import devices, domains, guests, lifecycle, machines, placement, power, storage
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.cloning import copy_block_devices, copy_interfaces, copy_record, undoing
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.messages import post
from xsconsole.simpool.model import NULL
from xsconsole.simpool.operating import forbid_cancel, operating
from xsconsole.simpool.operations import refresh_machine
from xsconsole.simpool.pool import Pool

REVERT_S = 0.6
_DISKLESS_S = 0.2
_REVERT_STEPS = (0.1, 0.2, 0.5, 0.9)

_KEPT_BY_REVERT = frozenset(
    (
        *("uuid", "power_state", "parent", "snapshots", "children", "tags", "affinity", "groups", "metrics"),
        *("guest_metrics", "current_operations", "allowed_operations", "snapshot_schedule", "protection_policy"),
        *("resident_on", "scheduled_to_be_resident_on", "domid", "memory_target", "suspend_VDI", "blobs"),
        *("VIFs", "VBDs", "VUSBs", "VGPUs", "VTPMs", "consoles", "crash_dumps", "attached_PCIs", "snapshot_time"),
        *("snapshot_of", "is_a_snapshot", "snapshot_metadata", "last_boot_CPU_flags", "requires_reboot"),
    )
)


async def snapshot(call: Call, vm: str, new_name: str, ignore_vdis: tuple[str, ...] = ()) -> str:
    async with operating(call, vm, "snapshot"):
        ref = await _take(call, vm, new_name, frozenset(ignore_vdis), {})
        post(call.pool, "VM_SNAPSHOTTED", "VM", vm, _told(call.pool, vm, "snapshotted", new_name))
        return ref


async def checkpoint(call: Call, vm: str, new_name: str) -> str:
    """Take a snapshot with the memory: the VM is suspended meanwhile."""
    pool = call.pool
    async with operating(call, vm, "checkpoint"):
        row = pool.db.row("VM", vm)
        host, was_running = row["resident_on"], row["power_state"] != lifecycle.SUSPENDED
        if was_running:
            await call.spend(power.SUSPEND_S)
            domains.suspend(pool, vm, power.save_memory(pool, vm))
        image = pool.db.get("VM", vm, "suspend_VDI")
        try:
            now = pool.clock.now().replace(microsecond=0)
            state = {"power_state": lifecycle.SUSPENDED, "suspend_VDI": storage.snapshot_disk(pool, image, now)}
            ref = await _take(call, vm, new_name, frozenset(), state)
        finally:
            if was_running:
                await call.spend(power.RESUME_S, start=0.9, can_cancel=False)
                domains.run(pool, vm, host)
                pool.db.set("VM", vm, suspend_VDI=NULL)
                storage.remove_disk(pool, image)
                guests.expect(pool, vm)
        post(pool, "VM_CHECKPOINTED", "VM", vm, _told(pool, vm, "checkpointed", new_name))
        return ref


def _told(pool: Pool, vm: str, done: str, name: str) -> str:
    row = pool.db.row("VM", vm)
    return f"VM '{row['name_label']}' (uuid: {row['uuid']}) {done}, snapshot name: {name}"


async def revert(call: Call, snapshot: str) -> None:
    """Bring a VM back to a snapshot; it is stopped first, and recreated where it is gone."""
    pool, db = call.pool, call.pool.db
    row = db.row("VM", snapshot)
    if not row["is_a_snapshot"]:
        raise XapiError("VM_REVERT_FAILED", snapshot, row["snapshot_of"])
    forbid_cancel(call)
    async with operating(call, snapshot, "revert"):
        vm = row["snapshot_of"] if db.exists("VM", row["snapshot_of"]) else _recreate(pool, snapshot)
        async with operating(call, vm, "reverting"):
            for step in _REVERT_STEPS:
                await call.spend(REVERT_S / len(_REVERT_STEPS), start=step, end=step, can_cancel=False)
            _go_back(pool, vm, snapshot)
    refresh_machine(pool, vm)


async def _take(call: Call, vm: str, name: str, ignored: frozenset[str], state: Mapping[str, Any]) -> str:
    """Snapshot the disks one after another, then the record; what was made goes again where one of them fails."""
    pool = call.pool
    sources = tuple(vdi for vdi in machines.disks(pool, vm) if vdi not in ignored)
    for vdi in sources:
        if pool.db.get("VDI", vdi, "sharable"):
            raise XapiError("VDI_IS_SHARABLE", vdi)
    at = pool.clock.now().replace(microsecond=0)
    made: dict[str, str] = {}
    with undoing(pool, made):
        for number, vdi in enumerate(sources):
            await call.spend(storage.SNAPSHOT_S, start=number / len(sources), end=(number + 1) / len(sources))
            made[vdi] = storage.snapshot_disk(pool, vdi, at)
        if not sources:
            await call.spend(_DISKLESS_S)
        return record_snapshot(pool, vm, name, made, at, state)


def record_snapshot(
    pool: Pool, vm: str, name: str, disks: Mapping[str, str], at: datetime, state: Mapping[str, Any]
) -> str:
    """Make the VM object of a snapshot whose disks have been made, by the disks they were made from."""
    row = pool.db.row("VM", vm)
    fields: dict[str, Any] = {
        "is_a_template": True,
        "is_a_snapshot": True,
        "snapshot_of": vm,
        "snapshot_time": at,
        "snapshot_metadata": serialised(row),
        "snapshot_info": {"power-state-at-snapshot": row["power_state"], "disk-snapshot-type": "crash_consistent"},
        "parent": row["parent"],
        **state,
    }
    ref = copy_record(pool, vm, name, disks, **fields)
    pool.db.set("VM", vm, parent=ref)
    return ref


def serialised(row: Mapping[str, Any]) -> str:
    """Return a record as text; what text cannot hold is not needed to go back."""
    plain = {name: value for name, value in row.items() if not isinstance(value, datetime)}
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def _recorded(pool: Pool, snapshot: str) -> dict[str, Any]:
    """Return the fields that the VM had when the snapshot was taken."""
    fields: dict[str, Any] = json.loads(pool.db.get("VM", snapshot, "snapshot_metadata"))
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def _recreate(pool: Pool, snapshot: str) -> str:
    """Make the VM of a snapshot again, bare, and let all its snapshots refer to it."""
    gone = pool.db.get("VM", snapshot, "snapshot_of")
    recorded = _recorded(pool, snapshot)
    constructed = ("memory_static_max", "VCPUs_max", "other_config", "uuid", "name_label", "HVM_boot_policy")
    vm = machines.make(pool, **{name: recorded[name] for name in constructed})
    for sibling in pool.db.find("VM", snapshot_of=gone, is_a_snapshot=True):
        pool.db.set("VM", sibling, snapshot_of=vm)
    return vm


def _go_back(pool: Pool, vm: str, snapshot: str) -> None:
    db = pool.db
    if db.get("VM", vm, "power_state") != lifecycle.HALTED:
        domains.halt(pool, vm)
    old_vbds, old_vifs = db.get("VM", vm, "VBDs"), db.get("VM", vm, "VIFs")
    snapshot_row = db.row("VM", snapshot)
    disks = _restored_disks(pool, vm, snapshot)
    for vbd in old_vbds:
        if db.exists("VBD", vbd):
            devices.remove(pool, "VBD", vbd)
    copy_block_devices(pool, snapshot_row["VBDs"], vm, disks)
    for vif in old_vifs:
        devices.remove(pool, "VIF", vif)
    copy_interfaces(pool, snapshot_row["VIFs"], vm, seed="")
    fields = {name: value for name, value in _recorded(pool, snapshot).items() if name not in _KEPT_BY_REVERT}
    if not db.exists("VM_appliance", fields["appliance"]):
        fields["appliance"] = NULL
    image = snapshot_row["suspend_VDI"]
    memory = storage.clone_disk(pool, image) if db.exists("VDI", image) else NULL
    db.set(
        "VM",
        vm,
        **fields
        | {
            "ha_always_run": False,
            "parent": snapshot,
            "power_state": snapshot_row["power_state"],
            "suspend_VDI": memory,
        },
    )
    if snapshot_row["power_state"] == lifecycle.SUSPENDED:
        domains.attach_devices(pool, vm)
    for host in db.refs("host"):
        placement.refresh_memory(db, host)


def _restored_disks(pool: Pool, vm: str, snapshot: str) -> dict[str, str]:
    """Replace the disks that the snapshot has by clones of its own; return the clones by the snapshot's disks."""
    db = pool.db
    wanted = machines.disks(pool, snapshot)
    originals = {vdi: db.get("VDI", vdi, "snapshot_of") for vdi in wanted}
    siblings = {original: db.get("VDI", original, "snapshots") for original in originals.values() if original != NULL}
    for current in machines.disks(pool, vm):
        if current in siblings:
            storage.remove_disk(pool, current)
    restored = {}
    for vdi in wanted:
        restored[vdi] = storage.clone_disk(pool, vdi)
        for sibling in siblings.get(originals[vdi], ()):
            db.set("VDI", sibling, snapshot_of=restored[vdi])
    return restored


CALLS: Mapping[str, Handler] = MappingProxyType(
    {"VM.snapshot": snapshot, "VM.checkpoint": checkpoint, "VM.revert": revert}
)
