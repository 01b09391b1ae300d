"""Disks as QCOW2 files: what is in one is read by its tables, and files of others are taken."""

import random
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from embedded import EmbeddedPool, embedded_pool
from plain_http import Reply, ask

MIB = 1 << 20
CLUSTER = 64 << 10
MASK = 0x00FFFFFFFFFFFE00
Put = Callable[..., Reply]


@pytest.fixture
def disk(session: Any) -> Callable[..., str]:
    def make(size: int = 5 * MIB + 512) -> str:
        fields = {"virtual_size": str(size), "type": "user", "sharable": False, "read_only": False, "other_config": {}}
        silver = session.xenapi.SR.get_by_name_label("NFS-silver")[0]
        return str(session.xenapi.VDI.create({**fields, "SR": silver}))

    return make


@pytest.fixture
def put(pool: EmbeddedPool, session: Any) -> Put:
    def upload(data: bytes, **query: object) -> Reply:
        return ask(pool, "PUT", "/import_raw_vdi", data, session_id=session.handle, **{"format": "qcow2", **query})

    return upload


@pytest.fixture
def get(pool: EmbeddedPool, session: Any) -> Callable[..., bytes]:
    def download(vdi: str, **query: object) -> bytes:
        reply = ask(pool, "GET", "/export_raw_vdi", vdi=vdi, session_id=session.handle, **query)
        assert reply.status == 200
        return reply.body

    return download


def clusters(file: bytes) -> dict[int, bytes]:
    """Return the clusters of a file without compression, by their places on the disk."""
    assert struct.unpack_from(">4sI", file) == (b"QFI\xfb", 3)
    bits, size, _crypt, entries, l1_at = struct.unpack_from(">IQIIQ", file, 20)
    assert bits == 16
    found = {}
    for table in range(entries):
        l2_at = struct.unpack_from(">Q", file, l1_at + 8 * table)[0] & MASK
        for place in range(8192 if l2_at else 0):
            at = struct.unpack_from(">Q", file, l2_at + 8 * place)[0] & MASK
            if at:
                found[table * 8192 + place] = file[at : at + CLUSTER]
    assert all(place * CLUSTER < size for place in found)
    return found


def written(size: int, tables: dict[int, int], body: bytes, *, features: int = 0) -> bytes:
    """Return a file with one table of the second level at the third cluster, and a body from the fourth on."""
    head = struct.pack(">4sIQIIQIIQQIIQ", b"QFI\xfb", 3, 0, 0, 16, size, 0, 1, CLUSTER, 0, 0, 0, 0)
    head += struct.pack(">QQQII", features, 0, 0, 4, 104)
    l1 = struct.pack(">Q", 1 << 63 | 2 * CLUSTER)
    l2 = b"".join(struct.pack(">Q", tables.get(place, 0)) for place in range(8192))
    return head.ljust(CLUSTER, b"\0") + l1.ljust(CLUSTER, b"\0") + l2 + body


def test_a_disk_is_told_by_the_clusters_that_hold_something(session: Any, disk: Any, put: Put, get: Any) -> None:
    vdi, data = disk(), random.Random(1).randbytes(MIB + 700)
    put(data, vdi=vdi, format="raw")

    file = get(vdi, format="qcow2")

    found = clusters(file)
    assert sorted(found) == list(range(32))
    assert b"".join(found[place] for place in sorted(found))[: len(data)] == data
    other = disk()
    assert put(file, vdi=other).status == 200
    assert get(other) == get(vdi)


def test_a_file_with_a_base_has_what_is_not_like_it(session: Any, disk: Any, put: Put, get: Any) -> None:
    vdi = disk()
    put(b"a" * (3 * MIB), vdi=vdi, format="raw")
    before = session.xenapi.VDI.snapshot(vdi)
    put(b"a" * MIB + b"b", vdi=vdi, format="raw")

    assert {place // 16 for place in clusters(get(vdi, format="qcow2", base=before))} == {1}


def test_packed_and_empty_clusters_are_read(disk: Any, put: Put, get: Any) -> None:
    vdi, text = disk(), b"compress me " * 8000
    put(b"x" * (3 * CLUSTER), vdi=vdi, format="raw")
    packer = zlib.compressobj(wbits=-12)
    packed = packer.compress(text[:CLUSTER]) + packer.flush()
    sectors = -(-len(packed) // 512)
    entries = {0: 1 << 62 | (sectors - 1) << 54 | 3 * CLUSTER, 2: 1}

    reply = put(written(5 * MIB, entries, packed.ljust(sectors * 512, b"\0")), vdi=vdi)

    assert reply.status == 200
    assert get(vdi)[: 3 * CLUSTER] == text[:CLUSTER] + b"x" * CLUSTER + bytes(CLUSTER)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (b"no such file", ["INTERNAL_ERROR", "Not a QCOW2: it does not begin as one"]),
        (written(MIB, {}, b"", features=8), ["INTERNAL_ERROR", "Not a QCOW2: it has features that are not known"]),
        (written(MIB, {0: 3 * CLUSTER}, b""), ["INTERNAL_ERROR", "Not a QCOW2: it is cut off"]),
        (written(8 * MIB, {}, b""), ["VDI_IO_ERROR", "Device I/O errors"]),
    ],
)
def test_a_file_that_cannot_be_is_refused(session: Any, disk: Any, put: Put, file: bytes, expected: list[str]) -> None:
    task = session.xenapi.task.create("upload", "")

    put(file, vdi=disk(), task_id=task)

    assert session.xenapi.task.get_error_info(task) == expected


def test_a_file_needs_a_disk_to_go_to(session: Any, put: Put) -> None:
    task = session.xenapi.task.create("upload", "")
    sr = session.xenapi.SR.get_by_name_label("NFS-silver")[0]

    assert put(written(MIB, {}, b""), sr_id=sr, task_id=task).status == 400
    assert session.xenapi.task.get_error_info(task) == [
        "INTERNAL_ERROR",
        "Importing a QCOW2 directly into an SR not yet supported",
    ]


def test_an_older_release_does_not_know_the_format() -> None:
    with embedded_pool("--version", "8.2") as old, old.plain_session() as session:
        task = session.xenapi.task.create("download", "")
        vdi = session.xenapi.VDI.get_all()[0]

        reply = ask(old, "GET", "/export_raw_vdi", vdi=vdi, format="qcow2", session_id=session.handle, task_id=task)

        assert reply.status == 404
        assert session.xenapi.task.get_error_info(task) == ["INTERNAL_ERROR", "Unknown format qcow2"]
