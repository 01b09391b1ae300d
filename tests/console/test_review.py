"""A bundle is looked at without a pool, and a broken one says which it is and what of it can be shown."""

from pathlib import Path
from typing import Any

import pytest

from tests.reports.bundles import BEGIN, KEY, bundled, contents, signed_anew, told, zipped
from tests.reports.stories import EVIL, full_story
from xsconsole.console.review import Review, open_review
from xsconsole.console.review.reading import Reading
from xsconsole.domain.audit_filter import AUDIT
from xsconsole.domain.query.parser import query_of
from xsconsole.domain.query.values import EVERYTHING
from xsconsole.errors import Refused
from xsconsole.store.keys import is_signature


async def reviewed(folder: Path, content: bytes, **given: Any) -> Review:
    file = folder / "a.xsaudit"
    file.write_bytes(content)
    return await open_review(file, **given)


def bad(review: Review) -> set[str]:
    return {verdict.check for verdict in review.verdicts if not verdict.is_good}


async def test_a_whole_bundle_is_paged_filtered_stepped_through_and_drawn_at_any_row(tmp_path: Path) -> None:
    story = full_story()
    review = await reviewed(tmp_path, bundled(story), expected_key=KEY.fingerprint, kept_heads=(story.head,))
    filtered = review.page(query_of("event:run.closed", AUDIT), None, 10)
    stages = {seq: {card.face.name: card.face.stage for _, card in review.past(seq).cards} for seq in (1, 2, 10, 23)}
    decided = review.row(7)
    assert decided is not None

    assert (review.status, review.is_whole, review.doubtful_from) == (0, True, None)
    assert [row.seq for row in review.page(EVERYTHING, None, 3)] == [23, 22, 21]
    assert [row.seq for row in review.page(EVERYTHING, 3, 9)] == [2, 1]
    assert [row.seq for row in filtered] == [10, 4]
    assert filtered[1].fact.reason.startswith("=cmd()|<script>alert(1)</script>\N{REPLACEMENT CHARACTER}")
    assert [row.seq for row in review.chain_of(decided.fact)] == [5, 6, 7, 8, 10, 12]
    assert stages[1] == {}
    assert stages[2]["shop 1.3.0"] == "staging"
    assert stages[10]["shop 1.3.0"] == "production"
    assert len(stages[2]) == len(stages[23]) + 1  # the last move took one away
    workflows = [pool.workflow for pool in review.past(23).pools.values()]
    assert [workflow.name for workflow in workflows if workflow] == ["Other"]
    assert review.past(8).cards[-1][1].standing == "running"
    assert [review.step(8, by, changes_board=True) for by in (1, -1)] == [10, 4]
    assert [review.step(23, 1), review.step(1, -1), review.step(1, 1)] == [None, None, 2]
    assert sum(review.histogram(12)) == len(review.numbers) == review.range.shown == 23
    assert review.first_in(review.bar_of(15, 12), 12) in (14, 15)
    assert review.range.head == f"{story.head[0]}:{story.head[1]}"
    assert "<p>page</p>" in review.report()


async def test_what_is_wrong_with_single_rows_is_told_at_them(tmp_path: Path) -> None:
    story = told(6)
    story.rows[3]["values"]["actor"]["value"] = '"mallory"'
    odd = story.rows[4]["values"]
    for name, value in (("event", '"of.a-newer-program"'), ("outcome", '"new"'), ("at", "7"), ("details", "[1]")):
        odd[name] = {"salt": "00" * 16, "value": value}

    review = await reviewed(tmp_path, bundled(story))
    row = review.row(5)

    assert bad(review) == {"values"}
    assert review.doubtful_from == 4
    assert review.doubts(4) == ("The value of actor in row 4 does not match its hash.",)
    assert row is not None
    assert (str(row.fact.event), str(row.fact.outcome), row.fact.details) == ("of.a-newer-program", "new", None)
    assert row.at > BEGIN  # as the row before
    assert review.doubts(3) == ()


@pytest.mark.parametrize("name", ["cut", "foreign", "newer", "empty", "text", "database", "no rows", "deep"])
async def test_what_is_no_bundle_says_which_it_is_and_shows_what_can_be_read(tmp_path: Path, name: str) -> None:
    whole = bundled(told(8))
    files = contents(whole)
    deep = b'{"canonical": "{}", "values": ' + b"[" * 5000 + b"\n"
    broken = {
        "cut": (whole[: len(whole) // 3], "cut off", True),
        "foreign": (zipped({"events.jsonl": files["events.jsonl"]}), "no MANIFEST", True),
        "newer": (signed_anew(dict(files), KEY, format=9), "of format 9", True),
        "empty": (b"", "no zip", False),
        "text": (EVIL.encode() * 50, "no zip", False),
        "database": (b"SQLite format 3\0" + bytes(500), "SQLite cannot read", False),
        "no rows": (zipped({"events.jsonl": b""}), "no MANIFEST", True),
        "deep": (zipped({"events.jsonl": deep}), "no MANIFEST", True),
    }
    content, said, can_show = broken[name]

    review = await reviewed(tmp_path, content)

    assert bad(review) >= {"files"}
    assert said in review.verdicts[0].sentence
    assert review.status == 1
    assert not review.is_whole
    rows = len(review.page(EVERYTHING, None, 99))
    assert (rows > 0) is (can_show and name in ("cut", "foreign", "newer"))
    assert [one.check for one in review.verdicts if one.is_vouched and one.is_good] == []
    if rows:
        assert f"{rows} rows can be read of it" in review.verdicts[1].sentence
        assert {one.check for one in review.verdicts} == {"files", "rows", "chain", "gaps", "values"}
        assert bad(review) == {"files"}, "the rows that are left follow one another"
    assert review.past(rows).unknown
    assert isinstance(review.report(), str)


async def test_a_part_of_the_record_says_what_the_board_may_lack(tmp_path: Path) -> None:
    story = full_story()
    for row in story.rows[:4]:
        row["shown"], row["values"] = False, {}

    review = await reviewed(tmp_path, bundled(story))

    assert review.numbers[0] == 5
    assert review.row(2) is not None
    assert review.past(10).hidden == 4
    assert "4 rows up to here do not show their values" in review.past(10).unknown[0]
    assert [card.is_partial for _, card in review.past(10).cards] == [True]
    with pytest.raises(Refused):
        await open_review(tmp_path / "none.xsaudit")
    with pytest.raises(Refused):
        await open_review(tmp_path)


def test_every_byte_that_is_changed_leaves_a_review_that_opens(tmp_path: Path) -> None:
    """Sampled; which check names it is the verifier's own test."""
    whole = bundled(told(4))
    file = tmp_path / "a.xsaudit"

    for at in range(0, len(whole), 211):
        changed = bytearray(whole)
        changed[at] ^= 0x55
        file.write_bytes(changed)
        reading = Reading(file, lambda _: None)
        reading.read(None, (), is_signature)
        review = Review(file, reading)

        assert review.status == 1, at
        for row in review.page(EVERYTHING, None, 99):
            assert review.past(row.seq).seq == row.seq
