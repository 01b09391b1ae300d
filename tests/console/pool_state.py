"""What stands on a pool, read by the plain client and not by the console: for 'as it was before'."""

from typing import Any

from embedded import EmbeddedPool

OURS = "xsconsole."
# Whoever connects first publishes; counters of leases stay; a console anchors its record when it has promoted.
ANYHOW = ("xsconsole.lease.", "xsconsole.workflow.", "xsconsole.anchor.", "xsconsole.sessions.")


def footprint(pool: EmbeddedPool) -> dict[str, Any]:
    """Return all that a run can change, but what comes about anyhow."""
    with pool.plain_session() as session:
        machines = session.xenapi.VM.get_all_records()
        disks = session.xenapi.VDI.get_all_records()
        keys = pool_keys(session)
    return {
        "machines": {
            record["uuid"]: (
                record["name_label"],
                record["power_state"],
                record["is_a_snapshot"],
                _unnumbered(record["other_config"]),
                record["blocked_operations"],
                record["ha_restart_priority"],
            )
            for record in machines.values()
            if not record["is_a_template"] or record["is_a_snapshot"]
        },
        # What is hidden below snapshots goes by itself, some time after they do.
        "disks": {record["uuid"] for record in disks.values() if record["managed"]},
        "keys": _unnumbered({key: text for key, text in keys.items() if not key.startswith(ANYHOW)}),
    }


def _unnumbered(keys: dict[str, str]) -> dict[str, str]:
    """Return keys without their counters: a value that was written back has a higher number."""
    return {(key.rpartition(".")[0] if key.startswith(OURS) else key): text for key, text in keys.items()}


def pool_keys(session: Any) -> dict[str, str]:
    keys: dict[str, str] = session.xenapi.pool.get_other_config(session.xenapi.pool.get_all()[0])
    return keys


def runs_and_held_leases(pool: EmbeddedPool) -> list[str]:
    """Return keys of run records, and of leases whose highest number says `held`."""
    with pool.plain_session() as session:
        keys = pool_keys(session)
    runs = [key for key in keys if key.startswith(f"{OURS}run.")]
    newest: dict[str, int] = {}
    for key in keys:
        if key.startswith(f"{OURS}lease."):
            stem, _, number = key.rpartition(".")
            newest[stem] = max(newest.get(stem, 0), int(number))
    held = [stem for stem, number in newest.items() if '"state":"held"' in keys[f"{stem}.{number}"]]
    return runs + held


def restore_points(pool: EmbeddedPool, name: str) -> list[str]:
    """Return the names of the machines that have a snapshot of a restore point of the configuration, each as often."""
    with pool.plain_session() as session:
        machines = session.xenapi.VM.get_all_records()
    return sorted(
        machines[record["snapshot_of"]]["name_label"]
        for record in machines.values()
        if record["is_a_snapshot"] and record["name_label"].startswith(f"{name} before")
    )
