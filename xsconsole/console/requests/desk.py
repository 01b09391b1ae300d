"""Requests for promotions as a person sees and handles them at this console: ask, decide, withdraw, run."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol, TypeVar

from xsconsole.console.desks import Desk, Keeper
from xsconsole.console.requests.ends import RequestEnds
from xsconsole.console.requests.pool_clock import PoolClock
from xsconsole.console.requests.watch import RequestWatch
from xsconsole.console.requests.works import RequestWorks
from xsconsole.console.values import Secret, Verb
from xsconsole.console.vouching import Vouch, log_in_fields, log_in_of, logged_in
from xsconsole.console.webhook import Webhook
from xsconsole.domain.approval import Decision, Matter, Meaning, decided, is_genuine
from xsconsole.domain.board import Board
from xsconsole.domain.events import Event
from xsconsole.domain.ids import ConfigurationId, Digest, RequestId, RunId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.plan import Plan
from xsconsole.domain.points.sets import Candidate
from xsconsole.domain.requests.files import DecisionFile, RequestFile
from xsconsole.domain.requests.values import Request
from xsconsole.domain.requests.views import RequestView, about, demanded_of, stage_name, waiting_words
from xsconsole.domain.rights import has_role
from xsconsole.domain.signing import owner_of
from xsconsole.domain.workflow import ApprovalRule, Person, Workflow
from xsconsole.domain.workflow.wording import rule_words
from xsconsole.engine.commands import Approvable, Ask, Confirmed
from xsconsole.engine.copies.candidates import left_over
from xsconsole.engine.neighbours import Abroad
from xsconsole.engine.ports import Ids
from xsconsole.engine.requests.asked import command_of
from xsconsole.errors import NotFound, NotPermitted, Refused
from xsconsole.store.keys import is_signature

log = logging.getLogger(__name__)

STRONGEST = "pool-admin"

E = TypeVar("E", bound=Event)
ASK_ANEW = "It can only be withdrawn; what is wanted now is asked for anew."


class Home(Keeper, Protocol):
    """What is needed of the home."""

    @property
    def ids(self) -> Ids: ...

    @property
    def is_reading(self) -> bool: ...

    @property
    def webhook(self) -> Webhook: ...


class RequestDesk(Desk, Protocol):
    """What is needed of the console of one pool."""

    abroad: Abroad

    async def demand_rights(self, command: Approvable) -> None: ...


class Requests:
    """The requests of one pool. Lives on the loop's thread."""

    def __init__(
        self,
        desk: RequestDesk,
        home: Home,
        world: Callable[[], tuple[Inventory, Board]],
        subscribe: Callable[[type[E], Callable[[E], None]], Callable[[], None]],
        publish: Callable[[Event], None],
    ) -> None:
        self._desk = desk
        self._home = home
        self._world = world
        self._vouch: Vouch | None = None
        self.clock = PoolClock(home.clock.now)
        self.carries_out = False  # whether it runs what this home asked to run by itself, as a window does
        self._works = RequestWorks(self.run, self._thaw_over)
        self._ends = RequestEnds(home)
        self._watch = RequestWatch(world, self.clocks, subscribe, publish, self._hear, desk)

    async def begin(self, vouch: Vouch, clock: Callable[[], Awaitable[datetime]]) -> None:
        """Follow the requests of the connection that was made; `clock` asks its pool for the time."""
        self._vouch = vouch
        self.clock.follow(clock)
        if not self._home.is_reading:
            await self.clock.time()
        self._watch.begin()

    def carry_out(self) -> None:
        """Carry out what this home asked to run by itself, from now on; a window does, one command does not."""
        self.carries_out = True
        self._hear(self._watch.views)

    async def end(self) -> None:
        """Follow nothing any more. What was seen last is shown still."""
        self._vouch = None
        self.clock.follow(None)
        self._watch.end()
        await self._works.end()

    def now(self) -> datetime:
        """Return the later of what this machine's clock says and what the pool's should say now."""
        return max(self.clocks())

    def moment(self) -> tuple[datetime, tuple[datetime, ...]]:
        """Return this moment by this machine's clock, and by the others."""
        own, pools = self.clocks()
        return own, (pools,)

    def clocks(self) -> tuple[datetime, datetime]:
        """Return what this machine's clock says, and what the pool's should say now."""
        now = self._home.clock.now()
        return now, now + self.clock.offset

    def own_time(self, at: datetime) -> datetime:
        """Return when by this machine's clock something was of which the pool says when."""
        return at - self.clock.offset

    # --- looking --------------------------------------------------------------------------------------------------

    @property
    def views(self) -> tuple[RequestView, ...]:
        """Every request as it stands, oldest first."""
        return self._watch.views

    @property
    def has_looked(self) -> bool:
        return self._watch.has_looked

    def refresh(self) -> tuple[RequestView, ...]:
        """Judge all of them anew, also by what changes without being told, and return them."""
        return self._watch.refresh()

    def view(self, request: RequestId) -> RequestView:
        """Return one request.

        Raises:
            NotFound: it is not on the pool any more.
        """
        for found in self._watch.views:
            if found.request.id == request:
                return found
        raise NotFound(reason="There is no such request on the pool any more.", mend="Look at the board.")

    def of(self, configuration: ConfigurationId) -> tuple[RequestView, ...]:
        """Return the requests for one configuration."""
        return tuple(view for view in self._watch.views if view.request.intent.configuration == configuration)

    def workflow_of(self, view: RequestView) -> Workflow | None:
        """Return the version of the workflow by which a request is judged; where none is, the one that stands."""
        return view.workflow or self._desk.board.workflow

    def pool_name(self, request: RequestId) -> str:
        """Return the name of a request's pool where there are several: here there is one."""
        del request
        return ""

    @property
    def me(self) -> Person | None:
        """Whom the workflow pins this console's key to."""
        workflow = self._desk.board.workflow
        return owner_of(self._home.key_fingerprint, workflow.people) if workflow is not None else None

    def knows_me(self, view: RequestView) -> bool:
        """Whether the version that judges it pins this console's key to anybody."""
        return self._me_in(view) is not None

    def asks_me(self, view: RequestView) -> bool:
        """Whether this console's person could approve it now."""
        me = self._me_in(view)
        return me is not None and me in view.could

    def is_mine(self, view: RequestView) -> bool:
        """Whether this console's person asked for it."""
        request, me = view.request, self._me_in(view)
        return request.key == self._home.key_fingerprint or (me is not None and request.requester.is_(me))

    def decided(self, view: RequestView) -> Decision | None:
        """Return what this console's person decided, if it counts."""
        me = self._me_in(view)
        return view.decision_of(me) if me is not None else None

    def log_in_wanted(self, view: RequestView) -> str:
        """Return the log-in that this console's person gives anew when they decide; empty where none is asked."""
        return log_in_of(self._me_in(view))

    # --- doing ----------------------------------------------------------------------------------------------------

    def plan(self, ask: Ask) -> Plan:
        """Return what would be done at the time from which it is asked for; raises `Refused`."""
        return self._desk.engine.requests.plan(ask)

    async def ask(self, ask: Ask) -> Request:
        """Ask those who have to approve; the request stands on the pool then.

        Raises:
            Refused: `PlanIsStale`, `NotPermitted` ...; nothing was changed.
            PoolUnavailable, StoreFailed: whether it stands there is not known; the same again finds out.
        """
        await self._desk.demand_rights(ask.command)
        made = await self._desk.engine.requests.ask(ask, self._home.signer, RequestId(self._home.ids.new()))
        await self._watch.until(lambda views: any(view.request.id == made.id for view in views))
        return made

    async def decide(
        self, request: RequestId, meaning: Meaning, reason: str, password: Secret | None = None
    ) -> RequestView:
        """Approve or reject by this console's key; `password` is what was typed just now when `log_in_wanted`.

        Raises:
            LogInNeeded: a password has to be typed.
            Refused: nobody is asked, or not this console's person; nothing was changed.
            ConnectFailed: the password does not let them in; nothing was changed.
            PoolUnavailable, StoreFailed: whether it stands on the pool is not known; the same again finds out.
        """
        view, engine = self.view(request), self._desk.engine
        self._demand_write()
        person, rules, workflow = self._demand_asked(view, meaning)
        await self._demand_time(view)
        identity = self._desk.identity
        if self.log_in_wanted(view):
            identity = await logged_in(self._vouch, identity, person, password)
        decision = decided(
            self._home.signer,
            matter=Matter.PROMOTION,
            subject=view.request.subject,
            about=about(view.request, workflow),
            meaning=meaning,
            reason=reason,
            at=self.now(),
            plan=view.request.plan,
            rule="; ".join(rule_words(rule, workflow) for rule in rules),
            **log_in_fields(identity),
        )
        await engine.requests.decide(decision)
        await self._watch.until(lambda views: any(decision in one.decisions for one in views))
        await self._thaw_over(self.view(request))
        return self.view(request)

    async def take_in(self, file: DecisionFile) -> RequestView:
        """Leave a decision that came as a file on the pool, if it counts.

        Raises:
            Refused: it is forged, about something else, or of nobody whom a rule names; nothing was changed.
        """
        decision = file.decision
        view = next((one for one in self._watch.refresh() if one.request.subject == decision.subject), None)
        if view is None or decision.matter is not Matter.PROMOTION:
            raise Refused(
                reason="The decision is about no request that stands on this pool.",
                mend="The request was withdrawn or carried out, or the file is for another pool.",
            )
        self._demand_write()
        if not is_genuine(decision, is_signature) or decision.plan != view.request.plan:
            raise Refused(reason="The signature of the decision does not match.", mend="Ask for the file again.")
        if not view.is_open or view.is_begun:
            raise Refused(reason=f"The request cannot be decided on. {view.sentence}", mend="Ask again.")
        if decision in view.decisions:
            raise Refused(reason="The decision stands on the pool already.", mend="Nothing needs to be done.")
        workflow = self.workflow_of(view)
        person = owner_of(decision.fingerprint, workflow.people) if workflow is not None else None
        self._demand_person(person, decision.fingerprint, view, decision.meaning)
        await self._desk.engine.requests.decide(decision)
        await self._watch.until(lambda views: any(decision in one.decisions for one in views))
        await self._thaw_over(self.view(view.request.id))
        return self.view(view.request.id)

    async def withdraw(self, request: RequestId, reason: str) -> str:
        """Take a request back; one that has ended anybody may clear away.

        Returns what remains of what was frozen for it and why, in a sentence; empty where nothing does.

        Raises:
            NotPermitted: somebody else asked for it, and this log-in is no administrator of the pool.
        """
        view, identity = self.view(request), self._desk.identity
        self._demand_write()
        if view.is_begun:
            raise Refused(reason="Its run has begun.", mend="Stop that run, or settle it; then withdraw the request.")
        is_strong = identity is not None and has_role(identity.role, STRONGEST)
        if view.is_open and not self.is_mine(view) and not is_strong:
            raise NotPermitted(
                reason="Who did not ask for it may not withdraw it.",
                mend="Reject it, or log in as an administrator of the pool.",
            )
        remains = await self._desk.engine.requests.forget(view.request, reason or "It was withdrawn.")
        await self._watch.until(lambda views: all(one.request.id != request for one in views))
        return remains

    def left_over(self) -> tuple[Candidate, ...]:
        """Return what stands frozen on the pool without a request, such as after a console died while it asked."""
        inventory, board = self._world()
        return left_over(board, inventory)

    async def clean(self, candidate: Candidate) -> str:
        """Remove what stands frozen without a request; return what stood against it, empty where it is gone."""
        self._demand_write()
        return await self._desk.engine.requests.clean(candidate, "No request is about it.")

    async def run(self, request: RequestId) -> RunId:
        """Carry out what was approved.

        Raises:
            ApprovalMissing: approvals are missing, or it ended; nothing was changed.
            Refused, PoolUnavailable, StoreFailed: as `Console.do`.
        """
        asked = self.view(request).request
        command = command_of(asked)
        plan = self._desk.engine.plan(command, request)
        confirmed = Confirmed(command=command, digest=plan.digest, answers=asked.answers, request=request)
        return await self._desk.do(confirmed)

    def exported(self, request: RequestId) -> RequestFile:
        """Return a request as a file, for people who have no way to the pool."""
        view, identity = self.view(request), self._desk.identity
        workflow = self.workflow_of(view)
        rules = view.tally.rules if view.tally is not None else ()
        return RequestFile(
            paper=view.paper,
            pool_name=identity.pool_name if identity is not None else "",
            source=stage_name(workflow, view.request.intent.source),
            target=stage_name(workflow, view.request.intent.target),
            rules=tuple(rule_words(rule.rule, workflow) for rule in rules) if workflow is not None else (),
        )

    # --- inside ---------------------------------------------------------------------------------------------------

    def _me_in(self, view: RequestView) -> Person | None:
        """Return whom the version that judges a request pins this console's key to, among those who count."""
        workflow = self.workflow_of(view)
        return owner_of(self._home.key_fingerprint, workflow.people) if workflow is not None else None

    async def _thaw_over(self, view: RequestView) -> None:
        """Remove what was frozen for what has ended for good; what remains is left over, and told as that."""
        if view.is_over:
            remains = await self._desk.engine.requests.thaw(view.request, view.sentence)
            if remains:
                log.warning("what was frozen for request %s was not removed: %s", view.request.id, remains)

    def _demand_write(self) -> None:
        denial = self._desk.denial(Verb.DECIDE)
        if denial is not None:
            denial.mend = f"{denial.mend} Or decide by file: `xsconsole request export` and `request decide`."
            raise denial

    def _demand_asked(self, view: RequestView, meaning: Meaning) -> tuple[Person, tuple[ApprovalRule, ...], Workflow]:
        workflow = self.workflow_of(view)
        if not view.is_open or view.is_begun or workflow is None:
            mend = "Stop its run, or settle it." if view.is_begun else ASK_ANEW
            raise Refused(reason=f"The request {waiting_words(view)}. {view.sentence}", mend=mend)
        person = self._demand_person(self._me_in(view), self._home.key_fingerprint, view, meaning)
        rules = view.tally.rules if view.tally is not None else ()
        return person, tuple(one.rule for one in rules if demanded_of(person, (one.rule,), workflow)), workflow

    def _demand_person(
        self, person: Person | None, fingerprint: Digest | str, view: RequestView, meaning: Meaning
    ) -> Person:
        workflow = self.workflow_of(view)
        rules = tuple(one.rule for one in view.tally.rules) if view.tally is not None else ()
        sentence = view.tally.sentence if view.tally is not None else ""
        if person is None or workflow is None or not demanded_of(person, rules, workflow):
            raise NotPermitted(
                reason=f"The workflow names nobody with the key {fingerprint[:16]} among those who approve this.",
                mend=sentence or "Enough have approved it.",
            )
        if view.request.requester.is_(person):
            raise NotPermitted(
                reason=f"{person.name} asked for it, and nobody decides on what they asked for.",
                mend="Withdraw it, if it is not wanted any more.",
            )
        if (
            meaning is Meaning.APPROVE
            and view.tally
            and not any(person in (*rule.approved, *rule.could) for rule in view.tally.rules)
        ):
            raise NotPermitted(
                reason=f"{person.name} made what is asked for, and the rule leaves its authors out.", mend=sentence
            )
        return person

    async def _demand_time(self, view: RequestView) -> None:
        ends = view.request.expires_at
        if ends is not None and max(await self._desk.engine.requests.clocks()) >= ends:
            raise Refused(reason="The request has expired.", mend="Who wants it asks again.")

    def _hear(self, views: tuple[RequestView, ...]) -> None:
        """Do what this home asked to be done by itself, once each time it becomes possible."""
        if self.carries_out and self._vouch is not None and not self._home.is_reading:
            self._works.hear(views, self._home.key_fingerprint)
            if self._desk.identity is not None:
                self._ends.hear(views, self._desk.identity)
