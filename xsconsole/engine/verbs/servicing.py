"""Actions at machines of a configuration where it stands: is the effect there, perform it, undo it."""

from typing import assert_never

from xsconsole.domain.actions.service import Resume, ServiceAction, Suspend, SwitchOff
from xsconsole.domain.ids import Uuid
from xsconsole.engine.ports import Progress
from xsconsole.engine.runs.presence import Presence


class Servicing:
    """Performs them for one run; each can be repeated."""

    def __init__(self, presence: Presence) -> None:
        self._at = presence
        self._port = presence.pool.services

    async def is_there(self, action: ServiceAction) -> bool:
        state = (await self._at.vm(action.vm)).power_state
        match action:
            case Suspend():
                return state == "Suspended"
            case Resume():
                return state == "Running"
            case SwitchOff():
                return state == "Halted"
        assert_never(action)

    async def perform(self, action: ServiceAction, host: Uuid | None, on_progress: Progress) -> None:
        match action:
            case Suspend(vm=vm):
                await self._suspend(vm, on_progress)
            case Resume(vm=vm):
                await self._resume(vm, host, on_progress)
            case SwitchOff(vm=vm):
                await self._switch_off(vm, on_progress)
            case _:
                assert_never(action)

    async def undo(self, action: ServiceAction, on_progress: Progress) -> None:
        if not await self._at.exists(action.vm):
            return
        match action:
            case Suspend(vm=vm):
                await self._resume(vm, None, on_progress)
            case Resume(vm=vm):
                await self._suspend(vm, on_progress)
            case SwitchOff(vm=vm):
                pool, run = self._at.pool, self._at.run
                await self._at.bring_to("Running", vm, lambda: pool.start(vm, run, on_progress))
            case _:
                assert_never(action)

    async def _switch_off(self, vm: Uuid, on_progress: Progress) -> None:
        pool, run = self._at.pool, self._at.run
        await self._at.bring_to("Halted", vm, lambda: pool.shut_down(vm, run, on_progress, may_force=True))

    async def _suspend(self, vm: Uuid, on_progress: Progress) -> None:
        await self._at.bring_to("Suspended", vm, lambda: self._port.suspend(vm, self._at.run, on_progress))

    async def _resume(self, vm: Uuid, host: Uuid | None, on_progress: Progress) -> None:
        await self._at.bring_to("Running", vm, lambda: self._port.resume(vm, self._at.run, on_progress, host))
