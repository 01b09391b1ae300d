"""The parent's side of the feed: starts the child process and hands over what it tells, on the loop's thread."""

import asyncio
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from xsconsole.domain.inventory import RECORD_TYPES, ChangeBatch, Tables
from xsconsole.xapi import frames
from xsconsole.xapi.frames import Beat, Begin, End, FeedConfiguration, Frame, LogInAgain, Lost, Resumed, Some
from xsconsole.xapi.login import Login

DEFAULT_COMMAND = (sys.executable, "-m", "xsconsole.xapi.feed_child")
END_TIMEOUT_S = 3.0
# So many batches may wait for the loop. Then the child waits with the next, and the pool makes one state of what
# changes meanwhile: a slow window costs no memory, here or there.
LARGEST_BACKLOG = 2
BREATH_S = 0.001  # between two frames of a large load the interpreter belongs to the window

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Who is told, on the loop's thread."""

    heard: Callable[[ChangeBatch], None]
    is_alive: Callable[[], None]
    is_lost: Callable[[str], None]  # the feed goes on trying
    has_resumed: Callable[[], None]  # and has told what changed meanwhile
    must_log_in: Callable[[str], None]  # the feed has ended
    has_died: Callable[[], None]


class Feed:
    """One child process that follows one log-in. `start` and `stop` block for a moment: call them on a thread."""

    def __init__(
        self, login: Login, listener: Listener, *, loop: asyncio.AbstractEventLoop, command: Sequence[str] | None = None
    ) -> None:
        self._login = login
        self._listener = listener
        self._loop = loop
        self._command = tuple(command or DEFAULT_COMMAND)
        self._process: subprocess.Popen[bytes] | None = None
        self._reader = threading.Thread(target=self._read, name="feed", daemon=True)
        self._lock = threading.Lock()  # a start that nobody waits for any more may meet the stop
        self._is_stopped = False
        self._whole: Tables | None = None  # filled on this thread, so that the loop has only to adopt it
        self._room = threading.Semaphore(LARGEST_BACKLOG)

    @property
    def process_id(self) -> int | None:
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the child.

        Raises:
            OSError: the command cannot be started.
        """
        with self._lock:
            if self._is_stopped:
                return
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert self._process.stdin is not None
            try:
                self._process.stdin.write(msgspec.json.encode(self._configuration()) + b"\n")
                self._process.stdin.flush()
            except BrokenPipeError:
                log.warning("the feed ended before it was told what to follow")  # its reader reports the death
            self._reader.start()

    def stop(self) -> None:
        """End the child and tell nothing more."""
        self._is_stopped = True
        self._room.release()  # the reader may be waiting for a loop that nobody runs any more
        with self._lock:
            if self._process is not None:
                self._end(self._process)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.close()
        except BrokenPipeError:
            log.debug("the feed was gone already")
        try:
            process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._reader.join()
        process.stdout.close()

    def _configuration(self) -> FeedConfiguration:
        address = self._login.address
        return FeedConfiguration(
            scheme=address.scheme,
            host=address.host,
            port=address.port,
            wire=address.wire,
            fingerprint=address.fingerprint,
            session=self._login.handle,
            classes=tuple(RECORD_TYPES),
        )

    def _read(self) -> None:
        """Decode what the child says. On a thread: asyncio's own subprocesses do not work on every loop."""
        assert self._process is not None
        assert self._process.stdout is not None
        has_ended = False
        for frame in frames.read_all(self._process.stdout):
            has_ended = isinstance(frame, LogInAgain)
            self._take(frame)
        if not has_ended:
            self._tell(self._listener.has_died)

    def _take(self, frame: Frame) -> None:
        match frame:
            case Begin():
                self._whole = Tables.empty()
            case Some() if self._whole is not None:
                for change in frame.changes:
                    self._whole.put(frames.unpacked(change))
                time.sleep(BREATH_S)
            case Some():
                changes = tuple(frames.unpacked(change) for change in frame.changes)
                self._hand_over(ChangeBatch(changes=changes))
            case End():
                assert self._whole is not None
                self._hand_over(ChangeBatch(is_whole=True, tables=self._whole))
                self._whole = None
            case Beat():
                self._tell(self._listener.is_alive)
            case Lost():
                self._whole = None
                self._tell(self._listener.is_lost, frame.cause)
            case Resumed():
                self._tell(self._listener.has_resumed)
            case LogInAgain():
                self._tell(self._listener.must_log_in, frame.cause)

    def _hand_over(self, batch: ChangeBatch) -> None:
        self._room.acquire()
        if self._is_stopped:
            self._room.release()  # and the next one does not wait either
        self._tell(self._take_in, batch)

    def _take_in(self, batch: ChangeBatch) -> None:
        try:
            self._listener.heard(batch)
        finally:
            self._room.release()

    def _tell(self, listener: Callable[..., None], *said: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._pass_on, listener, said)

    def _pass_on(self, listener: Callable[..., None], said: tuple[object, ...]) -> None:
        if not self._is_stopped:
            listener(*said)
