"""Which certificate each host of a pool has to show. Hosts sign their own: there is no authority behind them."""

from collections.abc import Mapping
from dataclasses import replace

from xsconsole.xapi import failures
from xsconsole.xapi.transport import (
    CONNECT_TIMEOUT_S,
    Address,
    plain_fingerprint,
    readable_fingerprint,
    shown_fingerprint,
)


class Trust:
    """The certificates of one pool's hosts.

    `pins` were accepted by a person, or learned once and kept since. What the pool itself says, over a connection that
    is trusted already, serves for hosts without a pin, and never replaces one.
    """

    def __init__(self, *, accepted: str | None = None, pins: Mapping[str, str] | None = None) -> None:
        """Begin with `pins` by host and port; a person accepted `accepted` for whichever host shows it."""
        self._accepted = accepted
        self._has_been_shown = False
        self._pins = dict(pins or {})
        self._shown: dict[str, str] = {}
        self._vouched: dict[str, str] = {}

    @property
    def pins(self) -> Mapping[str, str]:
        """The certificates that were shown and trusted, by host and port, to be kept."""
        return dict(self._shown)

    @property
    def unseen(self) -> str | None:
        """What a person accepted and no host has shown; None where there is no such thing."""
        return None if self._has_been_shown else self._accepted

    def vouch(self, host: str, fingerprint: str) -> None:
        """Take in what the pool says of a host's certificate."""
        self._vouched[host] = readable_fingerprint(fingerprint)

    def checked(self, address: Address, *, timeout_s: float = CONNECT_TIMEOUT_S) -> Address:
        """Return the address with the certificate that it has to show, and does show now. Blocks.

        Raises:
            RoadBroken: nobody answers there.
            CertificateUnknown: a person has to look at it first.
            CertificateChanged: it is another one than before.
        """
        if not address.is_secure:
            return address
        shown = shown_fingerprint(address, timeout_s=timeout_s)
        expected = self._expected(address, shown)
        if expected is None:
            raise failures.certificate_unknown(address, shown, trusted=self.pins)
        if not _is_same(shown, expected):
            raise failures.certificate_changed(address, shown=shown, pinned=expected)
        self._pins[address.place] = self._shown[address.place] = shown
        return replace(address, fingerprint=shown)

    def _expected(self, address: Address, shown: str) -> str | None:
        if self._accepted is not None and _is_same(shown, self._accepted):
            self._has_been_shown = True
            return shown  # a person's word about this very certificate
        known = self._pins.get(address.place) or self._vouched.get(address.host)
        if known is None and not self._has_been_shown:
            return self._accepted  # where it was meant for this host, which shows another
        return known


def _is_same(one: str, other: str) -> bool:
    return plain_fingerprint(one) == plain_fingerprint(other)
