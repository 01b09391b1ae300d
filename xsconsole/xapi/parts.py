"""Everything a pool has, asked for in parts: it encodes one of them while another one is read here."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import closing
from queue import SimpleQueue

from xsconsole.xapi.transport import Road

Part = tuple[str, ...]
Ask = Callable[[Road, Part], bytes]

# Two questions are always on their way: the pool lets each wait for a moment before it looks, and is never idle so.
ROADS = 2
# Of these a pool has very many: each is a part of its own, in this order, and the others are one.
NUMEROUS = ("vm", "vm_guest_metrics", "vif", "vdi", "vbd")


def parts_of(classes: Iterable[str]) -> list[Part]:
    """Return the classes in parts of which each is worth a question."""
    wanted = tuple(classes)
    others = tuple(name for name in wanted if name not in NUMEROUS)
    return [part for part in (others, *((name,) for name in NUMEROUS if name in wanted)) if part]


def answers(road: Road, parts: Iterable[Part], ask: Ask) -> Iterator[tuple[Part, bytes]]:
    """Yield each part with the body of its answer, in the order in which they come.

    Whatever `ask` raises ends it, and then `road` is of no more use.
    """
    with closing(Road(road.address)) as second, ThreadPoolExecutor(ROADS, thread_name_prefix="part") as threads:
        free: SimpleQueue[Road] = SimpleQueue()
        free.put(road)
        free.put(second)

        def answer(part: Part) -> tuple[Part, bytes]:
            own = free.get()
            try:
                return part, ask(own, part)
            finally:
                free.put(own)

        waiting: set[Future[tuple[Part, bytes]]] = {threads.submit(answer, part) for part in parts}
        try:
            for done in as_completed(waiting):
                waiting.discard(done)  # and its answer is not kept
                yield done.result()
        except BaseException:
            for one in waiting:
                one.cancel()
            road.abort()
            second.abort()
            raise
