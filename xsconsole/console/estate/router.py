"""Several pools as one: what is asked goes to the console of its pool, what is looked at is looked at together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from xsconsole.console.batches import planned_together
from xsconsole.console.beside import denial_at
from xsconsole.console.door import Console
from xsconsole.console.drifting import Drifting
from xsconsole.console.estate.acts import EstateActs
from xsconsole.console.estate.closings import EstateClosings
from xsconsole.console.estate.requests import EstateRequests
from xsconsole.console.estate.reviews import EstateReviews
from xsconsole.console.fences import with_fence
from xsconsole.console.fencing import Fencing
from xsconsole.console.home import Home
from xsconsole.console.outside import Outside
from xsconsole.console.pools import Pools
from xsconsole.console.publication.publishing import Publishing
from xsconsole.console.queueing import Queue
from xsconsole.console.refusals import record_refusal
from xsconsole.console.rights import verb_of
from xsconsole.domain.acts import Kind, ObjectId, record_of
from xsconsole.domain.batch import BatchPlan, PartState
from xsconsole.domain.batch import Part as BatchPart
from xsconsole.domain.board import EMPTY_BOARD, Board
from xsconsole.domain.estate import (
    Differing,
    Inventories,
    Part,
    PoolSight,
    answered,
    away,
    differing,
    homes,
    joined,
    place_of,
)
from xsconsole.domain.events import AuditVerified, Event, LinkChanged, LinkState, PoolsChanged
from xsconsole.domain.ids import NULL_REF, ConfigurationId, Ref, RunId, Uuid
from xsconsole.domain.inventory import Host, Inventory, Record
from xsconsole.domain.plan import Plan
from xsconsole.domain.record import AuditQuery, AuditRow, Fact
from xsconsole.domain.runs import RunStatus, Target
from xsconsole.domain.workflow import Stage
from xsconsole.engine.archive_commands import DeletePooled, ProveArchive, RestoreFromArchive, RestoreFromPool
from xsconsole.engine.commands import Confirmed, Create, ImportBlueprint, Plannable, Provision, Settle, Together
from xsconsole.engine.ports import Identity
from xsconsole.errors import NotPermitted, Refused

E = TypeVar("E", bound=Event)


class Estate:
    """What a window shows: all pools of one home. Lives on the loop's thread, as they do.

    With one pool it says what that pool's console says.
    """

    def __init__(self, pools: Pools) -> None:
        self.pools = pools
        self.inventory = Inventories()
        self.acts = EstateActs(self)
        self.requests = EstateRequests(self)
        self.queue = Queue(self)
        self.reviews = EstateReviews(self)
        self.closings = EstateClosings(self)
        self.drifting: Drifting | None = None  # where somebody follows the drift
        self.fencing: Fencing | None = None  # where somebody follows the fences
        self.outside: Outside | None = None  # where somebody follows what others change
        self._boards: tuple[Board, ...] = ()
        self._board = EMPTY_BOARD
        self._owners: Mapping[ConfigurationId, Console] = {}
        pools.subscribe(PoolsChanged, self._hear_pools)
        self._hear_pools(PoolsChanged())

    @classmethod
    def of(cls, console: Console) -> "Estate":
        """Return the estate that begins with one console."""
        return cls(Pools(console))

    @property
    def home(self) -> Home:
        return self.pools.first.home

    @property
    def publishing(self) -> Publishing:
        return self.pools.publishing

    def subscribe(self, kind: type[E], handler: Callable[[E], None]) -> Callable[[], None]:
        """Call `handler` on the loop's thread for each event of `kind` of any pool; the answer ends it."""
        return self.pools.subscribe(kind, handler)

    def _hear_pools(self, event: PoolsChanged) -> None:
        del event
        self.inventory.show([console.inventory for console in self.pools.all])
        self._boards = ()

    # --- looking --------------------------------------------------------------------------------------------------

    @property
    def consoles(self) -> tuple[Console, ...]:
        """Those of which there is something to say: a connection, or what was last known."""
        return tuple(one for one in self.pools.all if one.url or one.identity or one.inventory.pool is not None)

    @property
    def sights(self) -> tuple[PoolSight, ...]:
        return tuple(map(self.sight_of, self.consoles))

    @property
    def has_several(self) -> bool:
        """Whether a pool has to be named where something of it is told."""
        return len(self.pools.all) > 1

    @property
    def pool_names(self) -> tuple[str, ...]:
        """What pools are called, where that has to be told."""
        return tuple(sight.name for sight in self.sights) if self.has_several else ()

    def sight_of(self, console: Console) -> PoolSight:
        pool, identity = console.inventory.pool, console.identity
        known = self.home.settings.known_pool(console.url)
        shown = pool.name_label if pool is not None else ""
        name = shown or (identity.pool_name if identity else "") or (known.name if known else "") or console.url
        return PoolSight(
            pool=identity.pool if identity is not None else pool.uuid if pool is not None else Uuid(""),
            ref=pool.ref if pool is not None else NULL_REF,
            name=name,
            url=console.url,
            link=console.link,
            hosts=console.inventory.count(Host),
            objects=console.inventory.total(),
        )

    @property
    def is_live(self) -> bool:
        """Whether any pool is."""
        return any(console.link.state is LinkState.LIVE for console in self.pools.all)

    @property
    def link(self) -> LinkChanged:
        """The best of the roads to the pools: whether anything can be done at all."""
        rank = {LinkState.LIVE: 0, LinkState.CONNECTING: 1, LinkState.LOST: 2, LinkState.CLOSED: 3}
        links = [console.link for console in self.pools.all]
        best = min(links, key=lambda link: (rank[link.state], link.as_of is None))
        is_awaited = best.state is LinkState.CLOSED and bool(self.connecting)
        return LinkChanged(state=LinkState.CONNECTING) if is_awaited else best

    @property
    def connecting(self) -> tuple[str, ...]:
        """What is being connected to now, to be put into a sentence."""
        sights = self.sights
        named = tuple(one.called for one in sights if one.link.state is LinkState.CONNECTING)
        return named if sights else self.pools.expected

    @property
    def identity(self) -> Identity | None:
        """Who is logged in at the first pool that there is a connection to."""
        return next((console.identity for console in self.pools), None)

    @property
    def board(self) -> Board:
        """The one board over all pools."""
        self._look_at_boards()
        return self._board

    def _look_at_boards(self) -> None:
        shown = [console for console in self.pools.all if console.inventory.pool is not None]
        boards = tuple(console.own_board for console in shown)
        if len(boards) == len(self._boards) and all(map(_is_same, boards, self._boards)) and boards:
            return
        self._boards = boards
        names = tuple(self.sight_of(console).name for console in shown)
        self._board = joined(boards, names) if boards else self.pools.first.board
        self._owners = {id_: shown[at] for id_, at in homes(boards).items()}

    @property
    def runs(self) -> tuple[RunStatus, ...]:
        """Runs of this home since its start, on any pool, newest first."""
        if not self.has_several:
            return self.pools.first.runs
        every = (status for console in self.pools.all for status in console.runs)
        return tuple(sorted(every, key=lambda status: status.started_at, reverse=True))

    @property
    def inventories(self) -> Mapping[Uuid, Inventory]:
        """What each connected pool has."""
        return {console.identity.pool: console.inventory for console in self.pools if console.identity is not None}

    def differing(self) -> Differing | None:
        """Return which pools follow another version than the columns show, or another workflow."""
        parts = [Part(sight=self.sight_of(console), board=console.board) for console in self.pools]
        return differing(parts, self.board) if len(parts) > 1 else None

    @property
    def bare(self) -> tuple[Console, ...]:
        """Connected pools on which no workflow stands."""
        return tuple(
            one for one in self.pools if one.link.state is LinkState.LIVE and one.inventory.pool and _is_bare(one.board)
        )

    def place_of(self, stage: Stage) -> Refused | None:
        """Return why nothing can come to a stage now, because the pool that it lives in is not here."""
        return place_of(stage, self.sights)

    # --- whose it is ----------------------------------------------------------------------------------------------

    def of_card(self, configuration: ConfigurationId) -> Console:
        """Return the console whose pool has a configuration, or a fence around what is gone; of none, the first."""
        self._look_at_boards()
        return self._owners.get(configuration) or with_fence(self.pools.all, configuration) or self.pools.first

    def of_object(self, item: ObjectId) -> Console:
        """Return the console whose pool has an object; of one that is nowhere, the first."""
        every = self.pools.all
        if item.pool is not None:
            named = (one for one in every if one.inventory.pool is not None and one.inventory.pool.uuid == item.pool)
            if (found := next(named, None)) is not None:
                return found
        if len(every) == 1:
            return every[0]
        return next((one for one in every if record_of(one.inventory, item) is not None), self.pools.first)

    def record_of(self, item: ObjectId) -> Record | None:
        """Return an object as its pool has it; None where it is nowhere any more."""
        return record_of(self.of_object(item).inventory, item)

    def of_reference(self, kind: type[Record], ref: Ref) -> Console:
        """Return the console whose pool has an object; of one that is nowhere, the first."""
        every = self.pools.all
        return next((one for one in every if one.inventory.holding(kind, ref) is not None), every[0])

    def pool_called(self, pool: Uuid | None) -> str:
        """Return what a pool is called, or was when this home last saw it; its uuid where nobody knows."""
        for sight in self.sights:
            if sight.pool == pool:
                return sight.name
        return next((one.name for one in self.home.settings.pools if one.pool == pool and one.name), pool or "")

    def of_pool(self, ref: Ref) -> Console | None:
        """Return the console that shows the pool with this reference."""
        shown = ((one, one.inventory.pool) for one in self.pools.all)
        return next((one for one, pool in shown if pool is not None and pool.ref == ref), None)

    def of_run(self, run: RunId) -> Console:
        """Return the console that began a run; of one that nobody began, the first."""
        every = self.pools.all
        return next((one for one in every if any(status.run == run for status in one.runs)), self.pools.first)

    def of_vms(self, vms: Sequence[Uuid]) -> Console:
        """Return the console whose pool has these machines.

        Raises:
            Refused: they are of several pools.
        """
        found = dict.fromkeys(self.of_object(ObjectId(kind=Kind.VM, uuid=vm)) for vm in vms)
        if len(found) > 1:
            names = " and ".join(f"“{self.sight_of(console).name}”" for console in found)
            raise Refused(
                reason=f"These machines are of several pools: {names}.",
                mend="A configuration lives in one pool: choose machines of one.",
            )
        return next(iter(found), self.pools.first)

    def of_command(self, command: Plannable | Settle) -> Console:
        """Return the console that a command is for.

        Raises:
            Refused: it is for several.
        """
        if isinstance(command, Create):
            return self.of_vms([member.vm for member in command.members])
        if isinstance(command, ProveArchive):
            command = command.of  # what comes back says where
        if isinstance(command, RestoreFromArchive | Provision):
            return self._of_stage(command)
        if isinstance(command, RestoreFromPool | DeletePooled | ImportBlueprint):
            return self.of_pool_uuid(command.lies_in)
        return self.of_card(command.configuration)

    def _of_stage(self, command: RestoreFromArchive | Provision) -> Console:
        """Return the console of the pool that was named, else of the one that the stage lives in, else the first."""
        stage = self.board.workflow.stage(command.target) if self.board.workflow is not None else None
        bound = stage.binding.pool.uuid if stage is not None and stage.binding.pool is not None else None
        return self.of_pool_uuid(command.pool or bound or Uuid(""))

    def of_pool_uuid(self, pool: Uuid) -> Console:
        """Return the console of a pool by its uuid; of one that is not shown, the first."""
        shown = ((one, one.inventory.pool) for one in self.pools.all)
        return {found.uuid: one for one, found in shown if found is not None}.get(pool, self.pools.first)

    def pool_name(self, console: Console) -> str:
        """Return the name of a console's pool where it has to be told; empty where there is one pool only."""
        return self.sight_of(console).name if self.has_several else ""

    # --- asking and doing -----------------------------------------------------------------------------------------

    def targets(self, configuration: ConfigurationId) -> tuple[Target, ...]:
        """Return an answer of every column to a card: what a drop there would do, or why it would not. Pure."""
        console, shown = self.of_card(configuration), self.board
        card = shown.cards.get(configuration)
        found = self.queue.told(configuration, console.targets(configuration))
        if card is None or shown.workflow is None:
            return found
        return answered(card, found, self.sight_of(console), self.sights, shown.workflow, console.board.workflow)

    def plan(self, command: Plannable) -> Plan:
        """Return what the command would do. Nothing is changed.

        Raises:
            Refused: with the reason and the mend.
        """
        return self.of_command(command).plan(command)

    def plan_together(self, together: Together) -> BatchPlan:
        """Return one plan of several promotions, on however many pools; in the order given. Nothing is changed."""
        owners = {command.configuration: self.of_command(command) for command in together.commands}
        parts: dict[ConfigurationId, BatchPart] = {}
        for console in dict.fromkeys(owners.values()):
            own = tuple(command for command in together.commands if owners[command.configuration] is console)
            planned = planned_together(console, replace(together, commands=own))
            denial = away(self.sight_of(console)) or console.denial(verb_of(own[0]))
            for part in planned.parts:
                refused = part.refusal or denial
                state = PartState.REFUSED if refused is not None else part.state
                parts[part.configuration] = replace(part, refusal=refused, state=state)
        return BatchPlan(target=together.target, parts=tuple(parts[one] for one in owners))

    async def do(self, command: Confirmed | Settle) -> RunId:
        """Start a run on the pool that the command is for; see `Console.do`."""
        return await self.of_command(command if isinstance(command, Settle) else command.command).do(command)

    def denial(self, command: Plannable | Settle) -> NotPermitted | None:
        """Return why the log-in on the command's pool may not do it, None where it may."""
        try:
            return denial_at(self.of_command(command), command)
        except Refused:  # for several pools: the plan says so
            return None

    def away(self, configuration: ConfigurationId) -> Refused | None:
        """Return why nothing can be changed on a configuration's pool now; None where it can be."""
        return away(self.sight_of(self.of_card(configuration)))

    def away_from(self, vm: Uuid) -> Refused | None:
        """Return why nothing can be changed on a machine's pool now; None where it can be."""
        return away(self.sight_of(self.of_object(ObjectId(kind=Kind.VM, uuid=vm))))

    async def record_refusal(self, command: Plannable | Settle, refusal: Refused) -> None:
        """Leave a row of a command that was refused, unless there is one."""
        try:
            console = self.of_command(command)
        except Refused:
            console = self.pools.first
        await record_refusal(console, command, refusal)

    async def finished(self, run: RunId) -> RunStatus:
        """Wait for the end of a run."""
        return await self.of_run(run).finished(run)

    def quiet_s(self, configuration: ConfigurationId) -> float:
        """Return for how long who works on a configuration has given no sign of life."""
        return self.of_card(configuration).quiet_s(configuration)

    async def abort(self, run: RunId) -> None:
        """Begin no more of a run of ours, have cancelled what goes on, and put back what was done."""
        engine = self.of_run(run).engine
        found = engine.run(run)
        if found is not None:
            await found.break_off()

    def stop_runs(self) -> None:
        """Let no run on any pool begin another step."""
        for console in self.pools.all:
            console.stop_runs()

    # --- the record, which all pools share ------------------------------------------------------------------------

    async def audit_page(
        self, query: AuditQuery, *, before: int | None = None, limit: int = 200
    ) -> tuple[AuditRow, ...]:
        """Return rows, newest first, below sequence number `before`."""
        named = replace(query, pools={sight.pool: sight.name for sight in self.sights if sight.pool})
        return await self.pools.first.audit_page(named, before=before, limit=limit)

    async def record(self, *facts: Fact) -> None:
        """Write rows; `StoreFailed` where they cannot be."""
        await self.pools.first.record(*facts)

    async def verify_audit_apart(self) -> AuditVerified:
        """Check the whole chain in a process of its own, and tell what was found; `StoreFailed` where it cannot be."""
        return await self.pools.first.verify_audit_apart()


def _is_bare(board: Board) -> bool:
    return board.workflow is None or not board.is_published


def _is_same(one: object, other: object) -> bool:
    return one is other
