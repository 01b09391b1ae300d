"""What the logged-in role may not do, said at the first view and not at the first failure."""

from collections.abc import Set as AbstractSet

from xsconsole.console.values import Right
from xsconsole.errors import NotPermitted

# What each verb needs of XAPI, from the highest role down; names as `session.get_rbac_permissions` gives them.
_NEEDS: tuple[tuple[str, str, str], ...] = (
    ("promote and demote configurations", "pool.add_to_other_config", "pool-operator"),
    ("create, change and dissolve configurations", "pool.add_to_other_config", "pool-operator"),
    ("resume or undo interrupted runs", "pool.add_to_other_config", "pool-operator"),
    ("publish a workflow", "pool.add_to_other_config", "pool-operator"),
    ("take and return to restore points", "vm.snapshot", "vm-power-admin"),
    ("start and shut down members", "vm.start", "vm-operator"),
)


def rights_of(permissions: AbstractSet[str] | None) -> tuple[Right, ...]:
    """Return every verb with whether the role has it. `permissions` None: everything, as for `root`."""
    return tuple(
        Right(what=what, is_allowed=permissions is None or permission in permissions, needs=role)
        for what, permission, role in _NEEDS
    )


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
