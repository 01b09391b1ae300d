"""One form of every address and every fingerprint, so that one pool is known once, and nothing secret comes along."""

import re

from xsconsole.errors import Refused
from xsconsole.xapi.transport import DEFAULT_PORTS, parse_address, plain_fingerprint, readable_fingerprint

EXAMPLE = "https://xen-1.example"
_FINGERPRINT = re.compile(r"\s*(sha-?256( fingerprint)?\s*[:=]\s*)?([0-9a-f]{2}[\s:-]*){32}", re.IGNORECASE)


def canonical_url(text: str) -> str:
    """Return the address of a host in the one form in which it is kept: without a scheme it is https.

    Raises:
        Refused: it is no address of a host, or it holds a user or a password, which is not repeated.
    """
    if "@" in text:
        raise Refused(
            reason="The address holds a user or a password, and an address is kept and shown in clear.",
            mend=f"Write the address alone, such as {EXAMPLE}, and give user and password apart from it.",
        )
    try:
        address = parse_address(text)
    except ValueError as failure:
        raise _no_address(text) from failure
    if any(sign.isspace() for sign in address.host):
        raise _no_address(text)
    return address.url.removesuffix(f":{DEFAULT_PORTS[address.scheme]}")


def _no_address(text: str) -> Refused:
    return Refused(reason=f"“{' '.join(text.split())[:80]}” is no address of a host.", mend=f"Write it as {EXAMPLE}.")


def canonical_fingerprint(text: str, url: str) -> str:
    """Return the fingerprint of the certificate at `url` as pairs with colons.

    Raises:
        Refused: it is no SHA-256, or the host has no certificate.
    """
    if not url.startswith("https://"):
        raise Refused(
            reason=f"{url} is without TLS, so there is no certificate that could have a fingerprint.",
            mend="Leave the fingerprint out, or use https.",
        )
    if not _FINGERPRINT.fullmatch(text):
        raise Refused(
            reason=f"“{' '.join(text.split())[:80]}” is no fingerprint of a certificate.",
            mend="Give the SHA-256 of the certificate: 64 hexadecimal digits, with or without colons.",
        )
    return readable_fingerprint(plain_fingerprint(text))
