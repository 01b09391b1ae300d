"""The console itself: opened for one home folder, connected to one pool."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from xsconsole.console.acts import Acts
from xsconsole.console.aftercare import Aftercare
from xsconsole.console.announced import AnnouncedLedger
from xsconsole.console.archives import ArchiveRoom
from xsconsole.console.bus import Bus
from xsconsole.console.closings import Closings
from xsconsole.console.facts import fact_of, link_event, tracked_by
from xsconsole.console.foresight import answers, demand_begun_here, planned
from xsconsole.console.home import Home
from xsconsole.console.last_known import LastKnown
from xsconsole.console.lease_memory import LeaseMemory
from xsconsole.console.mirror import Mirror
from xsconsole.console.neighbours import Neighbours
from xsconsole.console.opening import engine_for, opened
from xsconsole.console.own_runs import OwnRuns
from xsconsole.console.points import Points
from xsconsole.console.publication.publishing import Publishing
from xsconsole.console.refusals import record_refusal
from xsconsole.console.requests.desk import Requests
from xsconsole.console.reviews import Reviews
from xsconsole.console.rights import denial_of, denied, rights_of, verb_of
from xsconsole.console.seeing import Seeing
from xsconsole.console.stays import Stays
from xsconsole.console.values import Connection, Right, Secret, Verb
from xsconsole.console.vouching import Vouch
from xsconsole.console.witness import Witness
from xsconsole.domain.board import Board
from xsconsole.domain.canonical import Json
from xsconsole.domain.events import (
    AuditVerified,
    BoardChanged,
    ConfigurationMoved,
    Event,
    LinkChanged,
    LinkState,
    RunChanged,
    StepProgressed,
)
from xsconsole.domain.ids import ConfigurationId, RunId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.plan import Plan
from xsconsole.domain.poolstate import configuration_thing
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow, Fact, Verdict
from xsconsole.domain.runs import RunStatus, Target
from xsconsole.domain.workflow import default_workflow
from xsconsole.engine.commands import Confirmed, Plannable, Settle
from xsconsole.engine.engine import Engine
from xsconsole.engine.neighbours import NOWHERE, Abroad
from xsconsole.engine.ports import Identity, TravelPort
from xsconsole.engine.runs.lease import LeaseTiming, forsake_gone
from xsconsole.engine.runs.watch import LeaseWatch
from xsconsole.errors import NotPermitted, Refused
from xsconsole.store.keys import PassphraseProvider
from xsconsole.xapi.gateway import Gateway

E = TypeVar("E", bound=Event)


class Console:
    """Everything the program can do, for one home folder and one pool. Lives on one loop's thread."""

    def __init__(self, home: Home, timing: LeaseTiming | None = None, *, is_guest: bool = False) -> None:
        """Show a pool of `home`; a guest leaves the home open when it is closed."""
        self._home = home
        self._is_guest = is_guest
        self._timing = timing
        self.bus = Bus()
        self.neighbours = Neighbours()
        self.abroad: Abroad = NOWHERE  # the other pools of the home
        self.url = ""  # where it was told to connect to last
        self._watch = LeaseWatch(home.clock)
        self._lease_memory = LeaseMemory(home.settings.home)
        self._mirror = Mirror(
            holder_of=self._watch.shown_holder_of, hear_keys=self._hear_keys, publish=self.bus.publish
        )
        self.caught_up, self.until = self._mirror.caught_up, self._mirror.until
        self._witness = Witness(self.record)
        self.note = self._witness.note
        self._gateway: Gateway | None = None
        self.travels: TravelPort | None = None  # the ways into this pool and out of it, while there is a connection
        self._engine: Engine | None = None
        self._runs = OwnRuns()
        self._seeing = Seeing(home, lambda: self.own_board, lambda: self.identity, self.note)
        self.publishing = Publishing(home, lambda: (self,))
        self.requests = Requests(self, home, lambda: (self.inventory, self.board), self.bus.subscribe, self.bus.publish)
        self.acts = Acts(self.bus, self.requests.own_time)
        self.reviews = Reviews(self, home, self.requests.now, self._vouch, self.bus.subscribe, self.bus.publish)
        self.closings = Closings(self, self._mirror.until, self.requests.clocks, self._witness.note)
        self.points = Points(self, home, self.requests)
        self.stays = Stays(self, home, self.requests, self.closings, ArchiveRoom(home).folder_for)
        self._aftercare: Aftercare | None = None
        self._watcher: asyncio.Task[None] | None = None
        self.link = LinkChanged(state=LinkState.CLOSED)
        self.last_known = LastKnown(
            home.settings.home, self._mirror, as_of=lambda: (self._gateway or self.link).as_of, tell=self._hear_link
        )
        self.bus.subscribe(ConfigurationMoved, self._seeing.hear_move)
        self.bus.subscribe(BoardChanged, self._hear_board)

    @classmethod
    async def open(
        cls,
        folder: str | Path | None = None,
        *,
        passphrase: PassphraseProvider,
        is_reading: bool = False,
        accepts_record: bool = False,
        may_be_broken: bool = False,
        timing: LeaseTiming | None = None,
    ) -> "Console":
        """Open the home folder; one that only reads needs no signing key and changes nothing.

        `accepts_record` goes on with another record than this home remembers; `may_be_broken` if it does not verify.
        `timing` says for how long others believe that a run of a silent console is alive.

        Raises:
            StoreFailed: the folder, the key or the database cannot be used; nothing was changed.
        """
        how = {"is_reading": is_reading, "accepts_record": accepts_record, "may_be_broken": may_be_broken}
        home = await Home.open(folder, passphrase, **how)
        try:
            await home.record(Fact(event=AuditEvent.CONSOLE_STARTED))
        except BaseException:
            await home.close()
            raise
        return cls(home, timing)

    def beside(self) -> "Console":
        """Return a console for another pool, with this one's home, key and record. It is closed before this one."""
        made = Console(self._home, self._timing, is_guest=True)
        made.requests.carries_out = self.requests.carries_out
        return made

    @property
    def home(self) -> Home:
        """What this console keeps: known pools, stored passwords, the window's state."""
        return self._home

    def subscribe(self, kind: type[E], handler: Callable[[E], None]) -> Callable[[], None]:
        """Call `handler` on the loop's thread for each event of `kind`; the answer ends it."""
        return self.bus.subscribe(kind, handler)

    # --- the pool -------------------------------------------------------------------------------------------------

    async def connect(self, connection: Connection, password: Secret) -> None:
        """Log in, start the feed, and take the board in; the first pool that has no workflow is given the default one.

        Raises:
            ConnectFailed: with the reason; `CertificateUnknown` asks for a decision: pass its fingerprint to accept.
            StoreFailed: the record cannot be written.
        """
        await self.disconnect()
        self.url = connection.url
        self._hear_link(LinkChanged(state=LinkState.CONNECTING, as_of=self.link.as_of))
        try:
            if not self._home.is_reading:
                await self.last_known.recall(connection.url, LinkState.CONNECTING)
            self._gateway = await opened(self._home, connection, password, self._mirror.hear, self._hear_link)
            await self._take_over(self._gateway, connection)
        except BaseException:
            await self.disconnect()
            self._hear_link(LinkChanged(state=LinkState.CLOSED, as_of=self.link.as_of))
            raise

    async def _take_over(self, gateway: Gateway, connection: Connection) -> None:
        self.travels = gateway.pool.travels
        named = replace(connection, fingerprint=gateway.fingerprint or connection.fingerprint)
        self._home.remember_pool(named, gateway.identity.pool_name, gateway.hosts)
        self._lease_memory.pass_on(self._watch, gateway.identity.pool)
        await self.caught_up()
        forsake_gone(self._watch, self._home.is_gone, await self._home.nonces())
        publishes = self._may_all() and not self._home.is_reading and self.neighbours.is_first
        # Who does not publish is shown what could be: a pool beside others may be meant to follow theirs.
        self._mirror.assume(None if publishes else default_workflow())
        await self._home.evidence.meet(gateway.identity, lambda: self.inventory, self.bus.publish)
        if self._home.is_reading:
            await self.requests.begin(gateway.vouched, gateway.pool.time)
            return
        url, fingerprint = connection.url, connection.fingerprint
        if fingerprint is not None and not await self._home.has_recorded_trust(url, fingerprint):
            await self.record(self._fact(AuditEvent.CERTIFICATE_ACCEPTED, {"url": url, "fingerprint": fingerprint}))
        await self.record(self._seeing.begin(url))
        ledger = AnnouncedLedger(self._home.ledger, self.bus.publish)
        engine = engine_for(self._home, gateway, ledger, self, self._hear_run, self._timing, self._watch)
        engine.hear(self.inventory.pool.other_config if self.inventory.pool else {})
        engine.abroad = self.abroad
        self._engine = engine
        self.last_known.follow(connection.url)
        self._watcher = asyncio.get_running_loop().create_task(self._watch.run(self._mirror.renew), name="lease watch")
        await self.acts.begin(gateway, ledger, self._home, lambda: (self.inventory, self.own_board))
        if self._may_all():
            await engine.begin()
            self._aftercare = Aftercare(engine, ledger, gateway.pool, self._runs, self._home, lambda: self.inventory)
            await self._aftercare.open()
            if publishes and self.board.workflow is None and await engine.publish_default() is not None:
                await self._mirror.until_workflow(gateway.identity.pool_name)
        await self.requests.begin(gateway.vouched, gateway.pool.time)
        self.points.begin()
        self.stays.begin()

    async def disconnect(self) -> None:
        """Stop runs at the next step and log out. What was seen last stays on the board."""
        await self.last_known.leave()
        await self.publishing.leave()
        engine, gateway, aftercare = self._engine, self._gateway, self._aftercare
        self._seeing.end()
        self._engine = self._gateway = self._aftercare = self.travels = None
        for part in (self.stays, self.points, self.requests, self.acts):
            await part.end()
        if aftercare is not None:
            await aftercare.close()
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait([self._watcher])
            self._watcher = None
        if engine is not None:
            await engine.close()
        if gateway is not None:
            self._lease_memory.pass_on(self._watch, gateway.identity.pool)
            self._home.evidence.leave(gateway.identity)
            await gateway.close()

    @property
    def inventory(self) -> Inventory:
        return self._mirror.inventory

    @property
    def board(self) -> Board:
        """The pool's board, which knows what stands in the pools beside it."""
        return self.neighbours.counted(self._mirror.board)

    @property
    def own_board(self) -> Board:
        return self._mirror.board

    def _vouch(self) -> Vouch | None:
        return None if self._gateway is None else self._gateway.vouched

    @property
    def identity(self) -> Identity | None:
        return None if self._gateway is None else self._gateway.identity

    @property
    def rights(self) -> tuple[Right, ...]:
        """Return what this log-in may and may not do; nothing before it."""
        return () if self._gateway is None else rights_of(self._gateway.identity.role)

    def denial(self, verb: Verb) -> NotPermitted | None:
        """Return why this log-in may not do it, None where it may."""
        return None if self.identity is None else denial_of(self.rights, self.identity.role, verb)

    def _may_all(self) -> bool:
        return all(right.is_allowed for right in self.rights)

    # --- asking and doing -----------------------------------------------------------------------------------------

    def targets(self, configuration: ConfigurationId) -> tuple[Target, ...]:
        """Return every stage of the workflow with what a drop there would do, or why it would not. Pure."""
        return denied(answers(self, configuration), self.denial(Verb.MOVE))

    def plan(self, command: Plannable) -> Plan:
        """Return what the command would do. Nothing is changed.

        Raises:
            Refused: with the reason and the mend.
        """
        return planned(self, command)

    def quiet_s(self, configuration: ConfigurationId) -> float:
        """Return for how long who works on a configuration has given no sign of life, as this home saw it."""
        return self._watch.quiet_s(configuration_thing(configuration)) or 0.0

    async def demand_rights(self, command: Plannable | Settle) -> None:
        """Refuse, on record, a command that this log-in may not give.

        Raises:
            NotPermitted: naming the least role that may; nothing was changed.
        """
        denial = self.denial(verb_of(command))
        if denial is not None and self.identity is not None:
            await record_refusal(self, command, denial)
            raise denial

    @property
    def engine(self) -> Engine:
        """The engine of the connection there is; for parts of the console itself.

        Raises:
            Refused: there is none, or only for looking.
        """
        if self._engine is None:
            raise Refused(reason="There is no connection to a pool.", mend="Connect to one first.")
        return self._engine

    async def do(self, command: Confirmed | Settle) -> RunId:
        """Start a run and return once its intent is on record; the run goes on by itself.

        Raises:
            Refused: `PlanIsStale`, `HeldElsewhere`, `NotPermitted` ...; nothing was changed.
            PoolUnavailable, StoreFailed: the pool is away, or the audit cannot be written; nothing was changed.
        """
        engine, identity = self.engine, self.identity
        assert identity is not None
        await self.demand_rights(asked := command if isinstance(command, Settle) else command.command)
        await demand_begun_here(self, asked, self._home.settings.home)
        run = await (engine.settle(command) if isinstance(command, Settle) else engine.open(command))
        self._seeing.expect(run.status.plan.intent)
        self._runs.add(run, identity.pool)
        self.bus.publish(RunChanged(run=run.status.run))
        return run.status.run

    @property
    def runs(self) -> tuple[RunStatus, ...]:
        """Runs of this console since its start, newest first."""
        return self._runs.statuses

    def stop_runs(self) -> None:
        """Let no run begin another step: what is under way is finished, and then the run is interrupted."""
        if self._engine is not None:
            self._engine.stop_runs()

    async def finished(self, run: RunId) -> RunStatus:
        """Wait for the end of a run. The board shows it as soon as the feed tells."""
        return await self._runs.wait(run)

    async def record(self, *facts: Fact) -> None:
        """Write rows, and tell that the audit grew.

        Raises:
            StoreFailed: nothing was written.
        """
        if not self._home.is_reading:
            await AnnouncedLedger(self._home.ledger, self.bus.publish).record(*facts)

    async def audit_page(
        self, query: AuditQuery, *, before: int | None = None, limit: int = 200
    ) -> tuple[AuditRow, ...]:
        """Return rows, newest first, below sequence number `before`."""
        return await self._home.audit_page(query, before, limit)

    async def verify_audit(self, expected_key: str | None = None) -> tuple[Verdict, ...]:
        """Check the whole chain; a given fingerprint must be the key that signed it."""
        return await self._home.evidence.verify(expected_key)

    async def verify_audit_apart(self) -> AuditVerified:
        """Check the whole chain in a process of its own, and tell what was found; `StoreFailed` where it cannot be."""
        check = await self._home.evidence.verify_apart()
        self.bus.publish(check)
        return check

    async def close(self) -> None:
        """Stop runs at the next step, log out and close the store."""
        try:
            await self.disconnect()
            self._mirror.stop()
            await self._witness.close()
            if not self._is_guest:
                await self._home.record(Fact(event=AuditEvent.CONSOLE_STOPPED))
        finally:
            if not self._is_guest:
                await self._home.close()

    def _hear_keys(self, keys: Mapping[str, str]) -> None:
        if self._engine is not None:
            self._engine.hear(keys)
            if self._aftercare is not None:
                self._aftercare.hear_keys(keys)
        else:
            self._watch.observe(keys)

    def _hear_board(self, event: BoardChanged) -> None:
        self._seeing.hear_board(event)
        if self.identity is not None:
            self._runs.hear_board(self.board, self.identity.pool)
        self.closings.hear(event)

    def _hear_link(self, link: LinkChanged) -> None:
        before, self.link = self.link, link
        self.bus.publish(link)
        event = link_event(before.state, link.state)
        if event is not None:
            self._witness.note(self._fact(event, tracked_by(self.identity)))

    def _hear_run(self, news: RunStatus | StepProgressed) -> None:
        if isinstance(news, RunStatus):
            self._seeing.hear_run(news)
            if self._aftercare is not None:
                self._aftercare.hear_run(news)
        self.bus.publish(RunChanged(run=news.run) if isinstance(news, RunStatus) else news)

    def _fact(self, event: AuditEvent, details: Mapping[str, Json] | None = None) -> Fact:
        return fact_of(event, self.identity, details)
