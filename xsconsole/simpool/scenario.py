"""The scenarios by name."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from xsconsole.simpool.pool import Pool
from xsconsole.simpool.scenarios import acme, empty, large

HOSTS = 4

SCENARIOS: Mapping[str, Callable[[Pool, int, int], None]] = MappingProxyType(
    {"acme": acme.build, "empty": empty.build, "large": large.build}
)


def build(pool: Pool, name: str, hosts: int | None = None, vms: int | None = None) -> None:
    """Fill a new pool with a scenario. `vms` is how many VMs there are at least.

    Raises:
        KeyError: there is no scenario of that name.
        ValueError: a pool needs a host, and has no more than 250.
    """
    count = HOSTS if hosts is None else hosts
    if not 1 <= count <= 250:
        raise ValueError(f"a pool has between 1 and 250 hosts, not {count}")
    SCENARIOS[name](pool, count, vms or 0)
