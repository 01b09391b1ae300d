"""What a copy of a machine must not have of its original, and what it is called."""

import re
from collections.abc import Callable, Collection

from xsconsole.domain.board import Board
from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import PREFIX
from xsconsole.errors import Refused

# XAPI copies `other_config` whole. These keys mean one machine: where it is filed, what a front end or a backup program
# knows about it, that it starts with its host.
KEYS = frozenset(
    {"folder", "auto_poweron", "import_task", "HideFromXenCenter", "XenCenterCreateInProgress", "is_vmss_snapshot"}
)
PREFIXES = (PREFIX, "XenCenter.CustomFields.", "xo:", "xapi-")
INTERFACE_PREFIX = PREFIX + "interface."  # of a machine: what to make again at that device, while it is made anew
NAME_LIMIT = 120
PATTERN_WORDS = ("name", "role", "service", "version", "stage", "number")
_BRACED = re.compile(r"\{([^{}]*)\}")


def is_left_behind(key: str) -> bool:
    """Return whether a key of a machine's `other_config` stays with the original."""
    return key in KEYS or key.startswith(PREFIXES)


def is_under_way(key: str, text: str, vm: str) -> bool:
    """Return whether a key says that an interface of `vm` itself was taken away and is to be made again."""
    return key.startswith(INTERFACE_PREFIX) and vm in text


def name_of_copy(name: str, source_stage: str, target_stage: str, number: int) -> str:
    """Return what to call the copy of a machine: its name with the stage, and a number from the second one on.

    The stage of the original does not stay in the name of the copy.
    """
    plain = name
    for ending in (f" ({source_stage})", f" ({target_stage})"):
        plain = plain.removesuffix(ending)
    return f"{shortened(plain, NAME_LIMIT)} ({target_stage}){f' {number}' if number > 1 else ''}"


def name_by_pattern(pattern: str, *, name: str, role: str, service: str, version: str, stage: str, number: int) -> str:
    """Return what to call the copy of a machine by a pattern such as `{service}-{role} {stage}`.

    A pattern that tells members apart by nothing would give all of them one name: it must have `{name}` or `{role}`.

    Raises:
        Refused: it is no such pattern; with the mend.
    """
    words = _BRACED.findall(pattern)
    unknown = [word for word in words if word not in PATTERN_WORDS]
    if unknown or not {"name", "role"} & set(words):
        what = f"has “{{{unknown[0][:40]}}}” in it" if unknown else "gives all machines one name"
        raise Refused(
            reason=f"The pattern “{shortened(pattern, 60)}” {what}.",
            mend=f"Use {{name}} or {{role}}, and perhaps {', '.join(f'{{{word}}}' for word in PATTERN_WORDS[2:])}.",
        )
    values = {"name": name, "role": role, "service": service, "version": version, "stage": stage, "number": str(number)}
    return shortened(_BRACED.sub(lambda found: values[found.group(1)], pattern).strip(), NAME_LIMIT)


def free_number(names: Callable[[int], Collection[str]], service: str, board: Board) -> int:
    """Return the first number by which no member of a service is called so; 1 where names do not count.

    Others of the pool are not looked at: what they are called is not read again under the lease of a run.
    """
    taken = {member.name for card in board.cards.values() if card.service == service for member in card.members}
    if set(names(1)) == set(names(2)):
        return 1
    return next((number for number in range(1, len(taken) + 2) if taken.isdisjoint(names(number))), 1)
