"""Which fields of a machine can be brought back to what they should be, and what that takes."""

from collections.abc import Mapping
from types import MappingProxyType

from xsconsole.domain.actions.mends import MAPS, MEMORY, PROCESSORS
from xsconsole.domain.manifest.difference import Change, FieldChange
from xsconsole.domain.manifest.values import Part

PLAIN = frozenset(
    {"name", "description", "start_order", "start_delay_s", "shutdown_delay_s", "tags", "boot_policy"}
    | {"after_shutdown", "after_reboot", "after_crash"}
)
_MENDABLE = PLAIN | MAPS | {*MEMORY, *PROCESSORS}
_ONLY_OFF = frozenset({*MEMORY, *PROCESSORS, "boot_policy"})
_WHY_NOT: Mapping[Part, str] = MappingProxyType(
    {
        Part.DISK: "what is on a disk would be in danger",
        Part.DRIVE: "discs are changed by hand",
        Part.NIC: "an interface is moved to another network, and nothing else of it is changed",
        Part.MEMBER: "XAPI sets it when a machine is made, or another place of this program does",
    }
)


def why_not(change: Change) -> str:
    """Return why a difference cannot be mended by this program; empty where it can."""
    if not isinstance(change, FieldChange):
        return "what one side lacks altogether is added or removed by hand, or by a replica made anew"
    if change.part is Part.NIC and change.field == "network":
        return ""
    if change.part is Part.MEMBER and change.field in _MENDABLE:
        return ""
    return _WHY_NOT[change.part]


def takes_halt(change: FieldChange) -> bool:
    """Return whether XAPI changes it only while the machine is off."""
    return change.part is Part.MEMBER and change.field in _ONLY_OFF
