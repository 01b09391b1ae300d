"""What a copy of a machine must not have of its original, and what it is called."""

from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import PREFIX

# XAPI copies `other_config` whole. These keys mean one machine: where it is filed, what a front end or a backup program
# knows about it, that it starts with its host.
KEYS = frozenset(
    {"folder", "auto_poweron", "import_task", "HideFromXenCenter", "XenCenterCreateInProgress", "is_vmss_snapshot"}
)
PREFIXES = (PREFIX, "XenCenter.CustomFields.", "xo:", "xapi-")
NAME_LIMIT = 120


def is_left_behind(key: str) -> bool:
    """Return whether a key of a machine's `other_config` stays with the original."""
    return key in KEYS or key.startswith(PREFIXES)


def name_of_copy(name: str, source_stage: str, target_stage: str, number: int) -> str:
    """Return what to call the copy of a machine: its name with the stage, and a number from the second one on.

    The stage of the original does not stay in the name of the copy.
    """
    plain = name
    for ending in (f" ({source_stage})", f" ({target_stage})"):
        plain = plain.removesuffix(ending)
    return f"{shortened(plain, NAME_LIMIT)} ({target_stage}){f' {number}' if number > 1 else ''}"
