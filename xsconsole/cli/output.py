"""What the command line prints: tables for people, and the same facts as JSON."""

import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from xsconsole.domain import words
from xsconsole.domain.board import Board, Card
from xsconsole.domain.canonical import Json
from xsconsole.domain.plan import Plan
from xsconsole.domain.record import AuditRow, Verdict
from xsconsole.domain.workflow import Workflow
from xsconsole.errors import Ambiguous, ConsoleError, NotFound

WIDEST_COLUMN = 48


def print_json(document: Json) -> None:
    """Print one JSON document and nothing else; text that cannot be encoded is escaped."""
    print(json.dumps(document, ensure_ascii=True, indent=2))


def print_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    lines = [tuple(titles), *(tuple(_cell(text) for text in row) for row in rows)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(titles))]
    for line in lines:
        padded = (text + " " * (width - _width(text)) for text, width in zip(line, widths, strict=True))
        _say("  ".join(padded).rstrip())


def print_error(error: ConsoleError) -> None:
    """Say on standard error what failed, what was put back and what to do, as sentences."""
    notice = words.explain(error)
    sentences = (notice.failed, notice.put_back, notice.remains, notice.mend)
    print("xsconsole: " + " ".join(_cell(text, 2000) for text in sentences if text), file=sys.stderr)
    if isinstance(error, NotFound | Ambiguous) and error.choices:
        print("  " + "\n  ".join(_cell(choice, 200) for choice in error.choices), file=sys.stderr)
    if notice.details:
        print(f"  ({_cell(notice.details, 2000)})", file=sys.stderr)


def card_document(card: Card, board: Board) -> dict[str, Json]:
    stage = board.workflow.stage(card.stage) if board.workflow else None
    return {
        "id": card.id,
        "name": card.name,
        "service": card.service,
        "version": card.version,
        "stage": card.stage,
        "stage_name": stage.name if stage else None,
        "revision": card.revision,
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


def plan_document(plan: Plan) -> dict[str, Json]:
    return {
        "digest": plan.digest,
        "title": words.title(plan),
        "asks": plan.asks,
        "warnings": list(plan.warnings),
        "downtime_s": plan.downtime_s,
        "leases": list(plan.leases),
        "intent": msgspec.to_builtins(plan.intent),
        "steps": [
            {
                "key": step.key,
                "what": words.describe(step),
                "after": list(step.after),
                "estimate": msgspec.to_builtins(step.estimate),
                "action": msgspec.to_builtins(step.action),
            }
            for step in plan.steps
        ],
    }


def print_plan(plan: Plan) -> None:
    _say(f"{words.title(plan)}   plan {plan.digest[:12]}")
    for step in plan.steps:
        _say(f"  · {_cell(words.describe(step), 110)}")
    for warning in plan.warnings:
        _say(f"  ! {_cell(warning, 400)}")


def workflow_document(workflow: Workflow) -> dict[str, Json]:
    return {**msgspec.to_builtins(workflow), "digest": workflow.digest}


def row_document(row: AuditRow) -> dict[str, Json]:
    fact = row.fact
    return {
        "chain": row.chain,
        "seq": row.seq,
        "at": row.at.isoformat(),
        "event": fact.event.value,
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


def verdict_document(verdict: Verdict) -> dict[str, Json]:
    return {"check": verdict.check, "is_good": verdict.is_good, "sentence": verdict.sentence, "seq": verdict.seq}


def _plain(details: Mapping[str, Json] | None) -> Json:
    return dict(details) if details else None


def _cell(text: str, most: int = WIDEST_COLUMN) -> str:
    """Return text that cannot disturb a terminal: one line, no control or direction characters, not too long."""
    line = "".join(sign if unicodedata.category(sign) not in ("Cc", "Cf", "Cs") else " " for sign in text)
    line = " ".join(line.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _width(text: str) -> int:
    """Return the columns a terminal needs: wide signs take two, combining ones none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def _say(line: str) -> None:
    """Print to a terminal or pipe of any encoding."""
    encoding = sys.stdout.encoding or "utf-8"
    print(line.encode(encoding, "replace").decode(encoding))
