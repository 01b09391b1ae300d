"""The calls by which another host becomes the coordinator, and by which a host is given up."""

from collections.abc import Mapping

from xsconsole.simpool import availability, host_life, joining, srs
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.hosting import Mode
from xsconsole.simpool.model import NULL
from xsconsole.simpool.placement import refresh_memory
from xsconsole.simpool.succession import Change, Succession

EJECT_S = 2.0


def calls(succession: Succession) -> Mapping[str, Handler]:
    """Return what answers them for the hosts of a pool."""

    async def designate(call: Call, host: str) -> None:
        db = call.pool.db
        if host == call.pool.coordinator:
            db.row("host", host)
            return
        if not db.get("host_metrics", db.get("host", host, "metrics"), "live"):
            raise XapiError("HOST_OFFLINE", host)
        if not db.get("host", host, "enabled"):
            raise XapiError("HOST_DISABLED", host)
        succession.soon(Change(to=host))

    async def take_over(call: Call) -> None:
        """Make the host that was asked the coordinator; it is asked in an emergency, with a session of its own."""
        if call.host != call.pool.coordinator:
            succession.soon(Change(to=call.host, old=succession.mode(call.pool.coordinator)))

    async def follow(call: Call, master_address: str) -> None:
        if master_address != call.pool.db.get("host", call.pool.coordinator, "address"):
            raise XapiError("CANNOT_CONTACT_HOST", master_address)

    async def recover_slaves(call: Call) -> tuple[str, ...]:
        """Return the supporters that follow the coordinator now: those that can be reached."""
        db = call.pool.db
        return tuple(
            host
            for host, row in db.rows("host")
            if host != call.pool.coordinator and db.get("host_metrics", row["metrics"], "live")
        )

    async def eject(call: Call, host: str) -> None:
        """Let a supporter leave the pool; what stood on storage of its own is gone with it, and it answers no more."""
        db = call.pool.db
        row = db.row("host", host)
        if db.get("pool", call.pool.ref, "ha_enabled"):
            raise XapiError("HA_IS_ENABLED")
        if host == call.pool.coordinator:
            raise XapiError("INTERNAL_ERROR", "Xapi_pool.Cannot_eject_master")
        if set(row["resident_VMs"]) - {row["control_domain"]}:
            raise XapiError("OPERATION_NOT_ALLOWED", "VM resident on host")
        await call.spend(EJECT_S, can_cancel=False)
        await succession.be(host, Mode.DEAD)
        own = [db.get("PBD", pbd, "SR") for pbd in row["PBDs"]]
        host_life.forget(call.pool, host)
        for sr in own:
            if not db.get("SR", sr, "PBDs"):
                srs.remove(call.pool, sr)

    async def join(call: Call, address: str, name: str, password: str) -> None:
        """Refuse: what is in the way is told, and where nothing is, hosts here stay in the pools they were made in."""
        await joining.assert_possible(call.pool, address, name, password, is_forced=False)
        raise XapiError("NOT_IMPLEMENTED", "pool.join")

    async def join_by_force(call: Call, address: str, name: str, password: str) -> None:
        """Refuse likewise, whatever software and processors there are."""
        await joining.assert_possible(call.pool, address, name, password, is_forced=True)
        raise XapiError("NOT_IMPLEMENTED", "pool.join_force")

    async def disable_ha_here(call: Call, soft: bool = False) -> None:
        """Turn HA off, by the host that was asked."""
        del soft
        await availability.disable_ha(call)

    async def declare_dead(call: Call, host: str) -> None:
        """Take the VMs of a host that is gone for halted, so that they can start elsewhere."""
        db = call.pool.db
        if db.get("host_metrics", db.get("host", host, "metrics"), "live"):
            raise XapiError("HOST_IS_LIVE", host)
        host_life.lose(call.pool, host)
        for vm in db.find("VM", scheduled_to_be_resident_on=host):
            db.set("VM", vm, scheduled_to_be_resident_on=NULL)
        refresh_memory(db, host)

    return {
        "pool.designate_new_master": designate,
        "pool.emergency_transition_to_master": take_over,
        "pool.emergency_reset_master": follow,
        "pool.recover_slaves": recover_slaves,
        "pool.eject": eject,
        "pool.join": join,
        "pool.join_force": join_by_force,
        "host.emergency_ha_disable": disable_ha_here,
        "host.declare_dead": declare_dead,
    }
