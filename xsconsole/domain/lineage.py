"""Where a configuration comes from, in words."""

import math

from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import Origin
from xsconsole.domain.words import instant
from xsconsole.domain.workflow import Method, Workflow


def descent(origin: Origin, workflow: Workflow | None) -> str:
    """Return of what a configuration is a copy, and how far apart its machines were frozen for that.

    XAPI tells the second of a snapshot and no less.
    """
    stage = workflow.stage(origin.stage) if workflow else None
    kind = "Full copy" if origin.method == Method.FULL_COPY else "Linked clone"
    text = f"{kind} of {shortened(origin.name, 60)} in {stage.name if stage else shortened(origin.stage, 40)}"
    if origin.frozen_at is None or origin.skew_s is None:
        return f"{text}, whose machines were off."
    apart_s = math.floor(origin.skew_s) + 1
    return f"{text}, frozen at {instant(origin.frozen_at)} within {apart_s} s."
