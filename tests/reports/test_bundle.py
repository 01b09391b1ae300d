"""A bundle says what was done to it: every attack is named by the check that it fails, by two verifiers."""

import ast
import csv
import io
import json
import sys
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tests.reports.bundles import (
    BEGIN,
    KEY,
    STRANGER,
    Story,
    bundled,
    contents,
    found_in,
    found_in_store,
    head_at,
    signed_anew,
    told,
    zipped,
)
from xsconsole.domain.approval import Decision, Matter, Meaning, decided
from xsconsole.reports.bundle import line_of as line_of_row
from xsconsole.reports.verifier import ed25519, joined
from xsconsole.reports.verifier.approvals import DECISION_NAMES, USUAL
from xsconsole.reports.verifier.program import covered_by_signature, line_of, status_of
from xsconsole.reports.verifier.values import Found
from xsconsole.store.keys import is_signature

EXPECTED = KEY.fingerprint


def bad(found: dict) -> set[str]:
    return {check for check, one in found.items() if not one.is_good}


def test_a_whole_bundle_is_good_and_the_status_tells_who_vouches_for_it() -> None:
    story = told()
    bundle, head = bundled(story), story.head

    alone, vouched = found_in(bundle), found_in(bundle, EXPECTED, [head])

    assert bad(alone) == set()
    assert {check for check, one in alone.items() if not one.is_vouched} == {"keys", "anchors"}
    assert "Key unknown" in alone["keys"].sentence
    assert "from row 1 on nothing outside vouches" in alone["anchors"].sentence
    assert status_of(tuple(alone.values())) == 3
    assert status_of(tuple(vouched.values())) == 0, vouched
    assert list(vouched) == [
        *("files", "chain", "gaps", "values", "listing", "signatures", "keys", "approvals", "anchors", "clock"),
    ]


def middle_row_deleted(story: Story) -> None:
    del story.rows[4]


def end_deleted_and_signatures_left(story: Story) -> None:
    del story.rows[-3:]


def rows_swapped(story: Story) -> None:
    story.rows[2], story.rows[3] = story.rows[3], story.rows[2]


def value_changed(story: Story) -> None:
    story.rows[4]["values"]["actor"]["value"] = '"mallory"'


def value_gone(story: Story) -> None:
    del story.rows[4]["values"]["actor"]


def value_added(story: Story) -> None:
    story.rows[4]["values"]["alibi"] = {"salt": "00" * 16, "value": '"home"'}


def row_changed(story: Story) -> None:
    row = story.rows[4]
    row["canonical"] = row["canonical"].replace('"seq":5', '"seq":5 ')


def digest_changed(story: Story) -> None:
    story.rows[4]["digest"] = "00" * 32


def head_of_another_console(story: Story) -> None:
    story.groups[2]["chain_id"] = "ffff" * 8


def signature_changed(story: Story) -> None:
    story.groups[2]["signature"] = story.groups[1]["signature"]


def group_gone(story: Story) -> None:
    del story.groups[2]


def signed_by_a_stranger(story: Story) -> None:
    strange = told(key=STRANGER)
    story.groups[2] = strange.groups[2]


ATTACKS = {
    middle_row_deleted: {"gaps", "chain"},
    end_deleted_and_signatures_left: {"gaps", "signatures"},
    rows_swapped: {"gaps", "chain"},
    value_changed: {"values"},
    value_gone: {"values"},
    value_added: {"values"},
    row_changed: {"chain", "values"},
    digest_changed: {"chain"},
    head_of_another_console: {"signatures"},
    signature_changed: {"signatures"},
    group_gone: {"signatures"},
    signed_by_a_stranger: {"keys"},
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attack_by_whoever_holds_the_key_is_named_by_both_verifiers(attack: Callable[[Story], None]) -> None:
    story = told()
    attack(story)

    found = found_in(bundled(story), EXPECTED)
    in_store = found_in_store(story)

    assert found["files"].is_good  # the manifest was made anew, by the true key
    assert bad(found) == ATTACKS[attack], found
    assert bad(in_store) == ATTACKS[attack], in_store


def test_an_end_that_was_cut_with_its_signatures_is_named_by_a_head_that_was_kept() -> None:
    story = told()
    kept = story.head
    del story.rows[-2:], story.groups[-1:]
    cut = bundled(story.ended())

    alone, with_head = found_in(cut, EXPECTED), found_in(cut, EXPECTED, [kept])
    other = found_in(bundled(told(change=lambda _, fields: fields.update(actor="bob"))), EXPECTED, [kept])

    assert bad(alone) == set()
    assert "from row 1 on nothing outside vouches" in alone["anchors"].sentence
    assert bad(with_head) == {"anchors"}
    assert with_head["anchors"].seq == 9
    assert "its end is gone" in with_head["anchors"].sentence
    assert bad(other) == {"anchors"}


def test_a_history_signed_anew_by_another_key_is_told_by_the_expected_one_alone() -> None:
    story = told(key=STRANGER)
    story.heads = [head_at(story, 6, STRANGER)]  # read before the rows: it is not where the other key begins
    forged = bundled(story)

    assert "Key unknown" in found_in(forged)["keys"].sentence
    assert bad(found_in(forged)) == set()
    assert bad(found_in(forged, EXPECTED)) == {"keys"}
    assert found_in(forged, EXPECTED)["keys"].sentence.startswith("From row 1 on another key")
    assert bad(found_in_store(told(key=STRANGER))) == {"keys"}


def test_a_manifest_signed_by_another_key_than_the_rows_is_told() -> None:
    found = found_in(signed_anew(contents(bundled(told())), STRANGER), EXPECTED)

    assert bad(found) == {"keys"}
    assert found["keys"].sentence.startswith("Of the manifest")


def test_a_clock_that_was_set_back_is_named() -> None:
    def hour_back(seq: int, fields: dict) -> None:
        if seq > 5:
            fields["at"] = BEGIN.replace(hour=13).isoformat()

    found = found_in(bundled(told(change=hour_back)), EXPECTED)

    assert bad(found) == {"clock"}
    assert found["clock"].seq == 6


def test_what_is_redacted_is_said_and_the_rest_still_verifies() -> None:
    story = told()
    story.redacted = ("actor", "reason")
    shown = found_in(bundled(story), EXPECTED)
    for row in story.rows:
        del row["values"]["actor"], row["values"]["reason"]
    bundle = bundled(story)

    found = found_in(bundle, EXPECTED)

    assert bad(shown) == {"values"}  # it shows what it calls redacted
    assert bad(found) == set()
    assert "20 are withheld (actor, reason)" in found["values"].sentence
    assert b"alice" not in bundle


def test_rows_of_others_stand_there_without_values() -> None:
    story = told()
    for row in story.rows[:3]:
        row["shown"], row["values"] = False, {}
    found = found_in(bundled(story), EXPECTED)
    story.rows[0]["values"] = dict(story.rows[5]["values"])

    assert bad(found) == set()
    assert "3 rows of others stand there without values" in found["values"].sentence
    assert bad(found_in(bundled(story), EXPECTED)) == {"values"}


@pytest.mark.parametrize("name", ["events.csv", "approvals.jsonl", "workflows.jsonl"])
def test_a_list_that_says_something_else_than_the_rows_is_named(name: str) -> None:
    files = contents(bundled(told()))
    files[name] = files[name].replace(b"alice", b"bobby", 1) + b"more\n"

    assert bad(found_in(signed_anew(files, KEY), EXPECTED)) == {"listing"}


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all" * 9, zipped({}), zipped({"MANIFEST": b"[[["})])
def test_what_is_no_bundle_is_told(content: bytes) -> None:
    found = found_in(content)

    assert bad(found) == {"files"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("at", '"2026-11-23T14:02:12"'),
        ("at", "[]"),
        ("at", '"9999-12-31T23:59:59-23:59"'),
        ("monotonic_ns", '"' + "9" * 4000 + '"'),
        ("monotonic_ns", '"' + "9" * 5000 + '"'),
        ("actor", "[" * 100_000),
        ("actor", "[" * 900 + "]" * 900),
        ("actor", "1e999"),
        ("actor", '"\\ud800"'),
        ("event", '["request.made"]'),
        ("event", "{}"),
    ],
)
def test_a_value_that_no_console_writes_is_a_verdict_and_no_accident(name: str, value: str) -> None:
    story = told(4)
    story.rows[1]["values"][name]["value"] = value
    files = contents(bundled(told(4)))
    files["events.jsonl"] = b"".join(line_of_row(row) + b"\n" for row in story.rows)

    found = found_in(signed_anew(files, KEY), EXPECTED)

    assert bad(found) & {"values", "files"}


def test_a_bundle_of_a_newer_version_says_what_to_do() -> None:
    newer = signed_anew(contents(bundled(told(2))), KEY, format=3)
    odd = [signed_anew(contents(bundled(told(2))), KEY, **{name: None}) for name in ("head", "previous", "redacted")]

    assert "format 3" in found_in(newer)["files"].sentence
    assert "newer xsconsole" in found_in(newer)["files"].sentence
    assert [bad(found_in(one)) for one in odd] == [{"files"}] * 3


def test_no_name_can_disturb_a_spreadsheet_or_a_terminal() -> None:
    evil = ("=cmd()", "+1", "-1", "@x", "\t=1", " =1", "＝1", "\r=1", "\x1b[2J", '"', "a\nb")
    story = told(len(evil), change=lambda seq, fields: fields.update(actor=evil[seq - 1]))
    files = contents(bundled(story))

    rows = list(csv.DictReader(io.StringIO(files["events.csv"].decode(), newline="")))

    said = [name.replace("\x1b", "�") for name in evil]
    assert [row["actor"].removeprefix("'") for row in rows] == said
    assert all(row["actor"].startswith("'") for row in rows[:8])
    assert not any(row["actor"].startswith("'") for row in rows[8:])
    story.rows[0]["values"]["\x1b]0;evil\x07\u202e"] = story.rows[0]["values"]["at"]
    found = found_in(bundled(story))
    line = line_of(found["values"])
    assert not found["values"].is_good
    assert line.isprintable()


def test_plain_integers_agree_with_the_library_about_signatures() -> None:
    for number in range(12):
        key = Ed25519PrivateKey.from_private_bytes(bytes([number + 1]) * 32)
        public, covered = key.public_key().public_bytes_raw(), b"x" * number
        signature = key.sign(covered)
        above = int.from_bytes(signature[32:], "little") + ed25519.ORDER
        malleable = signature[:32] + above.to_bytes(32, "little")

        assert ed25519.is_signature(public, signature, covered)
        for wrong in (malleable, signature[::-1], bytes(64), signature[:63], b""):
            assert not ed25519.is_signature(public, wrong, covered)
            assert not is_signature(public, wrong, covered)
        assert not ed25519.is_signature(public, signature, covered + b"y")
    assert not ed25519.is_signature(b"\xff" * 32, signature, covered)
    assert Ed25519PublicKey.from_public_bytes(public)


def test_the_vectors_of_rfc_8032_hold() -> None:
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )

    assert ed25519.is_signature(public, signature, b"\x72")
    assert not ed25519.is_signature(public, signature, b"\x73")


def test_the_vectors_of_the_document_hold() -> None:
    text = (Path(__file__).parents[2] / "docs" / "bundle-format.md").read_text(encoding="utf-8")
    vectors = text.partition("## Test vectors")[2]
    story = told(1)
    files = contents(bundled(story))
    (row,), (group,) = story.rows, story.groups

    for value in (
        KEY.public_key.hex(),
        KEY.fingerprint,
        json.loads(row["canonical"])["fields"]["actor"],
        row["digest"],
        group["signature"],
        sha256(files["events.jsonl"]).hexdigest(),
        sha256(files["events.csv"]).hexdigest(),
        KEY.sign(covered_by_signature(b"{}")).hex(),
        head_at(story, 1)["signature"],
    ):
        assert f"`{value}`" in vectors


def test_the_verifier_of_a_bundle_is_one_program_of_the_standard_library() -> None:
    """Its modules stand in one file, so no two of them may give one name to different things."""
    tree, made, imported = ast.parse(joined()), Counter[str](), set[str]()
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                made[name] += 1
            case ast.Assign(targets=targets):
                made.update(one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name))
            case ast.Import(names=names):
                imported |= {one.name for one in names}
            case ast.ImportFrom(module=str(module)):
                imported.add(module)

    assert [name for name, number in made.items() if number > 1] == []
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def test_approvals_of_every_form_are_judged_and_newer_ones_are_told_of() -> None:
    def with_decision(found: dict[str, object]) -> dict[str, Found]:
        details = {"subject": "51" * 32, "key": KEY.fingerprint, "decision": found}
        return found_in(bundled(told(3, change=lambda _, fields: fields.update(details=details))), EXPECTED)

    given = {"matter": Matter.PROMOTION, "subject": "51" * 32, "about": "it", "reason": "so", "at": BEGIN}
    forms = [
        decided(KEY, meaning=Meaning.APPROVE, **given, **more)
        for more in ({}, {"plan": "8c" * 32, "rule": "security"}, {"sid": "S-1-5-21", "actor": "dana é\u2028"})
    ]
    newer = msgspec.to_builtins(forms[0]) | {"seal": "of a newer console"}

    assert {*DECISION_NAMES, *USUAL} == {*Decision.__struct_fields__}  # a field that is signed is known here, too
    for form in forms:
        found = with_decision(msgspec.to_builtins(form))["approvals"]
        assert found.is_vouched
        assert found.sentence.startswith("1 approval was signed")  # three rows tell of it
        assert bad(with_decision(msgspec.to_builtins(form) | {"about": "something else"})) == {"approvals"}
    told_of = with_decision(newer)["approvals"]
    assert (told_of.is_good, told_of.is_vouched) == (True, False)
    assert "only the verifier of a newer xsconsole" in told_of.sentence
