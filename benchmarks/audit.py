"""What a row of the record costs: beside plain SQLite inserts of the same columns, in the same groups, in one run.

    python benchmarks/audit.py [ROWS] [SINGLE] [FOLDER]

SINGLE rows (500) are recorded each by itself, as steps of runs are, and ROWS (20000) in groups of 100, all of them
durable: `synchronous=FULL`, one commit for each group. The plain program inserts the very same contents into the same
tables with the same settings, one commit for each group, and neither hashes nor signs nor keeps a journal. Both take
turns, so that a busy disk is busy for both. Then: the check of all rows in the program and, of a bundle of them, by
`verify.py`; a page, a filter that finds nothing, sealing, and the size of a row.
"""

import asyncio
import secrets
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from xsconsole.console.exporting import Choice, export_audit
from xsconsole.console.home import Home
from xsconsole.domain.audit_filter import AUDIT
from xsconsole.domain.ids import ConfigurationId, ConsoleId, Uuid
from xsconsole.domain.query.parser import query_of
from xsconsole.domain.record import AuditEvent, AuditQuery, Fact, Outcome
from xsconsole.reports.verifier import joined
from xsconsole.store.keys import SigningKey
from xsconsole.store.ledger import Origin, SqliteLedger
from xsconsole.system import SystemClock

GROUP = 100
TABLES = ("audit", "audit_value", "audit_signature")
AIM = 0.5


def facts(number: int) -> list[Fact]:
    """Return rows such as acts and observations leave, with what such rows say."""
    return [
        Fact(
            event=AuditEvent.OBSERVED,
            actor="alice",
            pool=Uuid("22222222-0000-0000-0000-000000000001"),
            session=secrets.token_hex(32),
            configuration=ConfigurationId("11111111-0000-0000-0000-000000000001"),
            configuration_name=f"shop 1.{at % 40}.0",
            outcome=Outcome.OBSERVED,
            reason="The release of this week",
            details={"what": "Start shop-web-1", "digest": secrets.token_hex(32), "steps": 9},
        )
        for at in range(number)
    ]


class Plain:
    """Another program that inserts what stands in a database into one of its own."""

    def __init__(self, path: Path, model: Path) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        self._model = sqlite3.connect(model)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._file.execute(f"PRAGMA {pragma}")
        kept = ("chain", "console_key", *TABLES)
        found = self._model.execute("SELECT tbl_name, sql FROM sqlite_master WHERE type <> 'trigger' AND sql NOT NULL")
        for table, statement in found:
            if table in kept:
                self._file.execute(statement)
        for table in ("chain", "console_key"):
            self._insert(table, self._model.execute(f"SELECT * FROM {table}").fetchall())

    def _insert(self, table: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            self._file.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)

    def group(self, first_seq: int, last_seq: int) -> float:
        """Insert rows in one transaction, and return the seconds that it took; reading them is not counted."""
        column = {"audit_signature": "first_seq"}
        contents = {
            table: self._model.execute(
                f"SELECT * FROM {table} WHERE {column.get(table, 'seq')} BETWEEN ? AND ?", (first_seq, last_seq)
            ).fetchall()
            for table in TABLES
        }
        began_s = time.perf_counter()
        self._file.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            self._insert(table, contents[table])
        self._file.execute("COMMIT")
        return time.perf_counter() - began_s

    def close(self) -> None:
        self._file.close()
        self._model.close()


def rate(took_s: Sequence[float], in_group: int) -> str:
    per_s = in_group * len(took_s) / sum(took_s)
    high_ms = sorted(took_s)[min(len(took_s) - 1, round(0.99 * len(took_s)))] * 1000
    return (
        f"{per_s:8.0f} rows/s, a commit median {statistics.median(took_s) * 1000:.2f} ms, 99 % below {high_ms:.2f} ms"
    )


async def timed_s(ledger: SqliteLedger, group: Sequence[Fact]) -> float:
    began_s = time.perf_counter()
    await ledger.record(*group)
    return time.perf_counter() - began_s


async def compare(ledger: SqliteLedger, plain: Plain, name: str, number: int, in_group: int) -> None:
    ours, theirs = [], []
    for _ in range(number // in_group):
        before = (await ledger.head()).seq
        ours.append(await timed_s(ledger, facts(in_group)))
        theirs.append(plain.group(before + 1, (await ledger.head()).seq))
    print(f"{name}, in groups of {in_group}")
    print(f"  the record   {rate(ours, in_group)}")
    print(f"  plain SQLite {rate(theirs, in_group)}")
    ratio = sum(theirs) / sum(ours)
    print(
        f"  the record writes {ratio:.2f} of what plain SQLite does; aimed at {AIM}: {'yes' if ratio >= AIM else 'NO'}"
    )


async def passphrase(*, is_new: bool) -> str:
    del is_new
    return "of a benchmark"


async def measure(rows: int, single: int, folder: Path) -> None:
    key = SigningKey(private=Ed25519PrivateKey.generate())
    origin = Origin(console=ConsoleId("c"), console_name="laptop", os_user="alice", zone=lambda: "Europe/Zurich")
    alone = folder / "alone"
    alone.mkdir()
    ledger = await SqliteLedger.open(alone, origin, key, SystemClock())
    plain = Plain(folder / "plain.db", alone / "console.db")
    await compare(ledger, plain, f"{single} rows, each durable by itself", single, 1)
    await compare(ledger, plain, f"{rows} rows, durable", rows, GROUP)
    plain.close()
    await ledger.close()
    with closing(sqlite3.connect(alone / "console.db")) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = (alone / "console.db").stat().st_size / (rows + single)
    print(f"a row takes {size:.0f} bytes on the disk, with its values, salts, signature and columns for searching")

    home = await Home.open(folder / "home", passphrase, is_reading=False)
    for _ in range(rows // GROUP):
        await home.ledger.record(*facts(GROUP))
    began_s = time.perf_counter()
    verdicts = await home.evidence.verify(None)
    took_s = time.perf_counter() - began_s
    assert all(verdict.is_good for verdict in verdicts), verdicts
    print(f"checked in the program: {rows / took_s:8.0f} rows/s, {rows // GROUP} signatures")
    file = folder / "all.xsaudit"
    began_s = time.perf_counter()
    await export_audit(home, file, Choice())
    print(f"exported as a bundle:   {rows / (time.perf_counter() - began_s):8.0f} rows/s, {file.stat().st_size} bytes")
    program = folder / "verify.py"
    program.write_bytes(joined())
    began_s = time.perf_counter()
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-I", str(program), str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stdout + done.stderr
    print(f"checked by verify.py:   {rows / (time.perf_counter() - began_s):8.0f} rows/s, the start of Python included")
    for name, asked in (("a page of 200 rows", ""), ("a filter that fits no row", "who:nobody")):
        began_s = time.perf_counter()
        await home.audit_page(AuditQuery(filter=query_of(asked, AUDIT)), None, 200)
        print(f"{name}: {(time.perf_counter() - began_s) * 1000:.1f} ms")
    began_s = time.perf_counter()
    cut = await home.evidence.seal()
    print(f"sealed {cut.last_seq} rows in {time.perf_counter() - began_s:.2f} s, in which nobody else writes")
    await home.close()


def main() -> None:
    numbers = [int(text) for text in sys.argv[1:3]]
    rows, single = (*numbers, *(20_000, 500)[len(numbers) :])
    where = sys.argv[3] if len(sys.argv) > 3 else None
    with tempfile.TemporaryDirectory(dir=where) as folder:
        asyncio.run(measure(rows - rows % GROUP, single, Path(folder)))


if __name__ == "__main__":
    main()
