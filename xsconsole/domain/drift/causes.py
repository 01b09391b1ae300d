"""Who made a difference, as xapi's own log of calls tells: the newest call to the object that can have done it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from xsconsole.domain.board import Card
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import VBD, VIF, VM, Inventory
from xsconsole.domain.manifest import Change, FieldChange, Part

_HEAD = re.compile(r"^\[(\d{8}T\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?Z?\|")
_TASK = re.compile(r"^[^\]]*\sR:([0-9a-f]+)\|")
_WORD = re.compile(r"(?<!\\)'((?:[^'\\]|\\.)*)'")
_OBJECT = re.compile(r"(?<!\\)'(OpaqueRef:[0-9A-Za-z-]+)'\)")
_UUID = re.compile(r"(?<!\\)'([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})' 'OpaqueRef:[0-9A-Za-z-]+'\)")
_ORIGINATOR = re.compile(r"\('originator' '((?:[^'\\]|\\.)*)' '")
_LOG_IN = "session.create"
_ESCAPED = re.compile(r"\\+")  # as the log writes the backslash of DOMAIN\user, twice escaped
_WORDS = 7  # trackid, subject, name, verdict, outcome, kind, call: after these come names that anybody may write
_LIMIT = 4000  # characters of a line that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that xapi allowed: when by its own clock, for whom, and on which objects.

    `task` begins the reference of its task, without dashes; `is_done`: it did not fail.
    """

    at: datetime
    who: str
    name: str
    objects: frozenset[Ref]
    task: str = ""
    is_done: bool = True
    session: str = ""  # as the log names it, which is not its reference
    uuids: frozenset[Uuid] = frozenset()  # of its objects, which are known also when they are gone
    originator: str = ""  # of a log-in that is in the log: what the program calls itself

    def is_of(self, task: Ref) -> bool:
        """Whether it is the call that a task carried out."""
        return bool(self.task) and task.removeprefix("OpaqueRef:").replace("-", "").startswith(self.task)


def read_calls(text: str) -> tuple[Call, ...]:
    """Return the calls of a log that were allowed, in its order; lines that cannot be read are left out."""
    return tuple(call for call in map(_read, text.splitlines()) if call is not None)


def _read(line: str) -> Call | None:
    head = _HEAD.match(line)
    body = line[:_LIMIT].partition("] (")[2]
    words = [found.group(1) for _, found in zip(range(_WORDS), _WORD.finditer(body), strict=False)]
    if head is None or len(words) < _WORDS or words[3] != "ALLOWED":
        return None
    task = _TASK.match(line)
    originator = _ORIGINATOR.search(body) if words[6] == _LOG_IN else None
    at = datetime.strptime(head.group(1), "%Y%m%dT%H:%M:%S").replace(tzinfo=UTC)
    return Call(
        at=at + timedelta(microseconds=int((head.group(2) or "0").ljust(6, "0"))),
        who=_ESCAPED.sub(r"\\", words[2] or words[1]),
        name=words[6],
        objects=frozenset(Ref(found) for found in _OBJECT.findall(body)),
        task="" if task is None else task.group(1),
        is_done=words[4] == "OK",
        session=words[0].removeprefix("trackid="),
        uuids=frozenset(Uuid(found) for found in _UUID.findall(body)),
        originator="" if originator is None else originator.group(1),
    )


_TOLD_BY: Mapping[str, tuple[str, ...]] = {
    "vcpus_at_startup": ("vcpus_at_startup", "vcpus_number_live"),
    "after_shutdown": ("actions_after_shutdown",),
    "after_reboot": ("actions_after_reboot",),
    "after_crash": ("actions_after_crash",),
    "boot_policy": ("hvm_boot_policy",),
    "boot_params": ("hvm_boot_params",),
    "start_order": ("vm.set_order",),
    "start_delay_s": ("start_delay",),
    "shutdown_delay_s": ("shutdown_delay",),
    "home_host": ("set_affinity",),
    "name": ("name_label",),
    "description": ("name_description",),
    "size_bytes": ("vdi.resize",),
    "mac": ("vif.create",),
    "network": ("vif.move", "vif.create"),
    "has_change_tracking": ("_cbt",),
}
_WHOLE: Mapping[Part, tuple[str, ...]] = {
    Part.MEMBER: ("vm.clone", "vm.copy", "vm.create"),
    Part.DISK: ("vbd.create", "vbd.destroy"),
    Part.DRIVE: ("vbd.create", "vbd.destroy", "vbd.insert", "vbd.eject"),
    Part.NIC: ("vif.create", "vif.destroy"),
}


def _signs(change: Change) -> tuple[str, ...]:
    if not isinstance(change, FieldChange):
        return _WHOLE[change.part]
    if change.field.startswith("memory_"):
        return ("vm.set_memory",)
    return _TOLD_BY.get(change.field, (change.field,))


def objects_of(change: Change, card: Card, inventory: Inventory) -> frozenset[Ref]:
    """Return the objects that a call must have been about to have made a difference."""
    member = next((member for member in card.members if member.role == change.role), None)
    vm = inventory.get(VM, member.ref) if member is not None else None
    if vm is None:
        return frozenset()
    found = {vm.ref} if change.part is Part.MEMBER or not isinstance(change, FieldChange) else set()
    for ref in vm.VBDs if change.part in (Part.DISK, Part.DRIVE) else ():
        vbd = inventory.get(VBD, ref)
        if vbd is not None and vbd.userdevice == change.device:
            found |= {vbd.ref, vbd.VDI}
    for ref in vm.VIFs if change.part is Part.NIC else ():
        vif = inventory.get(VIF, ref)
        if vif is not None and vif.device == change.device:
            found |= {vif.ref, vm.ref}
    return frozenset(found)


def cause_of(change: Change, card: Card, inventory: Inventory, calls: Iterable[Call]) -> Call | None:
    """Return the newest call that can have made a difference of a configuration; None where none is known."""
    objects, signs = objects_of(change, card, inventory), _signs(change)
    done = (call for call in calls if call.is_done)
    fitting = (call for call in done if call.objects & objects and any(sign in call.name.casefold() for sign in signs))
    return max(fitting, key=lambda call: call.at, default=None)
