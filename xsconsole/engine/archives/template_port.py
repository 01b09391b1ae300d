"""What archives in a pool ask of it beside what copies do."""

from dataclasses import dataclass
from typing import Protocol

from xsconsole.domain.ids import Ref, Uuid


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """What a machine belongs to that no template does: high availability, a vApp by uuid, a schedule."""

    ha_restart_priority: str = ""
    appliance: Uuid | None = None
    schedule: Ref | None = None


class TemplatePort(Protocol):
    """Machines that become templates, and the other way round. Raises as `PoolPort` does."""

    async def make(self, vm: Uuid) -> None:
        """Make a halted machine a template that belongs to nothing; one that is, stays so."""

    async def unmake(self, vm: Uuid, belonging: Belonging) -> None:
        """Make a template a machine, and let it belong to what is still there of these."""
