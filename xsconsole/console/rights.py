"""What the logged-in role may not do, said at the first view and not at the first failure."""

from dataclasses import replace
from types import UnionType

from xsconsole.console.values import Right, Verb
from xsconsole.domain.rights import has_role
from xsconsole.domain.runs import Target
from xsconsole.engine.commands import (
    AllowDifference,
    ArchiveInPool,
    ArchiveToFiles,
    Capture,
    Closing,
    DeletePooled,
    Demote,
    EndStay,
    ExtendStay,
    ForbidDifference,
    ImportBlueprint,
    Lift,
    OfFence,
    OfService,
    Promote,
    ProveArchive,
    Provision,
    Refresh,
    Remap,
    RemovePoints,
    Replicate,
    Restoring,
    Settle,
)
from xsconsole.errors import NotPermitted

# The pool's keys (run record, lease, roster, workflow) need pool-operator, whatever else a verb needs.
_NEEDS = tuple((verb, "pool-operator") for verb in Verb)

_OF_COMMANDS: tuple[tuple[type | UnionType, Verb], ...] = (
    (Promote | Demote | Remap, Verb.MOVE),
    (Replicate | Refresh, Verb.COPY),
    (Provision, Verb.PROVISION),
    (Capture | ImportBlueprint, Verb.SHELVE),
    (ArchiveToFiles | ArchiveInPool | Restoring | DeletePooled | ProveArchive, Verb.KEEP),
    (OfService | RemovePoints | EndStay, Verb.SERVE),
    (OfFence, Verb.FENCE),
    (Settle, Verb.SETTLE),
    (ExtendStay, Verb.EXTEND),
    (Closing | Lift, Verb.CLOSE),
    (AllowDifference | ForbidDifference, Verb.ALLOW),
)


def verb_of(command: object) -> Verb:
    """Return what a command is for whoever may not give it."""
    return next((verb for kind, verb in _OF_COMMANDS if isinstance(command, kind)), Verb.CHANGE)


def rights_of(role: str) -> tuple[Right, ...]:
    """Return every verb with whether `role` has it."""
    return tuple(Right(what=what, is_allowed=has_role(role, needs), needs=needs) for what, needs in _NEEDS)


def denial_of(rights: tuple[Right, ...], role: str, verb: Verb) -> NotPermitted | None:
    """Return why `role` may not do it, naming the least role that may; None where it may."""
    lacking = next((right for right in rights if right.what is verb and not right.is_allowed), None)
    if lacking is None:
        return None
    return NotPermitted(
        reason=f"The role {role} may not {lacking.what}.",
        mend=f"Log in as somebody with the role {lacking.needs} or higher.",
    )


def denied(found: tuple[Target, ...], denial: NotPermitted | None) -> tuple[Target, ...]:
    """Return the targets as they are for who may only look: each with its plan, and why not."""
    if denial is None:
        return found
    return tuple(target if target.plan is None else replace(target, refusal=denial) for target in found)
