"""What XAPI's errors mean to a person, and what to do about them. Codes and parameters are those of XAPI."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from xsconsole.domain.naming import shortened

UNKNOWN_MEND = (
    "Look at the machine, storage or host that the details name; the pool's own log says more. Then try again."
)
LONGEST_PARAMETER = 160

AGAIN = "Look at the machine, then try again."
FULL = ("The storage is full.", "Free space in the storage repository or make it larger, then try again.")
TOOLS = "Install the guest tools in the machine, then try again."
SHUT_DOWN_BY_HAND = "Shut the machine down by hand, then try again."
OTHER_HOST = "Choose another host, or let the pool choose."
DETACH = "Remove it from the machine first, then try again."
GONE_MEND = (
    "Somebody removed it meanwhile: the activity or the pool's log says who. Put it back, or take it out of the "
    "configuration, then try again."
)
DISK_IN_THE_WAY = "See which disk it is in the details."
STORAGE = "Look at the storage repository, then try again."
REPORT = "Look into the log of the pool's coordinator at this time."

_SENTENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # the pool itself
        "HOST_IS_SLAVE": (
            "The address is not the pool's coordinator any more.",
            "Try again when the console reconnected.",
        ),
        "HOST_STILL_BOOTING": ("The pool's coordinator is still starting.", "Try again in a minute."),
        "INTERNAL_ERROR": ("The pool failed in itself: {0}.", REPORT),
        "LICENCE_RESTRICTION": ("The pool's licence does not include it: {0}.", "Assign a licence that does."),
        "NOT_SUPPORTED_DURING_UPGRADE": (
            "It is not possible while the pool is being upgraded.",
            "Finish the upgrade first.",
        ),
        "TOO_MANY_PENDING_TASKS": (
            "The pool has too much to do.",
            "Wait until some of its tasks have ended, or cancel some in the activity; then try again.",
        ),
        "RBAC_PERMISSION_DENIED": (
            "The pool does not permit it to this user.",
            "Log in as somebody with the role pool-operator or pool-admin.",
        ),
        "TASK_CANCELLED": ("Somebody cancelled the task.", "Try again."),
        "CANNOT_CONTACT_HOST": ("The host {0} does not answer.", "See that it runs and is reached by the others."),
        "OPERATION_PARTIALLY_FAILED": ("It was done only in part: {0}.", "See the details for what is missing."),
        "CLIENT_ERROR": ("The transfer was broken off.", "Try again."),
        # what a call says
        "INVALID_VALUE": ("The value of {0} is none that the pool takes: {1}.", "Change it, then try again."),
        "FIELD_TYPE_ERROR": ("The pool does not understand the value of {0}.", REPORT),
        "MAP_DUPLICATE_KEY": ("The key {3} stands there already.", "Somebody was faster: look again."),
        "MESSAGE_PARAMETER_COUNT_MISMATCH": (
            "This pool's version expects the call {0} to be made otherwise.",
            "Update the pool's hosts or this console.",
        ),
        "OPERATION_NOT_ALLOWED": ("The pool does not allow it: {0}.", "See the details, then try again."),
        "OPERATION_BLOCKED": (
            "The operation is blocked at the machine.",
            "Remove the block at the machine, then retry.",
        ),
        "OTHER_OPERATION_IN_PROGRESS": ("Another operation runs on the machine.", "Wait for its end, then try again."),
        "EVENT_SUBSCRIPTION_PARSE_FAILURE": (
            "The pool cannot be followed: it does not understand what is asked for.",
            REPORT,
        ),
        "EVENT_FROM_TOKEN_PARSE_FAILURE": ("The pool lost the place up to which it was followed.", "Reconnect."),
        # where machines run
        "NO_HOSTS_AVAILABLE": (
            "No host can run the machine now.",
            "See that a host has enough free memory, the networks and the storage of the machine.",
        ),
        "HOST_NOT_ENOUGH_FREE_MEMORY": ("No host has enough free memory.", "Free memory on a host, then try again."),
        "HOST_NOT_ENOUGH_PCPUS": ("The host has {1} processors, and the machine wants {0}.", OTHER_HOST),
        "HOST_DISABLED": ("The host is in maintenance.", "Enable the host, or choose another one."),
        "HOST_OFFLINE": (
            "The host on which the machine runs is down.",
            "Bring the host back; where it stays down, tell the pool that its machines are off.",
        ),
        "HOST_NOT_LIVE": ("The host is down.", OTHER_HOST),
        "HOST_EVACUATE_IN_PROGRESS": ("The host is being evacuated.", OTHER_HOST),
        "HOST_CANNOT_ATTACH_NETWORK": ("The host does not reach one of the machine's networks.", OTHER_HOST),
        "BRIDGE_NOT_AVAILABLE": ("The bridge {0} of a network is missing on the host.", OTHER_HOST),
        "HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN": (
            "High availability could not restart everything any more afterwards.",
            "Free memory in the pool, or lower the restart priority of a machine.",
        ),
        "HA_CONSTRAINT_VIOLATION_NETWORK_NOT_SHARED": (
            "High availability needs a network that all hosts share.",
            "Choose a shared network, or take the machine out of high availability.",
        ),
        # machines
        "VM_BAD_POWER_STATE": ("The machine's power state changed meanwhile.", AGAIN),
        "VM_IS_TEMPLATE": ("It is a template, which does not do it: {1}.", "Make a machine of it first."),
        "VM_IS_SNAPSHOT": ("It is a snapshot, which does not do it: {1}.", "Use the machine it was taken of."),
        "VM_CANNOT_DELETE_DEFAULT_TEMPLATE": (
            "It is a template of the pool itself, which stays.",
            "Leave it where it is.",
        ),
        "VM_REQUIRES_SR": ("No host reaches a storage repository that the machine needs.", STORAGE),
        "VM_REQUIRES_NETWORK": ("The host does not have a network that the machine needs.", OTHER_HOST),
        "VM_HVM_REQUIRED": (
            "The host cannot run machines with hardware virtualization.",
            "Switch it on in the host's BIOS.",
        ),
        "VM_INCOMPATIBLE_WITH_THIS_HOST": ("The host does not suit the machine: {2}.", OTHER_HOST),
        "VM_IS_IMMOBILE": ("The machine may not be moved while it runs.", "Shut it down first, or allow it to move."),
        "VM_LACKS_FEATURE": (
            "The guest does not offer what is needed for it: its guest tools are missing, or not up yet.",
            "Wait until they answer or install them, or shut the machine down by hand first.",
        ),
        "VM_MISSING_PV_DRIVERS": ("The guest has no drivers for it.", TOOLS),
        "VM_SHUTDOWN_TIMEOUT": ("The guest did not shut down in time.", SHUT_DOWN_BY_HAND),
        "VM_FAILED_SHUTDOWN_ACKNOWLEDGMENT": ("The guest did not answer the request to shut down.", SHUT_DOWN_BY_HAND),
        "VM_SUSPEND_TIMEOUT": ("The guest did not suspend in time.", AGAIN),
        "VM_NO_SUSPEND_SR": ("There is no storage for suspended machines.", "Choose one for the pool or for the host."),
        "VM_NON_SUSPENDABLE": ("The machine cannot be suspended: {1}.", "Shut it down instead."),
        "SUSPEND_IMAGE_NOT_ACCESSIBLE": ("The memory of the suspended machine is not reached from there.", OTHER_HOST),
        "VM_HAS_PCI_ATTACHED": ("The machine has a device of its host.", DETACH),
        "VM_HAS_VGPU": ("The machine has a virtual graphics card.", DETACH),
        "VM_HAS_VUSBS": ("The machine has a USB device of its host.", DETACH),
        "VM_CHECKPOINT_SUSPEND_FAILED": ("The machine's memory could not be kept.", TOOLS),
        "VM_CHECKPOINT_RESUME_FAILED": ("The machine did not go on after its memory was kept.", AGAIN),
        "VM_REVERT_FAILED": (
            "The machine could not be returned to its snapshot.",
            "Look at the storage, then try again.",
        ),
        "REVERT_ONLY_ALLOWED_ON_SNAPSHOT": ("Only a snapshot can be returned to.", "Choose a snapshot of the machine."),
        "PROVISION_ONLY_ALLOWED_ON_TEMPLATE": ("Only a template makes machines.", "Choose a template."),
        "PROVISION_FAILED_OUT_OF_SPACE": FULL,
        "BOOTLOADER_FAILED": ("The machine cannot boot: {1}.", "Look at its boot order and at its first disk."),
        "DUPLICATE_MAC_SEED": (
            "Another machine in the pool was made of the same one.",
            "Import it as a new machine instead.",
        ),
        "DUPLICATE_VM": ("The machine is in the pool already.", "Import it as a new machine instead."),
        # moving machines
        "VM_MIGRATE_FAILED": ("The machine could not be moved: {3}.", AGAIN),
        "VM_HOST_INCOMPATIBLE_VERSION_MIGRATE": ("The host is of an older version than the machine's.", OTHER_HOST),
        "TOO_MANY_STORAGE_MIGRATES": (
            "There are {0} machines moving between storages already.",
            "Wait until one of them has moved, then try again.",
        ),
        "SR_DOES_NOT_SUPPORT_MIGRATION": ("Disks cannot be moved out of that storage.", "Copy the machine instead."),
        "VDI_NOT_IN_MAP": ("It is not said where a disk of the machine goes.", DISK_IN_THE_WAY),
        "VIF_NOT_IN_MAP": (
            "It is not said to which network an interface of the machine goes.",
            "Choose a network for it.",
        ),
        "VDI_CBT_ENABLED": (
            "A disk keeps track of its changes, and cannot move so.",
            "Switch that off at the disk first.",
        ),
        "VDI_IS_ENCRYPTED": ("A disk is encrypted, and cannot move.", DISK_IN_THE_WAY),
        "VDI_NEEDS_VM_FOR_MIGRATE": ("The disk can move only with a machine.", "Move the machine that has it."),
        "MIRROR_FAILED": ("A disk could not be mirrored to the other storage.", STORAGE),
        # storage
        "SR_BACKEND_FAILURE_44": FULL,
        "SR_FULL": FULL,
        "SR_BACKEND_FAILURE_109": (
            "The chain of snapshots is too long.",
            "Destroy old snapshots and give the storage time to coalesce, then try again.",
        ),
        "SR_OPERATION_NOT_SUPPORTED": ("That storage cannot do it.", "Choose another storage repository."),
        "SR_HAS_NO_PBDS": ("No host has that storage attached.", "Attach it to a host first."),
        "DEFAULT_SR_NOT_FOUND": ("The pool has no default storage.", "Choose a storage repository."),
        "VDI_IN_USE": ("A disk is in use.", "Wait until it is free, then try again."),
        "VDI_IO_ERROR": ("A disk could not be read or written.", STORAGE),
        "VDI_MISSING": ("A disk is missing in its storage.", STORAGE),
        "VDI_READONLY": ("A disk can only be read.", DISK_IN_THE_WAY),
        "VDI_TOO_SMALL": ("A disk is too small.", "Make it larger first."),
        "VDI_IS_SHARABLE": ("A disk is shared by several machines, and has no snapshots.", DISK_IN_THE_WAY),
        "VDI_IS_A_PHYSICAL_DEVICE": ("A disk is a device of a host.", DISK_IN_THE_WAY),
        "VDI_NOT_MANAGED": ("A disk is one that the storage keeps for itself.", DISK_IN_THE_WAY),
        "VDI_INCOMPATIBLE_TYPE": ("A disk is of a kind that does not do it.", DISK_IN_THE_WAY),
        "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION": (
            "A disk forgets its changes at each start.",
            "Set the disk to keep them first.",
        ),
        # devices
        "DEVICE_ALREADY_EXISTS": ("The machine has a device {0} already.", "Choose another number."),
        "DEVICE_ALREADY_ATTACHED": ("The device is attached already.", "Nothing has to be done."),
        "DEVICE_ALREADY_DETACHED": ("The device is detached already.", "Nothing has to be done."),
        "DEVICE_DETACH_REJECTED": ("The guest does not let the device go.", "Unmount it in the guest first."),
        "DEVICE_DETACH_TIMEOUT": ("The guest did not let the device go in time.", "Unmount it in the guest first."),
        "INVALID_DEVICE": ("The machine cannot have a device {0}.", "Choose another number."),
        "VBD_NOT_EMPTY": ("There is a disc in the drive already.", "Eject it first."),
        "VBD_IS_EMPTY": ("There is no disc in the drive.", "Insert one first."),
        "VBD_NOT_REMOVABLE_MEDIA": ("The drive is none whose disc can be changed.", "Detach the disk instead."),
        "VBD_CDS_MUST_BE_READONLY": ("A disc can only be read.", "Attach it for reading."),
        "DISK_VBD_MUST_BE_READWRITE_FOR_HVM": (
            "Such a machine needs disks that it can write.",
            "Attach it for writing.",
        ),
        # networks
        "MAC_INVALID": ("The address {0} is no MAC address.", "Write six pairs of digits, the first of them even."),
        "BRIDGE_NAME_EXISTS": ("There is a bridge {0} already.", "Choose another name."),
        "NETWORK_CONTAINS_VIF": ("The network has interfaces of machines.", "Move them to another network first."),
        "NETWORK_CONTAINS_PIF": ("The network has interfaces of hosts.", "Take them off the network first."),
        "NETWORK_ALREADY_CONNECTED": ("The network is connected already.", "Choose another network."),
        "NETWORK_UNMANAGED": ("The pool does not manage that network.", "Choose another network."),
        "CANNOT_DESTROY_SYSTEM_NETWORK": ("The pool itself needs that network.", "Leave it where it is."),
        "VLAN_TAG_INVALID": ("The number {0} is none of a VLAN.", "Choose one from 0 to 4094."),
        "VLAN_IN_USE": ("The VLAN {1} is in use on {0}.", "Choose another number."),
        "PIF_VLAN_EXISTS": ("That VLAN exists already.", "Use the network that is on it."),
        "PIF_HAS_NO_NETWORK_CONFIGURATION": ("The host's interface has no address.", "Give it one first."),
        "HOST_HAS_NO_MANAGEMENT_IP": ("The host has no management interface.", "Give it one first, or disable it."),
        "INTERFACE_HAS_NO_IP": ("The host's interface has no address.", "Give it one first."),
        "IS_TUNNEL_ACCESS_PIF": ("The interface belongs to a tunnel.", "Choose another interface."),
        "TRANSPORT_PIF_NOT_CONFIGURED": ("The interface under the tunnel has no address.", "Give it one first."),
        "OPENVSWITCH_NOT_ACTIVE": ("The hosts' network is of a kind that has no tunnels.", "Use a VLAN instead."),
        # files
        "IMPORT_ERROR": ("The file cannot be imported: {0}.", "Check that the file is whole."),
        "IMPORT_ERROR_PREMATURE_EOF": ("The file ends too early.", "Copy it again; it is not whole."),
        "IMPORT_ERROR_SOME_CHECKSUMS_FAILED": ("The file is damaged: its sums do not match.", "Copy it again."),
        "IMPORT_ERROR_UNEXPECTED_FILE": ("The file is no exported machine.", "Choose another file."),
        "IMPORT_ERROR_FAILED_TO_FIND_OBJECT": (
            "The file lacks something that it speaks of.",
            "Export the machine again.",
        ),
        "IMPORT_ERROR_ATTACHED_DISKS_NOT_FOUND": ("The file has no contents for a disk.", "Export the machine again."),
        "IMPORT_ERROR_CANNOT_HANDLE_CHUNKED": ("The pool does not take a file of unknown length.", REPORT),
        "IMPORT_INCOMPATIBLE_VERSION": (
            "The file comes from a newer version than this pool's.",
            "Update the pool first.",
        ),
        "VM_TO_IMPORT_IS_NOT_NEWER_VERSION": (
            "The machine in the pool is newer than the file.",
            "Import it as a new machine.",
        ),
    }
)
_FAMILIES = (
    ("SR_BACKEND_FAILURE_", ("The storage failed: {1}.", STORAGE)),
    ("IMPORT_ERROR_", ("The file cannot be imported.", "Check that the file is whole.")),
    ("HTTP_", ("The host sent a page instead of what was asked for.", REPORT)),
)


GONE = frozenset({"HANDLE_INVALID", "UUID_INVALID"})
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "VM": "machine",
        "VDI": "disk",
        "SR": "storage repository",
        "VBD": "connection of a disk",
        "PBD": "connection of a storage repository",
        "VIF": "network interface",
        "PIF": "interface of a host",
        "VM_guest_metrics": "report of the guest tools",
        "VM_appliance": "vApp",
        "COPY": "copy",
        "DISK": "disk",
        "SNAPSHOT": "snapshot of",
    }
)


def is_gone(code: str) -> bool:
    """Return whether a code says that something is not on the pool: XAPI's, and our own of what a step made."""
    return code in GONE or (code.startswith("XSCONSOLE_") and code.endswith("_GONE"))


def thing_of(code: str, parameters: Sequence[str], name: str = "") -> str:
    """Return what is gone, such as `The disk “data”`: by its name where it is known, else its uuid, never a handle."""
    own = code.removeprefix("XSCONSOLE_").removesuffix("_GONE") if code not in GONE else ""
    kind = own or (parameters[0] if len(parameters) > 1 else "")
    called = shortened(name or (parameters[-1] if parameters else ""), LONGEST_PARAMETER)
    what = KINDS.get(kind, kind or "object")
    if not called or called.startswith("OpaqueRef:"):
        return f"{'An' if what[0] in 'aeiou' else 'A'} {what} that is needed"
    return f"The {what} “{called}”"


def sentences(code: str, parameters: Sequence[str], storages: Sequence[str] = (), thing: str = "") -> tuple[str, str]:
    """Return what failed and the mend. A code that nobody foresaw is shown as it is.

    `storages` are those of which one is full, where that is what failed; `thing` is what is gone.
    """
    if is_gone(code):
        return f"{thing or thing_of(code, parameters)} is gone from the pool.", GONE_MEND
    if storages:
        where = " or ".join(storages)
        return (
            f"There is not enough room in the storage {where}.",
            "Free space there or make it larger, then try again.",
        )
    found = _SENTENCES.get(code) or next((known for stem, known in _FAMILIES if code.startswith(stem)), None)
    if found is None:
        return f"The pool refused: {code}.", UNKNOWN_MEND
    failed, mend = found
    return _filled(failed, parameters) or f"The pool refused: {code}.", mend


def _filled(text: str, parameters: Sequence[str]) -> str:
    """Put XAPI's parameters into a sentence. Where they are missing, what they were to explain is left out."""
    words = [shortened(" ".join(parameter.split()).rstrip("."), LONGEST_PARAMETER) for parameter in parameters]
    wanted = [int(number) for number in re.findall(r"{(\d)}", text)]
    if all(number < len(words) and words[number] for number in wanted):
        return text.format(*words)
    explained, colon, _ = text.partition(":")
    return f"{explained}." if colon and "{" not in explained else ""
