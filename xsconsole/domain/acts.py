"""What can be done to single objects of the pool, apart from any configuration: power, snapshots, names, tags."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import NewType

from xsconsole.domain.folding import shortened
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import SR, VDI, VM, Host, Inventory, Message, Network, Pool, Record, Task

JobId = NewType("JobId", str)


class Act(StrEnum):
    """One act. The values are part of the audit format: add, never rename."""

    START = "start"
    START_ON = "start-on"  # a host
    SHUT_DOWN = "shut-down"
    FORCE_OFF = "force-off"
    REBOOT = "reboot"
    FORCE_REBOOT = "force-reboot"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    SUSPEND = "suspend"
    RESUME = "resume"
    SNAPSHOT = "snapshot"
    REVERT = "revert"
    DELETE_SNAPSHOT = "delete-snapshot"
    DELETE_DISK = "delete-disk"
    MIGRATE = "migrate"
    EXPORT = "export"  # to a file
    IMPORT = "import"  # from a file, into a storage
    RENAME = "rename"
    DESCRIBE = "describe"
    TAG = "tag"
    UNTAG = "untag"
    MOVE_TO_FOLDER = "move-to-folder"
    SET_KEY = "set-key"
    REMOVE_KEY = "remove-key"
    CANCEL = "cancel"  # a task
    DISMISS = "dismiss"  # a message


class Compression(StrEnum):
    """How an exported file is made smaller."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"


class Kind(StrEnum):
    """The classes that acts know, by the names `event.from` gives them."""

    POOL = "pool"
    HOST = "host"
    VM = "vm"
    SR = "sr"
    NETWORK = "network"
    VDI = "vdi"
    TASK = "task"
    MESSAGE = "message"


RECORDS: Mapping[Kind, type[Record]] = MappingProxyType(
    {
        Kind.POOL: Pool,
        Kind.HOST: Host,
        Kind.VM: VM,
        Kind.SR: SR,
        Kind.NETWORK: Network,
        Kind.VDI: VDI,
        Kind.TASK: Task,
        Kind.MESSAGE: Message,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectId:
    """An object of the pool. Snapshots and templates are VMs.

    `pool` says of which, where that is known: two pools that see one storage call it by one uuid.
    """

    kind: Kind
    uuid: Uuid
    pool: Uuid | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRule:
    """What an act demands before anything else is looked at.

    `operation` is XAPI's name for it in `allowed_operations`, empty where it has none. `needs` is the least role.
    `asks` says that it is confirmed even for one object, because it cannot be taken back; `takes_host` that a host is
    named with it, and `takes_file` a file of this machine.
    """

    operation: str
    needs: str
    kinds: frozenset[Kind] = frozenset({Kind.VM})
    asks: bool = False
    takes_host: bool = False
    takes_file: bool = False

    @property
    def is_edit(self) -> bool:
        """Whether it only writes a field: at once, without a task."""
        return not self.operation


LASTING = frozenset(Kind) - {Kind.TASK, Kind.MESSAGE}

# Least roles: XAPI's API reference. Names and keys of other classes than VM need more: see `needed_role`.
RULES: Mapping[Act, ActRule] = MappingProxyType(
    {
        Act.START: ActRule(operation="start", needs="vm-operator"),
        Act.START_ON: ActRule(operation="start_on", needs="vm-power-admin", takes_host=True),
        Act.SHUT_DOWN: ActRule(operation="clean_shutdown", needs="vm-operator"),
        Act.FORCE_OFF: ActRule(operation="hard_shutdown", needs="vm-operator", asks=True),
        Act.REBOOT: ActRule(operation="clean_reboot", needs="vm-operator"),
        Act.FORCE_REBOOT: ActRule(operation="hard_reboot", needs="vm-operator", asks=True),
        Act.PAUSE: ActRule(operation="pause", needs="vm-operator"),
        Act.UNPAUSE: ActRule(operation="unpause", needs="vm-operator"),
        Act.SUSPEND: ActRule(operation="suspend", needs="vm-operator"),
        Act.RESUME: ActRule(operation="resume", needs="vm-operator"),
        Act.SNAPSHOT: ActRule(operation="snapshot", needs="vm-power-admin"),
        Act.REVERT: ActRule(operation="revert", needs="vm-power-admin", asks=True),
        Act.DELETE_SNAPSHOT: ActRule(operation="destroy", needs="vm-admin", asks=True),
        Act.DELETE_DISK: ActRule(operation="destroy", needs="vm-admin", kinds=frozenset({Kind.VDI}), asks=True),
        Act.MIGRATE: ActRule(operation="pool_migrate", needs="vm-power-admin", takes_host=True),
        Act.EXPORT: ActRule(operation="export", needs="vm-admin", takes_file=True),
        Act.IMPORT: ActRule(
            operation="import", needs="vm-admin", kinds=frozenset({Kind.POOL, Kind.SR}), takes_file=True
        ),
        Act.RENAME: ActRule(operation="", needs="vm-admin", kinds=LASTING),
        Act.DESCRIBE: ActRule(operation="", needs="vm-admin", kinds=LASTING),
        Act.TAG: ActRule(operation="", needs="vm-operator", kinds=LASTING),
        Act.UNTAG: ActRule(operation="", needs="vm-operator", kinds=LASTING),
        Act.MOVE_TO_FOLDER: ActRule(operation="", needs="vm-operator", kinds=LASTING),
        Act.SET_KEY: ActRule(operation="", needs="vm-admin", kinds=LASTING),
        Act.REMOVE_KEY: ActRule(operation="", needs="vm-admin", kinds=LASTING),
        Act.CANCEL: ActRule(operation="", needs="read-only", kinds=frozenset({Kind.TASK})),
        Act.DISMISS: ActRule(operation="", needs="pool-operator", kinds=frozenset({Kind.MESSAGE})),
    }
)

FOLDER_KEY = "folder"
HALF = 38  # characters: two names and what stands between them are not cut
CUSTOM_FIELDS = "XenCenter.CustomFields."
_NEEDS_OPERATOR = frozenset({Kind.POOL, Kind.HOST, Kind.SR, Kind.NETWORK})
_WRITES = frozenset({Act.RENAME, Act.DESCRIBE, Act.SET_KEY, Act.REMOVE_KEY})


def needed_role(act: Act, kind: Kind, key: str = "") -> str:
    """Return the least role that may do it to an object of that class; `key` is the one to be written."""
    is_key = act in {Act.SET_KEY, Act.REMOVE_KEY}
    if is_key and (key == FOLDER_KEY or key.startswith(CUSTOM_FIELDS)):
        return "vm-operator"
    if act in _WRITES and kind in _NEEDS_OPERATOR:
        return "pool-operator"
    return RULES[act].needs


def record_of(inventory: Inventory, item: ObjectId) -> Record | None:
    return inventory.by_uuid(RECORDS[item.kind], item.uuid)


def name_of(record: Record) -> str:
    """Return what an object is called; its uuid where it has no name."""
    name = record.name if isinstance(record, Message) else getattr(record, "name_label", "")
    return str(name or record.uuid)


def called(record: Record, inventory: Inventory) -> str:
    """Return what a line calls an object: a snapshot by its machine first, since many have the same name."""
    if isinstance(record, VM) and record.is_a_snapshot:
        machine = inventory.get(VM, record.snapshot_of)
        if machine is not None:
            return f"{shortened(name_of(machine), HALF)}, “{shortened(name_of(record), HALF)}”"
    return name_of(record)


def called_together(items: Iterable[ObjectId], inventory: Inventory) -> tuple[str, ...]:
    """Return what objects are called that one thing is done to; a snapshot tells of its machine, too."""
    found = (record_of(inventory, item) for item in items)
    records = [record for record in found if record is not None]
    told = {record.snapshot_of for record in records if isinstance(record, VM) and record.is_a_snapshot}
    return tuple(called(record, inventory) for record in records if record.ref not in told)
