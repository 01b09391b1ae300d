"""The command line of `xsconsole pool serve`."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xsconsole.simpool.numbers import at_least, between, number, port
from xsconsole.simpool.scenario import SCENARIOS
from xsconsole.simpool.versions import NEWEST, RELEASES

SPEEDS = (0.001, 100_000.0)  # times of ours
MOST_CHURN = 100_000.0  # changes a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says. `versions`: the release of each pool of the scenario."""

    scenario: str = "acme"
    hosts: int | None = None
    vms: int | None = None
    versions: Mapping[str, str] | None = None
    port: int = 0
    speed: float = 1.0
    seed: int = 1
    churn: float = 0.0
    faults: Path | None = None
    state: Path | None = None
    web: Path | None = None
    tls: bool = False
    with_parent: bool = False

    def version_of(self, part: str) -> str:
        """Return the release of a pool of the scenario."""
        return (self.versions or {}).get(part, NEWEST)


def parse(arguments: Sequence[str] | None) -> Options:
    """Read the command line; where it is wrong the program ends with status 2."""
    parser = argparse.ArgumentParser(prog="xsconsole pool serve", description="Serve simulated pools on loopback.")
    parser.add_argument("--scenario", choices=tuple(SCENARIOS), default="acme")
    parser.add_argument("--hosts", type=at_least(1), help="number of hosts of each pool, instead of the scenario's")
    parser.add_argument("--vms", type=at_least(0), help="number of VMs of the first pool, instead of the scenario's")
    parser.add_argument(
        "--version",
        action="append",
        default=[],
        metavar="[POOL=]RELEASE",
        help=f"{' or '.join(RELEASES)}, of all pools or of one of the scenario's: "
        f"{', '.join(part for parts in SCENARIOS.values() for part in parts)}",
    )
    parser.add_argument("--port", type=port, default=0, help="0, the default, takes a free one")
    parser.add_argument(
        "--speed",
        type=between(*SPEEDS),
        default=1.0,
        metavar="X",
        help="how many times as fast as ours the pool's time runs",
    )
    parser.add_argument("--seed", type=number, default=1)
    parser.add_argument(
        "--churn",
        type=between(0, MOST_CHURN),
        default=0.0,
        metavar="N",
        help="change N objects a second, for ever",
    )
    parser.add_argument("--faults", type=Path, metavar="FILE", help="JSON list of commands of the control endpoint")
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="keep the pools in this file from one time to the next"
    )
    parser.add_argument(
        "--web", type=Path, metavar="FOLDER", help="files to serve to browsers, such as a built XO Lite"
    )
    parser.add_argument("--tls", action="store_true", help="https with certificates that the hosts sign themselves")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input is closed")
    given = parser.parse_args(arguments)
    try:
        versions = _versions(given.scenario, given.version)
    except ValueError as failure:
        parser.error(str(failure))
    found = vars(given)
    del found["version"]
    return Options(**found, versions=versions)


def _versions(scenario: str, texts: Sequence[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        part, _, release = text.rpartition("=")
        if release not in RELEASES:
            raise ValueError(f"--version knows the releases {', '.join(RELEASES)}, not {release}")
        if part and part not in SCENARIOS[scenario]:
            raise ValueError(f"--version: the scenario {scenario} has the pools {', '.join(SCENARIOS[scenario])}")
        found |= {part: release} if part else dict.fromkeys(SCENARIOS[scenario], release)
    return found
