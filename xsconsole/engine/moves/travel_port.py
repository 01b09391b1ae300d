"""What machines on their way into another pool ask of the two."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from xsconsole.domain.ids import RunId, Uuid
from xsconsole.engine.verbs.service_port import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Berth:
    """Where a machine is put in another pool: on a host, its disks on storages, its interfaces on networks.

    `networks` and `storage` are by device. What they do not name of its snapshots goes where the machine has the same:
    a disk by device, an interface by MAC address. `snapshot_storage` is by snapshot and device with a slash between,
    `snapshot_networks` by MAC address. A disk that nothing names goes to `sr`.
    """

    host: Uuid
    sr: Uuid
    networks: Mapping[str, Uuid]
    storage: Mapping[str, Uuid] = field(default_factory=dict)
    snapshot_networks: Mapping[str, Uuid] = field(default_factory=dict)
    snapshot_storage: Mapping[str, Uuid] = field(default_factory=dict)


class TravelPort(Protocol):
    """Machines on their way into another pool, with their disks and snapshots. Raises as `PoolPort` does."""

    async def may_go(self, vm: Uuid, to: "TravelPort", berth: Berth) -> None:
        """Ask both pools whether a machine could go there; `PoolFailed` says why not."""

    async def go(self, vm: Uuid, to: "TravelPort", berth: Berth, run: RunId, on_progress: Progress) -> None:
        """Move a machine there. It stays the same one, goes on running if it runs, and is no more in this pool."""

    async def stream(self, vm: Uuid, to: "TravelPort", sr: Uuid, run: RunId, on_progress: Progress) -> None:
        """Make a halted machine there once more, through this console, with all its disks on storage `sr`.

        It is the same one, by uuid and by the addresses of its interfaces, without its snapshots; here it stays as it
        is. A network of the same name is taken, or made where there is none.
        """

    async def land(self, vm: Uuid, networks: Mapping[str, Uuid]) -> None:
        """Put what arrived on these networks, by device; those go that its import made and nothing is on any more."""
