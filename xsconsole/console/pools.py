"""Several pools at once. Each has a console of its own, with road, mirror, leases and runs; they share one home."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from xsconsole.console.bus import Bus
from xsconsole.console.clearances import Clearances
from xsconsole.console.door import Console
from xsconsole.console.neighbours import NamedBoards
from xsconsole.console.publication.publishing import Publishing
from xsconsole.console.values import Connection, Secret, Verb
from xsconsole.domain.events import Event, LinkState, PoolsChanged, RunChanged
from xsconsole.domain.ids import Uuid
from xsconsole.domain.naming import shortened
from xsconsole.engine.neighbours import Neighbour
from xsconsole.engine.plans.lands import Land
from xsconsole.errors import NotFound, NotPermitted, Refused

E = TypeVar("E", bound=Event)


class Pools:
    """The pools that one home is connected to, or would be: `first`, and others beside it.

    Lives on the loop's thread. A command is given to the console of the pool that it is for: `of(pool).do(command)`.
    A pool whose connection broke, or could not be made again, stays among them with what was last known of it.
    """

    def __init__(self, first: Console, *, equips_all: bool = False) -> None:
        """Begin with one pool. `equips_all`: each that has no workflow is given the default one, not only the first."""
        self._equips_all = equips_all
        self._opener = first  # holds the home, and is closed last
        self._consoles = [first]
        self._busy: set[Console] = set()  # connecting
        self.expected: tuple[str, ...] = ()  # what will be connected to, before there is a word of it
        self._bus = Bus()
        self._ends: dict[Console, Callable[[], None]] = {}
        self._clearances = Clearances(lambda: tuple(self), first.home.clock)
        self._bus.subscribe(RunChanged, self._hear_run)
        self._introduce(first)
        # Who publishes from the first one publishes to all.
        self.publishing = first.publishing = Publishing(first.home, lambda: tuple(self))
        first.abroad = self

    def __iter__(self) -> Iterator[Console]:
        """Yield the consoles that have a pool, the first one first."""
        return (console for console in self._consoles if console.identity is not None)

    @property
    def first(self) -> Console:
        """The console that has stood here the longest; without any pool, one that waits for its first."""
        return self._consoles[0]

    @property
    def all(self) -> tuple[Console, ...]:
        """All consoles, also those without a connection."""
        return tuple(self._consoles)

    def land(self, pool: Uuid) -> Land | None:
        """Return what is to be seen of a pool that a plan leads to."""
        console = self._of(pool)
        if console is None:
            return None
        actor = console.identity.actor if console.identity is not None else None
        told = partial(self._clearances.told, pool)
        return Land(board=console.board, inventory=console.inventory, actor=actor, told=told)

    def neighbour(self, pool: Uuid) -> Neighbour | None:
        """Return the engine of a pool for a run that leads there; None where there is no connection to it.

        Raises:
            NotPermitted: the role of the log-in there may not all.
        """
        console = self._of(pool)
        if console is None or console.identity is None:
            return None
        denial = next((found for verb in Verb if (found := console.denial(verb)) is not None), None)
        if denial is not None:
            name = shortened(console.identity.pool_name, 60)
            raise NotPermitted(reason=f"In pool “{name}”: {denial.reason}", mend=denial.mend)
        return console.engine.as_neighbour()

    async def answered(self) -> None:
        """Wait until the pools have answered what was asked of machines that would move between them."""
        await self._clearances.answered()

    def _hear_run(self, event: RunChanged) -> None:
        runs = (run for console in self._consoles for run in console.runs if run.run == event.run)
        if any(run.error is not None and run.ended_at is not None for run in runs):
            self._clearances.distrust()

    def _of(self, pool: Uuid) -> Console | None:
        live = (one for one in self if one.link.state is LinkState.LIVE)
        return next((one for one in live if _pool_of(one) == pool), None)

    def subscribe(self, kind: type[E], handler: Callable[[E], None]) -> Callable[[], None]:
        """Call `handler` on the loop's thread for each event of `kind` of any pool; the answer ends it."""
        return self._bus.subscribe(kind, handler)

    def publish(self, event: Event) -> None:
        """Tell what is about all pools together."""
        self._bus.publish(event)

    def expect(self, names: tuple[str, ...]) -> None:
        """Say what will be connected to as soon as it is known where it is; nothing is expected any more: none."""
        if names != self.expected:
            self.expected = names
            self._bus.publish(self.first.link)

    def of(self, pool: Uuid) -> Console:
        """Return the console of a pool.

        Raises:
            NotFound: this home is not connected to it; with the names of those that it is connected to.
        """
        for console in self:
            if _pool_of(console) == pool:
                return console
        names = tuple(console.identity.pool_name for console in self if console.identity is not None)
        raise NotFound(reason="There is no connection to that pool.", mend="Connect to it first.", choices=names)

    async def connect(self, connection: Connection, password: Secret) -> Console:
        """Connect to one more pool, or again to one whose connection broke, and return the console that shows it.

        Raises:
            Refused: there is a connection to that pool already.
            ConnectFailed, StoreFailed: as `Console.connect` does; the other pools stay as they are.
        """
        console = self._place_for(connection.url)
        self._busy.add(console)
        try:
            await console.connect(connection, password)
            pool = _pool_of(console)
            for other in self.all:
                if other is not console and pool in (_pool_of(other), _shown_pool(other)):
                    if other.link.state is LinkState.LIVE:
                        raise _already(connection.url)
                    await self.leave(other)
        except BaseException:
            # What is known of its past stays to be looked at; a place that shows nothing is given up.
            if console.identity is not None or not console.inventory.total():
                await self.leave(console)
            raise
        finally:
            self._busy.discard(console)
        console.bus.publish(console.link)  # the road stood before it was known who is logged in
        return console

    async def recall(self, url: str) -> None:
        """Show what was last known of a pool, without a connection to it."""
        console = self._place_for(url)
        await console.last_known.recall(url)
        if not console.inventory.total() and console.identity is None and console not in self._busy:
            await self.leave(console)

    def _place_for(self, url: str) -> Console:
        """Return the console that showed this address before, one that shows nothing yet, or one more."""
        standing = next((console for console in self._consoles if console.url == url), None)
        if standing is not None:
            if standing.link.state is LinkState.LIVE or standing in self._busy:
                raise _already(url)
            return standing
        free = (one for one in self._consoles if one not in self._busy and one.identity is None)
        console = next((one for one in free if not one.inventory.total()), None) or self._opener.beside()
        if console not in self._consoles:
            self._take_in(console)
        console.url = url
        return console

    def _take_in(self, console: Console) -> None:
        self._consoles.append(console)
        self._introduce(console)
        console.abroad = self
        self._bus.publish(PoolsChanged())

    def _introduce(self, console: Console) -> None:
        self._ends[console] = console.bus.follow(self._bus.publish)
        console.neighbours.look_at(partial(self._beside, console), lambda: self._equips_all or self.first is console)

    def _beside(self, console: Console) -> NamedBoards:
        """Return what stands in the pools beside a console's, as last heard of."""
        others = ((one, one.inventory.pool) for one in self._consoles if one is not console)
        return tuple((pool.name_label, one.own_board) for one, pool in others if pool is not None)

    async def disconnect(self, pool: Uuid) -> None:
        """End the connection to a pool, and show it no more; the other pools stay as they are.

        Raises:
            NotFound: there is none.
        """
        await self.leave(self.of(pool))

    async def leave(self, console: Console) -> None:
        """Show a pool no more, whether it is connected or not."""
        if console not in self._consoles:
            return
        await self.publishing.leave()
        if self._consoles == [console] and console is not self._opener:
            self._take_in(self._opener)
        try:
            await (console.disconnect() if console is self._opener else console.close())
        finally:
            console.url = ""
            console.last_known.forget()
            if len(self._consoles) > 1:
                self._consoles.remove(console)
                self._ends.pop(console)()
            self._bus.publish(PoolsChanged())

    async def close(self) -> None:
        """End all connections, those beside the first one first, and close the home."""
        await self._clearances.close()
        await self.publishing.leave()
        for console in reversed(self._consoles):
            if console is not self._opener:
                await console.close()
        await self._opener.close()


def _already(url: str) -> Refused:
    return Refused(
        reason=f"{url} belongs to a pool that there is a connection to already.",
        mend="Use that connection, or end it first.",
    )


def _pool_of(console: Console) -> Uuid | None:
    return None if console.identity is None else console.identity.pool


def _shown_pool(console: Console) -> Uuid | None:
    """Return the pool whose last known state is shown without a connection."""
    pool = console.inventory.pool
    return None if pool is None else pool.uuid
