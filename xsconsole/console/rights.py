"""What the logged-in role may not do, said at the first view and not at the first failure."""

from xsconsole.console.values import Right
from xsconsole.errors import NotPermitted

ROLES = ("pool-admin", "pool-operator", "vm-power-admin", "vm-admin", "vm-operator", "read-only")
"""XAPI's roles from the highest to the lowest; each may do what the lower ones may."""

# The pool's keys (run record, lease, roster, workflow) need pool-operator, whatever else a verb needs.
_NEEDS = (
    ("promote and demote configurations", "pool-operator"),
    ("create, change and dissolve configurations", "pool-operator"),
    ("resume or undo interrupted runs", "pool-operator"),
    ("publish a workflow", "pool-operator"),
)


def rights_of(role: str) -> tuple[Right, ...]:
    """Return every verb with whether `role` has it. A role nobody knows counts as the lowest."""
    rank = ROLES.index(role) if role in ROLES else len(ROLES)
    return tuple(Right(what=what, is_allowed=rank <= ROLES.index(needs), needs=needs) for what, needs in _NEEDS)


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
