"""Calls to the pool as a whole, and to what it shows of its hosts' inner life."""

from collections.abc import Mapping

from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.roles import Role

ROTATION_S = 2.0
ZONES = ("Etc/UTC", "Europe/Berlin", "Europe/London", "America/New_York", "Asia/Tokyo")


async def get_license_state(call: Call, pool: str) -> dict[str, str]:
    call.pool.db.row("pool", pool)
    return {"edition": "xcp-ng", "expiry": "never"}


async def sync_database(call: Call) -> None:
    del call


async def detect_nonhomogeneous_external_auth(call: Call, pool: str) -> None:
    call.pool.db.row("pool", pool)


async def has_pool_extension(call: Call, pool: str, name: str) -> bool:
    del name
    call.pool.db.row("pool", pool)
    return False


async def has_host_extension(call: Call, host: str, name: str) -> bool:
    del name
    call.pool.db.row("host", host)
    return False


async def test_archive_target(call: Call, pool: str, *arguments: object) -> str:
    """Refuse, as XAPI does since protection policies are gone."""
    del arguments
    call.pool.db.row("pool", pool)
    raise XapiError("MESSAGE_REMOVED")


async def set_https_only(call: Call, pool: str, value: bool) -> None:
    """Note what is wanted on all hosts; the ports of this program stay as they were opened."""
    call.pool.db.row("pool", pool)
    for host in call.pool.db.refs("host"):
        call.pool.db.set("host", host, https_only=value)


async def rotate_secret(call: Call) -> None:
    """Let the hosts have another secret between them, which no client sees."""
    if call.pool.db.get("pool", call.pool.ref, "ha_enabled"):
        raise XapiError("HA_IS_ENABLED")
    await call.spend(ROTATION_S, can_cancel=False)


async def get_secureboot_readiness(call: Call, pool: str) -> str:
    """Say whether guests can boot securely: where the pool has certificates for them."""
    row = call.pool.db.row("pool", pool)
    return "ready" if row["custom_uefi_certificates"] or row["uefi_certificates"] else "not_ready"


async def compute_memory_overhead(call: Call, host: str) -> int:
    return int(call.pool.db.get("host", host, "memory_overhead"))


async def get_servertime_zones(call: Call, host: str) -> tuple[str, ...]:
    call.pool.db.row("host", host)
    return ZONES


async def get_log(call: Call, host: str) -> str:
    """Return the log of a host: there is none to show."""
    call.pool.db.row("host", host)
    return ""


async def get_granularity(call: Call, host: str) -> str:
    call.pool.db.row("host", host)
    return "cpu"


async def set_hostname_live(call: Call, host: str, hostname: str) -> None:
    if not hostname or not all(part.replace("-", "").isalnum() for part in hostname.split(".")):
        raise XapiError("HOST_NAME_INVALID", f"'{hostname}' is no name of a host")
    call.pool.db.set("host", host, hostname=hostname)


async def sync_data(call: Call, host: str) -> None:
    call.pool.db.row("host", host)


async def change_password(call: Call, old: str, new: str) -> None:
    """Change the password of the local superuser, who alone has one in the pool."""
    user = call.session.user
    if user.identifier or user.role is not Role.POOL_ADMIN:
        raise XapiError("USER_IS_NOT_LOCAL_SUPERUSER", "Only the local superuser can perform this operation")
    if old and old != user.password:
        raise XapiError("SESSION_AUTHENTICATION_FAILED", user.name, "Authentication failure")
    if not new:
        raise XapiError("CHANGE_PASSWORD_REJECTED", "Authentication information cannot be empty")
    call.pool.sessions.change_password(user.name, new)


CALLS: Mapping[str, Handler] = {
    "pool.get_license_state": get_license_state,
    "pool.sync_database": sync_database,
    "pool.detect_nonhomogeneous_external_auth": detect_nonhomogeneous_external_auth,
    "pool.has_extension": has_pool_extension,
    "pool.rotate_secret": rotate_secret,
    "pool.get_guest_secureboot_readiness": get_secureboot_readiness,
    "pool.test_archive_target": test_archive_target,
    "pool.set_https_only": set_https_only,
    "host.has_extension": has_host_extension,
    "host.compute_memory_overhead": compute_memory_overhead,
    "host.list_timezones": get_servertime_zones,
    "host.get_log": get_log,
    "host.dmesg": get_log,
    "host.dmesg_clear": get_log,
    "host.get_sched_gran": get_granularity,
    "host.set_hostname_live": set_hostname_live,
    "host.sync_data": sync_data,
    "session.change_password": change_password,
}
