"""What verbs to a configuration as one thing ask of a pool."""

from collections.abc import Callable
from typing import Protocol

from xsconsole.domain.ids import RunId, Uuid

Progress = Callable[[float], None]
"""Called with 0 to 1, on the loop's thread."""


class ServicePort(Protocol):
    """Machines that stay where they are. Raises as `PoolPort` does."""

    async def suspend(self, vm: Uuid, run: RunId, on_progress: Progress) -> None:
        """Write the memory of a running machine to its storage for that, and stop it."""

    async def resume(self, vm: Uuid, run: RunId, on_progress: Progress, host: Uuid | None = None) -> None:
        """Let a suspended machine run on, on a host or, with None, where the pool chooses."""

    async def take_for_off(self, vm: Uuid) -> None:
        """Let the pool take a machine for off, whatever it does. XAPI asks nobody, and starts it again then."""
