"""The part of the port on the pool of values that makes templates of machines."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.engine.memory_pool import MemoryPool
from xsconsole.domain.ids import NULL_REF, Uuid
from xsconsole.domain.inventory import Appliance
from xsconsole.engine.archives.template_port import Belonging


@dataclass(slots=True)
class MemoryTemplates:
    """Templates of the pool."""

    pool: MemoryPool
    do: Callable[..., Awaitable[Any]]

    async def make(self, vm: Uuid) -> None:
        def make() -> None:
            self.pool.demand(vm, "make_into_template", ("Halted",))
            free = {"ha_restart_priority": "", "appliance": NULL_REF, "snapshot_schedule": NULL_REF}
            self.pool.change(vm, is_a_template=True, **free)

        await self.do("make_template", make)

    async def unmake(self, vm: Uuid, belonging: Belonging) -> None:
        def unmake() -> None:
            records = self.pool.records.values()
            known = {record.uuid: record.ref for record in records if isinstance(record, Appliance)}
            self.pool.change(
                vm,
                is_a_template=False,
                ha_restart_priority=belonging.ha_restart_priority,
                appliance=known.get(belonging.appliance or Uuid(""), NULL_REF),
                snapshot_schedule=belonging.schedule or NULL_REF,
            )

        await self.do("unmake_template", unmake)
