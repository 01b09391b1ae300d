"""Disks read over the network, as programs for backups do."""

import random
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from embedded import EmbeddedPool
from fleet import disks, make_machine
from nbd_client import EXPORT_NAME, GO, INFORMATION, INVALID, LIST, TLS_REQUIRED, UNKNOWN, UNSUPPORTED, client
from plain_http import ask

MIB = 1 << 20
READ, WRITE, FLUSH, TRIM = 0, 1, 3, 4
NOT_PERMITTED, WRONG = 1, 22


@pytest.fixture
def management(session: Any) -> str:
    network: str = session.xenapi.network.get_by_name_label("Management")[0]
    return network


@pytest.fixture
def plain(session: Any, management: str) -> Iterator[None]:
    session.xenapi.network.add_purpose(management, "insecure_nbd")
    yield
    session.xenapi.network.remove_purpose(management, "insecure_nbd")


@pytest.fixture
def disk(session: Any) -> str:
    fields = {"virtual_size": str(5 * MIB), "type": "user", "sharable": False, "read_only": False, "other_config": {}}
    vdi: str = session.xenapi.VDI.create({**fields, "SR": session.xenapi.SR.get_by_name_label("NFS-silver")[0]})
    return vdi


def place(session: Any, vdi: str) -> dict[str, Any]:
    """Return where a disk can be read, at the host that all tests can reach."""
    found: list[dict[str, Any]] = session.xenapi.VDI.get_nbd_info(vdi)
    return {**found[0], "port": int(found[0]["port"])}


def test_a_disk_is_told_nowhere_unless_a_network_is_for_it(session: Any, disk: str, management: str) -> None:
    assert session.xenapi.VDI.get_nbd_info(disk) == []
    session.xenapi.network.add_purpose(management, "insecure_nbd")

    found = session.xenapi.VDI.get_nbd_info(disk)

    assert len(found) == len(session.xenapi.host.get_all())
    assert {one["exportname"] for one in found} == {f"/{session.xenapi.VDI.get_uuid(disk)}?session_id={session.handle}"}
    session.xenapi.network.remove_purpose(management, "insecure_nbd")
    assert session.xenapi.VDI.get_nbd_info(disk) == []


@pytest.mark.usefixtures("plain")
def test_a_disk_is_read_from_its_host(pool: EmbeddedPool, session: Any, disk: str) -> None:
    data = random.Random(1).randbytes(2 * MIB + 700)
    ask(pool, "PUT", "/import_raw_vdi", data, vdi=disk, session_id=session.handle, format="raw")
    at = place(session, disk)

    with client(at["address"], at["port"]) as reader:
        size = reader.go(at["exportname"])
        whole = reader.command(READ, 0, size)
        across = reader.command(READ, MIB - 5, 10)
        refusals = [
            reader.command(WRITE, 0, 3, b"abc")[0],
            reader.command(TRIM, 0, 3)[0],
            reader.command(READ, size - 1, 2)[0],
        ]
        users = [session.xenapi.VBD.get_VM(vbd) for vbd in session.xenapi.VDI.get_VBDs(disk)]

    assert size == 5 * MIB
    assert whole == (0, data + bytes(size - len(data)))
    assert across == (0, data[MIB - 5 : MIB + 5])
    assert refusals == [NOT_PERMITTED, WRONG, WRONG]
    assert [session.xenapi.VM.get_is_control_domain(user) for user in users] == [True]


@pytest.mark.usefixtures("plain")
def test_old_clients_name_the_disk_and_read(session: Any, disk: str) -> None:
    at = place(session, disk)

    with client(at["address"], at["port"]) as reader:
        reader.ask(EXPORT_NAME, at["exportname"].encode())
        assert struct.unpack(">QH", reader.said.read(10)) == (5 * MIB, 3)
        assert reader.command(FLUSH, 0, 0) == (0, b"")


@pytest.mark.usefixtures("plain")
def test_what_cannot_be_read_is_refused(pool: EmbeddedPool, session: Any, disk: str) -> None:
    at = place(session, disk)
    uuid = session.xenapi.VDI.get_uuid(disk)
    busy = make_machine(session, "busy")
    session.xenapi.VM.start(busy, False, False)
    used = session.xenapi.VDI.get_uuid(disks(session, busy)[0])

    with client(at["address"], at["port"]) as reader, pool.plain_session("dave") as low:
        for name in (
            f"/{uuid}",
            f"/{uuid}?session_id=OpaqueRef:x",
            f"/{uuid}?session_id={low.handle}",
            f"/nothing?session_id={session.handle}",
            f"/{used}?session_id={session.handle}",
        ):
            reader.ask(GO, struct.pack(">I", len(name)) + name.encode() + b"\0\0")
            assert reader.answer() == (UNKNOWN, b"")
        reader.ask(GO, struct.pack(">I", 500) + b"short")
        assert reader.answer() == (INVALID, b"")
        reader.ask(99)
        assert reader.answer() == (UNSUPPORTED, b"")
        assert reader.go(at["exportname"], INFORMATION) == 5 * MIB


def test_a_network_for_secret_reading_tells_nothing_in_the_clear(session: Any, disk: str, management: str) -> None:
    session.xenapi.network.add_purpose(management, "nbd")
    try:
        at = place(session, disk)
        with client(at["address"], at["port"]) as reader:
            for option in (LIST, INFORMATION, GO):
                reader.ask(option)
                assert reader.answer() == (TLS_REQUIRED, b"")
        with client(at["address"], at["port"], at["cert"]) as reader:
            size = reader.go(at["exportname"])
            assert reader.command(READ, 0, size) == (0, bytes(size))
    finally:
        session.xenapi.network.remove_purpose(management, "nbd")


@pytest.mark.usefixtures("plain")
def test_a_pool_reads_by_tls_or_without_and_not_both(session: Any, management: str, refusal: Any) -> None:
    other = session.xenapi.network.create({"name_label": "backup", "other_config": {}})

    session.xenapi.network.add_purpose(management, "insecure_nbd")

    assert session.xenapi.network.get_purpose(management) == ["insecure_nbd"]
    assert refusal(session.xenapi.network.add_purpose, other, "nbd") == [
        "NETWORK_INCOMPATIBLE_PURPOSES",
        "nbd",
        "insecure_nbd",
    ]
