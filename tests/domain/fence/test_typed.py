"""Addresses and ports as people type them: read, or refused with the mend."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from xsconsole.domain.fence.typed import address_of, addresses_of, network_of, networks_of, ports_of, tags_of
from xsconsole.domain.fence.values import Transport
from xsconsole.errors import Refused


def test_what_is_typed_is_read_or_refused_with_the_mend() -> None:
    assert ports_of("tcp/443, UDP/5353:53") == ((Transport.TCP, 443, 443), (Transport.UDP, 5353, 53))
    assert ports_of(" ") == ()
    assert address_of(" 10.0.0.5 ") == IPv4Address("10.0.0.5")
    assert address_of("") is None
    assert networks_of("10.0.0.0/8, 10.0.0.5") == (IPv4Network("10.0.0.0/8"), IPv4Network("10.0.0.5/32"))
    assert addresses_of("10.0.0.5 10.0.0.6") == (IPv4Address("10.0.0.5"), IPv4Address("10.0.0.6"))
    assert network_of("") is None
    assert (tags_of(""), tags_of("3000 - 3099")) == (None, (3000, 3099))
    for read, text in ((network_of, "10.0.0.5/24"), (networks_of, "x"), (addresses_of, "x"), (tags_of, "3000")):
        with pytest.raises(Refused, match="is no "):
            read(text)
    for wrong in ("443", "tcp/0", "tcp/70000", "icmp/1", "tcp/80:x"):
        with pytest.raises(Refused, match="is no port"):
            ports_of(wrong)
    with pytest.raises(Refused, match="is no IPv4 address"):
        address_of("10.0.0.300")
