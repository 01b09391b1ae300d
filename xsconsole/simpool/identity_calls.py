"""The calls by which a host shows its certificate and gets another one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.pool import Pool

INTERNAL = "host_internal"


@dataclass(slots=True)
class Identities:
    """The keys and certificates of a pool's hosts, in PEM.

    `shown` is called whenever a host has another one; without TLS hosts get theirs when somebody asks.
    """

    pool: Pool
    shown: Callable[[str, bytes], None]
    _by_host: dict[str, bytes] = field(default_factory=dict)

    def of(self, host: str) -> bytes:
        """Return the certificate of a host, which is made where it has none."""
        if host not in self._by_host:
            self.renew(host)
        return self._by_host[host]

    def renew(self, host: str) -> None:
        """Give a host a certificate that it signs itself."""
        from xsconsole.simpool import certificates  # noqa: PLC0415

        self.take(host, certificates.make_certificate(str(self.pool.db.get("host", host, "address"))))

    def take(self, host: str, pem: bytes) -> None:
        """Let a host show a certificate from now on, and the pool say of it what it shows."""
        self._by_host[host] = pem
        _record(self.pool, host, pem)
        self.shown(host, pem)


def calls(identities: Identities) -> Mapping[str, Handler]:
    """Return what answers them for the hosts of a pool."""

    async def get(call: Call, host: str) -> str:
        from xsconsole.simpool import certificates  # noqa: PLC0415

        call.pool.db.row("host", host)
        return certificates.public_part(identities.of(host))

    async def install(call: Call, host: str, certificate: str, key: str, chain: str = "") -> None:
        from xsconsole.simpool import certificates  # noqa: PLC0415

        call.pool.db.row("host", host)
        pem = certificates.joined(certificate, key, chain, call.pool.clock.now())
        identities.take(host, pem)

    async def reset(call: Call, host: str) -> None:
        call.pool.db.row("host", host)
        identities.renew(host)

    async def reset_here(call: Call) -> None:
        identities.renew(call.host)

    async def refresh(call: Call, host: str) -> None:
        """Renew the certificate that only the hosts among themselves see."""
        from xsconsole.simpool import certificates  # noqa: PLC0415

        call.pool.db.row("host", host)
        pem = certificates.make_certificate(str(call.pool.db.get("host", host, "address")))
        _record(call.pool, host, pem, kind=INTERNAL)

    return {
        "host.get_server_certificate": get,
        "host.install_server_certificate": install,
        "host.reset_server_certificate": reset,
        "host.emergency_reset_server_certificate": reset_here,
        "host.refresh_server_certificate": refresh,
    }


def _record(pool: Pool, host: str, pem: bytes, *, kind: str = "host") -> None:
    from xsconsole.simpool import certificates  # noqa: PLC0415

    told = certificates.thumbprints(pem)
    wide, short = told["sha-256:master"], told["sha-1:master"]
    begin, end = certificates.validity(pem)
    for ref in pool.db.find("Certificate", host=host, type=kind):
        pool.db.set(
            "Certificate",
            ref,
            fingerprint=wide,
            fingerprint_sha256=wide,
            fingerprint_sha1=short,
            not_before=begin,
            not_after=end,
        )
