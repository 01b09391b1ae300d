"""The window's loop: asyncio on Qt's own, so that a turn of a task is never cut into by another one."""

import asyncio
from typing import Any

from qasync import QEventLoop

LATER_S = 0.001


class WindowLoop(QEventLoop):  # type: ignore[misc] # the package has no types
    """A loop that puts off what comes due while Qt's events are processed inside a turn, or while it does not run.

    Whoever lets Qt process events inside a task, as a click that is acted out does, would otherwise let asyncio enter a
    second task: it refuses, and that task is never woken again.
    """

    def _add_callback(self, handle: asyncio.Handle, delay: float = 0) -> asyncio.Handle:
        patient = PatientHandle(handle._callback, handle._args, self, context=handle._context)  # type: ignore[attr-defined] # noqa: SLF001
        return self.put_off(patient, delay)

    def put_off(self, handle: asyncio.Handle, delay: float = LATER_S) -> asyncio.Handle:
        put: asyncio.Handle = super()._add_callback(handle, delay)
        return put


class PatientHandle(asyncio.Handle):
    """Waits until its loop runs and no task is having its turn."""

    def _run(self) -> None:
        loop: Any = self._loop  # type: ignore[attr-defined]
        is_running = asyncio._get_running_loop() is loop  # noqa: SLF001 - the public one raises where none runs
        if is_running and asyncio.current_task(loop) is None:
            super()._run()
        else:
            loop.put_off(self)
