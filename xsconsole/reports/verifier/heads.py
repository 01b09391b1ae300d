"""Heads of a chain that are signed by themselves, and where the maker of a bundle says that they are kept."""

import hashlib
import json
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

from xsconsole.reports.verifier.values import Wrong, parsed, raw

NO_ANCHORS = b"[]\n"
HEAD_KINDS = {"at": str, "chain_id": str, "digest": str, "public_key": str, "seq": int, "signature": str}
HEADING = ("format", "type")
PLACE_KINDS = {"head": dict, "kept_at": str, "kind": str, "place": str, "place_name": str, "reference": str}


class Kept:
    """The heads of a bundle, and the anchors of which it tells, by row."""

    def __init__(self, heads: list[dict[str, Any]], anchors: list[dict[str, Any]]) -> None:
        self.heads, self.anchors = heads, anchors


class Stated(tuple[int, str]):
    """A head that was given as a file: a row and its digest, as any head is given, and all that the file says."""

    head: Mapping[str, Any]

    def __new__(cls, head: Mapping[str, Any]) -> "Stated":
        """Make it of what has the form of a signed head."""
        made = super().__new__(cls, (head["seq"], head["digest"]))
        made.head = head
        return made


def objection(given: tuple[int, str], chain_id: str, check: Callable[[bytes, bytes, bytes], bool]) -> str:
    """Return why a head that was given as a file vouches for nothing in this chain; empty where it may."""
    if not isinstance(given, Stated):
        return ""
    head = given.head
    if not is_signed(head, {fingerprint_of(head): head["public_key"]}, check):
        return f"The head of row {given[0]} that was given bears a signature that does not fit: its file was changed."
    if head["chain_id"] != chain_id:
        return (
            f"The head of row {given[0]} that was given is of the chain {head['chain_id']}, and this one is "
            f"{chain_id}: nothing was compared. Give a head of this chain."
        )
    return ""


def strangers(given: Iterable[tuple[int, str]], keys: Container[str]) -> str:
    """Say of the first head that was given as a file which key signed it, if none of these; empty where all did."""
    for one in given:
        if isinstance(one, Stated) and fingerprint_of(one.head) not in keys:
            return (
                f"The head of row {one[0]} that was given agrees, and is signed by {fingerprint_of(one.head)}, "
                "which is no key of this chain: it vouches no more than whoever has that key."
            )
    return ""


def kept_of(content: bytes, bundle_format: int) -> Kept:
    """Read `anchors.json`; raises `Wrong` where it is not of the form that the format of the bundle has."""
    if bundle_format == 1:
        if content != NO_ANCHORS:
            raise Wrong("Its anchors.json is not that of format 1, which knows no anchors.")
        return Kept([], [])
    found = parsed(content)
    heads, anchors = found.get("heads"), found.get("anchors")
    if set(found) != {"anchors", "heads"} or not isinstance(heads, list) or not isinstance(anchors, list):
        raise Wrong("Its anchors.json does not hold heads and anchors.")
    return demanded(heads, anchors)


def demanded(heads: list[dict[str, Any]], anchors: list[dict[str, Any]]) -> Kept:
    """Return heads and anchors; raises `Wrong` where one has not the form of one."""
    if not all(map(is_head, heads)):
        raise Wrong("It holds something as a signed head that is none.")
    if not all(_is_of(one, PLACE_KINDS) and is_head(one["head"]) for one in anchors):
        raise Wrong("It holds something as an anchor that is none.")
    return Kept(heads, anchors)


def is_head(found: object) -> bool:
    """Whether something has the form of a signed head."""
    if not isinstance(found, dict) or (found.get("type"), found.get("format")) != ("xsconsole audit head", 1):
        return False
    return type(found["format"]) is int and _is_of({k: v for k, v in found.items() if k not in HEADING}, HEAD_KINDS)


def _is_of(found: object, kinds: Mapping[str, type]) -> bool:
    return isinstance(found, dict) and set(found) == set(kinds) and all(type(found[n]) is k for n, k in kinds.items())


def is_signed(head: Mapping[str, Any], keys: Mapping[str, Any], check: Callable[[bytes, bytes, bytes], bool]) -> bool:
    """Whether a head was signed by one of these keys, which are named by their fingerprints."""
    key = raw(head["public_key"])
    if raw(keys.get(fingerprint_of(head))) != key or not key:
        return False
    covered = {name: head[name] for name in ("at", "chain_id", "digest", "format", "seq", "type")}
    message = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return check(key, raw(head["signature"]), message.encode(errors="replace"))


def fingerprint_of(head: Mapping[str, Any]) -> str:
    return hashlib.sha256(raw(head["public_key"])).hexdigest()


def where(anchor: Mapping[str, Any]) -> str:
    """Return where an anchor is kept, to be put into a sentence."""
    name = anchor["place_name"] or anchor["place"] or "withheld"
    places = {"pool-key": f"in pool “{name}”", "pool-message": f"among the messages of pool “{name}”"}
    return places.get(anchor["kind"], f"in the folder {name}")
