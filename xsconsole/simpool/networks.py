"""Networks, and the VLANs that connect hosts to them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from xsconsole.simpool import devices
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL
from xsconsole.simpool.pool import Pool

_RESERVED_BRIDGE = re.compile(r"(xen|xapi|vif|tap|eth)")
_BRIDGE_LENGTH = 15
_HIGHEST_TAG = 4094
_DEFAULT_MTU = 1500


async def create(call: Call, args: Mapping[str, Any]) -> str:
    """Create a network; without PIFs it lives on one host at a time."""
    fields = dict(args)
    bridge = fields.get("bridge", "")
    taken = {row["bridge"] for _ref, row in call.pool.db.rows("network")}
    if not bridge:
        fields["bridge"] = next(name for name in map("xapi{}".format, range(len(taken) + 1)) if name not in taken)
    elif len(bridge) > _BRIDGE_LENGTH or _RESERVED_BRIDGE.match(bridge):
        raise XapiError("INVALID_VALUE", "bridge", bridge)
    elif bridge in taken:
        raise XapiError("BRIDGE_NAME_EXISTS", bridge)
    if fields.get("MTU", _DEFAULT_MTU) <= 0:
        fields["MTU"] = _DEFAULT_MTU
    return call.pool.db.create("network", **fields)


async def destroy(call: Call, network: str) -> None:
    """Remove a network, and with it the interfaces of halted VMs that are on it."""
    db, row = call.pool.db, call.pool.db.row("network", network)
    if row["other_config"].get("is_host_internal_management_network") == "true":
        raise XapiError("CANNOT_DESTROY_SYSTEM_NETWORK", network)
    if row["PIFs"]:
        raise XapiError("NETWORK_CONTAINS_PIF", *row["PIFs"])
    attached = tuple(vif for vif in row["VIFs"] if db.get("VIF", vif, "currently_attached"))
    if attached:
        raise XapiError("NETWORK_CONTAINS_VIF", *attached)
    for vif in row["VIFs"]:
        devices.remove(call.pool, "VIF", vif)
    db.destroy("network", network)


async def set_default_locking_mode(call: Call, network: str, value: str) -> None:
    for vif in call.pool.db.get("network", network, "VIFs"):
        row = call.pool.db.row("VIF", vif)
        if row["currently_attached"] and row["locking_mode"] == "network_default":
            raise XapiError("VIF_IN_USE", network, vif)
    call.pool.db.set("network", network, default_locking_mode=value)


async def create_vlan(call: Call, tagged_pif: str, tag: int, network: str) -> str:
    call.pool.db.row("PIF", tagged_pif)
    call.pool.db.row("network", network)
    return add_vlan(call.pool, tagged_pif, tag, network)


async def destroy_vlan(call: Call, vlan: str) -> None:
    call.pool.db.row("VLAN", vlan)
    remove_vlan(call.pool, vlan)


async def create_pool_vlan(call: Call, device: str, network: str, tag: int) -> tuple[str, ...]:
    """Connect a network to the same device of all hosts; return the new PIFs."""
    return _connect(call.pool, [trunk_of(call.pool, host, device) for host in call.pool.db.refs("host")], network, tag)


async def create_pool_vlan_from_pif(call: Call, pif: str, network: str, tag: int) -> tuple[str, ...]:
    """Connect a network to whatever connects the hosts that live to the network of a PIF, be it a bond."""
    db = call.pool.db
    trunks = [
        one
        for one in db.get("network", db.get("PIF", pif, "network"), "PIFs")
        if db.get("host_metrics", db.get("host", db.get("PIF", one, "host"), "metrics"), "live")
    ]
    return _connect(call.pool, trunks, network, tag)


def trunk_of(pool: Pool, host: str, device: str) -> str:
    """Return the PIF of a device of a host that carries its VLANs.

    Raises:
        XapiError: INVALID_VALUE, the host has no such device.
    """
    trunks = [pif for pif in pool.db.find("PIF", host=host, device=device) if pool.db.get("PIF", pif, "VLAN") < 0]
    if not trunks:
        raise XapiError("INVALID_VALUE", "device", device)
    return trunks[0]


def add_vlan(pool: Pool, trunk: str, tag: int, network: str) -> str:
    """Let a host see a network as a VLAN on one of its PIFs; return the VLAN.

    Raises:
        XapiError: VLAN_TAG_INVALID, NETWORK_ALREADY_CONNECTED, PIF_VLAN_EXISTS; the PIF is none that carries VLANs.
    """
    row = pool.db.row("PIF", trunk)
    if not pool.db.get("network", network, "managed"):
        raise XapiError("NETWORK_UNMANAGED", network)
    for pif in pool.db.get("network", network, "PIFs"):
        if pool.db.get("PIF", pif, "host") == row["host"]:
            raise XapiError("NETWORK_ALREADY_CONNECTED", row["host"], pif)
    for code, is_in_the_way in (
        ("CANNOT_ADD_VLAN_TO_BOND_SLAVE", row["bond_slave_of"] != NULL),
        ("PIF_IS_VLAN", row["VLAN"] >= 0),
        ("IS_TUNNEL_ACCESS_PIF", bool(row["tunnel_access_PIF_of"])),
    ):
        if is_in_the_way:
            raise XapiError(code, trunk)
    if not 0 <= tag <= _HIGHEST_TAG:
        raise XapiError("VLAN_TAG_INVALID", tag)
    if pool.db.find("PIF", host=row["host"], device=row["device"], VLAN=tag):
        raise XapiError("PIF_VLAN_EXISTS", row["device"])
    vlan = pool.db.create("VLAN", tagged_PIF=trunk, tag=tag)
    untagged = pool.db.create(
        "PIF",
        device=row["device"],
        network=network,
        host=row["host"],
        MAC="fe:ff:ff:ff:ff:ff",
        MTU=row["MTU"],
        VLAN=tag,
        IPv6=("",),
        metrics=row["metrics"],
        VLAN_master_of=vlan,
    )
    pool.db.set("VLAN", vlan, untagged_PIF=untagged)
    return vlan


def remove_vlan(pool: Pool, vlan: str) -> None:
    """Let a host no longer see the network of a VLAN."""
    untagged = pool.db.get("VLAN", vlan, "untagged_PIF")
    pool.db.destroy("VLAN", vlan)
    if pool.db.exists("PIF", untagged):
        pool.db.destroy("PIF", untagged)


def _connect(pool: Pool, trunks: Sequence[str], network: str, tag: int) -> tuple[str, ...]:
    """Make a VLAN on each of those PIFs; where one of them refuses, there is none."""
    pool.db.row("network", network)
    vlans: list[str] = []
    try:
        for trunk in trunks:
            vlans.append(add_vlan(pool, trunk, tag, network))
    except XapiError:
        for vlan in vlans:
            remove_vlan(pool, vlan)
        raise
    return tuple(pool.db.get("VLAN", vlan, "untagged_PIF") for vlan in vlans)


CALLS: Mapping[str, Handler] = {
    "network.create": create,
    "network.destroy": destroy,
    "network.set_default_locking_mode": set_default_locking_mode,
    "VLAN.create": create_vlan,
    "VLAN.destroy": destroy_vlan,
    "pool.create_VLAN": create_pool_vlan,
    "pool.create_VLAN_from_PIF": create_pool_vlan_from_pif,
}
