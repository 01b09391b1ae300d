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
    """The certificates of one pool's hosts, by the host's name or address.

    `pins` were accepted by a person, or learned once and kept since. What the pool itself says, over a connection that
    is trusted already, serves for hosts without a pin, and never replaces one.
    """

    def __init__(self, *, accepted: str | None = None, pins: Mapping[str, str] | None = None) -> None:
        """Begin with `pins`; `accepted` is a fingerprint that a person accepted for whichever host shows it."""
        self._accepted = accepted
        self._pins = dict(pins or {})
        self._vouched: dict[str, str] = {}

    @property
    def pins(self) -> Mapping[str, str]:
        """Every host's certificate as far as it is known, to be kept."""
        return {**self._vouched, **self._pins}

    def knows(self, host: str) -> bool:
        return host in self._pins or host in self._vouched

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
        if self._accepted is not None and _is_same(shown, self._accepted):
            expected = shown  # a person's word about this very certificate
        else:
            expected = self._pins.get(address.host) or self._vouched.get(address.host) or ""
        if not expected and self._accepted is not None and not self._pins:
            # It was accepted for this host, which no host has shown so far.
            expected = self._accepted
        if not expected:
            raise failures.certificate_unknown(address, shown)
        if not _is_same(shown, expected):
            raise failures.certificate_changed(address, shown=shown, pinned=expected)
        self._pins[address.host] = shown
        return replace(address, fingerprint=shown)


def _is_same(one: str, other: str) -> bool:
    return plain_fingerprint(one) == plain_fingerprint(other)
