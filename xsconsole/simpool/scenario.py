"""The scenarios by name: of which pools each consists, and what those begin with."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from xsconsole.simpool.pool import Pool
from xsconsole.simpool.scenarios import acme, empty, large, production

HOSTS = 4

Build = Callable[[Pool, int, int], None]

SCENARIOS: Mapping[str, Mapping[str, Build]] = MappingProxyType(
    {
        "acme": MappingProxyType({"test": acme.build, "production": production.build}),
        "empty": MappingProxyType({"empty": empty.build}),
        "large": MappingProxyType({"large": large.build}),
    }
)


def build(pool: Pool, name: str, hosts: int | None = None, vms: int | None = None, *, part: str = "") -> None:
    """Fill a new pool with the `part` of a scenario, else with its first. `vms` is how many VMs there are at least.

    Raises:
        KeyError: there is no scenario of that name.
        ValueError: a pool needs a host, and has no more than 250.
    """
    count = HOSTS if hosts is None else hosts
    if not 1 <= count <= 250:
        raise ValueError(f"a pool has between 1 and 250 hosts, not {count}")
    parts = SCENARIOS[name]
    is_first = part in ("", next(iter(parts)))
    parts[part or next(iter(parts))](pool, count, (vms or 0) if is_first else 0)
