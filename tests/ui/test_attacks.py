"""What somebody does to a file, and what each of the three verifiers says of it: verify.py, the command, the window."""

import io
import json
import stat
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from tests.reports.bundles import (
    BEGIN,
    CHAIN,
    KEY,
    STRANGER,
    Story,
    anchor_of,
    bundled,
    contents,
    head_at,
    signed_anew,
    told,
    zipped,
)
from tests.reports.databases import database_of
from tests.reports.stories import EVIL, full_story
from xsconsole.cli import main as command
from xsconsole.cli.parser import parser
from xsconsole.console.review import Review
from xsconsole.console.review.reading import Reading
from xsconsole.domain.heads import signed_head, to_text
from xsconsole.reports.verifier import joined
from xsconsole.reports.verifier.values import STEERING
from xsconsole.store.keys import is_signature
from xsconsole_ui.review.side import Side

MARKS = {"BAD": "✗", "ok": "✓", "?": "?"}
END = ("--head", f"10:{told().head[1]}")
ONE_BY_ONE = ("--head", f"10:{told(in_group=1).head[1]}")
THE_KEY = ("--key", KEY.fingerprint)
KINDS = ("bundle", "database")

Forge = Callable[[Story], Any]
Judged = tuple[int, Mapping[str, str]]
"""The exit status, and the mark of each check."""


@pytest.fixture(scope="module")
def alone() -> dict[str, Any]:
    """What `verify.py` is, run as the one file that it is in a bundle."""
    names: dict[str, Any] = {"__name__": "verify"}
    exec(compile(joined(), "verify.py", "exec"), names)
    return names


def by_lines(lines: str) -> dict[str, str]:
    assert all(line.isprintable() for line in lines.splitlines()), lines
    split = [line.partition(":")[0].split() for line in lines.splitlines()]
    return {check: MARKS[mark] for mark, check in split}


def by_window(review: Review) -> dict[str, str]:
    side = Side(review)
    lines, checks = side.verdict_lines, [verdict.check for verdict in review.verdicts]
    assert not any(STEERING.search(line) for line in lines), lines
    side.deleteLater()
    return {check: line[0] for check, line in zip(checks, lines, strict=False)}


def reviewed(path: Path, *given: str) -> Review:
    options = parser().parse_args(["review", str(path), *given])
    reading = Reading(path, lambda _: None)
    reading.read(next(iter(options.key), None), options.head, is_signature)
    return Review(path, reading)


@pytest.fixture
def judge(
    alone: dict[str, Any], capsys: pytest.CaptureFixture[str], qapp: QApplication
) -> Callable[..., tuple[Judged, str]]:
    """Return what all three say, which has to be the same, and the words of it."""

    def ask(path: Path, *given: str) -> tuple[Judged, str]:
        status = alone["main"]([str(path), *given])
        words = capsys.readouterr().out
        by_file = (status, by_lines(words))
        by_command = (command(parser().parse_args(["audit", "verify", str(path), *given])), None)
        assert (by_command[0], by_lines(capsys.readouterr().out)) == by_file
        review = reviewed(path, *given)
        shown = by_window(review)
        if len(by_file[1]) == 1:  # no bundle and no record: the window tells besides what it can show of it
            shown = {"files": shown["files"]}
        assert (review.status, shown) == by_file
        assert {seq for verdict in review.verdicts if (seq := verdict.seq)} or not review.doubtful_from
        return by_file, words

    return ask


@dataclass(frozen=True)
class Attack:
    """Something done to a history, in every kind of file; `named` are the checks that it fails."""

    name: str
    forge: Forge
    named: frozenset[str] | set[str] = frozenset()
    given: tuple[str, ...] = THE_KEY
    says: str = ""
    begin: Callable[[], Story] = told
    sql: str = ""  # done to a database, in place of `forge`
    kinds: tuple[str, ...] = KINDS
    more: Mapping[str, set[str]] = field(default_factory=dict)  # what a kind of file shows besides

    def file(self, kind: str, folder: Path) -> Path:
        story, path = self.begin(), folder / f"evidence.{kind}"
        if not (self.sql and kind == "database"):
            self.forge(story)
        if kind == "database":
            return database_of(story, path, self.sql)
        path.write_bytes(bundled(story))
        return path


def nothing(_: Story) -> None:
    """Leave it whole."""


def middle_row(story: Story) -> None:
    del story.rows[4]


def last_three(story: Story) -> None:
    """By somebody who cuts their signatures, too."""
    del story.rows[-3:], story.groups[-3:]
    story.ended()


def last_three_but_not_the_anchor(story: Story) -> None:
    story.anchors = [anchor_of(head_at(story, 10))]
    last_three(story)


def one_by_one() -> Story:
    return told(in_group=1)


def by_a_stranger() -> Story:
    return told(key=STRANGER)


def yesterday() -> Story:
    return told(8)


def swapped(story: Story) -> None:
    story.rows[2], story.rows[3] = story.rows[3], story.rows[2]


def value(story: Story) -> None:
    story.rows[4]["values"]["actor"]["value"] = '"mallory"'


def value_of_another_row(story: Story) -> None:
    story.rows[4]["values"] = story.rows[5]["values"]


def group_of_another_console(story: Story) -> None:
    story.groups[2]["chain_id"] = "ffff" * 8


def head_of_another_console(story: Story) -> None:
    other = signed_head("ffff" * 8, 4, story.rows[3]["digest"], "2026-11-23T14:03:00.000000Z", KEY)
    story.heads = [json.loads(to_text(other)) | {"chain_id": CHAIN}]


def key_of_another_console(story: Story) -> None:
    story.groups[2] = by_a_stranger().groups[2]


def clock_back() -> Story:
    def change(seq: int, fields: dict[str, Any]) -> None:
        if seq > 5:
            fields["at"] = BEGIN.replace(hour=13).isoformat()

    return told(change=change)


def head_of_a_later_time(story: Story) -> None:
    """By somebody who lets no row show that the clock was set back while nothing happened."""
    story.heads = [head_at(story, 4, at="2026-11-23T16:00:00.000000Z")]


def approval_of_another_subject() -> Story:
    return full_story(lambda rows: rows[6]["details"].update(subject="52" * 32))


def approval_of_another_plan() -> Story:
    return full_story(lambda rows: rows[6]["details"]["decision"].update(plan="8d" * 32))


def warrant_of_another_plan() -> Story:
    def alter(rows: list[dict[str, Any]]) -> None:
        decision = rows[6]["details"]["decision"]
        rows[7]["details"] |= {"plan": "8d" * 32, "warrant": {"decisions": [decision]}}

    return full_story(alter)


ATTACKS = (
    Attack("nothing", nothing, says="All rows are signed"),
    Attack("nothing, vouched for", nothing, given=(*THE_KEY, *END), says="It agrees with heads kept elsewhere"),
    Attack("nothing, nobody vouches", nothing, given=(), says="Key unknown"),
    Attack("every name is hostile", nothing, begin=full_story, says="1 approval was signed"),
    Attack("middle row deleted", middle_row, {"gaps", "chain"}, says="Row 5 is missing"),
    Attack("last three rows deleted", last_three, begin=one_by_one, says="from row 1 on nothing outside vouches"),
    Attack(
        "last three rows deleted, a head was kept",
        last_three,
        {"anchors"},
        (*THE_KEY, *ONE_BY_ONE),
        "its end is gone",
        one_by_one,
    ),
    Attack(
        "last three rows deleted, an anchor is behind",
        last_three_but_not_the_anchor,
        {"anchors"},
        says="its end is gone",
        begin=one_by_one,
    ),
    Attack("yesterday's file", nothing, {"anchors"}, (*THE_KEY, *END), "its end is gone", yesterday),
    Attack("made anew with a new key", nothing, {"keys"}, says="another key than the expected", begin=by_a_stranger),
    Attack("made anew with a new key, none expected", nothing, (), (), "Key unknown", by_a_stranger),
    Attack(
        "two rows swapped",
        swapped,
        {"gaps", "chain"},
        sql="UPDATE audit SET seq = 99 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4;"
        "UPDATE audit SET seq = 4 WHERE seq = 99",
        more={"database": {"values", "listing"}},
    ),
    Attack("value changed", value, {"values"}, says="The value of actor in row 5 does not match its hash"),
    Attack("values of another row", value_of_another_row, {"values"}, says="in row 5 does not match"),
    Attack("group of another console", group_of_another_console, {"signatures"}, says="another console's chain"),
    Attack("head of another console", head_of_another_console, {"signatures"}, says="A head of row 4 bears"),
    Attack("key of another console", key_of_another_console, {"keys"}, says="From row 5 on another key"),
    Attack("clock set back", nothing, {"clock"}, says="Before row 6 the clock was set back", begin=clock_back),
    Attack("clock set back at rest", head_of_a_later_time, {"clock"}, says="Row 5 says an earlier time than a head"),
    Attack("approval copied", nothing, {"approvals"}, says="something else", begin=approval_of_another_subject),
    Attack("approval rewritten", nothing, {"approvals"}, says="does not fit", begin=approval_of_another_plan),
    Attack("warrant copied", nothing, {"approvals"}, says="approval of another plan", begin=warrant_of_another_plan),
)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_what_is_done_to_rows_is_named_alike_by_all_three(
    attack: Attack, judge: Callable[..., tuple[Judged, str]], tmp_path: Path
) -> None:
    for kind in attack.kinds:
        (status, marks), words = judge(attack.file(kind, tmp_path), *attack.given)

        assert {check for check, mark in marks.items() if mark == "✗"} == {*attack.named, *attack.more.get(kind, ())}
        assert status == (1 if attack.named else 3 if "?" in marks.values() else 0), words
        assert attack.says in words


def link(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("passwd")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, "/etc/passwd")


CONTAINERS: Mapping[str, tuple[Callable[[zipfile.ZipFile], object], str]] = {
    "a path that leads elsewhere": (lambda archive: archive.writestr("../../evil.py", "x"), "leads elsewhere"),
    "an absolute path": (lambda archive: archive.writestr("/etc/evil", "x"), "leads elsewhere"),
    "a name that steers a terminal": (lambda archive: archive.writestr("\x1b[2Jevil", "x"), "leads elsewhere"),
    "one name twice": (lambda archive: archive.writestr("MANIFEST", "x"), "one name"),
    "a bomb": (lambda archive: archive.writestr("b", bytes(9_000_000), zipfile.ZIP_DEFLATED), "compressed"),
    "a symbolic link": (link, "a link"),
    "one file more": (lambda archive: archive.writestr("more.txt", "x"), "not of the form of a bundle"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_is_no_bundle_or_record_is_refused_alike_by_all_three(
    judge: Callable[..., tuple[Judged, str]], tmp_path: Path
) -> None:
    """The names of entries are ours to read before the form of the rest: what is wrong is what is said."""
    whole, path = bundled(told(2)), tmp_path / "evidence"
    made: dict[str, tuple[bytes, str]] = {}
    for name, (attack, says) in CONTAINERS.items():
        out = io.BytesIO(whole)
        with zipfile.ZipFile(out, "a") as archive:
            attack(archive)
        made[name] = (out.getvalue(), says)
    files = contents(whole)
    made["newer"] = (signed_anew(dict(files), KEY, format=3), "use that of a newer xsconsole")
    made["one file more, of our form"] = (zipped({**files, "more.txt": b"x"}), "not exactly the files")
    made["order"] = (zipped(dict(reversed(files.items()))), "their order")
    made["cut"] = (whole[:-50], "cut off")
    made["empty"] = (b"", "cut off")
    made["text"] = (EVIL.encode() * 9, "no zip")
    for name, statement, says in (
        ("newer database", "PRAGMA user_version=99", "use that of a newer xsconsole"),
        ("another program's", "PRAGMA application_id=1", "another program"),
        ("a view", "DROP TABLE audit_value; CREATE VIEW audit_value AS SELECT 1 AS seq", "no table audit_value"),
        ("two chains", "DROP INDEX one_chain; INSERT INTO chain VALUES ('x', '')", "which chain"),
        ("texts for numbers", "UPDATE audit SET seq = 'two' WHERE seq = 2", "something else than numbers"),
        ("a head that is none", "INSERT INTO audit_head VALUES ('x', 'y', 1, x'', 1, x'')", "a signed head"),
    ):
        made[name] = (database_of(told(2), tmp_path / "made", statement).read_bytes(), says)
    made["cut database"] = (database_of(told(2), tmp_path / "made").read_bytes()[:5000], "SQLite")
    for name, (content, says) in made.items():
        path.write_bytes(content)

        (status, marks), words = judge(path)

        assert (status, marks) == (1, {"files": "✗"}), name
        assert says in words, (name, words)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["evidence", "made"]  # nothing was unpacked, or left
