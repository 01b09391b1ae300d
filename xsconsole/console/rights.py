"""What the logged-in role may not do, said at the first view and not at the first failure."""

from dataclasses import replace

from xsconsole.console.values import Right, Verb
from xsconsole.domain.rights import has_role
from xsconsole.domain.runs import Target
from xsconsole.errors import NotPermitted

# The pool's keys (run record, lease, roster, workflow) need pool-operator, whatever else a verb needs.
_NEEDS = (
    (Verb.MOVE, "pool-operator"),
    (Verb.CHANGE, "pool-operator"),
    (Verb.SETTLE, "pool-operator"),
    (Verb.PUBLISH, "pool-operator"),
    (Verb.CLOSE, "pool-operator"),
)


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
