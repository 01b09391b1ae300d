"""References and uuids, the same ones again for the same seed."""

import random

REFERENCE_PREFIX = "OpaqueRef:"

_RANDOM_BITS = (1 << 128) - 1 - (0xC000 << 48) - (0xF000 << 64)
_VERSION_4 = (0x8000 << 48) | (0x4000 << 64)


class Identities:
    """Makes the names of objects. One per pool: two pools with different seeds share none."""

    def __init__(self, seed: int | str) -> None:
        self._random = random.Random(seed)

    def uuid(self) -> str:
        """Return a fresh uuid of version 4."""
        number = self._random.getrandbits(128) & _RANDOM_BITS | _VERSION_4
        text = f"{number:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def reference(self) -> str:
        """Return a fresh `OpaqueRef:`."""
        return REFERENCE_PREFIX + self.uuid()
