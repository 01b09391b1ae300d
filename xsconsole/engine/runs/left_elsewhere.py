"""What a run that is put back leaves on the computer of the console that began it."""

from xsconsole.domain.actions.archives import PrepareArchive
from xsconsole.domain.archive import UNFINISHED
from xsconsole.domain.ids import ConsoleId, StepKey
from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import RunRecord


def left_elsewhere(record: RunRecord, here: ConsoleId) -> dict[StepKey, str]:
    """Return by step what was put back on the pool only, and where the rest lies: only there it can be deleted."""
    if record.console == here:
        return {}
    where = f"on the computer of console “{shortened(record.console_name, 60)}”"
    there = "there it is listed among the archives, and can be deleted."
    return {
        step.key: f"What was written into {step.action.folder}{UNFINISHED} stays {where}, unfinished: {there}"
        for step in record.plan.steps
        if isinstance(step.action, PrepareArchive) and step.key in record.undone
    }
