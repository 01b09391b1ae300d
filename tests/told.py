"""Whether a console shows what others did on its pool until now."""

import asyncio
from uuid import uuid4

from tests.embedded import EmbeddedPool
from xsconsole.console import Console
from xsconsole.domain.events import InventoryChanged
from xsconsole.domain.inventory import Network


async def until_told(pool: EmbeddedPool, console: Console) -> None:
    """Wait until the console shows all that happened on the pool until now: the events of a pool come in order."""

    def describe(words: str) -> None:
        with pool.plain_session() as session:
            for network in session.xenapi.network.get_all():
                session.xenapi.network.set_name_description(network, words)

    words = f"seen {uuid4()}"
    heard = asyncio.Event()
    end = console.subscribe(InventoryChanged, lambda _: heard.set())
    try:
        await asyncio.to_thread(describe, words)
        async with asyncio.timeout(30):
            while any(network.name_description != words for network in console.inventory.all(Network)):
                heard.clear()
                await heard.wait()
    finally:
        end()
    await console.caught_up()
