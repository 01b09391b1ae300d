"""Machines that stay where they are: the engine's `ServicePort` over session and tasks."""

from xsconsole.domain.ids import RunId, Uuid
from xsconsole.engine.ports import Progress
from xsconsole.xapi.session import PoolSession
from xsconsole.xapi.tasks import Tasks


class XapiServices:
    """Power beside start and shutdown, for the machines of one pool."""

    def __init__(self, session: PoolSession, tasks: Tasks) -> None:
        self._session = session
        self._tasks = tasks

    async def suspend(self, vm: Uuid, run: RunId, on_progress: Progress) -> None:
        ref = await self._session.call("VM.get_by_uuid", vm)
        await self._tasks.run("VM.suspend", ref, run=run, on_progress=on_progress)

    async def resume(self, vm: Uuid, run: RunId, on_progress: Progress, host: Uuid | None = None) -> None:
        ref = await self._session.call("VM.get_by_uuid", vm)
        start_paused, force = False, False
        if host is None:
            await self._tasks.run("VM.resume", ref, start_paused, force, run=run, on_progress=on_progress)
        else:
            place = await self._session.call("host.get_by_uuid", host)
            await self._tasks.run("VM.resume_on", ref, place, start_paused, force, run=run, on_progress=on_progress)

    async def take_for_off(self, vm: Uuid) -> None:
        await self._session.call("VM.power_state_reset", await self._session.call("VM.get_by_uuid", vm))
