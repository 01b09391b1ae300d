"""Two fences of one original, as values and as stations of the lab: same MAC addresses and IP addresses inside."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from xsconsole.domain.fence.router import router_files
from xsconsole.domain.fence.values import Fence, FenceMode, Foothold, Outside, Segment, Services

FRONT, BACK = "front", "back"
SUBNETS = {FRONT: IPv4Network("10.0.0.0/24"), BACK: IPv4Network("10.0.1.0/24")}
GATEWAYS = {logical: subnet[1] for logical, subnet in SUBNETS.items()}
OUTSIDE = IPv4Network("192.168.50.0/24")
POOL = IPv4Network("192.168.50.64/26")
PRODUCTION = IPv4Address("192.168.50.200")  # barred
COLLEAGUE = IPv4Address("192.168.50.10")
WEB, OTHER_WEB, DB = "web-1", "web-2", "db-1"
INSIDE = {
    WEB: Foothold(member=WEB, logical=FRONT, mac="aa:00:00:00:00:05", address=SUBNETS[FRONT][5]),
    OTHER_WEB: Foothold(member=OTHER_WEB, logical=FRONT, mac="aa:00:00:00:00:07", address=SUBNETS[FRONT][7]),
    DB: Foothold(member=DB, logical=BACK, mac="aa:00:00:00:00:06", address=SUBNETS[BACK][6]),
}
INSIDE_MACS = {one.mac for one in INSIDE.values()}
HOSTS = {"colleague": (COLLEAGUE, "ba:00:00:00:00:10"), "production": (PRODUCTION, "ba:00:00:00:00:20")}


def fence(name: str, number: int, mode: FenceMode) -> Fence:
    """Return a fence with a web server in front and a database behind; its outside addresses follow its number."""
    base = POOL[number * 8]
    return Fence(
        name=name,
        mode=mode,
        segments=tuple(
            Segment(logical=one, subnet=SUBNETS[one], gateway=GATEWAYS[one], mac=f"cc:00:00:00:{at:02x}:{number:02x}")
            for at, one in enumerate(SUBNETS, start=1)
        ),
        footholds=tuple(replace(one, outside=base + at) for at, one in enumerate(INSIDE.values(), start=1)),
        outside=Outside(
            subnet=OUTSIDE,
            router=base,
            mac=f"cc:00:00:00:00:{number:02x}",
            pool=(POOL,),
            barred=(IPv4Network(PRODUCTION),),
            name_servers=(COLLEAGUE,),
        ),
        services=Services(has_dhcp=True, has_dns=True, domain="shop.test"),
    )


def in_the_lab(one: Fence) -> dict:
    """Return what the lab builds of a fence: its guests, and the files of its router's disk."""
    files = router_files(one, instance="00000000-0000-4000-8000-000000000001")
    return {
        "name": one.name,
        "segments": [segment.logical for segment in one.segments],
        "routed": [segment.logical for segment in one.routed],
        "guests": [
            {
                "name": foothold.member,
                "logical": foothold.logical,
                "mac": foothold.mac,
                "address": f"{foothold.address}/{SUBNETS[foothold.logical].prefixlen}",
                "also": [f"fe80::a{foothold.mac[-1]}/64"],
                "routes": [f"default via {GATEWAYS[foothold.logical]}"],
            }
            for foothold in one.footholds
        ],
        "router": {"user_data": files.user_data, "network_config": files.network_config},
    }


def host_in_the_lab(name: str, also: tuple[str, ...] = ()) -> dict:
    """Return a machine on the outside network. It knows where the fences' insides would be, and may try them."""
    address, mac = HOSTS[name]
    ways = [f"{subnet} via {POOL[0]}" for subnet in SUBNETS.values()]
    return {"name": name, "mac": mac, "address": f"{address}/24", "also": also, "routes": ways}
