"""The document of an archive: what is read back, and that whatever is wrong with it or beside it is named."""

import hashlib
import json
from pathlib import PurePath

import msgspec
import pytest

from tests.archives import CONTENT, KEY, archive, is_asked_for
from tests.domain.test_retention import request
from xsconsole.domain.archive import (
    Fault,
    Measured,
    Shelved,
    claimed_by,
    find_archive,
    judge,
    read,
    rows_of,
    sealed,
    to_bytes,
    to_lines,
    warrants_in,
)
from xsconsole.domain.archive.rows import Row, Value
from xsconsole.domain.archive.values import is_genuine
from xsconsole.domain.ids import ArchiveId, Digest
from xsconsole.domain.requests.values import Warrant, to_warrant
from xsconsole.errors import Ambiguous, NotFound, Refused
from xsconsole.store.keys import is_signature


def measured(content: dict[str, bytes]) -> dict[str, Measured]:
    return {
        path: Measured(size_bytes=len(text), sha256=hashlib.sha256(text).hexdigest()) for path, text in content.items()
    }


def refusal(document: bytes) -> str:
    with pytest.raises(Refused) as refused:
        read(document, is_signature)
    return refused.value.reason


def test_what_is_written_is_read_back_and_whole() -> None:
    made = archive()

    found = judge(to_bytes(made), measured(CONTENT), is_signature, {KEY.fingerprint})

    assert (found.archive, found.findings, found.is_vouched, found.is_good) == (made, (), True, True)
    assert found.sentence == "Whole: 2 files, 13 B, as they were signed."
    other = judge(to_bytes(made), measured(CONTENT), is_signature, {KEY.fingerprint}, "0" * 64)
    assert (other.is_good, other.is_vouched, other.is_expected) == (True, False, False)
    assert other.sentence.endswith(f"by key {KEY.fingerprint}, which is not the expected one.")
    stranger = judge(to_bytes(made), measured(CONTENT), is_signature, (), KEY.fingerprint)
    assert (stranger.is_vouched, stranger.is_expected) == (True, True)
    stranger = judge(to_bytes(made), measured(CONTENT), is_signature)
    assert "which nobody here vouches for" in stranger.sentence
    assert made.networks == ("front",)


def test_a_bit_anywhere_in_the_document_is_noticed() -> None:
    document = to_bytes(archive())

    for at in range(len(document)):
        changed = document[:at] + bytes([document[at] ^ 1]) + document[at + 1 :]
        assert judge(changed, measured(CONTENT), is_signature).archive is None, at


def test_what_a_document_is_instead_is_named() -> None:
    made = archive()
    document, plain = to_bytes(made), json.loads(to_bytes(made))

    assert refusal(document[:-40]) == "archive.json is cut off: its end is missing."
    assert {claimed_by(content) for content in (document[:-40], document)} == {frozenset({made.id})}
    assert refusal(b"") == "archive.json is cut off: its end is missing."
    assert {refusal(document[:at]) for at in range(len(document))} == {"archive.json is cut off: its end is missing."}
    for last in (document[-1] ^ 1 << bit for bit in range(8)):
        assert refusal(document[:-1] + bytes([last])) == "archive.json is damaged: it is no JSON any more."
    assert refusal(b"\xff}") == "archive.json is damaged: it is no JSON any more."
    assert "no archive of this kind, but “xsconsole request”" in refusal(b'{"type": "xsconsole request"}')
    assert "but something else" in refusal(b"{}")
    assert "of format 2; this console reads up to 1" in refusal(json.dumps({**plain, "format": 2}).encode())
    assert "of format 0, older than any" in refusal(json.dumps({**plain, "format": 0}).encode())
    assert "archive.json is damaged: " in refusal(json.dumps({**plain, "members": 3}).encode())
    assert "was changed after it was signed" in refusal(json.dumps({**plain, "reason": "another"}).encode())
    assert "was changed after it was signed" in refusal(document + b"\n")
    assert "was changed after it was signed" in refusal(json.dumps({**plain, "signature": "x"}).encode())
    assert not is_genuine(msgspec.structs.replace(made, signature="x"), is_signature)
    huge = sealed(msgspec.structs.replace(made, revision=2**40), KEY)
    assert "was changed" in refusal(to_bytes(huge).replace(str(2**40).encode(), str(2**60).encode()))


@pytest.mark.parametrize("path", ["../evil", "/etc/passwd", "a/b/c", "members/..", "C:\\x", "members/", ""])
def test_no_file_leads_out_of_the_folder(path: str) -> None:
    files = archive({**CONTENT, path: b""}).files

    assert "names files that no archive has" in refusal(to_bytes(archive(files=files)))
    assert "names files that no archive has" in refusal(to_bytes(archive(files=(*archive().files, archive().files[0]))))


def test_a_machine_without_a_hash_is_no_archive() -> None:
    assert "no hash for members/01-web.xva" in refusal(to_bytes(archive({"manifest.json": b""})))
    assert "no hash for any machine" in refusal(to_bytes(archive(members=())))


def test_each_file_that_is_not_as_it_was_is_named() -> None:
    there = {"manifest.json": b"}{", "members/02-evil.xva": b"!"}

    found = judge(to_bytes(archive()), measured(there), is_signature)

    assert [(one.file, one.fault) for one in found.findings] == [
        ("manifest.json", Fault.DAMAGED),
        ("members/01-web.xva", Fault.MISSING),
        ("members/02-evil.xva", Fault.FOREIGN),
    ]
    assert found.sentence.startswith("3 files of it are not as archived. manifest.json is damaged")
    (cut,) = judge(to_bytes(archive()), measured({**CONTENT, "members/01-web.xva": b"d"}), is_signature).findings
    assert (cut.fault, cut.sentence) == (
        Fault.TRUNCATED,
        "members/01-web.xva is cut off: the last 10 B of it are missing.",
    )
    unreadable = judge(b"{}", {}, is_signature)
    assert (unreadable.is_good, "no archive of this kind" in unreadable.sentence) == (False, True)


def test_an_archive_is_found_by_what_people_call_it() -> None:
    first = Shelved(folder=PurePath("/a/shop-1"), archive=archive())
    other = Shelved(
        folder=PurePath("/a/shop-2"), archive=archive(id=ArchiveId("aa"), version="1.4.0", name="shop 1.4.0")
    )
    broken = Shelved(folder=PurePath("/a/x"), archive=None, problem="archive.json is cut off.")
    shelf = (first, other, broken)

    assert find_archive(shelf, "/a/shop-1") is find_archive(shelf, "5f1c") is find_archive(shelf, "SHOP@1.3.0") is first
    assert find_archive(shelf, "x") is broken
    with pytest.raises(Ambiguous) as several:
        find_archive(shelf, "shop")
    assert len(several.value.choices) == 2
    with pytest.raises(NotFound):
        find_archive(shelf, "nothing")
    assert [one.called for one in shelf if is_asked_for(one, "acme SHOP-WEB")] == ["shop 1.3.0", "shop 1.4.0"]
    assert is_asked_for(broken, "cut off is:unreadable")
    assert [one.called for one in shelf if is_asked_for(one, "is:filed version:1.4.0")] == ["shop 1.4.0"]
    assert broken.called == "x"


def test_an_extract_gives_its_rows_back_and_no_approval_where_there_was_none() -> None:
    rows = (
        Row(seq=1, canonical="{}", digest="d", values={"event": Value(salt="00", value='"run.opened"')}),
        Row(seq=2, canonical="{}", digest="d", values={"details": Value(salt="00", value='{"warrant":{}}')}),
        Row(seq=3, canonical="{}", digest="d", values={"details": Value(salt="00", value='{"what":"x"}')}),
    )

    assert rows_of(to_lines(rows)) == rows
    assert warrants_in(rows) == ()
    warrant = Warrant(request=request(), decisions=())
    details = '{"warrant":' + to_warrant(warrant) + "}"
    approved = Row(seq=4, canonical="{}", digest="d", values={"details": Value(salt="00", value=details)})
    assert warrants_in((*rows, approved, approved)) == (warrant,)


def test_a_fingerprint_of_another_key_is_another_key() -> None:
    assert archive().key == KEY.fingerprint
    assert archive(public_key="").key == KEY.fingerprint  # it is sealed anew
    assert msgspec.structs.replace(archive(), public_key="x").key == ""
    assert Digest(archive().files[0].sha256) == hashlib.sha256(b"{}").hexdigest()
