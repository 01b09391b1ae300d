"""Every call that somebody has written a handler for."""

from collections.abc import Mapping
from types import MappingProxyType

from xsconsole.simpool import (
    appliances,
    attachments,
    availability,
    cloning,
    disk_changes,
    drives,
    events,
    host_calls,
    host_interfaces,
    host_life,
    interfaces,
    live_changes,
    machine_calls,
    machine_setters,
    messages,
    networks,
    passthrough,
    placement,
    pool_calls,
    power,
    role_calls,
    session_calls,
    snapshots,
    srs,
    storage,
    task_calls,
)
from xsconsole.simpool.calls import Handler

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        **appliances.CALLS,
        **role_calls.CALLS,
        **pool_calls.CALLS,
        **live_changes.CALLS,
        **host_life.CALLS,
        **host_interfaces.CALLS,
        **disk_changes.CALLS,
        **availability.CALLS,
        **attachments.CALLS,
        **cloning.CALLS,
        **drives.CALLS,
        **events.CALLS,
        **host_calls.CALLS,
        **interfaces.CALLS,
        **machine_calls.CALLS,
        **machine_setters.CALLS,
        **messages.CALLS,
        **networks.CALLS,
        **passthrough.CALLS,
        **placement.CALLS,
        **power.CALLS,
        **session_calls.CALLS,
        **snapshots.CALLS,
        **srs.CALLS,
        **storage.CALLS,
        **task_calls.CALLS,
    }
)
