"""Uploads whose length nobody knew: chunks are refused, so clients promise far too much, or nothing, and leave."""

import random
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from embedded import EmbeddedPool
from fleet import finished
from plain_http import DEADLINE_S, ask, connect
from xva_files import MIB, Export, contents, disks

PROMISED = 1 << 50


def read(pool: EmbeddedPool, session: Any, vdi: str, **query: str) -> bytes:
    return ask(pool, "GET", "/export_raw_vdi", vdi=vdi, session_id=session.handle, **query).body


def send_and_cut(pool: EmbeddedPool, session: Any, path: str, data: bytes, **query: str) -> dict[str, Any]:
    """Send all that there is, cut the connection as Xen Orchestra does, and return the task's record."""
    task = session.xenapi.task.create("upload", "")
    connection = connect(pool)
    connection.putrequest("PUT", f"{path}?{urlencode({'session_id': session.handle, 'task_id': task, **query})}")
    connection.putheader("Content-Length", str(PROMISED))
    connection.endheaders(data)
    connection.getresponse()
    connection.close()
    return finished(session, task)


def send_and_leave(pool: EmbeddedPool, session: Any, path: str, data: bytes, **query: str) -> dict[str, Any]:
    """Say no length, wait for the answer, send all that there is and close, as the samples of the vendor's SDK do."""
    task = session.xenapi.task.create("upload", "")
    address = urlsplit(pool.url)
    target = f"{path}?{urlencode({'session_id': session.handle, 'task_id': task, **query})}"
    with socket.create_connection((address.hostname, address.port), timeout=DEADLINE_S) as connection:
        for line in (f"PUT {target} HTTP/1.0", "Connection:close", ""):
            connection.sendall(f"{line}\r\n".encode())
        assert b"200 OK" in connection.recv(1024)
        connection.sendall(data)
    return finished(session, task)


Send = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("send", [send_and_cut, send_and_leave])
@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_a_machine_arrives_whole(
    pool: EmbeddedPool, session: Any, machine: str, export: Export, compression: str, send: Send
) -> None:
    data = export(machine, use_compression=compression)

    task = send(pool, session, "/import", data)

    assert (task["status"], task["error_info"]) == ("success", [])
    arrived = next(ref for ref in session.xenapi.VM.get_by_name_label("travels") if ref in task["result"])
    assert contents(pool, session, arrived) == contents(pool, session, machine)


def test_a_machine_that_was_cut_off_does_not_arrive(
    pool: EmbeddedPool, session: Any, machine: str, export: Export
) -> None:
    data = export(machine)

    task = send_and_cut(pool, session, "/import", data[: len(data) // 2])

    assert task["error_info"] == ["IMPORT_ERROR_PREMATURE_EOF"]


def test_a_disk_holds_what_came_though_its_task_fails(pool: EmbeddedPool, session: Any, machine: str) -> None:
    vdi = disks(session, machine)[0]
    data = random.Random(3).randbytes(2 * MIB + 700)

    task = send_and_cut(pool, session, "/import_raw_vdi", data, vdi=vdi)

    assert task["error_info"] == ["VDI_IO_ERROR", "Device I/O errors"]
    assert read(pool, session, vdi)[: len(data)] == data


def test_a_vhd_arrives_whole(pool: EmbeddedPool, session: Any, machine: str) -> None:
    source, target = (
        disks(session, machine)[0],
        session.xenapi.VDI.create(
            {
                "SR": session.xenapi.SR.get_by_name_label("NFS-silver")[0],
                "virtual_size": str(6 * MIB),
                "type": "user",
                "sharable": False,
                "read_only": False,
                "other_config": {},
            }
        ),
    )
    data = read(pool, session, source, format="vhd")

    task = send_and_cut(pool, session, "/import_raw_vdi", data, vdi=target, format="vhd")

    assert task["status"] == "success"
    assert read(pool, session, target) == read(pool, session, source)


def test_a_disk_takes_what_comes_until_it_is_full(pool: EmbeddedPool, session: Any, machine: str) -> None:
    vdi = disks(session, machine)[0]
    data = random.Random(5).randbytes(6 * MIB)

    task = send_and_leave(pool, session, "/import_raw_vdi", data, vdi=vdi)

    assert (task["status"], task["progress"]) == ("success", 1.0)
    assert read(pool, session, vdi) == data
