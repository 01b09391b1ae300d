"""What changed on a disk since a snapshot, as those who make backups ask for it."""

import base64
from typing import Any

import pytest
from embedded import EmbeddedPool
from fleet import disks, make_machine
from plain_http import ask

MIB = 1 << 20
BLOCK = 64 << 10


@pytest.fixture
def disk(session: Any) -> str:
    vdi = disks(session, make_machine(session, "backed up"))[0]
    session.xenapi.VDI.enable_cbt(vdi)
    return str(vdi)


def write(pool: EmbeddedPool, session: Any, vdi: str, data: bytes) -> None:
    reply = ask(pool, "PUT", "/import_raw_vdi", data, vdi=vdi, session_id=session.handle, format="raw")
    assert reply.status == 200


def changed(session: Any, earlier: str, later: str) -> list[int]:
    """Return the numbers of the blocks that differ."""
    bits = base64.b64decode(session.xenapi.VDI.list_changed_blocks(earlier, later))
    assert len(bits) * 8 * BLOCK >= int(session.xenapi.VDI.get_virtual_size(later))
    return [8 * place + bit for place, byte in enumerate(bits) for bit in range(8) if byte << bit & 0x80]


def test_the_blocks_that_were_written_are_told_and_no_others(pool: EmbeddedPool, session: Any, disk: str) -> None:
    write(pool, session, disk, b"a" * (3 * BLOCK))
    before = session.xenapi.VDI.snapshot(disk)
    write(pool, session, disk, b"a" * BLOCK + b"b" * 100 + b"a" * (2 * BLOCK - 100) + b"c" * (MIB + 1 - 3 * BLOCK))
    after = session.xenapi.VDI.snapshot(disk)

    assert changed(session, before, after) == [1, *range(3, 17)]
    assert changed(session, before, disk) == changed(session, before, after)
    assert changed(session, after, disk) == []


def test_a_snapshot_without_its_data_still_tells_what_changed(
    pool: EmbeddedPool, session: Any, disk: str, refusal: Any
) -> None:
    before = session.xenapi.VDI.snapshot(disk)
    session.xenapi.VDI.data_destroy(before)
    write(pool, session, disk, bytes(5 * BLOCK) + b"x")
    after = session.xenapi.VDI.snapshot(disk)

    assert changed(session, before, after) == [5]
    told = ["VDI_INCOMPATIBLE_TYPE", before, "cbt_metadata"]
    for call in (session.xenapi.VDI.clone, session.xenapi.VDI.copy, session.xenapi.VDI.snapshot):
        assert refusal(call, before) == told
    assert "clone" not in session.xenapi.VDI.get_allowed_operations(before)
    assert ask(pool, "GET", "/export_raw_vdi", vdi=before, session_id=session.handle).status == 500


def test_states_of_different_disks_are_not_compared(session: Any, disk: str, refusal: Any) -> None:
    mine = session.xenapi.VDI.snapshot(disk)
    other = session.xenapi.VDI.copy(disk)
    session.xenapi.VDI.enable_cbt(other)

    assert refusal(session.xenapi.VDI.list_changed_blocks, mine, session.xenapi.VDI.snapshot(other))[:2] == [
        "SR_BACKEND_FAILURE_460",
        "",
    ]


def test_a_disk_that_is_being_written_is_not_compared(session: Any, refusal: Any) -> None:
    vm = make_machine(session, "busy")
    vdi = disks(session, vm)[0]
    session.xenapi.VDI.enable_cbt(vdi)
    before = session.xenapi.VDI.snapshot(vdi)
    session.xenapi.VM.start(vm, False, False)

    assert refusal(session.xenapi.VDI.list_changed_blocks, before, vdi) == ["VDI_IN_USE", vdi, "list_changed_blocks"]
