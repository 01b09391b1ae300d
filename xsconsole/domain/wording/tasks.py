"""What tasks of the pool are called: XAPI names them by the calls that they carry out."""

_OBJECTS = {
    "VM": "VM",
    "VM_appliance": "vApp",
    "VDI": "disk",
    "SR": "storage",
    "VIF": "VIF",
    "VBD": "drive",
    "network": "network",
    "host": "host",
    "pool": "pool",
}
_VERBS = {
    "clean_shutdown": "Shut down",
    "clean_reboot": "Reboot",
    "hard_shutdown": "Force off",
    "hard_reboot": "Force reboot of",
    "pool_migrate": "Migrate",
    "start_on": "Start",
}


def task_name(label: str) -> str:
    """Return `Snapshot VM` for `Async.VM.snapshot`; other names as they are."""
    parts = label.removeprefix("Async.").split(".")
    if len(parts) != 2 or parts[0] not in _OBJECTS or not parts[1].isascii():
        return label or "Task"
    return f"{_VERBS.get(parts[1], parts[1].replace('_', ' ').capitalize())} {_OBJECTS[parts[0]]}"
