"""What fences of a pool are built on: the network that they look out on, its addresses for them, and the originals."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, collapse_addresses

from xsconsole.domain.fence.values import Outside
from xsconsole.domain.ids import Uuid

VLAN_TAGS = range(1, 4095)


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A network that configurations stand on, as its guests know it: XAPI knows neither subnets nor gateways."""

    network: Uuid
    name: str
    subnet: IPv4Network
    gateway: IPv4Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every fence of a pool shares. `pool` are addresses of `subnet` that nobody else has.

    `vlans` are tags, first and last, which nobody else uses and which the switches carry to the cards of the hosts
    on the network `trunk`; a stage may reserve a range of its own. Without any, or without `trunk`, fences stand on one
    host each. `router` is the template of routers.
    """

    outside: Uuid
    outside_name: str
    subnet: IPv4Network
    pool: tuple[IPv4Network, ...]
    gateway: IPv4Address | None = None
    barred: tuple[IPv4Network, ...] = ()
    name_servers: tuple[IPv4Address, ...] = ()
    router: Uuid | None = None
    vlans: tuple[int, int] | None = None
    originals: tuple[Original, ...] = ()
    trunk: Uuid | None = None
    trunk_name: str = ""

    def original(self, network: Uuid) -> Original | None:
        return next((one for one in self.originals if one.network == network), None)

    def free_addresses(self, taken: Iterable[IPv4Address]) -> Iterator[IPv4Address]:
        """Yield the addresses that a fence could have, in ascending order."""
        ends = {self.subnet.network_address, self.subnet.broadcast_address} if self.subnet.prefixlen < 31 else set()
        barred = {*taken, *ends, self.gateway}
        for network in collapse_addresses(self.pool):
            yield from (address for address in network if address not in barred and address in self.subnet)

    def outside_for(self, router: IPv4Address, mac: str) -> Outside:
        """Return what one router sees of it."""
        return Outside(
            subnet=self.subnet,
            router=router,
            mac=mac,
            pool=self.pool,
            gateway=self.gateway,
            barred=self.barred,
            name_servers=self.name_servers,
        )


def logical_of(networks: Iterable[tuple[Uuid, str]]) -> Mapping[Uuid, str]:
    """Return a short name for each network, which no two of them share: two networks of a pool may be called alike."""
    names: dict[Uuid, str] = {}
    for uuid, name in networks:
        if uuid not in names:
            own, number = name or "network", 2
            while own in names.values():
                own, number = f"{name} {number}", number + 1
            names[uuid] = own
    return names
