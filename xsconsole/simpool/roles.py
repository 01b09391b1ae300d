"""XAPI's roles, and what each of them may call."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from xsconsole.simpool.database import Database
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import Message


class Role(StrEnum):
    """The roles, from the highest to the lowest; each may do all that those after it may."""

    POOL_ADMIN = "pool-admin"
    POOL_OPERATOR = "pool-operator"
    VM_POWER_ADMIN = "vm-power-admin"
    VM_ADMIN = "vm-admin"
    VM_OPERATOR = "vm-operator"
    READ_ONLY = "read-only"


_RANKS = MappingProxyType({role: rank for rank, role in enumerate(Role)})

_DESCRIPTIONS = MappingProxyType(
    {
        Role.POOL_ADMIN: "The Pool Administrator role has full access to all features and settings",
        Role.POOL_OPERATOR: "The Pool Operator role manages host- and pool-wide resources",
        Role.VM_POWER_ADMIN: "The VM Power Administrator role has full access to VM and template management",
        Role.VM_ADMIN: "The VM Administrator role can manage VMs and templates",
        Role.VM_OPERATOR: "The VM Operator role can use VMs and interact with VM consoles",
        Role.READ_ONLY: "The Read-Only role can log in with basic read-only access",
    }
)

_ORGANISING_KEYS = ("folder", "XenCenter.CustomFields.")

_GUARDED_KEYS: Mapping[tuple[str, str], Mapping[str, Role]] = MappingProxyType(
    {
        **{
            (cls, "other_config"): dict.fromkeys(_ORGANISING_KEYS, Role.VM_OPERATOR)
            for cls in ("VM", "VDI", "SR", "host")
        },
        ("network", "other_config"): dict.fromkeys((*_ORGANISING_KEYS, "XenCenterCreateInProgress"), Role.VM_OPERATOR),
        ("pool", "other_config"): dict.fromkeys((*_ORGANISING_KEYS, "EMPTY_FOLDERS"), Role.VM_OPERATOR),
        ("task", "other_config"): dict.fromkeys(
            ("applies_to", "XenCenterUUID", "XenCenterMeddlingActionTitle"), Role.VM_OPERATOR
        ),
    }
)


def is_allowed(role: Role, min_role: str | None) -> bool:
    """Whether a role reaches a minimum; a message without one is for the pool-admin."""
    return _RANKS[role] <= _RANKS[_known(min_role)]


def require(role: Role, cls: str, message: Message, arguments: tuple[object, ...]) -> None:
    """Let a call pass that the role may make.

    Some keys of maps have a lower minimum than their map: a folder may be set by who may not set anything else.

    Raises:
        XapiError: RBAC_PERMISSION_DENIED [permission, words].
    """
    permission, minimum = f"{cls}.{message.name}".lower(), _known(message.min_role)
    guarded = _guard(cls, message.name, arguments)
    if guarded is not None:
        permission, minimum = f"{permission}/key:{guarded[0]}", guarded[1]
    _require(role, permission, minimum)


def require_key(role: Role, cls: str, message: str, field: str, key: str) -> None:
    """Let pass the change of one key by a message that writes a whole map.

    Raises:
        XapiError: RBAC_PERMISSION_DENIED, the key is guarded from the role.
    """
    for guarded, minimum in _GUARDED_KEYS.get((cls, field), {}).items():
        if key == guarded or (guarded.endswith(".") and key.startswith(guarded)):
            _require(role, f"{cls}.{message}/key:{guarded}".lower(), minimum)


def _require(role: Role, permission: str, minimum: Role) -> None:
    if not is_allowed(role, minimum):
        raise denial(permission, minimum)


def denial(permission: str, minimum: Role) -> XapiError:
    """Return the error for somebody whose role does not reach a minimum."""
    able = ", ".join(one for one in Role if is_allowed(one, minimum))
    return XapiError(
        "RBAC_PERMISSION_DENIED", permission, f"No permission in user session. (Roles with this permission: {able})"
    )


def furnish(db: Database) -> None:
    """Create the `role` objects."""
    for role in Role:
        db.create("role", name_label=role.value, name_description=_DESCRIPTIONS[role])


def _known(min_role: str | None) -> Role:
    return Role(min_role) if min_role in set(Role) else Role.POOL_ADMIN


def _guard(cls: str, message: str, arguments: tuple[object, ...]) -> tuple[str, Role] | None:
    for prefix in ("add_to_", "remove_from_"):
        keys = _GUARDED_KEYS.get((cls, message.removeprefix(prefix))) if message.startswith(prefix) else None
        for key, minimum in (keys or {}).items():
            wanted = str(arguments[1])
            if wanted == key or (key.endswith(".") and wanted.startswith(key)):
                return f"{key}*" if key.endswith(".") else key, minimum
    return None
