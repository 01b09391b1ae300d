"""The pools that can reach one another: those of one process."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from xsconsole.simpool.errors import XapiError

if TYPE_CHECKING:
    from xsconsole.simpool.pool import Pool


@dataclass(slots=True)
class Neighbours:
    """Who answers at which address. `unreachable` are the addresses of hosts that do not."""

    pools: list["Pool"] = field(default_factory=list)
    unreachable: set[str] = field(default_factory=set)

    def at(self, url: str) -> "Pool":
        """Return the pool whose host has the address in a URL.

        Raises:
            XapiError: CANNOT_CONTACT_HOST.
        """
        address = urlsplit(url).hostname or url
        for pool in self.pools:
            for _host, row in pool.db.rows("host"):
                if row["address"] == address and address not in self.unreachable:
                    return pool
        raise XapiError("CANNOT_CONTACT_HOST", address)
