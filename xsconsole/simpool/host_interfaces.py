"""PIFs: what connects hosts to networks; plugged, configured, bonded, tunnelled."""

import ipaddress
from collections.abc import Mapping

from xsconsole.simpool.addresses import is_mac
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL
from xsconsole.simpool.networks import add_vlan, remove_vlan, trunk_of
from xsconsole.simpool.pool import Pool

PLUG_S = 0.2


async def plug(call: Call, pif: str) -> None:
    row = call.pool.db.row("PIF", pif)
    if row["bond_slave_of"] != NULL:
        raise XapiError("CANNOT_PLUG_BOND_SLAVE", pif)
    await call.spend(PLUG_S, can_cancel=False)
    call.pool.db.set("PIF", pif, currently_attached=True)


async def unplug(call: Call, pif: str) -> None:
    db, row = call.pool.db, call.pool.db.row("PIF", pif)
    if row["management"]:
        raise XapiError("PIF_IS_MANAGEMENT_INTERFACE", pif)
    if row["disallow_unplug"]:
        raise XapiError("PIF_DOES_NOT_ALLOW_UNPLUG", pif)
    for vif in db.get("network", row["network"], "VIFs"):
        vm = db.get("VIF", vif, "VM")
        if db.get("VIF", vif, "currently_attached") and db.get("VM", vm, "resident_on") == row["host"]:
            raise XapiError("VIF_IN_USE", row["network"], vif)
    await call.spend(PLUG_S, can_cancel=False)
    db.set("PIF", pif, currently_attached=False)


async def reconfigure_ip(call: Call, pif: str, mode: str, ip: str, netmask: str, gateway: str, dns: str) -> None:
    if mode == "Static":
        for name, value in (("IP", ip), ("netmask", netmask), *([("gateway", gateway)] if gateway else [])):
            _assert_address(name, value)
    await call.spend(PLUG_S, can_cancel=False)
    values = {"IP": ip, "netmask": netmask, "gateway": gateway, "DNS": dns}
    shown = values if mode == "Static" else dict.fromkeys(values, "")
    call.pool.db.set("PIF", pif, ip_configuration_mode=mode, **shown)


async def reconfigure_ipv6(call: Call, pif: str, mode: str, ip: str, gateway: str, dns: str) -> None:
    if mode == "Static":
        try:
            ipaddress.IPv6Interface(ip)
        except ValueError as failure:
            raise XapiError("INVALID_IP_ADDRESS_SPECIFIED", "IPv6") from failure
    await call.spend(PLUG_S, can_cancel=False)
    is_static = mode == "Static"
    call.pool.db.set(
        "PIF",
        pif,
        ipv6_configuration_mode=mode,
        IPv6=(ip if is_static else "",),
        ipv6_gateway=gateway if is_static else "",
        DNS=dns or call.pool.db.get("PIF", pif, "DNS"),
    )


async def set_property(call: Call, pif: str, name: str, value: str) -> None:
    row = call.pool.db.row("PIF", pif)
    if row["VLAN"] >= 0:
        raise XapiError("CANNOT_CHANGE_PIF_PROPERTIES", pif)
    if name != "gro" or value not in ("on", "off"):
        raise XapiError("INVALID_VALUE", "properties", f"{name} = {value}")
    call.pool.db.set("PIF", pif, properties={**row["properties"], name: value})


async def introduce(call: Call, host: str, mac: str, device: str, managed: bool = True) -> str:
    """Make known a network card of a host."""
    db = call.pool.db
    db.row("host", host)
    if not is_mac(mac):
        raise XapiError("MAC_INVALID", mac)
    if db.find("PIF", host=host, device=device, physical=True):
        raise XapiError("DUPLICATE_PIF_DEVICE_NAME", device)
    metrics = db.create("PIF_metrics", carrier=True, speed=10_000, duplex=True, last_updated=call.pool.clock.now())
    bridge = f"xenbr{''.join(letter for letter in device if letter.isdigit()) or device}"
    found = db.find("network", bridge=bridge)
    network = found[0] if found else db.create("network", name_label=f"Network on {device}", bridge=bridge)
    return db.create(
        "PIF",
        device=device,
        network=network,
        host=host,
        MAC=mac,
        MTU=1500,
        VLAN=-1,
        metrics=metrics,
        physical=True,
        managed=managed,
        IPv6=("",),
        properties={"gro": "on"},
    )


async def forget(call: Call, pif: str) -> None:
    db, row = call.pool.db, call.pool.db.row("PIF", pif)
    if row["management"]:
        raise XapiError("PIF_IS_MANAGEMENT_INTERFACE", pif)
    if row["VLAN"] >= 0:
        raise XapiError("PIF_IS_VLAN", pif)
    if row["VLAN_slave_of"]:
        raise XapiError("PIF_VLAN_STILL_EXISTS", pif)
    if row["tunnel_transport_PIF_of"]:
        raise XapiError("PIF_TUNNEL_STILL_EXISTS", pif)
    if row["bond_slave_of"] != NULL or row["bond_master_of"]:
        raise XapiError("PIF_ALREADY_BONDED", pif)
    if db.exists("PIF_metrics", row["metrics"]):
        db.destroy("PIF_metrics", row["metrics"])
    db.destroy("PIF", pif)


async def scan(call: Call, host: str) -> None:
    call.pool.db.row("host", host)


async def create_vlan(call: Call, device: str, network: str, host: str, tag: int) -> str:
    """Connect a network as a VLAN, by the older call; return the PIF."""
    vlan = add_vlan(call.pool, trunk_of(call.pool, host, device), tag, network)
    return str(call.pool.db.get("VLAN", vlan, "untagged_PIF"))


async def destroy_vlan(call: Call, pif: str) -> None:
    row = call.pool.db.row("PIF", pif)
    if row["VLAN"] < 0:
        raise XapiError("PIF_IS_PHYSICAL", pif)
    remove_vlan(call.pool, row["VLAN_master_of"])


async def create_bond(
    call: Call,
    network: str,
    members: tuple[str, ...],
    mac: str,
    mode: str = "balance-slb",
    properties: Mapping[str, str] | None = None,
) -> str:
    """Bond network cards of one host; an address and the management, where one of them has them, move to the bond."""
    pool, db = call.pool, call.pool.db
    db.row("network", network)
    rows = [db.row("PIF", pif) for pif in members]
    if len(members) < 2:
        raise XapiError("PIF_BOND_NEEDS_MORE_MEMBERS")
    if len({row["host"] for row in rows}) > 1:
        raise XapiError("PIF_CANNOT_BOND_CROSS_HOST")
    for pif, row in zip(members, rows, strict=True):
        if row["bond_slave_of"] != NULL:
            raise XapiError("PIF_ALREADY_BONDED", pif)
        if row["VLAN"] >= 0:
            raise XapiError("PIF_VLAN_EXISTS", row["device"])
        if row["tunnel_access_PIF_of"]:
            raise XapiError("IS_TUNNEL_ACCESS_PIF", pif)
    _assert_unconnected(pool, network, rows[0]["host"])
    await call.spend(PLUG_S, can_cancel=False)
    first = next((row for row in rows if row["management"]), rows[0])
    addressed = {name: first[name] for name in ("ip_configuration_mode", "IP", "netmask", "gateway", "DNS")}
    metrics = db.create("PIF_metrics", carrier=True, speed=10_000, duplex=True, last_updated=pool.clock.now())
    taken = _devices(pool, first["host"])
    master = db.create(
        "PIF",
        **addressed,
        device=next(name for name in map("bond{}".format, range(len(taken) + 1)) if name not in taken),
        network=network,
        host=first["host"],
        MAC=mac or first["MAC"],
        MTU=db.get("network", network, "MTU"),
        VLAN=-1,
        metrics=metrics,
        management=first["management"],
        currently_attached=True,
        IPv6=("",),
        properties={"gro": "on"},
    )
    for pif in members:
        db.set("PIF", pif, management=False, ip_configuration_mode="None", IP="", netmask="", gateway="", DNS="")
    bond = db.create(
        "Bond",
        master=master,
        mode=mode,
        properties={"hashing_algorithm": "tcpudp_ports"} | dict(properties or {}) if mode == "lacp" else {},
        links_up=len(members),
        primary_slave=members[0],
    )
    for pif in members:
        db.set("PIF", pif, bond_slave_of=bond)
        _hand_over(pool, pif, master)
    return bond


async def destroy_bond(call: Call, bond: str) -> None:
    db, row = call.pool.db, call.pool.db.row("Bond", bond)
    master = db.row("PIF", row["master"])
    names = ("ip_configuration_mode", "IP", "netmask", "gateway", "DNS", "management")
    heir = row["primary_slave"] if row["primary_slave"] in row["slaves"] else row["slaves"][0]
    kept = {name: master[name] for name in names}
    for pif in row["slaves"]:
        db.set("PIF", pif, bond_slave_of=NULL)
    db.set("PIF", heir, **kept)
    pif = row["master"]
    _hand_over(call.pool, pif, heir)
    db.destroy("Bond", bond)
    db.destroy("PIF", pif)


def _devices(pool: Pool, host: str) -> set[str]:
    return {pool.db.get("PIF", pif, "device") for pif in pool.db.get("host", host, "PIFs")}


def _hand_over(pool: Pool, source: str, target: str) -> None:
    """Let a PIF carry the VLANs and tunnels of another one; a VLAN of which it has the tag already goes."""
    db = pool.db
    device = db.get("PIF", target, "device")
    tags = {db.get("VLAN", vlan, "tag") for vlan in db.get("PIF", target, "VLAN_slave_of")}
    for vlan in db.get("PIF", source, "VLAN_slave_of"):
        if db.get("VLAN", vlan, "tag") in tags:
            remove_vlan(pool, vlan)
            continue
        db.set("VLAN", vlan, tagged_PIF=target)
        db.set("PIF", db.get("VLAN", vlan, "untagged_PIF"), device=device)
    for tunnel in db.get("PIF", source, "tunnel_transport_PIF_of"):
        db.set("tunnel", tunnel, transport_PIF=target)


async def set_bond_property(call: Call, bond: str, name: str, value: str) -> None:
    if call.pool.db.get("Bond", bond, "mode") != "lacp":
        raise XapiError("INVALID_VALUE", "properties", f"{name} = {value}")
    call.pool.db.set("Bond", bond, properties={**call.pool.db.get("Bond", bond, "properties"), name: value})


async def create_tunnel(call: Call, transport: str, network: str, protocol: str = "gre") -> str:
    """Give a network a way through a PIF; as on a real pool only a controller of its own connects the hosts."""
    pool, db = call.pool, call.pool.db
    row = db.row("PIF", transport)
    db.row("network", network)
    for _host, host in db.rows("host"):
        if host["software_version"].get("network_backend") != "openvswitch":
            raise XapiError("OPENVSWITCH_NOT_ACTIVE")
    if row["bond_slave_of"] != NULL:
        raise XapiError("CANNOT_ADD_TUNNEL_TO_BOND_SLAVE", transport)
    if row["tunnel_access_PIF_of"]:
        raise XapiError("IS_TUNNEL_ACCESS_PIF", transport)
    if not row["IP"]:
        raise XapiError("TRANSPORT_PIF_NOT_CONFIGURED", transport)
    if not db.get("network", network, "managed"):
        raise XapiError("NETWORK_UNMANAGED", network)
    _assert_unconnected(pool, network, row["host"])
    taken = _devices(pool, row["host"])
    access = db.create(
        "PIF",
        device=next(name for name in map("tunnel{}".format, range(len(taken) + 1)) if name not in taken),
        network=network,
        host=row["host"],
        MAC="fe:ff:ff:ff:ff:ff",
        MTU=-1,
        VLAN=-1,
        IPv6=("",),
    )
    return db.create(
        "tunnel", access_PIF=access, transport_PIF=transport, protocol=protocol, status={"active": "false"}
    )


async def destroy_tunnel(call: Call, tunnel: str) -> None:
    access = call.pool.db.get("tunnel", tunnel, "access_PIF")
    call.pool.db.destroy("tunnel", tunnel)
    if call.pool.db.exists("PIF", access):
        call.pool.db.destroy("PIF", access)


async def get_management_interface(call: Call, host: str) -> str:
    found = call.pool.db.find("PIF", host=host, management=True)
    if not found:
        raise XapiError("HOST_HAS_NO_MANAGEMENT_IP")
    return found[0]


def _assert_unconnected(pool: Pool, network: str, host: str) -> None:
    for pif in pool.db.get("network", network, "PIFs"):
        if pool.db.get("PIF", pif, "host") == host:
            raise XapiError("NETWORK_ALREADY_CONNECTED", host, pif)


def _assert_address(name: str, value: str) -> None:
    try:
        ipaddress.IPv4Address(value)
    except ValueError as failure:
        raise XapiError("INVALID_IP_ADDRESS_SPECIFIED", name) from failure


CALLS: Mapping[str, Handler] = {
    "PIF.plug": plug,
    "PIF.unplug": unplug,
    "PIF.reconfigure_ip": reconfigure_ip,
    "PIF.reconfigure_ipv6": reconfigure_ipv6,
    "PIF.set_property": set_property,
    "PIF.introduce": introduce,
    "PIF.forget": forget,
    "PIF.scan": scan,
    "PIF.create_VLAN": create_vlan,
    "PIF.destroy": destroy_vlan,
    "Bond.create": create_bond,
    "Bond.destroy": destroy_bond,
    "Bond.set_property": set_bond_property,
    "tunnel.create": create_tunnel,
    "tunnel.destroy": destroy_tunnel,
    "host.get_management_interface": get_management_interface,
}
