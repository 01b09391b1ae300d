"""The part of the port on the pool of values that changes machines where they stand."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.engine.memory_pool import MemoryPool
from xsconsole.domain.ids import NULL_REF, RunId, Uuid
from xsconsole.engine.ports import Progress


@dataclass(slots=True)
class MemoryServices:
    """Machines that stay where they are."""

    pool: MemoryPool
    do: Callable[..., Awaitable[Any]]

    async def suspend(self, vm: Uuid, run: RunId, on_progress: Progress) -> None:
        def suspend() -> None:
            self.pool.demand(vm, "suspend", ("Running",))
            self.pool.change(vm, power_state="Suspended")

        await self.do("suspend", suspend, on_progress)

    async def resume(self, vm: Uuid, run: RunId, on_progress: Progress, host: Uuid | None = None) -> None:
        def resume() -> None:
            self.pool.demand(vm, "resume", ("Suspended",))
            self.pool.change(vm, power_state="Running")

        await self.do("resume", resume, on_progress)

    async def take_for_off(self, vm: Uuid) -> None:
        await self.do("take_for_off", lambda: self.pool.change(vm, power_state="Halted", resident_on=NULL_REF))
