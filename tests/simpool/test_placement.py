"""Which host a VM starts on, and why it does not start on another."""

from typing import Any

from embedded import EmbeddedPool
from fleet import host_named, make_machine

GIB = 1 << 30


def test_a_vm_starts_where_its_affinity_points(session: Any) -> None:
    vm = make_machine(session, "homebody")
    home = host_named(session, "xen-4")
    session.xenapi.VM.set_affinity(vm, home)

    session.xenapi.VM.start(vm, False, False)

    assert session.xenapi.VM.get_resident_on(vm) == home


def test_a_vm_on_local_storage_can_only_run_there(session: Any, refusal: Any) -> None:
    vm = session.xenapi.VM.get_by_name_label("old-wiki")[0]
    local = session.xenapi.SR.get_by_name_label("Local xen-1")[0]

    assert session.xenapi.VM.get_possible_hosts(vm) == [host_named(session, "xen-1")]
    details = refusal(session.xenapi.VM.assert_can_boot_here, vm, host_named(session, "xen-2"))
    assert details == ["VM_REQUIRES_SR", vm, local]


def test_a_vm_that_is_too_large_says_how_much_is_missing(session: Any, refusal: Any) -> None:
    vm = make_machine(session, "giant")
    session.xenapi.VM.set_memory(vm, str(100 * GIB))
    host = host_named(session, "xen-1")

    code, needed, available = refusal(session.xenapi.VM.assert_can_boot_here, vm, host)

    assert code == "HOST_NOT_ENOUGH_FREE_MEMORY"
    assert int(needed) > 100 * GIB > int(available)
    assert refusal(session.xenapi.VM.start, vm, False, False)[0] == "HOST_NOT_ENOUGH_FREE_MEMORY"


def test_a_running_vm_takes_memory_of_its_host(fresh_pool: EmbeddedPool) -> None:
    with fresh_pool.plain_session() as session:
        vm, host = make_machine(session, "weighs"), host_named(session, "xen-2")
        before = int(session.xenapi.host.compute_free_memory(host))

        session.xenapi.VM.start_on(vm, host, False, False)

        after = int(session.xenapi.host.compute_free_memory(host))
        assert before - after == 2 * GIB + int(session.xenapi.VM.get_memory_overhead(vm))
        metrics = session.xenapi.host_metrics.get_record(session.xenapi.host.get_metrics(host))
        assert int(metrics["memory_free"]) == after


def test_a_disabled_host_takes_no_vm(fresh_pool: EmbeddedPool, refusal: Any) -> None:
    with fresh_pool.plain_session() as session:
        vm, host = make_machine(session, "turned away"), host_named(session, "xen-3")
        session.xenapi.host.disable(host)

        assert refusal(session.xenapi.VM.start_on, vm, host, False, False) == ["HOST_DISABLED", host]
        assert host not in session.xenapi.VM.get_possible_hosts(vm)


def test_without_any_host_a_start_does_not_say_why(fresh_pool: EmbeddedPool, refusal: Any) -> None:
    with fresh_pool.plain_session() as session:
        vm = make_machine(session, "nowhere")
        for host in session.xenapi.host.get_all():
            session.xenapi.host.disable(host)

        assert refusal(session.xenapi.VM.start, vm, False, False) == ["NO_HOSTS_AVAILABLE"]
