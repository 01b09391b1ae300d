"""The engine of one connection to one pool: what the console calls.

How to use it:

    engine = Engine(pool=..., ledger=..., clock=..., ids=..., me=..., world=..., observe=..., prober=..., check=...)
    engine.hear(inventory.pool.other_config)  # after every change of the pool's own record, once the inventory has it
    board = derive(inventory, engine.watch.shown_holder_of)   # who is alive, by this console's own clock
    await engine.begin()                    # once connected: frees and closes what an ended process of this home left
    plan = engine.plan(command)             # pure, from the world as last heard
    run = await engine.open(Confirmed(command=command, digest=plan.digest))     # refuses, or the run goes on by itself
    run = await engine.settle(Settle(...))  # finish or undo what any console left
    status = await run.wait()
    await engine.close()                    # stops runs at their next step and leaves them as interrupted

`observe` gets a `RunStatus` for each change of a run and a `StepProgressed` for each progress of a task. `me.is_gone`
decides which of our own leases may be taken back at once. A command that `open` or `settle` refuses leaves a row
`command.refused`, so the console need not write one.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import replace
from functools import partial

from xsconsole.domain.approval import Decision
from xsconsole.domain.board import Board
from xsconsole.domain.canonical import Json
from xsconsole.domain.given_ids import carried, given_to
from xsconsole.domain.ids import ConfigurationId, Digest, RequestId, RunId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.plan import Plan
from xsconsole.domain.poolstate import RunRecord, configuration_thing, numbers, run_stem
from xsconsole.domain.publication.values import Publication
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.reviews import ReviewItem, ReviewView
from xsconsole.domain.runs import RunState, RunStatus, Target
from xsconsole.domain.signing import SignatureCheck
from xsconsole.domain.workflow import Workflow
from xsconsole.engine import neighbours
from xsconsole.engine.allowing import Allowing
from xsconsole.engine.archives.ports import Archives
from xsconsole.engine.closing import Closings
from xsconsole.engine.commands import Confirmed, Direction, Plannable, Settle
from xsconsole.engine.facts import cause_of, in_force, manifests_before, observed_end, opening_fact, refusal_fact
from xsconsole.engine.fences.grounds import Grounds
from xsconsole.engine.fresh import fresh_land
from xsconsole.engine.hearing import Hearing
from xsconsole.engine.library.shelving import Shelving
from xsconsole.engine.neighbours import NOWHERE, Abroad, Neighbour, demand_neighbour, leases_of, neighbour_of
from xsconsole.engine.plans import targets
from xsconsole.engine.plans.confirming import demand_answers, demand_asker, stale
from xsconsole.engine.plans.lands import Land
from xsconsole.engine.ports import Clock, Field, Ids, Ledger, PoolPort, Prober
from xsconsole.engine.publication import publishing
from xsconsole.engine.requests import emergency
from xsconsole.engine.requests.asking import Requests, keys_of
from xsconsole.engine.requests.freezer import Freezer
from xsconsole.engine.requests.reviewing import forget_review
from xsconsole.engine.runs.gatekeeper import Gatekeeper, World
from xsconsole.engine.runs.lease import Keeping, Leases, LeaseTiming, Me, free_forsaken
from xsconsole.engine.runs.lease_ends import end_counters
from xsconsole.engine.runs.run_record import standing_run
from xsconsole.engine.runs.runner import Run
from xsconsole.engine.runs.surroundings import Observer, Surroundings
from xsconsole.engine.runs.watch import LeaseWatch
from xsconsole.engine.values import insist
from xsconsole.errors import HeldElsewhere, PoolFailed, PoolUnavailable, Refused, StoreFailed


class Engine:
    """See the module's docstring."""

    def __init__(
        self,
        *,
        pool: PoolPort,
        ledger: Ledger,
        clock: Clock,
        ids: Ids,
        me: Me,
        world: World,
        observe: Observer,
        prober: Prober,
        check: SignatureCheck,
        timing: LeaseTiming | None = None,
        watch: LeaseWatch | None = None,
        archives: Archives | None = None,
    ) -> None:
        self.watch = watch or LeaseWatch(clock)
        self._pool, self._ledger, self._clock, self._ids, self._me = pool, ledger, clock, ids, me
        self._check, self._world = check, world
        self._leases = partial(
            Leases,
            pool=pool,
            ledger=ledger,
            clock=clock,
            ids=ids,
            watch=self.watch,
            me=me,
            timing=timing or LeaseTiming(),
        )
        keeper = Gatekeeper(world, clock, prober)
        self._surroundings = Surroundings(
            pool=pool, ledger=ledger, clock=clock, observe=observe, gatekeeper=keeper, key=me.key, archives=archives
        )
        self.abroad: Abroad = NOWHERE  # whoever knows of other pools says it here
        self.requests = Requests(pool, ledger, clock, world, check, me.name, Freezer(self, world.caught_up), self)
        self.closings = Closings(pool, ledger, clock, ids, world)
        self.allowing, self.grounds = Allowing(pool, ledger, ids), Grounds(pool, ledger)
        self.shelving = Shelving(pool, ledger, ids, archives)
        self._runs: dict[RunId, Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._hearing = Hearing(pool)

    @property
    def console_name(self) -> str:
        return self._me.name

    @property
    def runs(self) -> tuple[RunStatus, ...]:
        """Runs since this engine began, newest first."""
        return tuple(run.status for run in reversed(self._runs.values()))

    def run(self, run: RunId) -> Run | None:
        return self._runs.get(run)

    def hear(self, pool_keys: Mapping[str, str]) -> None:
        """Take the pool's `other_config` in, as the feed gave it."""
        self.watch.observe(pool_keys)
        self._hearing.hear(pool_keys)

    async def begin(self) -> None:
        """Free and close what an ended process of this home left behind and nobody else has to settle."""
        await free_forsaken(self._pool, self.watch, self._me, await self._ledger.nonces())
        await self.reconcile()

    async def reconcile(self) -> None:
        """Close runs in the journal that this console opened and somebody else settled, or that never began.

        Worth calling when a run record of this console's disappeared from the pool.
        """
        for open_run in await self._ledger.open_runs():
            if open_run.pool != self._pool.identity.pool or self._is_active(open_run.run):
                continue
            leases = self._leases()
            try:
                # Whoever opened it may be alive and not have written its record yet: only the lease tells.
                await leases.take([configuration_thing(open_run.configuration)])
            except HeldElsewhere:
                continue
            try:
                keys = await insist(self._pool, lambda: self._pool.keys(Field.POOL))
                if not numbers(keys, run_stem(open_run.configuration)):
                    await self._ledger.record(observed_end(open_run, self._pool.identity))
            finally:
                await leases.free()

    # Asking

    def plan(self, command: Plannable, request: RequestId | None = None) -> Plan:
        """Return what the command would do, from the world as last heard of, or by the version of its `request`.

        Raises:
            Refused: with reason and mend.
        """
        return self.requests.plan_for(command, request, self._world.board, self._world.inventory)

    def targets(self, configuration: ConfigurationId) -> tuple[Target, ...]:
        """Return every stage with what a drop there would do, or why it would not."""
        return targets.targets(
            configuration,
            self._world.board,
            self._world.inventory,
            self._pool.identity.actor,
            self._clock.now(),
            lands=self.abroad.land,
        )

    # Doing

    async def open(self, confirmed: Confirmed) -> Run:
        """Start a run and return once its intent is on record; it goes on by itself.

        Raises:
            Refused: `PlanIsStale`, `HeldElsewhere`, `NotPromotable` ...; nothing was changed.
            PoolUnavailable, PoolFailed: nothing was changed.
            StoreFailed: the audit cannot be written; nothing was changed.
        """
        try:
            return await self._open(confirmed)
        except Refused as refusal:
            fact = refusal_fact(confirmed.command, refusal, self._world.board, self._pool.identity)
            await self._ledger.record(*(() if cause_of(refusal) == confirmed.refused_before else (fact,)))
            refusal.is_recorded = True
            raise

    async def _open(self, confirmed: Confirmed) -> Run:
        command = confirmed.command
        plan = self.plan(command, confirmed.request)
        if plan.digest != confirmed.digest:
            raise stale()
        demand_answers(plan, confirmed.answers)
        await self.requests.warrant(plan, confirmed.request, self._world.board, self._world.inventory)
        self._declared(plan, confirmed, self._world.board)
        leases, given = self._leases_for(plan), given_to(plan.intent, self._ids.new)
        await leases.take(carried(plan, given).leases)
        try:
            plan, board, inventory = await self._plan_afresh(command, confirmed.request, plan, plan.leases[0])
            if plan.digest != confirmed.digest:
                raise stale()
            warrant = await self.requests.warrant(plan, confirmed.request, board, inventory)
            declared = self._declared(plan, confirmed, board)
            record = RunRecord(
                run=RunId(self._ids.new()),
                plan=carried(plan, given),
                plan_digest=plan.digest,
                given=given,
                actor=self._pool.identity.actor,
                console=self._me.console,
                console_name=self._me.name,
                reason=command.reason,
                started_at=self._clock.now(),
                warrant=warrant,
                emergency=declared,
            )
            named, before = board.workflow, manifests_before(plan.intent, board, inventory)
            fact = opening_fact(AuditEvent.RUN_OPENED, record, self._pool.identity, named, command.reason, before)
            facts = [in_force(fact, named if board.is_published else None, confirmed.batch)]
            if plan.is_emergency:
                facts.append(emergency.emergency_fact(record, self._pool.identity, keys_of(inventory), board))
            await self._ledger.record(*facts)
        except BaseException:
            await leases.free()
            raise
        return self._start(record, leases, None)

    def _declared(self, plan: Plan, confirmed: Confirmed, board: Board) -> str:
        pool = self._pool.identity.pool
        return emergency.demand_declared(plan, confirmed.declaration, pool, board.workflow, self._check)

    @contextlib.asynccontextmanager
    async def leased(self, command: Plannable, plan: Plan) -> AsyncIterator[tuple[Plan, Board, Inventory]]:
        """Hold the configuration of a plan, and give the plan of `command` by what the pool says then, and that."""
        thing, leases = configuration_thing(plan.intent.configuration), self._leases()
        await leases.take([thing])
        async with leases.kept():
            yield await self._plan_afresh(command, None, plan, thing)

    async def settle(self, settle: Settle) -> Run:
        """Take over a run that stands on the pool and nobody works on, and finish it forward or back.

        Raises:
            Refused: there is none, or its console is alive (`HeldElsewhere`); nothing was changed.
        """
        try:
            return await self._settle(settle)
        except Refused as refusal:
            await self._ledger.record(refusal_fact(settle, refusal, self._world.board, self._pool.identity))
            refusal.is_recorded = True
            raise

    async def _settle(self, settle: Settle) -> Run:
        record = await self._standing(settle.configuration)
        if self._is_active(record.run):
            raise HeldElsewhere(
                reason="This console is working on it.",
                mend="Wait until that has ended, or stop it first.",
                holder=self._pool.identity.actor,
                console=self._me.name,
            )
        if record.plan.intent.pools and record.plan.intent.pools[0] != self._pool.identity.pool:
            home = demand_neighbour(record.plan.intent.pools[0], record.plan.intent, self.abroad)
            return await home.settle(replace(settle, configuration=record.plan.intent.configuration))
        leases = self._leases_for(record.plan)
        await leases.take(record.plan.leases)
        try:
            # Its console may have gone on until just now: only what stands under our lease counts.
            record = await self._standing(settle.configuration)
            is_undo = settle.direction is Direction.UNDO
            if not is_undo:
                demand_asker(record, self._me.console)
                self.requests.demand_resumable(record)
                await self.closings.demand_going_on(record)
                await neighbours.demand_going_on(record, self.abroad)
            event, named = AuditEvent.RUN_UNDOING if is_undo else AuditEvent.RUN_RESUMED, self._world.board.workflow
            await self._ledger.record(opening_fact(event, record, self._pool.identity, named, settle.reason))
        except BaseException:
            await leases.free()
            raise
        return self._start(record, leases, settle.direction)

    async def publish_default(self) -> Workflow | None:
        """Publish the default workflow where none stands; return what stands now."""
        return await publishing.publish_default(self._pool, self._ledger)

    async def publish(self, workflow: Workflow, version_seen: int) -> Workflow:
        """Publish a workflow over the one that was seen. Raises `PlanIsStale` where somebody was faster."""
        return await publishing.publish(self._pool, self._ledger, workflow, version_seen)

    async def publish_version(
        self, workflow: Workflow, seen: Digest | None, publication: Publication, details: Mapping[str, Json]
    ) -> bool:
        """Publish a version over the one with digest `seen`; see `publishing.publish_version`."""
        return await publishing.publish_version(self._pool, self._ledger, workflow, seen, publication, details)

    async def decide(self, decision: Decision, item: ReviewItem | None = None) -> None:
        """Leave a signed decision on a version or a review on the pool, with its rows on record before and after."""
        await publishing.leave_decision(self._pool, self._ledger, decision, item)

    async def forget_review(self, view: ReviewView) -> None:
        """Take a review item that others have looked at off the pool."""
        await forget_review(self._pool, self._ledger, view)

    def stop_runs(self) -> None:
        """Let no run begin another step; its record stays, and any console may settle it."""
        for run in self._runs.values():
            run.stop()

    async def close(self) -> None:
        """Stop every run at its next step and wait for that."""
        self.stop_runs()
        while self._tasks:  # what tidies up after a run may begin one of its own
            await asyncio.wait(self._tasks)

    # Inside

    def _start(self, record: RunRecord, leases: Keeping, direction: Direction | None) -> Run:
        other = neighbour_of(record.plan.intent, self.abroad)
        run = Run(self._surroundings, record, leases, None if other is None else (other.pool, other.gatekeeper))
        self._runs.pop(record.run, None)
        self._runs[record.run] = run
        self._keep(self._see_through(run, record, direction), name=f"run {record.run}")
        return run

    async def _see_through(self, run: Run, record: RunRecord, direction: Direction | None) -> None:
        await run.go(direction)
        with contextlib.suppress(PoolUnavailable, PoolFailed, StoreFailed):
            if run.status.state is RunState.DONE:
                # What stays behind is void, because the configuration is another now, and can be withdrawn.
                await self.requests.tidy_after(record)
            if run.status.state in (RunState.DONE, RunState.UNDONE):
                await end_counters(self._pool, self.watch, keys_of(self._world.inventory), self._world.board, record)

    def _keep(self, work: Coroutine[None, None, None], name: str) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (bug := task.exception()) is not None:
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"{task.get_name()} ended by a bug", "exception": bug, "task": task}
            )

    def _leases_for(self, plan: Plan) -> Keeping:
        return leases_of(plan, self._leases(), neighbour_of(plan.intent, self.abroad))

    def as_neighbour(self) -> Neighbour:
        """Return this pool as runs of other pools of the same home use it."""
        return Neighbour(
            pool=self._pool,
            world=self._world,
            gatekeeper=self._surroundings.gatekeeper,
            leases=self._leases,
            catch_up=self.catch_up,
            settle=self.settle,
            demand_going_on=self.closings.demand_going_on,
        )

    def _is_active(self, run: RunId) -> bool:
        known = self._runs.get(run)
        return known is not None and known.status.ended_at is None

    async def _standing(self, configuration: ConfigurationId) -> RunRecord:
        keys = await insist(self._pool, lambda: self._pool.keys(Field.POOL))
        record = standing_run(keys, configuration)
        if record is None:
            raise Refused(reason="Nothing is left to settle.", mend="Somebody settled it; look at the board.")
        return record

    async def _plan_afresh(
        self, command: Plannable, request: RequestId | None, plan: Plan, thing: str
    ) -> tuple[Plan, Board, Inventory]:
        """Plan again under the lease of `thing`, from what the pool says now; return also that."""
        await self.catch_up(thing)
        fresh = await fresh_land(self._pool, self._world, command, plan, plan.leases)
        other = neighbour_of(plan.intent, self.abroad)
        land: Land | None = None
        board, clocks = fresh.board, await self.requests.clocks(None if other is None else other.pool)
        if other is not None:
            await other.catch_up(plan.leases_abroad[0])
            land = await fresh_land(other.pool, other.world, command, plan, plan.leases_abroad)
        planned = self.requests.plan_for(command, request, board, fresh.inventory, clocks, lambda _: land)
        return planned, board, fresh.inventory

    async def catch_up(self, thing: str) -> None:
        """Wait until the feed has told of the last lease of a thing, and so of everything that happened before."""
        await self._hearing.catch_up(thing)
