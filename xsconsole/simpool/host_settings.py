"""What is set on hosts and does not touch VMs: remote shells, displays, caches, clocks, TLS between hosts, licences."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import EPOCH, NULL

LONGEST_SHELL_S = 172_800
CACHING_TYPE = "ext"
NTP_SERVER = "0.pool.ntp.org"


def _on_all_hosts(act: Handler) -> Handler:
    """Do on every host of a pool what a call does on one."""

    async def on_all_hosts(call: Call, pool: str, *arguments: Any) -> None:
        call.pool.db.row("pool", pool)
        for host in call.pool.db.refs("host"):
            await act(call, host, *arguments)

    return on_all_hosts


def _accepts(cls: str) -> Handler:
    """Take a call that changes nothing anybody can see here."""

    async def accept(call: Call, ref: str, *arguments: Any) -> None:
        del arguments
        call.pool.db.row(cls, ref)

    return accept


def _writes(cls: str, field: str, value: object) -> Handler:
    async def write(call: Call, ref: str) -> None:
        call.pool.db.set(cls, ref, **{field: value})

    return write


async def enable_ssh(call: Call, host: str) -> None:
    """Let people in by SSH, for as long as the host's timeout says."""
    timeout_s = call.pool.db.get("host", host, "ssh_enabled_timeout")
    expiry = call.pool.clock.now() + timedelta(seconds=timeout_s) if timeout_s else EPOCH
    call.pool.db.set("host", host, ssh_enabled=True, ssh_expiry=expiry)


async def disable_ssh(call: Call, host: str) -> None:
    call.pool.db.set("host", host, ssh_enabled=False, ssh_expiry=call.pool.clock.now())


async def set_ssh_enabled_timeout(call: Call, host: str, value: int) -> None:
    call.pool.db.row("host", host)
    if not 0 <= value <= LONGEST_SHELL_S:
        raise XapiError("INVALID_VALUE", "ssh_enabled_timeout", value)
    call.pool.db.set("host", host, ssh_enabled_timeout=value)
    if call.pool.db.get("host", host, "ssh_enabled"):
        await enable_ssh(call, host)


async def set_console_idle_timeout(call: Call, host: str, value: int) -> None:
    call.pool.db.row("host", host)
    if value < 0:
        raise XapiError("INVALID_VALUE", "console_idle_timeout", value)
    call.pool.db.set("host", host, console_idle_timeout=value)


async def set_ssh_auto_mode(call: Call, host: str, value: bool) -> None:
    call.pool.db.set("host", host, ssh_auto_mode=value)


def _display(wanted: str, on_the_way: str, other: str) -> Handler:
    """Change what shows on the host's own screen: it takes a restart, unless the last change is only taken back."""

    async def change(call: Call, host: str) -> str:
        present = call.pool.db.get("host", host, "display")
        following = wanted if present in (wanted, other) else on_the_way
        call.pool.db.set("host", host, display=following)
        return following

    return change


async def enable_caching(call: Call, host: str, sr: str) -> None:
    """Let a host keep what it reads from afar on a local SR."""
    db = call.pool.db
    _assert_changeable(call, host)
    row = db.row("SR", sr)
    if row["shared"] or len(row["PBDs"]) != 1 or row["type"] != CACHING_TYPE:
        raise XapiError("SR_OPERATION_NOT_SUPPORTED")
    if db.get("PBD", row["PBDs"][0], "host") != host:
        raise XapiError("HOST_CANNOT_SEE_SR", host, sr)
    _leave_cache(call, host)
    db.set("host", host, local_cache_sr=sr)
    db.set("SR", sr, local_cache_enabled=True)


async def disable_caching(call: Call, host: str) -> None:
    _assert_changeable(call, host)
    _leave_cache(call, host)


async def enable_caching_everywhere(call: Call, pool: str) -> None:
    """Do it on the hosts that have a local SR for it, as XAPI does where some have none."""
    db = call.pool.db
    db.row("pool", pool)
    for sr in db.find("SR", type=CACHING_TYPE, shared=False):
        for pbd in db.get("SR", sr, "PBDs"):
            await enable_caching(call, db.get("PBD", pbd, "host"), sr)


def _assert_changeable(call: Call, host: str) -> None:
    if call.pool.db.get("host", host, "enabled"):
        raise XapiError("HOST_NOT_DISABLED")


def _leave_cache(call: Call, host: str) -> None:
    sr = call.pool.db.get("host", host, "local_cache_sr")
    if call.pool.db.exists("SR", sr):
        call.pool.db.set("SR", sr, local_cache_enabled=False)
    call.pool.db.set("host", host, local_cache_sr=NULL)


async def is_synchronised(call: Call, host: str) -> bool:
    call.pool.db.row("host", host)
    return True


async def ntp_servers(call: Call, host: str) -> dict[str, str]:
    """Return the servers of a host's clock; one that is off has none."""
    row = call.pool.db.row("host", host)
    if row["ntp_mode"] == "Disabled":
        return {}
    servers = row["ntp_custom_servers"] if row["ntp_mode"] == "Custom" else (NTP_SERVER,)
    return {server: "synced" if not number else "candidate" for number, server in enumerate(servers)}


async def set_servertime(call: Call, host: str, value: datetime) -> None:
    """Refuse: the hosts of a pool share its clock, and a clock that is kept right is not set."""
    del value
    call.pool.db.row("host", host)
    raise XapiError("INTERNAL_ERROR", "set_servertime: Failed to set time: Automatic time synchronization is enabled")


async def system_status_capabilities(call: Call, host: str) -> str:
    """Return what a status report could have in it: no host here makes any."""
    call.pool.db.row("host", host)
    return '<?xml version="1.0" ?>\n<system-status-capabilities/>\n'


async def apply_edition(call: Call, host: str, edition: str, force: bool = False) -> None:
    """Change the licence of a host to one of those it knows."""
    del force
    row = call.pool.db.row("host", host)
    if edition not in ("", *row["editions"]):
        raise XapiError("INVALID_EDITION", edition)
    call.pool.db.set("host", host, edition=edition or row["editions"][0])


async def add_licence(call: Call, host: str, contents: str) -> None:
    """Refuse: the hosts know of no licence in a file."""
    del contents
    call.pool.db.row("host", host)
    raise XapiError("LICENSE_PROCESSING_ERROR")


async def remove_licence(call: Call, host: str) -> None:
    await apply_edition(call, host, "")


async def set_granularity(call: Call, host: str, value: str) -> None:
    call.pool.db.row("host", host)
    if value != "cpu":
        raise XapiError("INTERNAL_ERROR", "sched-gran: the hypervisor of this host has no granularity but cpu")


async def verify_tls(call: Call) -> None:
    for host in call.pool.db.refs("host"):
        call.pool.db.set("host", host, tls_verification_enabled=True)
    call.pool.db.set("pool", call.pool.ref, tls_verification_enabled=True)


def _verifies_on_this_host(value: bool) -> Handler:
    async def write(call: Call) -> None:
        call.pool.db.set("host", call.host, tls_verification_enabled=value)

    return write


async def clear_guidance(call: Call) -> None:
    call.pool.db.set("host", call.host, pending_guidances=())


async def enable_client_certificates(call: Call, pool: str, name: str) -> None:
    call.pool.db.set("pool", pool, client_certificate_auth_enabled=True, client_certificate_auth_name=name)


async def disable_client_certificates(call: Call, pool: str) -> None:
    call.pool.db.set("pool", pool, client_certificate_auth_enabled=False, client_certificate_auth_name="")


async def select_driver(call: Call, driver: str, variant: str) -> None:
    call.pool.db.row("Host_driver", driver)
    if call.pool.db.get("Driver_variant", variant, "driver") != driver:
        raise XapiError("INTERNAL_ERROR", f"{variant} is no variant of {driver}")
    call.pool.db.set("Host_driver", driver, selected_variant=variant)


async def select_variant(call: Call, variant: str) -> None:
    await select_driver(call, call.pool.db.get("Driver_variant", variant, "driver"), variant)


CALLS: Mapping[str, Handler] = {
    "host.enable_ssh": enable_ssh,
    "host.disable_ssh": disable_ssh,
    "host.set_ssh_enabled_timeout": set_ssh_enabled_timeout,
    "host.set_console_idle_timeout": set_console_idle_timeout,
    "host.set_ssh_auto_mode": set_ssh_auto_mode,
    "pool.enable_ssh": _on_all_hosts(enable_ssh),
    "pool.disable_ssh": _on_all_hosts(disable_ssh),
    "pool.set_ssh_enabled_timeout": _on_all_hosts(set_ssh_enabled_timeout),
    "pool.set_console_idle_timeout": _on_all_hosts(set_console_idle_timeout),
    "pool.set_ssh_auto_mode": _on_all_hosts(set_ssh_auto_mode),
    "host.enable_display": _display("enabled", "enable_on_reboot", "disable_on_reboot"),
    "host.disable_display": _display("disabled", "disable_on_reboot", "enable_on_reboot"),
    "host.enable_local_storage_caching": enable_caching,
    "host.disable_local_storage_caching": disable_caching,
    "pool.enable_local_storage_caching": enable_caching_everywhere,
    "pool.disable_local_storage_caching": _on_all_hosts(disable_caching),
    "host.get_ntp_synchronized": is_synchronised,
    "host.get_ntp_servers_status": ntp_servers,
    "host.set_servertime": set_servertime,
    "host.get_system_status_capabilities": system_status_capabilities,
    "host.apply_edition": apply_edition,
    "pool.apply_edition": _on_all_hosts(apply_edition),
    "host.license_add": add_licence,
    "host.license_remove": remove_licence,
    "host.set_sched_gran": set_granularity,
    "host.backup_rrds": _accepts("host"),
    "host.refresh_pack_info": _accepts("host"),
    "host.rescan_drivers": _accepts("host"),
    "host.send_debug_keys": _accepts("host"),
    "host.syslog_reconfigure": _accepts("host"),
    "Host_driver.rescan": _accepts("host"),
    "Host_driver.select": select_driver,
    "Host_driver.deselect": _writes("Host_driver", "selected_variant", NULL),
    "Driver_variant.select": select_variant,
    "pool.disable_ssl_legacy": _accepts("pool"),
    "pool.enable_tls_verification": verify_tls,
    "host.emergency_disable_tls_verification": _verifies_on_this_host(False),
    "host.emergency_reenable_tls_verification": _verifies_on_this_host(True),
    "host.emergency_clear_mandatory_guidance": clear_guidance,
    "pool.enable_client_certificate_auth": enable_client_certificates,
    "pool.disable_client_certificate_auth": disable_client_certificates,
}
