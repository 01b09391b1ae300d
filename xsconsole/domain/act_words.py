"""Sentences about acts on single objects: what they are called, what they will do, what became of them."""

from xsconsole.domain.acts import Act

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


def act_name(act: Act) -> str:
    """Return what the act is called in menus and lists, such as `Shut down`."""
    return NAMES[act]


def title(act: Act, names: tuple[str, ...]) -> str:
    """Return what goes on in a line, such as `Start web-1` or `Shut down 12 objects`."""
    what = names[0] if len(names) == 1 else f"{len(names)} objects"
    return f"{NAMES[act]}: {what}"


def consequence(act: Act) -> str:
    """Return what has to be known before the act is confirmed; empty where nothing is lost."""
    return _CONSEQUENCES.get(act, "")


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
