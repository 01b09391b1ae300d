"""What a chain is told by the heads of it that were kept elsewhere."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from xsconsole.domain.anchors import (
    MESSAGE_NAME,
    Anchor,
    End,
    agreed,
    file_name,
    file_text,
    in_file,
    in_keys,
    in_messages,
    judged,
    of_chain,
    stem_of,
)
from xsconsole.domain.heads import SignedHead, signed_head, to_text
from xsconsole.domain.inventory import Message
from xsconsole.store.keys import SigningKey, is_signature

KEY = SigningKey(private=Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
STRANGER = SigningKey(private=Ed25519PrivateKey.from_private_bytes(bytes(32)))
CHAIN = "0f3a" * 8
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def head(seq: int, digest: str = "ab" * 32, key: SigningKey = KEY, chain: str = CHAIN) -> SignedHead:
    return signed_head(chain, seq, digest, "2026-11-23T11:58:00.000000Z", key)


def kept(*heads: SignedHead) -> list[Anchor]:
    """Return what a pool keeps of these heads: the first as its key, the others as messages."""
    keys = {f"{stem_of(CHAIN)}.7": to_text(heads[0]), "xsconsole.anchor.odd": "{", "other": to_text(heads[0])}
    messages = [
        Message(ref=f"m{at}", uuid=f"m{at}", name=MESSAGE_NAME, body=to_text(one), timestamp=NOON)
        for at, one in enumerate(heads[1:])
    ]
    messages.append(Message(ref="x", uuid="x", name="ALARM", body=to_text(heads[0]), timestamp=NOON))
    return [*in_keys(keys, "p", "acme"), *in_messages(messages, "p", "acme")]


def test_only_heads_of_this_chain_by_its_own_keys_are_anchors_of_it() -> None:
    forged = replace_digest(head(9))
    found = kept(head(3), head(5), head(9, key=STRANGER), head(9, chain="0" * 32), forged)

    assert [one.head.seq for one in of_chain(found, CHAIN, {KEY.fingerprint}, is_signature)] == [3, 5]


def replace_digest(one: SignedHead) -> SignedHead:
    return SignedHead(
        chain_id=one.chain_id,
        seq=one.seq,
        digest="cd" * 32,
        at=one.at,
        public_key=one.public_key,
        signature=one.signature,
    )


@pytest.mark.parametrize(
    ("end", "is_good", "is_vouched", "sentence"),
    [
        (
            End(chain_id=CHAIN, seq=7, digests={3: "ab" * 32, 5: "ab" * 32}),
            *(True, True),
            "It agrees with 2 anchors, the newest of them among the messages of pool “acme”, of 2026-11-23 12:00 UTC, "
            "up to row 5. From row 6 on nothing outside vouches for it yet.",
        ),
        (
            End(chain_id=CHAIN, seq=4, digests={3: "ab" * 32}),
            *(False, True),
            "This store ends at row 4, and an anchor among the messages of pool “acme” of 2026-11-23 12:00 UTC vouches "
            "for row 5: it is an earlier copy, or its end was cut off.",
        ),
        (
            End(chain_id=CHAIN, seq=9, digests={3: "cd" * 32, 5: "cd" * 32}),
            *(False, True),
            "Row 3 is another one than the row that an anchor in pool “acme” of 2026-11-23 11:58 UTC vouches for: "
            "the record was made anew from some row before it on.",
        ),
        (
            End(chain_id=CHAIN, seq=9, digests={}, first_seq=6),
            *(True, False),
            "No anchor of this record was found: from row 6 on nothing outside vouches that its end was not cut off.",
        ),
    ],
)
def test_a_chain_is_told_what_its_anchors_say(end: End, is_good: bool, is_vouched: bool, sentence: str) -> None:
    verdict = judged(kept(head(3), head(5)), end)

    assert (verdict.is_good, verdict.is_vouched, verdict.sentence) == (is_good, is_vouched, sentence)


def test_an_anchor_in_a_folder_is_read_as_it_was_written() -> None:
    anchor = in_file("/media/stick", file_name(head(3)), file_text(head(3)))

    assert anchor is not None
    assert anchor.head == head(3)
    assert in_file("/media/stick", "odd", "[]") is None
    assert anchor.where == "in the folder /media/stick"
    assert judged([replace(anchor, head=head(8))], End(chain_id=CHAIN, seq=8, digests={8: "ab" * 32})).is_vouched


@pytest.mark.parametrize(
    ("kept", "is_good", "is_vouched", "said"),
    [
        ([(3, "ab" * 32)], True, True, "up to row 3"),
        ([(3, "ab" * 32), (9, "ab" * 32)], False, True, "its end is gone"),
        ([(3, "cd" * 32)], False, True, "another one than the head"),
        ([(2, "ab" * 32)], True, False, "a file that is not here"),
    ],
)
def test_a_head_that_a_person_kept_is_compared_with_the_chain(
    kept: list[tuple[int, str]],
    is_good: bool,
    is_vouched: bool,
    said: str,
) -> None:
    verdict = agreed(kept, End(chain_id=CHAIN, seq=5, digests={3: "ab" * 32}, first_seq=3))

    assert (verdict.is_good, verdict.is_vouched, said in verdict.sentence) == (is_good, is_vouched, True)
