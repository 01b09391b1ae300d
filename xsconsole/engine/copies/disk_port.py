"""What single disks ask of a pool."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from xsconsole.domain.actions.copies import Slot
from xsconsole.domain.actions.provisions import DiskShape
from xsconsole.domain.ids import RunId, Uuid
from xsconsole.engine.verbs.service_port import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A disk of a machine. `made` is the mark of the step that created it, `holders` how many machines have it."""

    disk: Uuid
    made: str
    holders: int


class DiskPort(Protocol):
    """Single disks of halted machines. Raises as `PoolPort` does."""

    async def at(self, vm: Uuid, device: str) -> Attached | None:
        """Return the disk of a machine at a device; None where there is none, or no machine."""

    async def named(self, name: str) -> tuple[Uuid, ...]:
        """Return the disks of exactly this name."""

    async def holders(self, disk: Uuid) -> int:
        """Return how many machines and snapshots have a disk."""

    async def create(self, name: str, made: str, size_bytes: int, sr: Uuid) -> None: ...

    async def rename(self, disk: Uuid, name: str) -> None: ...

    async def attach(self, vm: Uuid, disk: Uuid, slot: Slot) -> None: ...

    async def detach(self, vm: Uuid, disk: Uuid) -> None:
        """Take a disk from a machine; one that it has not is no error."""

    async def destroy(self, disk: Uuid, run: RunId) -> None:
        """Destroy a disk; one that is gone already is no error."""

    async def write(self, disk: Uuid, content: Callable[[], bytes], run: RunId, on_progress: Progress) -> None:
        """Write to the beginning of a disk, which must be large enough; `content` may be called on another thread."""

    async def make_of(self, vm: Uuid, disks: Mapping[str, DiskShape]) -> None:
        """Let disks of a machine, by device, be at least so large, and say what they are for."""
