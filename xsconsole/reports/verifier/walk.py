"""Follows the rows of a bundle beside the groups in which they were signed."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from xsconsole.reports.verifier.approvals import doubts_of, held_by, newer_in
from xsconsole.reports.verifier.heads import Kept, fingerprint_of, is_signed, objection, strangers, where
from xsconsole.reports.verifier.values import Found, counted, decoded, parsed, raw, span

FIRST_PREVIOUS = "0" * 64
CLOCK_TOLERANCE_S = 60
SignatureCheck = Callable[[bytes, bytes, bytes], bool]


class Walk:
    """Follows the rows of a bundle, each once, beside the groups in which they were signed."""

    def __init__(
        self,
        manifest: Mapping[str, Any],
        groups: Iterable[Mapping[str, Any]],
        keys: Mapping[str, Any],
        check: SignatureCheck,
        kept_heads: Iterable[tuple[int, str]] = (),
    ) -> None:
        self.shown = self.matching = self.withheld = self.groups = 0
        self.seq, self._previous = manifest["first_seq"] - 1, manifest["previous"]
        self._manifest, self._keys, self._check = manifest, keys, check
        self._found: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._used: dict[str, int] = {}
        self._kept = tuple(kept_heads)
        self._digests = {seq: "" for seq, _ in self._kept}
        self._clock: tuple[datetime, float] | None = None
        self._stated: dict[int, list[Mapping[str, Any]]] = {}
        self._stated_now: list[Mapping[str, Any]] = []
        self._anchors: list[Mapping[str, Any]] = []
        self._heads = self._newer = 0
        self._decisions: set[str] = set()  # how the signatures begin: several rows tell of one
        self._latest: datetime | None = None  # of the heads before this row
        self._admitted: list[int] = []  # rows that say themselves that the clock was set
        self._groups = iter(groups)
        self._signed = self.seq
        self._group = next(self._groups, None)

    def take(self, kept: Kept) -> None:
        """Take in the signed heads and the anchors of the bundle, before the first row."""
        for head in kept.heads:
            self._stated.setdefault(head["seq"], []).append(head)
            self._use(head)
            if not is_signed(head, self._keys, self._check) or head["chain_id"] != self._manifest["chain_id"]:
                self.blame(
                    "signatures", head["seq"], f"A head of row {head['seq']} bears a signature that does not fit."
                )
        for anchor in kept.anchors:
            head = anchor["head"]
            if head["chain_id"] == self._manifest["chain_id"] and is_signed(head, self._keys, self._check):
                self._anchors.append(anchor)
                self._digests.setdefault(head["seq"], "")
                self._use(head)
            else:
                self.blame("anchors", head["seq"], f"What is given as an anchor of row {head['seq']} is no head of it.")

    def _use(self, head: Mapping[str, Any]) -> None:
        key = fingerprint_of(head)
        self._used[key] = min(head["seq"], self._used.get(key, head["seq"]))

    @property
    def digest(self) -> str:
        """Return that of the row that was passed last."""
        return str(self._previous)

    @property
    def signers(self) -> tuple[str, ...]:
        """Return by which keys anything was signed so far."""
        return tuple(self._used)

    def blame(self, check: str, seq: int, sentence: str) -> None:
        self._found[check].append((seq, sentence))

    def row(self, line: bytes) -> dict[str, Any] | None:
        """Check one line of `events.jsonl`, and return the fields that it shows; None where it shows none."""
        row = parsed(line)
        canonical = row.get("canonical")
        record = parsed(canonical.encode(errors="replace")) if isinstance(canonical, str) else {}
        plain = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        is_record = set(record) == {"chain_id", "fields", "format", "previous", "seq"} and plain == canonical
        if not is_record or type(record["seq"]) is not int or not isinstance(record["fields"], dict):
            self.seq += 1
            self.blame("chain", self.seq, f"Row {self.seq} is not a record of format 1.")
            if row.get("values"):
                self.blame("values", self.seq, f"Row {self.seq} shows values that no record names.")
            return None
        seq, digest = record["seq"], hashlib.sha256(plain.encode(errors="replace")).hexdigest()
        if seq != self.seq + 1:
            self.blame("gaps", min(seq, self.seq + 1), _gap(self.seq + 1, seq))
        for is_so, what in (
            (record["format"] == 1, "is not a record of format 1"),
            (row.get("digest") == digest, "does not match its digest"),
            (record["chain_id"] == self._manifest["chain_id"], "belongs to another chain"),
            (record["previous"] == self._previous, "does not follow the row before it"),
        ):
            if not is_so:
                self.blame("chain", seq, f"Row {seq} {what}.")
        self.seq, self._previous = seq, digest
        if seq in self._digests:
            self._digests[seq] = digest
        self._follow_groups(seq, digest)
        self._follow_heads(seq, digest)
        values = row.get("values")
        given = values if isinstance(values, dict) else {}
        found = self._values(seq, record["fields"], given, is_shown=row.get("shown") is True)
        self._follow_clock(seq, found or {})
        return found

    def _values(
        self, seq: int, fields: Mapping[str, Any], values: Mapping[str, Any], *, is_shown: bool
    ) -> dict[str, Any] | None:
        for name in sorted(set(values) - (set(fields) - set(self._manifest["redacted"]) if is_shown else set())):
            self.blame("values", seq, f"Row {seq} shows {name}, which it should not.")
        if not is_shown:
            return None
        self.shown += 1
        found: dict[str, Any] = {"seq": seq}
        for name, expected in fields.items():
            if name in self._manifest["redacted"]:
                self.withheld += 1
            elif name not in values:
                self.blame(
                    "values", seq, f"The value of {name} in row {seq} is gone, and nobody says that it is withheld."
                )
            else:
                try:
                    salt, value = bytes.fromhex(values[name]["salt"]), values[name]["value"]
                    found[name] = decoded(value)
                    digest = hashlib.sha256(salt + b"\0" + name.encode() + b"\0" + value.encode()).hexdigest()
                except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                    digest = ""
                if digest != expected:
                    self.blame("values", seq, f"The value of {name} in row {seq} does not match its hash.")
                self.matching += 1
        self._decisions.update(one["signature"][:24] for one in held_by(found))
        self._newer += newer_in(found)
        for doubt in doubts_of(found, self._check):
            self.blame("approvals", seq, f"Row {seq} {doubt}.")
        return found

    def _follow_groups(self, seq: int, digest: str) -> None:
        while self._group is not None and self._group["last_seq"] < seq:
            self._next_group(f"{span(self._group['first_seq'], self._group['last_seq'])} not what was signed.")
        group = self._group
        if group is None or seq < group["first_seq"]:
            if seq > self._signed:
                self.blame("signatures", seq, f"Row {seq} is not signed.")
        elif group["last_seq"] == seq:
            rows = span(group["first_seq"], seq)
            names = ("chain_id", "first_seq", "head", "last_seq")
            covered = {name: group[name] for name in names} | {"format": 1, "type": "xsconsole audit group"}
            public_key = raw(self._keys.get(group["fingerprint"]))
            message = json.dumps(covered, sort_keys=True, separators=(",", ":")).encode()
            key, first = group["fingerprint"], group["first_seq"]
            self._used[key] = min(first, self._used.get(key, first))
            if group["chain_id"] != self._manifest["chain_id"]:
                self._next_group(f"{rows} signed as rows of another console's chain.")
            elif group["head"] != digest or group["first_seq"] != self._signed + 1:
                self._next_group(f"{rows} not what was signed.")
            elif hashlib.sha256(public_key).hexdigest() != group["fingerprint"]:
                self._next_group(f"{rows} signed by a key that is not there.")
            elif not self._check(public_key, raw(group["signature"]), message):
                self._next_group(f"{rows} signed by a signature that does not fit.")
            else:
                self._next_group("")

    def _follow_heads(self, seq: int, digest: str) -> None:
        self._stated_now = self._stated.pop(seq, [])
        for head in self._stated_now:
            self._heads += 1
            if head["digest"] != digest:
                self.blame("signatures", seq, f"A signed head of {head['at'][:40]} tells of another row {seq}.")

    def _next_group(self, blame: str) -> None:
        assert self._group is not None
        if blame:
            self.blame("signatures", self._group["first_seq"], blame)
        self._signed = max(self._signed, self._group["last_seq"])
        self.groups += 1
        self._group = next(self._groups, None)

    def _follow_clock(self, seq: int, fields: Mapping[str, Any]) -> None:
        self._compare_clocks(seq, fields)
        for head in self._stated_now:
            at = instant_of(head["at"])
            if at is not None and (self._latest is None or at > self._latest):
                self._latest = at

    def _compare_clocks(self, seq: int, fields: Mapping[str, Any]) -> None:
        try:
            at, monotonic_s = datetime.fromisoformat(fields["at"]), int(fields["monotonic_ns"]) / 1e9
            went_s = (at - self._clock[0]).total_seconds() if self._clock is not None else 0.0
        except (KeyError, ValueError, TypeError, OverflowError):
            return
        true_s = max(0.0, monotonic_s - self._clock[1]) if self._clock is not None else 0.0
        if fields.get("event") == "clock.jumped":
            self._admitted.append(seq)
            self._latest = None
        elif went_s < true_s - CLOCK_TOLERANCE_S:
            back_s = true_s - went_s
            self.blame("clock", seq, f"Before row {seq} the clock was set back by some {back_s:.0f} seconds.")
        elif _falls_behind(self._latest, instant_of(fields["at"])):
            self.blame("clock", seq, f"Row {seq} says an earlier time than a head that was signed before it.")
        self._clock = (at, monotonic_s)

    def end(self, expected_key: str | None) -> tuple[Found, ...]:
        """Return what was found, once every row was given."""
        first_seq, last_seq = self._manifest["first_seq"], self._manifest["last_seq"]
        last_signed = last_seq
        while self._group is not None:
            last_signed = max(last_signed, self._group["last_seq"])
            self._next_group(f"{span(self._group['first_seq'], self._group['last_seq'])} not what was signed.")
        for seq in sorted(self._stated):
            if seq > last_seq or self._manifest["first_seq"] <= seq:
                self.blame("gaps", self.seq + 1, f"A signed head tells of row {seq}, which is missing.")
        if self.seq < last_signed:
            self.blame("gaps", self.seq + 1, f"{span(self.seq + 1, last_signed)} missing.")
        if self.shown != self._manifest["shown"]:
            self.blame(
                "values", self.seq, f"{self.shown} rows show values, and the manifest says {self._manifest['shown']}."
            )
        if self.seq == self._manifest["head"]["seq"] and self._previous != self._manifest["head"]["digest"]:
            self.blame("chain", self.seq, "The last row is not the head that the manifest names.")
        rows = max(0, self.seq - first_seq + 1)
        withheld = f"; {self.withheld} are withheld ({', '.join(self._manifest['redacted'])})" if self.withheld else ""
        hidden = f" {rows - self.shown} rows of others stand there without values." if rows > self.shown else ""
        agree = "agrees" if self._heads == 1 else "agree"
        heads = f" {counted(self._heads, 'signed head')} {agree} with them." if self._heads else ""
        before = f" What was before row {first_seq} is not in it." if first_seq > 1 else ""
        return (
            self._judged("chain", f"Each of the {rows} rows matches its digest and names the row before it."),
            self._judged(
                "gaps", f"Rows {first_seq} to {self.seq} are all there.{before}" if rows else "There are no rows."
            ),
            self._judged("values", f"{self.matching} values match their hashes{withheld}.{hidden}"),
            self._judged("listing", "The tables and lists beside the rows say what the rows say."),
            self._judged("signatures", f"All rows are signed, in {counted(self.groups, 'group')}.{heads}"),
            self._keys_found(expected_key),
            self._approvals_found(),
            self._anchors_found(),
            self._judged("clock", self._clock_told()),
        )

    def _clock_told(self) -> str:
        if not self._admitted:
            return "The clock was never set back while this record was written, as far as its rows tell."
        rows = ", ".join(map(str, self._admitted[:5])) + (" …" if len(self._admitted) > 5 else "")
        return f"Where the clock was set, the record says so itself: {rows}. It was never set back otherwise."

    def _approvals_found(self) -> Found:
        number = len(self._decisions)
        told = f"{number} approvals were each" if number != 1 else "1 approval was"
        sentence = (
            f"{told} signed as it stands, over what its row says." if self._decisions else "No row shows an approval."
        )
        if not self._newer:
            return self._judged("approvals", sentence)
        newer = f"{self._newer} are of a form that only the verifier of a newer xsconsole can check."
        return self._judged("approvals", f"{sentence if self._decisions else ''} {newer}".strip())._replace(
            is_vouched=False
        )

    def _judged(self, check: str, praise: str) -> Found:
        findings = self._found.get(check)
        if not findings:
            return Found(check, True, praise)
        seq, sentence = min(findings)
        others = f"{len(findings) - 1} more findings of this kind follow" if len(findings) != 2 else "1 more follows"
        more = f" {others}." if len(findings) > 1 else ""
        return Found(check, False, sentence + more, seq)

    def _keys_found(self, expected_key: str | None) -> Found:
        used = {**self._used}
        if self._manifest["fingerprint"]:  # a database has no manifest, and so nobody who signed it
            used.setdefault(self._manifest["fingerprint"], self.seq + 1)
        names = ", ".join(used) or "nobody"
        if expected_key is None:
            return Found(
                "keys", True, f"Key unknown: {names} signed, and nobody has said whose key that is.", None, False
            )
        strange = {key: seq for key, seq in used.items() if key != expected_key}
        if not strange:
            return Found("keys", True, f"Only the expected key signed: {names}.")
        key, seq = min(strange.items(), key=lambda one: one[1])
        where = f"From row {seq} on" if seq <= self.seq else "Of the manifest"
        return Found("keys", False, f"{where} another key than the expected signed: {key}.", min(seq, self.seq))

    def _anchors_found(self) -> Found:
        if self._found.get("anchors"):
            return self._judged("anchors", "")
        first_seq, end = self._manifest["first_seq"], max(self._manifest["head"]["seq"], self.seq)
        for anchor in self._anchors:
            seq, place = anchor["head"]["seq"], where(anchor)
            if seq > end:
                sentence = f"An anchor {place} is of row {seq}, and this chain ends with row {end}: its end is gone."
                return Found("anchors", False, sentence, end + 1)
            if self._digest_of(seq) not in ("", anchor["head"]["digest"]):
                return Found("anchors", False, f"Row {seq} is another one than the anchor {place} vouches for.", seq)
        for one in self._kept:
            if said := objection(one, self._manifest["chain_id"], self._check):
                return Found("anchors", False, said, one[0])
        for seq, digest in self._kept:
            if seq > end:
                sentence = (
                    f"A head kept elsewhere is of row {seq}, and this chain ends with row {self.seq}: "
                    "its end is gone, if that head is of this chain."
                )
                return Found("anchors", False, sentence, self.seq + 1)
            there = self._digest_of(seq)
            if there and there != digest:
                return Found(
                    "anchors",
                    False,
                    f"Row {seq} is another one than the head kept elsewhere, if that is of this chain.",
                    seq,
                )
            if not there:
                sentence = f"Row {seq}, of which a head was kept elsewhere, is not in this file: nothing was compared."
                return Found("anchors", first_seq > seq or seq > self.seq, sentence, seq, False)
        if self._kept and (said := strangers(self._kept, self._keys)):
            return Found("anchors", True, said, None, False)
        if self._kept:
            last = max(seq for seq, _ in self._kept)
            return Found("anchors", True, f"It agrees with heads kept elsewhere, up to row {last}.")
        compared = [one for one in self._anchors if self._digest_of(one["head"]["seq"])]
        if compared:
            newest = max(compared, key=lambda one: int(one["head"]["seq"]))
            sentence = (
                f"It agrees with the anchors that it tells of ({len(compared)}), up to row {newest['head']['seq']}, "
                f"said to be {where(newest)}: who has not looked there has only the word of this bundle."
            )
            return Found("anchors", True, sentence, None, False)
        sentence = (
            f"No head that was kept elsewhere was given, and none is in it: from row {first_seq} on nothing outside "
            "vouches that the end was not cut off."
        )
        return Found("anchors", True, sentence, first_seq, False)

    def _digest_of(self, seq: int) -> str:
        head = self._manifest["head"]
        return str(self._digests.get(seq) or (head["digest"] if seq == head["seq"] else ""))


def _falls_behind(head: datetime | None, at: datetime | None) -> bool:
    return head is not None and at is not None and (head - at).total_seconds() > CLOCK_TOLERANCE_S


def instant_of(text: object) -> datetime | None:
    """Return when a text says; None where it says no instant."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
        return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _gap(expected: int, seq: int) -> str:
    return f"Row {seq} stands where row {expected} should." if seq < expected else f"{span(expected, seq - 1)} missing."
