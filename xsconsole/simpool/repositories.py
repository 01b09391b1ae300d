"""Where updates come from: repositories can be named and chosen, and there is nothing in any of them."""

from collections.abc import Mapping, Sequence
from typing import NoReturn
from urllib.parse import urlsplit

from xsconsole.simpool import host_life
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import EPOCH, NULL
from xsconsole.simpool.pool import Pool

SYNC_S = 2.0
_DAYS_A_WEEK = 7


async def introduce(
    call: Call, name: str, description: str, binary_url: str, source_url: str, update: bool, gpgkey_path: str = ""
) -> str:
    db = call.pool.db
    for url in (binary_url, source_url):
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise XapiError("INVALID_BASE_URL", url)
    for ref, row in db.rows("Repository"):
        if name == row["name_label"] or binary_url == row["binary_url"]:
            raise XapiError("REPOSITORY_ALREADY_EXISTS", ref)
    return db.create(
        "Repository",
        name_label=name,
        name_description=description,
        binary_url=binary_url,
        source_url=source_url,
        update=update,
        gpgkey_path=gpgkey_path,
        origin="remote",
    )


async def introduce_remote_pool(call: Call, name: str, description: str, binary_url: str, certificate: str) -> str:
    """Name another pool as the one to get updates from; it is not asked before somebody wants them."""
    ref = await introduce(call, name, description, binary_url, binary_url, True)
    call.pool.db.set("Repository", ref, source_url="", origin="remote_pool", certificate=certificate)
    return ref


async def introduce_bundle(call: Call, name: str, description: str) -> str:
    """Name the repository that a bundle of updates is laid into; there is one at most."""
    db = call.pool.db
    for ref, row in db.rows("Repository"):
        if row["origin"] == "bundle":
            raise XapiError("BUNDLE_REPOSITORY_ALREADY_EXISTS", ref)
        if row["name_label"] == name:
            raise XapiError("REPOSITORY_ALREADY_EXISTS", ref)
    return db.create("Repository", name_label=name, name_description=description, update=True, origin="bundle")


async def forget(call: Call, repository: str) -> None:
    call.pool.db.row("Repository", repository)
    if repository in call.pool.db.get("pool", call.pool.ref, "repositories"):
        raise XapiError("REPOSITORY_IS_IN_USE")
    call.pool.db.destroy("Repository", repository)


async def choose(call: Call, pool: str, repositories: Sequence[str]) -> None:
    """Let updates come from these and no others."""
    db = call.pool.db
    for repository in repositories:
        db.row("Repository", repository)
    db.set("pool", pool, repositories=tuple(dict.fromkeys(repositories)), last_update_sync=EPOCH)


async def add(call: Call, pool: str, repository: str) -> None:
    await choose(call, pool, (*call.pool.db.get("pool", pool, "repositories"), repository))


async def remove(call: Call, pool: str, repository: str) -> None:
    present = call.pool.db.get("pool", pool, "repositories")
    kept = tuple(one for one in present if one != repository)
    call.pool.db.set("pool", pool, repositories=kept)
    if not kept:
        call.pool.db.set("pool", pool, last_update_sync=EPOCH)


async def sync(call: Call, pool: str, force: bool, *credentials: str) -> str:
    """Fail as a pool does that has nobody to ask, or cannot reach whom it asks: no pool here has a way out."""
    del force, credentials
    chosen = call.pool.db.get("pool", pool, "repositories")
    if not chosen:
        raise XapiError("NO_REPOSITORY_ENABLED")
    await call.spend(SYNC_S)
    raise XapiError("REPOSYNC_FAILED", chosen[0])


async def set_periods(call: Call, pool: str, frequency: str, day: int) -> None:
    call.pool.db.row("pool", pool)
    if frequency == "weekly" and not 0 <= day < _DAYS_A_WEEK:
        raise XapiError("INVALID_UPDATE_SYNC_DAY", day)
    call.pool.db.set("pool", pool, update_sync_frequency=frequency, update_sync_day=day if frequency == "weekly" else 0)


async def set_proxy(call: Call, pool: str, url: str, username: str, password: str) -> None:
    """Go to repositories by way of a proxy, whose password becomes a secret of the pool."""
    db = call.pool.db
    if urlsplit(url).scheme not in ("http", "https"):
        raise XapiError("INVALID_REPOSITORY_PROXY_URL", url)
    if bool(username) != bool(password) or "\n" in username + password:
        raise XapiError("INVALID_REPOSITORY_PROXY_CREDENTIAL")
    _forget_secret(call.pool, db.get("pool", pool, "repository_proxy_password"))
    secret = db.create("secret", value=password) if password else NULL
    db.set(
        "pool",
        pool,
        repository_proxy_url=url,
        repository_proxy_username=username,
        repository_proxy_password=secret,
    )


async def leave_proxy(call: Call, pool: str) -> None:
    secret = call.pool.db.get("pool", pool, "repository_proxy_password")
    call.pool.db.set(
        "pool", pool, repository_proxy_url="", repository_proxy_username="", repository_proxy_password=NULL
    )
    _forget_secret(call.pool, secret)


async def renew_telemetry(call: Call, pool: str) -> None:
    before = call.pool.db.get("pool", pool, "telemetry_uuid")
    secret = call.pool.db.create("secret", value=call.pool.identities.uuid())
    call.pool.db.set("pool", pool, telemetry_uuid=secret)
    _forget_secret(call.pool, before)


def _forget_secret(pool: Pool, secret: str) -> None:
    if pool.db.exists("secret", secret):
        pool.db.destroy("secret", secret)


async def check_readiness(call: Call, pool: str, requires_reboot: bool) -> tuple[tuple[str, ...], ...]:
    """Return what stands in the way of updates, each as the description of an error."""
    db = call.pool.db
    found: list[tuple[str, ...]] = [("HA_IS_ENABLED",)] if db.get("pool", pool, "ha_enabled") else []
    for host, row in db.rows("host"):
        if not db.get("host_metrics", row["metrics"], "live"):
            found.append(("HOST_OFFLINE", host))
        elif requires_reboot:
            found += (await host_life.get_vms_which_prevent_evacuation(call, host)).values()
    return tuple(found)


async def apply_updates(call: Call, host: str, digest: str) -> NoReturn:
    """Refuse: nothing was ever fetched that could be applied."""
    del digest
    call.pool.db.row("host", host)
    if call.pool.db.get("pool", call.pool.ref, "ha_enabled"):
        raise XapiError("HA_IS_ENABLED")
    if not call.pool.db.get("pool", call.pool.ref, "repositories"):
        raise XapiError("NO_REPOSITORY_ENABLED")
    raise XapiError("UPDATEINFO_HASH_MISMATCH")


async def introduce_update(call: Call, vdi: str) -> str:
    """Refuse: no disk here has an update on it."""
    call.pool.db.row("VDI", vdi)
    raise XapiError("INVALID_UPDATE", "missing update document (update.xml) in the package.")


CALLS: Mapping[str, Handler] = {
    "Repository.introduce": introduce,
    "Repository.introduce_bundle": introduce_bundle,
    "Repository.introduce_remote_pool": introduce_remote_pool,
    "Repository.forget": forget,
    "pool.set_repositories": choose,
    "pool.add_repository": add,
    "pool.remove_repository": remove,
    "pool.sync_updates": sync,
    "pool.configure_update_sync": set_periods,
    "pool.configure_repository_proxy": set_proxy,
    "pool.disable_repository_proxy": leave_proxy,
    "pool.reset_telemetry_uuid": renew_telemetry,
    "pool.check_update_readiness": check_readiness,
    "host.apply_updates": apply_updates,
    "pool_update.introduce": introduce_update,
}
