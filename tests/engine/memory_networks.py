"""The part of the port on the pool of values that makes networks."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any

from tests.engine.memory_pool import MemoryPool
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import Inventory, Network

Do = Callable[..., Awaitable[Any]]


@dataclass(slots=True)
class MemoryNetworks:
    """Networks of the pool of values."""

    pool: MemoryPool
    do: Do

    async def named(self, name: str) -> tuple[Uuid, ...]:
        found: tuple[Uuid, ...] = await self.do("networks_named", lambda: tuple(self._named(name)))
        return found

    def _named(self, name: str) -> list[Uuid]:
        networks = (record for record in self.pool.records.values() if isinstance(record, Network))
        return [network.uuid for network in networks if network.name_label == name]

    async def create(self, name: str, description: str) -> None:
        await self.do("create_network", lambda: self.pool.add_network(name))

    async def around(self, networks: Collection[Uuid], vms: Collection[Uuid], past: Uuid | None) -> Inventory:
        """Return everything there is: the proof goes its own way over it."""
        found: Inventory = await self.do("around", self.pool.inventory)
        return found

    async def destroy(self, network: Uuid) -> None:
        await self.do("destroy_network", lambda: self.pool.remove_network(network))
