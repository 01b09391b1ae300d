"""Whatever single byte of a file is changed, each verifier says so. Bits and verifiers take turns, byte by byte.

`XSCONSOLE_SLOW_TESTS=1` asks all of them about every bit.
"""

import asyncio
import io
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from consoles import given_passphrase

from tests.reports.bundles import CHAIN, KEY, bundled, contents, told, zipped
from tests.reports.databases import database_of
from xsconsole.console.home import Home
from xsconsole.console.review.reading import Reading
from xsconsole.domain.record import AuditEvent, Fact
from xsconsole.errors import DatabaseDamaged
from xsconsole.reports.verifier import joined, program
from xsconsole.reports.verifier.database import Record
from xsconsole.reports.verifier.walk import SignatureCheck
from xsconsole.store.keys import is_signature
from xsconsole.store.reader import LedgerReader as Ledger

ALL = "XSCONSOLE_SLOW_TESTS" in os.environ
pytestmark = pytest.mark.timeout(3600 if ALL else 180)

Judge = Callable[[bytes, SignatureCheck], set[str]]


def bad(verdicts: Iterable[Any]) -> set[str]:
    return {one.check for one in verdicts if not one.is_good}


@pytest.fixture(scope="module")
def judges(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Judge]:
    """Return the three: verify.py, what the command runs, and what the window shows. The cipher is given."""
    alone: dict[str, Any] = {"__name__": "verify"}
    exec(compile(joined(), "verify.py", "exec"), alone)
    path = tmp_path_factory.mktemp("bytes") / "evidence"

    def window(content: bytes, check: SignatureCheck) -> set[str]:
        path.write_bytes(content)
        reading = Reading(path, lambda _: None)
        reading.read(KEY.fingerprint, (), check)
        return bad(reading.verdicts)

    return (
        lambda content, check: bad(alone["verify"](io.BytesIO(content), KEY.fingerprint, (), check)),
        lambda content, check: bad(program.verify(io.BytesIO(content), KEY.fingerprint, (), check)),
        window,
    )


def changed(content: bytes, places: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    """Yield the content with one bit of one byte changed."""
    for place in places:
        for bit in range(8) if ALL else (place % 8,):
            yield place, content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]


def asked(judges: Sequence[Judge], turn: int) -> Sequence[Judge]:
    """Return whose turn it is; the window, which reads a file from the disk, is asked less often."""
    return judges if ALL else (judges[2 if turn % 16 == 0 else turn % 2],)


def always(*_: bytes) -> bool:
    """Let every signature fit: hashes have to name what the signature of the manifest does not."""
    return True


def test_no_byte_of_a_small_bundle_can_be_changed(judges: Sequence[Judge]) -> None:
    whole = bundled(told(1))
    files, turns, tried = contents(whole), count(), Counter[str]()
    assert all(judge(whole, is_signature) == judge(zipped(files), always) == set() for judge in judges)

    for place, content in changed(whole, range(len(whole))):
        for judge in asked(judges, next(turns)):
            assert "files" in judge(content, always), place
            tried["lying"] += 1
    for name, file in files.items():  # by somebody who mends the checksum of the zip
        check = is_signature if name.startswith("MANIFEST") else always
        for place, content in changed(file, range(len(file))):
            mended = zipped({**files, name: content})
            for judge in asked(judges, next(turns)):
                assert "files" in judge(mended, check), (name, place)
                tried["mended"] += 1

    assert min(tried.values()) >= sum(map(len, files.values()))


def test_no_byte_of_a_large_bundle_can_be_changed(judges: Sequence[Judge]) -> None:
    whole = bundled(told(60, in_group=10), program=joined())
    places = range(7, len(whole), 1009 if ALL else 6007)

    for turn, (place, content) in enumerate(changed(whole, places)):
        for judge in asked(judges, turn):
            assert "files" in judge(content, always), place


def test_a_byte_of_a_database_that_is_changed_is_named_or_changes_no_evidence(
    judges: Sequence[Judge], tmp_path: Path
) -> None:
    """A database has bytes that hold nothing. What is called good has to hold the same rows, signed the same."""
    path, turned = database_of(told(2), tmp_path / "made"), tmp_path / "turned"
    whole = path.read_bytes()
    true, named = evidence(path), 0

    places = range(3, len(whole), 8 if ALL else 1201)
    for _, content in changed(whole, places):
        turned.write_bytes(content)
        found = bad(program.verify_file(turned, KEY.fingerprint, (), is_signature))
        named += bool(found)
        assert found or evidence(turned) == true

    assert named


def test_a_byte_of_what_rows_are_found_by_is_named_also_where_only_an_index_has_it(tmp_path: Path) -> None:
    path, turned = database_of(told(2), tmp_path / "made"), tmp_path / "turned"
    with closing(sqlite3.connect(path)) as file:
        searched = str(file.execute("SELECT searched FROM audit WHERE seq = 2").fetchone()[0]).encode()
    whole = path.read_bytes()
    places = [found.start() for found in re.finditer(re.escape(searched), whole)]

    assert len(places) >= 2  # in the row, and in the index
    for _, content in changed(whole, places):
        turned.write_bytes(content)
        assert bad(program.verify_file(turned, KEY.fingerprint, (), is_signature))


def evidence(path: Path) -> tuple[object, ...]:
    with Record(path) as record:
        (volume,) = record.volumes
        lines = tuple(entry.line for entry in volume.entries())
        return (volume.chain_id, lines, tuple(map(str, volume.groups())))


def test_what_sqlite_quotes_of_a_damaged_file_stops_no_verifier(judges: Sequence[Judge], tmp_path: Path) -> None:
    """SQLite quotes the damaged text, and Python cannot read it."""
    path = database_of(told(2), tmp_path / "console.db")
    whole = path.read_bytes()
    at = whole.index(b"CREATE TABLE audit ") + 3
    path.write_bytes(whole[:at] + bytes([whole[at] | 0x80]) + whole[at + 1 :])

    found = program.verify_file(path, KEY.fingerprint, (), is_signature)
    shown = judges[2](path.read_bytes(), is_signature)

    assert bad(found) == shown == {"files"}
    with pytest.raises(DatabaseDamaged):
        asyncio.run(checked(tmp_path))


def test_a_changed_byte_of_a_sealed_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    asyncio.run(sealed_home(folder))
    (sealed,) = (folder / "sealed").iterdir()
    sealed.chmod(0o600)
    whole = sealed.read_bytes()
    path = folder / "console.db"
    assert not bad(program.verify_file(path, None, (), is_signature))

    for _, content in changed(whole, range(5, len(whole), 64 if ALL else 6007)):
        sealed.write_bytes(content)
        assert bad(program.verify_file(path, None, (), is_signature)) & {"sealed", "files"}
        try:
            assert "sealed" in asyncio.run(checked(folder))
        except DatabaseDamaged as damaged:
            assert damaged.path == str(sealed)  # noqa: PT017 - either is right


async def sealed_home(folder: Path) -> None:
    home = await Home.open(folder, given_passphrase, is_reading=False)
    await home.record(Fact(event=AuditEvent.CONSOLE_STARTED))
    await home.evidence.seal()
    await home.close()


async def checked(folder: Path) -> set[str]:
    """Return what the check in the home finds wrong."""
    reader = await Ledger.open(folder)
    try:
        return bad(await reader.verify())
    finally:
        await reader.close()


def test_a_chain_whose_name_is_no_unicode_is_called_damaged(tmp_path: Path) -> None:
    path = database_of(told(2), tmp_path / "console.db")
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("DROP TRIGGER IF EXISTS chain_refuses_UPDATE")
        file.execute("UPDATE chain SET chain_id = CAST(x'b13a' AS TEXT)")

    with pytest.raises(DatabaseDamaged, match="no Unicode"):
        asyncio.run(checked(tmp_path))
    assert bad(program.verify_file(path, KEY.fingerprint, (), is_signature))
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE chain SET chain_id = ?", (CHAIN,))
        file.execute("PRAGMA foreign_keys=OFF")
        file.execute("UPDATE audit SET chain_id = CAST(x'b13a' AS TEXT) WHERE seq = 1")
    assert "chain" in asyncio.run(checked(tmp_path))
