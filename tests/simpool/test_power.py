"""Power operations over the wire, with the errors that a real pool gives."""

from typing import Any

import pytest
from embedded import EmbeddedPool
from fleet import disks, finished, host_named, make_machine, make_running, until, vbd_fields


def test_a_started_vm_runs_on_a_host_with_its_devices_attached(session: Any) -> None:
    vm = make_machine(session, "starts")

    session.xenapi.VM.start(vm, False, False)

    record = session.xenapi.VM.get_record(vm)
    assert record["power_state"] == "Running"
    assert vm in session.xenapi.host.get_resident_VMs(record["resident_on"])
    assert int(record["domid"]) > 0
    assert all(session.xenapi.VIF.get_currently_attached(vif) for vif in record["VIFs"])
    assert all(session.xenapi.VBD.get_currently_attached(vbd) for vbd in record["VBDs"])
    assert len(record["consoles"]) == 1


def test_a_halted_vm_has_left_its_host(session: Any) -> None:
    vm = make_running(session, "halts")
    reported = session.xenapi.VM.get_guest_metrics(vm)

    session.xenapi.VM.clean_shutdown(vm)

    record = session.xenapi.VM.get_record(vm)
    assert record["power_state"] == "Halted"
    assert record["resident_on"] == "OpaqueRef:NULL"
    assert record["domid"] == "-1"
    assert record["guest_metrics"] == reported
    assert not any(session.xenapi.VIF.get_currently_attached(vif) for vif in record["VIFs"])


def test_the_agent_reports_addresses_after_the_start(session: Any) -> None:
    vm = make_running(session, "reports")

    metrics = session.xenapi.VM_guest_metrics.get_record(session.xenapi.VM.get_guest_metrics(vm))

    assert metrics["networks"]["0/ip"] == metrics["networks"]["0/ipv4/0"]
    assert metrics["PV_drivers_detected"] is True
    assert metrics["other"]["feature-shutdown"] == "1"


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("clean_shutdown", "running"),
        ("clean_reboot", "running"),
        ("hard_reboot", "paused, running"),
        ("hard_shutdown", "paused, suspended, running"),
        ("suspend", "running"),
        ("pause", "running"),
        ("unpause", "paused"),
    ],
)
def test_an_operation_in_the_wrong_power_state_says_which_one_it_wants(
    session: Any, refusal: Any, operation: str, expected: str
) -> None:
    vm = make_machine(session, f"wrong state for {operation}")

    details = refusal(getattr(session.xenapi.VM, operation), vm)

    assert details == ["VM_BAD_POWER_STATE", vm, expected, "halted"]


def test_a_running_vm_cannot_be_started_or_cloned(session: Any, refusal: Any) -> None:
    vm = make_running(session, "runs already")

    assert refusal(session.xenapi.VM.start, vm, False, False) == ["VM_BAD_POWER_STATE", vm, "halted", "running"]
    assert refusal(session.xenapi.VM.clone, vm, "x") == ["VM_BAD_POWER_STATE", vm, "halted", "running"]


def test_a_template_and_a_snapshot_cannot_be_started(session: Any, refusal: Any) -> None:
    template = session.xenapi.VM.get_by_name_label("Other install media")[0]
    snapshot = session.xenapi.VM.snapshot(make_machine(session, "has snapshot"), "taken")

    assert refusal(session.xenapi.VM.start, template, False, False) == ["VM_IS_TEMPLATE", template, "start"]
    assert refusal(session.xenapi.VM.start, snapshot, False, False) == ["VM_IS_SNAPSHOT", snapshot, "start"]


def test_a_blocked_operation_gives_the_reason_and_is_not_offered(session: Any, refusal: Any) -> None:
    vm = make_machine(session, "protected")

    session.xenapi.VM.add_to_blocked_operations(vm, "start", "not on Fridays")

    assert refusal(session.xenapi.VM.start, vm, False, False) == ["OPERATION_BLOCKED", vm, "not on Fridays"]
    assert "start" not in session.xenapi.VM.get_allowed_operations(vm)
    session.xenapi.VM.remove_from_blocked_operations(vm, "start")
    assert "start" in session.xenapi.VM.get_allowed_operations(vm)


def test_allowed_operations_are_those_of_a_real_pool(session: Any, recording: Any) -> None:
    halted = make_machine(session, "halted like theirs")
    session.xenapi.VM.update_allowed_operations(halted)
    running = make_running(session, "running like theirs")

    theirs_halted = recording("820_VM_get_record_halted")["response"]["Value"]["allowed_operations"]
    theirs_running = recording("815b_VM_get_record_resumed")["response"]["Value"]["allowed_operations"]

    assert set(session.xenapi.VM.get_allowed_operations(halted)) == set(theirs_halted)
    assert set(session.xenapi.VM.get_allowed_operations(running)) == set(theirs_running)


def test_a_guest_without_an_agent_cannot_be_shut_down_cleanly(session: Any, refusal: Any) -> None:
    vm = make_machine(session, "bare", template="Other install media")
    session.xenapi.VM.start(vm, False, False)

    assert refusal(session.xenapi.VM.clean_shutdown, vm) == ["VM_LACKS_FEATURE", vm]
    session.xenapi.VM.shutdown(vm)
    assert session.xenapi.VM.get_power_state(vm) == "Halted"


def test_a_suspended_vm_keeps_its_devices_and_its_memory_on_disk(session: Any) -> None:
    vm = make_running(session, "sleeps")

    session.xenapi.VM.suspend(vm)

    record = session.xenapi.VM.get_record(vm)
    assert record["power_state"] == "Suspended"
    assert session.xenapi.VDI.get_type(record["suspend_VDI"]) == "suspend"
    assert all(session.xenapi.VIF.get_currently_attached(vif) for vif in record["VIFs"])
    session.xenapi.VM.resume(vm, False, False)
    assert session.xenapi.VM.get_power_state(vm) == "Running"
    assert record["suspend_VDI"] not in session.xenapi.VDI.get_all()


def test_a_vm_started_paused_waits_to_be_unpaused(session: Any) -> None:
    vm = make_machine(session, "waits")
    host = host_named(session, "xen-3")

    session.xenapi.VM.start_on(vm, host, True, False)

    assert session.xenapi.VM.get_power_state(vm) == "Paused"
    assert session.xenapi.VM.get_resident_on(vm) == host
    session.xenapi.VM.unpause(vm)
    assert session.xenapi.VM.get_power_state(vm) == "Running"


def test_a_reboot_gives_the_vm_a_new_domain(session: Any) -> None:
    vm = make_running(session, "reboots")
    before = session.xenapi.VM.get_domid(vm)

    session.xenapi.VM.clean_reboot(vm)

    assert session.xenapi.VM.get_power_state(vm) == "Running"
    assert session.xenapi.VM.get_domid(vm) != before


def test_a_disk_that_runs_elsewhere_keeps_a_second_vm_from_starting(session: Any, refusal: Any) -> None:
    owner = make_running(session, "owner")
    second = make_machine(session, "second")
    disk = disks(session, owner)[0]
    session.xenapi.VBD.create(vbd_fields(second, disk, "5"))

    assert refusal(session.xenapi.VM.start, second, False, False) == ["VDI_IN_USE", disk]


def test_a_migrated_vm_runs_on_the_other_host(session: Any) -> None:
    vm = make_running(session, "moves")
    other = next(host for host in session.xenapi.host.get_all() if host != session.xenapi.VM.get_resident_on(vm))

    session.xenapi.VM.pool_migrate(vm, other, {"live": "true"})

    assert session.xenapi.VM.get_resident_on(vm) == other
    assert vm in session.xenapi.host.get_resident_VMs(other)


def test_a_failed_start_behind_a_task_leaves_its_error_there(session: Any) -> None:
    template = session.xenapi.VM.get_by_name_label("Other install media")[0]

    record = finished(session, session.xenapi.Async.VM.start(template, False, False))

    assert record["status"] == "failure"
    assert record["error_info"] == ["VM_IS_TEMPLATE", template, "start"]
    assert record["result"] == ""


def test_a_power_operation_leaves_a_message(session: Any) -> None:
    vm = make_machine(session, "noted")

    session.xenapi.VM.start(vm, False, False)

    uuid = session.xenapi.VM.get_uuid(vm)
    until(session, lambda: len(session.xenapi.message.get("VM", uuid, "19700101T00:00:00Z")) == 1)
    (message,) = session.xenapi.message.get("VM", uuid, "19700101T00:00:00Z").values()
    assert (message["name"], message["priority"], message["cls"]) == ("VM_STARTED", "5", "VM")


def test_a_hard_shutdown_cuts_a_clean_one_short(fresh_pool: EmbeddedPool) -> None:
    with fresh_pool.plain_session() as session:
        vm = session.xenapi.VM.get_by_name_label("jumpbox")[0]
        session.xenapi.VM.set_shutdown_delay(vm, "86400")
        clean = session.xenapi.Async.VM.clean_shutdown(vm)
        until(session, lambda: session.xenapi.VM.get_current_operations(vm) == {clean: "clean_shutdown"})

        session.xenapi.VM.hard_shutdown(vm)

        assert session.xenapi.VM.get_power_state(vm) == "Halted"
        assert finished(session, clean)["status"] == "cancelled"
        assert session.xenapi.VM.get_current_operations(vm) == {}


def test_starts_at_the_same_moment_do_not_overfill_a_host(fresh_pool: EmbeddedPool) -> None:
    with fresh_pool.plain_session() as session:
        host = session.xenapi.host.get_by_name_label("xen-4")[0]
        vms = [make_machine(session, f"heavy {number}") for number in range(3)]
        for vm in vms:
            session.xenapi.VM.set_memory(vm, str(10 << 30))

        tasks = [session.xenapi.Async.VM.start_on(vm, host, False, False) for vm in vms]

        ended = [finished(session, task)["status"] for task in tasks]
        assert sorted(ended) == ["failure", "success", "success"]
        assert int(session.xenapi.host.compute_free_memory(host)) >= 0


def test_where_very_many_calls_wait_already_another_one_is_refused(fresh_pool: EmbeddedPool) -> None:
    with fresh_pool.plain_session() as session:
        vm = make_running(session, "popular")
        session.xenapi.VM.set_shutdown_delay(vm, "86400")
        session.xenapi.Async.VM.clean_shutdown(vm)
        until(session, lambda: bool(session.xenapi.VM.get_current_operations(vm)))
        waiting = [session.xenapi.Async.VM.suspend(vm) for _ in range(101)]

        refused = finished(session, session.xenapi.Async.VM.suspend(vm))

        assert refused["error_info"] == ["TOO_MANY_PENDING_TASKS"]
        session.xenapi.task.cancel(waiting[0])
        assert finished(session, waiting[0])["status"] == "cancelled"
        another = session.xenapi.Async.VM.suspend(vm)
        session.xenapi.task.cancel(another)
        assert finished(session, another)["status"] == "cancelled"
