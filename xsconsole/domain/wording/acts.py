"""Sentences about acts on single objects: what they are called, what they will do, what became of them."""

from collections import defaultdict
from collections.abc import Sequence

from xsconsole.domain.acts import HALF, Act
from xsconsole.domain.folding import shortened
from xsconsole.domain.jobs import Check
from xsconsole.domain.wording.tasks import task_name
from xsconsole.domain.words import listing
from xsconsole.errors import Refused

MOST_REASONS = 4
MOST_NAMES = 3

NAMES = {
    Act.START: "Start",
    Act.START_ON: "Start on host",
    Act.SHUT_DOWN: "Shut down",
    Act.FORCE_OFF: "Force off",
    Act.REBOOT: "Reboot",
    Act.FORCE_REBOOT: "Force reboot",
    Act.PAUSE: "Pause",
    Act.UNPAUSE: "Unpause",
    Act.SUSPEND: "Suspend",
    Act.RESUME: "Resume",
    Act.SNAPSHOT: "Take snapshot",
    Act.REVERT: "Revert to snapshot",
    Act.DELETE_SNAPSHOT: "Delete snapshot",
    Act.DELETE_DISK: "Delete disk",
    Act.MIGRATE: "Migrate",
    Act.EXPORT: "Export",
    Act.IMPORT: "Import",
    Act.RENAME: "Rename",
    Act.DESCRIBE: "Describe",
    Act.TAG: "Add tag",
    Act.UNTAG: "Remove tag",
    Act.MOVE_TO_FOLDER: "Move to folder",
    Act.SET_KEY: "Set other_config key",
    Act.REMOVE_KEY: "Remove other_config key",
    Act.CANCEL: "Cancel",
    Act.DISMISS: "Dismiss message",
}

_GIVEN = {
    Act.START_ON: "Start on {}",
    Act.SNAPSHOT: "Take snapshot “{}”",
    Act.MIGRATE: "Migrate to {}",
    Act.RENAME: "Rename to “{}”",
    Act.TAG: "Add tag “{}”",
    Act.UNTAG: "Remove tag “{}”",
    Act.MOVE_TO_FOLDER: "Move to folder “{}”",
    Act.SET_KEY: "Set other_config key “{}”",
    Act.REMOVE_KEY: "Remove other_config key “{}”",
}


def act_name(act: Act) -> str:
    """Return what the act is called in menus and lists, such as `Shut down`."""
    return NAMES[act]


def title(act: Act, names: tuple[str, ...], given: str = "") -> str:
    """Return what goes on in a line, such as `Start: web-1`; with what is `given`, `Migrate to xen-2: web-1`."""
    name = _GIVEN[act].format(shortened(given, HALF)) if given and act in _GIVEN else NAMES[act]
    what = f"{len(names)} objects" if len(names) != 1 else task_name(names[0]) if act is Act.CANCEL else names[0]
    return f"{name}: {what}"


def consequence(act: Act) -> str:
    """Return what has to be known before the act is confirmed; empty where nothing is lost."""
    return _CONSEQUENCES.get(act, "")


def why_none(checks: Sequence[Check]) -> str:
    """Return why it can be done to none of these objects: of several each reason once, in a line of its own."""
    if len(checks) == 1:
        return "" if checks[0].refusal is None else _reason(checks[0].refusal)
    lines = reasons(checks)
    return "\n".join((f"It can be done to none of these {len(checks)} objects.", *lines)) if lines else ""


def reasons(checks: Sequence[Check]) -> tuple[str, ...]:
    """Return each reason that stands against some of these objects, with how many and a few of them, most first."""
    found: dict[str, list[str]] = defaultdict(list)
    for check in checks:
        if check.refusal is not None:
            found[_of_any(check.name, check.refusal)].append(check.name)
    ranked = sorted(found.items(), key=lambda one: -len(one[1]))
    if len(ranked) > MOST_REASONS:
        told, rest = ranked[: MOST_REASONS - 1], ranked[MOST_REASONS - 1 :]
        return (*_lines(told), f"{sum(len(names) for _, names in rest)} more for {len(rest)} other reasons.")
    return _lines(ranked)


def _lines(found: Sequence[tuple[str, Sequence[str]]]) -> tuple[str, ...]:
    return tuple(f"{len(names)} ({listing(tuple(names), MOST_NAMES)}): {reason}" for reason, names in found)


def _of_any(name: str, refusal: Refused) -> str:
    """Return a reason without the name of the one object that it is told of, so that equal ones read alike."""
    about = _reason(refusal)
    for told in filter(None, (name, name.rpartition(" · ")[0])):  # where there are several pools, the name ends in one
        about = about.replace(f"“{told}”", "it")
    return about[:1].upper() + about[1:]


def _reason(refusal: Refused) -> str:
    return f"{refusal.reason} {refusal.mend}".strip()


_CONSEQUENCES = {
    Act.SHUT_DOWN: "What runs there is not reachable until it is started again.",
    Act.REBOOT: "What runs there is not reachable until the guest is up again.",
    Act.PAUSE: "It stands still and is not reachable, and keeps its memory on the host, until it is unpaused.",
    Act.FORCE_OFF: "It is like pulling the plug: what the guest has not written is lost.",
    Act.FORCE_REBOOT: "It is like pressing the reset button: what the guest has not written is lost.",
    Act.REVERT: "Everything written since the snapshot leaves the machine and is lost; one that runs is forced off.",
    Act.DELETE_SNAPSHOT: "The snapshot and the disks that only it has are destroyed. This cannot be undone.",
    Act.DELETE_DISK: "The disk is destroyed with all that is on it. This cannot be undone.",
}
