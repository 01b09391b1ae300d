"""Every call that somebody has written a handler for."""

from collections.abc import Mapping
from types import MappingProxyType

from xsconsole.simpool import (
    appliances,
    blobs,
    cloning,
    data_source_calls,
    destination,
    drives,
    events,
    host_calls,
    interfaces,
    machine_calls,
    machine_setters,
    messages,
    migration,
    networks,
    placement,
    power,
    session_calls,
    snapshots,
    srs,
    storage,
    task_calls,
    xva_fetch,
)
from xsconsole.simpool.calls import Handler

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        **appliances.CALLS,
        **blobs.CALLS,
        **cloning.CALLS,
        **data_source_calls.CALLS,
        **destination.CALLS,
        **drives.CALLS,
        **events.CALLS,
        **host_calls.CALLS,
        **interfaces.CALLS,
        **machine_calls.CALLS,
        **machine_setters.CALLS,
        **messages.CALLS,
        **migration.CALLS,
        **networks.CALLS,
        **placement.CALLS,
        **power.CALLS,
        **session_calls.CALLS,
        **snapshots.CALLS,
        **srs.CALLS,
        **storage.CALLS,
        **task_calls.CALLS,
        **xva_fetch.CALLS,
    }
)
