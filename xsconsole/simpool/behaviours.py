"""Every call that somebody has written a handler for."""

from collections.abc import Mapping
from types import MappingProxyType

from xsconsole.simpool import events, messages, placement, session_calls, storage, task_calls
from xsconsole.simpool.calls import Handler

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        **events.CALLS,
        **session_calls.CALLS,
        **task_calls.CALLS,
        **messages.CALLS,
        **placement.CALLS,
        **storage.CALLS,
    }
)
