"""What parts of the console need of it: the console of one pool, and its home."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from xsconsole.console.drafts import Drafts
from xsconsole.console.requests.pool_clock import PoolClock
from xsconsole.console.values import Verb
from xsconsole.domain.board import Board
from xsconsole.domain.events import Event, LinkChanged
from xsconsole.domain.ids import RunId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.plan import Plan
from xsconsole.domain.record import AuditQuery, AuditRow, Fact
from xsconsole.domain.runs import RunStatus
from xsconsole.domain.signing import Signer
from xsconsole.engine.commands import Confirmed, Plannable, Settle
from xsconsole.engine.engine import Engine
from xsconsole.engine.ports import Clock, Identity
from xsconsole.errors import NotPermitted
from xsconsole.settings import Settings

E = TypeVar("E", bound=Event)


class Timed(Protocol):
    """What goes by the clock of a pool."""

    @property
    def clock(self) -> PoolClock: ...


class Desk(Protocol):
    """What is needed of the console of one pool."""

    @property
    def identity(self) -> Identity | None: ...

    @property
    def link(self) -> LinkChanged: ...

    @property
    def board(self) -> Board: ...

    @property
    def inventory(self) -> Inventory: ...

    @property
    def engine(self) -> Engine: ...

    @property
    def requests(self) -> Timed: ...

    def denial(self, verb: Verb) -> NotPermitted | None: ...

    def plan(self, command: Plannable) -> Plan: ...

    async def do(self, command: Confirmed | Settle) -> RunId: ...

    async def finished(self, run: RunId) -> RunStatus: ...

    async def record(self, *facts: Fact) -> None: ...

    def subscribe(self, kind: type[E], handler: Callable[[E], None]) -> Callable[[], None]: ...


class Keeper(Protocol):
    """What is needed of the home."""

    @property
    def settings(self) -> Settings: ...

    @property
    def signer(self) -> Signer: ...

    @property
    def key_fingerprint(self) -> str: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def has_drafts(self) -> bool: ...

    @property
    def drafts(self) -> Drafts: ...

    async def audit_page(self, query: AuditQuery, before: int | None, limit: int) -> tuple[AuditRow, ...]: ...
