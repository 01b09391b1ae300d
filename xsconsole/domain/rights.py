"""XAPI's roles and their order."""

ROLES = ("pool-admin", "pool-operator", "vm-power-admin", "vm-admin", "vm-operator", "read-only")
"""From the highest to the lowest; each may do what the lower ones may."""

LEAST_ROLE = ROLES[-1]


def has_role(role: str, needed: str) -> bool:
    """Whether who has `role` may do what `needed` may. A role that nobody knows may nothing."""
    return role in ROLES and ROLES.index(role) <= ROLES.index(needed)
