"""Anchors: signed heads of an audit chain, kept where who can write the chain's file cannot change them unseen."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from xsconsole.domain.folding import shortened
from xsconsole.domain.heads import SignedHead, head_of, is_genuine, to_text
from xsconsole.domain.inventory import Message
from xsconsole.domain.poolstate import PREFIX
from xsconsole.domain.record import Verdict
from xsconsole.domain.signing import SignatureCheck

CHECK = "anchors"
MESSAGE_NAME = "XSCONSOLE_ANCHOR"
STEM = PREFIX + "anchor."
FILE_SUFFIX = ".anchor.json"


class AnchorKind(StrEnum):
    KEY = "pool-key"  # in the pool's other_config
    MESSAGE = "pool-message"  # a XAPI message, which xapi's own log keeps, too
    FILE = "file"  # in a folder that somebody named


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A head and where it is kept: `place` is a pool's uuid or a folder, `reference` a key, a message or a file.

    `kept_at` is when it was left there, by the clock of the place where that has one.
    """

    head: SignedHead
    kind: AnchorKind
    place: str
    place_name: str
    reference: str
    kept_at: datetime

    @property
    def where(self) -> str:
        """Return where it is, to be put into a sentence."""
        name = shortened(self.place_name or self.place)
        match self.kind:
            case AnchorKind.KEY:
                return f"in pool “{name}”"
            case AnchorKind.MESSAGE:
                return f"among the messages of pool “{name}”"
            case AnchorKind.FILE:
                return f"in the folder {name}"

    @property
    def said(self) -> str:
        return f"an anchor {self.where} of {self.kept_at:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Where a chain ends, and the digests of the rows that anchors ask for, in hex. Rows that are not there lack."""

    chain_id: str
    seq: int
    digests: Mapping[int, str]
    first_seq: int = 1


def stem_of(chain_id: str) -> str:
    """Return under which numbered key the newest head of a chain is kept in a pool."""
    return f"{STEM}{chain_id}"


def in_keys(keys: Mapping[str, str], pool: str, pool_name: str) -> tuple[Anchor, ...]:
    """Return the anchors among the keys of a pool, of whatever chain; each names its chain's key without a number."""
    found = []
    for key, text in keys.items():
        head = head_of(text) if key.startswith(STEM) else None
        if head is not None:
            found.append(left_in_pool(head, pool, pool_name))
    return tuple(found)


def left_in_pool(head: SignedHead, pool: str, pool_name: str) -> Anchor:
    """Return the anchor that was just written to the key of a chain."""
    return Anchor(
        head=head,
        kind=AnchorKind.KEY,
        place=pool,
        place_name=pool_name,
        reference=stem_of(head.chain_id),
        kept_at=head.instant,
    )


def in_messages(messages: Iterable[Message], pool: str, pool_name: str) -> tuple[Anchor, ...]:
    """Return the anchors among the messages of a pool; the pool itself says when it got each."""
    found = []
    for message in messages:
        head = head_of(message.body) if message.name == MESSAGE_NAME else None
        if head is not None:
            found.append(
                Anchor(
                    head=head,
                    kind=AnchorKind.MESSAGE,
                    place=pool,
                    place_name=pool_name,
                    reference=message.uuid,
                    kept_at=message.timestamp or head.instant,
                )
            )
    return tuple(found)


def in_file(folder: str, name: str, text: str) -> Anchor | None:
    """Return the anchor that a file in a folder is; None where it is none."""
    head = head_of(text)
    if head is None:
        return None
    return Anchor(
        head=head, kind=AnchorKind.FILE, place=folder, place_name=folder, reference=name, kept_at=head.instant
    )


def file_name(head: SignedHead) -> str:
    """Return how an anchor is called in a folder; those of one chain sort by their rows."""
    return f"{head.chain_id}-{head.seq:012}{FILE_SUFFIX}"


def file_text(head: SignedHead) -> str:
    return f"{to_text(head)}\n"


def of_chain(anchors: Iterable[Anchor], chain_id: str, keys: AbstractSet[str], check: SignatureCheck) -> list[Anchor]:
    """Return those that are heads of this chain by one of these keys: anybody can write anything under our name."""
    return [
        anchor
        for anchor in anchors
        if anchor.head.chain_id == chain_id and anchor.head.fingerprint in keys and is_genuine(anchor.head, check)
    ]


def judged(genuine: Sequence[Anchor], end: End) -> Verdict:
    """Compare a chain with the genuine anchors of it."""
    beyond = max((one for one in genuine if one.head.seq > end.seq), key=lambda one: one.head.seq, default=None)
    if beyond is not None:
        sentence = (
            f"This store ends at row {end.seq}, and {beyond.said} vouches for row {beyond.head.seq}: "
            "it is an earlier copy, or its end was cut off."
        )
        return Verdict(check=CHECK, is_good=False, sentence=sentence, seq=end.seq + 1)
    there = [one for one in genuine if one.head.seq in end.digests]
    other = min(
        (one for one in there if end.digests[one.head.seq] != one.head.digest),
        key=lambda one: one.head.seq,
        default=None,
    )
    if other is not None:
        sentence = (
            f"Row {other.head.seq} is another one than the row that {other.said} vouches for: "
            "the record was made anew from some row before it on."
        )
        return Verdict(check=CHECK, is_good=False, sentence=sentence, seq=other.head.seq)
    if not there:
        sentence = (
            f"No anchor of this record was found: from row {end.first_seq} on nothing outside vouches "
            "that its end was not cut off."
        )
        return Verdict(check=CHECK, is_good=True, sentence=sentence, seq=end.first_seq, is_vouched=False)
    newest = max(there, key=lambda one: (one.head.seq, one.kept_at))
    number = f"{len(there)} anchors, the newest of them" if len(there) > 1 else "one anchor, which is"
    sentence = f"It agrees with {number} {newest.where}, of {newest.kept_at:%Y-%m-%d %H:%M} UTC, up to row "
    rest = end.seq - newest.head.seq
    after = f" From row {newest.head.seq + 1} on nothing outside vouches for it yet." if rest else ""
    return Verdict(check=CHECK, is_good=True, sentence=f"{sentence}{newest.head.seq}.{after}")


def agreed(kept: Sequence[tuple[int, str]], end: End) -> Verdict:
    """Compare a chain with heads that a person kept, each a row and its digest."""
    for seq, digest in kept:
        if seq > end.seq:
            sentence = (
                f"A head kept elsewhere is of row {seq}, and this record ends with row {end.seq}: "
                "its end is gone, if that head is of this chain."
            )
            return Verdict(check=CHECK, is_good=False, sentence=sentence, seq=end.seq + 1)
        if seq not in end.digests:
            sentence = (
                f"Row {seq}, of which a head was kept elsewhere, is in a file that is not here: nothing was compared."
            )
            return Verdict(check=CHECK, is_good=True, sentence=sentence, seq=seq, is_vouched=False)
        if end.digests[seq] != digest:
            sentence = f"Row {seq} is another one than the head kept elsewhere, if that is of this chain."
            return Verdict(check=CHECK, is_good=False, sentence=sentence, seq=seq)
    last = max(seq for seq, _ in kept)
    return Verdict(check=CHECK, is_good=True, sentence=f"It agrees with heads kept elsewhere, up to row {last}.")
