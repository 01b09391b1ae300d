"""The directory that a pool asks who its users are: on, off, and one that exists only here."""

from collections.abc import Mapping

from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.pool import Pool

KIND = "AD"
DOMAIN = "acme.example"
_LDAPS = "ldaps"


def join(pool: Pool) -> None:
    """Let all hosts of a pool ask the directory."""
    for host in pool.db.refs("host"):
        pool.db.set(
            "host",
            host,
            external_auth_type=KIND,
            external_auth_service_name=DOMAIN,
            external_auth_configuration={"domain": DOMAIN, "user": "administrator"},
        )


async def enable(call: Call, host: str, config: Mapping[str, str], service: str, kind: str) -> None:
    row = call.pool.db.row("host", host)
    if row["external_auth_type"]:
        raise XapiError("AUTH_ALREADY_ENABLED", row["external_auth_type"], row["external_auth_service_name"])
    _assert_reachable("AUTH_ENABLE_FAILED_DOMAIN_LOOKUP_FAILED", config, service, kind)
    _join_host(call.pool, host, config)


async def enable_everywhere(call: Call, pool: str, config: Mapping[str, str], service: str, kind: str) -> None:
    call.pool.db.row("pool", pool)
    for host, row in call.pool.db.rows("host"):
        if row["external_auth_type"]:
            raise XapiError("POOL_AUTH_ALREADY_ENABLED", host)
    coordinator = call.pool.coordinator
    _assert_reachable("POOL_AUTH_ENABLE_FAILED_DOMAIN_LOOKUP_FAILED", config, service, kind, coordinator)
    for host in call.pool.db.refs("host"):
        _join_host(call.pool, host, config)


def _assert_reachable(code: str, config: Mapping[str, str], service: str, kind: str, *host: str) -> None:
    if kind != KIND:
        raise XapiError("AUTH_UNKNOWN_TYPE", kind)
    if service.lower() != DOMAIN or not {"user", "pass"} <= set(config):
        raise XapiError(code, *host, f"Failed to look up domain controllers of {service}")


def _join_host(pool: Pool, host: str, config: Mapping[str, str]) -> None:
    kept = {key: value for key, value in config.items() if key != "pass"}
    pool.db.set(
        "host",
        host,
        external_auth_type=KIND,
        external_auth_service_name=DOMAIN,
        external_auth_configuration={"domain": DOMAIN, **kept},
    )


async def disable(call: Call, host: str, config: Mapping[str, str] | None = None, force: bool = False) -> None:
    """Ask no directory any more: its users cannot log in, though the pool keeps knowing them."""
    del config, force
    call.pool.db.set("host", host, external_auth_type="", external_auth_service_name="", external_auth_configuration={})


async def disable_everywhere(call: Call, pool: str, config: Mapping[str, str] | None = None) -> None:
    call.pool.db.row("pool", pool)
    for host in call.pool.db.refs("host"):
        await disable(call, host, config)


async def set_ldaps(call: Call, host: str, ldaps: bool, force: bool = False) -> None:
    del force
    row = call.pool.db.row("host", host)
    if not row["external_auth_type"]:
        raise XapiError("AUTH_IS_DISABLED")
    told = {**row["external_auth_configuration"], _LDAPS: str(ldaps).lower()}
    call.pool.db.set("host", host, external_auth_configuration=told)


async def set_ldaps_everywhere(call: Call, pool: str, ldaps: bool, force: bool = False) -> None:
    call.pool.db.row("pool", pool)
    for host in call.pool.db.refs("host"):
        await set_ldaps(call, host, ldaps, force)


CALLS: Mapping[str, Handler] = {
    "host.enable_external_auth": enable,
    "host.disable_external_auth": disable,
    "host.external_auth_set_ldaps": set_ldaps,
    "pool.enable_external_auth": enable_everywhere,
    "pool.disable_external_auth": disable_everywhere,
    "pool.external_auth_set_ldaps": set_ldaps_everywhere,
}
