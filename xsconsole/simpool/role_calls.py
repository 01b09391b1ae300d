"""The calls that say who may do what, and change it."""

from collections.abc import Mapping

from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.roles import Role, is_allowed


async def add_to_roles(call: Call, subject: str, role: str) -> None:
    db = call.pool.db
    if not db.exists("role", role):
        raise XapiError("ROLE_NOT_FOUND")
    if role in db.get("subject", subject, "roles"):
        raise XapiError("ROLE_ALREADY_EXISTS")
    db.add_to_set("subject", subject, "roles", role)
    _apply(call.pool, subject)


async def remove_from_roles(call: Call, subject: str, role: str) -> None:
    db = call.pool.db
    if role not in db.get("subject", subject, "roles"):
        raise XapiError("ROLE_NOT_FOUND")
    db.remove_from_set("subject", subject, "roles", role)
    _apply(call.pool, subject)


async def create_subject(call: Call, args: Mapping[str, object]) -> str:
    if call.pool.db.find("subject", subject_identifier=args["subject_identifier"]):
        raise XapiError("SUBJECT_ALREADY_EXISTS")
    return call.pool.db.create("subject", **args)


async def get_permissions_of_role(call: Call, role: str) -> tuple[str, ...]:
    """Return nothing: permissions are no objects here, only names."""
    call.pool.db.row("role", role)
    return ()


async def get_permission_names_of_role(call: Call, role: str) -> tuple[str, ...]:
    return _permissions(call.pool, Role(call.pool.db.get("role", role, "name_label")))


async def get_permission_names_of_subject(call: Call, subject: str) -> tuple[str, ...]:
    role = _highest(call.pool, subject)
    return () if role is None else _permissions(call.pool, role)


async def get_roles_by_permission_name(call: Call, label: str) -> tuple[str, ...]:
    pool = call.pool
    return tuple(role for role, row in pool.db.rows("role") if label in _permissions(pool, Role(row["name_label"])))


async def get_roles_by_permission(call: Call, permission: str) -> tuple[str, ...]:
    call.pool.db.row("role", permission)
    return ()


async def get_subject_identifier(call: Call, name: str) -> str:
    """Return the identifier of somebody in the directory, by the name with or without the domain."""
    short = name.rpartition("\\")[2].partition("@")[0]
    user = call.pool.sessions.users.get(short)
    if user is None or not user.identifier:
        raise XapiError("SUBJECT_CANNOT_BE_RESOLVED")
    return user.identifier


async def get_subject_information(call: Call, identifier: str) -> Mapping[str, str]:
    for _ref, row in call.pool.db.rows("subject"):
        if row["subject_identifier"] == identifier:
            known: Mapping[str, str] = row["other_config"]
            return known
    raise XapiError("SUBJECT_CANNOT_BE_RESOLVED")


async def get_group_membership(call: Call, identifier: str) -> tuple[str, ...]:
    await get_subject_information(call, identifier)
    return ()


def _permissions(pool: Pool, role: Role) -> tuple[str, ...]:
    return tuple(
        f"{cls.name}.{message.name}".lower()
        for cls in pool.model.classes.values()
        for message in cls.messages.values()
        if is_allowed(role, message.min_role)
    )


def _highest(pool: Pool, subject: str) -> Role | None:
    names = {pool.db.get("role", role, "name_label") for role in pool.db.get("subject", subject, "roles")}
    return next((role for role in Role if role in names), None)


def _apply(pool: Pool, subject: str) -> None:
    """Let the next login of a subject have its role of now; sessions keep theirs, as on a real pool."""
    pool.sessions.change_role(pool.db.get("subject", subject, "subject_identifier"), _highest(pool, subject))


CALLS: Mapping[str, Handler] = {
    "subject.create": create_subject,
    "subject.add_to_roles": add_to_roles,
    "subject.remove_from_roles": remove_from_roles,
    "subject.get_permissions_name_label": get_permission_names_of_subject,
    "role.get_permissions": get_permissions_of_role,
    "role.get_permissions_name_label": get_permission_names_of_role,
    "role.get_by_permission": get_roles_by_permission,
    "role.get_by_permission_name_label": get_roles_by_permission_name,
    "auth.get_subject_identifier": get_subject_identifier,
    "auth.get_subject_information_from_identifier": get_subject_information,
    "auth.get_group_membership": get_group_membership,
}
