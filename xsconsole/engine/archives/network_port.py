"""What making networks asks of a pool."""

from collections.abc import Collection
from typing import Protocol

from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import Inventory


class NetworkPort(Protocol):
    """Networks that no interface of a host is on: what is on one meets nothing else. Raises as `PoolPort` does."""

    async def named(self, name: str) -> tuple[Uuid, ...]:
        """Return the networks of exactly this name."""

    async def create(self, name: str, description: str) -> None: ...

    async def tag(self, network: Uuid, cards: Collection[Uuid], vlan: int) -> None:
        """Let the hosts of these cards see a network as a VLAN of them; a host that does already is left as it is."""

    async def untag(self, network: Uuid, vlan: int) -> None:
        """End that on every host; a network that is gone is no error."""

    async def around(
        self, networks: Collection[Uuid], vms: Collection[Uuid], past: Uuid | None, vlans: Collection[int] = ()
    ) -> Inventory:
        """Return what stands on networks and has cards there, from machine to machine, as the pool has it now.

        It goes from these networks and machines to wherever their cards lead, but not on from a network that a host has
        a card on, and not past the machine `past`. Of `vlans` it has every card, and the network that it is on. What is
        gone is left out.
        """

    async def destroy(self, network: Uuid) -> None:
        """Destroy a network; one that is gone is no error. Interfaces of halted machines on it go with it."""
