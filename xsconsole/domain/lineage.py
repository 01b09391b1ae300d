"""Where a configuration comes from, in words."""

import math
from datetime import datetime

from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import Origin
from xsconsole.domain.snapshot_sets import Candidate
from xsconsole.domain.words import instant
from xsconsole.domain.workflow import Method, Workflow


def descent(origin: Origin, workflow: Workflow | None) -> str:
    """Return of what a configuration is a copy, and how far apart its machines were frozen for that."""
    stage = workflow.stage(origin.stage) if workflow else None
    kind = "Full copy" if origin.method == Method.FULL_COPY else "Linked clone"
    text = f"{kind} of {shortened(origin.name, 60)} in {stage.name if stage else shortened(origin.stage, 40)}"
    if origin.frozen_at is None or origin.skew_s is None:
        return f"{text}, whose machines were off."
    return f"{text}, {_frozen(origin.frozen_at, origin.skew_s)}."


def frozen_words(candidate: Candidate) -> str:
    """Return such as `frozen at 2026-11-27 14:02 UTC within 2 s, as a power cut would have left it`.

    XAPI tells the second of a snapshot and no less, so a second is added to what it tells.
    """
    how = "as a power cut would have left it" if candidate.is_of_running else "while it was off"
    return f"{_frozen(candidate.at, candidate.skew_s)}, {how}"


def _frozen(at: datetime, skew_s: float) -> str:
    return f"frozen at {instant(at)} within {math.floor(skew_s) + 1} s"
