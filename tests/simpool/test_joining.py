"""What a host is told that wants to join another pool, one thing after the other."""

from collections.abc import Iterator
from typing import Any

import pytest
from embedded import EmbeddedPool, embedded_pools

Refusal = Any


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[EmbeddedPool, ...]]:
    with embedded_pools("--speed", "50", "--hosts", "1", "--version", "production=8.2") as pools:
        yield pools


def test_a_host_with_guests_and_shared_storage_stays_where_it_is(
    pair: tuple[EmbeddedPool, ...], refusal: Refusal
) -> None:
    there, here = pair
    target = there.hosts[0].address
    with here.plain_session() as session:
        api = session.xenapi
        guests = [vm for vm in api.VM.get_all() if api.VM.get_power_state(vm) == "Running"]
        domain = api.host.get_control_domain(api.host.get_all()[0])

        def join(address: str, name: str, password: str) -> list[str]:
            found: list[str] = refusal(api.pool.join, address, name, password)
            return found

        assert join("192.0.2.1", "root", "x") == ["JOINING_HOST_CONNECTION_FAILED"]
        assert join(target, "root", "x")[:2] == ["SESSION_AUTHENTICATION_FAILED", "root"]
        assert join(here.hosts[0].address, "root", here.password) == [
            "OPERATION_NOT_ALLOWED",
            "Host cannot become slave of itself",
        ]
        assert join(target, "root", there.password) == ["JOINING_HOST_CANNOT_HAVE_RUNNING_VMS"]
        for vm in guests:
            if vm != domain:
                api.VM.hard_shutdown(vm)
        assert join(target, "root", there.password) == ["POOL_HOSTS_NOT_HOMOGENEOUS", "Software version differs"]
        assert refusal(api.pool.join_force, target, "root", there.password) == [
            "JOINING_HOST_CANNOT_CONTAIN_SHARED_SRS"
        ]


def test_a_host_with_supporters_stays_their_coordinator(pool: EmbeddedPool, session: Any, refusal: Refusal) -> None:
    api, supporter = session.xenapi, pool.hosts[1].address

    assert refusal(api.pool.join, supporter, "root", "x") == ["HOST_IS_SLAVE", pool.hosts[0].address]
    assert refusal(api.pool.join, pool.hosts[0].address, "root", pool.password) == [
        "OPERATION_NOT_ALLOWED",
        "Host is already part of a pool",
    ]


def test_the_coordinator_of_other_hosts_joins_nobody(refusal: Refusal) -> None:
    with embedded_pools("--speed", "50") as (there, here), here.plain_session() as session:
        told = refusal(session.xenapi.pool.join, there.hosts[0].address, "root", there.password)

    assert told == ["JOINING_HOST_CANNOT_BE_MASTER_OF_OTHER_HOSTS"]
