"""References and uuids, the same ones again for the same seed."""

import random
import uuid

REFERENCE_PREFIX = "OpaqueRef:"


class Identities:
    """Makes the names of objects. One per pool: two pools with different seeds share none."""

    def __init__(self, seed: int | str) -> None:
        self._random = random.Random(seed)

    def uuid(self) -> str:
        """Return a fresh uuid of version 4."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def reference(self) -> str:
        """Return a fresh `OpaqueRef:`."""
        return REFERENCE_PREFIX + self.uuid()
