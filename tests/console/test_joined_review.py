"""Files of several consoles as one: rows by their times, each verified by its own chain and key."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.reports.bundles import BEGIN, KEY, STRANGER, Story, bundled, signed_anew, told
from tests.reports.bundles import contents as files_of
from tests.reports.databases import database_of
from xsconsole.cli import main
from xsconsole.cli.parser import parser
from xsconsole.console.review import Review, open_review, write_page
from xsconsole.domain.query.values import EVERYTHING
from xsconsole.errors import AlreadyThere, Refused

EVIL = "<b>=1</b>"


def by(console: str, second: int, **more: Any) -> Story:
    """Return rows that a console wrote every ten seconds from then on."""

    def change(seq: int, fields: dict[str, Any]) -> None:
        at = BEGIN.replace(second=second).timestamp() + 10 * seq
        fields |= {"console_name": console, "at": BEGIN.fromtimestamp(at, BEGIN.tzinfo).isoformat()}

    return told(change=change, **more)


@pytest.fixture
def paths(tmp_path: Path) -> tuple[Path, Path]:
    """A bundle of one console, and the database of another."""
    bundle = tmp_path / "a.xsaudit"
    bundle.write_bytes(bundled(by("laptop", 0, number=4)))
    other = by(f"desk {EVIL}", 5, number=3, key=STRANGER, chain="be" * 16)
    return bundle, database_of(other, tmp_path / "console.db")


async def together(*paths: Path, keys: tuple[str, ...] = (), heads: tuple[tuple[int, str], ...] = ()) -> Review:
    return await open_review(paths[0], keys, heads, others=paths[1:])


async def test_rows_of_several_consoles_stand_by_their_times_and_say_whose_they_are(
    paths: tuple[Path, Path], tmp_path: Path
) -> None:
    heads = (by("laptop", 0, number=4).head, by(f"desk {EVIL}", 5, number=3, key=STRANGER, chain="be" * 16).head)
    review = await together(*paths, keys=(STRANGER.fingerprint, KEY.fingerprint), heads=heads)
    rows = [*reversed(review.page(EVERYTHING, None, 99))]

    desk = f"desk {EVIL}"
    assert [review.label(row.seq) for row in rows] == [
        *("1 · laptop", f"1 · {desk}", "2 · laptop", f"2 · {desk}", "3 · laptop", f"3 · {desk}", "4 · laptop"),
    ]
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    assert {(row.console, row.chain) for row in rows} == {("laptop", "0f3a" * 8), (desk, "be" * 16)}
    assert review.own(rows[3]).seq == 2
    assert (review.status, review.is_whole, review.doubtful_from) == (0, True, None)
    assert [(one.console, one.file, len(one.verdicts)) for one in review.parts] == [
        ("laptop", "a.xsaudit", 10),
        (desk, "console.db", 10),
    ]
    assert review.verdicts[-1].sentence.startswith("Rows of 2 chains in 2 files")
    assert review.past(3).seq == 3

    write_page(review, tmp_path / "page.html", may_replace=False)
    page = (tmp_path / "page.html").read_text()
    assert re.findall(r'<tr><td class="name">(\d · [^<]+)</td>', page.partition('id="timeline"')[2]) == [
        review.label(row.seq).replace("<", "&lt;").replace(">", "&gt;") for row in rows
    ]
    assert page.count("Only the expected key signed") == 2
    assert EVIL not in page
    with pytest.raises(AlreadyThere):
        write_page(review, tmp_path / "page.html", may_replace=False)


async def test_each_chain_has_its_own_verdicts_and_what_belongs_to_none_is_told(
    paths: tuple[Path, Path], tmp_path: Path
) -> None:
    forged = by("laptop", 0, number=4)
    forged.rows[2]["values"]["actor"]["value"] = '"mallory"'
    (tmp_path / "forged").write_bytes(bundled(forged))
    one_is_wrong = await together(tmp_path / "forged", paths[1])
    nobodys = await together(*paths, keys=("ab" * 32,), heads=((4, "cd" * 32),))

    assert one_is_wrong.status == nobodys.status == 1
    assert [[v.check for v in one.verdicts if not v.is_good] for one in one_is_wrong.parts] == [["values"], []]
    assert one_is_wrong.doubts(5) == ("The value of actor in row 3 does not match its hash.",)
    assert all(verdict.is_good for one in nobodys.parts for verdict in one.verdicts)
    assert f"None of the files is signed by the key {'ab' * 32}." in nobodys.verdicts[-1].sentence
    assert f"No row of the files is the one of the head 4:{'cd' * 32}" in nobodys.verdicts[-1].sentence


async def test_rows_that_are_in_two_files_stand_once_and_have_to_be_the_same(tmp_path: Path) -> None:
    whole, part, other = tmp_path / "whole", tmp_path / "part", tmp_path / "other"
    story = by("laptop", 0, number=4)
    whole.write_bytes(bundled(story))
    for row in story.rows[:2]:
        row["shown"], row["values"] = False, {}
    part.write_bytes(bundled(story))
    other.write_bytes(bundled(by("laptop of bob", 0, number=4)))

    twice = await together(part, whole)
    forked = await together(whole, other)

    assert [row.fact.actor for row in twice.page(EVERYTHING, None, 9)] == ["alice"] * 4
    assert "4 rows are in more than one file, and are the same." in twice.verdicts[-1].sentence
    assert (forked.status, forked.verdicts[-1].is_good) == (1, False)
    assert "different rows 1 of one chain" in forked.verdicts[-1].sentence


async def test_a_page_is_made_of_a_database_too_and_of_nothing_that_is_broken(
    paths: tuple[Path, Path], tmp_path: Path
) -> None:
    alone = await together(paths[1])
    odd = told(2, change=lambda _, fields: fields.update(event="pool.reconciled", details=EVIL))
    (tmp_path / "odd").write_bytes(bundled(odd))
    broken = tmp_path / "broken"
    broken.write_bytes(signed_anew(files_of(bundled(told(2))), KEY, format=9))

    assert "3 with their values, in rows 1 to 3 of the chain" in alone.report()
    assert STRANGER.fingerprint in alone.report()
    assert "no verifier can check it" not in (await together(tmp_path / "odd", paths[1])).report()
    assert alone.range.head == f"3:{by(f'desk {EVIL}', 5, number=3, key=STRANGER, chain='be' * 16).head[1]}"
    with pytest.raises(Refused, match="no page is made of them"):
        write_page(await together(paths[0], broken), tmp_path / "page.html", may_replace=False)
    with pytest.raises(Refused, match="Several keys"):
        await together(paths[0], keys=("ab" * 32, "cd" * 32))
    paths[1].write_bytes(b"gone")
    with pytest.raises(Refused, match="not any more what was opened"):
        alone.row(1)


def test_a_page_of_several_files_is_written_at_a_terminal(
    paths: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "together.html"
    words = ["audit", "report", *map(str, paths), "--out", str(out)]

    made = main(parser().parse_args(words))
    told_of = capsys.readouterr().out
    again = main(parser().parse_args([*words, "--force", "--json", "--key", "ab" * 32]))
    document = json.loads(capsys.readouterr().out)
    refused = main(parser().parse_args(words))

    assert (made, again, refused) == (3, 1, 1)
    assert "is there already" in capsys.readouterr().err
    assert told_of.count("ok  chain: ") == 2
    assert told_of.splitlines()[-1] == f"{out} has 7 rows of 2 files."
    assert all(line.isprintable() for line in told_of.splitlines())
    assert [one["file"] for one in document["files"]] == ["a.xsaudit", "console.db"]
    assert [one["is_good"] for one in document["verdicts"]] == [False]
    assert "Rows of 2 chains" not in out.read_text()
