"""What the engine asks of the world. Adapters in `xsconsole.xapi` and `xsconsole.store` give it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from xsconsole.domain.acts import Compression, ObjectId
from xsconsole.domain.canonical import Json
from xsconsole.domain.ids import RunId, Uuid
from xsconsole.domain.inventory import VM
from xsconsole.domain.jobs import PastJob
from xsconsole.domain.record import Fact, OpenRun
from xsconsole.engine.archives.network_port import NetworkPort as NetworkPort
from xsconsole.engine.archives.template_port import TemplatePort as TemplatePort
from xsconsole.engine.commands import Operate
from xsconsole.engine.copies.disk_port import Attached as Attached
from xsconsole.engine.copies.disk_port import DiskPort as DiskPort
from xsconsole.engine.moves.travel_port import Berth as Berth
from xsconsole.engine.moves.travel_port import TravelPort as TravelPort
from xsconsole.engine.outside_ports import MeasurementPort as MeasurementPort
from xsconsole.engine.outside_ports import Prober as Prober
from xsconsole.engine.verbs.mending_port import MendingPort
from xsconsole.engine.verbs.service_port import Progress as Progress
from xsconsole.engine.verbs.service_port import ServicePort as ServicePort

LEAST_PRIORITY = 5  # of a XAPI message

TransferProgress = Callable[[int, float], None]
"""Called with the bytes that were moved and with the pool's own 0 to 1, on the loop's thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who is logged in where. `session` digests the session reference; xapi's own log calls that `trackid`."""

    pool: Uuid
    pool_name: str
    actor: str
    role: str
    session: str
    trackid: str = ""
    sid: str = ""  # who that is in the directory, however the name was spelled; empty of a local user


class Field(StrEnum):
    """A string map that carries keys of ours."""

    POOL = "pool.other_config"
    GUI = "pool.gui_config"
    VM = "VM.other_config"
    BLOCKED = "VM.blocked_operations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a copy is given to be a machine, or a template, in its own right. `networks` are by device."""

    name: str
    order: int
    start_delay_s: int
    shutdown_delay_s: int
    networks: Mapping[str, Uuid]
    home: Uuid | None
    is_template: bool = False
    is_off_networks: bool = False  # its interfaces go


class CopyPort(Protocol):
    """Machines made of other machines. Raises as `PoolPort` does."""

    async def named(self, name: str) -> tuple[VM, ...]:
        """Return the machines of exactly this name; snapshots are none."""

    async def clone(self, source: Uuid, name: str, run: RunId, on_progress: Progress) -> None:
        """Make a linked clone of a halted machine or a snapshot."""

    async def copy(self, source: Uuid, name: str, sr: Uuid | None, run: RunId, on_progress: Progress) -> None:
        """Make a full copy, on `sr` or on the storages of the source."""

    async def send(self, source: Uuid, to: "CopyPort", sr: Uuid, run: RunId, on_progress: Progress) -> None:
        """Make a full copy of a halted machine or a snapshot, by its name, on a storage of another pool.

        What it needs is read here and written there; a network of the same name is taken, or made where there is none.
        """

    async def export(self, source: Uuid, file: Path, run: RunId, on_progress: Progress) -> "Transferred":
        """Write a halted machine or a snapshot as an XVA, over a file that is there; raises as `TransferPort` does."""

    async def export_into(self, source: Uuid, sink: "Sink", run: RunId, on_progress: Progress) -> "Transferred":
        """Write a halted machine or a template as an XVA to where others follow; raises as `TransferPort` does.

        What was written of one that fails is for the caller to remove.
        """

    async def bring(
        self, file: Path, sr: Uuid, run: RunId, on_progress: Progress, within: "Span | None" = None
    ) -> "tuple[tuple[Uuid, ...], Transferred]":
        """Make machines of an XVA, by the names in it, on a storage, with new addresses; as `send` does with networks.

        The XVA is the whole file, or a part of it. Raises as `TransferPort` does.
        """

    async def shape(self, vm: Uuid, shape: Shape) -> None:
        """Give a machine its shape, as often as wanted; tags and the priority of HA go."""

    async def destroy(self, vm: Uuid, run: RunId, keep: Collection[Uuid] | None) -> None:
        """Destroy a halted machine and the disks that only it has but those to `keep`; one that is gone is no error.

        With None it keeps every disk.
        """


class PlacingPort(MendingPort, Protocol):
    """Where a machine is, and bringing it elsewhere in its pool. Raises as `PoolPort` does."""

    async def networks_of(self, vm: Uuid) -> Mapping[str, Uuid]:
        """Return the networks of a machine by device of the interface."""

    async def put_on(self, vm: Uuid, networks: Mapping[str, Uuid]) -> None:
        """Put interfaces on networks, by device, also while the machine runs; they keep their MAC addresses."""

    async def wear(self, vm: Uuid, source: Uuid, networks: Mapping[str, Uuid]) -> None:
        """Give a halted machine exactly the interfaces of `source`, MAC addresses too, on networks by device."""

    async def storage_of(self, vm: Uuid, device: str) -> Uuid | None:
        """Return where the disk of a machine at a device is; None where there is none, or no machine."""

    async def move_disk(self, vm: Uuid, device: str, sr: Uuid, run: RunId, on_progress: Progress) -> None:
        """Move a disk to another storage, also while the machine runs."""

    async def home_of(self, vm: Uuid) -> Uuid | None:
        """Return the host that a machine prefers."""

    async def prefer(self, vm: Uuid, host: Uuid | None) -> None: ...

    async def host_of(self, vm: Uuid) -> Uuid | None:
        """Return the host that a machine runs on."""

    async def migrate(self, vm: Uuid, host: Uuid, run: RunId, on_progress: Progress) -> None:
        """Bring a running machine to another host."""

    async def company_of(self, vm: Uuid, *, has_schedule: bool) -> Mapping[str, str]:
        """Return the names of its `vApp` and, where it has one, of its `snapshot schedule`."""

    async def join(self, vm: Uuid, company: Mapping[str, str]) -> Mapping[str, str]:
        """Let it belong to those of these names; return which there are not. A vApp is made, a schedule is not."""


class PoolPort(Protocol):
    """One pool, as a run needs it. Objects are named by uuid.

    Reads ask the pool, not the mirror. Every call may raise `PoolUnavailable` (`ConnectionLost.was_sent` says whether
    it may have taken effect: writes are never repeated blindly) or `PoolFailed`. Calls that last accept `on_progress`.
    """

    @property
    def identity(self) -> Identity: ...

    @property
    def copies(self) -> CopyPort: ...

    @property
    def disks(self) -> DiskPort: ...

    @property
    def placing(self) -> PlacingPort: ...

    @property
    def travels(self) -> TravelPort: ...

    @property
    def services(self) -> ServicePort: ...

    @property
    def networks(self) -> NetworkPort: ...

    @property
    def templates(self) -> TemplatePort: ...

    async def time(self) -> datetime:
        """Return what the coordinator's clock says: the one that all consoles of the pool share."""

    async def until_available(self, timeout_s: float) -> None:
        """Wait for the road to be open again.

        Raises:
            PoolUnavailable: it stayed closed.
        """

    async def keys(self, field: Field, vm: Uuid | None = None) -> Mapping[str, str]:
        """Return a map's present keys; empty where the VM is gone."""

    async def add_key(self, field: Field, key: str, value: str, vm: Uuid | None = None) -> bool:
        """Insert a key atomically; False where it stands already (`MAP_DUPLICATE_KEY`)."""

    async def remove_key(self, field: Field, key: str, vm: Uuid | None = None) -> None:
        """Remove a key; an absent one is no error."""

    async def read_vm(self, vm: Uuid) -> VM | None: ...

    async def is_attended(self, vm: Uuid) -> bool:
        """Return whether the host answers that a machine is said to run on; False for one that is off or gone."""

    async def snapshots_of(self, vm: Uuid) -> tuple[VM, ...]: ...

    async def snapshot(self, vm: Uuid, name: str, run: RunId, on_progress: Progress) -> Uuid: ...

    async def revert(self, snapshot: Uuid, run: RunId, on_progress: Progress) -> None: ...

    async def destroy_snapshot(self, snapshot: Uuid, run: RunId) -> None:
        """Destroy a snapshot and the disks that only it has. One that is gone already is no error."""

    async def start(self, vm: Uuid, run: RunId, on_progress: Progress, host: Uuid | None = None) -> None:
        """Start a halted machine, on a host or, with None, where the pool chooses."""

    async def shut_down(self, vm: Uuid, run: RunId, on_progress: Progress, *, may_force: bool = False) -> None:
        """Shut down cleanly; with `may_force`, hard where the guest does not answer."""

    async def set_ha_restart_priority(self, vm: Uuid, priority: str) -> None: ...

    async def define_stage_field(self) -> None:
        """Add our custom field to XenCenter's shared definitions, keeping everybody else's."""

    async def announce(self, name: str, body: str, vm: Uuid | None = None, *, priority: int = LEAST_PRIORITY) -> None:
        """Leave a XAPI message at a VM or at the pool; 1 is the highest priority."""

    async def cancel(self, run: RunId) -> None:
        """Ask the pool to cancel what it does for `run`; whoever waits for it is told how it ended."""

    async def quiesce(self, run: RunId, timeout_s: float) -> None:
        """Wait until no task of `run` is pending on the pool; cancel those that outlast the time."""


class ObjectPort(Protocol):
    """What acts on single objects need of a pool. Raises as `PoolPort` does."""

    @property
    def identity(self) -> Identity: ...

    async def perform(self, command: Operate, item: ObjectId, mark: RunId, on_progress: Progress) -> Mapping[str, Json]:
        """Do the act to one object, and return once the pool says that it is done, with what is worth a record of it.

        `mark` is left at the pool's task. Whoever stops waiting leaves the task alone: it goes on. Only a transfer ends
        with whoever waits for it; it raises as `TransferPort` does.
        """

    async def follow(self, mark: RunId, on_progress: Progress) -> bool:
        """Wait for the end of what carries `mark`, such as after a restart; False where the pool knows of none."""

    async def read(self, item: ObjectId) -> Mapping[str, object]:
        """Return all fields of an object as the pool has them now; secrets are left out."""

    async def cancel(self, mark: RunId) -> None:
        """Ask the pool to cancel what carries `mark`; `perform` then tells how it ended."""


class DiskFormat(StrEnum):
    RAW = "raw"
    VHD = "vhd"


class Sink(Protocol):
    """What takes bytes on the thread of a transfer. It raises `StoreFailed` or `Refused` where it cannot."""

    def write(self, piece: bytes, /) -> object: ...

    def flush(self) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of a file."""

    offset: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred:
    """What went over the wire. `sha256` is that of exactly these bytes, in hexadecimal digits."""

    size_bytes: int
    sha256: str


class TransferPort(Protocol):
    """Whole machines and disks as files. Nothing is held in memory, and nothing unfinished keeps the file's name.

    Whoever stops waiting cancels. A transfer is done when the pool's task says so, not when the bytes end.

    Raises beside what every call may:
        Refused: the file is there already, or the pool sends the transfer to a host that is not its own.
        StoreFailed: the file cannot be read or written; `DiskFull`.
    """

    def stop(self, run: RunId) -> None:
        """Break what `run` moves; whoever waits for it is told that it was cancelled, or how it ended before that."""

    async def export_vm(
        self,
        vm: Uuid,
        file: Path,
        run: RunId,
        on_progress: TransferProgress,
        *,
        compression: Compression = Compression.NONE,
        replaces: bool = False,
    ) -> Transferred:
        """Write a halted or suspended VM, a template or a snapshot as an XVA.

        Where it `replaces` a file, that one stays until the new one is whole.
        """

    async def export_disk(
        self,
        disk: Uuid,
        file: Path,
        run: RunId,
        on_progress: TransferProgress,
        *,
        disk_format: DiskFormat = DiskFormat.RAW,
    ) -> Transferred: ...

    async def import_vm(
        self,
        file: Path,
        run: RunId,
        on_progress: TransferProgress,
        *,
        sr: Uuid | None = None,
        is_restore: bool = False,
        within: Span | None = None,
    ) -> tuple[tuple[Uuid, ...], Transferred]:
        """Make VMs of an XVA and return them; a restore keeps their uuids and the addresses of their interfaces.

        The XVA is the whole file, or a part of it.
        """


class Ledger(Protocol):
    """Journal and audit in one: a fact is committed with its row, or not at all."""

    async def record(self, *facts: Fact) -> int:
        """Commit the facts as one signed group and return the last sequence number.

        Raises:
            StoreFailed: nothing was written; whoever asked must not go on.
        """

    async def remember_nonce(self, nonce: str, thing: str) -> None:
        """Remember, before asking for a lease, by which nonce it is ours."""

    async def nonces(self) -> frozenset[str]: ...

    async def open_runs(self) -> tuple[OpenRun, ...]: ...

    async def jobs(self, limit: int) -> tuple[PastJob, ...]:
        """Return jobs of this home, newest first, with what became of each object as far as that is on record."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the present as aware UTC."""

    def monotonic_s(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class Ids(Protocol):
    def new(self) -> str:
        """Return a fresh random uuid, in text."""
