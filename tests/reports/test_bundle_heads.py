"""Signed heads and anchors in a bundle, and bundles of the format that had none."""

import json
from argparse import ArgumentTypeError
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.reports.bundles import (
    BEGIN,
    KEY,
    STRANGER,
    anchor_of,
    bundled,
    contents,
    found_in,
    head_at,
    signed_anew,
    told,
)
from tests.reports.databases import database_of
from xsconsole.domain.heads import signed_head, to_text
from xsconsole.reports.verifier.program import kept_head, line_of, verify_file
from xsconsole.reports.verifier.values import LATER_FILES, Found
from xsconsole.store.keys import SigningKey

EXPECTED = KEY.fingerprint


def bad(found: dict) -> set[str]:
    return {check for check, one in found.items() if not one.is_good}


def test_bundles_of_format_1_are_read_still() -> None:
    files = contents(bundled(told())) | {"anchors.json": b"[]\n"}
    first = {name: content for name, content in files.items() if name not in LATER_FILES}

    for old in (files, first):
        found = found_in(signed_anew(dict(old), KEY, format=1), EXPECTED)
        assert bad(found) == set(), found
        odd = dict(old) | {"anchors.json": b"{}\n"}
        assert bad(found_in(signed_anew(odd, KEY, format=1))) == {"files"}
    assert bad(found_in(signed_anew(first, KEY, format=2))) == {"files"}


def test_heads_and_anchors_in_a_bundle_are_compared_with_its_rows() -> None:
    story = told()
    story.heads, story.anchors = [head_at(story, 4), head_at(story, 10)], [anchor_of(head_at(story, 4))]
    whole = found_in(bundled(story), EXPECTED)
    outside = found_in(bundled(story), EXPECTED, [story.head])

    assert bad(whole) == bad(outside) == set()
    assert whole["signatures"].sentence.endswith("2 signed heads agree with them.")
    assert (whole["anchors"].is_vouched, "up to row 4, said to be in pool “acme”" in whole["anchors"].sentence) == (
        False,
        True,
    )
    assert outside["anchors"].is_vouched
    other = told(change=lambda _, fields: fields.update(actor="bob"))
    for heads, anchors, named in (
        ([head_at(other, 4)], [], {"signatures"}),
        ([head_at(story, 4, STRANGER)], [], {"keys"}),
        ([head_at(story, 4) | {"seq": 11}], [], {"signatures", "gaps"}),
        ([], [anchor_of(head_at(other, 4))], {"anchors"}),
        ([], [anchor_of(head_at(told(12), 12))], {"anchors"}),
        ([], [anchor_of(head_at(story, 4) | {"at": "yesterday"})], {"anchors"}),
        ([], [{"head": {}}], {"files"}),
        ([head_at(story, 4) | {"more": 1}], [], {"files"}),
    ):
        files = contents(bundled(story))
        files["anchors.json"] = json.dumps({"heads": heads, "anchors": anchors}).encode()
        found = found_in(signed_anew(files, KEY), EXPECTED)
        assert bad(found) == named, found
        assert all(line_of(one).isprintable() for one in found.values())


def test_a_clock_that_was_set_is_no_finding_where_the_record_says_so() -> None:
    def hour_back(seq: int, fields: dict) -> None:
        if seq > 5:
            fields["at"] = BEGIN.replace(hour=13).isoformat()
        if seq == 6:
            fields["event"] = "clock.jumped"

    found = found_in(bundled(told(change=hour_back)), EXPECTED)

    assert bad(found) == set()
    assert found["clock"].sentence.endswith(": 6. It was never set back otherwise.")


def test_a_head_that_was_kept_is_given_as_a_line_or_as_a_file(tmp_path: Path) -> None:
    story, file = told(), tmp_path / "a.anchor.json"
    file.write_text(json.dumps(head_at(story, 4)))
    (tmp_path / "b.json").write_text("{}")

    assert kept_head(str(file)) == (4, story.rows[3]["digest"])
    assert kept_head(f"4:{story.rows[3]['digest']}") == kept_head(str(file))
    for odd in (str(tmp_path / "b.json"), str(tmp_path / "none.json"), "4"):
        with pytest.raises(ArgumentTypeError):
            kept_head(odd)


def test_of_a_head_that_was_given_as_a_file_its_chain_and_its_signature_count_too(tmp_path: Path) -> None:
    story = told()
    bundle, database = bundled(story), database_of(story, tmp_path / "console.db")
    head = head_at(story, 4)
    other = json.loads(to_text(signed_head("be" * 16, 4, head["digest"], head["at"], KEY)))

    def given(stated: dict) -> Found:
        file = tmp_path / "a.anchor.json"
        file.write_text(json.dumps(stated))
        kept = [kept_head(str(file))]
        found = found_in(bundle, EXPECTED, kept)["anchors"]
        assert {one.check: one for one in verify_file(database, EXPECTED, kept)}["anchors"] == found
        return found

    assert given(head).is_vouched
    for odd, said in (
        (other, f"is of the chain {'be' * 16}"),
        (other | {"chain_id": head["chain_id"]}, "bears a signature that does not fit"),
        (head | {"at": "2026-11-23T15:03:00.000000Z"}, "bears a signature that does not fit"),
        (head | {"public_key": "none"}, "bears a signature that does not fit"),
    ):
        found = given(odd)
        assert (found.is_good, said in found.sentence) == (False, True), found
    third = SigningKey(private=Ed25519PrivateKey.from_private_bytes(b"\3" * 32))
    stranger = given(head_at(story, 4, third))
    assert (stranger.is_good, stranger.is_vouched, "no key of this chain" in stranger.sentence) == (True, False, True)
    changed = told(change=lambda _, fields: fields.update(actor="bob"))
    assert not given(head_at(changed, 4, third)).is_good
