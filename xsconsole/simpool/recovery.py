"""What a pool puts in order when it comes back from a file: nothing is under way any more."""

from xsconsole.simpool import attachments, domains, guests, lifecycle, placement
from xsconsole.simpool.operations import refresh_machine
from xsconsole.simpool.pool import Pool


def recover(pool: Pool) -> None:
    """Give up reservations and operations that ended with the process, and wait for the agents of running guests.

    To be called on the loop that will serve the pool.
    """
    db = pool.db
    attachments.detach_all(pool)
    interrupted = {vm for vm, row in db.rows("VM") if row["current_operations"]}
    for name, cls in db.model.classes.items():
        if "current_operations" in cls.fields:
            for ref, row in db.rows(name):
                if row["current_operations"]:
                    db.set(name, ref, current_operations={})
                    pool.refresh_allowed_operations(name, ref)
    for vm in interrupted:
        refresh_machine(pool, vm)
    for vm, row in db.rows("VM"):
        domains.release(pool, vm)
        if row["power_state"] == lifecycle.RUNNING and not db.exists("VM_guest_metrics", row["guest_metrics"]):
            guests.expect(pool, vm)
    for appliance in db.refs("VM_appliance"):
        pool.refresh_allowed_operations("VM_appliance", appliance)
    # Somebody has to answer: the coordinator is there again, whatever was before.
    db.set("host_metrics", db.get("host", pool.coordinator, "metrics"), live=True)
    for host in db.refs("host"):
        placement.refresh_memory(db, host)
