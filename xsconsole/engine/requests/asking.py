"""What an engine does with requests: on the pool, and before and after its runs."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from xsconsole.domain.approval import Decision, Requester
from xsconsole.domain.board import Board
from xsconsole.domain.continuing import Judging, judging
from xsconsole.domain.ids import BatchId, RequestId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.manifest import Manifest, fingerprint, manifest_of_card
from xsconsole.domain.plan import Intent, Plan
from xsconsole.domain.points.sets import Candidate
from xsconsole.domain.poolstate import RunRecord
from xsconsole.domain.record import Outcome
from xsconsole.domain.requests.values import (
    Paper,
    Request,
    Warrant,
    asked,
    is_genuine,
    paper_of,
    papers_on,
    requests_of,
    to_warrant,
)
from xsconsole.domain.requests.views import RequestView, unknown_requester
from xsconsole.domain.requests.ways import demanding_way
from xsconsole.domain.signing import SignatureCheck, Signer, key_fingerprint
from xsconsole.domain.words import instant
from xsconsole.domain.workflow import Method, Workflow
from xsconsole.engine.commands import Ask, Plannable, Promote
from xsconsole.engine.copies.candidates import left_over, manifest_of_stock
from xsconsole.engine.neighbours import Abroad
from xsconsole.engine.plans import planner
from xsconsole.engine.plans.confirming import demand_answers, stale
from xsconsole.engine.plans.lands import Lands
from xsconsole.engine.ports import Clock, Field, Ledger, PoolPort
from xsconsole.engine.publication.continuing import plan_under
from xsconsole.engine.publication.publishing import leave_decision
from xsconsole.engine.requests import standing as requests
from xsconsole.engine.requests.asked import as_asked
from xsconsole.engine.requests.freezer import Freezer
from xsconsole.engine.runs.gatekeeper import World
from xsconsole.engine.values import insist
from xsconsole.errors import ConsoleError, NotPermitted, Refused

Papers = Callable[[Plan, Manifest], Paper]
"""Makes the request of a plan, signed, with what it is about."""


class Around(Protocol):
    """Who knows of other pools."""

    @property
    def abroad(self) -> Abroad: ...


class Requests:
    """The requests of one pool."""

    def __init__(
        self,
        pool: PoolPort,
        ledger: Ledger,
        clock: Clock,
        world: World,
        check: SignatureCheck,
        console: str,
        freezer: Freezer,
        around: Around,
    ) -> None:
        self._pool = pool
        self._ledger = ledger
        self._clock = clock
        self._world = world
        self._check = check
        self._console = console
        self._freezer = freezer
        self._around = around

    async def time(self) -> datetime:
        """Return what the pool's own clock says."""
        return await insist(self._pool, self._pool.time)

    async def clocks(self, other: PoolPort | None = None) -> tuple[datetime, ...]:
        """Return what this machine's clock says, what the pool's does, and what another pool's."""
        found = (self._clock.now(), await self.time())
        return found if other is None else (*found, await insist(other, other.time))

    def plan(self, ask: Ask) -> Plan:
        """Return what would be done, at the time from which it is asked for.

        Raises:
            Refused: with the reason; also where nobody has to approve it.
        """
        actor = self._pool.identity.actor
        at = max(self._clock.now(), ask.not_before or self._clock.now())
        plan = planner.plan(
            ask.command, self._world.board, self._world.inventory, actor, at, (), self._around.abroad.land
        )
        if plan.is_emergency:
            raise Refused(reason="An emergency is declared, and nobody is asked.", mend="Declare it.")
        if plan.demand is None:
            raise Refused(reason="Nobody has to approve this.", mend=f"{plan.intent.kind.value.capitalize()} it.")
        return plan

    def plan_for(
        self,
        command: Plannable,
        request: RequestId | None,
        board: Board,
        inventory: Inventory,
        clocks: tuple[datetime, ...] = (),
        lands: Lands | None = None,
    ) -> Plan:
        """Return what a command would do by the version that judges the request which lets it through.

        `clocks` say what the time is; none: this machine's. `lands` gives other pools to look at; None: as last heard.

        Raises:
            Refused: see `continuing.plan_under`.
        """
        judged_by = self._judging(request, board, inventory)
        at = clocks or (self._clock.now(),)
        there = self._around.abroad.land if lands is None else lands
        actor = self._pool.identity.actor
        paper = paper_of(keys_of(inventory), request) if request is not None else None

        def planned(lands: Lands) -> Plan:
            return plan_under(judged_by, command, board, inventory, actor, at, lands)

        return as_asked(paper.request if paper is not None else None, there, planned)

    async def ask(self, ask: Ask, signer: Signer, request: RequestId) -> Request:
        """Put a request on the pool, under this id, and return it.

        Raises:
            PlanIsStale: what would be done now is not what was seen.
            NotPermitted: nobody could tell whether who asks also approves.
            Refused: see `plan`, `requests.leave_request`, or its time does not fit; nothing was changed.
            RunFailed, Interrupted: what it is about could not be frozen; see `Freezer.freeze`.
        """
        plan = self.plan(ask)
        if plan.digest != ask.digest:
            raise stale()
        workflow = self._world.board.workflow
        assert workflow is not None
        self._demand_known(signer, workflow)
        demand_answers(plan, ask.answers)
        at = await self.time()
        ends = _end(plan, workflow, at, ask)
        await self._forget_ended(plan.intent, at)

        def paper(found: Plan, manifest: Manifest) -> Paper:
            unsigned = Request(
                id=request,
                pool=self._pool.identity.pool,
                intent=found.intent,
                plan=found.digest,
                reason=ask.command.reason,
                ticket=ask.ticket,
                asked_at=at,
                not_before=ask.not_before,
                expires_at=ends,
                runs_itself=ask.runs_itself,
                answers=ask.answers,
                actor=self._pool.identity.actor,
                sid=self._pool.identity.sid,
                console=self._console,
                public_key="",
            )
            return Paper(request=asked(signer, unsigned), plan=found, manifest=manifest)

        if isinstance(ask.command, Promote) and plan.intent.method is not Method.MOVE:
            return await self._ask_frozen(ask.command, plan, request, paper, ask.batch)
        card = self._world.board.cards[plan.intent.configuration]
        made = paper(plan, manifest_of_card(card, self._world.inventory, workflow))
        await requests.leave_request(self._pool, self._ledger, made, self._check, ask.batch)
        return made.request

    async def _ask_frozen(
        self, command: Promote, plan: Plan, request: RequestId, paper: Papers, batch: BatchId | None
    ) -> Request:
        """Freeze what is asked about, plan again from that, and ask for exactly this; or leave nothing behind."""
        intent = plan.intent
        keys = await insist(self._pool, lambda: self._pool.keys(Field.POOL))
        for other in requests_of(keys, intent.configuration):
            if other.is_frozen and other.intent.target == intent.target and is_genuine(other, self._check):
                raise requests.asked_already(other)
        await self._freezer.freeze(command, request)
        try:
            copying = replace(command, candidate=request, is_stopped_first=False)
            async with self._freezer.leased(copying, plan) as (frozen, board, inventory):
                card = board.cards[intent.configuration]
                was = fingerprint(manifest_of_card(card, inventory, board.workflow))
                if frozen.intent != intent or plan.demand is None or was != plan.demand.manifest:
                    raise stale()
                manifest = manifest_of_stock(card, request, board.workflow, inventory)
                assert manifest is not None, "a plan was made of it"
                made = paper(frozen, manifest)
                await requests.leave_request(self._pool, self._ledger, made, self._check, batch)
        except ConsoleError:
            with contextlib.suppress(ConsoleError):
                keys = await insist(self._pool, lambda: self._pool.keys(Field.POOL))
                if paper_of(keys, request) is None:
                    await self._freezer.thaw(intent.configuration, request, "It was not asked for after all.")
            raise
        return made.request

    async def _forget_ended(self, intent: Intent, at: datetime) -> None:
        """Clear away what was asked for before at the same place, and has ended."""
        for view in self.views(at):
            place = (view.request.intent.configuration, view.request.intent.target)
            if place == (intent.configuration, intent.target) and not view.is_open:
                await self.forget(view.request, "It had ended, and is asked for again.")

    def _demand_known(self, signer: Signer, workflow: Workflow) -> None:
        requester = Requester(fingerprint=key_fingerprint(signer.public_key), actor=self._pool.identity.actor)
        if requester.among(workflow.people) is None:
            raise NotPermitted(
                reason=unknown_requester(requester),
                mend="Have your key pinned to you in the workflow: `xsconsole key show` says what it is.",
            )

    async def decide(self, decision: Decision) -> None:
        """Leave a signed decision on the pool, with its rows on record before and after."""
        papers = (paper for paper in papers_on(self._keys) if paper.request.subject == decision.subject)
        await leave_decision(self._pool, self._ledger, decision, next((paper.request for paper in papers), None))

    async def forget(self, request: Request, reason: str) -> str:
        """Take a request and what was decided on it off the pool, and remove what was frozen for it.

        Returns what remains of that and why, in a sentence; empty where nothing does.
        """
        await requests.forget_request(self._pool, self._ledger, request, Outcome.CANCELLED, reason, {})
        return await self.thaw(request, reason)

    async def thaw(self, request: Request, reason: str) -> str:
        """Remove what was frozen for a request that nobody can carry out any more; see `forget`."""
        if not request.is_frozen:
            return ""
        return await self._freezer.thaw(request.intent.configuration, request.id, reason)

    def left_over(self) -> tuple[Candidate, ...]:
        """Return what stands frozen without a request and without a run that works on it."""
        return left_over(self._world.board, self._world.inventory)

    async def clean(self, candidate: Candidate, reason: str) -> str:
        """Remove what stands frozen without a request; see `forget`."""
        return await self._freezer.thaw(candidate.configuration, candidate.request, reason)

    async def warrant(self, plan: Plan, request: RequestId | None, board: Board, inventory: Inventory) -> str:
        """Return, in text, what allows a plan to be carried out now, by what stands on the pool; empty: nothing has to.

        Raises:
            ApprovalMissing, NotFound: see `requests.demand_warrant`.
        """
        judged_by = self._judging(request, board, inventory)
        way = demanding_way(plan.intent, judged_by.version if judged_by is not None else board.workflow)
        assert plan.demand is not None or way is None or not way.approvals, "the plan leaves out what the way demands"
        if plan.demand is None or plan.is_emergency:
            return ""
        keys = await insist(self._pool, lambda: self._pool.keys(Field.POOL))
        clocks = await self.clocks()
        found: Warrant = requests.demand_warrant(
            plan, request, keys, board, inventory, clocks, self._check, self._around.abroad.land
        )
        return to_warrant(found)

    def demand_resumable(self, record: RunRecord) -> None:
        """Refuse to go on with a run without the approvals that its way demands."""
        requests.demand_resumable(record, self._keys, self._world.board.workflow, self._pool.identity.pool, self._check)

    async def tidy_after(self, record: RunRecord) -> None:
        """Forget the requests that a run which was carried out makes pointless, and what was frozen for them."""
        for request in await requests.tidy_after(self._pool, self._ledger, record):
            await self.thaw(request, "It was carried out, or the configuration was dissolved.")

    def views(self, at: datetime, also_at: tuple[datetime, ...] = ()) -> tuple[RequestView, ...]:
        """Return every request as it stands by what was last heard of the pool."""
        world, keys, lands = self._world, self._keys, self._around.abroad.land
        return requests.judged(keys, world.board, world.inventory, at, self._check, also_at, lands)

    @property
    def _keys(self) -> Mapping[str, str]:
        return keys_of(self._world.inventory)

    def _judging(self, request: RequestId | None, board: Board, inventory: Inventory) -> Judging | None:
        keys = keys_of(inventory)
        paper = paper_of(keys, request) if request is not None else None
        return judging(keys, board.workflow, paper.request, self._check) if paper is not None else None


def keys_of(inventory: Inventory) -> Mapping[str, str]:
    """Return what stands in the pool's own map, as far as the pool has been heard of."""
    return inventory.pool.other_config if inventory.pool is not None else {}


def _end(plan: Plan, workflow: Workflow, at: datetime, ask: Ask) -> datetime | None:
    """Return when a request that is made now ends, as the way says.

    Raises:
        Refused: it may not begin before a time that is past, or that comes after its end.
    """
    if ask.not_before is not None and ask.not_before <= at:
        raise Refused(
            reason=f"It is not to begin before {instant(ask.not_before)}, and by the pool's clock that is past.",
            mend="Give a time to come, or none: then it runs as soon as it is approved.",
        )
    way = demanding_way(plan.intent, workflow)
    ends = at + timedelta(seconds=way.expiry_s) if way is not None and way.expiry_s is not None else None
    if ends is not None and ask.not_before is not None and ask.not_before >= ends:
        raise Refused(
            reason=f"It would end at {instant(ends)}, before it may begin.",
            mend="Ask later, or for an earlier time.",
        )
    return ends
