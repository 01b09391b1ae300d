"""Who may approve: people, groups, and how many of them."""

import msgspec

from xsconsole.domain.ids import GroupId, PersonId


class Part(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """A part of a workflow. What a newer console wrote into it is refused, never dropped."""


class Person(Part, frozen=True, kw_only=True):
    """Somebody who can approve, known by the fingerprints of their keys (SHA-256, lower-case hexadecimal).

    `subject` is the name with which they log in to the pool (`name@domain`); empty: not asked.
    """

    id: PersonId
    name: str
    fingerprints: tuple[str, ...] = ()
    subject: str = ""


class Group(Part, frozen=True, kw_only=True):
    id: GroupId
    name: str
    people: tuple[PersonId, ...] = ()


class ApprovalRule(Part, frozen=True, kw_only=True):
    """`count` different people of these groups and people must approve; who requested never counts.

    `excludes_author`: neither does who changed the configuration last, nor who published this version.
    """

    count: int
    groups: tuple[GroupId, ...] = ()
    people: tuple[PersonId, ...] = ()
    excludes_author: bool = False
