"""A web server of somebody else's, which takes what it is told, or does not."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

HANG, DROP, DRIP = "hang", "drop", "drip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """Answers each request as the script says, one after another; the last entry for ever."""

    def __init__(self, script: Sequence[int | str]) -> None:
        self._script = list(script)
        self.received: list[Received] = []
        self.url = ""
        self._news = asyncio.Event()
        self._held: set[asyncio.StreamWriter] = set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.received.append(Received(headers=headers, body=body))
        self._news.set()
        act = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(act, int):
            writer.write(f"HTTP/1.1 {act} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        elif act in (HANG, DRIP):
            if act == DRIP:
                writer.write(b"HTTP/1.1 200")
            self._held.add(writer)
            return
        writer.close()

    async def until(self, number: int) -> None:
        async with asyncio.timeout(30):
            while len(self.received) < number:
                self._news.clear()
                await self._news.wait()

    def let_go(self) -> None:
        for writer in self._held:
            writer.close()


@asynccontextmanager
async def receiving(*script: int | str) -> AsyncIterator[Receiver]:
    receiver = Receiver(script)
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook?token=abc"
    try:
        yield receiver
    finally:
        receiver.let_go()
        server.close()
        await server.wait_closed()
