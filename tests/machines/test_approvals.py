"""Three people at their consoles: whatever they ask, approve, forge, change and run, no step goes without approvals.

The machine keeps its own account of who approved what, and knows nothing of how the program counts.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, multiple, precondition, rule

from tests.engine.deaths import STALE_S
from tests.engine.desks import Desk, LoopClock
from tests.engine.requesting import decision, ruled
from tests.engine.urgent import declaration, items, with_declarers
from tests.machines.accounts import Account
from tests.machines.forging import bent_decision, bent_request
from tests.machines.offices import OfficeMachine, thrifty
from xsconsole.domain.approval import Meaning, to_text
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.closures import AnyClosure, subject_of
from xsconsole.domain.ids import ConfigurationId, RequestId, RunId, StageId, Uuid
from xsconsole.domain.publication.values import approval_stem
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.requests.values import Paper, request_stem, to_stored
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import Workflow
from xsconsole.engine.commands import Ask, Confirmed, Demote, Direction, Emergency, FreezeStage, Lift, Promote
from xsconsole.engine.ports import Field
from xsconsole.engine.requests.asked import command_of
from xsconsole.errors import Refused

GIB = 1024**3
EXPIRY_S = 7200
PEOPLE = st.integers(0, 2)


class Between(Enum):
    """What comes between the approvals and the run."""

    MEMORY = auto()
    PUBLISH = auto()
    REJECT = auto()
    TIME = auto()
    FORGE = auto()
    LATER = auto()


class Approvals(OfficeMachine):
    requests: Bundle[str] = Bundle("requests")
    carried_out = emergencies = 0  # by all examples together

    def __init__(self) -> None:
        super().__init__()
        self.shop = ConfigurationId("")
        self.count = 2
        self.version = 2
        self.accounts: dict[str, Account] = {}
        self.allowed: set[RunId] = set()
        self.freeze: AnyClosure | None = None  # of production
        self._number = 0

    @initialize(target=requests, count=st.integers(1, 2), who=PEOPLE)
    def open_the_office(self, count: int, who: int) -> Any:
        async def story() -> None:
            self.desks = [self.seat() for _ in range(3)]
            self.shop = await self.office.shop(self.desks[0])
            self.count = count
            await self.desks[0].publish(self._rules(count))

        self.runner.run(story())
        return self._asked(who, 0)

    def _rules(self, count: int) -> Workflow:
        return with_declarers(ruled(*self.desks, count=count, version=self.version, expiry_s=EXPIRY_S))

    # What people do

    @rule(target=requests, who=PEOPLE, delay_s=st.sampled_from((0, 0, 600)))
    def ask(self, who: int, delay_s: int) -> Any:
        return self._asked(who, delay_s)

    @rule(
        who=PEOPLE,
        approvers=st.sampled_from((*([{0, 1, 2}] * 5), {0, 1}, {1, 2}, set())),
        between=st.sampled_from(([], *([one] for one in Between))),
        by=PEOPLE,
        is_late=st.booleans(),
        is_deaf=st.booleans(),
    )
    def try_to_get_it_through(
        self, who: int, approvers: set[int], between: list[Between], by: int, is_late: bool, is_deaf: bool
    ) -> None:
        """Ask, let some approve, let something come in between, and carry it out at some console."""
        for account in self.accounts.values():
            if not account.is_over:
                self.withdraw(account.request.id, who)
        known = set(self.accounts)
        self._asked(who, 600 if Between.LATER in between else 0)
        for request in set(self.accounts) - known:
            for approver in sorted(approvers):
                self.approve(request, approver)
            for what in between:
                self._disturb(request, what, by)
            self.carry_out_the_newest(by, is_deaf, is_late)

    @rule(who=PEOPLE, by=PEOPLE)
    def get_it_through(self, who: int, by: int) -> None:
        """What all others approve and nothing comes in between of goes through."""
        if self._card().standing is not Standing.WHOLE:
            return
        if self.freeze is not None:
            self.lift_the_freeze(by)
        before = Approvals.carried_out
        self.try_to_get_it_through(who, {0, 1, 2}, [], by, is_late=False, is_deaf=False)
        assert Approvals.carried_out == before + 1

    def _disturb(self, request: str, what: Between, by: int) -> None:
        match what:
            case Between.MEMORY:
                self.change_the_memory(0, 3 if self._memory()[0] == 2 * GIB else 2)
            case Between.PUBLISH:
                self.publish(1, by)
            case Between.REJECT:
                self.reject(request, by)
            case Between.TIME:
                self.let_time_pass(EXPIRY_S + 1)
            case Between.FORGE:
                self.forge_an_approval(request, request, by, "key")
            case Between.LATER:
                self.let_time_pass(601 if by else 1)

    def _asked(self, who: int, delay_s: int) -> Any:
        desk, made = self.desks[who], []

        async def story() -> None:
            command = self._command(desk)
            begins = desk.clock.now() + timedelta(seconds=delay_s) if delay_s else None
            digest = desk.engine.plan(command).digest
            self._number += 1
            ask = Ask(command=command, digest=digest, not_before=begins)
            request = await desk.engine.requests.ask(ask, desk.signer, RequestId(f"request-{self._number}"))
            made.append(request.id)
            self.accounts[request.id] = Account(
                request=request,
                requester=who,
                version=self.version,
                memory=self._memory(),
                revision=self._card().revision,
                ends=desk.clock.now() + timedelta(seconds=EXPIRY_S),
                begins=begins,
            )

        self.quietly(story())
        return multiple(*made)

    @rule(request=requests, who=PEOPLE)
    def approve(self, request: str, who: int) -> None:
        account = self.accounts[request]
        self.quietly(self.desks[who].engine.requests.decide(decision(self.desks[who], account.request)))
        account.approvers.add(who)

    @rule(request=requests)
    def let_all_others_approve(self, request: str) -> None:
        for who in {0, 1, 2} - {self.accounts[request].requester}:
            self.approve(request, who)

    @rule(request=requests, who=PEOPLE)
    def reject(self, request: str, who: int) -> None:
        account = self.accounts[request]
        self.quietly(self.desks[who].engine.requests.decide(decision(self.desks[who], account.request, Meaning.REJECT)))
        if who != account.requester:
            account.is_over = True

    @rule(request=requests, who=PEOPLE)
    def withdraw(self, request: str, who: int) -> None:
        account = self.accounts[request]
        self.quietly(self.desks[who].engine.requests.forget(account.request, "not needed"))
        account.is_over = True

    @rule(request=requests, other=requests, who=PEOPLE, change=st.sampled_from(("subject", "plan", "key", "time")))
    def forge_an_approval(self, request: str, other: str, who: int, change: str) -> None:
        """Copy a real approval of one request to another, and bend it so that it seems to fit."""
        source, goal = self.accounts[request].request, self.accounts[other].request
        victim = decision(self.desks[(who + 1) % 3], source)
        bent = bent_decision(decision(self.desks[who], source), source, goal, victim.public_key, change)
        self._leave(approval_stem(bent.matter, goal.subject), to_text(bent))

    @rule(request=requests, what=st.sampled_from(("expiry", "requester", "plan", "begin")))
    def forge_a_request(self, request: str, what: str) -> None:
        """Bend a request on the pool without the key of who made it."""
        made = self.accounts[request].request
        if any(key.startswith(request_stem(made.id)) for key in self.office.pool.keys):
            bent = bent_request(made, decision(self.desks[2], made).public_key, what)
            self._leave(request_stem(made.id), to_stored(Paper(request=bent)))
            self.accounts[request].is_over = True  # what stands there is not what anybody signed

    @rule(member=st.integers(0, 2), gib=st.sampled_from((2, 3)))
    def change_the_memory(self, member: int, gib: int) -> None:
        uuid = self._members()[member]
        self.office.pool.change(uuid, memory_static_max=gib * GIB)

    @rule(count=st.integers(1, 2), who=PEOPLE)
    def publish(self, count: int, who: int) -> None:
        self.version += 1
        self.quietly(self.desks[who].publish(self._rules(count)))
        self.count = count

    @rule(seconds=st.sampled_from((601, EXPIRY_S + 1)))
    def let_time_pass(self, seconds: int) -> None:
        self.runner.run(asyncio.sleep(seconds))

    @rule(who=PEOPLE)
    def promote_without_asking(self, who: int) -> None:
        async def story() -> None:
            desk = self.desks[who]
            command = self._command(desk)
            plan = desk.engine.plan(command)
            await desk.engine.open(Confirmed(command=command, digest=plan.digest))
            raise AssertionError("it went without a request")

        self.quietly(story())

    @precondition(lambda self: self.freeze is None)
    @rule(who=PEOPLE)
    def freeze_production(self, who: int) -> None:
        command = FreezeStage(stage=StageId("production"), reason="year end")
        self.freeze = self.runner.run(self.desks[who].engine.closings.close(command))

    @precondition(lambda self: self.freeze is not None)
    @rule(who=PEOPLE)
    def lift_the_freeze(self, who: int) -> None:
        assert self.freeze is not None
        kind, subject = subject_of(self.freeze)
        lifting = Lift(kind=kind, subject=subject, seen=self.freeze, reason="it is spring")
        self.runner.run(self.desks[who].engine.closings.lift(lifting))
        self.freeze = None

    @rule(who=PEOPLE)
    def declare_an_emergency(self, who: int) -> None:
        """Past approvals and the freeze, by the first of them alone; it leaves a review."""

        async def story() -> None:
            desk = self.desks[who]
            command = self._command(desk)
            if isinstance(command, Demote):
                return
            command = replace(command, emergency=Emergency(reason="the shop is down"))
            signed = declaration(desk, command)
            run = await desk.engine.open(Confirmed(command=command, digest=signed.plan, declaration=signed))
            assert who == 0
            Approvals.emergencies += 1
            self.allowed.add(run.id)
            assert (await run.wait()).state is RunState.DONE
            await desk.engine.close()
            assert run.id in {view.item.run for view in items(desk)}

        self.quietly(story())

    @rule(who=PEOPLE, is_deaf=st.booleans(), is_late=st.booleans())
    def carry_out_the_newest(self, who: int, is_deaf: bool, is_late: bool) -> None:
        """Also at a console whose clock was put back by an hour."""
        clock = self.desks[who].clock
        right = type(clock).now.__get__(clock)
        clock.now = (lambda: right() - timedelta(hours=1)) if is_late else right  # type: ignore[method-assign]
        self.runner.run(self._carry_out(list(self.accounts)[-1], who, is_deaf=is_deaf))
        clock.now = right  # type: ignore[method-assign]

    @rule(request=requests, who=PEOPLE, is_deaf=st.booleans())
    def carry_out(self, request: str, who: int, is_deaf: bool) -> None:
        self.runner.run(self._carry_out(request, who, is_deaf=is_deaf))

    @rule(first=PEOPLE, second=PEOPLE)
    def two_carry_out(self, first: int, second: int) -> None:
        request = list(self.accounts)[-1]

        async def story() -> None:
            await asyncio.gather(self._carry_out(request, first), self._carry_out(request, second))

        self.runner.run(story())

    @rule(who=PEOPLE, other=PEOPLE, cut_at=st.integers(1, 120), direction=st.sampled_from(Direction))
    def be_stopped_and_settled(self, who: int, other: int, cut_at: int, direction: Direction) -> None:
        request = list(self.accounts)[-1]

        async def story() -> None:
            desk = self.desks[who]
            look, stop = desk.port.on_call, self._stopping(desk, cut_at)
            desk.port.on_call = lambda method: (look(method), stop(method))  # type: ignore[func-returns-value]
            await self._carry_out(request, who)
            desk.port.on_call = look
            await asyncio.sleep(STALE_S)
            if self._card().standing is Standing.INTERRUPTED:
                event("interrupted")
                await self.desks[other].settle(self.shop, direction)

        self.quietly(story())

    # What must hold

    @invariant()
    def every_run_that_began_was_allowed(self) -> None:
        for desk in self.desks:
            for fact in desk.ledger.facts:
                is_guarded = {fact.source, fact.target} == {"staging", "production"}
                if fact.event is AuditEvent.STEP_INTENDED and is_guarded:
                    assert fact.run in self.allowed

    # How it is done

    async def _carry_out(self, request: str, who: int, *, is_deaf: bool = False) -> None:
        desk, account = self.desks[who], self.accounts[request]
        desk.is_deaf_to_machines = is_deaf
        may = self._may(account)
        command = command_of(account.request)
        try:
            digest = desk.engine.plan(command).digest
            run = await desk.engine.open(Confirmed(command=command, digest=digest, request=account.request.id))
        except Refused:
            event("refused")
            return
        finally:
            desk.is_deaf_to_machines = False
            self._tell_again()
        assert may, (account, self.version, self.count)
        event("carried out")
        Approvals.carried_out += 1
        self.allowed.add(run.id)
        status = await run.wait()
        # What was put back whole may be tried again with the same approvals: it is the same plan.
        account.is_over = status.state is RunState.DONE
        await desk.engine.close()

    def _may(self, account: Account) -> bool:
        true_now = self._true_now()
        is_frozen = self.freeze is not None and account.request.intent.target == "production"
        counted = account.approvers - {account.requester}
        return (
            not account.is_over
            and not is_frozen
            and len(counted) >= self.count
            and account.version == self.version
            and account.memory == self._memory()
            and account.revision == self._card().revision
            and true_now < account.ends
            and (account.begins is None or true_now >= account.begins)
        )

    def _true_now(self) -> datetime:
        return LoopClock.now(self.desks[0].clock)

    def _command(self, desk: Desk) -> Promote | Demote:
        card = desk.card(self.shop)
        if card.stage == "production":
            return desk.demotion(self.shop, "staging")
        return desk.promotion(self.shop, "production")

    def _card(self) -> Card:
        return self.desks[0].card(self.shop)

    def _members(self) -> tuple[Uuid, ...]:
        return tuple(member.uuid for member in self._card().members)

    def _memory(self) -> tuple[int, ...]:
        return tuple(self.office.pool.vm(uuid).memory_static_max for uuid in self._members())

    def _leave(self, stem: str, text: str) -> None:
        taken = [int(key.rpartition(".")[2]) for key in self.office.pool.keys if key.startswith(f"{stem}.")]
        number = max(taken, default=0) + 1
        self.office.pool.set_map(Field.POOL, None, {**self.office.pool.keys, f"{stem}.{number}": text})

    def _stopping(self, desk: Desk, cut_at: int) -> Any:
        left = [cut_at]

        def count(method: str) -> None:
            del method
            left[0] -= 1
            if left[0] == 0:
                desk.engine.stop_runs()

        return count

    def _tell_again(self) -> None:
        """Let a console that was deaf hear what it missed."""
        for vm in self.office.pool.vms():
            self.office.pool.put_raw(vm)


class TestApprovals(Approvals.TestCase):  # type: ignore[name-defined,misc]
    def runTest(self) -> None:
        super().runTest()
        assert Approvals.emergencies
        assert Approvals.carried_out  # else nothing was tried that could have gone wrong


TestApprovals.settings = thrifty(16, 20)
