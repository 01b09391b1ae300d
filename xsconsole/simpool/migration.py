"""VMs on their way with their storage: to another pool, to other SRs, or as a copy."""

from collections.abc import Mapping, Sequence

from xsconsole.simpool import devices, domains, guests, lifecycle, machines, placement, power, space, storage
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.cloning import RESET, undoing
from xsconsole.simpool.destination import MOST_AT_ONCE, Destination, Wish, destination, disks_of, family
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.messages import post
from xsconsole.simpool.model import EPOCH, NULL
from xsconsole.simpool.operating import operating
from xsconsole.simpool.operations import refresh_machine
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.removal import remove_machine
from xsconsole.simpool.traffic import carry

_HANDOVER_S = 0.5
_DISKS_SHARE = 0.9
"""Of the progress: what comes before the memory."""
"""Pool time in which a running VM is in neither place."""

_OF_THE_POOL: Mapping[str, object] = {
    "affinity": NULL,
    "appliance": NULL,
    "groups": (),
    "protection_policy": NULL,
    "snapshot_schedule": NULL,
    "suspend_SR": NULL,
    "blobs": {},
    "resident_on": NULL,
    "scheduled_to_be_resident_on": NULL,
    "domid": -1,
    "is_default_template": False,
    "allowed_operations": (),
    "current_operations": {},
}
"""What a VM leaves behind in the pool that it leaves."""


async def migrate_send(
    call: Call,
    vm: str,
    dest: Mapping[str, str],
    live: bool,
    vdi_map: Mapping[str, str],
    vif_map: Mapping[str, str],
    options: Mapping[str, str],
    vgpu_map: Mapping[str, str] | None = None,
    vdi_format_map: Mapping[str, str] | None = None,
) -> str:
    """Send a VM to a host that was prepared for it; the result is its reference there."""
    del live, vgpu_map, vdi_format_map
    pool = call.pool
    wish = Wish(dest=dest, vdi_map=vdi_map, vif_map=vif_map, options=options)
    async with operating(call, vm, "migrate_send"):
        target = destination(call, vm, wish)
        if len(pool.migrations) >= MOST_AT_ONCE:
            raise XapiError("TOO_MANY_STORAGE_MIGRATES", MOST_AT_ONCE)
        pool.migrations.add(call.task)
        try:
            if target.is_inside:
                await _move_inside(call, vm, target)
                return vm
            return await _send(call, vm, target)
        finally:
            pool.migrations.discard(call.task)


async def migrate_disk(call: Call, vdi: str, sr: str, options: Mapping[str, str]) -> str:
    """Move a disk of a VM to another SR, also while the VM runs; the result is the disk there."""
    del options
    pool, row = call.pool, call.pool.db.row("VDI", vdi)
    pool.db.row("SR", sr)
    vms = [pool.db.get("VBD", vbd, "VM") for vbd in row["VBDs"]]
    vm = next((vm for vm in vms if not pool.db.get("VM", vm, "is_a_snapshot")), None)
    if vm is None:
        raise XapiError("VDI_NEEDS_VM_FOR_MIGRATE", vdi)
    if row["cbt_enabled"]:
        raise XapiError("VDI_CBT_ENABLED", vdi)
    if row["on_boot"] == "reset":
        raise XapiError("VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION")
    async with operating(call, vm, "migrate_send"):
        if row["SR"] == sr:
            return vdi
        space.assert_plugged(pool, sr)
        await carry(call, int(row["physical_utilisation"]), ((pool.traffic, row["SR"]), (pool.traffic, sr)))
        return _exchange(pool, vdi, sr)


async def _move_inside(call: Call, vm: str, target: Destination) -> None:
    """Bring disks to other SRs and the VM to another host of its pool; it stays the same VM."""
    pool, db = call.pool, call.pool.db
    is_running = db.get("VM", vm, "power_state") == lifecycle.RUNNING
    origin = db.get("VM", vm, "resident_on")
    moving = [vdi for vdi in target.srs if db.get("VDI", vdi, "SR") != target.srs[vdi]]
    if is_running and origin != target.host:
        domains.reserve(pool, vm, target.host)
    try:
        await _carry_all(call, moving, target)
        for vdi in moving:
            _exchange(pool, vdi, target.srs[vdi])
        if is_running and origin != target.host:
            await power.carry_memory(call, vm, pool, target.host, start=_DISKS_SHARE)
            domains.relocate(pool, vm, target.host)
            post(pool, "VM_MIGRATED", "VM", vm)
    finally:
        domains.release(pool, vm)
        placement.refresh_memory(db, origin)


async def _send(call: Call, vm: str, target: Destination) -> str:
    pool, there = call.pool, target.pool
    members = (vm,) if target.is_copy else family(pool, vm)
    sources = list(dict.fromkeys(vdi for one in members for vdi in disks_of(pool, one)))
    made: dict[str, str] = {}
    with undoing(there, made):
        await _carry_all(call, sources, target, made)
        # Asked now: it may have been shut down by force meanwhile.
        is_running = pool.db.get("VM", vm, "power_state") == lifecycle.RUNNING
        if is_running:
            await power.carry_memory(call, vm, there, target.host, start=_DISKS_SHARE, end=0.99)
            await call.spend(_HANDOVER_S, start=0.99, can_cancel=False)
            _assert_still_fits(pool, vm, target)
        # From here to the end there is no pause: nobody sees the VM in both pools, or in none.
        call.refuse_cancel()
        _join_snapshots(pool, there, made)
        arrived = _arrive(pool, members, target, made)
    if is_running:
        _go_on(pool, vm, target, arrived[vm])
    if not target.is_copy:
        _leave(pool, members, sources)
    refresh_machine(there, arrived[vm])
    post(there, "VM_MIGRATED", "VM", arrived[vm])
    return arrived[vm]


def _assert_still_fits(pool: Pool, vm: str, target: Destination) -> None:
    needed, free = placement.needed_memory(pool.db, vm), placement.free_memory(target.pool.db, target.host)
    if needed > free:
        raise XapiError("HOST_NOT_ENOUGH_FREE_MEMORY", needed, max(0, free))


async def _carry_all(call: Call, disks: Sequence[str], target: Destination, made: dict[str, str] | None = None) -> None:
    """Copy disks one after another; with `made` each is made at the destination as soon as it is there."""
    db = call.pool.db
    sizes = [max(1, int(db.get("VDI", vdi, "physical_utilisation"))) for vdi in disks]
    total, done = sum(sizes) or 1, 0
    for vdi, size in zip(disks, sizes, strict=True):
        ends = ((call.pool.traffic, db.get("VDI", vdi, "SR")), (target.pool.traffic, target.srs[vdi]))
        if made is not None:
            made[vdi] = _disk_at(call.pool, target.pool, vdi, target.srs[vdi])
        await carry(call, size, ends, start=_DISKS_SHARE * done / total, end=_DISKS_SHARE * (done + size) / total)
        done += size


def _disk_at(pool: Pool, there: Pool, vdi: str, sr: str) -> str:
    fields = pool.db.own_fields("VDI", vdi)
    fields |= {
        "allowed_operations": (),
        "current_operations": {},
        "location": "",
        "snapshot_of": NULL,
        "parent": NULL,
        "sm_config": {},
        "metadata_of_pool": NULL,
        "storage_lock": False,
    }
    written = int(fields.pop("physical_utilisation"))
    del fields["SR"]
    made = storage.add_disk(there, sr, written_bytes=written, **fields)
    there.depot.bring(pool.depot, vdi, made)
    return made


def _exchange(pool: Pool, vdi: str, sr: str) -> str:
    """Put a copy of a disk on another SR in its place, for all who use it."""
    row = pool.db.row("VDI", vdi)
    fresh = _disk_at(pool, pool, vdi, sr)
    pool.db.set("VDI", fresh, snapshot_of=row["snapshot_of"])
    for snapshot in row["snapshots"]:
        pool.db.set("VDI", snapshot, snapshot_of=fresh)
    for vbd in row["VBDs"]:
        pool.db.set("VBD", vbd, VDI=fresh)
    for vm, record in pool.db.rows("VM"):
        if record["suspend_VDI"] == vdi:
            pool.db.set("VM", vm, suspend_VDI=fresh)
    storage.remove_disk(pool, vdi)
    pool.refresh_allowed_operations("VDI", fresh)
    return fresh


def _join_snapshots(pool: Pool, there: Pool, made: Mapping[str, str]) -> None:
    for vdi, copy in made.items():
        original = pool.db.get("VDI", vdi, "snapshot_of")
        there.db.set(
            "VDI",
            copy,
            snapshot_of=made.get(original, NULL),
            is_a_snapshot=original in made,
            snapshot_time=pool.db.get("VDI", vdi, "snapshot_time") if original in made else EPOCH,
        )


def _arrive(pool: Pool, members: Sequence[str], target: Destination, made: Mapping[str, str]) -> dict[str, str]:
    """Make the records at the destination; a copy is another VM with addresses of its own, else it is the same one."""
    there = target.pool
    arrived: dict[str, str] = {}
    for one in members:
        row = pool.db.row("VM", one)
        fields = pool.db.own_fields("VM", one) | dict(_OF_THE_POOL) | {"uuid": row["uuid"], "parent": NULL}
        fields["snapshot_of"] = arrived.get(row["snapshot_of"], NULL)
        fields["suspend_VDI"] = made.get(row["suspend_VDI"], NULL)
        if row["power_state"] == lifecycle.RUNNING:
            fields["power_state"] = lifecycle.HALTED
        if target.is_copy:
            fields |= dict(RESET) | {"uuid": there.identities.uuid(), "is_a_template": row["is_a_template"]}
            fields["other_config"] = {**row["other_config"], "mac_seed": there.identities.uuid()}
            fields["generation_id"] = machines.generation_id(there.identities)
        for name, cls in (("metrics", "VM_metrics"), ("guest_metrics", "VM_guest_metrics")):
            old = row[name]
            fields[name] = there.db.create(cls, **pool.db.own_fields(cls, old)) if pool.db.exists(cls, old) else NULL
        arrived[one] = there.db.create("VM", **fields)
        _bring_devices(pool, one, target, made, arrived[one])
    for one in members:
        parent = arrived.get(pool.db.get("VM", one, "parent"), NULL)
        if parent != NULL and not target.is_copy:
            there.db.set("VM", arrived[one], parent=parent)
    for vm in reversed(arrived.values()):
        refresh_machine(there, vm)
    return arrived


def _bring_devices(pool: Pool, vm: str, target: Destination, made: Mapping[str, str], arrived: str) -> None:
    there, idle = target.pool, {"VM": arrived, "allowed_operations": (), "current_operations": {}}
    is_suspended = there.db.get("VM", arrived, "power_state") == lifecycle.SUSPENDED
    for vbd in pool.db.get("VM", vm, "VBDs"):
        fields = pool.db.own_fields("VBD", vbd)
        vdi = made.get(fields["VDI"], NULL)
        fields |= idle | {"VDI": vdi, "empty": vdi == NULL, "currently_attached": is_suspended}
        devices.add(there, "VBD", **fields)
    for vif in pool.db.get("VM", vm, "VIFs"):
        fields = pool.db.own_fields("VIF", vif)
        network = target.networks[vif]
        if target.is_copy:
            # A copy's address is made of its own seed, as every clone's.
            machines.add_interface(there, arrived, network, int(fields["device"]), locking_mode=fields["locking_mode"])
            continue
        fields |= idle | {"network": network, "currently_attached": is_suspended}
        devices.add(there, "VIF", **fields)


def _go_on(pool: Pool, vm: str, target: Destination, arrived: str) -> None:
    """Let a VM run at the destination that ran here until now: for its guest nothing has happened."""
    there = target.pool
    metrics = there.db.get("VM", arrived, "metrics")
    started = there.db.get("VM_metrics", metrics, "start_time")
    domains.run(there, arrived, target.host)
    there.db.set("VM_metrics", metrics, start_time=started)
    if there.db.get("VM", arrived, "guest_metrics") == NULL:
        guests.expect(there, arrived)
    else:
        guests.report(there, arrived)
    domains.halt(pool, vm)


def _leave(pool: Pool, members: Sequence[str], disks: Sequence[str]) -> None:
    for one in members:
        # The operation is this one's own: it holds nobody up any more.
        pool.db.set("VM", one, current_operations={})
        remove_machine(pool, one)
    for vdi in disks:
        if pool.db.exists("VDI", vdi):
            storage.remove_disk(pool, vdi)


CALLS: Mapping[str, Handler] = {"VM.migrate_send": migrate_send, "VDI.pool_migrate": migrate_disk}
