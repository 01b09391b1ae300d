"""The last known inventory: what was written is read again, and a damaged file counts as none."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.domain.outline_values import host, member_of, pool, vm
from tests.inventories import inventory_of
from xsconsole.domain.inventory import RECORD_TYPES, Inventory
from xsconsole.store import last_known
from xsconsole.store.last_known import Stamp

URL = "https://xen-1.example"
STAMP = Stamp(url=URL, as_of=datetime(2026, 11, 23, 14, 2, tzinfo=UTC))


@pytest.fixture
def inventory() -> Inventory:
    return inventory_of(pool(), host(0, "xen"), member_of("a"), *(vm(f"vm-{number}") for number in range(1_200)))


def test_what_was_written_is_read_again_with_its_stamp(tmp_path: Path, inventory: Inventory) -> None:
    last_known.write(tmp_path, URL, last_known.pieces(STAMP, inventory))

    found = last_known.read(tmp_path, URL)

    assert found is not None
    assert found[0] == STAMP
    again = Inventory()
    again.apply(found[1])
    for kind in RECORD_TYPES.values():
        assert list(again.all(kind)) == list(inventory.all(kind))
    assert last_known.path_of(tmp_path, URL).stat().st_mode & 0o077 == 0


def test_each_pool_has_a_file_of_its_own(tmp_path: Path, inventory: Inventory) -> None:
    last_known.write(tmp_path, URL, last_known.pieces(STAMP, inventory))

    assert last_known.read(tmp_path, "https://xen-2.example") is None
    assert last_known.path_of(tmp_path, URL) != last_known.path_of(tmp_path, "https://xen-2.example")


@pytest.mark.parametrize("keep", [0, 3, 40, 5_000, -1])
def test_a_file_that_was_cut_off_counts_as_none(tmp_path: Path, inventory: Inventory, keep: int) -> None:
    last_known.write(tmp_path, URL, last_known.pieces(STAMP, inventory))
    path = last_known.path_of(tmp_path, URL)

    path.write_bytes(path.read_bytes()[:keep])

    assert last_known.read(tmp_path, URL) is None


@pytest.mark.parametrize("content", [b"\xff" * 100, b"\0\0\0\1\xc0", b"\0\0\0\0"])
def test_a_file_of_something_else_counts_as_none(tmp_path: Path, content: bytes) -> None:
    last_known.path_of(tmp_path, URL).write_bytes(content)

    assert last_known.read(tmp_path, URL) is None


def test_a_file_of_a_newer_format_or_of_another_pool_counts_as_none(tmp_path: Path, inventory: Inventory) -> None:
    for stamp in (Stamp(url=URL, as_of=STAMP.as_of, format=2), Stamp(url="else", as_of=STAMP.as_of)):
        last_known.write(tmp_path, URL, last_known.pieces(stamp, inventory))

        assert last_known.read(tmp_path, URL) is None
