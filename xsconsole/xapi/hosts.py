"""Where the hosts of one pool listen, as the pool itself tells: any of them may be its coordinator tomorrow."""

from dataclasses import replace

from xsconsole.domain.ids import Ref
from xsconsole.domain.inventory import Certificate, ChangeBatch, Host
from xsconsole.xapi.transport import Address
from xsconsole.xapi.trust import Trust


class KnownHosts:
    """The addresses of a pool's hosts, and what the pool says of their certificates."""

    def __init__(self, trust: Trust, addresses: tuple[str, ...] = ()) -> None:
        self._trust = trust
        self._first = addresses  # known from an earlier time, until the pool tells
        self._hosts: dict[Ref, str] = {}
        self._certificates: dict[Ref, Certificate] = {}

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(self._hosts.values()) or self._first

    def has(self, address: str) -> bool:
        """Whether a host of the pool listens there."""
        return address in self.addresses

    def hear(self, batch: ChangeBatch) -> None:
        """Take in what the feed tells of hosts and their certificates."""
        if batch.is_whole:
            self._hosts.clear()
            self._certificates.clear()
        is_changed = False
        for change in (*batch.of("host"), *batch.of("certificate")):
            match change.class_name, change.record:
                case "host", Host() as host if host.address:
                    self._hosts[change.ref] = host.address
                case "host", None:
                    self._hosts.pop(change.ref, None)
                case "certificate", Certificate(type="host") as certificate:
                    self._certificates[change.ref] = certificate
                case "certificate", _:
                    self._certificates.pop(change.ref, None)
                case _:
                    continue
            is_changed = True
        if is_changed:
            self._vouch()

    def _vouch(self) -> None:
        for certificate in self._certificates.values():
            address = self._hosts.get(certificate.host)
            fingerprint = certificate.fingerprint_sha256 or certificate.fingerprint
            if address is not None and fingerprint:
                self._trust.vouch(address, fingerprint)

    def beside(self, present: Address, *others: Address) -> tuple[Address, ...]:
        """Return where else the pool may answer: at `others` and at every host, but not at `present`."""
        everywhere = (*others, *(replace(present, host=host, fingerprint=None) for host in self.addresses))
        return tuple({one.host: one for one in everywhere if one.host != present.host}.values())
