"""What a row of the record costs: beside plain SQLite inserts of the same columns, in the same groups, in one run.

    python benchmarks/audit.py [ROWS] [SINGLE] [FOLDER] [--many [MANY]]

SINGLE rows (500) are recorded each by itself, as steps of runs are, and ROWS (20000) in groups of 100, all of them
durable: `synchronous=FULL`, one commit for each group. The plain program inserts the very same contents into the same
tables with the same settings, one commit for each group, and neither hashes nor signs nor keeps a journal. Both take
turns, so that a busy disk is busy for both. Then: the check of all rows in the program and, of a bundle of them, by
`verify.py`; a page, a filter that finds nothing, sealing, and the size of a row.

With `--many`, instead: one file of MANY rows (1000000), and of it pages, filters, an export that is stopped, one that
is not, with the memory that it takes, and both checks.
"""

import argparse
import asyncio
import resource
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
from xsconsole.domain.ids import ConfigurationId, ConsoleId, RunId, Uuid
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
    with closing(sqlite3.connect(alone / "console.db")) as written:
        written.execute("PRAGMA wal_checkpoint(TRUNCATE)")
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
    await by_verifier(folder, file, rows)
    for name, asked in (("a page of 200 rows", ""), ("a filter that fits no row", "who:nobody")):
        began_s = time.perf_counter()
        await home.audit_page(AuditQuery(filter=query_of(asked, AUDIT)), None, 200)
        print(f"{name}: {(time.perf_counter() - began_s) * 1000:.1f} ms")
    began_s = time.perf_counter()
    cut = await home.evidence.seal()
    print(f"sealed {cut.last_seq} rows in {time.perf_counter() - began_s:.2f} s, in which nobody else writes")
    await home.close()


def memory_mb() -> float:
    """Return the most that this process had at once until now."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def asked_ms(home: Home, text: str, before: int | None = None) -> tuple[float, int]:
    """Return how long a page of 200 rows takes, the best of three times, and how many there were."""
    took_ms, found = [], 0
    for _ in range(3):
        began_s = time.perf_counter()
        found = len(await home.audit_page(AuditQuery(filter=query_of(text, AUDIT)), before, 200))
        took_ms.append((time.perf_counter() - began_s) * 1000)
    return min(took_ms), found


async def measure_many(rows: int, folder: Path) -> None:
    home = await Home.open(folder / "home", passphrase, is_reading=False)
    began_s = time.perf_counter()
    rare = Fact(event=AuditEvent.FENCE_OBSERVED, actor="mallory", run=RunId("4711"), reason="A needle")
    await home.ledger.record(rare)
    for _ in range(rows // GROUP):
        await home.ledger.record(*facts(GROUP))
    took_s = time.perf_counter() - began_s
    size = sum(path.stat().st_size for path in (folder / "home").glob("console.db*"))
    print(
        f"{rows} rows written in {took_s:.0f} s, {rows / took_s:.0f} rows/s; {size / rows:.0f} bytes each", flush=True
    )
    for name, text, before in (
        ("the newest page", "", None),
        ("a page in the middle", "", rows // 2),
        ("a word in every row", "release", None),
        ("a word in the oldest row alone", "needle", None),
        ("nobody", "who:nobody", None),
        ("a kind of rows of which there is one", "event:fence.observed", None),
        ("a configuration by name", 'configuration:"shop 1.7.0"', None),
        ("a configuration that is not there", "configuration:crm", None),
        ("the one run", "run=4711", None),
        ("longer ago than any", "age>100d", None),
        ("the first rows", "row<100", None),
        ("one or the other", "who:mallory or run:none", None),
    ):
        took_ms, found = await asked_ms(home, text, before)
        print(f"{name}: {took_ms:.1f} ms, {found} rows", flush=True)
    await stopped(home, folder / "stopped.xsaudit")
    file, before_mb, began_s = folder / "all.xsaudit", memory_mb(), time.perf_counter()
    told: list[int] = []
    await export_audit(home, file, Choice(), tell=lambda done, _: told.append(done))
    took_s = time.perf_counter() - began_s
    print(
        f"exported in {took_s:.0f} s, {rows / took_s:.0f} rows/s, {file.stat().st_size >> 20} MiB, told {len(told)} "
        f"times; memory {before_mb:.0f} MiB before, at most {memory_mb():.0f} MiB",
        flush=True,
    )
    began_s = time.perf_counter()
    verdicts = await home.evidence.verify(None)
    assert all(verdict.is_good for verdict in verdicts), verdicts
    took_s = time.perf_counter() - began_s
    print(f"checked in the program: {rows / took_s:.0f} rows/s, at most {memory_mb():.0f} MiB", flush=True)
    await by_verifier(folder, file, rows)
    await home.close()


async def stopped(home: Home, file: Path) -> None:
    """Stop an export once it told how far it was, and say how long it took to end."""
    begun, loop = asyncio.Event(), asyncio.get_running_loop()

    def tell(done: int, of: int) -> None:
        del done, of
        loop.call_soon_threadsafe(begun.set)

    export = asyncio.create_task(export_audit(home, file, Choice(), tell=tell))
    export.add_done_callback(lambda _: begun.set())
    await begun.wait()
    assert not export.done(), "so few rows are exported before it tells anything"
    began_s = time.perf_counter()
    export.cancel()
    await asyncio.wait([export])
    assert export.cancelled()
    assert not await asyncio.to_thread(file.exists)
    print(
        f"an export that is stopped leaves no file, {(time.perf_counter() - began_s) * 1000:.0f} ms later", flush=True
    )


async def by_verifier(folder: Path, file: Path, rows: int) -> None:
    program = folder / "verify.py"
    program.write_bytes(joined())
    began_s = time.perf_counter()
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-I", str(program), str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stdout + done.stderr
    print(f"checked by verify.py:   {rows / (time.perf_counter() - began_s):8.0f} rows/s, the start of Python included")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("rows", type=int, nargs="?", default=20_000)
    parser.add_argument("single", type=int, nargs="?", default=500)
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--many", type=int, nargs="?", const=1_000_000, metavar="MANY")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        if options.many is not None:
            asyncio.run(measure_many(options.many - options.many % GROUP, Path(folder)))
        else:
            asyncio.run(measure(options.rows - options.rows % GROUP, options.single, Path(folder)))


if __name__ == "__main__":
    main()
