"""Controllers of networks outside the pool: known by name, and never asked."""

from collections.abc import Mapping
from ipaddress import AddressValueError, IPv4Address

from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError


async def introduce_controller(call: Call, protocol: str = "ssl", address: str = "", port: int = 0) -> str:
    """Make known a controller of networks; nothing is asked of it."""
    if call.pool.db.count("SDN_controller"):
        raise XapiError("SDN_CONTROLLER_ALREADY_EXISTS")
    return call.pool.db.create("SDN_controller", protocol=protocol, address=address, port=port or 6632)


async def forget_controller(call: Call, controller: str) -> None:
    call.pool.db.destroy("SDN_controller", controller)


async def set_address(call: Call, address: str) -> None:
    """Name the one controller by its address alone, as clients did before there was a class for it."""
    db = call.pool.db
    if address == db.get("pool", call.pool.ref, "vswitch_controller"):
        return
    try:
        _ = IPv4Address(address) if address else None
    except AddressValueError as failure:
        raise XapiError("INVALID_IP_ADDRESS_SPECIFIED", "address") from failure
    db.set("pool", call.pool.ref, vswitch_controller=address)
    for controller in db.refs("SDN_controller")[:1]:
        db.destroy("SDN_controller", controller)
    if address:
        await introduce_controller(call, "ssl", address)


CALLS: Mapping[str, Handler] = {
    "SDN_controller.introduce": introduce_controller,
    "SDN_controller.forget": forget_controller,
    "pool.set_vswitch_controller": set_address,
}
