"""The part of the port on the pool of values that makes networks."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any

import msgspec

from tests.engine.memory_pool import MemoryPool
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import VIF, Inventory, Network

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
        found: Inventory = await self.do("around", self._everything)
        return found

    def _everything(self) -> Inventory:
        """Let networks name the cards on them, as a real pool does by itself."""
        on: dict[Ref, list[Ref]] = {}
        for record in self.pool.records.values():
            if isinstance(record, VIF):
                on.setdefault(record.network, []).append(record.ref)
        seen = self.pool.copied()
        for record in [one for one in seen.records.values() if isinstance(one, Network)]:
            seen.put(msgspec.structs.replace(record, VIFs=tuple(on.get(record.ref, ()))))
        return seen.inventory()

    async def destroy(self, network: Uuid) -> None:
        await self.do("destroy_network", lambda: self.pool.remove_network(network))
