"""The part of the port on the pool of values that makes networks."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any

import msgspec

from tests.engine.memory_pool import MemoryPool
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import PIF, VIF, Inventory, Network

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

    async def tag(self, network: Uuid, cards: Collection[Uuid], vlan: int) -> None:
        await self.do("tag", lambda: self._add_vlan(network, cards, vlan))

    async def untag(self, network: Uuid, vlan: int) -> None:
        await self.do("untag", lambda: self._remove_vlan(network, vlan))

    async def around(
        self, networks: Collection[Uuid], vms: Collection[Uuid], past: Uuid | None, vlans: Collection[int] = ()
    ) -> Inventory:
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

    def _add_vlan(self, network: Uuid, cards: Collection[Uuid], tag: int) -> None:
        """Let the host of each card see a network as a VLAN; one that does already is left as it is."""
        (found,) = (one for one in self.pool.records.values() if one.uuid == network and isinstance(one, Network))
        having = {self.pool.records[ref].host for ref in found.PIFs}
        trunks = [one for one in self.pool.records.values() if isinstance(one, PIF) and one.uuid in cards]
        made = [
            self.pool.put_anew(
                PIF(ref=found.ref, uuid=Uuid(""), device=one.device, VLAN=tag, host=one.host, network=found.ref)
            )
            for one in trunks
            if one.host not in having
        ]
        self.pool.put(msgspec.structs.replace(found, PIFs=(*found.PIFs, *(one.ref for one in made))))

    def _remove_vlan(self, network: Uuid, tag: int) -> None:
        for found in [one for one in self.pool.records.values() if one.uuid == network and isinstance(one, Network)]:
            gone = [self.pool.records[ref] for ref in found.PIFs if tag == self.pool.records[ref].VLAN]
            kept = tuple(ref for ref in found.PIFs if ref not in {one.ref for one in gone})
            self.pool.put(msgspec.structs.replace(found, PIFs=kept))
            for pif in gone:
                self.pool.drop_record(pif)
