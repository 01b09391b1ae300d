"""VMs on the way: progress, cancel, memory, and metadata alone."""

import http.client
import random
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from embedded import EmbeddedPool
from plain_http import DEADLINE_S, ask, connect
from xva_files import MIB, Export, Import, contents, disks, left_over, make_machine, members, values


def test_a_download_shows_its_progress_and_can_be_cancelled(pool: EmbeddedPool, session: Any) -> None:
    vm = make_machine(pool, session, (200 * MIB,))
    vdi, task = disks(session, vm)[0], session.xenapi.task.create("export", "")
    ask(
        pool,
        "PUT",
        "/import_raw_vdi",
        random.Random(1).randbytes(100 * MIB),
        vdi=vdi,
        session_id=session.handle,
    )
    connection = connect(pool)
    connection.request(
        "GET",
        "/export?" + urlencode({"ref": vm, "session_id": session.handle, "task_id": task}),
    )
    answer = connection.getresponse()
    answer.read(2 * MIB)

    assert session.xenapi.VM.get_current_operations(vm) == {task: "export"}
    assert 0.0 < session.xenapi.task.get_progress(task) < 0.5
    assert session.xenapi.task.get_allowed_operations(task) == ["cancel"]
    session.xenapi.task.cancel(task)
    with pytest.raises(http.client.IncompleteRead):
        raise http.client.IncompleteRead(answer.read())

    assert session.xenapi.task.get_status(task) == "cancelled"
    assert session.xenapi.VM.get_current_operations(vm) == {}
    connection.close()


def test_a_task_that_was_cancelled_beforehand_carries_nothing(pool: EmbeddedPool, session: Any, machine: str) -> None:
    task = session.xenapi.task.create("export", "")
    session.xenapi.task.cancel(task)

    ask(pool, "GET", "/export", ref=machine, session_id=session.handle, task_id=task)

    assert session.xenapi.task.get_status(task) == "cancelled"
    assert session.xenapi.task.get_error_info(task) == ["TASK_CANCELLED", task]
    assert session.xenapi.VM.get_current_operations(machine) == {}


def test_a_client_that_leaves_a_download_is_told_of_in_the_words_of_a_real_host(
    pool: EmbeddedPool, session: Any, machine: str
) -> None:
    task, connection = session.xenapi.task.create("export", ""), connect(pool)
    connection.request("GET", "/export?" + urlencode({"ref": machine, "session_id": session.handle, "task_id": task}))
    answer = connection.getresponse()
    answer.read(MIB)

    answer.close()
    connection.close()
    while session.xenapi.task.get_status(task) == "pending":
        pass

    code, reason = session.xenapi.task.get_error_info(task)
    assert code == "CLIENT_ERROR"
    assert re.fullmatch(r'INTERNAL_ERROR: \[ Unix\.Unix_error\(Unix\.(EPIPE|ECONNRESET), "write", ""\) \]', reason)


def test_an_upload_shows_its_progress_and_can_be_cancelled(
    pool: EmbeddedPool, session: Any, machine: str, export: Export
) -> None:
    data, before, task = export(machine), left_over(session), session.xenapi.task.create("import", "")
    connection = connect(pool)
    connection.putrequest("PUT", "/import?" + urlencode({"session_id": session.handle, "task_id": task}))
    connection.putheader("Content-Length", str(len(data)))
    connection.endheaders(data[: len(data) * 2 // 3])
    while session.xenapi.task.get_progress(task) < 0.2:
        pass

    record = session.xenapi.task.get_record(task)
    assert record["other_config"] == {"object_creation": "complete"}
    made = [one for one in session.xenapi.VM.get_all_records().values() if task in one["current_operations"]]
    assert [one["current_operations"] for one in made] == [{task: "import"}]
    session.xenapi.task.cancel(task)
    connection.send(data[len(data) * 2 // 3 :])
    connection.getresponse().read()
    connection.close()

    assert session.xenapi.task.get_status(task) == "cancelled"
    assert left_over(session) == before


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells how much memory a process had")
def test_large_files_are_never_in_memory(fresh_pool: EmbeddedPool) -> None:
    def most_memory() -> int:
        lines = Path(f"/proc/{fresh_pool.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

    with fresh_pool.plain_session() as session:
        vm = make_machine(fresh_pool, session, (160 * MIB,))
        vdi, noise = disks(session, vm)[0], random.Random(3).randbytes(160 * MIB)
        before = most_memory()

        ask(fresh_pool, "PUT", "/import_raw_vdi", noise, vdi=vdi, session_id=session.handle)
        data = ask(fresh_pool, "GET", "/export", ref=vm, session_id=session.handle, use_compression="zstd").body
        task = session.xenapi.task.create("import", "")
        ask(fresh_pool, "PUT", "/import", data, session_id=session.handle, task_id=task)

        assert session.xenapi.task.get_status(task) == "success"
        assert len(data) > 150 * MIB
        assert most_memory() - before < 60 * MIB


def test_metadata_travels_without_the_disks(pool: EmbeddedPool, session: Any, machine: str, put: Import) -> None:
    snapshot = session.xenapi.VM.snapshot(machine, "then")
    reply = ask(pool, "GET", "/export_metadata", ref=machine, session_id=session.handle)
    assert reply.headers["content-length"] == str(len(reply.body))
    assert list(members(reply.body)) == ["ova.xml"]
    attached = disks(session, machine)

    tried = put(reply.body, "/import_metadata", dry_run="true")
    (vm,) = put(reply.body, "/import_metadata").vms

    assert tried.record["status"] == "success"
    assert disks(session, vm) == attached
    assert [session.xenapi.VM.get_name_label(one) for one in session.xenapi.VM.get_snapshots(vm)] == ["then"]
    assert session.xenapi.VM.get_snapshots(machine) == [snapshot]


def test_metadata_of_all_vms_is_told_at_once(pool: EmbeddedPool, session: Any) -> None:
    reply = ask(
        pool,
        "GET",
        "/export_metadata",
        all="true",
        include_dom0="false",
        session_id=session.handle,
    )

    header: Any = values(members(reply.body)["ova.xml"].decode())
    told = {one["snapshot"]["uuid"] for one in header["objects"] if one["class"] == "VM"}
    records = session.xenapi.VM.get_all_records().values()
    assert told == {one["uuid"] for one in records if not one["is_control_domain"] and not one["is_default_template"]}


def test_the_pool_fetches_a_file_by_itself(pool: EmbeddedPool, session: Any, machine: str, refusal: Any) -> None:
    sr = session.xenapi.SR.get_by_name_label("NFS-silver")[0]
    url = f"{pool.url}/export?" + urlencode({"ref": machine, "session_id": session.handle, "use_compression": "zstd"})

    (vm,) = getattr(session.xenapi.VM, "import")(url, sr, False, False)

    assert contents(pool, session, vm) == contents(pool, session, machine)
    wrong = refusal(getattr(session.xenapi.VM, "import"), f"{pool.url}/nosuch", sr, False, False)
    assert wrong[0] == "IMPORT_ERROR"


def test_an_import_that_a_change_of_coordinator_cuts_off_leaves_nothing(fresh_pool: EmbeddedPool) -> None:
    with fresh_pool.lasting_session() as session:
        vm = make_machine(fresh_pool, session)
        data = ask(fresh_pool, "GET", "/export", ref=vm, session_id=session.handle).body
        before, task = left_over(session), session.xenapi.task.create("import", "")
        connection = connect(fresh_pool)
        connection.putrequest("PUT", "/import?" + urlencode({"session_id": session.handle, "task_id": task}))
        connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data[: len(data) // 2])
        while session.xenapi.task.get_progress(task) < 0.2:
            pass

    fresh_pool.control("fail_over")

    connection.close()
    with fresh_pool.lasting_session(url=fresh_pool.hosts[1].url) as session:
        deadline = time.monotonic() + DEADLINE_S
        while left_over(session) != before and time.monotonic() < deadline:
            pass
        assert left_over(session) == before
