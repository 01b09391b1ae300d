"""What the logged-in role may not do, said at the first view and not at the first failure."""

from xsconsole.console.values import Right
from xsconsole.errors import NotPermitted

# XAPI's roles are nested: whoever has one has all before it.
_ROLES = ("read-only", "vm-operator", "vm-admin", "vm-power-admin", "pool-operator", "pool-admin")
_NEEDS: tuple[tuple[str, str], ...] = (
    ("promote and demote configurations", "pool-operator"),
    ("create, change and dissolve configurations", "pool-operator"),
    ("resume or undo interrupted runs", "pool-operator"),
    ("publish a workflow", "pool-operator"),
    ("take and return to restore points", "vm-power-admin"),
    ("start and shut down members", "vm-operator"),
)


def rights_of(role: str) -> tuple[Right, ...]:
    """Return every verb with whether the role has it. An unknown role may only look."""
    rank = _ROLES.index(role) if role in _ROLES else 0
    return tuple(Right(what=what, is_allowed=rank >= _ROLES.index(needs), needs=needs) for what, needs in _NEEDS)


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
