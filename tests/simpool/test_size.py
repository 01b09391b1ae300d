"""The scenario `large`, and what keeps a pool of any size answering: slices, indexes, changes without end."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from embedded import EmbeddedPool, embedded_pool
from fleet import until

from xsconsole.simpool import chains, model, operations, roles, scenario
from xsconsole.simpool.clock import Clock
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.turns import unhurried

WATCHED = ("VM", "VBD", "VDI", "VIF", "VM_metrics", "VM_guest_metrics", "VM_appliance", "SR", "PBD", "network", "host")


@pytest.fixture(scope="module")
def large() -> Iterator[EmbeddedPool]:
    with embedded_pool("--scenario", "large", "--vms", "240", "--hosts", "3", "--speed", "50") as served:
        yield served


@pytest.fixture(scope="module")
def inside() -> Pool:
    pool = Pool(model.load(), clock=Clock(), seed=1, refresh=operations.refresh)
    scenario.build(pool, "large", hosts=3, vms=240)
    roles.furnish(pool.db)
    return pool


def everything(session: Any) -> dict[str, Any]:
    return {
        event["ref"]: event["snapshot"] for event in getattr(session.xenapi.event, "from")(["*"], "", 5.0)["events"]
    }


def test_a_large_pool_has_as_many_machines_as_asked_for(large: EmbeddedPool) -> None:
    with large.plain_session() as session:
        vms = session.xenapi.VM.get_all_records().values()

    own = [vm for vm in vms if not (vm["is_a_template"] or vm["is_control_domain"])]
    assert len(own) == 240
    assert {vm["power_state"] for vm in own} == {"Running", "Halted"}
    assert len({vm["uuid"] for vm in vms}) == len(vms)
    assert all(vm["other_config"]["folder"].startswith("/") and vm["tags"] for vm in own)
    assert any(vm["is_a_snapshot"] for vm in vms)
    assert any(vm["appliance"] != "OpaqueRef:NULL" for vm in own)


def test_the_first_answer_about_everything_equals_all_records(large: EmbeddedPool) -> None:
    with large.plain_session() as session:
        found = everything(session)

        for cls in WATCHED:
            records = getattr(session.xenapi, cls).get_all_records()
            assert records
            assert {ref: found[ref] for ref in records} == records


def test_relations_of_a_large_pool_agree_at_both_ends(inside: Pool) -> None:
    db = inside.db
    for relation in db.model.relations:
        (one, one_field), (many, many_field) = relation.one, relation.many
        if relation.is_many_to_many:
            continue
        referring: dict[str, set[str]] = {}
        for ref, row in db.rows(one):
            referring.setdefault(row[one_field], set()).add(ref)
        for ref, row in db.rows(many):
            assert set(row[many_field]) == referring.get(ref, set()), (many, many_field)


def test_no_reference_of_a_large_pool_leads_nowhere(inside: Pool) -> None:
    db = inside.db
    refs = {ref for cls in db.model.classes for ref in db.refs(cls)} | {model.NULL, ""}
    for cls in db.model.classes:
        for _ref, row in db.rows(cls):
            for name, value in row.items():
                if isinstance(value, str) and value.startswith("OpaqueRef:"):
                    assert value in refs, (cls, name)


def test_no_two_machines_of_a_large_pool_share_a_part(inside: Pool) -> None:
    for cls, name in (
        ("VM", "metrics"),
        ("VM", "guest_metrics"),
        ("VBD", "metrics"),
        ("VIF", "metrics"),
        ("VBD", "VDI"),
    ):
        parts = [row[name] for _ref, row in inside.db.rows(cls) if row[name] != model.NULL]
        assert len(set(parts)) == len(parts), (cls, name)


def test_no_two_machines_of_a_large_pool_stand_on_one_base(inside: Pool) -> None:
    db = inside.db
    owners: dict[str, set[str]] = {}
    for _ref, vbd in db.rows("VBD"):
        base = chains.parent(db, vbd["VDI"]) if vbd["VDI"] != model.NULL else model.NULL
        if base != model.NULL:
            vm = db.row("VM", vbd["VM"])
            owners.setdefault(base, set()).add(vm["snapshot_of"] if vm["is_a_snapshot"] else vbd["VM"])

    assert len(owners) > 10
    assert all(len(found) == 1 for found in owners.values())


def test_the_space_of_a_large_pool_adds_up(inside: Pool) -> None:
    for sr, row in inside.db.rows("SR"):
        disks = [disk for _ref, disk in inside.db.rows("VDI") if disk["SR"] == sr]
        assert row["physical_utilisation"] == sum(disk["physical_utilisation"] for disk in disks)
        assert row["physical_utilisation"] < row["physical_size"]


def test_no_two_machines_of_a_large_pool_share_an_address(inside: Pool) -> None:
    own = [row["MAC"] for _ref, row in inside.db.rows("VIF") if not inside.db.get("VM", row["VM"], "is_a_snapshot")]

    assert len(set(own)) == len(own) > 240


def test_operations_of_cast_machines_are_those_the_rules_allow(inside: Pool) -> None:
    for ref, row in inside.db.rows("VM"):
        before = row["allowed_operations"]
        inside.refresh_allowed_operations("VM", ref)

        assert inside.db.get("VM", ref, "allowed_operations") == before


def test_configurations_of_a_large_pool_have_all_their_members(large: EmbeddedPool) -> None:
    with large.plain_session() as session:
        pool = next(iter(session.xenapi.pool.get_all_records().values()))
        vms = session.xenapi.VM.get_all_records().values()

    rosters = [json.loads(value) for key, value in pool["other_config"].items() if "xsconsole.configuration" in key]
    assert len(rosters) > 3
    for roster in rosters:
        members = [
            json.loads(vm["other_config"]["xsconsole.member.1"])
            for vm in vms
            if vm["uuid"] in roster["roster"] and not vm["is_a_snapshot"]
        ]
        assert {member["vm"] for member in members} == set(roster["roster"])
        assert {member["configuration"] for member in members} == {roster["configuration"]}


def test_a_machine_of_a_large_pool_starts_and_stops(large: EmbeddedPool) -> None:
    with large.plain_session() as session:
        vms = session.xenapi.VM.get_all_records()
        vm = next(
            ref for ref, one in vms.items() if one["power_state"] == "Halted" and "start" in one["allowed_operations"]
        )

        session.xenapi.VM.start(vm, False, False)
        assert session.xenapi.VM.get_power_state(vm) == "Running"
        session.xenapi.VM.hard_shutdown(vm)

        assert session.xenapi.VM.get_power_state(vm) == "Halted"


def states_after_churn(seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    arguments = ("--scenario", "large", "--vms", "40", "--hosts", "2")
    with embedded_pool(*arguments) as served, served.plain_session() as session:
        before = everything(session)
        served.control("churn", per_second=4000, count=600, seed=seed)
        until(session, lambda: served.control("churn")["done"] == 600)
        return before, everything(session)


def without_times(value: Any) -> Any:
    """Return a value; of a map without what a console wrote, which says when."""
    return {key: text for key, text in value.items() if "xsconsole." not in key} if isinstance(value, dict) else value


def lasting(records: dict[str, Any]) -> dict[str, Any]:
    names = (
        "name_description",
        "tags",
        "other_config",
        "power_state",
        "memory_dynamic_min",
        "VCPUs_utilisation",
        "other",
    )
    return {
        ref: {name: without_times(record[name]) for name in names if name in record}
        for ref, record in records.items()
        if "resident_VMs" not in record and "gui_config" not in record
    }


def test_changes_without_end_change_all_kinds_of_things() -> None:
    before, after = states_after_churn(seed=5)

    same = set(before) & set(after)
    changed = {name for ref in same for name in after[ref] if after[ref][name] != before[ref].get(name)}
    assert {"tags", "other_config", "name_description", "power_state", "memory_dynamic_min"} <= changed
    assert {"VCPUs_utilisation", "memory_free", "resident_on"} <= changed


def test_the_same_seed_changes_the_same_things() -> None:
    (_, first), (_, second), (_, other) = states_after_churn(seed=5), states_after_churn(seed=5), states_after_churn(6)

    assert lasting(first) == lasting(second) != lasting(other)


def test_a_rate_that_is_none_is_refused(large: EmbeddedPool) -> None:
    with pytest.raises(Exception, match="400"):
        large.control("churn", per_second="much")


async def test_long_work_lets_the_others_have_their_turn() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.ensure_future(other())
    found = [number async for number in unhurried(range(300_000))]
    task.cancel()

    assert found[-1] == 299_999
    assert turns > 2
