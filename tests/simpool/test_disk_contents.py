"""The contents of disks beside a naive model of them, and what becomes of them when a process dies."""

import random
import sqlite3
from pathlib import Path
from typing import Any

from embedded import embedded_pool
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from plain_http import ask

from xsconsole.simpool.depot import KEPT_LINES, Depot
from xsconsole.simpool.disk_contents import BLOCK_BYTES

DISKS = st.sampled_from(["a", "b", "c", "d"])
NUMBERS = st.integers(0, 5)
BLOCKS = st.sampled_from([b"", b"\0" * 100, b"one", b"two" * 1000, random.Random(1).randbytes(BLOCK_BYTES)])


class Contents(RuleBasedStateMachine):
    """Every disk holds what was last written there, however many share it; nothing that nobody has is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.depot = Depot()
        self.contents = self.depot.contents
        self.expected: dict[str, dict[int, bytes]] = {}

    def teardown(self) -> None:
        self.depot.close()

    @rule(disk=DISKS, number=NUMBERS, data=BLOCKS)
    def write(self, disk: str, number: int, data: bytes) -> None:
        self.contents.write(disk, number, data)
        blocks = self.expected.setdefault(disk, {})
        blocks.pop(number, None)
        if data.strip(b"\0"):
            blocks[number] = data

    @rule(source=DISKS, copy=DISKS)
    def share(self, source: str, copy: str) -> None:
        if source != copy:
            self.contents.share(source, copy)
            self.expected[copy] = dict(self.expected.get(source, {}))

    @rule(disk=DISKS)
    def clear(self, disk: str) -> None:
        self.depot.forget(disk)
        self.expected.pop(disk, None)

    @invariant()
    def everything_is_there(self) -> None:
        for disk in ("a", "b", "c", "d"):
            blocks = self.expected.get(disk, {})
            assert list(self.contents.written(disk)) == sorted(blocks)
            assert self.contents.count(disk) == len(blocks)
            for number in range(6):
                found = self.contents.read(disk, number, 4000)
                assert (found or b"").rstrip(b"\0") == blocks.get(number, b"")[:4000].rstrip(b"\0")

    @invariant()
    def differences_are_told(self) -> None:
        one, other = self.expected.get("a", {}), self.expected.get("b", {})
        wanted = [number for number in range(6) if one.get(number) != other.get(number)]
        assert self.contents.differing("a", "b") == wanted

    @invariant()
    def nothing_else_is_kept(self) -> None:
        kept = {block for blocks in self.expected.values() for block in blocks.values()}
        rows = self.contents._connection.execute("SELECT count(*) FROM block").fetchone()
        assert rows[0] == len(kept)


TestContents = Contents.TestCase
TestContents.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


def make_disk(session: Any, name: str) -> str:
    sr = session.xenapi.SR.get_by_name_label("NFS-silver")[0]
    fields = {"name_label": name, "virtual_size": str(BLOCK_BYTES), "type": "user", "sharable": False}
    ref: str = session.xenapi.VDI.create({**fields, "SR": sr, "read_only": False, "other_config": {}})
    return ref


def test_a_killed_pool_keeps_what_its_disks_hold_and_forgets_what_they_held(tmp_path: Path) -> None:
    arguments = ("--state", str(tmp_path / "pool.db"), "--speed", "50")
    with embedded_pool(*arguments) as first, first.lasting_session() as session:
        kept, lost = make_disk(session, "kept"), make_disk(session, "lost")
        for vdi in (kept, lost):
            ask(first, "PUT", "/import_raw_vdi", vdi.encode(), vdi=vdi, session_id=session.handle)
        session.xenapi.VDI.destroy(lost)
        first.control("save")
        first.kill()

    with embedded_pool(*arguments) as second, second.plain_session() as session:
        data = ask(second, "GET", "/export_raw_vdi", vdi=kept, session_id=session.handle).body
        assert data.startswith(kept.encode())
        assert lost not in session.xenapi.VDI.get_all()

    with sqlite3.connect(tmp_path / "pool.db.test.disks") as connection:
        shown = {disk for (disk,) in connection.execute("SELECT disk FROM extent")}
        orphans = connection.execute("SELECT count(*) FROM block WHERE id NOT IN (SELECT block FROM extent)")
        assert {kept, lost} & shown == {kept}
        assert orphans.fetchone() == (0,)


def test_the_log_forgets_what_is_very_old() -> None:
    depot = Depot()
    for number in range(KEPT_LINES + 1000):
        depot.append(str(number))

    lines = list(depot.lines())
    depot.close()

    assert len(lines) == KEPT_LINES
    assert lines[-1] == str(KEPT_LINES + 999)


def test_a_new_pool_knows_nothing_of_what_an_older_one_left_beside_its_file(tmp_path: Path) -> None:
    file = tmp_path / "pool.db"
    with embedded_pool("--state", str(file)) as first:
        with first.plain_session() as session:
            session.xenapi.task.create("of the old pool", "")
        first.stop()
    file.unlink()

    with embedded_pool("--state", str(file)) as second, second.plain_session() as session:
        log = ask(second, "GET", "/audit_log", session_id=session.handle).body

    assert b"of the old pool" not in log
