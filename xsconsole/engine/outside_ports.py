"""What is asked of hosts and of other machines than the pool's: measurements, and whether something answers."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from xsconsole.domain.gates import Answer
from xsconsole.domain.ids import Uuid
from xsconsole.domain.metrics import Measured


class MeasurementPort(Protocol):
    async def read(self, host: str, measured: Uuid, span: timedelta, step_s: int) -> Measured:
        """Return what the host at that address measured of itself, or of a VM on it; empty: the coordinator.

        Raises:
            PoolUnavailable: it does not answer, or not with measurements.
        """


class Prober(Protocol):
    """Tries things from this console's machine for a gate. Nothing raises for what it finds."""

    async def reach(self, address: str, port: int | None, timeout_s: float) -> Answer:
        """Open a TCP connection, or ping where no port is given."""

    async def run_script(self, argv: Sequence[str], environment: Mapping[str, str], timeout_s: float) -> Answer:
        """Run a program that the owner of this console's home put there; it is met where it ends with 0."""

    async def request(self, method: str, url: str, timeout_s: float) -> Answer:
        """Make one request; it is met where the status is 200 to 299."""
