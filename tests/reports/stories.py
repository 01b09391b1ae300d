"""A small history in which everything happens that a report tells of, with names that somebody meant to hurt by."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec

from tests.reports.bundles import BEGIN, CHAIN, KEY, Story, told
from tests.ui.board_values import PRODUCTION, STAGING, make_card
from xsconsole.domain.approval import Matter, Meaning, decided
from xsconsole.domain.ids import ConfigurationId, Digest, PersonId
from xsconsole.domain.manifest import Manifest
from xsconsole.domain.manifest.values import MemberManifest
from xsconsole.domain.projection import face_of, pack
from xsconsole.domain.workflow import Person, default_workflow, to_stored

EVIL = "=cmd()|<script>alert(1)</script>\u202e\x1b[2J"
PLAN, SUBJECT = "8c" * 32, "51" * 32
POOL = "0f" * 16
NUMBERS = {"approvals": 4, "workflows": 2, "manifests": 2, "differences": 3, "statements": 1, "fences": 2}


def manifest(memory_bytes: int) -> dict[str, Any]:
    member = MemberManifest(
        role="db",
        name="shop-db",
        memory_static_min_bytes=memory_bytes,
        memory_dynamic_min_bytes=memory_bytes,
        memory_dynamic_max_bytes=memory_bytes,
        memory_static_max_bytes=memory_bytes,
        vcpus_max=2,
        vcpus_at_startup=2,
    )
    made: dict[str, Any] = msgspec.to_builtins(Manifest(members=(member,)))
    return made


def shop(version: str = "1.3.0", **more: Any) -> dict[str, Any]:
    return {"configuration": f"shop-{version}", "configuration_name": f"shop {version}", **more}


def fields() -> list[dict[str, Any]]:
    """Return the rows, without times."""
    workflow = default_workflow()
    old, new, crm = (
        make_card(version="1.2.0", at=PRODUCTION),
        make_card(),
        replace(make_card("crm", EVIL, at=PRODUCTION), id=ConfigurationId("crm")),
    )
    faces = pack(face_of(card) for card in (old, new, crm))
    decision = decided(
        KEY,
        matter=Matter.PROMOTION,
        subject=Digest(SUBJECT),
        about="Promote shop 1.3.0",
        meaning=Meaning.APPROVE,
        reason="CVE list reviewed",
        at=BEGIN,
        actor="dana",
        plan=Digest(PLAN),
        rule="security",
    )
    dana = Person(id=PersonId("dana"), name="Dana Sec", subject="dana", fingerprints=(decision.fingerprint,))
    newer = msgspec.structs.replace(workflow, name="Other", version=2, people=(dana,))
    content, other = to_stored(workflow), to_stored(newer)
    approval = {
        "subject": SUBJECT,
        "key": decision.fingerprint,
        "what": "approve: Promote shop 1.3.0",
        "decision": msgspec.to_builtins(decision),
    }
    ways = {"source": STAGING, "target": PRODUCTION}
    run = {"run": "r1", **ways}
    asked = {"what": "promote shop 1.3.0", "subject": SUBJECT, "plan": PLAN}
    opened = {"what": "Promote shop 1.3.0 from Staging to Production", "plan": PLAN}
    place = {"configuration": "shop-1.2.0", "name": "shop 1.2.0", "manifest": manifest(8 << 30)}
    opened |= {"manifest": manifest(12 << 30), "in_place": place}
    stands = {"face": msgspec.to_builtins(face_of(make_card(at=PRODUCTION)))}
    gone = {"configuration": crm.id, "configuration_name": crm.name}
    change = {"type": "FieldChange", "role": "db", "part": "member", "device": "", "field": "memory_static_max_bytes"}
    came = {**change, "before": 8 << 30, "after": 12 << 30}
    stated = {
        "first": {"name": "shop 1.3.0", "stage": "production", "fingerprint": "ab" * 32},
        "second": {"name": "shop 1.3.0-copy", "stage": "staging", "fingerprint": "ac" * 32},
        "verdict": "Equal to shop 1.3.0 but for 1 difference that rules allow.",
        "counts": {"equal": 60, "allowed": 1, "drift": 0},
        "contents": "Disk contents: unknown.",
        "fields": [{"finding": "allowed", "rule": "names", "sentence": "db: name"}],
    }
    compared = {"what": "1 change is not ours.", "is_good": True, "is_vouched": False}
    clean = {"what": "Nobody else changed anything.", "is_good": True, "is_vouched": True}
    proof = {"what": "Prove that the fence is tight", "action": {"type": "check-fence"}, "result": "fe" * 32}
    return [
        {"event": "console.started"},
        {"event": "pool.connected", "details": {"faces": faces, "version": 1, "content": content, "workflow": "w"}},
        {"event": "run.opened", **shop("1.2.0"), "run": "r0", "details": {"manifest": manifest(8 << 30)}},
        {"event": "run.closed", **shop("1.2.0"), "run": "r0", "outcome": "failed", "reason": EVIL},
        {"event": "request.made", **shop(**ways), "reason": "the release", "details": asked},
        {"event": "request.made", **shop(**ways), "outcome": "done", "details": asked},
        {"event": "approval.decided", "actor": "dana", "reason": "CVE list reviewed", "details": approval},
        {"event": "run.opened", **shop(**run), "details": opened},
        {"event": "step.settled", **shop(**run), "step": "s1", "outcome": "done", "details": {"what": "Start shop-db"}},
        {"event": "run.closed", **shop(**run), "outcome": "done", "details": {"what": opened["what"], "plan": PLAN}},
        {"event": "configuration.stands", **shop(), "outcome": "observed", "details": stands},
        {"event": "request.ended", **shop(**ways), "outcome": "done", "details": asked},
        {"event": "drift.observed", **shop(), "outcome": "observed", "details": {"what": EVIL, "came": [came]}},
        {"event": "allowance.set", **shop(), "reason": "it is so", "details": {"what": "db: memory may differ"}},
        {"event": "statement.made", **shop(), "outcome": "done", "details": stated},
        {"event": "step.settled", **shop(), "run": "r2", "outcome": "done", "details": proof},
        {"event": "fence.observed", **shop(), "details": {"what": "The fence is not tight", "proof": "fd" * 32}},
        {"event": "workflow.observed", "details": {"what": "Other", "version": 2, "content": other, "workflow": "w"}},
        {"event": "configuration.observed", **gone, "source": PRODUCTION},
        {"event": "change.foreign", **shop(), "details": {"what": "shop-db: VM.set_memory by root", "call": "x"}},
        {"event": "pool.reconciled", "details": compared},
        {"event": "pool.reconciled", "details": clean},
        {"event": "pool.link-lost"},
    ]


def full_story(alter: Callable[[list[dict[str, Any]]], None] = lambda _: None) -> Story:
    """Return the rows, signed two by two; `alter` may make others of them before."""
    rows = fields()
    alter(rows)

    def change(seq: int, given: dict[str, Any]) -> None:
        given.clear()
        given |= {
            "at": (BEGIN + timedelta(minutes=seq)).isoformat(),
            "monotonic_ns": str(seq * 60_000_000_000),
            "zone": "Europe/Berlin",
            "console": CHAIN,
            "console_name": f"laptop {EVIL}",
            "os_user": "alice",
            "actor": "alice",
            "pool": POOL,
            **rows[seq - 1],
        }

    return told(len(rows), change=change)
