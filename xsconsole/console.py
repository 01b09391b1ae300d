"""The one place that wires, and the only door that the window and the command line know."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from xsconsole.domain.board import Board
from xsconsole.domain.events import Event, LinkChanged
from xsconsole.domain.ids import ConfigurationId, RunId, StageId, StepKey
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.plan import Plan
from xsconsole.domain.record import AuditQuery, AuditRow, Verdict
from xsconsole.domain.workflow import Kind
from xsconsole.engine.commands import Confirmed, Plannable, Settle
from xsconsole.engine.ports import Identity
from xsconsole.errors import ConsoleError, Refused

E = TypeVar("E", bound=Event)


class RunState(StrEnum):
    RUNNING = "running"
    UNDOING = "undoing"
    DONE = "done"
    UNDONE = "undone"  # it failed, and what it had done was put back
    INTERRUPTED = "interrupted"  # neither finished nor undone; the run record stands on the pool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """A run of this console as it stands now. `progress` is 0 to 1 over all steps."""

    run: RunId
    plan: Plan
    state: RunState
    started_at: datetime
    ended_at: datetime | None = None
    settled: tuple[StepKey, ...] = ()
    undone: tuple[StepKey, ...] = ()
    current: tuple[StepKey, ...] = ()
    progress: float = 0.0
    error: ConsoleError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A stage that a card could go to: with its plan, or with the reason why not."""

    stage: StageId
    kind: Kind | None
    plan: Plan | None
    refusal: Refused | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where to connect and as whom. `fingerprint` is the pinned SHA-256 of the host's certificate."""

    url: str
    user: str
    fingerprint: str | None = None


class Secret:
    """A password in memory. Never shown, never stored."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """Whether the logged-in role may do something; `needs` is the least role that may."""

    what: str
    is_allowed: bool
    needs: str


class Console:
    """Everything the program can do, for one home folder and one pool."""

    inventory: Inventory
    board: Board
    link: LinkChanged
    identity: Identity | None
    rights: tuple[Right, ...]

    def subscribe(self, kind: type[E], handler: Callable[[E], None]) -> Callable[[], None]:
        """Call `handler` on the loop's thread for each event of `kind`; the answer ends it."""
        raise NotImplementedError

    async def connect(self, connection: Connection, password: Secret) -> None:
        """Log in, start the feed, publish the default workflow where none is, and take the board in.

        Raises:
            ConnectFailed: with the reason; `CertificateUnknown` asks for a decision: pass its fingerprint to accept.
        """
        raise NotImplementedError

    def targets(self, configuration: ConfigurationId) -> tuple[Target, ...]:
        """Return every stage of the workflow with what a drop there would do, or why it would not. Pure."""
        raise NotImplementedError

    def plan(self, command: Plannable) -> Plan:
        """Return what the command would do. Nothing is changed.

        Raises:
            Refused: with the reason and the mend.
        """
        raise NotImplementedError

    async def do(self, command: Confirmed | Settle) -> RunId:
        """Start a run and return once its intent is on record; the run goes on by itself.

        Raises:
            Refused: `PlanIsStale`, `HeldElsewhere`, `NotPermitted` ...; nothing was changed.
            StoreFailed: the audit cannot be written; nothing was changed.
        """
        raise NotImplementedError

    @property
    def runs(self) -> tuple[RunStatus, ...]:
        """Runs of this console since its start, newest first."""
        raise NotImplementedError

    async def finished(self, run: RunId) -> RunStatus:
        """Wait for the end of a run."""
        raise NotImplementedError

    async def audit_page(
        self, query: AuditQuery, *, before: int | None = None, limit: int = 200
    ) -> tuple[AuditRow, ...]:
        """Return rows, newest first, below sequence number `before`."""
        raise NotImplementedError

    async def verify_audit(self) -> tuple[Verdict, ...]:
        raise NotImplementedError

    async def close(self) -> None:
        """Stop runs at the next step, log out and close the store."""
        raise NotImplementedError
