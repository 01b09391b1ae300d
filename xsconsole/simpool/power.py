"""Power operations: start, shut down, reboot, pause, suspend, resume, migrate."""

from collections.abc import Mapping

from xsconsole.simpool import availability, domains, guests, lifecycle, placement, storage
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.messages import post
from xsconsole.simpool.model import NULL
from xsconsole.simpool.operating import interrupt, operating
from xsconsole.simpool.operations import refresh_machine
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.traffic import carry

START_S = 1.0
CLEAN_SHUTDOWN_S = 1.2
HARD_SHUTDOWN_S = 0.3
PAUSE_S = 0.1
SUSPEND_S = 1.2
RESUME_S = 1.0
MIGRATION_SETUP_S = 0.3

_GIVE_WAY = frozenset(
    ("clean_shutdown", "clean_reboot", "hard_reboot", "pool_migrate", "call_plugin", "shutdown", "suspend")
)


async def start(call: Call, vm: str, start_paused: bool, force: bool) -> None:  # noqa: ARG001
    async with operating(call, vm, "start"):
        availability.assert_keeps_plan(call.pool.db, call.pool.ref, vm)
        await _start(call, vm, placement.chosen_host(call.pool, vm), is_paused=start_paused)


async def start_on(call: Call, vm: str, host: str, start_paused: bool, force: bool) -> None:  # noqa: ARG001
    call.pool.db.row("VM", vm)
    call.pool.db.row("host", host)
    async with operating(call, vm, "start_on"):
        _assert_takes(call.pool, host)
        availability.assert_keeps_plan(call.pool.db, call.pool.ref, vm)
        _assert_fits(call.pool, vm, host)
        await _start(call, vm, host, is_paused=start_paused)


async def start_again(call: Call, vm: str) -> None:
    """Start a VM for HA, which does not ask itself whether that would break its plan."""
    async with operating(call, vm, "start"):
        await _start(call, vm, placement.chosen_host(call.pool, vm), is_paused=False)


async def clean_shutdown(call: Call, vm: str) -> None:
    async with operating(call, vm, "clean_shutdown"):
        await call.spend(CLEAN_SHUTDOWN_S + float(call.pool.db.get("VM", vm, "shutdown_delay")))
        _stop(call.pool, vm, "shutdown")


async def shutdown(call: Call, vm: str) -> None:
    """Shut down cleanly where the guest can, else at once."""
    async with operating(call, vm, "shutdown"):
        row = call.pool.db.row("VM", vm)
        is_clean = row["power_state"] == lifecycle.RUNNING and lifecycle.has_feature(
            call.pool.db, row["guest_metrics"], ("feature-shutdown", "feature-poweroff")
        )
        await call.spend(CLEAN_SHUTDOWN_S if is_clean else HARD_SHUTDOWN_S)
        _stop(call.pool, vm, "shutdown" if is_clean else "shutdown forcibly")


async def hard_shutdown(call: Call, vm: str) -> None:
    async with operating(call, vm, "hard_shutdown"):
        interrupt(call, vm, _GIVE_WAY)
        await call.spend(HARD_SHUTDOWN_S, can_cancel=False)
        _stop(call.pool, vm, "shutdown forcibly")


async def clean_reboot(call: Call, vm: str) -> None:
    async with operating(call, vm, "clean_reboot"):
        await call.spend(CLEAN_SHUTDOWN_S + START_S)
        _restart(call.pool, vm, "rebooted cleanly")


async def hard_reboot(call: Call, vm: str) -> None:
    async with operating(call, vm, "hard_reboot"):
        interrupt(call, vm, _GIVE_WAY - {"hard_reboot"})
        await call.spend(HARD_SHUTDOWN_S + START_S, can_cancel=False)
        _restart(call.pool, vm, "rebooted forcibly")


async def pause(call: Call, vm: str) -> None:
    async with operating(call, vm, "pause"):
        await call.spend(PAUSE_S, can_cancel=False)
        call.pool.db.set("VM", vm, power_state=lifecycle.PAUSED)
        post(call.pool, "VM_PAUSED", "VM", vm, f"{_named(call.pool, vm)} paused")


async def unpause(call: Call, vm: str) -> None:
    async with operating(call, vm, "unpause"):
        await call.spend(PAUSE_S, can_cancel=False)
        call.pool.db.set("VM", vm, power_state=lifecycle.RUNNING)
        guests.expect(call.pool, vm)
        post(call.pool, "VM_UNPAUSED", "VM", vm, f"{_named(call.pool, vm)} unpaused")


async def suspend(call: Call, vm: str) -> None:
    async with operating(call, vm, "suspend"):
        await call.spend(SUSPEND_S)
        domains.suspend(call.pool, vm, save_memory(call.pool, vm))
        post(call.pool, "VM_SUSPENDED", "VM", vm, f"{_named(call.pool, vm)} suspended")


async def resume(call: Call, vm: str, start_paused: bool, force: bool) -> None:  # noqa: ARG001
    async with operating(call, vm, "resume"):
        await _resume(call, vm, placement.chosen_host(call.pool, vm), is_paused=start_paused)


async def resume_on(call: Call, vm: str, host: str, start_paused: bool, force: bool) -> None:  # noqa: ARG001
    call.pool.db.row("host", host)
    async with operating(call, vm, "resume_on"):
        _assert_takes(call.pool, host)
        _assert_fits(call.pool, vm, host)
        await _resume(call, vm, host, is_paused=start_paused)


async def power_state_reset(call: Call, vm: str) -> None:
    """Take a VM for halted, whatever it does."""
    async with operating(call, vm, "power_state_reset"):
        if call.pool.db.get("VM", vm, "power_state") != lifecycle.HALTED:
            domains.halt(call.pool, vm)


async def pool_migrate(call: Call, vm: str, host: str, options: Mapping[str, str]) -> None:
    del options
    call.pool.db.row("host", host)
    async with operating(call, vm, "pool_migrate"):
        if call.pool.db.get("VM", vm, "resident_on") != host:
            _assert_takes(call.pool, host)
            _assert_fits(call.pool, vm, host)
            await _migrate(call, vm, host)


async def migrate_away(call: Call, vm: str, host: str) -> None:
    """Move a running VM from a host to any other that can take it; one that is paused moves as it is.

    Raises:
        XapiError: NO_HOSTS_AVAILABLE.
    """
    async with operating(call, vm, "pool_migrate"):
        others = [one for one in placement.possible_hosts(call.pool.db, vm) if one != host]
        if not others:
            raise XapiError("NO_HOSTS_AVAILABLE")
        await _migrate(call, vm, max(others, key=lambda one: placement.free_memory(call.pool.db, one)))


async def _migrate(call: Call, vm: str, host: str) -> None:
    pool, db = call.pool, call.pool.db
    origin = db.get("VM", vm, "resident_on")
    domains.reserve(pool, vm, host)
    try:
        await carry_memory(call, vm, pool, host)
        domains.relocate(pool, vm, host)
        before, after = (db.get("host", one, "name_label") for one in (origin, host))
        post(pool, "VM_MIGRATED", "VM", vm, f"{_named(pool, vm)} migrated from {before} to {after}")
    finally:
        domains.release(pool, vm)
        placement.refresh_memory(db, origin)


async def carry_memory(call: Call, vm: str, there: Pool, host: str, *, start: float = 0.0, end: float = 1.0) -> None:
    """Let the time pass that the memory of a VM takes to a host, perhaps of another pool; raises as `carry` does."""
    row = call.pool.db.row("VM", vm)
    await call.spend(MIGRATION_SETUP_S, start=start, end=start)
    ends = ((call.pool.memory_traffic, str(row["resident_on"])), (there.memory_traffic, host))
    await carry(call, int(row["memory_target"] or row["memory_dynamic_max"]), ends, start=start, end=end)


async def assert_operation_valid(call: Call, vm: str, op: str) -> None:
    error = lifecycle.refusal(call.pool.db, vm, op)
    if error is not None:
        raise error


async def update_allowed_operations(call: Call, vm: str) -> None:
    call.pool.db.row("VM", vm)
    refresh_machine(call.pool, vm)


def save_memory(pool: Pool, vm: str) -> str:
    """Write the memory of a VM to a new disk and return that.

    Raises:
        XapiError: VM_NO_SUSPEND_SR; SR_BACKEND_FAILURE_44.
    """
    row = pool.db.row("VM", vm)
    srs = (
        row["suspend_SR"],
        pool.db.get("host", row["resident_on"], "suspend_image_sr") if row["resident_on"] != NULL else NULL,
        pool.db.get("pool", pool.ref, "suspend_image_SR"),
    )
    sr = next((sr for sr in srs if pool.db.exists("SR", sr)), None)
    if sr is None:
        raise XapiError("VM_NO_SUSPEND_SR", vm)
    size = int(row["memory_dynamic_max"])
    return storage.add_disk(
        pool,
        sr,
        name_label="Suspend image",
        name_description="Suspend image",
        virtual_size=size,
        written_bytes=size,
        type="suspend",
        other_config={"content_id": row["uuid"]},
    )


async def _start(call: Call, vm: str, host: str, *, is_paused: bool) -> None:
    pool = call.pool
    _assert_disks_free(pool, vm)
    guests.forget(pool, vm)
    domains.reserve(pool, vm, host)
    try:
        await call.spend(START_S)
        domains.run(pool, vm, host, is_paused=is_paused)
    finally:
        domains.release(pool, vm)
    guests.expect(pool, vm)
    post(pool, "VM_STARTED", "VM", vm, f"{_named(pool, vm)} started on host: {_host_named(pool, host)}")
    _let_restart(pool, vm, is_wanted=True)
    await call.spend(float(pool.db.get("VM", vm, "start_delay")), start=1.0)


async def _resume(call: Call, vm: str, host: str, *, is_paused: bool) -> None:
    pool = call.pool
    domains.reserve(pool, vm, host)
    try:
        await call.spend(RESUME_S)
        image = pool.db.get("VM", vm, "suspend_VDI")
        domains.run(pool, vm, host, is_paused=is_paused)
        pool.db.set("VM", vm, suspend_VDI=NULL)
        if pool.db.exists("VDI", image):
            storage.remove_disk(pool, image)
    finally:
        domains.release(pool, vm)
    guests.expect(pool, vm)
    post(pool, "VM_RESUMED", "VM", vm, f"{_named(pool, vm)} resumed on host: {_host_named(pool, host)}")


def _stop(pool: Pool, vm: str, words: str) -> None:
    """Halt a VM, if another operation has not done so meanwhile."""
    if pool.db.get("VM", vm, "power_state") == lifecycle.HALTED:
        return
    image = pool.db.get("VM", vm, "suspend_VDI")
    domains.halt(pool, vm)
    if pool.db.exists("VDI", image):
        storage.remove_disk(pool, image)
    _let_restart(pool, vm, is_wanted=False)
    post(pool, "VM_SHUTDOWN", "VM", vm, f"{_named(pool, vm)} {words}")


def _restart(pool: Pool, vm: str, words: str) -> None:
    domains.restart(pool, vm)
    guests.expect(pool, vm)
    post(pool, "VM_REBOOTED", "VM", vm, f"{_named(pool, vm)} {words}")


def _let_restart(pool: Pool, vm: str, *, is_wanted: bool) -> None:
    """Note whether HA is to start a VM again, if it is one of those, and what that makes of the plan."""
    if pool.db.get("VM", vm, "ha_restart_priority") == availability.RESTART:
        pool.db.set("VM", vm, ha_always_run=is_wanted)
        availability.refresh_plan(pool)


def _named(pool: Pool, vm: str) -> str:
    return f"VM '{pool.db.get('VM', vm, 'name_label')}' (uuid: {pool.db.get('VM', vm, 'uuid')})"


def _host_named(pool: Pool, host: str) -> str:
    return f"{pool.db.get('host', host, 'name_label')} (uuid: {pool.db.get('host', host, 'uuid')})"


def _assert_takes(pool: Pool, host: str) -> None:
    """Let pass a host that is not being emptied."""
    if "evacuate" in pool.db.get("host", host, "current_operations").values():
        raise XapiError("HOST_EVACUATE_IN_PROGRESS", host)


def _assert_fits(pool: Pool, vm: str, host: str) -> None:
    error = placement.obstacle(pool.db, vm, host)
    if error is not None:
        raise error


def _assert_disks_free(pool: Pool, vm: str) -> None:
    db = pool.db
    for vbd in db.get("VM", vm, "VBDs"):
        vdi = db.get("VBD", vbd, "VDI")
        row = db.row("VBD", vbd)
        if row["type"] == "Disk" and row["mode"] == "RO" and db.get("VM", vm, "domain_type") == "hvm":
            raise XapiError("DISK_VBD_MUST_BE_READWRITE_FOR_HVM", vbd)
        if not db.exists("VDI", vdi) or db.get("VDI", vdi, "sharable") or db.get("VBD", vbd, "mode") == "RO":
            continue
        if any(db.get("VBD", other, "currently_attached") for other in db.get("VDI", vdi, "VBDs") if other != vbd):
            raise XapiError("VDI_IN_USE", vdi)


CALLS: Mapping[str, Handler] = {
    "VM.start": start,
    "VM.start_on": start_on,
    "VM.clean_shutdown": clean_shutdown,
    "VM.shutdown": shutdown,
    "VM.hard_shutdown": hard_shutdown,
    "VM.clean_reboot": clean_reboot,
    "VM.hard_reboot": hard_reboot,
    "VM.pause": pause,
    "VM.unpause": unpause,
    "VM.suspend": suspend,
    "VM.resume": resume,
    "VM.resume_on": resume_on,
    "VM.power_state_reset": power_state_reset,
    "VM.pool_migrate": pool_migrate,
    "VM.assert_operation_valid": assert_operation_valid,
    "VM.update_allowed_operations": update_allowed_operations,
}
