"""What the scenarios hold, as a client sees it."""

import hashlib
import json
from collections import defaultdict
from typing import Any

import pytest
from embedded import embedded_pool

MEMBER = "xsconsole.member.1"


@pytest.fixture
def members(session: Any) -> dict[str, list[dict[str, Any]]]:
    """The member values of the VMs by the identity of their configuration."""
    found = defaultdict(list)
    for record in session.xenapi.VM.get_all_records().values():
        if MEMBER in record["other_config"] and not record["is_a_snapshot"]:
            value = json.loads(record["other_config"][MEMBER])
            assert value["vm"] == record["uuid"]
            found[value["configuration"]].append(value)
    return found


def test_services_stand_in_four_stages_and_shop_is_not_in_production(
    members: dict[str, list[dict[str, Any]]],
) -> None:
    standing = {(values[0]["name"], values[0]["stage"]) for values in members.values()}

    assert standing == {
        ("shop 1.4.0", "integration"),
        ("crm 7.2-rc1", "integration"),
        ("payroll 2026.5", "integration"),
        ("crm 7.1+KB5031", "patch-testing"),
        ("payroll 2026.4", "patch-testing"),
        ("shop 1.3.0", "staging"),
        ("crm 7.1.1", "staging"),
        ("crm 7.1", "production"),
        ("payroll 2026.3", "production"),
    }


def test_every_roster_names_exactly_the_members(session: Any, members: dict[str, list[dict[str, Any]]]) -> None:
    config = session.xenapi.pool.get_other_config(session.xenapi.pool.get_all()[0])

    for identity, values in members.items():
        roster = json.loads(config[f"xsconsole.configuration.{identity}.1"])["roster"]
        assert roster == sorted(value["vm"] for value in values)
        digest = hashlib.sha256("\n".join(roster).encode()).hexdigest()
        assert {value["roster_digest"] for value in values} == {digest}
        assert {value["roster_count"] for value in values} == {len(roster)}
        assert len({value["role"] for value in values}) == len(roster)


def test_shop_in_staging_runs_with_addresses(session: Any) -> None:
    for role in ("lb", "web-1", "web-2", "db"):
        record = session.xenapi.VM.get_record(session.xenapi.VM.get_by_name_label(f"shop-{role}.stg")[0])
        networks = session.xenapi.VM_guest_metrics.get_networks(record["guest_metrics"])

        assert record["power_state"] == "Running"
        assert networks["0/ip"].startswith("10.130.")
        assert record["other_config"]["XenCenter.CustomFields.Stage"] == "Staging"


def test_every_host_sees_every_network_and_the_shared_storage(session: Any) -> None:
    hosts = set(session.xenapi.host.get_all())

    networks = session.xenapi.network.get_all_records()
    internal = [ref for ref, network in networks.items() if network["bridge"] == "xenapi"]
    assert (len(networks), len(internal)) == (7, 1)
    assert networks.pop(internal[0])["PIFs"] == []
    for network in networks.values():
        assert {session.xenapi.PIF.get_host(pif) for pif in network["PIFs"]} == hosts
    for record in session.xenapi.SR.get_all_records().values():
        seen_by = {session.xenapi.PBD.get_host(pbd) for pbd in record["PBDs"]}
        assert seen_by == hosts or not record["shared"]


def test_the_same_seed_gives_the_same_pool() -> None:
    def uuids() -> set[str]:
        with embedded_pool("--scenario", "acme", "--seed", "7") as served, served.plain_session() as session:
            return {record["uuid"] for record in session.xenapi.VM.get_all_records().values()}

    assert uuids() == uuids()


def test_a_pool_can_be_larger_or_empty() -> None:
    with (
        embedded_pool("--scenario", "empty", "--hosts", "2", "--vms", "3") as served,
        served.plain_session() as session,
    ):
        records = session.xenapi.VM.get_all_records().values()

        assert len(session.xenapi.host.get_all()) == 2
        assert sum(not record["is_a_template"] and not record["is_control_domain"] for record in records) == 3


def test_acme_fits_on_a_single_host_only_as_far_as_its_memory_goes() -> None:
    with embedded_pool("--hosts", "2", "--vms", "40") as served, served.plain_session() as session:
        records = session.xenapi.VM.get_all_records().values()

        assert sum(not record["is_a_template"] and not record["is_control_domain"] for record in records) == 40
        for host in session.xenapi.host.get_all():
            assert int(session.xenapi.host.compute_free_memory(host)) >= 0
