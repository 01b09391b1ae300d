"""Machines and disks to files and back: streamed, hashed on the way, and believed only when the task says so."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, TypeVar

from xsconsole.domain.acts import Compression
from xsconsole.domain.ids import Ref, RunId, Uuid
from xsconsole.domain.inventory import Task
from xsconsole.engine.ports import DiskFormat, Sink, Span, TransferProgress, Transferred
from xsconsole.errors import ConnectionLost, ConsoleError, NotPermitted, PoolFailed, Refused
from xsconsole.xapi.errors import RoadBroken
from xsconsole.xapi.hosts import KnownHosts
from xsconsole.xapi.session import PoolSession
from xsconsole.xapi.streams import HttpRefused, Request, Stream
from xsconsole.xapi.tasks import Tasks
from xsconsole.xapi.trust import Trust

T = TypeVar("T")

PART = ".part"
END_TIMEOUT_S = 120.0  # between the last byte and the end of the task
WHY_TIMEOUT_S = 5.0
STOPPED_TIMEOUT_S = 1.0
TELL_EVERY_S = 0.1
NOT_ASKED_FOR = 401


class XapiTransfers:
    """The engine's `TransferPort` on a real wire."""

    def __init__(self, session: PoolSession, tasks: Tasks, hosts: KnownHosts, trust: Trust) -> None:
        self._session = session
        self._tasks = tasks
        self._hosts = hosts
        self._trust = trust
        self._moving: dict[RunId, list[Stream]] = {}
        self._stopped: set[RunId] = set()

    def stop(self, run: RunId) -> None:
        """Break what a run moves, at once: a host may take its time before it looks whether a task is cancelled."""
        if run in self._moving:
            self._stopped.add(run)
            for stream in self._moving[run]:
                stream.abort()

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
        query: dict[str, str] = {"uuid": vm}
        if compression is not Compression.NONE:
            query["use_compression"] = compression.value
        return await self._download("export", "/export", query, file, run, on_progress, replaces=replaces)

    async def export_into(self, vm: Uuid, sink: Sink, run: RunId, on_progress: TransferProgress) -> Transferred:
        query: dict[str, str] = {"uuid": vm}
        task, received = await self._moved(
            "export",
            lambda stream, cookie: stream.fetch(Request(verb="GET", path="/export", query=query, cookie=cookie), sink),
            run,
            on_progress,
        )
        self._tasks.result_of(task, "export")
        return received

    async def export_disk(
        self,
        disk: Uuid,
        file: Path,
        run: RunId,
        on_progress: TransferProgress,
        *,
        disk_format: DiskFormat = DiskFormat.RAW,
    ) -> Transferred:
        query = {"vdi": disk, "format": disk_format.value}
        return await self._download("export of a disk", "/export_raw_vdi", query, file, run, on_progress)

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
        query = {"restore": str(is_restore).lower()}
        if sr is not None:
            query["sr_uuid"] = sr
        task, sent = await self._moved(
            "import",
            lambda stream, cookie: stream.upload(
                Request(verb="PUT", path="/import", query=query, cookie=cookie), file, within
            ),
            run,
            on_progress,
        )
        refs = self._tasks.result_of(task, "import")
        uuids = [Uuid(await self._session.call("VM.get_uuid", ref)) for ref in refs]
        return tuple(uuids), sent

    async def write_disk(
        self, disk: Uuid, content: Callable[[], bytes], run: RunId, on_progress: TransferProgress
    ) -> Transferred:
        """Write `content`, which is made on the transfer's thread, to the beginning of a disk that is large enough."""
        query = {"vdi": disk, "format": DiskFormat.RAW.value}
        task, sent = await self._moved(
            "import of a disk",
            lambda stream, cookie: stream.put(
                Request(verb="PUT", path="/import_raw_vdi", query=query, cookie=cookie), content()
            ),
            run,
            on_progress,
        )
        self._tasks.result_of(task, "import of a disk")
        return sent

    async def send(
        self,
        vm: Uuid,
        to: "XapiTransfers",
        sr: Uuid,
        run: RunId,
        on_progress: TransferProgress,
        *,
        is_restore: bool = False,
    ) -> tuple[tuple[Uuid, ...], Transferred]:
        """Make a machine of another pool like one of this pool, or like a snapshot: with new uuid and MAC addresses.

        A restore keeps both. What this pool exports goes to the other one piece by piece, through this console, and
        nothing is kept of it.

        Raises:
            PoolFailed: one of the two said no, or what arrived is not what was sent.
        """
        reading, writing = os.pipe()
        source, sink = os.fdopen(reading, "rb"), os.fdopen(writing, "wb")

        def fetch(stream: Stream, cookie: str) -> Transferred:
            with sink:  # its end is what the other side waits for
                return stream.fetch(Request(verb="GET", path="/export", query={"uuid": vm}, cookie=cookie), sink)

        taking = asyncio.create_task(self._moved("export", fetch, run, on_progress), name="export")
        giving = asyncio.create_task(to.receive(source, sr, run, is_restore=is_restore), name="import")
        try:
            await asyncio.wait((taking, giving), return_when=asyncio.FIRST_EXCEPTION)
            for first in (taking, giving):
                if first.done():
                    first.result()  # what failed is raised: the other side then only lost who it spoke with
        finally:
            taking.cancel()
            giving.cancel()
            await asyncio.gather(taking, giving, return_exceptions=True)
            for end in (source, sink):
                with contextlib.suppress(OSError):
                    end.close()
        (exported, sent), (made, received) = taking.result(), giving.result()
        self._tasks.result_of(exported, "export")
        if sent.sha256 != received.sha256:
            raise PoolFailed(code="IMPORT_ERROR_SOME_CHECKSUMS_FAILED", method="import")
        return made, sent

    async def receive(
        self, source: BinaryIO, sr: Uuid, run: RunId, *, is_restore: bool
    ) -> tuple[tuple[Uuid, ...], Transferred]:
        """Make machines of what comes from `source`, on a storage; raises as `import_vm` does."""

        def feed(stream: Stream, cookie: str) -> Transferred:
            query = {"restore": str(is_restore).lower(), "sr_uuid": sr}
            with source:
                return stream.feed(Request(verb="PUT", path="/import", query=query, cookie=cookie), source)

        task, received = await self._moved("import", feed, run, lambda *_: None)
        refs = self._tasks.result_of(task, "import")
        return tuple([Uuid(await self._session.call("VM.get_uuid", ref)) for ref in refs]), received

    async def _download(
        self,
        what: str,
        path: str,
        query: Mapping[str, str],
        file: Path,
        run: RunId,
        on_progress: TransferProgress,
        *,
        replaces: bool = False,
    ) -> Transferred:
        if not replaces and await asyncio.to_thread(os.path.lexists, file):
            raise Refused(reason=f"{file} is there already.", mend="Choose another name, or remove it first.")
        part = file.with_name(file.name + PART)
        try:
            task, received = await self._moved(
                what,
                lambda stream, cookie: stream.download(
                    Request(verb="GET", path=path, query=query, cookie=cookie), part
                ),
                run,
                on_progress,
            )
            self._tasks.result_of(task, what)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
        return received

    async def _moved(
        self,
        what: str,
        work: Callable[[Stream, str], Transferred],
        run: RunId,
        on_progress: TransferProgress,
    ) -> tuple[Task, Transferred]:
        """Move bytes behind a task of ours, and return it as it ended: a host may fail after it began to send."""
        login = self._session.login
        ref = Ref(await self._session.call("task.create", f"xsconsole: {what}", ""))
        telling = _Telling(on_progress, asyncio.get_running_loop())
        stream = Stream(login.address, trust=self._trust, is_of_pool=self._hosts.has, on_bytes=telling.hear_bytes)
        self._moving.setdefault(run, []).append(stream)
        executor = ThreadPoolExecutor(1, thread_name_prefix="transfer")
        ending = asyncio.create_task(self._tasks.ended(ref, what, telling.hear_share), name=what)
        cookie = f"session_id={login.handle}; task_id={ref}"
        moving = asyncio.get_running_loop().run_in_executor(executor, work, stream, cookie)
        is_over = False
        try:
            await self._tasks.mark(ref, run)
            moved = await asyncio.shield(moving)
            async with asyncio.timeout(END_TIMEOUT_S):
                task = await ending
            is_over = True
        except (RoadBroken, HttpRefused) as failure:
            raise await self._why(failure, ending, what, is_stopped=run in self._stopped) from failure
        except TimeoutError as failure:
            raise self._lost(f"the task of the {what} does not end") from failure
        finally:
            self._moving[run].remove(stream)
            if not self._moving[run]:
                del self._moving[run]
                self._stopped.discard(run)
            stream.abort()
            ending.cancel()
            await asyncio.shield(self._tidied(ref, moving, ending, is_over=is_over))
            executor.shutdown(wait=False)
        return task, moved

    async def _why(
        self, failure: RoadBroken | HttpRefused, ending: asyncio.Task[Task], what: str, *, is_stopped: bool
    ) -> ConsoleError:
        """Return what the task says of a transfer that broke, and where it says nothing what the connection does."""
        await asyncio.wait((ending,), timeout=STOPPED_TIMEOUT_S if is_stopped else WHY_TIMEOUT_S)
        if is_stopped and not ending.done():
            return PoolFailed(code="TASK_CANCELLED", method=what)
        if ending.done():
            try:
                self._tasks.result_of(ending.result(), what)
            except ConsoleError as said:
                return said
        if isinstance(failure, HttpRefused):
            if failure.status == NOT_ASKED_FOR:
                return self._session.lost()
            return PoolFailed(code=f"HTTP_{failure.status}", method=what)
        return self._lost(failure.cause)

    async def _tidied(
        self,
        ref: Ref,
        moving: "asyncio.Future[Transferred]",
        ending: "asyncio.Task[Task]",
        *,
        is_over: bool,
    ) -> None:
        await asyncio.gather(moving, ending, return_exceptions=True)
        with contextlib.suppress(ConsoleError, TimeoutError):
            if not is_over:
                await self._session.cancel(ref)
                # Who never reached a handler has nobody who would end the task.
                with contextlib.suppress(PoolFailed, NotPermitted):
                    await self._session.call("task.set_status", ref, "cancelled")
            await self._tasks.tidy(ref)

    def _lost(self, cause: str) -> ConnectionLost:
        return ConnectionLost(pool=self._session.pool_name, cause=cause, was_sent=True)


class _Telling:
    """Brings what the transfer's thread and the feed know together, on the loop and not too often."""

    def __init__(self, on_progress: TransferProgress, loop: asyncio.AbstractEventLoop) -> None:
        self._on_progress = on_progress
        self._loop = loop
        self._size_bytes = 0
        self._share = 0.0
        self._told_s = 0.0

    def hear_bytes(self, size_bytes: int) -> None:
        """Called on the transfer's thread."""
        now_s = time.monotonic()
        if now_s - self._told_s >= TELL_EVERY_S:
            self._told_s = now_s
            with contextlib.suppress(RuntimeError):  # the loop may be closed
                self._loop.call_soon_threadsafe(self._tell, size_bytes)

    def hear_share(self, share: float) -> None:
        self._share = share
        self._on_progress(self._size_bytes, share)

    def _tell(self, size_bytes: int) -> None:
        self._size_bytes = size_bytes
        self._on_progress(size_bytes, self._share)
