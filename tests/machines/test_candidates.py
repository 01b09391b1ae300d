"""Copies asked for, decided on, carried out and cleared by two consoles that fail and die: nothing frozen gets lost.

Whatever stands frozen belongs to a request, to a run that can be settled, or is told as left over and can be removed.
Nothing is copied that was not approved as it was frozen, and nothing of it twice.
"""

import asyncio

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from tests.engine.deaths import STALE_S
from tests.engine.desks import Desk
from tests.engine.memory_port import Fault
from tests.engine.requesting import ask, decision, run
from tests.engine.test_candidates import copied
from tests.machines.offices import OfficeMachine, quietly, thrifty
from xsconsole.domain.approval import Meaning
from xsconsole.domain.board import Board, Standing
from xsconsole.domain.ids import ConfigurationId, RequestId
from xsconsole.domain.inventory import VM
from xsconsole.domain.poolstate import RESTORE_POINT_KEY, RestorePointMark, decode
from xsconsole.domain.requests.views import RequestState, RequestView
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import Direction, Dissolve
from xsconsole.errors import ConsoleError

WHO = st.integers(0, 1)
FAILING = ("snapshot", "clone", "copy", "destroy_snapshot", "shape", "start", "add_key", "disk_at")


class Candidates(OfficeMachine):
    copied = 0  # by all examples together

    def __init__(self) -> None:
        super().__init__()
        self.shop = ConfigurationId("")
        self.written = 0
        self.contents: dict[RequestId, set[str]] = {}

    @initialize(method=st.sampled_from([Method.LINKED_CLONE, Method.FULL_COPY]))
    def open_the_office(self, method: Method) -> None:
        async def story() -> None:
            self.desks = [self.seat(), self.seat()]
            self.shop = await self.office.shop(self.desks[0])
            workflow = copied(*self.desks, method=method)
            await self.desks[0].publish(workflow)

        self.runner.run(story())

    def teardown(self) -> None:
        if self.desks:
            self.clear_everything()
        super().teardown()

    # What people and the world do

    @rule(who=WHO)
    def ask_for_it(self, who: int) -> None:
        self.quietly(self._ask(self.desks[who]))

    @rule()
    def ask_at_the_same_moment(self) -> None:
        async def story() -> None:
            await asyncio.gather(*(quietly(self._ask(desk)) for desk in self.desks))

        self.quietly(story())

    @rule(who=WHO, meaning=st.sampled_from([*[Meaning.APPROVE] * 4, Meaning.REJECT]))
    def decide(self, who: int, meaning: Meaning) -> None:
        for view in self._views():
            self.quietly(self.desks[who].engine.requests.decide(decision(self.desks[who], view.request, meaning)))

    @rule(who=WHO)
    def write_on_the_source(self, who: int) -> None:
        self.written += 1
        for member in self.board.cards[self.shop].members:
            self.office.pool.contents[member.uuid] = f"written {self.written}"
            self.office.pool.change(member.uuid, memory_static_max=(2 + self.written % 3) * 1024**3)

    @rule(who=WHO)
    def carry_out(self, who: int) -> None:
        self.quietly(self._carry_out(self.desks[who]))

    @rule(who=WHO)
    def get_it_through(self, who: int) -> None:
        """What the other one approves and nothing comes in between of is copied."""
        self.clear_everything()
        self.make_room()
        before = Candidates.copied
        self.ask_for_it(who)
        self.decide(1 - who, Meaning.APPROVE)
        self.carry_out(who)
        assert Candidates.copied == before + 1

    @rule()
    def make_room(self) -> None:
        """Take away what was copied: the way makes the same configuration again."""

        async def story() -> None:
            desk = self.desks[0]
            for card in [card for card in self.board.cards.values() if card.id != self.shop]:
                await desk.do(Dissolve(configuration=card.id, revision=card.revision))
                for member in card.members:
                    self.office.pool.forget(member.uuid)

        if not self.standing_runs():
            self.quietly(story())

    @rule(who=WHO)
    def withdraw(self, who: int) -> None:
        for view in self._views():
            self.quietly(self.desks[who].engine.requests.forget(view.request, "not needed"))

    @rule(
        who=WHO,
        method=st.sampled_from(FAILING),
        how=st.sampled_from(["fail", "lose-before", "lose-after"]),
        nth=st.integers(1, 9),
    )
    def let_something_fail(self, who: int, method: str, how: str, nth: int) -> None:
        if method in ("add_key", "disk_at") and how == "fail":
            how = "lose-after"
        self.desks[who].port.faults.append(Fault(method=method, nth=nth, how=how))

    @rule(who=WHO, cut_at=st.integers(1, 250), is_asking=st.booleans())
    def be_killed(self, who: int, cut_at: int, is_asking: bool) -> None:
        desk = self.desks[who]

        async def story() -> None:
            await quietly(self._ask(desk) if is_asking else self._carry_out(desk))
            await desk.engine.close()

        if self.killed(who, cut_at, story()):
            event("killed")
            self.runner.run(asyncio.sleep(STALE_S))
            self.runner.run(self.desks[who].engine.begin())

    @rule(at=st.integers(0, 5))
    def delete_a_snapshot(self, at: int) -> None:
        frozen = self._frozen()
        if frozen and not self.standing_runs():
            self.office.pool.destroy_snapshot(frozen[at % len(frozen)][0].uuid)

    @rule(who=WHO, direction=st.sampled_from(Direction))
    def settle(self, who: int, direction: Direction) -> None:
        self.quietly(self._settle(self.desks[who], direction))

    @rule()
    def clear_everything(self) -> None:
        """Whatever happened, two consoles that work can clear it away."""

        async def story() -> None:
            desk = self.desks[0]
            for one in self.desks:
                one.port.faults.clear()
                await one.engine.close()
            await asyncio.sleep(STALE_S)
            await self._settle(desk, Direction.UNDO)
            for view in self._views():
                assert await desk.engine.requests.forget(view.request, "") == ""
            for left in desk.engine.requests.left_over():
                assert await desk.engine.requests.clean(left, "") == ""

        self.runner.run(story())
        assert not self.standing_runs()
        assert self._frozen() == []
        assert not any(vm.is_a_snapshot for vm in self.office.pool.vms())
        assert {card.standing for card in self.board.cards.values()} == {Standing.WHOLE}

    # What must hold at every moment

    @invariant()
    def what_stands_frozen_is_somebodys(self) -> None:
        if not self.desks or self.standing_runs():
            return
        asked = {view.request.id for view in self._views()}
        told = {one.request for one in self.desks[0].engine.requests.left_over()}
        for _, mark in self._frozen():
            assert mark.frozen is not None
            assert mark.frozen.request in asked | told

    @invariant()
    def a_request_that_is_open_has_what_it_is_about(self) -> None:
        for view in self._views():
            if view.is_open and not self.standing_runs():
                mine = [vm for vm, mark in self._frozen() if mark.frozen and mark.frozen.request == view.request.id]
                assert len(mine) == 3
                assert {self.office.pool.contents[vm.uuid] for vm in mine} == self.contents[view.request.id]

    # How it is done

    @property
    def board(self) -> Board:
        return self.desks[0].board

    def _views(self) -> tuple[RequestView, ...]:
        desk = self.desks[0] if self.desks else None
        return desk.engine.requests.views(desk.clock.now()) if desk is not None else ()

    async def _ask(self, desk: Desk) -> None:
        now = {self.office.pool.contents[member.uuid] for member in self.board.cards[self.shop].members}
        before = {view.request.id for view in self._views()}
        try:
            await ask(desk, self.shop)
        finally:
            for view in self._views():
                if view.request.id not in before:
                    self.contents.setdefault(view.request.id, now)

    async def _carry_out(self, desk: Desk) -> None:
        for view in self._views():
            may = view.state is RequestState.APPROVED
            status = await (await run(desk, view.request)).wait()
            assert may, view
            if status.state is RunState.DONE:
                event("copied")
                Candidates.copied += 1
                await desk.engine.close()
                (made,) = (card for card in self.board.cards.values() if card.id != self.shop)
                contents = {self.office.pool.contents[member.uuid] for member in made.members}
                assert contents == self.contents[view.request.id]

    async def _settle(self, desk: Desk, direction: Direction) -> None:
        for configuration in self.standing_runs():
            await asyncio.sleep(STALE_S)
            try:
                await desk.settle(configuration, direction)
            except ConsoleError:
                await desk.settle(configuration, Direction.UNDO)
        await desk.engine.close()

    def _frozen(self) -> list[tuple[VM, RestorePointMark]]:
        found = []
        for vm in self.office.pool.vms():
            mark = decode(vm.other_config.get(RESTORE_POINT_KEY, ""), RestorePointMark)
            if vm.is_a_snapshot and mark is not None:
                found.append((vm, mark))
        return found


class TestCandidates(Candidates.TestCase):  # type: ignore[name-defined,misc]
    def runTest(self) -> None:
        super().runTest()
        assert Candidates.copied  # else nothing was tried that could have gone wrong


TestCandidates.settings = thrifty(6, 12)
