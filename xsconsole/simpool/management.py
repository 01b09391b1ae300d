"""Which interface a host is managed by. Hosts of this pool answer where they are, and nowhere else."""

from collections.abc import Mapping

from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL

PIF_FIELDS = (
    *("device", "network", "host", "MAC", "MTU", "VLAN", "physical", "ip_configuration_mode", "IP", "netmask"),
    *("gateway", "DNS", "bond_slave_of", "VLAN_master_of", "management", "other_config", "disallow_unplug"),
    *("ipv6_configuration_mode", "IPv6", "ipv6_gateway", "primary_address_type", "managed", "properties"),
)
"""In the order in which `PIF.db_introduce` takes them."""


async def reconfigure(call: Call, pif: str) -> None:
    """Manage a host by an interface: the one that has its address already."""
    db, row = call.pool.db, call.pool.db.row("PIF", pif)
    if db.get("pool", call.pool.ref, "ha_enabled"):
        raise XapiError("HA_IS_ENABLED")
    if row["bond_slave_of"] != NULL:
        raise XapiError("CANNOT_PLUG_BOND_SLAVE", pif)
    if row["ip_configuration_mode"] == "None":
        raise XapiError("PIF_HAS_NO_NETWORK_CONFIGURATION", pif)
    if not row["IP"]:
        raise XapiError("INTERFACE_HAS_NO_IP", row["device"])
    if row["IP"] != db.get("host", row["host"], "address"):
        raise XapiError("NOT_IMPLEMENTED", "host.management_reconfigure")
    for other in db.get("host", row["host"], "PIFs"):
        db.set("PIF", other, management=other == pif)


async def reconfigure_everywhere(call: Call, network: str) -> None:
    """Do it on all hosts by their interfaces on a network."""
    db = call.pool.db
    by_host = {db.get("PIF", pif, "host"): pif for pif in db.get("network", network, "PIFs")}
    for host in db.refs("host"):
        if host not in by_host:
            raise XapiError("PIF_NOT_PRESENT", host, network)
    for host in db.refs("host"):
        await reconfigure(call, by_host[host])


async def introduce(call: Call, *arguments: object) -> str:
    """Make the record of an interface as it is said to be, without looking for it."""
    fields = dict(zip(PIF_FIELDS, arguments, strict=False))
    call.pool.db.row("network", str(fields["network"]))
    call.pool.db.row("host", str(fields["host"]))
    return call.pool.db.create("PIF", **fields)


async def forget(call: Call, pif: str) -> None:
    call.pool.db.row("PIF", pif)
    call.pool.db.destroy("PIF", pif)


CALLS: Mapping[str, Handler] = {
    "host.management_reconfigure": reconfigure,
    "pool.management_reconfigure": reconfigure_everywhere,
    "PIF.db_introduce": introduce,
    "PIF.db_forget": forget,
}
