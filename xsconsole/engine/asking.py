"""What an engine does with requests: on the pool, and before and after its runs."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from xsconsole.domain.approval import Decision, Requester
from xsconsole.domain.board import Board
from xsconsole.domain.continuing import Judging, judging
from xsconsole.domain.ids import RequestId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.manifest import manifest_of_card
from xsconsole.domain.plan import Plan
from xsconsole.domain.poolstate import RunRecord
from xsconsole.domain.record import Outcome
from xsconsole.domain.request_views import RequestView, unknown_requester
from xsconsole.domain.requests import Paper, Request, Warrant, asked, paper_of, to_warrant
from xsconsole.domain.signing import SignatureCheck, Signer, key_fingerprint
from xsconsole.domain.words import instant, listing
from xsconsole.domain.workflow import Workflow
from xsconsole.engine import planner, requests
from xsconsole.engine.commands import Ask, Plannable
from xsconsole.engine.continuing import plan_under
from xsconsole.engine.gatekeeper import World
from xsconsole.engine.ports import Clock, Field, Ledger, PoolPort
from xsconsole.engine.publishing import leave_decision
from xsconsole.engine.values import insist
from xsconsole.errors import NotPermitted, PlanIsStale, Refused


class Requests:
    """The requests of one pool."""

    def __init__(
        self, pool: PoolPort, ledger: Ledger, clock: Clock, world: World, check: SignatureCheck, console: str
    ) -> None:
        self._pool = pool
        self._ledger = ledger
        self._clock = clock
        self._world = world
        self._check = check
        self._console = console

    async def time(self) -> datetime:
        """Return what the pool's own clock says."""
        return await insist(self._pool, self._pool.time)

    async def clocks(self) -> tuple[datetime, datetime]:
        """Return what this machine's clock says, and what the pool's does."""
        return self._clock.now(), await self.time()

    def plan(self, ask: Ask) -> Plan:
        """Return what would be done, at the time from which it is asked for.

        Raises:
            Refused: with the reason; also where nobody has to approve it.
        """
        actor = self._pool.identity.actor
        at = max(self._clock.now(), ask.not_before or self._clock.now())
        plan = planner.plan(ask.command, self._world.board, self._world.inventory, actor, at)
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
    ) -> Plan:
        """Return what a command would do by the version that judges the request which lets it through.

        `clocks` say what the time is; none: this machine's.

        Raises:
            Refused: see `continuing.plan_under`.
        """
        judged_by = self._judging(request, board, inventory)
        return plan_under(
            judged_by, command, board, inventory, self._pool.identity.actor, clocks or (self._clock.now(),)
        )

    async def ask(self, ask: Ask, signer: Signer, request: RequestId) -> Request:
        """Put a request on the pool, under this id, and return it.

        Raises:
            PlanIsStale: what would be done now is not what was seen.
            NotPermitted: nobody could tell whether who asks also approves.
            Refused: see `plan`, `requests.leave_request`, or its time does not fit; nothing was changed.
        """
        plan = self.plan(ask)
        if plan.digest != ask.digest:
            raise PlanIsStale(
                reason="What would be done now is not what you saw.", mend="Look at the new plan, then decide again."
            )
        board, identity = self._world.board, self._pool.identity
        workflow, card = board.workflow, board.cards[plan.intent.configuration]
        assert workflow is not None
        self._demand_known(signer, workflow)
        open_questions = tuple(question for question in plan.questions if question not in ask.answers)
        if open_questions:
            raise Refused(
                reason=f"Not answered with yes: {listing(open_questions)}.", mend="Go through the checklist first."
            )
        way = workflow.transition_of(plan.intent.transition) if plan.intent.transition is not None else None
        at = await self.time()
        ends = at + timedelta(seconds=way.expiry_s) if way is not None and way.expiry_s is not None else None
        if ends is not None and ask.not_before is not None and ask.not_before >= ends:
            raise Refused(
                reason=f"It would end at {instant(ends)}, before it may begin.",
                mend="Ask later, or for an earlier time.",
            )
        unsigned = Request(
            id=request,
            pool=identity.pool,
            intent=plan.intent,
            plan=plan.digest,
            reason=ask.command.reason,
            ticket=ask.ticket,
            asked_at=at,
            not_before=ask.not_before,
            expires_at=ends,
            runs_itself=ask.runs_itself,
            answers=ask.answers,
            actor=identity.actor,
            console=self._console,
            public_key="",
        )
        for view in self.views(at):
            place = (view.request.intent.configuration, view.request.intent.target)
            if place == (plan.intent.configuration, plan.intent.target) and not view.is_open:
                await self.forget(view.request, "It had ended, and is asked for again.")
        manifest = manifest_of_card(card, self._world.inventory, workflow)
        paper = Paper(request=asked(signer, unsigned), plan=plan, manifest=manifest)
        await requests.leave_request(self._pool, self._ledger, paper, self._check)
        return paper.request

    def _demand_known(self, signer: Signer, workflow: Workflow) -> None:
        requester = Requester(fingerprint=key_fingerprint(signer.public_key), actor=self._pool.identity.actor)
        if requester.among(workflow.people) is None:
            raise NotPermitted(
                reason=unknown_requester(requester),
                mend="Have your key pinned to you in the workflow: `xsconsole key show` says what it is.",
            )

    async def decide(self, decision: Decision) -> None:
        """Leave a signed decision on the pool, with its rows on record before and after."""
        await leave_decision(self._pool, self._ledger, decision)

    async def forget(self, request: Request, reason: str) -> None:
        """Take a request and what was decided on it off the pool."""
        await requests.forget_request(self._pool, self._ledger, request, Outcome.CANCELLED, reason, {})

    async def warrant(self, plan: Plan, request: RequestId | None, board: Board, inventory: Inventory) -> str:
        """Return, in text, what allows a plan to be carried out now, by what stands on the pool; empty: nothing has to.

        Raises:
            ApprovalMissing, NotFound: see `requests.demand_warrant`.
        """
        judged_by = self._judging(request, board, inventory)
        transition, workflow = plan.intent.transition, judged_by.version if judged_by is not None else board.workflow
        way = workflow.transition_of(transition) if workflow is not None and transition is not None else None
        assert plan.demand is not None or way is None or not way.approvals, "the plan leaves out what the way demands"
        if plan.demand is None or plan.is_emergency:
            return ""
        keys = await insist(self._pool, lambda: self._pool.keys(Field.POOL))
        clocks = await self.clocks()
        found: Warrant = requests.demand_warrant(plan, request, keys, board, inventory, clocks, self._check)
        return to_warrant(found)

    def demand_resumable(self, record: RunRecord) -> None:
        """Refuse to go on with a run without the approvals that its way demands."""
        requests.demand_resumable(record, self._keys, self._world.board.workflow, self._pool.identity.pool, self._check)

    async def tidy_after(self, record: RunRecord) -> None:
        """Forget the requests that a run which was carried out makes pointless."""
        await requests.tidy_after(self._pool, self._ledger, record)

    def views(self, at: datetime, also_at: tuple[datetime, ...] = ()) -> tuple[RequestView, ...]:
        """Return every request as it stands by what was last heard of the pool."""
        return requests.judged(self._keys, self._world.board, self._world.inventory, at, self._check, also_at)

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
