"""What members and configurations may be called: tidy, short, and each role once."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from xsconsole.domain.board import Card, Stray
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VM
from xsconsole.domain.naming import shortened
from xsconsole.engine.commands import NewMember
from xsconsole.errors import Ambiguous, NotPromotable

NAME_LIMIT = 120
TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Unicode's classes of characters that do nothing but turn the direction of what follows."""


def assign_roles(newcomers: Iterable[NewMember], vms: Sequence[VM], taken: Mapping[Uuid, str]) -> dict[Uuid, str]:
    """Return a role for each newcomer: the one given, which must be free, or its name, made unique."""
    names = {vm.uuid: vm.name_label for vm in vms}
    used = set(taken.values())
    roles: dict[Uuid, str] = {}
    for newcomer in newcomers:
        if newcomer.role:
            role = demand_text(newcomer.role, "role")
            if role in used:
                raise Ambiguous(
                    reason=f"Two members would have the role “{shortened(role)}”.", mend="Give each its own role."
                )
            roles[newcomer.vm] = role
            used.add(role)
    for newcomer in newcomers:
        if not newcomer.role:
            roles[newcomer.vm] = free_name(shortened(names[newcomer.vm], NAME_LIMIT) or "member", used)
            used.add(roles[newcomer.vm])
    return roles


def free_name(wanted: str, used: set[str]) -> str:
    number, name = 1, wanted
    while name in used:
        number += 1
        name = f"{wanted}-{number}"
    return name


def make_unique(roles: Mapping[Uuid, str]) -> dict[Uuid, str]:
    used: set[str] = set()
    result = {}
    for vm, role in roles.items():
        result[vm] = free_name(role, used)
        used.add(result[vm])
    return result


def role_of(stray: Stray | None, card: Card) -> str:
    """Return the role that a clone brings along, where nobody has it."""
    if stray is None or stray.value.configuration != card.id:
        return ""
    return "" if stray.value.role in {member.role for member in card.members} else stray.value.role


def demand_text(text: str, what: str) -> str:
    tidy = text.strip()
    if not tidy:
        raise NotPromotable(reason=f"The {what} is empty.", mend=f"Give a {what}.")
    return demand_readable(tidy, what, NAME_LIMIT)


def demand_readable(tidy: str, what: str, limit: int) -> str:
    """Return one line of text that is not too long, and that reads as what it is.

    Raises:
        NotPromotable: saying what is wrong with it.
    """
    if len(tidy) > limit:
        raise NotPromotable(reason=f"The {what} is longer than {limit} characters.", mend="Shorten it.")
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in tidy):
        raise NotPromotable(reason=f"The {what} holds control characters.", mend="Leave them out.")
    if any(unicodedata.bidirectional(character) in TURNING for character in tidy):
        raise NotPromotable(
            reason=f"The {what} holds characters that turn the direction of the text and make it read as another.",
            mend="Leave them out.",
        )
    return tidy
