"""What the pool says there is: typed records, and a mirror of them that changes by batches.

Records hold just the fields the console uses, and are msgspec structs without garbage-collector tracking: decision 7.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypeVar

import msgspec

from xsconsole.domain.ids import NULL_REF, Ref, Uuid


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An XAPI object as last heard of. Field names are XAPI's."""

    ref: Ref = NULL_REF  # told beside the record, and set by who reads it
    uuid: Uuid


class Pool(Record, frozen=True, kw_only=True, gc=False):
    name_label: str = ""
    master: Ref = NULL_REF
    default_SR: Ref = NULL_REF
    suspend_image_SR: Ref = NULL_REF
    other_config: dict[str, str] = {}
    gui_config: dict[str, str] = {}
    tags: tuple[str, ...] = ()


class Host(Record, frozen=True, kw_only=True, gc=False):
    name_label: str = ""
    name_description: str = ""
    address: str = ""
    enabled: bool = True
    metrics: Ref = NULL_REF
    suspend_image_sr: Ref = NULL_REF
    resident_VMs: tuple[Ref, ...] = ()
    software_version: dict[str, str] = {}
    other_config: dict[str, str] = {}
    tags: tuple[str, ...] = ()


class HostMetrics(Record, frozen=True, kw_only=True, gc=False):
    live: bool = False
    memory_total: int = 0  # bytes
    memory_free: int = 0  # bytes


class VM(Record, frozen=True, kw_only=True, gc=False):
    """A virtual machine, a template (`is_a_template`) or a snapshot (`is_a_snapshot`). Memory is in bytes."""

    name_label: str = ""
    name_description: str = ""
    power_state: str = "Halted"
    is_a_template: bool = False
    is_default_template: bool = False
    is_a_snapshot: bool = False
    is_control_domain: bool = False
    snapshot_of: Ref = NULL_REF
    snapshot_time: datetime | None = None
    snapshots: tuple[Ref, ...] = ()
    parent: Ref = NULL_REF
    resident_on: Ref = NULL_REF
    affinity: Ref = NULL_REF
    memory_static_min: int = 0
    memory_static_max: int = 0
    memory_dynamic_min: int = 0
    memory_dynamic_max: int = 0
    memory_overhead: int = 0  # what its host needs beside
    VCPUs_max: int = 1
    VCPUs_at_startup: int = 1
    VCPUs_params: dict[str, str] = {}
    actions_after_shutdown: str = ""
    actions_after_reboot: str = ""
    actions_after_crash: str = ""
    HVM_boot_policy: str = ""
    HVM_boot_params: dict[str, str] = {}
    HVM_shadow_multiplier: float = 1.0
    PV_bootloader: str = ""
    PV_kernel: str = ""
    PV_ramdisk: str = ""
    PV_args: str = ""
    PV_bootloader_args: str = ""
    PV_legacy_args: str = ""
    platform: dict[str, str] = {}
    domain_type: str = ""
    hardware_platform_version: int = 0
    has_vendor_device: bool = False
    bios_strings: dict[str, str] = {}
    NVRAM_present: bool = False  # whether there is any; its contents are secrets and never leave the feed
    VBDs: tuple[Ref, ...] = ()
    VIFs: tuple[Ref, ...] = ()
    VTPMs: tuple[Ref, ...] = ()
    VGPUs: tuple[Ref, ...] = ()
    guest_metrics: Ref = NULL_REF
    appliance: Ref = NULL_REF
    suspend_SR: Ref = NULL_REF
    snapshot_schedule: Ref = NULL_REF
    order: int = 0
    start_delay: int = 0  # seconds
    shutdown_delay: int = 0  # seconds
    ha_restart_priority: str = ""
    allowed_operations: tuple[str, ...] = ()
    current_operations: dict[str, str] = {}
    blocked_operations: dict[str, str] = {}
    other_config: dict[str, str] = {}
    tags: tuple[str, ...] = ()

    @property
    def is_ordinary(self) -> bool:
        """Whether it is a virtual machine that a configuration may have as a member."""
        return not (self.is_a_template or self.is_a_snapshot or self.is_control_domain)


class GuestMetrics(Record, frozen=True, kw_only=True, gc=False):
    os_version: dict[str, str] = {}
    networks: dict[str, str] = {}  # "0/ip", "0/ipv4/0": address
    netbios_name: dict[str, str] = {}  # "host_name", of Windows
    PV_drivers_detected: bool = False


class VBD(Record, frozen=True, kw_only=True, gc=False):
    VM: Ref = NULL_REF
    VDI: Ref = NULL_REF
    userdevice: str = ""
    bootable: bool = False
    mode: str = "RW"
    type: str = "Disk"
    empty: bool = False
    currently_attached: bool = False
    other_config: dict[str, str] = {}


class VDI(Record, frozen=True, kw_only=True, gc=False):
    """A disk. Sizes are in bytes."""

    name_label: str = ""
    name_description: str = ""
    SR: Ref = NULL_REF
    virtual_size: int = 0
    physical_utilisation: int = 0
    type: str = "user"
    sharable: bool = False
    read_only: bool = False
    managed: bool = True
    is_a_snapshot: bool = False
    snapshot_of: Ref = NULL_REF
    cbt_enabled: bool = False
    on_boot: str = "persist"  # or "reset": each start forgets what was written
    sm_config: dict[str, str] = {}  # "vhd-parent": the hidden disk that it stands on, by uuid
    tags: tuple[str, ...] = ()


class VIF(Record, frozen=True, kw_only=True, gc=False):
    VM: Ref = NULL_REF
    network: Ref = NULL_REF
    device: str = ""
    MAC: str = ""
    MAC_autogenerated: bool = False
    MTU: int = 1500
    locking_mode: str = "network_default"
    ipv4_allowed: tuple[str, ...] = ()
    ipv6_allowed: tuple[str, ...] = ()
    currently_attached: bool = False


class Network(Record, frozen=True, kw_only=True, gc=False):
    name_label: str = ""
    name_description: str = ""
    bridge: str = ""
    MTU: int = 1500
    VIFs: tuple[Ref, ...] = ()
    PIFs: tuple[Ref, ...] = ()
    other_config: dict[str, str] = {}
    tags: tuple[str, ...] = ()


class PIF(Record, frozen=True, kw_only=True, gc=False):
    device: str = ""
    host: Ref = NULL_REF
    network: Ref = NULL_REF
    VLAN: int = -1
    management: bool = False
    bond_slave_of: Ref = NULL_REF
    tunnel_access_PIF_of: tuple[Ref, ...] = ()


class SdnController(Record, frozen=True, kw_only=True, gc=False):
    """A controller that the pool's Open vSwitches are told to obey."""

    address: str = ""


class SR(Record, frozen=True, kw_only=True, gc=False):
    """A storage repository. Sizes are in bytes; free is `physical_size - physical_utilisation`."""

    name_label: str = ""
    name_description: str = ""
    type: str = ""
    content_type: str = ""
    shared: bool = False
    physical_size: int = 0
    physical_utilisation: int = 0
    virtual_allocation: int = 0
    VDIs: tuple[Ref, ...] = ()
    PBDs: tuple[Ref, ...] = ()
    other_config: dict[str, str] = {}
    tags: tuple[str, ...] = ()

    @property
    def free_bytes(self) -> int:
        return self.physical_size - self.physical_utilisation


class Appliance(Record, frozen=True, kw_only=True, gc=False):
    """A vApp: VMs that XAPI starts and stops together."""

    name_label: str = ""
    name_description: str = ""
    VMs: tuple[Ref, ...] = ()


class PBD(Record, frozen=True, kw_only=True, gc=False):
    host: Ref = NULL_REF
    SR: Ref = NULL_REF
    currently_attached: bool = False


class Certificate(Record, frozen=True, kw_only=True, gc=False):
    """A certificate of a host. Only those of type `host` are shown to clients; `fingerprint` is SHA-256 as well."""

    type: str = "host"
    host: Ref = NULL_REF
    fingerprint: str = ""
    fingerprint_sha256: str = ""


class Task(Record, frozen=True, kw_only=True, gc=False):
    """A XAPI task. `progress` is 0 to 1; `result` is the XML text of a value, as XAPI gives it."""

    name_label: str = ""
    created: datetime | None = None
    finished: datetime | None = None
    status: str = "pending"
    progress: float = 0.0
    result: str = ""
    error_info: tuple[str, ...] = ()
    other_config: dict[str, str] = {}


class Message(Record, frozen=True, kw_only=True, gc=False):
    name: str = ""
    priority: int = 5
    cls: str = ""
    obj_uuid: str = ""
    timestamp: datetime | None = None
    body: str = ""


RECORD_TYPES: Mapping[str, type[Record]] = {
    "pool": Pool,
    "host": Host,
    "host_metrics": HostMetrics,
    "vm": VM,
    "vm_guest_metrics": GuestMetrics,
    "vbd": VBD,
    "vdi": VDI,
    "vif": VIF,
    "network": Network,
    "pif": PIF,
    "sdn_controller": SdnController,
    "sr": SR,
    "pbd": PBD,
    "certificate": Certificate,
    "vm_appliance": Appliance,
    "task": Task,
    "message": Message,
}
"""The classes the console follows, by the name `event.from` gives them."""


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An object appeared or changed (`record`), or went (`record` is None)."""

    ref: Ref
    class_name: str
    record: Record | None


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    """Everything there is, by class: by reference, and references by uuid."""

    by_ref: dict[type[Record], dict[Ref, Record]]
    by_uuid: dict[type[Record], dict[Uuid, Ref]]

    @classmethod
    def empty(cls) -> "Tables":
        kinds = RECORD_TYPES.values()
        return cls(by_ref={kind: {} for kind in kinds}, by_uuid={kind: {} for kind in kinds})

    def own(self, kind: type[Record]) -> None:
        """Take a copy of what is shared of a kind: a millisecond for 20,000 records."""
        self.by_ref[kind], self.by_uuid[kind] = self.by_ref[kind].copy(), self.by_uuid[kind].copy()

    def put(self, change: Change) -> None:
        """Take a change in. A later record of the same reference takes the place of the earlier one."""
        kind, record = RECORD_TYPES[change.class_name], change.record
        records, refs = self.by_ref[kind], self.by_uuid[kind]
        # Put where it was, not taken out and put behind: a dict that is treated so makes itself anew all the time.
        before = records.get(change.ref)
        if before is not None and (record is None or record.uuid != before.uuid):
            refs.pop(before.uuid, None)
        if record is None:
            records.pop(change.ref, None)
        else:
            records[change.ref] = record
            refs[record.uuid] = change.ref


class ChangeBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Changes that arrived together. `is_whole` starts anew: what it does not name is gone.

    A whole one may come as `tables` that somebody filled beforehand, elsewhere than on the loop: taking in 100,000
    changes one by one would make a window stand still.
    """

    changes: tuple[Change, ...] = ()
    is_whole: bool = False
    tables: Tables | None = None

    def all(self) -> Iterator[Change]:
        """Yield all it says, however it came."""
        yield from self.changes
        for class_name in RECORD_TYPES if self.tables is not None else ():
            yield from self.of(class_name)

    def of(self, class_name: str) -> Iterator[Change]:
        """Yield what it says of one class, however it came."""
        if self.tables is None:
            yield from (change for change in self.changes if change.class_name == class_name)
        else:
            for ref, record in self.tables.by_ref[RECORD_TYPES[class_name]].items():
                yield Change(ref=ref, class_name=class_name, record=record)

    def refs_of(self, class_name: str) -> Iterable[Ref]:
        """Return the references that it names of one class, without a `Change` for each."""
        if self.tables is None:
            return [change.ref for change in self.changes if change.class_name == class_name]
        return self.tables.by_ref[RECORD_TYPES[class_name]].keys()


R = TypeVar("R", bound=Record)


class Inventory:
    """A mirror of one pool's records, by reference and by uuid."""

    def __init__(self) -> None:
        self._tables = Tables.empty()
        self._shared: set[type[Record]] = set()  # kinds whose tables are still those of a batch

    def apply(self, batch: ChangeBatch) -> None:
        """Take a batch in. Of a whole one the tables are only looked at, and copied kind by kind as changes come."""
        if batch.is_whole:
            told = batch.tables or Tables.empty()
            self._tables = Tables(by_ref=told.by_ref.copy(), by_uuid=told.by_uuid.copy())
            self._shared = set(told.by_ref)
        for change in batch.changes:
            if (kind := RECORD_TYPES[change.class_name]) in self._shared:
                self._shared.discard(kind)
                self._tables.own(kind)
            self._tables.put(change)

    def all(self, kind: type[R]) -> Iterator[R]:
        return iter(self._tables.by_ref[kind].values())  # type: ignore[arg-type]

    def get(self, kind: type[R], ref: Ref) -> R | None:
        return self._tables.by_ref[kind].get(ref)  # type: ignore[return-value]

    def holding(self, kind: type[Record], ref: Ref) -> "Inventory | None":
        """Return the mirror that has the object: this one, or the one among several; None where it is nowhere."""
        return self if ref in self._tables.by_ref[kind] else None

    def by_uuid(self, kind: type[R], uuid: Uuid) -> R | None:
        ref = self._tables.by_uuid[kind].get(uuid)
        return None if ref is None else self.get(kind, ref)

    def count(self, kind: type[Record]) -> int:
        return len(self._tables.by_ref[kind])

    def total(self) -> int:
        return sum(len(records) for records in self._tables.by_ref.values())

    @property
    def pool(self) -> Pool | None:
        """The pool's own record; None before the first batch."""
        return next(self.all(Pool), None)
