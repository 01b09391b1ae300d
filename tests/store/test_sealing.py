"""A file of the record that is full is put away as a whole, and what follows names it."""

import resource
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.store.homes import Home
from tests.store.test_ledger import CLOSED, OPENED, RUN, SHOP, STARTED
from xsconsole.domain.record import AuditEvent, AuditQuery, Fact, Verdict
from xsconsole.errors import StoreFailed
from xsconsole.reports.verifier.program import verify_file
from xsconsole.reports.verifier.values import Found
from xsconsole.store.ledger import SqliteLedger
from xsconsole.store.reader import LedgerReader
from xsconsole.store.sealing import Cut


def sealed(cut: Cut) -> Sequence[Fact]:
    details = {"file": cut.path.name, "sha256": cut.sha256, "last_seq": cut.last_seq, "digest": cut.digest}
    return (Fact(event=AuditEvent.RECORD_SEALED, details=details),)


async def verdicts(home: Home, path: Path | None = None) -> dict[str, Verdict]:
    reader = await LedgerReader.open(path or home.path, own_keys={home.key.fingerprint})
    try:
        found = {verdict.check: verdict for verdict in await reader.verify()}
    finally:
        await reader.close()
    # The verifier of files shares no code with the store's, and finds the same in the same files.
    by_file = {one.check: one for one in verify_file((path or home.path) / "console.db", home.key.fingerprint)}
    assert bad(by_file) == bad(found), by_file
    assert "sealed" not in found or by_file["sealed"].sentence == found["sealed"].sentence
    return found


def bad(found: Mapping[str, Verdict | Found]) -> set[str]:
    return {check for check, verdict in found.items() if not verdict.is_good}


async def test_sealed_files_and_the_one_in_use_are_one_record(ledger: SqliteLedger, home: Home) -> None:
    await ledger.record(STARTED)
    await ledger.record(OPENED)
    other = await home.ledger()  # another process of the same home
    chain = (await ledger.head()).chain_id
    first = await ledger.turn_over(sealed, is_new_chain=False)
    await other.record(CLOSED)
    second = await other.turn_over(sealed, is_new_chain=False)
    await ledger.record(STARTED)
    await other.close()

    rows = await ledger.page(AuditQuery())
    assert [row.seq for row in rows] == [6, 5, 4, 3, 2, 1]
    assert {row.chain for row in rows} == {chain}
    assert [row.seq for row in await ledger.page(AuditQuery(), before=5, limit=2)] == [4, 3]
    assert [row.seq for row in await ledger.page(AuditQuery(run=RUN))] == [4, 2]
    assert [row.seq for row in await ledger.rows_about(SHOP)] == [2, 4]
    assert await ledger.open_runs() == ()  # what is no evidence goes on
    assert set((await ledger.reader.end([1, 3, 6, 9])).digests) == {1, 3, 6}
    found = await verdicts(home)
    assert bad(found) == set(), found
    assert found["gaps"].sentence == "Rows 1 to 6 are all there."
    assert found["sealed"].sentence.startswith("All 2 sealed files are")
    assert (first.first_seq, first.last_seq, second.first_seq, second.last_seq) == (1, 2, 3, 4)
    assert {path.stat().st_mode & 0o777 for path in (home.path / "sealed").iterdir()} == {0o400}
    with closing(sqlite3.connect(first.path)) as file:
        tables = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert "run" not in tables
        assert file.execute("SELECT max(seq) FROM audit_head").fetchone() == (2,)  # it ends with a signed head
    alone = home.path / "alone"
    alone.mkdir()
    shutil.copy(second.path, alone / "console.db")
    by_itself = await verdicts(home, alone)
    assert bad(by_itself) == set(), by_itself
    assert by_itself["gaps"].sentence == "Rows 3 to 4 are all there."
    assert (by_itself["sealed"].is_vouched, first.sha256 in by_itself["sealed"].sentence) == (False, True)


async def test_a_sealed_file_that_was_changed_or_is_gone_is_named(ledger: SqliteLedger, home: Home) -> None:
    await ledger.record(STARTED)
    await ledger.record(OPENED)
    cut = await ledger.turn_over(sealed, is_new_chain=False)
    await ledger.record(CLOSED)
    whole = cut.path.read_bytes()

    cut.path.chmod(0o600)
    with closing(sqlite3.connect(cut.path)) as file, file:
        file.execute("DROP TRIGGER audit_value_refuses_UPDATE")
        file.execute("UPDATE audit_value SET value = '\"mallory\"' WHERE name = 'actor'")
    changed = await verdicts(home)
    cut.path.write_bytes(whole[: len(whole) // 2])
    halved = await verdicts(home)
    cut.path.unlink()
    gone = await verdicts(home)

    assert bad(changed) == {"values", "listing", "sealed"}
    assert changed["values"].seq == 2
    assert cut.path.name in changed["sealed"].sentence
    assert bad(halved) >= {"sealed"}
    assert bad(gone) == set()
    assert "is not here: rows 1 to 2 were not looked at" in gone["sealed"].sentence
    assert gone["gaps"].sentence == "Rows 3 to 4 are all there."


async def test_what_a_dead_process_left_of_a_seal_is_in_nobodys_way(ledger: SqliteLedger, home: Home) -> None:
    await ledger.record(STARTED)
    chain = (await ledger.head()).chain_id
    folder = home.path / "sealed"
    folder.mkdir()
    left = folder / f"{chain[:8]}-000000001.db"
    left.write_text("a copy that no row names")
    (folder / f".{chain[:8]}-000000001.unfinished").write_text("half of one")

    cut = await ledger.turn_over(sealed, is_new_chain=False)

    assert cut.path.name == f"{chain[:8]}-000000001.2.db"
    assert left.read_text() == "a copy that no row names"
    assert len(list(folder.iterdir())) == 2
    assert bad(await verdicts(home)) == set()


async def test_a_record_that_is_set_aside_is_kept_as_it_is_and_another_chain_begins(
    ledger: SqliteLedger, home: Home
) -> None:
    await ledger.record(STARTED, OPENED)
    chain = (await ledger.head()).chain_id
    home.tamper("UPDATE audit_value SET value = '\"mallory\"' WHERE seq = 2 AND name = 'actor'")

    cut = await ledger.turn_over(lambda _: (STARTED,), is_new_chain=True)
    await ledger.record(CLOSED)

    assert bad(await verdicts(home)) == set()
    assert [(row.seq, row.chain != chain) for row in await ledger.page(AuditQuery())] == [(2, True), (1, True)]
    assert cut.path.parent.name == "set-aside"
    with closing(sqlite3.connect(cut.path)) as file:
        assert file.execute("SELECT chain_id FROM chain").fetchone() == (chain,)
        assert file.execute("SELECT count(*) FROM run").fetchone() == (1,)
    home.tamper("UPDATE audit SET digest = zeroblob(32)")  # the rules of the new tables are those of the old
    assert bad(await verdicts(home)) == {"chain"}


async def test_a_turn_that_fails_leaves_the_file_in_use_and_nothing_else(ledger: SqliteLedger, home: Home) -> None:
    await ledger.record(STARTED)
    (home.path / "sealed").write_text("in the way")

    with pytest.raises(StoreFailed):
        await ledger.turn_over(sealed, is_new_chain=False)
    (home.path / "sealed").unlink()
    with pytest.raises(ValueError, match="must name"):
        await ledger.turn_over(lambda _: (Fact(event=AuditEvent.RUN_OPENED),), is_new_chain=False)

    assert list((home.path / "sealed").iterdir()) == []
    home.clock.instant += timedelta(seconds=1)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        for attempt in (
            partial(ledger.turn_over, sealed, is_new_chain=False),
            partial(ledger.turn_over, sealed, is_new_chain=True),
            partial(ledger.state_head, is_anew=True),
            partial(ledger.record, STARTED),
        ):
            with pytest.raises(StoreFailed):
                await attempt()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in home.path.rglob("*.db")] == ["console.db"]
    assert [row.fact for row in await ledger.page(AuditQuery())] == [STARTED]
    assert bad(await verdicts(home)) == set()
