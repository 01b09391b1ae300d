"""Hosts in and out of service, HA on and off, and what clients see of the parts of an operation."""

from collections.abc import Callable, Iterator

import pytest
from embedded import EmbeddedPool, embedded_pool
from fleet import finished, host_named, make_machine, make_running, until

from tests.simpool.reaching import code_of


@pytest.fixture
def slow_pool() -> Iterator[EmbeddedPool]:
    """A pool in which an operation can be watched."""
    with embedded_pool("--speed", "4") as served:
        yield served


def test_an_evacuated_host_has_no_guests_and_takes_none(fresh_pool: EmbeddedPool) -> None:
    with fresh_pool.plain_session() as session:
        vm = make_running(session, "leaves")
        host = session.xenapi.VM.get_resident_on(vm)

        session.xenapi.host.evacuate(host)

        guests = set(session.xenapi.host.get_resident_VMs(host)) - {session.xenapi.host.get_control_domain(host)}
        assert guests == set()
        assert session.xenapi.VM.get_resident_on(vm) != host
        assert session.xenapi.VM.get_power_state(vm) == "Running"
        assert not session.xenapi.host.get_enabled(host)
        assert host not in session.xenapi.VM.get_possible_hosts(make_machine(session, "later"))


def test_an_empty_host_is_shut_down_and_one_that_reboots_comes_back_by_itself(fresh_pool: EmbeddedPool) -> None:
    with fresh_pool.plain_session() as session:
        off, again = host_named(session, "xen-3"), host_named(session, "xen-4")
        for host in (off, again):
            session.xenapi.host.evacuate(host)

        session.xenapi.host.shutdown(off)
        session.xenapi.host.reboot(again)

        metrics = session.xenapi.host.get_metrics
        assert not session.xenapi.host_metrics.get_live(metrics(off))
        assert session.xenapi.host.get_allowed_operations(off) == ["power_on"]
        until(session, lambda: session.xenapi.host.get_enabled(again), ("host",))
        assert session.xenapi.host_metrics.get_live(metrics(again))


def test_ha_keeps_a_statefile_and_says_what_may_be_done(fresh_pool: EmbeddedPool) -> None:
    with fresh_pool.plain_session() as session:
        pool = session.xenapi.pool.get_all()[0]
        silver = session.xenapi.SR.get_by_name_label("NFS-silver")[0]

        session.xenapi.pool.enable_ha([silver], {"timeout": "60"})
        session.xenapi.pool.set_ha_host_failures_to_tolerate(pool, "1")

        record = session.xenapi.pool.get_record(pool)
        assert (record["ha_enabled"], record["ha_host_failures_to_tolerate"]) == (True, "1")
        assert "ha_disable" in record["allowed_operations"]
        (statefile,) = record["ha_statefiles"]
        assert session.xenapi.VDI.get_type(statefile) == "ha_statefile"
        session.xenapi.pool.disable_ha()
        assert statefile not in session.xenapi.VDI.get_all()
        assert "ha_enable" in session.xenapi.pool.get_allowed_operations(pool)


def test_what_ha_protects_runs_again_elsewhere_when_its_host_is_lost(fresh_pool: EmbeddedPool) -> None:
    with fresh_pool.plain_session() as session:
        kept, lost = make_running(session, "kept"), make_running(session, "lost")
        session.xenapi.VM.set_ha_restart_priority(kept, "restart")
        session.xenapi.pool.enable_ha([session.xenapi.SR.get_by_name_label("NFS-silver")[0]], {})
        host = session.xenapi.VM.get_resident_on(kept)
        if host == session.xenapi.pool.get_master(session.xenapi.pool.get_all()[0]):
            host = host_named(session, "xen-2")
        for vm in (kept, lost):
            if session.xenapi.VM.get_resident_on(vm) != host:
                session.xenapi.VM.pool_migrate(vm, host, {})

        fresh_pool.control("host", host=host, mode="dead")

        until(session, lambda: session.xenapi.VM.get_resident_on(kept) not in (host, "OpaqueRef:NULL"), ("VM",))
        assert session.xenapi.VM.get_power_state(lost) == "Halted"


def test_what_the_host_of_a_machine_has_to_do_is_refused_while_it_is_down(fresh_pool: EmbeddedPool) -> None:
    with fresh_pool.plain_session() as session:
        vm = make_running(session, "left behind")
        if session.xenapi.VM.get_resident_on(vm) != (host := host_named(session, "xen-2")):
            session.xenapi.VM.pool_migrate(vm, host, {})
        fresh_pool.control("host", host=host, mode="dead")

        assert code_of(session.xenapi.VM.snapshot, vm, "not taken") == "HOST_OFFLINE"
        assert code_of(session.xenapi.VM.clean_shutdown, vm) == "HOST_OFFLINE"
        session.xenapi.VM.add_to_other_config(vm, "note", "the coordinator writes that")
        session.xenapi.VM.power_state_reset(vm)
        assert session.xenapi.VM.get_power_state(vm) == "Halted"


def test_the_parts_of_an_operation_are_tasks_below_its_own(slow_pool: EmbeddedPool) -> None:
    with slow_pool.plain_session() as session:
        appliance = session.xenapi.VM_appliance.create({"name_label": "two", "name_description": ""})
        for name in ("first", "second"):
            session.xenapi.VM.set_appliance(make_machine(session, name), appliance)

        task = session.xenapi.Async.VM_appliance.start(appliance, False)
        until(session, lambda: len(session.xenapi.task.get_subtasks(task)) == 2, ("task",))
        parts = [session.xenapi.task.get_record(part) for part in session.xenapi.task.get_subtasks(task)]

        assert {part["name_label"] for part in parts} == {"Async.VM.start"}
        assert {part["subtask_of"] for part in parts} == {task}
        assert finished(session, task)["status"] == "success"
        assert session.xenapi.task.get_subtasks(task) == []


def test_finished_tasks_are_forgotten_after_an_hour() -> None:
    with embedded_pool("--speed", "20000") as pool, pool.plain_session() as session:
        task = session.xenapi.Async.network.create({"name_label": "made", "other_config": {}})

        def is_forgotten() -> bool:
            session.xenapi.network.destroy(session.xenapi.network.create({"name_label": "x", "other_config": {}}))
            return task not in session.xenapi.task.get_all()

        until(session, is_forgotten)


def test_some_keys_of_a_task_are_guarded_also_where_the_map_is_written_whole(
    pool: EmbeddedPool, refusal: Callable[..., list[str]]
) -> None:
    with pool.plain_session("eve") as session:
        task = session.xenapi.task.create("mine", "")

        session.xenapi.task.set_other_config(task, {"note": "free"})
        refused = refusal(session.xenapi.task.set_other_config, task, {"note": "free", "applies_to": "x"})

        assert refused[:2] == ["RBAC_PERMISSION_DENIED", "task.set_other_config/key:applies_to"]
        assert session.xenapi.task.get_other_config(task) == {"note": "free"}
        session.xenapi.task.set_status(task, "success")
