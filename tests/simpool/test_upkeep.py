"""What the pool does by itself, in its own time: restarts of HA, snapshot schedules, heartbeats."""

import http.client
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from embedded import EmbeddedPool, embedded_pool
from fleet import disks, finished, host_named, make_machine, make_running, until

GIB = 1 << 30
DAY_S = 86_400


def instant(told: Any) -> datetime:
    return datetime.strptime(told.value, "%Y%m%dT%H:%M:%SZ").replace(tzinfo=UTC)


def started_at(session: Any, vm: str) -> datetime:
    return instant(session.xenapi.VM_metrics.get_start_time(session.xenapi.VM.get_metrics(vm)))


def now(session: Any) -> datetime:
    return instant(session.xenapi.host.get_servertime(session.xenapi.host.get_all()[0]))


def is_running(session: Any, vm: str) -> bool:
    return bool(session.xenapi.VM.get_power_state(vm) == "Running")


def test_ha_restarts_in_order_with_delays_and_what_it_only_does_its_best_for_comes_last(
    fresh_pool: EmbeddedPool,
) -> None:
    with fresh_pool.plain_session() as session:
        vms = {name: make_running(session, name) for name in ("later", "first", "best")}
        for name, order, priority in (
            ("first", "1", "restart"),
            ("later", "2", "restart"),
            ("best", "0", "best-effort"),
        ):
            session.xenapi.VM.set_order(vms[name], order)
            session.xenapi.VM.set_ha_restart_priority(vms[name], priority)
        session.xenapi.VM.set_start_delay(vms["first"], "60")
        session.xenapi.VM.set_start_delay(vms["later"], "30")
        session.xenapi.pool.enable_ha([session.xenapi.SR.get_by_name_label("NFS-silver")[0]], {})
        host = host_named(session, "xen-2")
        for vm in vms.values():
            if session.xenapi.VM.get_resident_on(vm) != host:
                session.xenapi.VM.pool_migrate(vm, host, {})

        fresh_pool.control("host", host=host, mode="dead")

        until(session, lambda: all(session.xenapi.VM.get_resident_on(vm) != host for vm in vms.values()))
        until(session, lambda: all(is_running(session, vm) for vm in vms.values()))
        first, later, best = (started_at(session, vms[name]) for name in ("first", "later", "best"))
        assert (later - first).total_seconds() >= 60
        assert (best - later).total_seconds() >= 30
        assert "HA_HOST_FAILED" in {one["name"] for one in session.xenapi.message.get_all_records().values()}


def test_a_protected_machine_that_finds_no_host_is_told_of_and_tried_again(fresh_pool: EmbeddedPool) -> None:
    with fresh_pool.plain_session() as session:
        vm, host = make_running(session, "stuck"), host_named(session, "xen-2")
        session.xenapi.VM.set_ha_restart_priority(vm, "restart")
        session.xenapi.pool.enable_ha([session.xenapi.SR.get_by_name_label("NFS-silver")[0]], {})
        if session.xenapi.VM.get_resident_on(vm) != host:
            session.xenapi.VM.pool_migrate(vm, host, {})
        others = [other for other in session.xenapi.host.get_all() if other != host]
        for other in others:
            session.xenapi.host.disable(other)

        fresh_pool.control("host", host=host, mode="dead")

        def told() -> set[str]:
            return {one["name"] for one in session.xenapi.message.get_all_records().values()}

        until(session, lambda: "HA_PROTECTED_VM_RESTART_FAILED" in told(), ("message",))
        assert session.xenapi.VM.get_power_state(vm) == "Halted"
        for other in others:
            session.xenapi.host.enable(other)
        until(session, lambda: is_running(session, vm))


def test_a_schedule_takes_its_snapshots_at_its_time_and_retains_so_many() -> None:
    with embedded_pool("--speed", "3600") as pool, pool.plain_session() as session:
        vm = make_machine(session, "scheduled")
        schedule = session.xenapi.VMSS.create(
            {
                "name_label": "hourly",
                "name_description": "",
                "enabled": True,
                "type": "snapshot",
                "retained_snapshots": "2",
                "frequency": "hourly",
                "schedule": {"min": "30"},
            }
        )
        session.xenapi.VM.set_snapshot_schedule(vm, schedule)
        seen: set[str] = set()

        def all_seen() -> bool:
            seen.update(session.xenapi.VM.get_snapshots(vm))
            return len(seen) >= 4

        until(session, all_seen)

        session.xenapi.VMSS.set_enabled(schedule, False)
        for task in session.xenapi.task.get_all():
            until(session, lambda task=task: task not in session.xenapi.task.get_all())
        kept = [session.xenapi.VM.get_record(one) for one in session.xenapi.VM.get_snapshots(vm)]
        assert len(kept) == 2
        assert all(one["is_vmss_snapshot"] for one in kept)
        assert all(str(one["snapshot_time"].value)[12:14] >= "30" for one in kept)
        assert session.xenapi.VMSS.get_last_run_time(schedule).value > "19700101T00:00:00Z"
        told = [one for one in session.xenapi.message.get_all_records().values() if one["cls"] == "VMSS"]
        assert {one["name"] for one in told} == {"VMSS_SNAPSHOT_SUCCEEDED"}


def test_a_schedule_says_only_what_can_be(session: Any, refusal: Callable[..., list[str]]) -> None:
    fields = {
        "name_label": "weekly",
        "name_description": "",
        "enabled": False,
        "type": "snapshot",
        "retained_snapshots": "7",
        "frequency": "weekly",
        "schedule": {"hour": "3", "days": "sunday,Monday"},
    }
    api, create = session.xenapi.VMSS, session.xenapi.VMSS.create
    schedule = create(fields)
    vm = make_machine(session, "on schedule")

    assert api.get_schedule(schedule) == {"min": "0", "hour": "3", "days": "Sunday,Monday"}
    assert refusal(create, {**fields, "schedule": {"min": "7"}}) == ["INVALID_VALUE", "schedule:min", "7"]
    assert refusal(create, {**fields, "frequency": "hourly"}) == ["INVALID_VALUE", "schedule:hour", "3"]
    assert refusal(create, {**fields, "retained_snapshots": "11"}) == ["INVALID_VALUE", "retained_snapshots", "11"]
    assert refusal(api.set_schedule, schedule, {"days": "Caturday"}) == ["INVALID_VALUE", "schedule:days", "Caturday"]
    api.set_frequency(schedule, "daily")
    assert api.get_schedule(schedule) == {"min": "0", "hour": "3"}
    session.xenapi.VM.set_snapshot_schedule(vm, schedule)
    assert refusal(api.destroy, schedule) == ["VMSS_HAS_VM"]
    session.xenapi.VM.set_snapshot_schedule(vm, "OpaqueRef:NULL")
    api.destroy(schedule)
    assert schedule not in api.get_all()


def test_the_old_events_bring_the_pool_from_time_to_time_though_nothing_changes(pool: EmbeddedPool) -> None:
    with pool.plain_session() as session:
        session.xenapi.event.register(["pool"])
        pool_ref = session.xenapi.pool.get_all()[0]

        (event,) = session.xenapi.event.next()

        assert (event["class"], event["operation"], event["ref"]) == ("pool", "mod", pool_ref)
        assert event["snapshot"]["name_label"] == "acme"


def test_a_session_does_not_end_while_it_sends_a_disk() -> None:
    with embedded_pool("--speed", "1000") as pool, pool.plain_session() as other, pool.lasting_session() as session:
        vm = make_machine(session, "slow")
        (disk,) = disks(session, vm)
        size = int(session.xenapi.VDI.get_virtual_size(disk))
        task = session.xenapi.task.create("slow", "")
        connection = http.client.HTTPConnection(pool.url.removeprefix("http://"), timeout=60)
        connection.putrequest(
            "PUT", f"/import_raw_vdi?session_id={session.handle}&vdi={disk}&task_id={task}", skip_accept_encoding=True
        )
        connection.putheader("Content-Length", str(size))
        connection.endheaders()
        connection.send(bytes(1 << 20))
        until(other, lambda: "cancel" in other.xenapi.task.get_allowed_operations(task))

        pool.control("speed", factor=20_000.0)
        began = now(other)
        until(other, lambda: (now(other) - began).total_seconds() > DAY_S + 3600)
        pool.control("speed", factor=1.0)
        assert session.xenapi.session.get_uuid(session.handle)
        connection.close()
        assert finished(other, task)["status"] == "failure"


def test_a_large_machine_takes_longer_to_migrate_than_a_small_one_and_two_share_the_wire(
    fresh_pool: EmbeddedPool,
) -> None:
    with fresh_pool.plain_session() as session:
        vms = [make_machine(session, f"mover {number}") for number in range(3)]
        host = host_named(session, "xen-2")
        for vm, size in zip(vms, (GIB, 8 * GIB, 8 * GIB), strict=True):
            session.xenapi.VM.set_memory_limits(vm, str(GIB // 2), str(size), str(size), str(size))
            session.xenapi.VM.start_on(vm, host, False, False)
            until(session, lambda vm=vm: "pool_migrate" in session.xenapi.VM.get_allowed_operations(vm))
        away = host_named(session, "xen-3")
        fresh_pool.control("speed", factor=8.0)

        def took(*movers: str) -> float:
            tasks = [session.xenapi.Async.VM.pool_migrate(vm, away, {"live": "true"}) for vm in movers]
            records = [finished(session, task) for task in tasks]
            assert {record["status"] for record in records} == {"success"}, records
            spans = [instant(record["finished"]) - instant(record["created"]) for record in records]
            return max(span.total_seconds() for span in spans)

        small, large = took(vms[0]), took(vms[1])
        session.xenapi.VM.pool_migrate(vms[1], host, {"live": "true"})
        assert small < 3 < large
        assert took(vms[1], vms[2]) > large + 2
