"""MAC addresses as XAPI makes them."""

import hashlib
import re

_MAC = re.compile(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")


def is_mac(text: str) -> bool:
    """Whether XAPI takes the text for a MAC address; it asks no more than six pairs of digits."""
    return _MAC.fullmatch(text) is not None


def generated_mac(device: int, seed: str) -> str:
    """Return the address of a VM's interface whose address was left open; the seed is the VM's `mac_seed`."""
    digest = seed.encode()
    for _ in range(2 * device + 1):
        digest = hashlib.md5(digest, usedforsecurity=False).digest()
    second = hashlib.md5(digest, usedforsecurity=False).digest()
    octets = [(digest[0] | 2) & 0xFE, *digest[1:4], second[1], second[2]]
    return ":".join(f"{octet:02x}" for octet in octets)
