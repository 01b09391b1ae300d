"""What must hold of what somebody confirmed, asks for, or settles."""

from collections.abc import Collection

from xsconsole.domain.actions.archives import CheckFiles, PrepareArchive
from xsconsole.domain.folding import shortened
from xsconsole.domain.ids import ConsoleId
from xsconsole.domain.plan import Plan, RunKind
from xsconsole.domain.poolstate import RunRecord
from xsconsole.domain.words import listing
from xsconsole.errors import NotPromotable, PlanIsStale, Refused

ANSWERED_BY_NAME = (RunKind.DELETE, RunKind.UNDEPLOY)
"""What is done to the thing whose name is said a second time on the command line."""


def stale() -> PlanIsStale:
    return PlanIsStale(
        reason="What would be done now is not what you saw.", mend="Look at the new plan, then decide again."
    )


def demand_answers(plan: Plan, answers: Collection[str]) -> None:
    """Refuse where a question of the plan's checklists was not answered with yes."""
    open_questions = tuple(shortened(question, 120) for question in plan.questions if question not in answers)
    if open_questions:
        named = listing(open_questions)
        option = "--yes NAME" if plan.intent.kind in ANSWERED_BY_NAME else "--yes-to"
        raise NotPromotable(
            reason=f"Not answered with yes: {named}{'' if named.endswith(('.', '!', '?')) else '.'}",
            mend=f"Answer each with yes (on the command line by `{option}`), then confirm again.",
        )


def demand_asker(record: RunRecord, console: ConsoleId) -> None:
    """Refuse to finish a freezing for somebody else's request, or what has its files on another machine."""
    has_files = any(isinstance(step.action, PrepareArchive | CheckFiles) for step in record.plan.steps)
    if has_files and record.console != console:
        raise Refused(
            reason=f"Its files are on the machine of console “{shortened(record.console_name, 60)}”.",
            mend="Resume it there; or undo it, here or there.",
        )
    if record.plan.intent.kind is RunKind.FREEZE:
        raise Refused(
            reason="It froze for a request that nobody but who was about to make it can sign.",
            mend="Undo it, and ask again.",
        )
