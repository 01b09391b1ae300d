"""A pool keeps where the record of a console ended, and tells it when an earlier copy of it comes back."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.console.desk import seated
from tests.console.pool_state import pool_keys
from xsconsole.console.anchoring import LEAST_S, Anchoring
from xsconsole.console.predecessor import Predecessor, predecessor_of
from xsconsole.console.reconciling import Memory, reconcile
from xsconsole.domain.anchors import CHECK, MESSAGE_NAME, file_text, in_keys, stem_of
from xsconsole.domain.claims import own_claims
from xsconsole.domain.heads import head_of, is_genuine
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.record import AuditEvent, AuditQuery, Verdict
from xsconsole.errors import NotPermitted
from xsconsole.store.keys import is_signature


@pytest.fixture(scope="module")
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "20") as served:
        yield served


def messages(pool: EmbeddedPool) -> list[str]:
    with pool.plain_session() as session:
        found = session.xenapi.message.get_all_records().values()
    return [one["body"] for one in found if one["name"] == MESSAGE_NAME]


async def test_a_promotion_leaves_anchors_by_which_an_earlier_copy_of_the_record_is_known(
    pool: EmbeddedPool, tmp_path: Path
) -> None:
    home, folder = tmp_path / "home", tmp_path / "anchors"
    async with seated(pool, home) as desk:
        before = await desk.console.home.evidence.anchored()
        compared = await reconcile(desk.console)
        desk.console.home.settings.keep_anchor_folder(str(folder))
    assert messages(pool) == []  # who only connects for a moment leaves none
    shutil.copytree(home, tmp_path / "copy")
    async with seated(pool, home) as desk:
        assert (await desk.do(desk.promotion())).error is None
        member = desk.card().members[0]

    with pool.plain_session() as session:
        (kept,) = in_keys(pool_keys(session), "p", "acme")
        session.xenapi.VM.add_tags(member.ref, "before the record was set aside")
    (message,) = messages(pool)
    head = head_of(message)
    assert head == kept.head
    assert head is not None
    assert is_genuine(head, is_signature)
    assert [path.read_text() for path in folder.iterdir()] == [file_text(head)]
    assert (before.is_good, before.is_vouched, before.check) == (True, False, CHECK)

    async with seated(pool, home) as desk:
        after = await desk.console.home.evidence.anchored()
        remembered = await desk.console.home.ledger.reader.anchors()
        there = SimpleNamespace(identity=desk.console.identity)
        due_s = [
            await Anchoring(desk.console.home.evidence, there, desk.console.home.clock, held).due_in_s()
            for held in (lambda: desk.console.inventory, Inventory)
        ]
    assert (after.is_good, after.is_vouched) == (True, True), after
    assert (86_000 < due_s[0] <= 86_400, due_s[1]) == (True, LEAST_S)  # a day after the message, or soon
    assert f"up to row {head.seq}." in after.sentence
    assert {one.reference for one in remembered} >= {stem_of(head.chain_id), next(folder.iterdir()).name}

    shutil.rmtree(home)
    shutil.copytree(tmp_path / "copy", home)
    shutil.rmtree(folder)
    async with seated(pool, home) as desk:
        (begun,) = await desk.rows(AuditQuery(event=AuditEvent.RECORD_SET_ASIDE))
        (connected,) = await desk.rows(AuditQuery(event=AuditEvent.CONNECTED))
        verdicts = {verdict.check: verdict for verdict in await desk.console.verify_audit()}
        known = desk.console.home.settings.record
        behind = await reconcile(desk.console, memory=(memory := Memory()))
        told_before = await predecessor_of(desk.console.home, begun, connected.fact.pool or "")
        aside = home / str((begun.fact.details or {})["file"])
        assert memory.position is not None
        memory.position = replace(memory.position, row=1000)
        broken = Verdict(check="chain", is_good=False, sentence="Row 2 was changed.", seq=2)
        assert await desk.console.home.evidence.set_aside((broken,)) is not None  # while a window is open
        once_more = await reconcile(desk.console, memory=memory)
        rows_before = len(await desk.rows(AuditQuery(event=AuditEvent.RECONCILED)))
        pool.control("fail", method="http/get_audit_log", code="RBAC_PERMISSION_DENIED", params=["", ""])
        with pytest.raises(NotPermitted, match="http/get_audit_log"):  # and no row says that nobody did anything
            await reconcile(desk.console, memory=memory)
        assert len(await desk.rows(AuditQuery(event=AuditEvent.RECONCILED))) == rows_before
        (again,) = await desk.rows(AuditQuery(event=AuditEvent.RECORD_SET_ASIDE))
        through_two = await predecessor_of(desk.console.home, again, connected.fact.pool or "")
        aside.chmod(0o600)
        aside.write_bytes(aside.read_bytes() + b"x")
        settings, fingerprint = desk.console.home.settings, desk.console.home.key_fingerprint
        of_another_file = await predecessor_of(desk.console.home, begun, connected.fact.pool or "")
    assert f"vouches for row {head.seq}: it is an earlier copy" in begun.fact.reason
    details = begun.fact.details or {}
    ended = before_seq(tmp_path / "copy")
    assert (begun.seq, details["last_seq"], details["verified_seq"]) == (1, ended + 1, ended + 1)
    assert (home / str(details["file"])).is_file()
    assert details["chain_id"] == head.chain_id
    assert (once_more.since, once_more.end.row) == (behind.end.until, 0)  # its steps are looked for from the first on
    with pool.plain_session() as session:
        claimed = own_claims(pool_keys(session), settings.console, connected.fact.pool or "", fingerprint, is_signature)
    assert len(claimed) == 4  # each time that it sat down, also those that no row tells of any more
    assert behind.since == compared.end.until  # where the record that was set aside had ended
    assert [(one.call, one.machine) for one in behind.foreign] == [("VM.add_tags", member.name)]  # not what we did
    assert through_two == told_before  # of the second no row that tells anything verified, but whom it follows
    assert (told_before.position, of_another_file) == (compared.end, Predecessor())
    assert connected.seq > begun.seq  # before anything was done on the pool
    assert known is not None
    assert known.chain == begun.chain
    assert [check for check, verdict in verdicts.items() if not verdict.is_good] == []


def before_seq(home: Path) -> int:
    with closing(sqlite3.connect(home / "console.db")) as file:
        return int(file.execute("SELECT max(seq) FROM audit").fetchone()[0])
