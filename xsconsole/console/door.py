"""The console itself: opened for one home folder, connected to one pool."""

from collections.abc import Callable
from typing import TypeVar

from xsconsole.console.values import Connection, Right, Secret
from xsconsole.domain.board import Board
from xsconsole.domain.events import Event, LinkChanged
from xsconsole.domain.ids import ConfigurationId, RunId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.plan import Plan
from xsconsole.domain.record import AuditQuery, AuditRow, Verdict
from xsconsole.domain.runs import RunStatus, Target
from xsconsole.engine.commands import Confirmed, Plannable, Settle
from xsconsole.engine.ports import Identity

E = TypeVar("E", bound=Event)


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
