"""A pool that is being served: its hosts at their addresses, who answers there, and what it can be told."""

import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path

from aiohttp import web

from xsconsole.simpool import control, identity_calls, succession_calls, upkeep
from xsconsole.simpool.behaviours import HANDLERS
from xsconsole.simpool.churn import Churn
from xsconsole.simpool.disk_servers import DiskServers
from xsconsole.simpool.dispatch import Dispatcher
from xsconsole.simpool.hosting import HOST, Station
from xsconsole.simpool.options import Options
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.server import Site
from xsconsole.simpool.succession import Succession


class Served:
    """One pool of the process. `identities`: the certificates of the hosts by their addresses, none without TLS.

    `files` is the folder that browsers see.
    """

    def __init__(
        self, part: str, pool: Pool, *, save: control.Save, identities: Mapping[str, bytes], files: Path | None
    ) -> None:
        self.part = part
        self.pool = pool
        self.dispatcher = Dispatcher(pool)
        self.stations: dict[str, Station] = {}
        self.fingerprints: dict[str, str] = {}
        self.succession = Succession(pool, self.dispatcher, self.stations)
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._thumbprints: dict[str, Mapping[str, str]] = {}
        own = identity_calls.Identities(pool, self._show)
        self._disks = DiskServers(pool, own, self._is_listening)
        self.dispatcher.handle(
            {
                **HANDLERS,
                **succession_calls.calls(self.succession),
                **identity_calls.calls(own),
                **self._disks.calls(),
            }
        )
        self.controlled = control.Controlled(pool=pool, churn=Churn(pool), succession=self.succession, save=save)
        self._site = Site(
            self.controlled,
            self.dispatcher,
            is_listening=self._is_listening,
            thumbprints=self._thumbprints,
            files=files,
        )
        upkeep.begin(pool)
        for host in _coordinator_first(pool):
            address = str(pool.db.get("host", host, "address"))
            if address in identities:
                from xsconsole.simpool import certificates  # noqa: PLC0415

                self._contexts[host] = certificates.server_context(identities[address])
                own.take(host, identities[address])
            self.stations[host] = Station(host, address, self._answer, self._contexts.get(host))

    def tell_addresses(self) -> None:
        """Let the hosts say where they are, in case it is not where they were to be, and where consoles are shown."""
        for host, station in self.stations.items():
            if self.pool.db.get("host", host, "address") != station.address:
                self.pool.db.set("host", host, address=station.address)
            if station.port:
                self.pool.origins[host] = station.url
        for console, row in tuple(self.pool.db.rows("console")):
            origin = self.pool.origins.get(self.pool.db.get("VM", row["VM"], "resident_on"))
            location = f"{origin}/console?ref={console}"
            if origin is not None and row["location"] != location:
                self.pool.db.set("console", console, location=location)

    def _show(self, host: str, pem: bytes) -> None:
        """Let a host be known by a certificate from now on, where it has TLS at all."""
        if host in self._contexts:
            from xsconsole.simpool import certificates  # noqa: PLC0415

            certificates.show(self._contexts[host], pem)
            self.fingerprints[str(self.pool.db.get("host", host, "address"))] = certificates.fingerprint(pem)
            self._thumbprints[host] = certificates.thumbprints(pem)

    async def end(self) -> None:
        """Serve no more."""
        self.controlled.churn.stop()
        for station in self.stations.values():
            await station.close()
        await self._disks.close()
        await self.succession.close()
        await self.pool.errands.stop()
        await self.dispatcher.close()
        for station in self.stations.values():
            await station.end()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._is_up(str(request[HOST])):
            return await self._site.answer(request)
        # Nobody is at a host that was shut down, by a call or with its own process.
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _is_listening(self, host: str) -> bool:
        return host in self.stations and self.stations[host].is_listening and self._is_up(host)

    def _is_up(self, host: str) -> bool:
        db = self.pool.db
        return db.exists("host", host) and db.get("host_metrics", db.get("host", host, "metrics"), "live") is True


def identities(given: Options, pools: Iterable[Pool]) -> Mapping[str, bytes]:
    """Return the certificate of each host where there is TLS; with a state file they are kept beside that."""
    if not given.tls:
        return {}
    # It takes long to import, and most pools are served without it.
    from xsconsole.simpool import certificates  # noqa: PLC0415

    kept = given.state.with_name(f"{given.state.name}.pem") if given.state is not None else None
    found = certificates.by_address(kept.read_bytes()) if kept is not None and kept.exists() else {}
    wanted = [pool.db.get("host", host, "address") for pool in pools for host in pool.db.refs("host")]
    missing = [address for address in wanted if address not in found]
    found |= {address: certificates.make_certificate(address) for address in missing}
    if kept is not None and missing:
        _write_secret(kept, b"".join(found.values()))
    return found


def _write_secret(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


def _coordinator_first(pool: Pool) -> list[str]:
    return sorted(pool.db.refs("host"), key=lambda host: host != pool.coordinator)
