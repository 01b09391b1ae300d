"""What a finding is."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow.values import Workflow


class Severity(StrEnum):
    """An error blocks publishing; a warning is shown; unknown says what could not be checked, and why."""

    ERROR = "error"
    WARNING = "warning"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """What would mend it, as an edit that can be applied."""

    label: str
    apply: Callable[[Workflow], Workflow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something to say of a draft. `rule` names the rule; `field` the field beside which it is shown."""

    rule: str
    severity: Severity
    sentence: str
    stage: StageId | None = None
    transition: TransitionId | None = None
    field: str = ""
    mends: tuple[Mend, ...] = ()
