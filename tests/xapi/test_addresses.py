import pytest

from xsconsole.errors import Refused
from xsconsole.xapi.addresses import canonical_fingerprint, canonical_url

DIGITS = "0123456789abcdef" * 4
PAIRS = ":".join(DIGITS.upper()[at : at + 2] for at in range(0, 64, 2))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("xen-1.example", "https://xen-1.example"),
        (" HTTPS://Xen-1.Example:443/ ", "https://xen-1.example"),
        ("127.0.0.1:18952", "https://127.0.0.1:18952"),
        ("https://127.0.0.1:18952/", "https://127.0.0.1:18952"),
        ("http://xen-1.example:80", "http://xen-1.example"),
        ("http://xen-1.example:443", "http://xen-1.example:443"),
        ("https://[FD00::1]:443/path?query#part", "https://[fd00::1]"),
    ],
)
def test_one_pool_has_one_address_however_it_is_typed(typed: str, kept: str) -> None:
    assert canonical_url(typed) == kept
    assert canonical_url(kept) == kept


@pytest.mark.parametrize("typed", ["http://root:pw@xen-1", "root:p/w@xen-1", "root@xen-1", "https://:pw@xen-1/"])
def test_an_address_with_a_user_or_a_password_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        canonical_url(typed)

    assert "pw" not in refused.value.reason + refused.value.mend
    assert "root" not in refused.value.reason + refused.value.mend


@pytest.mark.parametrize("typed", ["", "https://", "ftp://xen-1", "xen-1:port", "no address at all", "http://[::1"])
def test_what_is_no_address_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(Refused, match="is no address of a host"):
        canonical_url(typed)


@pytest.mark.parametrize("typed", [DIGITS, PAIRS, f"sha256 Fingerprint={PAIRS}", f"SHA-256: {DIGITS}"])
def test_a_fingerprint_is_kept_as_pairs_with_colons(typed: str) -> None:
    assert canonical_fingerprint(typed, "https://xen-1") == PAIRS


@pytest.mark.parametrize("typed", ["zz", "", DIGITS[:-1], DIGITS + "0", DIGITS[:-1] + "z"])
def test_what_is_no_fingerprint_is_refused(typed: str) -> None:
    with pytest.raises(Refused, match="is no fingerprint"):
        canonical_fingerprint(typed, "https://xen-1")


def test_an_address_without_tls_has_no_fingerprint() -> None:
    with pytest.raises(Refused, match="without TLS"):
        canonical_fingerprint(DIGITS, "http://xen-1")
