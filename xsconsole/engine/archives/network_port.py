"""What making networks asks of a pool."""

from typing import Protocol

from xsconsole.domain.ids import Uuid


class NetworkPort(Protocol):
    """Networks that no interface of a host is on: what is on one meets nothing else. Raises as `PoolPort` does."""

    async def named(self, name: str) -> tuple[Uuid, ...]:
        """Return the networks of exactly this name."""

    async def create(self, name: str, description: str) -> None: ...

    async def destroy(self, network: Uuid) -> None:
        """Destroy a network; one that is gone is no error. Interfaces of halted machines on it go with it."""
