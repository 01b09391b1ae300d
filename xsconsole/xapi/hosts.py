"""Where the hosts of one pool listen, as the pool itself tells: any of them may be its coordinator tomorrow."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import Certificate, ChangeBatch, Host
from xsconsole.xapi.transport import Address
from xsconsole.xapi.trust import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """Where the hosts of a pool listened at an earlier time, each with what the pool said of its certificate.

    That is empty where the pool said nothing.
    """

    pool: Uuid
    hosts: Mapping[str, str]


class KnownHosts:
    """The addresses of a pool's hosts, and what the pool says of their certificates."""

    def __init__(self, trust: Trust, remembered: Remembered | None = None) -> None:
        self._trust = trust
        self._first: Mapping[str, str] = {} if remembered is None else remembered.hosts  # until the pool tells
        self._hosts: dict[Ref, str] = {}
        self._certificates: dict[Ref, Certificate] = {}
        self._vouched_for: Mapping[str, str] = {}

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(self._hosts.values()) or tuple(self._first)

    @property
    def certified(self) -> Mapping[str, str]:
        """What the pool says of the certificates of its hosts, by address; empty where it says nothing."""
        if not self._hosts:
            return self._first
        said = {one.host: one.fingerprint_sha256 or one.fingerprint for one in self._certificates.values()}
        return {address: said.get(ref) or "" for ref, address in self._hosts.items()}

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
        certified = self.certified
        if certified != self._vouched_for:  # hosts change all the time, by their memory; their certificates seldom
            self._vouched_for = certified
            vouch_for(certified, self._trust)

    def beside(self, present: Address, *others: Address) -> tuple[Address, ...]:
        """Return where else the pool may answer: at `others` and at every host, but not at `present`."""
        everywhere = (*others, *(replace(present, host=host, fingerprint=None) for host in self.addresses))
        return tuple({one.host: one for one in everywhere if one.host != present.host}.values())


def vouch_for(certified: Mapping[str, str], trust: Trust) -> None:
    """Let hosts without a certificate of their own be trusted by what their pool says, or once said, of them."""
    for address, fingerprint in certified.items():
        if fingerprint:
            trust.vouch(address, fingerprint)
