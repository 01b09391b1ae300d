"""The window and the command line may share a home folder; `kill -9` may come at any time."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.store.homes import Home
from xsconsole.domain.record import AuditQuery

ROOT = Path(__file__).parents[2]


@contextmanager
def writer(home: Path, name: str, count: int) -> Iterator["subprocess.Popen[str]"]:
    program = [sys.executable, "-m", "tests.store.writer_program", str(home), name, str(count)]
    with subprocess.Popen(program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def start(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


async def test_processes_that_begin_a_home_together_append_to_one_chain_without_a_gap(tmp_path: Path) -> None:
    with ExitStack() as stack:
        writers = [stack.enter_context(writer(tmp_path, name, 25)) for name in ("a", "b", "c")]
        for process in writers:
            start(process)
        for process in writers:
            process.communicate(timeout=60)
        assert [process.returncode for process in writers] == [0, 0, 0]

    ledger = await Home(tmp_path).ledger()
    rows = await ledger.page(AuditQuery())
    verdicts = await ledger.verify()
    await ledger.close()

    assert [row.seq for row in rows] == list(range(75, 0, -1))
    assert {row.fact.reason for row in rows} == {f"{name}-{number}" for name in "abc" for number in range(25)}
    assert all(verdict.is_good for verdict in verdicts), verdicts


async def test_what_was_recorded_before_a_kill_stands_and_the_chain_goes_on(tmp_path: Path) -> None:
    with writer(tmp_path, "a", 100_000) as process:
        start(process)
        assert process.stdout is not None
        said = [process.stdout.readline().strip() for _ in range(5)]
        process.kill()
        process.wait()

    ledger = await Home(tmp_path).ledger()
    seqs = [row.seq for row in await ledger.page(AuditQuery())]
    verdicts = await ledger.verify()
    await ledger.close()

    assert said == ["0", "1", "2", "3", "4"]
    assert len(seqs) >= 5
    assert seqs == list(range(len(seqs), 0, -1))
    assert all(verdict.is_good for verdict in verdicts), verdicts
