"""What every run of an engine works with."""

from collections.abc import Callable
from dataclasses import dataclass, field

from xsconsole.domain.events import StepProgressed
from xsconsole.domain.runs import RunStatus
from xsconsole.engine.archives.ports import Archives
from xsconsole.engine.ports import Clock, Ledger, PoolPort
from xsconsole.engine.runs.gatekeeper import Gatekeeper
from xsconsole.engine.runs.traffic import Traffic

Observer = Callable[[RunStatus | StepProgressed], None]
"""Called on the loop's thread, after what it tells is so. Must return quickly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The pool, the home and the clock of the runs, and who watches them."""

    pool: PoolPort
    ledger: Ledger
    clock: Clock
    gatekeeper: Gatekeeper
    observe: Observer
    traffic: Traffic = field(default_factory=Traffic)  # what all of them do to storages and hosts
    key: str = ""  # the fingerprint of this console's signing key
    archives: Archives | None = None
