"""A pool that comes back from its file has nothing under way, and goes on from there."""

import asyncio
from pathlib import Path

import pytest
from embedded import embedded_pool
from fleet import until

from xsconsole.simpool import domains, guests, lifecycle, model, operations, recovery, scenario
from xsconsole.simpool.clock import Clock
from xsconsole.simpool.model import NULL
from xsconsole.simpool.pool import Pool


@pytest.fixture
def stored() -> Pool:
    pool = Pool(model.load(), clock=Clock(speed=1000), seed=1, refresh=operations.refresh)
    scenario.build(pool, "acme")
    return pool


def test_an_operation_that_was_under_way_is_over_after_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "pool.json"
    with embedded_pool("--state", str(state)) as served, served.lasting_session() as session:
        vm = session.xenapi.VM.get_by_name_label("jumpbox")[0]
        session.xenapi.VM.set_shutdown_delay(vm, "86400")
        session.xenapi.Async.VM.clean_shutdown(vm)
        until(session, lambda: "clean_shutdown" in session.xenapi.VM.get_current_operations(vm).values())
        served.control("save")
        served.kill()

    with embedded_pool("--state", str(state)) as served, served.plain_session() as session:
        record = session.xenapi.VM.get_record(vm)
        assert record["current_operations"] == {}
        assert record["power_state"] == "Running"
        assert "clean_shutdown" in record["allowed_operations"]


async def test_a_guest_whose_agent_had_not_reported_does_so_after_a_restart(stored: Pool) -> None:
    vm = stored.db.find("VM", name_label="jumpbox")[0]
    guests.forget(stored, vm)

    recovery.recover(stored)

    async with asyncio.timeout(60):
        while stored.db.get("VM", vm, "guest_metrics") == NULL:
            await stored.db.changed()
    assert lifecycle.refusal(stored.db, vm, "clean_shutdown") is None


async def test_memory_that_was_reserved_for_a_start_is_free_after_a_restart(stored: Pool) -> None:
    vm, host = stored.db.find("VM", name_label="build-2")[0], stored.db.refs("host")[0]
    metrics = stored.db.get("host", host, "metrics")
    before = stored.db.get("host_metrics", metrics, "memory_free")
    domains.reserve(stored, vm, host)

    recovery.recover(stored)

    assert stored.db.get("VM", vm, "scheduled_to_be_resident_on") == NULL
    assert stored.db.get("host_metrics", metrics, "memory_free") == before
