"""What the engine records: who did what to which configuration, in which step of which run."""

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from xsconsole.domain.actions.provisions import recorded
from xsconsole.domain.board import Board
from xsconsole.domain.canonical import Json
from xsconsole.domain.comparison import IN_PLACE, MANIFEST
from xsconsole.domain.emergency import from_text as from_declared
from xsconsole.domain.ids import BatchId, ConfigurationId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.manifest import manifest_of_card
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Intent, OpenReview, Step
from xsconsole.domain.poolstate import RunRecord
from xsconsole.domain.record import AuditEvent, Fact, OpenRun, Outcome
from xsconsole.domain.requests.values import from_warrant
from xsconsole.domain.wording.record import NOTHING, TOOK
from xsconsole.domain.words import describe, describe_undo, explain, title
from xsconsole.domain.workflow import Workflow, to_stored
from xsconsole.engine.commands import Closing, Lift, Plannable, Settle
from xsconsole.engine.ports import Identity
from xsconsole.errors import ConsoleError, HeldElsewhere, Refused

REASON_LIMIT = 300
UNDOING = frozenset({AuditEvent.UNDO_INTENDED, AuditEvent.UNDO_SETTLED, AuditEvent.UNDO_FAILED})


def run_fact(
    event: AuditEvent,
    record: RunRecord,
    identity: Identity,
    workflow: Workflow | None,
    *,
    outcome: Outcome | None = None,
    reason: str = "",
) -> Fact:
    """Return a row about a run; its stages are called as `workflow`, the one in force, calls them."""
    intent = record.plan.intent
    return Fact(
        event=event,
        actor=identity.actor,
        pool=identity.pool,
        session=identity.session,
        configuration=intent.configuration,
        configuration_name=intent.name,
        run=record.run,
        source=intent.source,
        target=intent.target,
        outcome=outcome,
        reason=reason,
        details={
            "what": title(record.plan, workflow),
            "plan": record.plan_digest,
            "kind": intent.kind.value,
            **asked_by(record),
        },
    )


def asked_by(record: RunRecord) -> Mapping[str, Json]:
    """Return which request a run carries out, and the ticket of the change that it or an emergency names."""
    warrant, declaration = from_warrant(record.warrant), from_declared(record.emergency)
    if warrant is not None:
        return {"request": warrant.request.id, "ticket": warrant.request.ticket}
    return {"ticket": declaration.ticket} if declaration is not None else {}


def opening_fact(
    event: AuditEvent,
    record: RunRecord,
    identity: Identity,
    workflow: Workflow | None,
    reason: str,
    before: Mapping[str, Json] | None = None,
) -> Fact:
    """Return the intent: what was asked for, by whom, why, every step that it takes, and what is there before."""
    fact = run_fact(event, record, identity, workflow, reason=reason)
    steps: list[Json] = [{"key": step.key, "what": describe(step)} for step in record.plan.steps]
    details: dict[str, Json] = {
        **(fact.details or {}),
        "steps": steps,
        "warnings": list(record.plan.warnings),
        "revision": record.plan.intent.revision,
        "opened_by": record.actor,
        "opened_at_console": record.console_name,
    }
    if record.plan.intent.makes is not None:
        details |= {"makes": record.plan.intent.makes, "method": record.plan.intent.method.value}
    if record.plan.intent.beside:
        details["beside"] = list(record.plan.intent.beside)
    if record.given:  # the plan's digest is of it with the ids as planned
        details["ids_as_planned"] = {given: planned for planned, given in record.given.items()}
    if event is AuditEvent.RUN_OPENED and record.plan.questions:
        details["answered_with_yes"] = list(record.plan.questions)
    if record.emergency:
        details["emergency"] = msgspec.json.decode(record.emergency)
    if record.warrant:
        details["warrant"] = msgspec.json.decode(record.warrant)
    return replace(fact, details={**details, **(before or {})})


def manifests_before(intent: Intent, board: Board, inventory: Inventory) -> Mapping[str, Json]:
    """Return what the configuration of a run is, and what has its place: so that one row tells what changes there."""
    card, place = board.cards.get(intent.configuration), board.cards.get(intent.incumbent or intent.configuration)
    told: dict[str, Json] = {}
    if card is not None:
        told[MANIFEST] = msgspec.to_builtins(manifest_of_card(card, inventory, board.workflow))
    if place is not None and place is not card:
        manifest: Json = msgspec.to_builtins(manifest_of_card(place, inventory, board.workflow))
        told[IN_PLACE] = {"configuration": place.id, "name": place.name, MANIFEST: manifest}
    return told


def in_force(fact: Fact, workflow: Workflow | None, batch: BatchId | None) -> Fact:
    """Return the intent with the rules that it is carried out by, and the batch that it is carried out with."""
    details = {**(fact.details or {}), **version_told(workflow)}
    if batch is not None:
        details["batch"] = batch
    return replace(fact, details=details)


def version_told(workflow: Workflow | None) -> Mapping[str, Json]:
    """Return what a row holds of a version of a workflow: whole, so that it can be read from the row alone."""
    if workflow is None:
        return {}
    told: dict[str, Json] = {"workflow": workflow.id, "version": workflow.version, "digest": workflow.digest}
    try:
        return {**told, "content": to_stored(workflow)}
    except Refused:  # larger than any that this console would publish: the row says which it was
        return told


def step_fact(
    event: AuditEvent,
    record: RunRecord,
    identity: Identity,
    workflow: Workflow | None,
    step: Step,
    *,
    outcome: Outcome | None,
    failure: ConsoleError | None,
    result: str,
) -> Fact:
    details: dict[str, Json] = {
        "what": describe_undo(step, result) if event in UNDOING else describe(step),
        "action": recorded(step.action),
    }
    if isinstance(step.action, OpenReview):  # others are told of it
        details |= asked_by(record)
    if result:
        details["result"] = result
    reason = ""
    if failure is not None:
        notice = explain(failure)
        reason = shortened(notice.failed, REASON_LIMIT)
        details["failure"] = notice.details
    fact = run_fact(event, record, identity, workflow, outcome=outcome, reason=reason)
    return replace(fact, step=step.key, details=details)


def timed(fact: Fact, took_s: float | None) -> Fact:
    """Return an outcome with how long what it ends took; None where nobody measured it."""
    return fact if took_s is None else replace(fact, details={**(fact.details or {}), TOOK: round(took_s, 1)})


def stop_reason(record: RunRecord, failure: ConsoleError, undoing: Step | None) -> str:
    """Return why a run stopped half-way: what failed first, and then what failed as `undoing` put a step back."""
    then = shortened(explain(failure).failed, REASON_LIMIT)
    if undoing is None:
        return then
    failed = next((step for step in record.plan.steps if step.key == record.failed), None)
    first = f"“{describe(failed)}” failed: {record.failure}" if failed is not None else record.failure
    return f"{first} Then “{describe_undo(undoing)}” failed: {then}".strip()


def nothing_fact(record: RunRecord, identity: Identity, workflow: Workflow | None, step: Step) -> Fact:
    """Return the row of a step that left nothing to put back."""
    details: dict[str, Json] = {
        "what": f"{NOTHING}“{describe(step)}” had not happened",
        "action": recorded(step.action),
    }
    fact = run_fact(AuditEvent.UNDO_SETTLED, record, identity, workflow, outcome=Outcome.UNDONE)
    return replace(fact, step=step.key, details=details)


def refusal_fact(
    command: Plannable | Settle | Closing | Lift, refusal: Refused, board: Board, identity: Identity
) -> Fact:
    fact = unread_fact("", command.reason, refusal, board, identity, getattr(command, "configuration", None))
    return replace(
        fact,
        target=getattr(command, "target", None) or getattr(command, "stage", None),
        details={"command": type(command).__name__, "asked_for_because": command.reason},
    )


def cause_of(refusal: Refused) -> str:
    """Return by what a refusal is told from another one; how long a lease has been silent makes no difference."""
    if isinstance(refusal, HeldElsewhere):
        return f"held by {refusal.holder} at {refusal.console}"
    return f"{type(refusal).__name__}: {refusal.reason}"


def unread_fact(
    asked: str,
    because: str,
    refusal: Refused,
    board: Board,
    identity: Identity,
    configuration: ConfigurationId | None = None,
) -> Fact:
    """Return the row of what was asked for in words, and refused before it was a command."""
    card = board.cards.get(configuration) if configuration else None
    return Fact(
        event=AuditEvent.COMMAND_REFUSED,
        actor=identity.actor,
        pool=identity.pool,
        session=identity.session,
        configuration=configuration,
        configuration_name=card.name if card else "",
        source=card.stage if card else None,
        outcome=Outcome.REFUSED,
        reason=refusal.reason,
        details={"what": shortened(asked, REASON_LIMIT), "asked_for_because": because},
    )


def observed_end(open_run: OpenRun, identity: Identity) -> Fact:
    """Return the closing row of a run whose end this console did not see."""
    return Fact(
        event=AuditEvent.RUN_CLOSED,
        actor=identity.actor,
        pool=identity.pool,
        session=identity.session,
        configuration=open_run.configuration,
        run=open_run.run,
        outcome=Outcome.OBSERVED,
        reason="Its run record is not on the pool: it ended unseen, was settled elsewhere, or never began.",
    )
