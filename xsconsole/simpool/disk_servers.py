"""Disks read over the network from the hosts of networks that have this purpose."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

from xsconsole.simpool import nbd
from xsconsole.simpool.attachments import attached
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.disk_contents import BLOCK_BYTES
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.identity_calls import Identities
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.roles import Role, is_allowed
from xsconsole.simpool.storage import assert_data

PLAIN, SECRET = "insecure_nbd", "nbd"
_OPPOSITES = {PLAIN: SECRET, SECRET: PLAIN}


class DiskServers:
    """One for each host that was asked for, at its address and a free port; each begins when it is first needed.

    `is_listening` says of a host whether clients reach it.
    """

    def __init__(self, pool: Pool, identities: Identities, is_listening: Callable[[str], bool]) -> None:
        self._pool = pool
        self._identities = identities
        self._is_listening = is_listening
        self._servers: dict[str, asyncio.Server] = {}
        self._clients: set[asyncio.Task[None]] = set()

    async def port(self, host: str) -> int:
        """Return where disks can be read from a host."""
        if host not in self._servers:
            address = self._pool.db.get("host", host, "address")

            async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await self._meet(host, reader, writer)

            self._servers[host] = await asyncio.start_server(meet, address, 0)
        return int(self._servers[host].sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Serve nobody any more."""
        for server in self._servers.values():
            server.close()
        for client in self._clients:
            client.cancel()
        if self._clients:
            await asyncio.wait(self._clients)

    async def _meet(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            purposes = self._purposes()
            if self._is_listening(host) and purposes:
                context = self._context(host) if SECRET in purposes else None
                await nbd.Conversation(reader, writer, lambda name: self._opened(host, name), context).hold()
        except asyncio.CancelledError:
            # The process ends, or this server does: nobody waits for what a client had still asked for.
            return
        finally:
            self._clients.discard(task)
            writer.close()

    @asynccontextmanager
    async def _opened(self, host: str, name: str) -> AsyncIterator[nbd.Export | None]:
        """Give the disk that a path names to the session in its query, attached to the host as long as it is read."""
        pool, url = self._pool, urlsplit(name)
        async with AsyncExitStack() as held:
            try:
                session = pool.sessions.check(parse_qs(url.query).get("session_id", [""])[0])
                if session.is_local or not is_allowed(session.user.role, Role.VM_ADMIN):
                    raise XapiError("SESSION_INVALID", session.ref)
                vdi = pool.db.by_uuid("VDI", url.path.removeprefix("/"))
                await held.enter_async_context(attached(pool, host, vdi))
            except XapiError:
                yield None
                return
            held.enter_context(pool.sessions.in_use(session.ref))
            yield nbd.Export(
                size_bytes=pool.db.get("VDI", vdi, "virtual_size"),
                read=lambda offset, length: self._read(vdi, offset, length),
            )

    async def _read(self, vdi: str, offset: int, length: int) -> bytes:
        found = bytearray()
        while length:
            number, start = divmod(offset, BLOCK_BYTES)
            part = min(length, BLOCK_BYTES - start)
            block = None if self._pool.depot.is_untouched else self._pool.depot.contents.read(vdi, number)
            found += bytes(part) if block is None else block[start : start + part]
            offset, length = offset + part, length - part
            await asyncio.sleep(0)
        return bytes(found)

    def _purposes(self) -> set[str]:
        return {purpose for _, row in self._pool.db.rows("network") for purpose in row["purpose"]}

    def _context(self, host: str) -> ssl.SSLContext:
        from xsconsole.simpool import certificates  # noqa: PLC0415

        return certificates.server_context(self._identities.of(host))

    def calls(self) -> Mapping[str, Handler]:
        """Return what answers the calls about it."""
        return {
            "VDI.get_nbd_info": self._tell,
            "network.add_purpose": add_purpose,
            "network.remove_purpose": remove_purpose,
        }

    async def _tell(self, call: Call, vdi: str) -> tuple[Mapping[str, Any], ...]:
        """Return where a disk can be read: at the hosts that see it and have an address on such a network."""
        from xsconsole.simpool import certificates  # noqa: PLC0415

        pool, db = self._pool, self._pool.db
        assert_data(pool, vdi)
        uuid, sr = db.get("VDI", vdi, "uuid"), db.get("VDI", vdi, "SR")
        found: list[Mapping[str, Any]] = []
        for pbd in db.get("SR", sr, "PBDs"):
            host = db.get("PBD", pbd, "host")
            if not db.get("PBD", pbd, "currently_attached") or not self._is_listening(host):
                continue
            if not any(self._serves(pif, host) for pif in db.get("host", host, "PIFs")):
                continue
            found.append(
                {
                    "exportname": f"/{uuid}?session_id={call.session.ref}",
                    "address": db.get("host", host, "address"),
                    "port": await self.port(host),
                    "cert": certificates.public_part(self._identities.of(host)),
                    "subject": db.get("host", host, "address"),
                }
            )
        return tuple(found)

    def _serves(self, pif: str, host: str) -> bool:
        """Whether a host has its address on a network whose purpose it is."""
        db = self._pool.db
        row = db.row("PIF", pif)
        is_there = row["currently_attached"] and row["IP"] == db.get("host", host, "address")
        return bool(is_there and db.get("network", row["network"], "purpose"))


async def add_purpose(call: Call, network: str, value: str) -> None:
    """Let a network serve for something; in one pool disks are read either by TLS or without."""
    db = call.pool.db
    purposes = db.get("network", network, "purpose")
    if not db.get("network", network, "managed"):
        raise XapiError("NETWORK_UNMANAGED", network)
    if value in purposes:
        return
    opposite = _OPPOSITES[value]
    if any(opposite in row["purpose"] for _, row in db.rows("network")):
        raise XapiError("NETWORK_INCOMPATIBLE_PURPOSES", value, opposite)
    db.set("network", network, purpose=(value, *purposes))


async def remove_purpose(call: Call, network: str, value: str) -> None:
    with suppress(ValueError):
        purposes = list(call.pool.db.get("network", network, "purpose"))
        purposes.remove(value)
        call.pool.db.set("network", network, purpose=tuple(purposes))
