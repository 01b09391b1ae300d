"""Several pools at once. Each has a console of its own, with road, mirror, leases and runs; they share one home."""

from collections.abc import Iterator

from xsconsole.console.door import Console
from xsconsole.console.publishing import Publishing
from xsconsole.console.values import Connection, Secret
from xsconsole.domain.ids import Uuid
from xsconsole.errors import NotFound, Refused


class Pools:
    """The pools that one home is connected to: the one that `first` shows, and others beside it.

    Lives on the loop's thread. A command is given to the console of the pool that it is for: `of(pool).do(command)`.
    """

    def __init__(self, first: Console) -> None:
        self.first = first
        self._beside: list[Console] = []
        self.publishing = Publishing(first.home, lambda: tuple(self))

    def __iter__(self) -> Iterator[Console]:
        """Yield the consoles that have a pool, the first one first."""
        return (console for console in (self.first, *self._beside) if console.identity is not None)

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
        """Connect to one more pool, and return the console that shows it.

        Raises:
            Refused: there is a connection to that pool already.
            ConnectFailed, StoreFailed: as `Console.connect` does; the other pools stay as they are.
        """
        console = self.first.beside()
        try:
            await console.connect(connection, password)
            if any(_pool_of(other) == _pool_of(console) for other in self):
                raise Refused(
                    reason=f"{connection.url} belongs to a pool that there is a connection to already.",
                    mend="Use that connection, or end it first.",
                )
        except BaseException:
            await console.close()
            raise
        self._beside.append(console)
        return console

    async def disconnect(self, pool: Uuid) -> None:
        """End the connection to a pool; the other pools stay as they are.

        Raises:
            NotFound: there is none.
        """
        console = self.of(pool)
        await self.publishing.leave()
        if console is self.first:
            await console.disconnect()
            return
        self._beside.remove(console)
        await console.close()

    async def close(self) -> None:
        """End all connections, those beside the first one first, and close the home."""
        await self.publishing.leave()
        while self._beside:
            await self._beside.pop().close()
        await self.first.close()


def _pool_of(console: Console) -> Uuid | None:
    return None if console.identity is None else console.identity.pool
