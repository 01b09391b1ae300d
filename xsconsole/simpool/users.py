"""Who may log in: root, and the subjects of a directory that exists only here."""

import random
from collections.abc import Mapping
from types import MappingProxyType

from xsconsole.simpool.directory import DOMAIN, join
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.roles import Role
from xsconsole.simpool.sessions import User

SUPERUSER = "root"

_SUBJECTS: Mapping[str, Role] = MappingProxyType(
    {
        "adam": Role.POOL_ADMIN,
        "alice": Role.POOL_OPERATOR,
        "bob": Role.VM_POWER_ADMIN,
        "carol": Role.VM_ADMIN,
        "dave": Role.VM_OPERATOR,
        "eve": Role.READ_ONLY,
    }
)
_FIRST_ACCOUNT = 1101


def admit(pool: Pool) -> None:
    """Let root and one subject of each role log in; subjects that the pool has already are taken as they are."""
    if not pool.db.count("subject"):
        join(pool)
    pool.sessions.add_user(User(name=SUPERUSER, password=_password(pool.seed, SUPERUSER), role=Role.POOL_ADMIN))
    for account, (name, role) in enumerate(_SUBJECTS.items(), start=_FIRST_ACCOUNT):
        identifier = f"S-1-5-21-1004336348-1177238915-682003330-{account}"
        found = pool.db.find("subject", subject_identifier=identifier)
        subject = found[0] if found else _subject(pool, name, role, identifier)
        pool.sessions.add_user(
            User(name=name, password=_password(pool.seed, name), role=role, subject=subject, identifier=identifier)
        )


def _subject(pool: Pool, name: str, role: Role, identifier: str) -> str:
    return pool.db.create(
        "subject",
        subject_identifier=identifier,
        other_config={
            "subject-name": f"{DOMAIN}\\{name}",
            "subject-upn": f"{name}@{DOMAIN}",
            "subject-displayname": name.capitalize(),
            "subject-is-group": "false",
        },
        roles=tuple(pool.db.find("role", name_label=role.value)),
    )


def _password(seed: int, name: str) -> str:
    """Return a password that is the same again for the same seed: the pool is a toy, and says it on its first line."""
    return f"{name}-{random.Random(f'{seed}:{name}').getrandbits(32):08x}"
