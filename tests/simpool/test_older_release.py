"""Files and metrics between a pool of today and one of an older release."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from embedded import EmbeddedPool, embedded_pools
from plain_http import ask
from xva_files import MIB, Imported, described, make_machine


@pytest.fixture(scope="module")
def pools() -> Iterator[tuple[EmbeddedPool, ...]]:
    with embedded_pools("--speed", "50", "--version", "production=8.2") as served:
        yield served


def carry(data: bytes, target: EmbeddedPool, session: Any, **query: str) -> Imported:
    task = session.xenapi.task.create("import", "")
    reply = ask(target, "PUT", "/import", data, session_id=session.handle, task_id=task, **query)
    return Imported(session, task, reply)


def test_an_older_pool_takes_no_vm_from_a_newer_one(pools: tuple[EmbeddedPool, ...]) -> None:
    newer, older = pools
    with newer.plain_session() as here, older.plain_session() as there:
        vm = make_machine(newer, here, (MIB,))
        data = ask(newer, "GET", "/export", ref=vm, session_id=here.handle).body

        assert carry(data, older, there).error == ["IMPORT_INCOMPATIBLE_VERSION"]


def test_a_newer_pool_takes_a_vm_from_an_older_one(pools: tuple[EmbeddedPool, ...]) -> None:
    newer, older = pools
    with newer.plain_session() as here, older.plain_session() as there:
        vm = next(
            ref
            for ref, one in there.xenapi.VM.get_all_records().items()
            if one["power_state"] == "Halted" and not one["is_default_template"] and one["VBDs"]
        )
        data = ask(older, "GET", "/export", ref=vm, session_id=there.handle).body

        imported = carry(data, newer, here, restore="true")

        (copy,) = imported.vms
        assert here.xenapi.VM.get_uuid(copy) == there.xenapi.VM.get_uuid(vm)
        ours, theirs = described(here, copy), described(there, vm)
        networks = [ours.pop("interfaces"), theirs.pop("interfaces")]
        assert ours == theirs
        assert len(networks[0]) == len(networks[1])


def test_values_are_numbers_where_xapi_is_older(pools: tuple[EmbeddedPool, ...]) -> None:
    kinds = []
    for pool in pools:
        with pool.plain_session() as session:
            query = {"start": -60, "host": "true", "json": "true", "cf": "AVERAGE", "vm_uuid": "none"}
            reply = ask(pool, "GET", "/rrd_updates", session_id=session.handle, **query)
            kinds.append({type(value) for row in json.loads(reply.body)["data"] for value in row["values"]})

    assert kinds[0] == {str}
    assert kinds[1] <= {int, float}
