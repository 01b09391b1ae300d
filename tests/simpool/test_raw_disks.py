"""Disks as they are: written, read, shared by clones, as VHD; and what is refused."""

import io
import random
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from embedded import EmbeddedPool, embedded_pool
from plain_http import Reply, ask

MIB = 1 << 20
Put = Callable[..., Reply]
Get = Callable[..., bytes]


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def make_disk(session: Any, size: int = 5 * MIB, sr: str = "NFS-silver") -> str:
    fields = {"virtual_size": str(size), "type": "user", "sharable": False, "read_only": False, "other_config": {}}
    ref: str = session.xenapi.VDI.create({**fields, "SR": session.xenapi.SR.get_by_name_label(sr)[0]})
    return ref


@pytest.fixture
def put(pool: EmbeddedPool, session: Any) -> Put:
    def upload(vdi: str, data: Any, **query: object) -> Reply:
        return ask(pool, "PUT", "/import_raw_vdi", data, vdi=vdi, session_id=session.handle, **query)

    return upload


@pytest.fixture
def get(pool: EmbeddedPool, session: Any) -> Get:
    def download(vdi: str, **query: object) -> bytes:
        reply = ask(pool, "GET", "/export_raw_vdi", vdi=vdi, session_id=session.handle, **query)
        assert reply.status == 200
        return reply.body

    return download


def failure(session: Any, task: str) -> list[str]:
    assert session.xenapi.task.get_status(task) == "failure"
    found: list[str] = session.xenapi.task.get_error_info(task)
    return found


def test_a_disk_is_all_zeros_until_it_is_written(session: Any, get: Get) -> None:
    assert get(make_disk(session, 3 * MIB + 512)) == bytes(3 * MIB + 512)


def test_a_disk_holds_what_was_written(session: Any, put: Put, get: Get) -> None:
    vdi, data = make_disk(session), noise(2 * MIB + 700)
    task = session.xenapi.task.create("upload", "")

    reply = put(vdi, data, format="raw", task_id=task)

    assert (reply.status, reply.headers["task-id"]) == (200, task)
    assert session.xenapi.task.get_result(task) == f"<value>{vdi}</value>"
    assert get(vdi) == data + bytes(5 * MIB - len(data))


def test_a_short_write_leaves_the_rest_as_it_was(session: Any, put: Put, get: Get) -> None:
    vdi, old, new = make_disk(session, 2 * MIB), noise(2 * MIB, 1), noise(1000, 2)
    put(vdi, old)

    put(vdi, new)

    assert get(vdi) == new + old[1000:]


def test_a_disk_is_found_by_its_uuid_too(session: Any, put: Put, get: Get) -> None:
    vdi = make_disk(session)
    uuid = session.xenapi.VDI.get_uuid(vdi)

    assert put(uuid, b"abc").status == 200
    assert get(uuid).startswith(b"abc")


def test_clones_snapshots_and_copies_keep_what_was_there_then(session: Any, put: Put, get: Get) -> None:
    vdi, old, new = make_disk(session, 3 * MIB), noise(3 * MIB, 1), noise(3 * MIB, 2)
    put(vdi, old)
    others = [
        session.xenapi.VDI.clone(vdi),
        session.xenapi.VDI.snapshot(vdi),
        session.xenapi.VDI.copy(vdi, session.xenapi.SR.get_by_name_label("SAN-gold")[0]),
    ]

    put(vdi, new)
    put(others[0], b"x")

    assert get(vdi) == new
    assert get(others[0]) == b"x" + old[1:]
    assert [get(one) for one in others[1:]] == [old, old]
    session.xenapi.VDI.destroy(vdi)
    assert get(others[1]) == old


def test_a_vm_goes_back_to_the_disk_of_its_snapshot(session: Any, put: Put, get: Get) -> None:
    template = session.xenapi.VM.get_by_name_label("Debian 12 golden")[0]
    vm = session.xenapi.VM.clone(template, "going-back")
    session.xenapi.VM.provision(vm)

    def disk() -> str:
        vbds = [session.xenapi.VBD.get_record(vbd) for vbd in session.xenapi.VM.get_VBDs(vm)]
        ref: str = next(vbd["VDI"] for vbd in vbds if vbd["type"] == "Disk")
        return ref

    put(disk(), b"before")
    snapshot = session.xenapi.VM.snapshot(vm, "then")
    put(disk(), b"after!")

    session.xenapi.VM.revert(snapshot)

    uuid = session.xenapi.VDI.get_uuid(disk())
    assert session.xenapi.VDI.get_virtual_size(session.xenapi.VDI.get_by_uuid(uuid)) > "0"
    session.xenapi.VDI.resize(disk(), session.xenapi.VDI.get_virtual_size(disk()))
    assert first_bytes(get, session, disk()) == b"before"


def first_bytes(get: Get, session: Any, vdi: str) -> bytes:
    """Read the beginning of a large disk: as a VHD it comes without its zeros."""
    vhd = get(vdi, format="vhd")
    table_bytes = struct.unpack_from(">I", vhd, 512 + 28)[0] * 4
    start = 512 + 1024 + -(-table_bytes // 512) * 512 + 512
    return vhd[start : start + 6]


def test_written_blocks_take_space_on_file_storage(session: Any, put: Put) -> None:
    vdi = make_disk(session, 64 * MIB)
    before = int(session.xenapi.VDI.get_physical_utilisation(vdi))

    put(vdi, noise(20 * MIB))

    grown = int(session.xenapi.VDI.get_physical_utilisation(vdi)) - before
    assert grown == 20 * MIB


def test_a_clone_takes_space_only_for_what_is_written_to_it(session: Any, put: Put) -> None:
    vdi = make_disk(session, 64 * MIB)
    put(vdi, noise(20 * MIB))
    clone = session.xenapi.VDI.clone(vdi)
    before = int(session.xenapi.VDI.get_physical_utilisation(clone))

    put(clone, noise(3 * MIB, 2))

    assert int(session.xenapi.VDI.get_physical_utilisation(clone)) - before == 3 * MIB


def test_a_full_sr_stops_the_upload(fresh_pool: EmbeddedPool) -> None:
    with fresh_pool.plain_session() as session:
        vdi, task = make_disk(session, 64 * MIB), session.xenapi.task.create("upload", "")
        fresh_pool.control("fill_sr", sr="NFS-silver", free_bytes=10 * MIB)

        ask(fresh_pool, "PUT", "/import_raw_vdi", noise(40 * MIB), vdi=vdi, session_id=session.handle, task_id=task)

        assert failure(session, task)[0] == "SR_BACKEND_FAILURE_44"


def test_pieces_may_say_where_they_belong(session: Any, put: Put, get: Get) -> None:
    vdi = make_disk(session, 2 * MIB)
    head = struct.Struct("<QI")
    body = head.pack(MIB - 2, 4) + b"abcd" + head.pack(10, 2) + b"xy" + head.pack(0, 0)

    put(vdi, body, chunked="true")

    data = get(vdi)
    assert (data[MIB - 2 : MIB + 2], data[10:12]) == (b"abcd", b"xy")
    assert data.count(0) == 2 * MIB - 6


def test_a_disk_travels_as_a_vhd(session: Any, put: Put, get: Get) -> None:
    source, target, size = make_disk(session, 9 * MIB), make_disk(session, 12 * MIB), 9 * MIB
    data = noise(MIB) + bytes(4 * MIB) + noise(MIB // 2, 2) + bytes(size - 5 * MIB - MIB // 2)
    put(source, data)

    vhd = get(source, format="vhd")
    put(target, vhd, format="vhd")

    assert (vhd[:8], vhd[512:520], vhd[-512:]) == (b"conectix", b"cxsparse", vhd[:512])
    assert len(vhd) < 6 * MIB
    assert get(target) == data + bytes(3 * MIB)


def test_a_disk_travels_as_a_tar_of_checked_pieces(session: Any, put: Put, get: Get) -> None:
    source, target, data = make_disk(session, 5 * MIB), make_disk(session, 5 * MIB), noise(MIB + 5)
    put(source, data)

    archive = get(source, format="tar")
    put(target, archive, format="tar")

    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        names = opened.getnames()
    numbers = ("00000000", "00000001", "00000004")
    assert names == [f"vdi/{number}{suffix}" for number in numbers for suffix in ("", ".xxhash")]
    assert get(target) == data + bytes(4 * MIB - 5)


def test_a_vhd_can_hold_only_what_changed(session: Any, put: Put, get: Get) -> None:
    vdi, old = make_disk(session, 8 * MIB), noise(8 * MIB)
    put(vdi, old)
    base = session.xenapi.VDI.snapshot(vdi)
    new = b"changed" + old[7:]
    put(vdi, new)
    target = session.xenapi.VDI.clone(base)

    delta = get(vdi, format="vhd", base=base)
    put(target, delta, format="vhd")

    assert len(delta) < 3 * MIB
    assert get(target) == new


@pytest.mark.parametrize(
    ("query", "status", "error"),
    [
        ({"format": "vmdk"}, 404, ["INTERNAL_ERROR", "Unknown format vmdk"]),
        ({"format": "vhd", "chunked": "true"}, 404, ["INTERNAL_ERROR", "Cannot handle chunked VHD"]),
        ({"vdi": "nosuch"}, 500, ["UUID_INVALID", "VDI", "nosuch"]),
    ],
)
def test_an_upload_that_cannot_be_is_refused(
    pool: EmbeddedPool, session: Any, query: dict[str, str], status: int, error: list[str]
) -> None:
    task = session.xenapi.task.create("upload", "")
    wanted = {"vdi": make_disk(session), "session_id": session.handle, "task_id": task, **query}

    reply = ask(pool, "PUT", "/import_raw_vdi", b"x" * 100, **wanted)

    assert reply.status == status
    assert failure(session, task) == error


def test_an_upload_in_chunks_is_refused(session: Any, put: Put) -> None:
    task = session.xenapi.task.create("upload", "")

    reply = put(make_disk(session), (piece for piece in (b"x",)), task_id=task)

    assert reply.status == 404
    assert failure(session, task) == ["INTERNAL_ERROR", "Cannot handle encoding: chunked"]


def test_of_more_than_the_disk_holds_it_takes_what_it_can(session: Any, put: Put, get: Get) -> None:
    vdi, task = make_disk(session, MIB), session.xenapi.task.create("upload", "")

    body = random.Random(7).randbytes(MIB + 1)

    reply = put(vdi, body, task_id=task)

    assert reply.status == 200
    assert failure(session, task) == ["VDI_IO_ERROR", "Device I/O errors"]
    assert get(vdi) == body[:MIB]
    large = make_disk(session, 6 * MIB)
    task = session.xenapi.task.create("upload", "")
    put(vdi, get(large, format="vhd"), format="vhd", task_id=task)
    assert failure(session, task) == ["VDI_IO_ERROR", "Device I/O errors"]


@pytest.mark.parametrize("body", [b"", b"x" * 511, b"x" * 4096, b"conectix" + bytes(2000)])
def test_what_is_no_vhd_is_refused(session: Any, put: Put, body: bytes) -> None:
    task = session.xenapi.task.create("upload", "")

    put(make_disk(session), body, format="vhd", task_id=task)

    assert failure(session, task)[0] in ("INTERNAL_ERROR", "VDI_IO_ERROR")


def test_a_disk_that_is_attached_or_read_only_is_left_alone(session: Any, put: Put, pool: EmbeddedPool) -> None:
    attached = next(
        vbd["VDI"]
        for vbd in session.xenapi.VBD.get_all_records().values()
        if vbd["currently_attached"] and vbd["type"] == "Disk" and vbd["mode"] == "RW"
    )
    read_only = make_disk(session)
    session.xenapi.VDI.set_read_only(read_only, True)
    task, other = session.xenapi.task.create("a", ""), session.xenapi.task.create("b", "")

    put(attached, b"x", task_id=task)
    put(read_only, b"x", task_id=other)

    assert failure(session, task) == ["VDI_IN_USE", attached]
    assert failure(session, other) == ["VDI_READONLY", read_only]
    assert ask(pool, "GET", "/export_raw_vdi", vdi=attached, session_id=session.handle).status == 500


def test_a_disk_is_made_for_an_upload_into_an_sr(pool: EmbeddedPool, session: Any, get: Get) -> None:
    sr, task = session.xenapi.SR.get_by_name_label("NFS-silver")[0], session.xenapi.task.create("upload", "")

    ask(pool, "PUT", "/import_raw_vdi", b"hello", sr_id=sr, session_id=session.handle, task_id=task)

    vdi = session.xenapi.task.get_result(task).removeprefix("<value>").removesuffix("</value>")
    assert session.xenapi.VDI.get_name_label(vdi) == "Imported VDI"
    assert get(vdi) == b"hello"
    task = session.xenapi.task.create("upload", "")
    assert ask(pool, "PUT", "/import_raw_vdi", b"x", session_id=session.handle, task_id=task).status == 400
    assert failure(session, task) == ["VDI_MISSING"]


def test_the_disk_is_free_again_afterwards(session: Any, put: Put) -> None:
    vdi = make_disk(session)
    put(vdi, b"x")

    assert session.xenapi.VDI.get_VBDs(vdi) == []
    assert "destroy" in session.xenapi.VDI.get_allowed_operations(vdi)
    session.xenapi.VDI.destroy(vdi)


def test_contents_survive_the_death_of_the_process(tmp_path: Path) -> None:
    file, data = tmp_path / "pool.json", noise(2 * MIB)
    with embedded_pool("--state", str(file), "--speed", "50") as first:
        with first.plain_session() as session:
            vdi = make_disk(session, 2 * MIB)
            ask(first, "PUT", "/import_raw_vdi", data, vdi=vdi, session_id=session.handle)
        first.stop()
    with embedded_pool("--state", str(file), "--speed", "50") as second, second.plain_session() as session:
        assert ask(second, "GET", "/export_raw_vdi", vdi=vdi, session_id=session.handle).body == data
