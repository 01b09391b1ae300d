"""Machines and disks as files, over the real wire; and hosts that redirect, stall, refuse and break on the way."""

import asyncio
import threading
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from embedded import EmbeddedPool

from tests.xapi.conftest import Connect
from tests.xapi.hosts import Forwarder, forwarder
from tests.xapi.travels import RUN, ignored, left_in, sha256_of, tasks_of
from xsconsole.domain.ids import Uuid
from xsconsole.engine.ports import TransferPort
from xsconsole.errors import ConnectionLost, DiskFull, PoolFailed, Refused, SessionLost, StoreFailed
from xsconsole.simpool import certificates
from xsconsole.xapi import transfer
from xsconsole.xapi.streams import PIECE_BYTES

NOBODY = Uuid("00000000-0000-0000-0000-000000000001")
SUPPORTER = "127.0.0.2"
DEADLINE_S = 60.0


async def test_what_is_there_already_is_not_written_over(port: TransferPort, tmp_path: Path) -> None:
    file = tmp_path / "precious.xva"
    file.write_text("precious")

    with pytest.raises(Refused, match="there already"):
        await port.export_vm(NOBODY, file, RUN, ignored)

    assert file.read_text() == "precious"


async def test_a_file_that_cannot_be_read_is_said(port: TransferPort, tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match="no such file"):
        await port.import_vm(tmp_path / "nothing.xva", RUN, ignored)


# --- hosts that are not as they should be -------------------------------------------------------------------------


@pytest.fixture
def host(pool: EmbeddedPool) -> Iterator[Forwarder]:
    with forwarder(pool) as served:
        yield served


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a task never says why: wait for that as long as it takes here, not as long as over a slow line."""
    monkeypatch.setattr(transfer, "WHY_TIMEOUT_S", 0.2)


@pytest.fixture
async def through(pool: EmbeddedPool, host: Forwarder, connect: Connect) -> AsyncIterator[TransferPort]:
    gateway, _ = await connect(pool, url=host.url)
    yield gateway.transfers
    await gateway.close()


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(bytes(PIECE_BYTES))


def answering(status: int, **headers: str) -> Any:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def breaking(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(10 * PIECE_BYTES))
    handler.end_headers()
    handler.wfile.write(bytes(PIECE_BYTES))


async def test_who_stops_waiting_leaves_neither_file_nor_task(
    host: Forwarder, through: TransferPort, plain: Any, tmp_path: Path
) -> None:
    host.transfer = endless
    moves = asyncio.Event()
    exporting = asyncio.create_task(
        through.export_vm(NOBODY, tmp_path / "x.xva", RUN, lambda size_bytes, share: moves.set())
    )
    await moves.wait()

    exporting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await exporting

    assert left_in(tmp_path) == []
    assert tasks_of(plain) == []
    own = [one for one in threading.enumerate() if one.name.startswith("transfer")]
    for thread in own:
        thread.join(DEADLINE_S)
    assert not [one for one in own if one.is_alive()]


async def test_a_full_disk_is_said_in_a_sentence(
    host: Forwarder, through: TransferPort, plain: Any, tmp_path: Path
) -> None:
    host.transfer = endless
    (tmp_path / "x.xva.part").symlink_to("/dev/full")

    with pytest.raises(DiskFull, match="no room left"):
        await through.export_vm(NOBODY, tmp_path / "x.xva", RUN, ignored)

    assert left_in(tmp_path) == []
    assert tasks_of(plain) == []


@pytest.mark.usefixtures("hurried")
async def test_a_transfer_that_breaks_half_way_is_none(
    host: Forwarder, through: TransferPort, plain: Any, tmp_path: Path
) -> None:
    host.transfer = breaking

    with pytest.raises(ConnectionLost):
        await through.export_vm(NOBODY, tmp_path / "x.xva", RUN, ignored)

    assert left_in(tmp_path) == []
    assert tasks_of(plain) == []


async def test_bytes_that_end_well_are_not_believed_when_the_task_failed(
    host: Forwarder, through: TransferPort, plain: Any, tmp_path: Path
) -> None:
    def failing_late(handler: BaseHTTPRequestHandler) -> None:
        task = (handler.headers["Cookie"] or "").rpartition("task_id=")[2]
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"<html>INTERNAL_ERROR</html>")
        plain.task.set_error_info(task, ["VDI_IO_ERROR", "Device I/O errors"])
        plain.task.set_status(task, "failure")

    host.transfer = failing_late

    with pytest.raises(PoolFailed, match="VDI_IO_ERROR"):
        await through.export_vm(NOBODY, tmp_path / "x.xva", RUN, ignored)

    assert left_in(tmp_path) == []


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("status", [403, 404, 500])
async def test_a_page_instead_of_a_machine_is_a_refusal(
    host: Forwarder, through: TransferPort, tmp_path: Path, status: int
) -> None:
    host.transfer = answering(status)

    with pytest.raises(PoolFailed, match=f"HTTP_{status}"):
        await through.export_vm(NOBODY, tmp_path / "x.xva", RUN, ignored)


@pytest.mark.usefixtures("hurried")
async def test_a_session_that_a_transfer_finds_ended_is_lost(
    host: Forwarder, through: TransferPort, tmp_path: Path
) -> None:
    host.transfer = answering(401)

    with pytest.raises(SessionLost):
        await through.export_vm(NOBODY, tmp_path / "x.xva", RUN, ignored)


def finishing(plain: Any, bodies: list[bytes], result: str = "") -> Any:
    """Take or give a body, and finish the task as the pool's own handlers do."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        task = (handler.headers["Cookie"] or "").rpartition("task_id=")[2]
        bodies.append(handler.rfile.read(int(handler.headers.get("Content-Length", "0"))))
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"contents")
        plain.task.set_result(task, result)
        plain.task.set_status(task, "success")

    return answer


async def test_a_host_of_the_pool_that_is_named_instead_is_asked(
    pool: EmbeddedPool, host: Forwarder, through: TransferPort, plain: Any, tmp_path: Path
) -> None:
    with forwarder(pool, address=SUPPORTER, port=urlsplit(host.url).port or 0) as other:
        host.transfer = answering(302, Location=f"{other.url}/export?uuid=x")
        other.transfer = finishing(plain, [])

        exported = await through.export_vm(NOBODY, tmp_path / "x.xva", RUN, ignored)

    assert (tmp_path / "x.xva").read_bytes() == b"contents"
    assert exported.size_bytes == len(b"contents")


async def test_an_upload_that_is_sent_elsewhere_begins_anew_there(
    pool: EmbeddedPool, host: Forwarder, through: TransferPort, plain: Any, tmp_path: Path
) -> None:
    file, bodies = tmp_path / "x.xva", list[bytes]()
    file.write_bytes(bytes(range(256)) * 40_000)
    with forwarder(pool, address=SUPPORTER, port=urlsplit(host.url).port or 0) as other:
        host.transfer = answering(302, Location=f"{other.url}/import")
        other.transfer = finishing(plain, bodies, "<value><array><data></data></array></value>")

        _, sent = await through.import_vm(file, RUN, ignored)

    assert bodies == [file.read_bytes()]
    assert sent.sha256 == sha256_of(file)


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("http://127.0.0.77:80/export", "none of the pool's hosts"),
        ("https://evil.example/export", "none of the pool's hosts"),
        ("", "none of the pool's hosts"),
        ("https://127.0.0.2:{port}/export", "another certificate"),
    ],
)
async def test_a_transfer_is_sent_to_no_stranger(
    pool: EmbeddedPool, host: Forwarder, through: TransferPort, tmp_path: Path, location: str, said: str
) -> None:
    with forwarder(pool, address=SUPPORTER, pem=certificates.make_certificate(SUPPORTER)) as other:
        host.transfer = answering(302, Location=location.format(port=urlsplit(other.url).port))

        with pytest.raises(Refused, match=said):
            await through.export_vm(NOBODY, tmp_path / "x.xva", RUN, ignored)

        assert other.paths == []


async def test_hosts_that_send_a_transfer_in_a_circle_are_left(
    host: Forwarder, through: TransferPort, tmp_path: Path
) -> None:
    host.transfer = answering(302, Location=f"{host.url}/export")

    with pytest.raises(Refused, match="in a circle"):
        await through.export_vm(NOBODY, tmp_path / "x.xva", RUN, ignored)


async def test_a_large_file_is_never_whole_in_memory(
    host: Forwarder, through: TransferPort, plain: Any, tmp_path: Path
) -> None:
    pieces = 64

    def large(handler: BaseHTTPRequestHandler) -> None:
        task = (handler.headers["Cookie"] or "").rpartition("task_id=")[2]
        handler.send_response(200)
        handler.end_headers()
        for _ in range(pieces):
            handler.wfile.write(bytes(PIECE_BYTES))
        plain.task.set_status(task, "success")

    host.transfer = large
    tracemalloc.start()
    try:
        exported = await through.export_vm(NOBODY, tmp_path / "x.xva", RUN, ignored)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert exported.size_bytes == pieces * PIECE_BYTES
    assert peak_bytes < pieces * PIECE_BYTES / 4
