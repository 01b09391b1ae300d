"""Whether an audit chain is whole: each check gives its own verdict, because each proves something else."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec

from xsconsole.domain.canonical import MOST, canonical_bytes
from xsconsole.domain.heads import SignedHead, is_genuine
from xsconsole.domain.record import Verdict
from xsconsole.domain.signing import key_fingerprint
from xsconsole.domain.words import count
from xsconsole.store.chain import (
    FIRST_PREVIOUS,
    FORMAT,
    ChainRow,
    GroupSignature,
    Head,
    group_bytes,
    salted_hash,
)
from xsconsole.store.keys import is_signature

CHAIN, GAPS, VALUES, SIGNATURES, KEYS, CLOCK = "chain", "gaps", "values", "signatures", "keys", "clock"
CLOCK_TOLERANCE = timedelta(seconds=60)


@dataclass(slots=True, kw_only=True)
class _Walk:
    """What was seen on the way along the rows."""

    found: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    digests: dict[int, bytes] = field(default_factory=dict)  # of the rows that a signature names
    rows: int = 0
    matching: int = 0
    withheld: int = 0

    def blame(self, check: str, seq: int, sentence: str) -> None:
        self.found[check].append((seq, sentence))

    def verdict(self, check: str, praise: str) -> Verdict:
        findings = self.found.get(check)
        if not findings:
            return Verdict(check=check, is_good=True, sentence=praise)
        seq, sentence = min(findings)
        others = f"{len(findings) - 1} more findings of this kind follow" if len(findings) != 2 else "1 more follows"
        more = f" {others}." if len(findings) > 1 else ""
        return Verdict(check=check, is_good=False, sentence=sentence + more, seq=seq)


def verify(
    chain_id: str,
    rows: Iterable[ChainRow],
    signatures: Sequence[GroupSignature],
    public_keys: Mapping[str, bytes],
    *,
    expected_keys: AbstractSet[str] = frozenset(),
    own_keys: AbstractSet[str] = frozenset(),
    may_withhold: bool = False,
    values_without_row: Sequence[int] = (),
    heads: Sequence[SignedHead] = (),
    beginning: Head | None = None,
) -> tuple[Verdict, ...]:
    """Return a verdict each on chain, gaps, values, signatures, keys and clock.

    `rows` come in the order of their sequence numbers and are read once. `public_keys` maps fingerprints to raw keys;
    `expected_keys` are fingerprints that the caller vouches for, `own_keys` those that only the same folder names.
    `beginning` is the end of what is not at hand, where the rows do not begin with the first.
    With `may_withhold` an absent value is a redaction, without it a loss. Nothing here can tell that the newest groups
    were cut off together with their signatures.
    """
    walk, clock = _Walk(), _Clock(heads)
    begin = beginning or Head(chain_id=chain_id, seq=0, digest=FIRST_PREVIOUS)
    previous, last_seq = begin.digest, begin.seq
    named = {group.last_seq for group in signatures} | {head.seq for head in heads}
    for row in rows:
        if row.seq != last_seq + 1:
            walk.blame(GAPS, min(row.seq, last_seq + 1), _gap(last_seq + 1, row.seq))
        digest = sha256(row.canonical).digest()
        fields = _check_link(walk, chain_id, row, previous, digest)
        _check_values(walk, row, fields, may_withhold=may_withhold)
        clock.follow(walk, row)
        walk.rows += 1
        if row.seq in named:
            walk.digests[row.seq] = digest
        previous, last_seq = digest, row.seq
    for seq in values_without_row:
        walk.blame(VALUES, seq, f"Row {seq} is gone, but values of it stand.")
    in_order = sorted(signatures, key=lambda one: one.first_seq)
    _check_signatures(walk, chain_id, in_order, public_keys, begin.seq, last_seq)
    _check_heads(walk, chain_id, heads, last_seq)
    whole = f"Rows {begin.seq + 1} to {last_seq} are all there." if last_seq else "There are no rows yet."
    withheld = f"; {walk.withheld} are withheld" if walk.withheld else ""
    return (
        walk.verdict(CHAIN, f"Each of the {walk.rows} rows matches its digest and names the row before it."),
        walk.verdict(GAPS, whole),
        walk.verdict(VALUES, f"{walk.matching} values match their hashes{withheld}."),
        walk.verdict(SIGNATURES, f"All rows are signed, in {count(len(signatures), 'group')}.{_heads_told(heads)}"),
        _judge_keys(signatures, heads, expected_keys, own_keys),
        walk.verdict(CLOCK, clock.praise),
    )


class _Clock:
    """Compares when rows say that they were written, with their other clock and with the signed heads."""

    def __init__(self, heads: Sequence[SignedHead]) -> None:
        self._heads: dict[int, datetime] = {}
        for head in heads:
            try:
                at = head.instant
            except (ValueError, OverflowError):
                continue  # its signature does not fit, or its key wrote nonsense: that is told of signatures
            self._heads[head.seq] = max(at, self._heads.get(head.seq, at))
        self._latest: datetime | None = None  # of the heads before this row
        self._before: tuple[datetime, int] | None = None
        self._admitted: list[int] = []

    def follow(self, walk: _Walk, row: ChainRow) -> None:
        told = _times(row)
        if told is not None:
            at, monotonic_ns, is_admitted = told
            true = timedelta()
            went = timedelta()
            if self._before is not None:
                true = timedelta(seconds=max(0, monotonic_ns - self._before[1]) / 1e9)
                went = at - self._before[0]
            if is_admitted:
                self._admitted.append(row.seq)
            elif went < true - CLOCK_TOLERANCE:
                back_s = (true - went).total_seconds()
                walk.blame(CLOCK, row.seq, f"Before row {row.seq} the clock was set back by some {back_s:.0f} seconds.")
            elif self._latest is not None and at < self._latest - CLOCK_TOLERANCE:
                walk.blame(CLOCK, row.seq, f"Row {row.seq} says an earlier time than a head that was signed before it.")
            self._before = (at, monotonic_ns)
            if is_admitted:
                self._latest = None
        stated = self._heads.get(row.seq)
        if stated is not None:
            self._latest = stated if self._latest is None else max(self._latest, stated)

    @property
    def praise(self) -> str:
        if not self._admitted:
            return "The clock was never set back while this record was written, as far as its rows tell."
        rows = ", ".join(map(str, self._admitted[:5])) + (" …" if len(self._admitted) > 5 else "")
        return f"Where the clock was set, the record says so itself: {rows}. It was never set back otherwise."


def _times(row: ChainRow) -> tuple[datetime, int, bool] | None:
    """Return both clocks of a row, and whether it is about their difference; None where it does not tell."""
    try:
        at = datetime.fromisoformat(msgspec.json.decode(row.values["at"].value))
        monotonic_ns = int(msgspec.json.decode(row.values["monotonic_ns"].value))
        is_admitted = msgspec.json.decode(row.values["event"].value) == "clock.jumped"
        return (at, monotonic_ns, is_admitted) if at.tzinfo is not None and monotonic_ns < 1 << 63 else None
    except (KeyError, ValueError, TypeError, RecursionError, OverflowError, msgspec.DecodeError):
        return None


def _gap(expected: int, seq: int) -> str:
    if seq < expected:
        return f"Row {seq} stands where row {expected} should."
    return f"{_span(expected, seq - 1)} missing."


def _span(first_seq: int, last_seq: int) -> str:
    return f"Row {first_seq} is" if first_seq == last_seq else f"Rows {first_seq} to {last_seq} are"


def _check_link(walk: _Walk, chain_id: str, row: ChainRow, previous: bytes, digest: bytes) -> Mapping[str, Any]:
    """Check one row against its digest and its predecessor, and return the hashes of its fields."""
    if digest != row.digest:
        walk.blame(CHAIN, row.seq, f"Row {row.seq} does not match its digest.")
    record = _parsed(row.canonical)
    if record is None:
        walk.blame(CHAIN, row.seq, f"Row {row.seq} is not a record of format {FORMAT}.")
        return {}
    if row.chain_id != chain_id or record.chain_id != chain_id:
        walk.blame(CHAIN, row.seq, f"Row {row.seq} belongs to another chain.")
    if record.seq != row.seq:
        walk.blame(CHAIN, row.seq, f"Row {row.seq} was written as row {record.seq}.")
    if record.previous != previous.hex():
        walk.blame(CHAIN, row.seq, f"Row {row.seq} does not follow the row before it.")
    return record.fields


class _Record(msgspec.Struct, forbid_unknown_fields=True):
    """What a row is, as every console writes it. What somebody else made can hold other things in its places."""

    chain_id: str
    fields: dict[str, str]
    format: int
    previous: str
    seq: int


_decoded = msgspec.json.Decoder(_Record).decode


def _parsed(canonical: bytes) -> _Record | None:
    """Return a row; None where it is none, or not canonical."""
    if canonical.isascii():
        with suppress(msgspec.DecodeError):
            known = _decoded(canonical)
            if (
                known.format == FORMAT
                and abs(known.seq) <= MOST
                and msgspec.json.encode(known, order="sorted") == canonical
            ):
                return known
    return _parsed_anyhow(canonical)


def _parsed_anyhow(canonical: bytes) -> _Record | None:
    """Return the same, slowly, of what is no such row: it says more exactly what is wrong with it."""
    try:
        record = json.loads(canonical)
        is_canonical = canonical_bytes(record) == canonical
    except (ValueError, RecursionError):
        return None
    if not is_canonical or not isinstance(record, dict):
        return None
    if set(record) != {"chain_id", "fields", "format", "previous", "seq"} or record["format"] != FORMAT:
        return None
    return _Record(**record) if isinstance(record["fields"], dict) else None


def _check_values(walk: _Walk, row: ChainRow, fields: Mapping[str, Any], *, may_withhold: bool) -> None:
    for name, expected in fields.items():
        salted = row.values.get(name)
        if salted is None:
            walk.withheld += 1
            if not may_withhold:
                walk.blame(VALUES, row.seq, f"The value of {name} in row {row.seq} is gone.")
        elif salted_hash(name, salted) == expected:
            walk.matching += 1
        else:
            walk.blame(VALUES, row.seq, f"The value of {name} in row {row.seq} does not match its hash.")
    for name in sorted(set(row.values) - set(fields)):
        walk.blame(VALUES, row.seq, f"Row {row.seq} has a value {name!r} that its record does not name.")


def _check_signatures(
    walk: _Walk,
    chain_id: str,
    signatures: Sequence[GroupSignature],
    public_keys: Mapping[str, bytes],
    before_seq: int,
    last_seq: int,
) -> None:
    signed_up_to = before_seq
    for group in signatures:
        rows = _span(group.first_seq, group.last_seq)
        if group.first_seq != signed_up_to + 1 or group.last_seq < group.first_seq:
            walk.blame(SIGNATURES, group.first_seq, f"{rows} signed out of order.")
        signed_up_to = max(signed_up_to, group.last_seq)
        if group.chain_id != chain_id or walk.digests.get(group.last_seq) != group.head:
            walk.blame(SIGNATURES, group.first_seq, f"{rows} not what was signed.")
        if not _is_signed(group, public_keys.get(group.fingerprint)):
            walk.blame(SIGNATURES, group.first_seq, f"{rows} signed by a signature that does not fit.")
    if signed_up_to < last_seq:
        walk.blame(SIGNATURES, signed_up_to + 1, f"{_span(signed_up_to + 1, last_seq)} not signed.")
    if signed_up_to > last_seq:
        walk.blame(GAPS, last_seq + 1, f"{_gap(last_seq + 1, signed_up_to + 1)} Signatures of them stand.")


def _check_heads(walk: _Walk, chain_id: str, heads: Sequence[SignedHead], last_seq: int) -> None:
    for head in heads:
        if head.chain_id != chain_id or not is_genuine(head, is_signature):
            walk.blame(SIGNATURES, head.seq, f"A head of row {head.seq} bears a signature that does not fit.")
        elif head.seq > last_seq:
            walk.blame(GAPS, last_seq + 1, f"{_gap(last_seq + 1, head.seq + 1)} A signed head tells of them.")
        elif walk.digests.get(head.seq, b"").hex() != head.digest:
            walk.blame(SIGNATURES, head.seq, f"A signed head of {head.at} tells of another row {head.seq}.")


def _heads_told(heads: Sequence[SignedHead]) -> str:
    if not heads:
        return ""
    agree = "signed head agrees" if len(heads) == 1 else "signed heads agree"
    return f" {len(heads)} {agree}, the last of {max(head.at for head in heads)[:19]}Z, row {heads[-1].seq}."


def _is_signed(group: GroupSignature, public_key: bytes | None) -> bool:
    if public_key is None or key_fingerprint(public_key) != group.fingerprint:
        return False
    try:
        covered = group_bytes(group.chain_id, group.first_seq, group.last_seq, group.head)
    except ValueError:  # a text of a damaged file that is no Unicode
        return False
    return is_signature(public_key, group.signature, covered)


def _judge_keys(
    signatures: Sequence[GroupSignature],
    heads: Sequence[SignedHead],
    expected_keys: AbstractSet[str],
    own_keys: AbstractSet[str],
) -> Verdict:
    uses = [(group.first_seq, group.fingerprint) for group in signatures]
    uses += [(head.seq, head.fingerprint) for head in heads]
    first_use: dict[str, int] = {}
    for seq, fingerprint in sorted(uses):
        first_use.setdefault(fingerprint, seq)
    strange = {key: seq for key, seq in first_use.items() if key not in expected_keys}
    if not strange:
        names = ", ".join(sorted(first_use)) or "none yet"
        return Verdict(check=KEYS, is_good=True, sentence=f"Only expected keys signed: {names}.")
    if not expected_keys and set(first_use) <= own_keys:
        names = ", ".join(first_use)
        sentence = f"Key unknown: this home's own key signed, {names}. Compare it with one that was kept elsewhere."
        return Verdict(check=KEYS, is_good=True, sentence=sentence, is_vouched=False)
    vouched = expected_keys or own_keys
    key, seq = next((key, seq) for key, seq in strange.items() if key not in vouched)
    if not vouched:
        sentence = f"Key unknown: rows were signed by {', '.join(first_use)}, and nobody has said whose key that is."
        return Verdict(check=KEYS, is_good=False, sentence=sentence, seq=seq)
    sentence = f"From row {seq} on another key than the expected signed: {key}."
    return Verdict(check=KEYS, is_good=False, sentence=sentence, seq=seq)
