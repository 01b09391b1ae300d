"""The release process: a graph of stages and transitions as an immutable value, and all that can be asked of it.

`values` and `rules` say what it is made of; `text` is its form in files and on the pool; `check` refuses what cannot
be followed. What the designer needs stands beside: edits, history, findings, walk-through, difference, templates.
"""

from xsconsole.domain.workflow.check import check
from xsconsole.domain.workflow.rules import (
    ApprovalRule,
    Group,
    Person,
)
from xsconsole.domain.workflow.templates import default_workflow
from xsconsole.domain.workflow.text import (
    from_json,
    from_stored,
    stored_size_bytes,
    to_json,
    to_stored,
)
from xsconsole.domain.workflow.values import (
    Binding,
    DiskRule,
    DiskTreatment,
    EntryAction,
    Kind,
    Limits,
    Method,
    PoolObject,
    RestorePointRule,
    Stage,
    StageLease,
    Transition,
    Workflow,
)

__all__ = [
    "ApprovalRule",
    "Binding",
    "DiskRule",
    "DiskTreatment",
    "EntryAction",
    "Group",
    "Kind",
    "Limits",
    "Method",
    "Person",
    "PoolObject",
    "RestorePointRule",
    "Stage",
    "StageLease",
    "Transition",
    "Workflow",
    "check",
    "default_workflow",
    "from_json",
    "from_stored",
    "stored_size_bytes",
    "to_json",
    "to_stored",
]
