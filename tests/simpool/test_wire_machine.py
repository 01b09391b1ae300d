"""The life of a virtual machine, by the plain client and over the wire alone."""

import time
from collections.abc import Callable
from typing import Any

from embedded import EmbeddedPool

DEADLINE_S = 60.0
GOLDEN = "Debian 12 golden"


def until(session: Any, cls: str, ref: str, is_reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Follow an object by `event.from` until it is as wished, and return its record."""
    token, deadline = "", time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        answer = getattr(session.xenapi.event, "from")([f"{cls}/{ref}"], token, 5.0)
        token = answer["token"]
        for event in answer["events"]:
            if event["operation"] != "del" and is_reached(event["snapshot"]):
                record: dict[str, Any] = event["snapshot"]
                return record
    raise AssertionError(f"{cls} {ref} did not get there")


def finished(session: Any, task: str) -> dict[str, Any]:
    return until(session, "task", task, lambda record: record["status"] != "pending")


def result_of(record: dict[str, Any]) -> str:
    assert record["status"] == "success", record["error_info"]
    return str(record["result"]).removeprefix("<value>").removesuffix("</value>")


def test_a_machine_is_cloned_started_snapshotted_reverted_and_destroyed(session: Any) -> None:
    api = session.xenapi
    template = api.VM.get_by_name_label(GOLDEN)[0]

    vm = result_of(finished(session, api.Async.VM.clone(template, "born")))
    api.VM.set_is_a_template(vm, False)
    finished(session, api.Async.VM.start(vm, False, False))
    running = until(session, "VM", vm, lambda record: record["guest_metrics"] != "OpaqueRef:NULL")
    snapshot = result_of(finished(session, api.Async.VM.snapshot(vm, "before")))
    api.VM.set_name_label(vm, "changed")
    disk = api.VBD.get_VDI(api.VM.get_VBDs(vm)[0])
    result_of(finished(session, api.Async.VM.revert(snapshot)))
    reverted = api.VM.get_record(vm)
    new_disk = api.VBD.get_VDI(api.VM.get_VBDs(vm)[0])
    api.VM.destroy(vm)
    api.VM.destroy(snapshot)

    assert running["power_state"] == "Running"
    assert running["resident_on"] in api.host.get_all()
    assert (reverted["power_state"], reverted["name_label"]) == ("Halted", "born")
    assert disk != new_disk
    assert vm not in api.VM.get_all()
    assert snapshot not in api.VM.get_all()


def test_an_asynchronous_start_can_be_followed_on_the_feed(session: Any) -> None:
    api = session.xenapi
    vm = api.VM.get_by_name_label("old-wiki")[0]
    if api.VM.get_power_state(vm) != "Halted":
        api.VM.hard_shutdown(vm)

    task = api.Async.VM.start(vm, False, False)
    record = finished(session, task)

    assert record["name_label"] == "Async.VM.start"
    assert (record["status"], record["progress"], record["result"]) == ("success", 1.0, "<value></value>")
    assert (record["allowed_operations"], record["type"], record["subtask_of"]) == ([], "<none/>", "OpaqueRef:NULL")
    assert api.VM.get_power_state(vm) == "Running"
    api.task.destroy(task)
    assert task not in api.task.get_all()


def test_a_call_that_waits_has_a_task_meanwhile_and_none_afterwards(session: Any) -> None:
    api = session.xenapi
    before = set(api.task.get_all())

    api.network.destroy(api.network.create({"name_label": "brief", "other_config": {}}))

    assert set(api.task.get_all()) == before


def test_a_full_copy_is_cancelled(pool: EmbeddedPool, session: Any) -> None:
    api = session.xenapi
    template = api.VM.get_by_name_label(GOLDEN)[0]
    disks = len(api.VDI.get_all())
    pool.control("delay", method="VM.copy", seconds=3600)

    task = api.Async.VM.copy(template, "never", "OpaqueRef:NULL")
    api.task.cancel(task)
    pool.control("clear")
    record = finished(session, task)

    assert (record["status"], record["error_info"]) == ("cancelled", ["TASK_CANCELLED", task])
    assert api.VM.get_by_name_label("never") == []
    assert len(api.VDI.get_all()) == disks


def test_a_reversion_cannot_be_cancelled(fresh_pool: EmbeddedPool) -> None:
    with fresh_pool.plain_session() as session:
        api = session.xenapi
        vm = api.VM.get_by_name_label("old-wiki")[0]
        snapshot = api.VM.snapshot(vm, "before")

        task = api.Async.VM.revert(snapshot)
        until(session, "task", task, lambda record: record["allowed_operations"] == [])
        api.task.cancel(task)

        assert finished(session, task)["status"] == "success"


def test_an_operation_that_fails_says_so_in_its_task(session: Any) -> None:
    api = session.xenapi
    template = api.VM.get_by_name_label(GOLDEN)[0]

    record = finished(session, api.Async.VM.start(template, False, False))

    assert record["status"] == "failure"
    assert record["error_info"] == ["VM_IS_TEMPLATE", template, "start"]


def test_a_task_destroyed_while_it_is_pending_goes_when_it_ends(pool: EmbeddedPool, session: Any) -> None:
    api = session.xenapi
    pool.control("delay", method="network.create", seconds=3600)

    task = api.Async.network.create({"name_label": "late", "other_config": {}})
    api.task.destroy(task)
    marked = api.task.get_record(task)
    pool.control("clear")
    token = ""
    while task in api.task.get_all():
        token = getattr(api.event, "from")([f"task/{task}"], token, 5.0)["token"]

    assert (marked["status"], marked["current_operations"]) == ("pending", {"task": "destroy"})
    api.network.destroy(api.network.get_by_name_label("late")[0])


def test_the_same_seed_gives_the_same_names(pool: EmbeddedPool, fresh_pool: EmbeddedPool) -> None:
    with pool.plain_session() as one, fresh_pool.plain_session() as other:
        assert one.xenapi.host.get_all() == other.xenapi.host.get_all()
        assert one.xenapi.pool.get_all() == other.xenapi.pool.get_all()


def test_a_reference_of_another_class_is_invalid(session: Any, refusal: Callable[..., list[str]]) -> None:
    host = session.xenapi.host.get_all()[0]

    assert refusal(session.xenapi.VM.get_record, host) == ["HANDLE_INVALID", "VM", host]
