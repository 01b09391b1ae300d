"""What keeps a host from joining another pool: looked at in xapi's order, at both ends."""

from collections.abc import Callable

from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.lifecycle import RUNNING
from xsconsole.simpool.model import NULL
from xsconsole.simpool.pool import Pool

_VERSION = ("API_version_major", "API_version_minor")


async def assert_possible(pool: Pool, address: str, name: str, password: str, *, is_forced: bool) -> None:
    """Let pass what could join the pool whose coordinator has the address; forced, software and processor may differ.

    Raises:
        XapiError: nobody is there, who asks is nobody there, or the first thing that is in the way.
    """
    try:
        there = pool.neighbours.at(f"https://{address}")
    except XapiError as failure:
        raise XapiError("JOINING_HOST_CONNECTION_FAILED") from failure
    coordinator = there.db.row("host", there.coordinator)
    if coordinator["address"] != address:
        raise XapiError("HOST_IS_SLAVE", coordinator["address"])
    session = await there.sessions.login(name, password, "xapi pool join")
    try:
        _compare(pool, there, is_forced=is_forced)
    finally:
        there.sessions.logout(session.ref)


def _compare(pool: Pool, there: Pool, *, is_forced: bool) -> None:
    for one in (pool, there):
        if one.db.get("pool", one.ref, "ha_enabled"):
            raise XapiError("HA_IS_ENABLED")
    if there is pool:
        told = "Host is already part of a pool" if pool.db.count("host") > 1 else "Host cannot become slave of itself"
        raise XapiError("OPERATION_NOT_ALLOWED", told)
    for code, is_in_the_way in _OF_ITS_OWN.items():
        if is_in_the_way(pool):
            raise XapiError(code)
    mine, theirs = pool.db.row("host", pool.coordinator), there.db.row("host", there.coordinator)
    if not is_forced and mine["software_version"].get("xapi") != theirs["software_version"].get("xapi"):
        raise XapiError("POOL_HOSTS_NOT_HOMOGENEOUS", "Software version differs")
    if not is_forced and mine["cpu_info"]["vendor"] != theirs["cpu_info"]["vendor"]:
        raise XapiError("POOL_HOSTS_NOT_HOMOGENEOUS", "CPUs differ")
    for code, is_in_the_way in _OF_STORAGE_AND_NETWORK.items():
        if is_in_the_way(pool):
            raise XapiError(code)
    for field in ("external_auth_type", "external_auth_service_name"):
        if mine[field].lower() != theirs[field].lower():
            raise XapiError("POOL_JOINING_EXTERNAL_AUTH_MISMATCH")
    versions = [".".join(str(host[part]) for part in _VERSION) for host in (mine, theirs)]
    if versions[0] != versions[1]:
        raise XapiError("POOL_JOINING_HOST_MUST_HAVE_SAME_API_VERSION", *versions)


def _has_guests(pool: Pool) -> bool:
    return any(row["power_state"] == RUNNING and not row["is_control_domain"] for _, row in pool.db.rows("VM"))


def _is_busy(pool: Pool) -> bool:
    return any(row["current_operations"] for _, row in pool.db.rows("VM"))


def _shares_storage(pool: Pool) -> bool:
    return any(row["shared"] and not row["is_tools_sr"] for _, row in pool.db.rows("SR"))


def _has_vlans(pool: Pool) -> bool:
    above = [row["untagged_PIF"] for _, row in pool.db.rows("VLAN")]
    return any(pif == NULL or not pool.db.get("PIF", pif, "management") for pif in above)


_OF_ITS_OWN: dict[str, Callable[[Pool], bool]] = {
    "JOINING_HOST_CANNOT_BE_MASTER_OF_OTHER_HOSTS": lambda pool: pool.db.count("host") > 1,
    "JOINING_HOST_CANNOT_HAVE_RUNNING_VMS": _has_guests,
    "JOINING_HOST_CANNOT_HAVE_VMS_WITH_CURRENT_OPERATIONS": _is_busy,
}
_OF_STORAGE_AND_NETWORK: dict[str, Callable[[Pool], bool]] = {
    "JOINING_HOST_CANNOT_CONTAIN_SHARED_SRS": _shares_storage,
    "POOL_JOINING_HOST_HAS_BONDS": lambda pool: pool.db.count("Bond") > 0,
    "POOL_JOINING_HOST_HAS_TUNNELS": lambda pool: pool.db.count("tunnel") > 0,
    "POOL_JOINING_HOST_HAS_NON_MANAGEMENT_VLANS": _has_vlans,
}
