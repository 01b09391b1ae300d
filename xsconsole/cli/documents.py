"""What `--json` prints: stable names, plain values."""

from collections.abc import Mapping

import msgspec

from xsconsole.domain import words
from xsconsole.domain.board import Board, Card
from xsconsole.domain.canonical import Json
from xsconsole.domain.drafts import DraftHeading
from xsconsole.domain.plan import Plan
from xsconsole.domain.publication.effects import PublishPlan, PublishReport
from xsconsole.domain.record import AuditRow, Verdict
from xsconsole.domain.stays import stay_of
from xsconsole.domain.wording import record as record_words
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.difference import lines_of_draft
from xsconsole.domain.workflow.wording import rule_words

Document = dict[str, Json]


def card_document(card: Card, board: Board) -> Document:
    stage, stay = board.workflow.stage(card.stage) if board.workflow else None, stay_of(card, board.workflow)
    return {
        "id": card.id,
        "name": card.name,
        "service": card.service,
        "version": card.version,
        "stage": card.stage,
        "stage_name": stage.name if stage else None,
        "since": card.since.isoformat() if card.since else None,
        "lease_ends": stay.ends.isoformat() if stay is not None and stay.ends is not None else None,
        "revision": card.revision,
        "notes": card.notes,
        "standing": card.standing.value,
        "problems": list(card.problems),
        "missing": list(card.missing),
        "members": [
            {
                "uuid": member.uuid,
                "name": member.name,
                "role": member.role,
                "power_state": member.power_state,
                "memory_bytes": member.memory_bytes,
                "disks_bytes": member.disks_bytes,
            }
            for member in card.members
        ],
        "restore_points": [
            {"run": point.run, "stage": point.stage, "at": point.at.isoformat(), "is_whole": point.is_whole}
            for point in card.restore_points
        ],
        "hold": msgspec.to_builtins(card.hold),
        "quarantine": msgspec.to_builtins(card.quarantine),
        "candidates": [
            {"request": one.request, "at": one.at.isoformat(), "skew_s": one.skew_s, "snapshots": dict(one.snapshots)}
            for one in card.candidates
        ],
        "origin": msgspec.to_builtins(card.origin),
        "succession": msgspec.to_builtins(card.succession),
        "run": None if card.run is None else _run_document(card),
    }


def _run_document(card: Card) -> Json:
    assert card.run is not None
    record, holder = card.run.record, card.run.holder
    return {
        "id": record.run,
        "kind": record.plan.intent.kind.value,
        "source": record.plan.intent.source,
        "target": record.plan.intent.target,
        "actor": record.actor,
        "console": record.console_name,
        "started_at": record.started_at.isoformat(),
        "steps": len(record.plan.steps),
        "settled": len(record.settled),
        "is_undoing": record.is_undoing,
        "holder": None if holder is None else holder.actor,
    }


def plan_document(plan: Plan, workflow: Workflow) -> Document:
    return {
        "digest": plan.digest,
        "title": words.title(plan, workflow),
        "asks": plan.asks,
        "warnings": list(plan.warnings),
        "notes": list(plan.notes),
        "questions": list(plan.questions),
        "approvals": [rule_words(rule, workflow) for rule in plan.demand.rules] if plan.demand is not None else [],
        "duration_s": plan.duration_s,
        "downtime_s": plan.downtime_s,
        "leases": list(plan.leases),
        "intent": msgspec.to_builtins(plan.intent),
        "steps": [
            {
                "key": step.key,
                "what": words.describe(step),
                "after": list(step.after),
                "host": step.host,
                "pool": step.pool,
                "estimate": msgspec.to_builtins(step.estimate),
                "action": msgspec.to_builtins(step.action),
            }
            for step in plan.steps
        ],
    }


def workflow_document(workflow: Workflow, *, is_published: bool) -> Document:
    return {**msgspec.to_builtins(workflow), "digest": workflow.digest, "is_published": is_published}


def row_document(row: AuditRow) -> Document:
    fact = row.fact
    return {
        "chain": row.chain,
        "seq": row.seq,
        "at": row.at.isoformat(),
        "event": fact.event.value,
        "sentence": record_words.event_sentence(fact),
        "standing": record_words.standing(fact),
        "actor": fact.actor,
        "os_user": row.os_user,
        "console": row.console,
        "pool": fact.pool,
        "configuration": fact.configuration,
        "configuration_name": fact.configuration_name,
        "run": fact.run,
        "step": fact.step,
        "source": fact.source,
        "target": fact.target,
        "outcome": fact.outcome.value if fact.outcome else None,
        "reason": fact.reason,
        "details": _plain(fact.details),
        "digest": row.digest,
    }


def verdict_document(verdict: Verdict) -> Document:
    return {
        "check": verdict.check,
        "is_good": verdict.is_good,
        "is_vouched": verdict.is_vouched,
        "sentence": verdict.sentence,
        "seq": verdict.seq,
    }


def _plain(details: Mapping[str, Json] | None) -> Json:
    return dict(details) if details else None


def draft_document(heading: DraftHeading) -> Document:
    return {
        "id": heading.id,
        "name": heading.name,
        "base_version": heading.base_version,
        "steps": heading.steps,
        "updated_at": heading.updated_at.isoformat(),
        "problem": heading.problem or None,
    }


def publish_plan_document(plan: PublishPlan) -> Document:
    return {
        "digest": plan.digest,
        "subject": plan.subject,
        "is_needed": plan.is_needed,
        "version": plan.workflow.version,
        "over": plan.standing.version if plan.standing is not None else None,
        "changes": list(lines_of_draft(plan.standing, plan.workflow)) if plan.standing is not None else [],
        "pools": [
            {
                "pool": part.pool,
                "name": part.name,
                "state": part.state.value,
                "version": part.version,
                "as_of": part.as_of.isoformat() if part.as_of is not None else None,
            }
            for part in plan.pools
        ],
        "mapping": {str(old): str(new) for old, new in plan.mapping.items()},
        "must_map": {str(stage): list(plan.choices[stage]) for stage in plan.must_map},
        "effects": [
            {
                "configuration": effect.configuration,
                "name": effect.name,
                "pool": effect.pool,
                "kind": effect.kind.value,
                "from": effect.source,
                "to": effect.target,
                "sentence": effect.sentence,
            }
            for effect in plan.effects
        ],
        "requests": [
            {
                "request": fate.request,
                "configuration": fate.configuration,
                "pool": fate.pool,
                "goes_on": fate.goes_on,
                "version": fate.version.version,
                "sentence": fate.sentence,
            }
            for fate in plan.requests
        ],
        "obstacles": [{"reason": obstacle.reason, "mend": obstacle.mend} for obstacle in plan.obstacles],
        "approval": None
        if plan.tally is None
        else {"is_satisfied": plan.tally.is_satisfied, "sentence": plan.tally.sentence},
    }


def publish_report_document(report: PublishReport) -> Document:
    return {
        "version": report.workflow.version,
        "digest": report.workflow.digest,
        "is_whole": report.is_whole,
        "written": list(report.written),
        "failed": [{"pool": pool, "reason": reason} for pool, reason in report.failed],
        "later": list(report.later),
        "moved": list(report.moved),
        "left": [{"configuration": name, "reason": reason} for name, reason in report.left],
    }
