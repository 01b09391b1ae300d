"""What this pool has none of: hardware, services and licences that a real one may lack too, with its errors."""

from collections.abc import Mapping
from typing import NoReturn

from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError

_OF_NOTHING: Mapping[str, tuple[str, ...]] = {
    "Cluster": ("destroy", "get_network", "pool_destroy", "pool_force_destroy", "pool_resync"),
    "Cluster_host": ("destroy", "disable", "enable", "force_destroy"),
    "PCI": ("disable_dom0_access", "enable_dom0_access", "get_dom0_access_status"),
    "PGPU": ("disable_dom0_access", "enable_dom0_access", "get_remaining_capacity"),
    "PVS_proxy": ("destroy",),
    "PVS_server": ("forget",),
    "PVS_site": ("forget",),
    "network_sriov": ("destroy", "get_remaining_capacity"),
    "host_crashdump": ("destroy", "upload"),
    "host_patch": ("apply", "destroy"),
    "pool_patch": ("apply", "clean", "clean_on_host", "destroy", "pool_apply", "pool_clean", "precheck"),
    "pool_update": ("apply", "destroy", "pool_apply", "pool_clean", "precheck"),
    "Caller": ("add_group", "query_call_count", "query_token_usage", "remove_group"),
}
"""Calls to objects of classes that have none here, and of which nothing can make one."""


def _to_nothing(cls: str) -> Handler:
    async def refuse(call: Call, ref: str, *arguments: object) -> NoReturn:
        del call, arguments
        raise XapiError("HANDLE_INVALID", cls, ref)

    return refuse


def _unlicensed(feature: str) -> Handler:
    """Refuse what the licence of these hosts leaves out, as `restrictions` of the pool say."""

    async def refuse(call: Call, *arguments: object) -> NoReturn:
        del call, arguments
        raise XapiError("LICENCE_RESTRICTION", feature)

    return refuse


async def refuse_advice(call: Call, *arguments: object) -> NoReturn:
    """Refuse: nobody balances the load of this pool."""
    del call, arguments
    raise XapiError("WLB_NOT_INITIALIZED")


async def initialise_advice(call: Call, url: str, *credentials: str) -> NoReturn:
    """Refuse: nothing answers at any address where somebody might balance the load."""
    del call, credentials
    host, _, port = url.rpartition(":")
    if not host or not port.isdecimal():
        raise XapiError("WLB_URL_INVALID", url)
    raise XapiError("WLB_CONNECTION_REFUSED")


async def create_virtual_functions(call: Call, pif: str, network: str) -> NoReturn:
    """Refuse: no network card here can be shared that way."""
    call.pool.db.row("PIF", pif)
    call.pool.db.row("network", network)
    raise XapiError("PIF_IS_NOT_SRIOV_CAPABLE", pif)


async def graphics_capacity(call: Call, group: str, kind: str) -> NoReturn:
    """Refuse: no type of virtual graphics card is known."""
    call.pool.db.row("GPU_group", group)
    raise XapiError("HANDLE_INVALID", "VGPU_type", kind)


async def nothing_counted(call: Call) -> tuple[tuple[str, ...], ...]:
    """Return what callers used: nobody is counted here."""
    del call
    return ()


async def no_calls(call: Call, group: str) -> int:
    del call, group
    return 0


async def no_tokens(call: Call, group: str) -> float:
    del call, group
    return 0.0


async def limit_nobody(call: Call, limit: str, caller: str) -> NoReturn:
    """Refuse: there are no callers to limit."""
    call.pool.db.row("Rate_limit", limit)
    raise XapiError("HANDLE_INVALID", "Caller", caller)


async def unplug_device(call: Call, device: str) -> NoReturn:
    """Refuse: no device can be passed through, and so none is plugged."""
    call.pool.db.row("VUSB", device)
    raise XapiError("DEVICE_ALREADY_DETACHED", device)


async def provision_thinly(call: Call, host: str, sr: str, *amounts: int) -> NoReturn:
    """Refuse: the storage drivers of today do not do it any more."""
    del amounts
    call.pool.db.row("host", host)
    call.pool.db.row("SR", sr)
    raise XapiError("SR_OPERATION_NOT_SUPPORTED", sr)


CALLS: Mapping[str, Handler] = {
    **{f"{cls}.{name}": _to_nothing(cls) for cls, names in _OF_NOTHING.items() for name in names},
    "Cluster.create": _unlicensed("Corosync"),
    "Cluster.pool_create": _unlicensed("Corosync"),
    "Cluster_host.create": _unlicensed("Corosync"),
    "PVS_proxy.create": _unlicensed("PVS_proxy"),
    "PVS_server.introduce": _unlicensed("PVS_proxy"),
    "PVS_site.introduce": _unlicensed("PVS_proxy"),
    "pool.initialize_wlb": initialise_advice,
    "pool.deconfigure_wlb": refuse_advice,
    "pool.retrieve_wlb_configuration": refuse_advice,
    "pool.retrieve_wlb_recommendations": refuse_advice,
    "pool.send_wlb_configuration": refuse_advice,
    "host.retrieve_wlb_evacuate_recommendations": refuse_advice,
    "VM.retrieve_wlb_recommendations": refuse_advice,
    "network_sriov.create": create_virtual_functions,
    "GPU_group.get_remaining_capacity": graphics_capacity,
    "Caller.query_all_usage": nothing_counted,
    "Caller.query_group_call_count": no_calls,
    "Caller.query_group_token_usage": no_tokens,
    "Rate_limit.add_caller": limit_nobody,
    "Rate_limit.remove_caller": limit_nobody,
    "VUSB.unplug": unplug_device,
    "LVHD.enable_thin_provisioning": provision_thinly,
}
