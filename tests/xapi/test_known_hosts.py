"""What is known of a pool's hosts is taken in when it changes, and only then."""

from msgspec.structs import replace

from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import Certificate, Change, ChangeBatch, Host
from xsconsole.xapi.hosts import KnownHosts
from xsconsole.xapi.trust import Trust

HOST = Host(ref=Ref("host"), uuid=Uuid("host"), name_label="xen", address="10.0.0.1")
SHOWN = Certificate(
    ref=Ref("certificate"), uuid=Uuid("certificate"), type="host", host=Ref("host"), fingerprint_sha256="AB" * 32
)


class CountedTrust(Trust):
    """Notes how often it is told of a host's certificate."""

    told = 0

    def vouch(self, host: str, fingerprint: str) -> None:
        self.told += 1
        super().vouch(host, fingerprint)


def batch(*records: Host | Certificate) -> ChangeBatch:
    names = {Host: "host", Certificate: "certificate"}
    return ChangeBatch(changes=tuple(Change(ref=one.ref, class_name=names[type(one)], record=one) for one in records))


def test_a_host_whose_memory_changes_all_the_time_says_nothing_new_of_its_certificate() -> None:
    trust = CountedTrust()
    hosts = KnownHosts(trust)
    hosts.hear(batch(HOST, SHOWN))
    assert trust.told == 1

    for number in range(5):
        hosts.hear(batch(replace(HOST, name_label=f"xen-{number}")))
    assert trust.told == 1

    hosts.hear(batch(replace(HOST, address="10.0.0.2")))
    hosts.hear(batch(replace(SHOWN, fingerprint_sha256="CD" * 32)))
    assert trust.told == 3
    assert hosts.certified == {"10.0.0.2": "CD" * 32}
