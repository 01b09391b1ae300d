"""Chance that can be repeated, time that runs as told, storage that takes as long as its bytes need."""

import json
import urllib.error
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import XenAPI
from embedded import EmbeddedPool, embedded_pool, embedded_pools
from fleet import finished, make_machine, until
from plain_http import ask

GIB = 1 << 30


@pytest.fixture(scope="module")
def served() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "1000") as pool:
        yield pool


@pytest.fixture
def session(served: EmbeddedPool) -> Iterator[Any]:
    with served.plain_session() as logged_in:
        yield logged_in
    served.control("clear")


def outcomes(served: EmbeddedPool, session: Any, calls: int = 40) -> list[bool]:
    found = []
    for _ in range(calls):
        try:
            session.xenapi.network.get_all()
            found.append(True)
        except XenAPI.Failure:
            found.append(False)
    return found


def test_chance_is_the_same_again_for_the_same_seed(served: EmbeddedPool, session: Any) -> None:
    served.control("fail", method="network.get_all", chance=0.5, code="INTERNAL_ERROR")
    tries = []
    for seed in (7, 7, 8):
        served.control("seed", seed=seed)
        tries.append(outcomes(served, session))

    assert tries[0] == tries[1] != tries[2]
    assert {True, False} == set(tries[0])


def test_a_call_can_wait_by_chance_and_is_answered(served: EmbeddedPool, session: Any) -> None:
    served.control("delay", method="network.get_all", seconds=0.001, spread=0.002)

    assert session.xenapi.network.get_all()


def seconds_of(*records: dict[str, Any]) -> float:
    """Return the pool's own seconds from the first beginning to the last end."""
    instants = {
        name: [datetime.strptime(record[name].value, "%Y%m%dT%H:%M:%S%z") for record in records]
        for name in ("created", "finished")
    }
    return (max(instants["finished"]) - min(instants["created"])).total_seconds()


def copies(session: Any, sr: str, count: int) -> list[dict[str, Any]]:
    """Copy the disks of so many machines at once: one disk is copied only once at a time."""
    api = session.xenapi
    target = api.SR.get_by_name_label(sr)[0]
    machines = [make_machine(session, f"source {number}") for number in range(count)]
    disks = [api.VBD.get_VDI(api.VM.get_VBDs(vm)[0]) for vm in machines]
    tasks = [api.Async.VDI.copy(disk, target) for disk in disks]
    records = [finished(session, task) for task in tasks]
    assert [record["status"] for record in records] == ["success"] * count
    return records


def bytes_carried(session: Any) -> int:
    """Return how much a copy has to carry: what it takes on storage that keeps only what was written."""
    (record,) = copies(session, "NFS-silver", 1)
    made = record["result"].removeprefix("<value>").removesuffix("</value>")
    return int(session.xenapi.VDI.get_physical_utilisation(made))


def test_a_copy_takes_as_long_as_its_bytes_need(served: EmbeddedPool, session: Any) -> None:
    size = bytes_carried(session)
    served.control("storage", sr="SAN-gold", bytes_per_s=size / 300)

    (record,) = copies(session, "SAN-gold", 1)

    # However busy the machine is, it can only have been more; the headers of a file are not carried.
    assert seconds_of(record) >= 0.95 * 300


def test_copies_on_one_sr_share_what_it_carries(served: EmbeddedPool, session: Any) -> None:
    size = bytes_carried(session)
    served.control("storage", sr="SAN-gold", bytes_per_s=size / 1000)

    records = copies(session, "SAN-gold", 3)

    assert seconds_of(*records) >= 0.95 * 3000


def test_all_storage_can_be_slow_at_once(served: EmbeddedPool, session: Any) -> None:
    served.control("storage", bytes_per_s=GIB / 10)
    vm = make_machine(session, "slow to copy")
    disk = session.xenapi.VM.get_VBDs(vm)
    size = max(int(session.xenapi.VDI.get_physical_utilisation(session.xenapi.VBD.get_VDI(one))) for one in disk[:1])

    record = finished(session, session.xenapi.Async.VM.copy(vm, "the copy", "OpaqueRef:NULL"))

    assert record["status"] == "success"
    assert seconds_of(record) >= size / (GIB / 10) - 1


def test_what_goes_over_http_takes_as_long_as_its_bytes_need(served: EmbeddedPool, session: Any) -> None:
    api, mib = session.xenapi, 1 << 20
    silver = api.SR.get_by_name_label("NFS-silver")[0]
    (vm,) = api.VM.get_by_name_label("build-2")
    disk = api.VDI.create(
        {"name_label": "slow", "SR": silver, "virtual_size": str(4 * mib), "type": "user", "other_config": {}}
        | {"sharable": False, "read_only": False}
    )
    (used,) = (api.VBD.get_VDI(vbd) for vbd in api.VM.get_VBDs(vm) if api.VBD.get_type(vbd) == "Disk")

    def seconds(method: str, path: str, bytes_per_s: float, body: bytes | None = None, **query: str) -> float:
        served.control("storage", sr="NFS-silver", bytes_per_s=bytes_per_s)
        task = api.task.create(path, "")
        reply = ask(served, method, path, body, session_id=session.handle, task_id=task, **query)
        assert reply.status == 200
        assert api.task.get_status(task) == "success"
        return seconds_of(api.task.get_record(task))

    written, read = bytes(4 * mib), int(api.VDI.get_physical_utilisation(used))

    # As with a copy, reading takes what somebody wrote, and its zeros need no time on the wire alone.
    assert seconds("PUT", "/import_raw_vdi", len(written) / 300, written, vdi=disk) >= 0.95 * 300
    assert seconds("GET", "/export_raw_vdi", len(written) / 300, vdi=disk) >= 0.95 * 300
    assert seconds("GET", "/export", read / 300, ref=vm) >= 0.95 * 300


def test_a_clock_that_runs_faster_ends_what_already_waits() -> None:
    with embedded_pool() as served, served.plain_session() as session:
        vm = session.xenapi.VM.get_by_name_label("jumpbox")[0]
        session.xenapi.VM.set_shutdown_delay(vm, "86400")
        task = session.xenapi.Async.VM.clean_shutdown(vm)
        until(session, lambda: "clean_shutdown" in session.xenapi.VM.get_current_operations(vm).values())

        served.control("speed", factor=1_000_000)

        assert finished(session, task)["status"] == "success"


def test_faults_of_a_file_belong_to_the_pool_they_name(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    command = {"do": "fail", "pool": "production", "method": "network.get_all", "nth": 0, "code": "INTERNAL_ERROR"}
    file.write_text(json.dumps([command, {"do": "storage", "bytes_per_s": 1e9}]))

    with embedded_pools("--faults", str(file)) as (test, production):
        with test.plain_session() as session:
            assert session.xenapi.network.get_all()
        with production.plain_session() as session, pytest.raises(XenAPI.Failure):
            session.xenapi.network.get_all()


def test_faults_of_a_file_can_be_about_hosts(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text(json.dumps([{"do": "host", "host": "xen-2", "mode": "dead"}]))

    with embedded_pool("--faults", str(file)) as served, served.plain_session() as session:
        live = {
            record["name_label"]: session.xenapi.host_metrics.get_live(record["metrics"])
            for record in session.xenapi.host.get_all_records().values()
        }
        lonely = XenAPI.Session(served.hosts[1].url, ignore_ssl=True)
        with pytest.raises(OSError, match="refused"):
            lonely.system.listMethods()
        lonely("close")()

    assert live == {"xen-1": True, "xen-2": False, "xen-3": True, "xen-4": True}


@pytest.mark.parametrize("text", ['{"do": "clear"}', '[{"do": "clear", "pool": "nowhere"}]', "[7]", "nonsense"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "faults.json"
    file.write_text(text)

    with pytest.raises(AssertionError), embedded_pool("--faults", str(file)):
        pass

    words = capfd.readouterr().err
    assert str(file) in words
    assert "Traceback" not in words


@pytest.mark.parametrize(
    "command",
    [
        {"do": "storage", "bytes_per_s": 0},
        {"do": "storage", "sr": "nowhere", "bytes_per_s": 1},
        {"do": "speed", "factor": 0},
        {"do": "speed", "factor": "fast"},
        {"do": "delay", "method": "*", "seconds": -1},
        {"do": "fail", "method": "VM.start", "code": "X", "chance": 2},
        {"do": "fail", "method": "VM.start", "code": "X", "nth": -1},
        {"do": "drop", "method": "VM.start", "when": "never"},
        {"do": "set_field", "cls": "VM", "ref": "OpaqueRef:x", "field": "name_label", "value": "x"},
        {"do": "set_field", "cls": "VM", "ref": "OpaqueRef:x", "field": "VBDs", "value": []},
        {"do": "seed"},
    ],
)
def test_a_command_that_cannot_be_is_refused(served: EmbeddedPool, command: dict[str, Any]) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        served.control(**command)
