"""Snapshots: what they hold, what they cost, and how one goes back to them."""

from collections.abc import Iterator
from typing import Any

import pytest
from embedded import EmbeddedPool, embedded_pool
from fleet import add_disk, disks, finished, free_bytes, make_machine, make_running, until

GIB = 1 << 30


@pytest.fixture
def slow_pool() -> Iterator[EmbeddedPool]:
    """A pool in which an operation can be watched and interrupted."""
    with embedded_pool("--speed", "2") as served:
        yield served


def test_a_snapshot_of_a_running_vm_is_a_halted_copy_of_its_record(session: Any) -> None:
    vm = make_running(session, "photographed")

    snapshot = session.xenapi.VM.snapshot(vm, "as it was", [])

    record, original = session.xenapi.VM.get_record(snapshot), session.xenapi.VM.get_record(vm)
    assert record["is_a_snapshot"] is True
    assert record["is_a_template"] is True
    assert record["power_state"] == "Halted"
    assert record["snapshot_of"] == vm
    assert record["other_config"] == original["other_config"]
    assert original["snapshots"] == [snapshot]
    assert original["parent"] == snapshot
    assert record["children"] == [vm]
    assert original["power_state"] == "Running"


def test_a_snapshot_keeps_the_addresses_of_the_interfaces(session: Any) -> None:
    vm = make_machine(session, "addressed")

    snapshot = session.xenapi.VM.snapshot(vm, "addresses", [])

    def macs(ref: str) -> list[str]:
        return [session.xenapi.VIF.get_MAC(vif) for vif in session.xenapi.VM.get_VIFs(ref)]

    assert macs(snapshot) == macs(vm)


def test_the_disks_of_a_snapshot_are_snapshots_of_the_disks(session: Any) -> None:
    vm = make_machine(session, "with disks")
    add_disk(session, vm, "SAN-gold", 4 * GIB)

    snapshot = session.xenapi.VM.snapshot(vm, "disks", [])

    for original, taken in zip(disks(session, vm), disks(session, snapshot), strict=True):
        record = session.xenapi.VDI.get_record(taken)
        assert record["is_a_snapshot"] is True
        assert record["snapshot_of"] == original
        assert session.xenapi.VDI.get_snapshots(original) == [taken]


def test_an_ignored_disk_is_not_in_the_snapshot(session: Any) -> None:
    vm = make_machine(session, "ignores")
    ignored = add_disk(session, vm, "NFS-silver", GIB)

    snapshot = session.xenapi.VM.snapshot(vm, "partly", [ignored])

    assert len(disks(session, snapshot)) == 1


def test_a_snapshot_on_block_storage_takes_the_whole_size_and_gives_it_back_in_time(fresh_pool: EmbeddedPool) -> None:
    with fresh_pool.plain_session() as session:
        vm = make_machine(session, "block")
        disk = add_disk(session, vm, "SAN-gold", 4 * GIB)
        before = free_bytes(session, "SAN-gold")

        session.xenapi.VDI.snapshot(disk, {})
        taken = before - free_bytes(session, "SAN-gold")
        session.xenapi.VDI.destroy(session.xenapi.VDI.get_snapshots(disk)[0])

        assert taken == 4 * GIB
        until(session, lambda: free_bytes(session, "SAN-gold") == before, ("SR",))


def test_a_snapshot_on_file_storage_takes_little(fresh_pool: EmbeddedPool) -> None:
    with fresh_pool.plain_session() as session:
        vm = make_machine(session, "file")
        before = free_bytes(session, "NFS-silver")

        session.xenapi.VM.snapshot(vm, "cheap", [])

        assert 0 < before - free_bytes(session, "NFS-silver") < GIB // 10


def test_a_snapshot_that_finds_no_space_leaves_nothing_behind(fresh_pool: EmbeddedPool, refusal: Any) -> None:
    with fresh_pool.plain_session() as session:
        vm = make_machine(session, "too big")
        add_disk(session, vm, "SAN-gold", 4 * GIB)
        fresh_pool.control("fill_sr", sr="SAN-gold", free_bytes=GIB)
        vdis = set(session.xenapi.VDI.get_all())

        details = refusal(session.xenapi.VM.snapshot, vm, "never", [])

        assert details == ["SR_BACKEND_FAILURE_44", "", "There is insufficient space", ""]
        assert set(session.xenapi.VDI.get_all()) == vdis
        assert session.xenapi.VM.get_snapshots(vm) == []
        assert session.xenapi.VM.get_current_operations(vm) == {}


def test_a_snapshot_shows_progress_and_holds_its_vm_meanwhile(slow_pool: EmbeddedPool, refusal: Any) -> None:
    with slow_pool.plain_session() as session:
        vm = session.xenapi.VM.get_by_name_label("shop-db.stg")[0]

        task = session.xenapi.Async.VM.snapshot(vm, "watched", [])

        until(session, lambda: 0 < session.xenapi.task.get_progress(task) < 1)
        assert session.xenapi.VM.get_current_operations(vm) == {task: "snapshot"}
        assert "suspend" not in session.xenapi.VM.get_allowed_operations(vm)
        details = refusal(session.xenapi.VM.assert_operation_valid, vm, "suspend")
        assert details == ["OTHER_OPERATION_IN_PROGRESS", "VM", vm, "snapshot", task]
        record = finished(session, task)
        assert record["status"] == "success"
        (snapshot,) = session.xenapi.VM.get_snapshots(vm)
        assert record["result"] == f"<value>{snapshot}</value>"


def test_a_cancelled_snapshot_leaves_nothing_behind(slow_pool: EmbeddedPool) -> None:
    with slow_pool.plain_session() as session:
        vm = session.xenapi.VM.get_by_name_label("shop-db.stg")[0]
        vdis = set(session.xenapi.VDI.get_all())
        task = session.xenapi.Async.VM.snapshot(vm, "cancelled", [])
        until(session, lambda: session.xenapi.VM.get_current_operations(vm) != {})

        session.xenapi.task.cancel(task)

        record = finished(session, task)
        assert record["status"] == "cancelled"
        assert record["error_info"] == ["TASK_CANCELLED", task]
        assert set(session.xenapi.VDI.get_all()) == vdis
        assert session.xenapi.VM.get_snapshots(vm) == []


def test_a_conflicting_operation_waits_for_its_turn(slow_pool: EmbeddedPool) -> None:
    with slow_pool.plain_session() as session:
        vm = session.xenapi.VM.get_by_name_label("shop-db.stg")[0]
        snapshot = session.xenapi.Async.VM.snapshot(vm, "first", [])
        until(session, lambda: session.xenapi.VM.get_current_operations(vm) != {})

        shutdown = session.xenapi.Async.VM.clean_shutdown(vm)

        assert finished(session, snapshot)["status"] == "success"
        assert finished(session, shutdown)["status"] == "success"
        assert session.xenapi.VM.get_power_state(vm) == "Halted"


def test_a_reverted_vm_is_halted_and_has_the_settings_of_the_snapshot(session: Any) -> None:
    vm = make_running(session, "goes back")
    session.xenapi.VM.add_to_other_config(vm, "mark", "before")
    session.xenapi.VM.set_tags(vm, ["early"])
    snapshot = session.xenapi.VM.snapshot(vm, "mark set", [])
    session.xenapi.VM.remove_from_other_config(vm, "mark")
    session.xenapi.VM.set_name_label(vm, "renamed since")
    session.xenapi.VM.set_tags(vm, ["late"])
    uuid, macs = session.xenapi.VM.get_uuid(vm), _macs(session, vm)

    session.xenapi.VM.revert(snapshot)

    record = session.xenapi.VM.get_record(vm)
    assert record["power_state"] == "Halted"
    assert record["other_config"]["mark"] == "before"
    assert record["name_label"] == "goes back"
    assert record["tags"] == ["late"]
    assert record["uuid"] == uuid
    assert record["is_a_template"] is False
    assert record["parent"] == snapshot
    assert record["snapshots"] == [snapshot]
    assert _macs(session, vm) == macs


def test_a_reverted_vm_has_new_disks_and_the_old_ones_are_gone(session: Any) -> None:
    vm = make_machine(session, "new disks")
    (before,) = disks(session, vm)
    snapshot = session.xenapi.VM.snapshot(vm, "disks", [])

    session.xenapi.VM.revert(snapshot)

    (after,) = disks(session, vm)
    assert after != before
    assert before not in session.xenapi.VDI.get_all()
    (taken,) = disks(session, snapshot)
    assert session.xenapi.VDI.get_snapshot_of(taken) == after
    assert session.xenapi.VDI.get_is_a_snapshot(after) is False


def test_a_disk_added_since_is_only_detached_by_a_revert(session: Any) -> None:
    vm = make_machine(session, "one more disk")
    snapshot = session.xenapi.VM.snapshot(vm, "one disk", [])
    added = add_disk(session, vm, "NFS-silver", GIB)

    session.xenapi.VM.revert(snapshot)

    assert len(disks(session, vm)) == 1
    assert added in session.xenapi.VDI.get_all()
    assert session.xenapi.VDI.get_VBDs(added) == []


def test_a_destroyed_vm_comes_back_with_its_uuid(session: Any) -> None:
    vm = make_machine(session, "lost and found")
    uuid = session.xenapi.VM.get_uuid(vm)
    snapshot = session.xenapi.VM.snapshot(vm, "insurance", [])
    session.xenapi.VM.destroy(vm)

    session.xenapi.VM.revert(snapshot)

    found = session.xenapi.VM.get_by_uuid(uuid)
    assert session.xenapi.VM.get_name_label(found) == "lost and found"
    assert len(disks(session, found)) == 1
    assert session.xenapi.VM.get_snapshot_of(snapshot) == found


def test_a_vm_that_is_no_snapshot_cannot_be_reverted_to(session: Any, refusal: Any) -> None:
    vm = make_machine(session, "no snapshot")

    assert refusal(session.xenapi.VM.revert, vm) == ["VM_REVERT_FAILED", vm, "OpaqueRef:NULL"]


def test_a_checkpoint_brings_back_the_memory(session: Any) -> None:
    vm = make_running(session, "checkpointed")

    checkpoint = session.xenapi.VM.checkpoint(vm, "with memory")

    assert session.xenapi.VM.get_power_state(vm) == "Running"
    assert session.xenapi.VM.get_power_state(checkpoint) == "Suspended"
    session.xenapi.VM.revert(checkpoint)
    assert session.xenapi.VM.get_power_state(vm) == "Suspended"
    session.xenapi.VM.resume(vm, False, False)
    assert session.xenapi.VM.get_power_state(vm) == "Running"


def test_a_destroyed_snapshot_leaves_its_disks_and_its_children(session: Any) -> None:
    vm = make_machine(session, "tree")
    first = session.xenapi.VM.snapshot(vm, "first", [])
    second = session.xenapi.VM.snapshot(vm, "second", [])
    left = disks(session, second)

    session.xenapi.VM.destroy(second)

    assert session.xenapi.VM.get_parent(vm) == first
    assert session.xenapi.VM.get_snapshots(vm) == [first]
    for disk in left:
        assert session.xenapi.VDI.get_VBDs(disk) == []
        session.xenapi.VDI.destroy(disk)


def _macs(session: Any, vm: str) -> list[str]:
    return [session.xenapi.VIF.get_MAC(vif) for vif in session.xenapi.VM.get_VIFs(vm)]


def test_a_revert_goes_to_its_end_whatever_is_asked(slow_pool: EmbeddedPool) -> None:
    with slow_pool.plain_session() as session:
        vm = session.xenapi.VM.get_by_name_label("jumpbox")[0]
        snapshot = session.xenapi.VM.snapshot(vm, "before", [])
        task = session.xenapi.Async.VM.revert(snapshot)
        until(session, lambda: session.xenapi.VM.get_current_operations(vm) == {task: "reverting"})

        session.xenapi.task.cancel(task)

        assert finished(session, task)["status"] == "success"
        assert session.xenapi.VM.get_power_state(vm) == "Halted"
