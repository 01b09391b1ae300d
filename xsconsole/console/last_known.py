"""Keeps what a pool had, so that it can be looked at while the pool is away, also after a restart."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from xsconsole.console.mirror import Mirror
from xsconsole.domain.events import LinkChanged, LinkState
from xsconsole.domain.inventory import ChangeBatch
from xsconsole.store import last_known
from xsconsole.store.last_known import Stamp

EVERY_S = 600.0
LEAST_S = 30.0  # a command line that only does one thing keeps nothing, and a window that lasts is soon safe

log = logging.getLogger(__name__)


class LastKnown:
    """Lives on the loop's thread; reading and writing happen on another one."""

    def __init__(
        self,
        home: Path,
        mirror: Mirror,
        *,
        as_of: Callable[[], datetime | None],
        tell: Callable[[LinkChanged], None],
    ) -> None:
        self._home = home
        self._mirror = mirror
        self._as_of = as_of
        self._tell = tell
        self._keeper: asyncio.Task[None] | None = None
        self._url = ""
        self._since_s = 0.0

    async def recall(self, url: str, state: LinkState = LinkState.CLOSED) -> None:
        """Show what was last known of a pool, unless something is shown already. `state` is that of its road."""
        if self._mirror.inventory.total():
            return
        found = await asyncio.to_thread(last_known.read, self._home, url)
        if found is not None and not self._mirror.inventory.total():
            stamp, batch = found
            self._mirror.show(batch)
            self._tell(LinkChanged(state=state, as_of=stamp.as_of))

    def forget(self) -> None:
        """Show nothing any more; what is kept stays on the disk."""
        if self._mirror.inventory.total():
            self._mirror.show(ChangeBatch(is_whole=True))
        self._mirror.stop()
        self._tell(LinkChanged(state=LinkState.CLOSED))

    def follow(self, url: str) -> None:
        """Keep from now on what this pool has."""
        loop = asyncio.get_running_loop()
        self._url, self._since_s = url, loop.time()
        self._keeper = loop.create_task(self._keep_regularly(), name="last known inventory")

    async def leave(self) -> None:
        """Keep what was heard last, and follow no more. Twice is harmless."""
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        keeper.cancel()
        await asyncio.wait([keeper])
        if asyncio.get_running_loop().time() - self._since_s >= LEAST_S:
            await self.keep()

    async def keep(self) -> None:
        """Write down what the pool has now; a disk that is full keeps what stood there."""
        as_of = self._as_of()
        if as_of is None:
            return
        content = []
        for piece in last_known.pieces(Stamp(url=self._url, as_of=as_of), self._mirror.inventory):
            content.append(piece)
            await asyncio.sleep(0)
        try:
            await asyncio.to_thread(last_known.write, self._home, self._url, content)
        except OSError as failure:
            log.warning("the last known inventory cannot be kept: %s", failure)

    async def _keep_regularly(self) -> None:
        """Keep the first whole inventory soon, so that a process that is killed leaves it, and then now and again."""
        wait_s = LEAST_S
        while True:
            await asyncio.sleep(wait_s)
            await self.keep()
            wait_s = EVERY_S
