"""Approvals that rows tell of: whether each was signed as it stands, over what the row says that it is about."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

DECISION_NAMES = ("about", "at", "matter", "meaning", "public_key", "reason", "signature", "subject")
USUAL = {"schema": 1, "actor": "", "plan": None, "rule": "", "session": "", "sid": ""}
ABOUT_PLANS = ("plan", "rule", "session")  # not covered where the decision is on no plan

DecisionCheck = Callable[[bytes, bytes, bytes], bool]


def held_by(fields: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return the decisions that a row vouches for: the one that it is about, and those that allowed a run.

    What a row only saw on a pool, where anybody may write, is none of them.
    """
    return tuple(filter(_is_known, _held(fields)))


def newer_in(fields: Mapping[str, Any]) -> int:
    """Return how many a row vouches for that are of no form that is known here."""
    return sum(not _is_known(one) for one in _held(fields))


def _held(fields: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    details = _object(fields.get("details"))
    one = details.get("decision") if fields.get("event") == "approval.decided" else None
    allowed = _object(details.get("warrant")).get("decisions")
    held = [one, *(allowed if isinstance(allowed, list) else ())]
    return [found for found in held if isinstance(found, dict)]


def doubts_of(fields: Mapping[str, Any], check: DecisionCheck) -> Iterator[str]:
    """Yield what is wrong with the decisions that a row vouches for, each as the rest of a sentence about it."""
    details = _object(fields.get("details"))
    warrant = _object(details.get("warrant"))
    asked = _object(warrant.get("request")).get("plan")
    plan = details.get("plan")
    if warrant and isinstance(plan, str) and isinstance(asked, str) and asked != plan:
        yield "was allowed by a request for another plan"
    for decision in held_by(fields):
        if not check(_decoded(decision["public_key"]), _decoded(decision["signature"]), covered_by(decision)):
            yield "holds an approval whose signature does not fit"
        subject, signed_plan = details.get("subject"), decision.get("plan")
        if isinstance(subject, str) and decision["subject"] != subject:
            yield "holds an approval of something else than what it names"
        elif isinstance(plan, str) and isinstance(signed_plan, str) and signed_plan != plan:
            yield "holds an approval of another plan"
        key = details.get("key")
        if isinstance(key, str) and hashlib.sha256(_decoded(decision["public_key"])).hexdigest() != key:
            yield "names another key than the one that its approval bears"


def covered_by(decision: Mapping[str, Any]) -> bytes:
    """Return what the signature of a decision covers."""
    content = {**USUAL, **decision, "type": "xsconsole decision"}
    del content["signature"]
    if not content["sid"]:  # as all were signed before the directory was asked
        del content["sid"]
    if content["plan"] is None:
        for name in ABOUT_PLANS:
            del content[name]
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")


def _is_known(found: Mapping[str, Any]) -> bool:
    is_formed = all(isinstance(found.get(name), str) for name in DECISION_NAMES)
    return is_formed and found.get("schema", 1) == 1 and set(found) <= {*USUAL, *DECISION_NAMES}


def _object(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""
