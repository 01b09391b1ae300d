"""What a look for a lost coordinator tells, where hosts show certificates that are not those that were accepted."""

from collections.abc import Callable

import pytest

from xsconsole.console import Secret
from xsconsole.domain.ids import Uuid
from xsconsole.errors import CertificateChanged, CertificateUnknown, ConsoleError, Unreachable
from xsconsole.xapi import search
from xsconsole.xapi.failures import certificate_changed, certificate_unknown
from xsconsole.xapi.login import Credentials
from xsconsole.xapi.search import Search
from xsconsole.xapi.transport import Address, parse_address
from xsconsole.xapi.trust import Trust

KNOWN, *OTHERS = (parse_address(f"https://xen-{number}.example") for number in (1, 2, 3))


def unknown(address: Address) -> ConsoleError:
    return certificate_unknown(address, "AB" * 32, trusted={})


def changed(address: Address) -> ConsoleError:
    return certificate_changed(address, shown="AB" * 32, pinned="CD" * 32)


def away(address: Address) -> ConsoleError:
    return Unreachable(url=address.url, reason="It is away.")


@pytest.mark.parametrize(
    ("known", "others", "told", "where"),
    [
        (changed, (unknown, unknown), CertificateChanged, KNOWN),
        (changed, (changed, changed), CertificateChanged, KNOWN),
        (away, (unknown, unknown), CertificateUnknown, OTHERS[0]),
        (away, (unknown, changed), CertificateChanged, OTHERS[1]),
    ],
)
def test_a_changed_certificate_is_told_before_one_that_nobody_accepted_yet(
    monkeypatch: pytest.MonkeyPatch,
    known: Callable[[Address], ConsoleError],
    others: tuple[Callable[[Address], ConsoleError], ...],
    told: type[ConsoleError],
    where: Address,
) -> None:
    answers = dict(zip((KNOWN, *OTHERS), (known, *others), strict=True))

    def attempt(address: Address, *_: object, **__: object) -> None:
        raise answers[address](address)

    monkeypatch.setattr(search, "attempt", attempt)
    look = Search(
        pool=Uuid("pool"),
        pool_name="acme",
        credentials=Credentials(user="root", password=Secret("secret")),
        trust=Trust(),
        strangers=set(),
    )

    with pytest.raises(told) as caught:
        look.run(KNOWN, OTHERS, is_watched=True)

    assert getattr(caught.value, "url", None) == where.url
