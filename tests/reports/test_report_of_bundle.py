"""The page, the lists, the table and the rows of a bundle tell the same, in the same numbers."""

import csv
import io
import json
import re
from collections import Counter

import pytest

from tests.reports.bundles import BEGIN, CHAIN, KEY, bundled, contents, found_in, signed_anew, told
from tests.reports.stories import EVIL, NUMBERS, full_story
from xsconsole.reports.bundle import Order, write_bundle
from xsconsole.reports.html import bundle_page
from xsconsole.reports.verifier.listing import LISTS
from xsconsole.store.keys import is_signature


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    story, file = full_story(), io.BytesIO()
    order = Order(
        made_at=BEGIN, made_by=EVIL, asked=(EVIL,), redacted=(), absent=("this",), chain_id=CHAIN, head=story.head
    )
    page = bundle_page(lambda fields: f"row {fields['seq']}", is_signature)
    write_bundle(file, story.source(), story, order, KEY, page, b"#", is_signature, lambda _: None)
    return contents(file.getvalue())


def test_every_form_has_the_same_numbers(files: dict[str, bytes]) -> None:
    page = files["report.html"].decode()
    rows = [json.loads(line) for line in files["events.jsonl"].splitlines()]
    table = list(csv.DictReader(io.StringIO(files["events.csv"].decode(), newline="")))
    events = Counter(json.loads(row["values"]["event"]["value"]) for row in rows)
    counted = re.findall(r'<td class="number">(\d+)</td>.*?narrow">([a-z.]+jsonl)', page)

    assert Counter(row["event"] for row in table) == events
    assert {name: files[name].count(b"\n") for name in LISTS} == {f"{k}.jsonl": n for k, n in NUMBERS.items()}
    assert {name: int(number) for number, name in counted} == {
        **{f"{name}.jsonl": number for name, number in NUMBERS.items()},
        "events.jsonl": len(rows),
    }
    assert json.loads(files["MANIFEST"])["shown"] == len(rows) == len(table)
    assert all(f"<bdi>{event}</bdi> ({number})" in page for event, number in events.items())
    for name in NUMBERS:
        told_of = re.findall(r"<p>Row (\d+), ", _section(page, name))
        listed = [json.loads(line)["seq"] for line in files[f"{name}.jsonl"].splitlines()]
        assert name == "approvals" or [*map(int, told_of)] == listed, name


def _section(page: str, name: str) -> str:
    return page.partition(f'<h2 id="{name}">')[2].partition("<h2")[0]


def test_the_page_answers_what_a_reviewer_asks(files: dict[str, bytes]) -> None:
    page = files["report.html"].decode()
    approvals, manifests = _section(page, "approvals"), _section(page, "manifests")

    steps = re.findall(r'step"><td class="narrow number">(\d+)</td>', approvals)
    assert steps == ["5", "6", "7", "8", "10", "12"]  # with the run it allowed
    assert "shop 1.3.0: staging → production" in approvals
    assert "signature fits, key 56475aa75463474c" in approvals
    assert '<bdi>Dana Sec, logged in as dana</bdi></td><td class="name">approve</td><td>security</td>' in approvals
    assert "Against shop 1.2.0, whose place it takes: 4 differences." in manifests
    assert "8 GiB → 12 GiB" in manifests
    assert "12 GiB" in _section(page, "differences")
    assert "1 allowed, 0 drift, 60 equal" in _section(page, "statements")
    assert "The proof held." in _section(page, "fences")
    assert "fe" * 32 in _section(page, "fences")
    assert "1 change is not ours. (Row 21 says so; no verifier can check it.)" in page
    assert (
        "Nobody else changed anything. (Row 22 says so; no verifier can check it.)" in page
    )  # and hides no earlier one
    assert "shop-db: VM.set_memory by root" in _section(page, "differences")
    assert "Other, version 2" in _section(page, "workflows")
    assert "<script" not in page
    assert "\u202e" not in page
    assert "default-src 'none'" in page


def test_a_signature_that_does_not_fit_is_called_so_on_the_page() -> None:
    story = full_story()
    for row in story.rows:
        for one in row["values"].values():
            one["value"] = one["value"].replace("CVE list reviewed", "nothing reviewed")
    page = bundle_page(lambda _: "", is_signature)
    file = io.BytesIO()
    order = Order(made_at=BEGIN, made_by="", asked=(), redacted=(), absent=(), chain_id=CHAIN, head=story.head)
    write_bundle(file, story.source(), story, order, KEY, page, b"#", is_signature, lambda _: None)

    assert "SIGNATURE DOES NOT FIT" in contents(file.getvalue())["report.html"].decode()
    assert not found_in(file.getvalue())["values"].is_good


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_says_something_else_than_the_rows_is_found(files: dict[str, bytes], name: str) -> None:
    for forged in (files[name].replace(b"alice", b"carol"), files[name] * 2, b""):
        found = found_in(signed_anew({**files, name: forged}, KEY))["listing"]

        assert not found.is_good, name
        assert name in found.sentence


def test_rows_without_details_and_of_newer_programs_are_told_without_them() -> None:
    odd: list[dict[str, object]] = [
        {"event": "run.opened", "configuration_name": "shop 1", "details": {"manifest": {"members": [{"new": 1}]}}},
        {"event": "drift.observed", "details": {"came": [{"type": "NewChange"}, "x"], "went": 3}},
        {"event": "statement.made", "details": {"what": "alike", "first": 1, "counts": [], "fields": None}},
        {"event": "workflow.published", "outcome": "done", "details": {"content": "?", "version": 9}},
        {"event": "approval.decided", "details": {"decision": {"new": 1}}},
        {"event": "approval.decided", "details": {"what": "approve: shop 1", "decision": {"actor": ""}}},
        {"event": "fence.ground"},
    ]
    story = told(len(odd), change=lambda seq, fields: fields.update(odd[seq - 1]))
    file = io.BytesIO()
    order = Order(made_at=BEGIN, made_by="", asked=(), redacted=(), absent=(), chain_id=CHAIN, head=story.head)
    page = bundle_page(lambda fields: str(fields.get("details")), is_signature)
    write_bundle(file, story.source(), story, order, KEY, page, b"#", is_signature, lambda _: None)

    html = contents(file.getvalue())["report.html"].decode()
    assert html.partition("Timeline</h2>")[2].count("&#39;actor&#39;: &#39;&#39;") == 1  # whether it came by a file
    assert "A newer console wrote it." in html
    assert html.count("a difference that only a newer console can read") == 1
    assert "version 9, whose text is not in this row" in html
    assert "signed in a form that only a newer console can check" in html
    assert bundled(story)  # and the lists are what the rows make them
