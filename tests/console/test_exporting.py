"""An export is on record before it begins and once its file is there; one that is stopped leaves no file."""

import asyncio
import csv
import io
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.reports.bundles import contents
from xsconsole.console.export_names import meant_by
from xsconsole.console.exporting import Choice, export_audit, verify_file
from xsconsole.console.home import Home
from xsconsole.domain.ids import ConfigurationId, RunId
from xsconsole.domain.record import AuditEvent, AuditQuery, Fact, Outcome
from xsconsole.errors import AlreadyThere, Ambiguous, NotFound, Refused
from xsconsole.reports.verifier import joined

EVIL = "=cmd()|<script>alert(1)</script>\x1b[2J"


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async def passphrase(*, is_new: bool) -> str:
        assert is_new
        return "a passphrase"

    opened = await Home.open(tmp_path / "home", passphrase, is_reading=False)
    yield opened
    await opened.close()


async def told(home: Home, number: int = 3) -> None:
    """Leave rows about two services, and some of a run."""
    await home.ledger.record(
        *(
            Fact(
                event=AuditEvent.COMMAND_REFUSED,
                actor="alice",
                configuration=ConfigurationId(f"id-{at % 2}"),
                configuration_name="shop 1.3.0" if at % 2 else "shop front 1.0",
                run=RunId("r") if at == 1 else None,
                reason=EVIL,
            )
            for at in range(number)
        )
    )


async def closed(home: Home) -> tuple[Outcome | None, ...]:
    rows = await home.audit_page(AuditQuery(event=AuditEvent.EXPORT_CLOSED), None, 10)
    return tuple(row.fact.outcome for row in rows)


async def test_an_export_verifies_by_itself_and_says_what_it_left_out(home: Home, tmp_path: Path) -> None:
    await told(home)
    whole, part = tmp_path / "whole.xsaudit", tmp_path / "part.xsaudit"

    made = await export_audit(home, whole, Choice())
    shop = await export_audit(home, part, Choice(service="shop"), ("people",))

    verdicts = await verify_file(whole, home.key_fingerprint, ((made.last_seq, (await head_at(home, made.last_seq))),))
    files, shown = contents(whole.read_bytes()), contents(part.read_bytes())
    assert [verdict for verdict in verdicts if not (verdict.is_good and verdict.is_vouched)] == []
    assert (made.first_seq, made.last_seq, made.shown) == (1, 4, 4)
    assert (shop.first_seq, shop.last_seq, shop.shown) == (1, 3, 1)  # signed together: all three are needed
    assert b"alice" in whole.read_bytes()
    assert b"alice" not in part.read_bytes()
    assert b"shop front" not in part.read_bytes()
    assert b"<script>" not in files["report.html"]
    assert b"\x1b" not in files["events.csv"] + files["events.jsonl"] + files["report.html"]
    assert "&lt;script&gt;" in files["report.html"].decode()
    assert "default-src 'none'" in files["report.html"].decode()
    assert "Withheld" in shown["report.html"].decode()
    assert [row["seq"] for row in csv.DictReader(io.StringIO(files["events.csv"].decode(), newline=""))] == [*"1234"]
    assert await closed(home) == (Outcome.DONE, Outcome.DONE)
    with pytest.raises(AlreadyThere):
        await export_audit(home, whole, Choice())
    assert len(await closed(home)) == 2  # what was refused before it began is no export


async def test_runs_and_configurations_are_meant_by_beginnings_of_their_ids(home: Home) -> None:
    runs = ("abcdef01-1", "abcdef01-2", "12345678-9")
    cards = ("feedbeef-1", "feedbeef-2", "cafecafe-1")

    def row(run: str, card: str) -> Fact:
        made = Fact(event=AuditEvent.COMMAND_REFUSED, actor="alice", run=RunId(run))
        return replace(made, configuration=ConfigurationId(card), configuration_name="shop 1")

    await home.ledger.record(*(row(run, card) for run, card in zip(runs[1:], cards[1:], strict=True)))
    await home.evidence.seal()
    await home.ledger.record(row(runs[0], cards[0]))

    async def meant(run: str = "12345678", card: str = "cafecafe") -> tuple[str | None, str | None]:
        found = await meant_by(home, Choice(run=RunId(run), configuration=card))
        return found.run, found.configuration

    assert await meant() == (runs[2], cards[2])  # both only in the sealed file
    assert await meant("ABCDEF01-1", "feedbeef-1") == (runs[0], cards[0])
    assert await meant("%_%_%_%_", "shop 1") == ("%_%_%_%_", "shop 1")  # no rows are found then, or by name
    assert await meant("\udcff" * 8, "cafe") == ("\udcff" * 8, "cafe")
    with pytest.raises(Ambiguous, match="several runs") as several:
        await meant("abcdef01")
    assert several.value.choices == runs[:2]
    with pytest.raises(Ambiguous, match="several configurations"):
        await meant(card="feedbeef")
    with pytest.raises(Refused, match="too little"):
        await meant("abcdef0")


async def head_at(home: Home, seq: int) -> str:
    rows = await home.audit_page(AuditQuery(), seq + 1, 1)
    return rows[0].digest


async def test_the_program_in_a_bundle_says_the_same_and_needs_no_library(home: Home, tmp_path: Path) -> None:
    await told(home)
    await home.evidence.seal()
    dropped = await home.evidence.drop(str(tmp_path / "anchors"))
    home.settings.keep_anchor_folder(str(tmp_path / "anchors"))
    await told(home)
    file, program = tmp_path / "a.xsaudit", tmp_path / "verify.py"
    await export_audit(home, file, Choice())
    program.write_bytes(contents(file.read_bytes())["verify.py"])
    command = [sys.executable, "-I", "-S", str(program), str(file), "--key", home.key_fingerprint]

    ours = await verify_file(file, home.key_fingerprint, ())
    theirs = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    of_file = await verify_file(home.settings.home / "console.db", None, ((3, "00" * 32),))

    assert program.read_bytes() == joined()
    assert dropped is not None
    found = {one.check: one for one in ours}
    assert found["gaps"].sentence == "Rows 1 to 8 are all there."  # those in the sealed file, too
    assert f"up to row {dropped.head.seq}, said to be in the folder {tmp_path}" in found["anchors"].sentence
    assert not found["anchors"].is_vouched
    assert "2 signed heads agree" in found["signatures"].sentence
    assert dropped.head.digest in contents(file.read_bytes())["report.html"].decode()
    await export_audit(home, tmp_path / "b", Choice(), ("people",))
    assert str(tmp_path / "anchors").encode() not in contents((tmp_path / "b").read_bytes())["anchors.json"]
    assert [line.partition(": ")[2] for line in theirs.stdout.splitlines()] == [one.sentence for one in ours]
    assert (theirs.returncode, theirs.stderr) == (3, "")
    assert [one.check for one in of_file if not one.is_good] == ["anchors"]
    assert [one.check for one in of_file if not one.is_vouched] == ["keys"]


async def test_what_is_chosen_is_shown_and_nothing_else(home: Home, tmp_path: Path) -> None:
    await told(home, 2)
    await told(home, 4)
    plan = {"plan": "8c" * 32}
    await home.ledger.record(
        Fact(event=AuditEvent.RUN_INTERRUPTED, run=RunId("p"), details=plan),
        Fact(event=AuditEvent.DECIDED, details={"decision": plan}),
        Fact(event=AuditEvent.DECIDED, details={"decision": {"plan": "8d" * 32}}),
        Fact(event=AuditEvent.RECONCILED, details={"what": "what came of it afterwards"}),
        Fact(event=AuditEvent.RECONCILED, details={"what": "much later"}),
    )
    now = home.clock.now()
    choices = {
        "run": Choice(run=RunId("r")),
        "promotion": Choice(run=RunId("p")),  # with what was decided on its plan
        "id": Choice(configuration="id-0"),
        "name": Choice(configuration="shop@1.3.0"),
        "time": Choice(since=now - timedelta(hours=1), until=now),
    }

    made = {name: await export_audit(home, tmp_path / name, choice) for name, choice in choices.items()}
    with pytest.raises(NotFound):
        await export_audit(home, tmp_path / "none", Choice(service="payroll"))

    assert {name: one.shown for name, one in made.items()} == {"run": 3, "promotion": 3, "id": 4, "name": 4, "time": 11}
    assert all(verdict.is_good for one in made.values() for verdict in one.verdicts)
    assert not (tmp_path / "none").exists()
    assert (await closed(home))[0] is Outcome.FAILED
    (row,) = await home.audit_page(AuditQuery(event=AuditEvent.EXPORT_CLOSED), None, 1)
    assert row.fact.reason == "No row of the audit fits."


async def test_an_export_that_is_stopped_leaves_no_file_and_a_row_that_says_so(home: Home, tmp_path: Path) -> None:
    await told(home, 1100)
    folder = tmp_path / "out"
    folder.mkdir()
    loop, under_way, go_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    heard = []

    def tell(done: int, of: int) -> None:
        heard.append((done, of))
        loop.call_soon_threadsafe(under_way.set)
        go_on.wait(60)

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        exporting = group.create_task(export_audit(home, folder / "a.xsaudit", Choice(), tell=tell))
        await under_way.wait()
        exporting.cancel()
        go_on.set()

    assert exporting.cancelled()
    assert heard[0] == (500, 1101)
    assert len(heard) <= 2
    assert list(folder.iterdir()) == []
    assert await closed(home) == (Outcome.CANCELLED,)
