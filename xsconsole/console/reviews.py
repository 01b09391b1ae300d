"""Emergencies and the reviews that they leave, as a person sees and handles them at this console."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol, TypeVar

from xsconsole.console.desks import Desk, Keeper
from xsconsole.console.values import Secret, Verb
from xsconsole.console.vouching import Vouch, log_in_fields, log_in_of, logged_in
from xsconsole.domain.approval import Matter, Meaning, decided
from xsconsole.domain.emergency import declared, why_not_declarer
from xsconsole.domain.events import Event, InventoryChanged, ReviewsChanged
from xsconsole.domain.ids import ConfigurationId, ReviewId, RunId
from xsconsole.domain.plan import Plan
from xsconsole.domain.requests.views import stage_name
from xsconsole.domain.requests.ways import asked_words
from xsconsole.domain.reviews import (
    REVIEW_PREFIX,
    ReviewItem,
    ReviewState,
    ReviewView,
    about,
    could_words,
    items_on,
    judge,
)
from xsconsole.domain.signing import owner_of
from xsconsole.domain.workflow import Person, Workflow
from xsconsole.domain.workflow.wording import rule_words
from xsconsole.engine.commands import Approvable, Confirmed
from xsconsole.errors import NotFound, NotPermitted, PlanIsStale, Refused
from xsconsole.store.keys import is_signature

SHOWN_S = 15.0

E = TypeVar("E", bound=Event)


class ReviewDesk(Desk, Protocol):
    """What is needed of the console of one pool."""

    async def demand_rights(self, command: Approvable) -> None: ...


class Reviews:
    """The emergencies and review items of one pool. Lives on the loop's thread."""

    def __init__(
        self,
        desk: ReviewDesk,
        home: Keeper,
        now: Callable[[], datetime],
        vouch: Callable[[], Vouch | None],
        subscribe: Callable[[type[E], Callable[[E], None]], Callable[[], None]],
        publish: Callable[[Event], None],
    ) -> None:
        self._desk = desk
        self._home = home
        self._now = now
        self._publish = publish
        self._vouch = vouch
        self._items: tuple[ReviewItem, ...] = ()
        self._keys: object = None
        self._is_changed = asyncio.Event()
        subscribe(InventoryChanged, self._hear)  # type: ignore[arg-type]

    def _hear(self, event: InventoryChanged) -> None:
        if any(change.class_name == "pool" for change in event.batch.changes):
            self._look()

    def _look(self) -> None:
        keys = self._pool_keys
        if keys is self._keys:
            return
        self._keys = keys
        before, self._items = self._items, items_on(keys) if any(key.startswith(REVIEW_PREFIX) for key in keys) else ()
        if before != self._items:
            about = dict.fromkeys(item.intent.configuration for item in (*before, *self._items))
            self._publish(ReviewsChanged(configurations=tuple(about)))
        self._is_changed.set()

    @property
    def _pool_keys(self) -> Mapping[str, str]:
        pool = self._desk.inventory.pool
        return pool.other_config if pool is not None else {}

    # --- looking --------------------------------------------------------------------------------------------------

    @property
    def views(self) -> tuple[ReviewView, ...]:
        """Every open item as it stands now, oldest first."""
        self._look()
        keys, workflow, at = self._pool_keys, self.workflow, self._now()
        return tuple(judge(item, keys, workflow, at, is_signature) for item in self._items)

    def view(self, review: ReviewId) -> ReviewView:
        """Return one item.

        Raises:
            NotFound: it is not on the pool any more.
        """
        for found in self.views:
            if found.item.id == review:
                return found
        raise NotFound(reason="There is no such review item on the pool any more.", mend="Somebody closed it.")

    def of(self, configuration: ConfigurationId) -> tuple[ReviewView, ...]:
        """Return the open items about one configuration, also of what was made of it."""
        self._look()
        if not self._items:
            return ()
        return tuple(
            view for view in self.views if configuration in (view.item.intent.configuration, *view.item.intent.others)
        )

    @property
    def workflow(self) -> Workflow | None:
        return self._desk.board.workflow

    @property
    def me(self) -> Person | None:
        """Whom the workflow pins this console's key to."""
        return owner_of(self._home.key_fingerprint, self.workflow.people) if self.workflow is not None else None

    def asks_me(self, view: ReviewView) -> bool:
        """Whether this console's person could close it."""
        return view.state is ReviewState.OPEN and self.me is not None and self.me in view.could

    @property
    def log_in_wanted(self) -> str:
        """The log-in that this console's person gives anew when they sign; empty where none is asked."""
        return log_in_of(self.me)

    def why_not_declare(self) -> str:
        """Return why this console's person may declare no emergency here; empty where they may."""
        identity = self._desk.identity
        actor = self.log_in_wanted or (identity.actor if identity is not None else "")
        return why_not_declarer(self._home.key_fingerprint, actor, self.workflow)

    # --- doing ----------------------------------------------------------------------------------------------------

    async def declare(self, confirmed: Confirmed, password: Secret | None = None) -> RunId:
        """Declare the emergency of a command whose plan somebody saw, and begin; the review item stands first.

        Raises:
            LogInNeeded: a password has to be typed.
            NotPermitted, PlanIsStale, Refused: nothing was changed.
            PoolUnavailable, StoreFailed: as `Console.do`.
        """
        command = confirmed.command
        if not isinstance(command, Approvable) or command.emergency is None:
            raise Refused(
                reason="Only a promotion, a demotion or a revert can be an emergency.", mend="Ask for it without one."
            )
        await self._desk.demand_rights(command)
        if not command.emergency.reason.strip():
            raise Refused(reason="An emergency needs a reason.", mend="Say why it cannot wait.")
        reason = self.why_not_declare()
        person = self.me
        if reason or person is None:
            raise NotPermitted(reason=reason, mend="Call one of those who may.")
        plan = self._desk.plan(command)
        if plan.digest != confirmed.digest:
            raise PlanIsStale(
                reason="What would be done now is not what you saw.", mend="Look at the new plan, then decide again."
            )
        identity = self._desk.identity
        if self.log_in_wanted:
            identity = await logged_in(self._vouch(), identity, person, password)
        assert identity is not None, "there are rights only of who is logged in"
        signed = declared(
            self._home.signer,
            plan,
            pool=identity.pool,
            about=self._about(plan),
            reason=command.emergency.reason,
            ticket=command.emergency.ticket,
            at=self._now(),
            actor=identity.actor,
            session=identity.session,
            console=self._desk.engine.console_name,
        )
        return await self._desk.do(
            Confirmed(command=command, digest=plan.digest, answers=confirmed.answers, declaration=signed)
        )

    def _about(self, plan: Plan) -> str:
        intent = plan.intent
        source, target = stage_name(self.workflow, intent.source), stage_name(self.workflow, intent.target)
        return asked_words(intent, source, target)

    async def close(self, review: ReviewId, findings: str, password: Secret | None = None) -> ReviewView | None:
        """Say what was found; the item is closed when all have looked whom its rule demands. Returns what is left.

        Raises:
            LogInNeeded: a password has to be typed.
            Refused: it is one's own deed, or no rule names this console's person; nothing was changed.
            PoolUnavailable, StoreFailed: whether it is closed is not known; the same again finds out.
        """
        view = self.view(review)
        denial = self._desk.denial(Verb.DECIDE)
        if denial is not None:
            raise denial
        if view.state is ReviewState.OPEN:
            await self._sign(view, findings, password)
            view = self.view(review)
        if view.state is ReviewState.OPEN:
            return view
        await self._desk.engine.forget_review(view)
        await self._until(lambda: all(item.id != review for item in self._items))
        return None

    async def _sign(self, view: ReviewView, findings: str, password: Secret | None) -> None:
        person, workflow, identity = self._demand_other(view), self.workflow, self._desk.identity
        if not findings.strip():
            raise Refused(reason="A review says what was found.", mend="Say it in a sentence.")
        if self.log_in_wanted:
            identity = await logged_in(self._vouch(), identity, person, password)
        rule = view.tally.rules[0].rule
        decision = decided(
            self._home.signer,
            matter=Matter.REVIEW,
            subject=view.item.subject,
            about=about(view.item, workflow),
            meaning=Meaning.APPROVE,
            reason=findings.strip(),
            at=self._now(),
            plan=view.item.plan,
            rule=rule_words(rule, workflow) if workflow is not None else "",
            **log_in_fields(identity),
        )
        await self._desk.engine.decide(decision, view.item)
        await self._until(lambda: decision in [one for shown in self.views for one in shown.findings])

    def _demand_other(self, view: ReviewView) -> Person:
        me, doer = self.me, view.item.doer
        if self._home.key_fingerprint == view.item.key or (me is not None and doer.is_(me)):
            raise NotPermitted(reason="Nobody closes the review of what they did themselves.", mend=could_words(view))
        if me is None or me not in view.could:
            raise NotPermitted(
                reason=f"The workflow names nobody with the key {self._home.key_fingerprint[:16]} who could close it.",
                mend=could_words(view),
            )
        return me

    async def _until(self, is_so: Callable[[], bool]) -> None:
        """Wait until the feed has told of what was just written; what it does not tell in time is shown later."""
        try:
            async with asyncio.timeout(SHOWN_S):
                while not is_so():
                    self._is_changed.clear()
                    await self._is_changed.wait()
        except TimeoutError:
            return
