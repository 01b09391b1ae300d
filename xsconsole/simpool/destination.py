"""Where a VM is to go, and why it cannot: the checks before a migration with its storage, in XAPI's order."""

from collections.abc import Mapping
from dataclasses import dataclass

from xsconsole.simpool import lifecycle, machines, placement
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL
from xsconsole.simpool.pool import Pool

MOST_AT_ONCE = 3

_IMMOVABLE_TYPES = frozenset(("iso", "udev"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A host of a pool, and what becomes of each disk and interface there."""

    pool: Pool
    host: str
    is_inside: bool
    is_copy: bool
    srs: Mapping[str, str]
    networks: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a client asks for."""

    dest: Mapping[str, str]
    vdi_map: Mapping[str, str]
    vif_map: Mapping[str, str]
    options: Mapping[str, str]


async def receive(call: Call, host: str, network: str, options: Mapping[str, str]) -> dict[str, str]:
    """Prepare a host for a VM from elsewhere, with a session for whoever sends it."""
    del options
    db = call.pool.db
    address = db.get("host", host, "address")
    pifs = [pif for pif in db.get("network", network, "PIFs") if db.get("PIF", pif, "host") == host]
    if not pifs:
        raise XapiError("HOST_CANNOT_ATTACH_NETWORK", host, network)
    pif = db.row("PIF", pifs[0])
    if pif["ip_configuration_mode"] == "None":
        raise XapiError("PIF_HAS_NO_NETWORK_CONFIGURATION", pifs[0])
    if not pif["IP"]:
        raise XapiError("INTERFACE_HAS_NO_IP", pifs[0])
    session = call.pool.sessions.begin(call.session.user, call.session.originator).ref
    coordinator = db.get("host", call.pool.coordinator, "address")
    return {
        "SM": f"http://{pif['IP']}/services/SM?session_id={session}",
        "host": host,
        "xenops": f"http://{address}/services/xenops?session_id={session}",
        "session_id": session,
        "master": f"http://{coordinator}/",
    }


def destination(call: Call, vm: str, wish: Wish) -> Destination:
    """Return where a VM can go.

    Raises:
        XapiError: why it cannot go there, or what the maps lack.
    """
    here, row = call.pool, call.pool.db.row("VM", vm)
    there = _pool_of(here, wish.dest)
    host, is_copy = wish.dest["host"], wish.options.get("copy") == "true"
    is_inside = there is here
    if is_copy and is_inside:
        raise XapiError("OPERATION_NOT_ALLOWED", "Cannot copy a VM within a pool: use VM.copy")
    if is_copy and row["power_state"] != lifecycle.HALTED:
        raise lifecycle.bad_power_state(vm, frozenset((lifecycle.HALTED,)), row["power_state"])
    if is_inside and wish.vif_map:
        raise XapiError("OPERATION_NOT_ALLOWED", "VIF mapping is not allowed for intra-pool migration")
    _assert_receives(vm, here, there, host)
    srs = _srs(call.pool, vm, there, host, wish.vdi_map, is_inside=is_inside, is_copy=is_copy)
    networks = {} if is_inside else _networks(here, vm, there, host, wish.vif_map, is_copy=is_copy)
    _assert_disks_move(here, srs)
    if row["power_state"] == lifecycle.RUNNING:
        _assert_memory(here, vm, there, host)
    if not is_inside and not is_copy:
        _assert_new(here, vm, there)
    return Destination(pool=there, host=host, is_inside=is_inside, is_copy=is_copy, srs=srs, networks=networks)


async def assert_can_migrate(
    call: Call,
    vm: str,
    dest: Mapping[str, str],
    live: bool,
    vdi_map: Mapping[str, str],
    vif_map: Mapping[str, str],
    options: Mapping[str, str],
    vgpu_map: Mapping[str, str] | None = None,
) -> None:
    del live, vgpu_map  # There are no virtual graphics, and what runs can always stay running.
    error = lifecycle.refusal(call.pool.db, vm, "migrate_send")
    if error is not None:
        raise error
    destination(call, vm, Wish(dest=dest, vdi_map=vdi_map, vif_map=vif_map, options=options))


def family(pool: Pool, vm: str) -> tuple[str, ...]:
    """Return a VM and its snapshots, which go where it goes."""
    return (vm, *pool.db.get("VM", vm, "snapshots"))


def disks_of(pool: Pool, vm: str) -> tuple[str, ...]:
    """Return the disks of a VM, that of its memory among them."""
    image = pool.db.get("VM", vm, "suspend_VDI")
    return (*machines.disks(pool, vm), *((image,) if pool.db.exists("VDI", image) else ()))


def _pool_of(here: Pool, dest: Mapping[str, str]) -> Pool:
    missing = next((key for key in ("host", "session_id", "master", "SM", "xenops") if key not in dest), None)
    if missing is not None:
        raise XapiError("INTERNAL_ERROR", f"Not_found: the destination has no {missing}")
    there = here.neighbours.at(dest["master"])
    here.neighbours.at(dest["SM"])
    there.sessions.check(dest["session_id"])
    there.db.row("host", dest["host"])
    return there


def _assert_receives(vm: str, here: Pool, there: Pool, host: str) -> None:
    row = there.db.row("host", host)
    if not there.db.get("host_metrics", row["metrics"], "live"):
        raise XapiError("CANNOT_CONTACT_HOST", row["address"])
    if row["license_params"].get("restrict_storage_xen_motion") == "true":
        raise XapiError("LICENCE_RESTRICTION", "Storage_motion")
    if there.release.rank < here.release.rank:
        # The model names the parameters the other way round; this is how they are raised.
        raise XapiError("VM_HOST_INCOMPATIBLE_VERSION_MIGRATE", vm, host)
    if not row["enabled"]:
        raise XapiError("HOST_DISABLED", host)


def _srs(
    here: Pool,
    vm: str,
    there: Pool,
    host: str,
    vdi_map: Mapping[str, str],
    *,
    is_inside: bool,
    is_copy: bool,
) -> dict[str, str]:
    """Return the SR for each disk of a VM and its snapshots; those of snapshots follow what they were taken of."""
    found = dict(vdi_map)
    for vdi, sr in found.items():
        here.db.row("VDI", vdi)
        there.db.row("SR", sr)
    for vdi in machines.disks(here, vm):
        if vdi not in found and is_inside and _sees(there, host, here.db.get("VDI", vdi, "SR")):
            found[vdi] = here.db.get("VDI", vdi, "SR")
        if vdi not in found:
            raise XapiError("VDI_NOT_IN_MAP", vdi)
    for one in () if is_copy else family(here, vm):
        for vdi in disks_of(here, one):
            if vdi not in found:
                parent = here.db.get("VDI", vdi, "snapshot_of")
                own = here.db.get("VDI", vdi, "SR") if is_inside else NULL
                found[vdi] = found.get(parent) or _default(there, vdi, own)
    for sr in found.values():
        if not _sees(there, host, sr):
            raise XapiError("VM_REQUIRES_SR", vm, sr)
    return found


def _default(there: Pool, vdi: str, own: str) -> str:
    row = there.db.row("pool", there.ref)
    for sr in (own, row["suspend_image_SR"], row["default_SR"]):
        if there.db.exists("SR", sr):
            return str(sr)
    raise XapiError("VDI_NOT_IN_MAP", vdi)


def _networks(
    here: Pool, vm: str, there: Pool, host: str, vif_map: Mapping[str, str], *, is_copy: bool
) -> dict[str, str]:
    """Return the network for each interface; an interface of a snapshot goes where the one with its address goes."""
    found = dict(vif_map)
    for vif, network in found.items():
        here.db.row("VIF", vif)
        if not placement.sees_network(there.db, host, network):
            raise XapiError("HOST_CANNOT_ATTACH_NETWORK", host, network)
    by_mac = {here.db.get("VIF", vif, "MAC"): network for vif, network in found.items()}
    for one in (vm,) if is_copy else family(here, vm):
        for vif in here.db.get("VM", one, "VIFs"):
            if vif not in found:
                mac = here.db.get("VIF", vif, "MAC")
                if mac not in by_mac:
                    raise XapiError("VIF_NOT_IN_MAP", vif)
                found[vif] = by_mac[mac]
    return found


def _assert_disks_move(here: Pool, srs: Mapping[str, str]) -> None:
    for vdi, target in srs.items():
        row = here.db.row("VDI", vdi)
        if row["SR"] == target:
            continue
        if here.db.get("SR", row["SR"], "type") in _IMMOVABLE_TYPES:
            raise XapiError("SR_DOES_NOT_SUPPORT_MIGRATION", row["SR"])
        if row["on_boot"] == "reset":
            raise XapiError("VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION")
        if row["cbt_enabled"]:
            raise XapiError("VDI_CBT_ENABLED", vdi)


def _assert_memory(here: Pool, vm: str, there: Pool, host: str) -> None:
    if there is here and here.db.get("VM", vm, "resident_on") == host:
        return
    needed, free = placement.needed_memory(here.db, vm), placement.free_memory(there.db, host)
    if needed > free:
        raise XapiError("HOST_NOT_ENOUGH_FREE_MEMORY", needed, max(0, free))


def _assert_new(here: Pool, vm: str, there: Pool) -> None:
    """Let pass a VM that is not there already, by its uuid or by the seed of its addresses."""
    row = here.db.row("VM", vm)
    seed = row["other_config"].get("mac_seed")
    for _ref, other in there.db.rows("VM"):
        if other["uuid"] == row["uuid"]:
            raise XapiError("DUPLICATE_VM", row["uuid"])
        if seed and not other["is_a_snapshot"] and other["other_config"].get("mac_seed") == seed:
            raise XapiError("DUPLICATE_MAC_SEED", seed)


def _sees(pool: Pool, host: str, sr: str) -> bool:
    plugs = (pool.db.row("PBD", pbd) for pbd in pool.db.get("SR", sr, "PBDs"))
    return any(plug["host"] == host and plug["currently_attached"] for plug in plugs)


CALLS: Mapping[str, Handler] = {"host.migrate_receive": receive, "VM.assert_can_migrate": assert_can_migrate}
