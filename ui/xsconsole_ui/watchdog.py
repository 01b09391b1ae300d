"""Watches the GUI thread: how long its turns take, and which line of Python keeps it when one takes too long.

A turn is what the thread does between two waits of Qt's event loop. Its length is the processor time it used, plus what
it waited for inside the turn (a lock, the interpreter, a disk), which a beat that comes too late gives away. Time in
which the thread could have run but another process had the processor is left out where the system tells it.
"""

import faulthandler
import logging
import os
import re
import tempfile
import threading
import time
import traceback
from array import array
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QAbstractEventDispatcher, QObject, Qt, QTimer, Signal, Slot

from xsconsole_ui.event_note import EventNote

BEAT_MS = 5
LOOK_S = 0.01
FRAME_MS = 16.0
STALL_MS = 50.0
BUCKET_MS = 0.1
BUCKETS = 20_000  # up to two seconds; longer turns count as that, and the longest is kept beside
KEPT_STALLS = 200
THREAD = re.compile("hread 0x([0-9a-f]+) ")
CALL = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)
Place = tuple[str, int, str]
"""A file, a line in it, and the name of the function."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFigures:
    """The distribution of turns. Times are in milliseconds."""

    count: int
    p50_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float
    over_16_ms: int
    over_50_ms: int

    def __str__(self) -> str:
        return (
            f"{self.count} turns; p50 {self.p50_ms:.1f} ms, p99 {self.p99_ms:.1f} ms, p99.9 {self.p999_ms:.1f} ms, "
            f"longest {self.max_ms:.1f} ms; {self.over_16_ms} over 16 ms, {self.over_50_ms} over 50 ms"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """A turn of more than 50 ms.

    `where` is `file:line in function`, or says what kept it where no line of the thread was caught at it; `event` is
    what Qt was at, such as `QPaintEvent of QTableView`.
    """

    duration_ms: float
    where: str
    stack: str
    event: str = ""


class Histogram:
    """Counts durations in steps of a tenth of a millisecond."""

    def __init__(self) -> None:
        self._counts = array("L", bytes(array("L").itemsize * BUCKETS))
        self._count = 0
        self._longest_ms = 0.0

    def add(self, duration_ms: float) -> None:
        bucket = int(duration_ms / BUCKET_MS)
        self._counts[min(BUCKETS - 1, max(0, bucket))] += 1
        self._count += 1
        self._longest_ms = max(self._longest_ms, duration_ms)

    def figures(self) -> TurnFigures:
        def over(limit_ms: float) -> int:
            return sum(self._counts[round(limit_ms / BUCKET_MS) :])

        return TurnFigures(
            count=self._count,
            p50_ms=self._quantile(0.5),
            p99_ms=self._quantile(0.99),
            p999_ms=self._quantile(0.999),
            max_ms=self._longest_ms,
            over_16_ms=over(FRAME_MS),
            over_50_ms=over(STALL_MS),
        )

    def _quantile(self, part: float) -> float:
        """Return the upper end of the step in which that part of all turns ends, but never more than the longest."""
        wanted, seen = part * self._count, 0
        for bucket, count in enumerate(self._counts):
            seen += count
            if seen >= wanted:
                return min((bucket + 1) * BUCKET_MS, self._longest_ms)
        return self._longest_ms


class RunDelay:
    """How long a thread has been ready to run while the processor was with somebody else, in nanoseconds."""

    def __init__(self, thread: int) -> None:
        path = f"/proc/self/task/{thread}/schedstat"
        self._file = os.open(path, os.O_RDONLY) if Path(path).is_file() else None

    def read(self) -> int:
        if self._file is None:
            return 0
        fields = os.pread(self._file, 96, 0).split()
        return int(fields[1]) if len(fields) > 1 else 0

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class Watchdog(QObject):
    """Watches the thread it is started on. Costs some microseconds a turn, and a beat every 5 ms."""

    stalled = Signal(object)  # Stall

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._histogram = Histogram()
        self._stalls: list[Stall] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._delay: RunDelay | None = None
        self._witness: _Witness | None = None
        self._events = EventNote(self)
        self._dispatcher: QAbstractEventDispatcher | None = None
        self._used_ns = 0  # at the end of the last turn
        self._waited_ms = 0.0  # inside the present turn
        self._beat_ns = self._beat_used_ns = self._beat_delay_ns = 0

    @property
    def figures(self) -> TurnFigures:
        return self._histogram.figures()

    @property
    def stalls(self) -> tuple[Stall, ...]:
        """The last stalls, oldest first."""
        return tuple(self._stalls)

    @property
    def is_watching(self) -> bool:
        return self._witness is not None

    def start(self) -> None:
        if self._witness is not None:
            return
        self._delay = RunDelay(threading.get_native_id())
        self._dispatcher = QAbstractEventDispatcher.instance()
        if self._dispatcher is not None:
            self._dispatcher.aboutToBlock.connect(self._end_turn)
        self._mark()
        self._used_ns = self._beat_used_ns
        self._waited_ms = 0.0
        self._witness = _Witness(threading.get_ident())
        self._witness.start()
        self._events.start()
        self._timer.start()

    def stop(self) -> None:
        """End the watch; the figures stay."""
        if self._witness is None or self._delay is None:
            return
        self._timer.stop()
        if self._dispatcher is not None:
            self._dispatcher.aboutToBlock.disconnect(self._end_turn)
        self._events.stop()
        self._witness.end()
        self._delay.close()
        self._witness = self._delay = self._dispatcher = None

    def begin_anew(self) -> None:
        """Forget what was counted so far, such as the start of the program."""
        self._histogram = Histogram()
        self._stalls.clear()

    def _mark(self) -> None:
        self._beat_ns = time.perf_counter_ns()
        self._beat_used_ns = time.thread_time_ns()
        self._beat_delay_ns = self._delay.read() if self._delay is not None else 0

    @Slot()
    def _beat(self) -> None:
        before, used, delay = self._beat_ns, self._beat_used_ns, self._beat_delay_ns
        self._mark()
        late_ms = (self._beat_ns - before) / 1e6 - BEAT_MS
        others_ms = (self._beat_delay_ns - delay) / 1e6
        own_ms = (self._beat_used_ns - used) / 1e6
        self._waited_ms += max(0.0, late_ms - others_ms - own_ms)
        note = self._witness.take() if self._witness is not None else None
        event = self._events.take()
        if late_ms - others_ms > STALL_MS:
            if note is None:
                note = FrameNote(
                    where=unseen(own_ms / (late_ms - others_ms)), stack=others_at_work(threading.get_ident())
                )
            self._tell(Stall(duration_ms=late_ms - others_ms, where=note.where, stack=note.stack, event=event))

    @Slot()
    def _end_turn(self) -> None:
        self._events.pause()
        used = time.thread_time_ns()
        self._histogram.add((used - self._used_ns) / 1e6 + self._waited_ms)
        self._used_ns = used
        self._waited_ms = 0.0

    def _tell(self, stall: Stall) -> None:
        self._stalls.append(stall)
        del self._stalls[:-KEPT_STALLS]
        log.warning(
            "the window stood still for %.0f ms at %s, in %s\n%s",
            stall.duration_ms,
            stall.where,
            stall.event or "no event",
            stall.stack,
        )
        self.stalled.emit(stall)


class _Witness(threading.Thread):
    """Looks at the watched thread from beside it, and notes what it does once a beat is overdue."""

    def __init__(self, watched: int) -> None:
        super().__init__(name="stall watchdog", daemon=True)
        self._watched = watched
        self._is_over = threading.Event()
        self._beat_s = time.monotonic()
        self._seen: FrameNote | None = None

    def take(self) -> "FrameNote | None":
        """Hear a beat, and return what was seen since the one before."""
        seen, self._seen = self._seen, None
        self._beat_s = time.monotonic()
        return seen

    def end(self) -> None:
        self._is_over.set()
        self.join()

    def run(self) -> None:
        while not self._is_over.wait(LOOK_S):
            if self._seen is None and time.monotonic() - self._beat_s > STALL_MS / 1000:
                places = self._look()
                bare = self._seen = note_of(places, reads_lines=False) if places else None
                if bare is not None:
                    whole = note_of(places)  # reading may take longer than the stall
                    if self._seen is bare:
                        self._seen = whole

    def _look(self) -> list[Place]:
        return places_of_threads().get(self._watched, [])


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameNote:
    where: str
    stack: str


def places_of_threads() -> dict[int, list[Place]]:
    """Return where each thread stands and how it came there, the first call first.

    As Python's own writer of faults has it: that lets nobody run meanwhile, and makes no objects of frames. As long as
    such an object is held, what its frame names lives on after the call, and ends in the thread that held it then: a
    painter of the window must not.
    """
    with tempfile.TemporaryFile() as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        text = file.read().decode("utf-8", errors="replace")
    found: dict[int, list[Place]] = {}
    for stack in text.split("\n\n"):
        thread = THREAD.search(stack)
        if thread is not None:
            calls = [(file, int(line), name) for file, line, name in CALL.findall(stack)]
            found[int(thread[1], 16)] = calls[::-1]
    return found


def note_of(places: list[Place], *, reads_lines: bool = True) -> FrameNote:
    file, line, name = places[-1]
    stack = [traceback.FrameSummary(*place, line=None if reads_lines else "") for place in places]
    where = f"{'/'.join(Path(file).parts[-2:])}:{line} in {name}"
    return FrameNote(where=where, stack="".join(traceback.StackSummary.from_list(stack).format()))


def unseen(own_part: float) -> str:
    """Return what kept a thread that nobody could look at, by the part of that time in which it had the processor."""
    if own_part > 0.5:
        return "native code that let no Python run"
    return "another thread that held the interpreter, or a halt of the whole process"


def others_at_work(watched: int) -> str:
    """Return where all other threads are now: one of them may just have let go what the watched one waited for."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    others = {ident: places for ident, places in places_of_threads().items() if ident != watched and places}
    return "".join(
        f"  thread {names.get(ident, str(ident))} at {note_of(places).where}\n" for ident, places in others.items()
    )
