"""The row format and its checks, apart from any database."""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from xsconsole.domain.canonical import Json, canonical_bytes
from xsconsole.domain.record import Verdict
from xsconsole.domain.signing import key_fingerprint
from xsconsole.store.chain import (
    FIRST_PREVIOUS,
    SALT_BYTES,
    ChainRow,
    GroupSignature,
    Head,
    SaltedValue,
    group_bytes,
    head_after,
    seal,
)
from xsconsole.store.verification import verify

CHAIN = "0123456789abcdef0123456789abcdef"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key().public_bytes_raw()
FINGERPRINT = key_fingerprint(PUBLIC)
EMPTY = Head(chain_id=CHAIN, seq=0, digest=FIRST_PREVIOUS)

texts = st.text(st.characters(codec="utf-8"), max_size=12)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
names = st.text("abcdefghij_", min_size=1, max_size=6)
groups_of_facts = st.lists(
    st.lists(st.dictionaries(names, values, min_size=1, max_size=4), min_size=1, max_size=3), min_size=1, max_size=4
)


@dataclasses.dataclass
class Record:
    rows: list[ChainRow]
    signatures: list[GroupSignature]

    def verdicts(
        self, *, may_withhold: bool = False, expected: frozenset[str] = frozenset({FINGERPRINT})
    ) -> dict[str, Verdict]:
        found = verify(
            CHAIN, self.rows, self.signatures, {FINGERPRINT: PUBLIC}, expected_keys=expected, may_withhold=may_withhold
        )
        return {verdict.check: verdict for verdict in found}

    def bad(self, *, may_withhold: bool = False) -> dict[str, int | None]:
        return {
            check: verdict.seq
            for check, verdict in self.verdicts(may_withhold=may_withhold).items()
            if not verdict.is_good
        }


def salts() -> Iterator[bytes]:
    number = 0
    while True:
        number += 1
        yield hashlib.sha256(str(number).encode()).digest()[:16]


def record(groups: Sequence[Sequence[Mapping[str, Json]]]) -> Record:
    head, source = EMPTY, salts()
    kept = Record(rows=[], signatures=[])
    for group in groups:
        first = head.seq + 1
        for fact in group:
            encoded = {name: canonical_bytes(value) for name, value in fact.items()}
            kept.rows.append(seal(head, encoded, lambda size: b"".join(islice(source, size // SALT_BYTES))))
            head = head_after(kept.rows[-1])
        kept.signatures.append(signed(first, head))
    return kept


def signed(first: int, head: Head) -> GroupSignature:
    return GroupSignature(
        chain_id=CHAIN,
        first_seq=first,
        last_seq=head.seq,
        head=head.digest,
        fingerprint=FINGERPRINT,
        signature=PRIVATE.sign(group_bytes(CHAIN, first, head.seq, head.digest)),
    )


def sample() -> Record:
    return record([[{"event": "a", "reason": "x"}], [{"event": "b"}, {"event": "c"}], [{"event": "d"}]])


def with_flipped(one: Any, what: str, at: int) -> Any:
    return dataclasses.replace(one, **{what: flipped(getattr(one, what), at)})


def flipped(content: bytes, at: int) -> bytes:
    at %= len(content)
    return content[:at] + bytes([content[at] ^ 0x01]) + content[at + 1 :]


def test_the_bytes_of_a_row_are_those_of_the_format() -> None:
    salt = bytes(range(16))

    row = seal(EMPTY, {"event": b'"run.opened"'}, lambda size: salt[:size])

    hashed = hashlib.sha256(salt + b"\x00event\x00" + b'"run.opened"').hexdigest()
    assert row.canonical.decode() == (
        f'{{"chain_id":"{CHAIN}","fields":{{"event":"{hashed}"}},"format":1,"previous":"{"0" * 64}","seq":1}}'
    )
    assert row.digest == hashlib.sha256(row.canonical).digest()
    assert group_bytes(CHAIN, 1, 2, b"\xab" * 32).decode() == (
        f'{{"chain_id":"{CHAIN}","first_seq":1,"format":1,"head":"{"ab" * 32}",'
        '"last_seq":2,"type":"xsconsole audit group"}'
    )


def stranger_verifies(kept: Record) -> None:
    """Check a record as the format's page tells, with SHA-256, JSON and Ed25519 and none of our code."""
    previous, digests = "0" * 64, {}
    for seq, row in enumerate(kept.rows, start=1):
        body = json.loads(row.canonical)
        assert set(body) == {"chain_id", "fields", "format", "previous", "seq"}
        assert (body["format"], body["chain_id"], body["seq"], body["previous"]) == (1, CHAIN, seq, previous)
        for name, salted in row.values.items():
            covered = salted.salt + b"\x00" + name.encode() + b"\x00" + salted.value
            assert body["fields"][name] == hashlib.sha256(covered).hexdigest()
            json.loads(salted.value)
        previous = hashlib.sha256(row.canonical).hexdigest()
        digests[seq] = previous
    upto = 0
    for group in kept.signatures:
        assert group.first_seq == upto + 1
        upto = group.last_seq
        message = (
            f'{{"chain_id":"{CHAIN}","first_seq":{group.first_seq},"format":1,"head":"{digests[upto]}",'
            f'"last_seq":{upto},"type":"xsconsole audit group"}}'
        )
        Ed25519PublicKey.from_public_bytes(PUBLIC).verify(group.signature, message.encode())
    assert upto == len(kept.rows)


@given(groups_of_facts)
def test_any_record_verifies_here_and_with_a_strangers_tool(groups: list[list[dict[str, Json]]]) -> None:
    kept = record(groups)

    assert kept.bad() == {}
    stranger_verifies(kept)


@given(groups_of_facts, st.data())
def test_a_redacted_copy_still_verifies(groups: list[list[dict[str, Json]]], data: st.DataObject) -> None:
    kept = record(groups)
    for place, row in enumerate(kept.rows):
        left = data.draw(st.sets(st.sampled_from(sorted(row.values))))
        kept.rows[place] = dataclasses.replace(row, values={name: row.values[name] for name in left})

    assert kept.bad(may_withhold=True) == {}
    stranger_verifies(kept)


def test_a_redacted_copy_says_how_much_is_withheld_and_a_whole_one_calls_it_a_loss() -> None:
    kept = sample()
    kept.rows[0] = dataclasses.replace(kept.rows[0], values={})

    assert kept.verdicts(may_withhold=True)["values"].sentence == "3 values match their hashes; 2 are withheld."
    assert kept.bad() == {"values": 1}


@given(groups_of_facts, st.sampled_from(["canonical", "digest", "value", "salt", "signature", "head"]), st.data())
def test_any_changed_byte_is_found(groups: list[list[dict[str, Json]]], what: str, data: st.DataObject) -> None:
    kept = record(groups)
    at = data.draw(st.integers(0, 5_000))
    place = data.draw(st.integers(0, len(kept.rows) - 1))
    row = kept.rows[place]
    if what in ("canonical", "digest"):
        kept.rows[place] = with_flipped(row, what, at)
    elif what in ("value", "salt"):
        name = data.draw(st.sampled_from(sorted(row.values)))
        one = row.values[name]
        salted = msgspec.structs.replace(one, **{what: flipped(getattr(one, what), at)})
        kept.rows[place] = dataclasses.replace(row, values={**row.values, name: salted})
    else:
        place = data.draw(st.integers(0, len(kept.signatures) - 1))
        kept.signatures[place] = with_flipped(kept.signatures[place], what, at)

    assert kept.bad(may_withhold=True)


@given(groups_of_facts, st.data())
def test_any_row_taken_out_is_found(groups: list[list[dict[str, Json]]], data: st.DataObject) -> None:
    kept = record(groups)
    del kept.rows[data.draw(st.integers(0, len(kept.rows) - 1))]

    assert kept.bad(may_withhold=True)


@given(groups_of_facts.filter(lambda groups: sum(map(len, groups)) > 1), st.data())
def test_any_two_rows_swapped_are_found(groups: list[list[dict[str, Json]]], data: st.DataObject) -> None:
    kept = record(groups)
    first, second = data.draw(
        st.lists(st.integers(0, len(kept.rows) - 1), min_size=2, max_size=2, unique=True).map(sorted)
    )
    one, other = kept.rows[first], kept.rows[second]
    if data.draw(st.booleans()):
        kept.rows[first], kept.rows[second] = other, one
    else:
        kept.rows[first], kept.rows[second] = (
            dataclasses.replace(other, seq=one.seq),
            dataclasses.replace(one, seq=other.seq),
        )

    assert kept.bad(may_withhold=True)


@given(groups_of_facts.filter(lambda groups: len(groups) > 1), st.data())
def test_any_signature_taken_out_or_moved_is_found(groups: list[list[dict[str, Json]]], data: st.DataObject) -> None:
    kept = record(groups)
    place = data.draw(st.integers(0, len(kept.signatures) - 1))
    taken = kept.signatures.pop(place)
    if data.draw(st.booleans()):
        other = data.draw(st.integers(0, len(kept.signatures) - 1))
        kept.signatures.append(dataclasses.replace(taken, signature=kept.signatures[other].signature))

    assert "signatures" in kept.bad(may_withhold=True)


def test_each_verdict_names_the_first_row_and_what_is_wrong_with_it() -> None:
    kept = sample()
    del kept.rows[1]
    verdicts = kept.verdicts()

    assert verdicts["gaps"].sentence == "Row 2 is missing."
    assert verdicts["chain"].sentence == "Row 3 does not follow the row before it."
    assert (verdicts["gaps"].seq, verdicts["chain"].seq) == (2, 3)
    assert verdicts["values"].is_good


def test_several_rows_missing_are_named_as_a_range() -> None:
    kept = sample()
    del kept.rows[0:2]

    assert kept.verdicts()["gaps"].sentence == "Rows 1 to 2 are missing."


def test_a_doubled_row_is_out_of_place_and_more_findings_are_counted() -> None:
    kept = sample()
    kept.rows.insert(1, kept.rows[0])

    verdict = kept.verdicts()["gaps"]

    assert verdict.sentence == "Row 1 stands where row 2 should."


def test_a_tail_cut_off_without_its_signature_shows_by_the_signature() -> None:
    kept = sample()
    del kept.rows[3:]

    assert kept.bad() == {"gaps": 4, "signatures": 4}
    assert kept.verdicts()["gaps"].sentence == "Row 4 is missing. Signatures of them stand."


def test_rows_after_the_last_signature_are_found() -> None:
    kept = sample()
    kept.signatures.pop()

    assert kept.bad() == {"signatures": 4}
    assert kept.verdicts()["signatures"].sentence == "Row 4 is not signed."


def test_a_history_written_again_from_the_middle_on_is_found_by_its_signatures() -> None:
    kept = sample()
    head = head_after(kept.rows[0])
    for place in range(1, 4):
        kept.rows[place] = seal(head, {"event": b'"other"'}, bytes)
        head = head_after(kept.rows[place])

    assert kept.bad() == {"signatures": 2}
    assert "1 more follows" in kept.verdicts()["signatures"].sentence


def test_an_added_value_is_found() -> None:
    kept = sample()
    kept.rows[2] = dataclasses.replace(
        kept.rows[2], values={**kept.rows[2].values, "extra": SaltedValue(salt=bytes(16), value=b"1")}
    )

    assert kept.bad(may_withhold=True) == {"values": 3}


@pytest.mark.parametrize(
    "canonical",
    [
        b"not json",
        b"[]",
        b"{}",
        b'{"chain_id":"x","fields":{},"format":2,"previous":"","seq":1}',
        b'{"chain_id":"x","fields":[],"format":1,"previous":"","seq":1}',
        b'{"chain_id": "x","fields":{},"format":1,"previous":"","seq":1}',
        b'{"a":1,"a":1}',
        b"[" * 100_000,
        b"\xff",
        b'{"seq":1e400}',
    ],
)
def test_a_row_that_is_no_record_of_this_format_is_found_even_where_its_digest_fits(canonical: bytes) -> None:
    kept = sample()
    kept.rows[3] = dataclasses.replace(kept.rows[3], canonical=canonical, digest=hashlib.sha256(canonical).digest())

    verdicts = kept.verdicts()

    assert verdicts["chain"].sentence == "Row 4 is not a record of format 1."


def test_rows_of_another_chain_are_found() -> None:
    other = dataclasses.replace(EMPTY, chain_id="f" * 32)
    kept = sample()
    kept.rows = [seal(other, {"event": b"1"}, bytes)]

    assert kept.verdicts()["chain"].sentence.startswith("Row 1 belongs to another chain.")


def test_a_key_that_is_not_the_one_its_fingerprint_names_does_not_count() -> None:
    kept = sample()
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()

    for keys in ({}, {FINGERPRINT: other}, {FINGERPRINT: b"short"}):
        found = verify(CHAIN, kept.rows, kept.signatures, keys, expected_keys={FINGERPRINT})
        assert {verdict.check for verdict in found if not verdict.is_good} == {"signatures"}


def test_a_key_of_impossible_bytes_does_not_count() -> None:
    short = b"short"
    kept = sample()
    kept.signatures = [dataclasses.replace(group, fingerprint=key_fingerprint(short)) for group in kept.signatures]

    found = verify(CHAIN, kept.rows, kept.signatures, {key_fingerprint(short): short})

    assert {verdict.check for verdict in found if not verdict.is_good} == {"signatures", "keys"}


def test_without_a_vouched_fingerprint_the_key_is_unknown_and_another_key_is_named() -> None:
    kept = sample()

    unknown = kept.verdicts(expected=frozenset())["keys"]
    other = kept.verdicts(expected=frozenset({"0" * 64}))["keys"]

    assert (unknown.is_good, unknown.seq) == (False, 1)
    assert "Key unknown" in unknown.sentence
    assert (other.is_good, other.seq) == (False, 1)
    assert FINGERPRINT in other.sentence


def test_a_value_whose_row_is_gone_is_found() -> None:
    kept = sample()

    found = verify(CHAIN, kept.rows, kept.signatures, {FINGERPRINT: PUBLIC}, values_without_row=[5])

    assert [verdict.sentence for verdict in found if verdict.check == "values"] == [
        "Row 5 is gone, but values of it stand."
    ]


def test_a_strangers_tool_finds_a_changed_signature_too() -> None:
    kept = sample()
    kept.signatures[0] = dataclasses.replace(kept.signatures[0], signature=bytes(64))

    with pytest.raises(InvalidSignature):
        stranger_verifies(kept)
