"""What storage and hosts can carry: copies take as long as their bytes need, and share what there is."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from xsconsole.simpool.calls import STEP_S, Call

BYTES_PER_S = float(20 << 30)
"""Of pool time. Nothing real is as fast; a pool for tests does not make everybody wait."""


MEMORY_BYTES_PER_S = float(2 << 30)
"""Of pool time: how fast the memory of VMs goes from host to host."""

LEAST_S = 0.01
"""Shorter waits of ours are saved up."""


@dataclass(slots=True, eq=False)
class Traffic:
    """The copies that are under way in one pool, and how fast its SRs are; or its hosts, for the memory of VMs."""

    bytes_per_s: float = BYTES_PER_S
    by_sr: dict[str, float] = field(default_factory=dict)
    _active: Counter[str] = field(default_factory=Counter)

    def limit(self, sr: str | None, bytes_per_s: float) -> None:
        """Say how much an SR, or with None every SR that nothing else is said of, can carry in a second.

        Raises:
            ValueError: it is nothing.
        """
        if not bytes_per_s > 0:
            raise ValueError("storage carries more than nothing")
        if sr is None:
            self.bytes_per_s = bytes_per_s
        else:
            self.by_sr[sr] = bytes_per_s

    def clear(self) -> None:
        self.bytes_per_s = BYTES_PER_S
        self.by_sr.clear()

    def share(self, sr: str) -> float:
        """Return the bytes a second that each copy on an SR has now."""
        return self.by_sr.get(sr, self.bytes_per_s) / max(1, self._active[sr])

    @contextmanager
    def busy(self, sr: str) -> Iterator[None]:
        """Take part in what an SR carries."""
        self._active[sr] += 1
        try:
            yield
        finally:
            self._active[sr] -= 1


async def carry(
    call: Call, size_bytes: float, ends: Sequence[tuple[Traffic, str]], *, start: float = 0.0, end: float = 1.0
) -> None:
    """Let the time pass that a copy of so many bytes takes, from end to end; the slowest of the `ends` decides.

    Raises:
        XapiError: TASK_CANCELLED.
    """
    clock, tasks = call.pool.clock, call.pool.tasks
    done = 0.0
    with ExitStack() as stack:
        for traffic, name in dict.fromkeys(ends):
            stack.enter_context(traffic.busy(name))
        while done < size_bytes:
            call.check_cancelled()
            rate, began = _rate(ends), clock.monotonic()
            await tasks.sleep(call.task, min(STEP_S * clock.speed, (size_bytes - done) / rate))
            # Others may have come or gone meanwhile: together they never carry more than there is.
            done += min(rate, _rate(ends)) * (clock.monotonic() - began)
            tasks.progress(call.task, start + (end - start) * min(1.0, done / size_bytes))
    call.check_cancelled()


class Passage:
    """What goes piece by piece between storage and a client; it takes its time and shows its progress."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._owed_bytes = 0.0
        self._progress = 0.0

    async def passed(self, sr: str, size_bytes: float, progress: float) -> None:
        """Let the time pass that so many bytes more take on an SR; then so much of all is done, from 0 to 1.

        Raises:
            XapiError: TASK_CANCELLED.
        """
        traffic = self._call.pool.traffic
        start, self._progress = self._progress, int(100 * progress) / 100
        self._owed_bytes += size_bytes
        if self._owed_bytes < LEAST_S * self._call.pool.clock.speed * traffic.share(sr):
            self._call.progress(self._progress)
            return
        owed, self._owed_bytes = self._owed_bytes, 0.0
        await carry(self._call, owed, ((traffic, sr),), start=start, end=self._progress)


def _rate(ends: Sequence[tuple[Traffic, str]]) -> float:
    return min(traffic.share(name) for traffic, name in ends)
