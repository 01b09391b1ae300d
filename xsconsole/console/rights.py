"""What the logged-in role may not do, said at the first view and not at the first failure."""

from xsconsole.console.values import Right
from xsconsole.domain.rights import has_role
from xsconsole.errors import NotPermitted

# The pool's keys (run record, lease, roster, workflow) need pool-operator, whatever else a verb needs.
_NEEDS = (
    ("promote and demote configurations", "pool-operator"),
    ("create, change and dissolve configurations", "pool-operator"),
    ("resume or undo interrupted runs", "pool-operator"),
    ("publish a workflow", "pool-operator"),
)


def rights_of(role: str) -> tuple[Right, ...]:
    """Return every verb with whether `role` has it."""
    return tuple(Right(what=what, is_allowed=has_role(role, needs), needs=needs) for what, needs in _NEEDS)


def require_all(rights: tuple[Right, ...], role: str) -> None:
    """Refuse a run before it begins where the role lacks something that every run needs.

    Raises:
        NotPermitted: naming the least role that may.
    """
    lacking = [right for right in rights if not right.is_allowed]
    if lacking:
        raise NotPermitted(
            reason=f"The role {role} may not {lacking[0].what}.",
            mend=f"Log in as somebody with the role {lacking[0].needs} or higher.",
        )
