"""What bringing fields back asks of a pool."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from xsconsole.domain.actions.mends import MendedField
from xsconsole.domain.ids import Uuid


class MendingPort(Protocol):
    """Fields of machines. Raises as `PoolPort` does."""

    async def write_fields(self, vm: Uuid, fields: Sequence[MendedField]) -> None:
        """Write fields of a machine, together where they depend on each other."""

    async def macs_of(self, vm: Uuid) -> Mapping[str, str]:
        """Return the MAC addresses of a machine by device of the interface."""

    async def give_macs(self, vm: Uuid, macs: Mapping[str, str]) -> None:
        """Let interfaces of a halted machine have these MAC addresses, by device; they are made anew for it."""

    async def set_interfaces(self, vm: Uuid, networks: Mapping[str, Uuid]) -> None:
        """Let a halted machine have exactly these interfaces, by device: others go, and new ones have new addresses."""
