"""What befalls a promotion while it goes on, over HTTP: other clients, the coordinator, hosts, and the road itself."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from embedded import EmbeddedPool, embedded_pool

from tests.engine.seats import Seat, seated
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VM, Task
from xsconsole.domain.plan import Disks
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.engine.commands import Confirmed, Direction, Settle
from xsconsole.engine.runs.runner import Run
from xsconsole.errors import GivenUp, PoolFailed, RunFailed, VerificationFailed

SHOP = "shop 1.3.0"
SLOW, FAST = 0.02, 100


class Misfortunes:
    """One pool and somebody at it who promotes shop, again and again."""

    def __init__(self, pool: EmbeddedPool, seat: Seat) -> None:
        self.pool, self.seat = pool, seat

    async def promoted(self, befall: Callable[[str], None]) -> RunStatus:
        """Promote shop, and let something befall it while its first snapshot is under way, whose task is given."""
        await self._control("speed", factor=SLOW)
        run = await self._opened()
        await self.seat.until(self._snapshots_under_way)
        await asyncio.to_thread(befall, self._snapshots_under_way()[0])
        await self._control("speed", factor=FAST)
        return await run.wait()

    async def given_up(self) -> RunStatus:
        """Promote shop, and give it up while its snapshots are under way; they would take for ever."""
        await self._control("speed", factor=SLOW / 1000)
        run = await self._opened()
        await self.seat.until(self._snapshots_under_way)
        await run.break_off()
        await self._control("speed", factor=FAST)
        return await run.wait()

    async def promoted_beside(self, step: str, held: str, method: str, vm: Uuid, *arguments: Any) -> RunStatus:
        """Promote shop, and let another client call `method` while the first such step waits for the call `held`."""
        await self._control("delay", method=held, seconds=3600)
        run = await self._opened()
        await self.seat.until(lambda: any(step in key for key in run.status.current))
        await asyncio.to_thread(self.call, method, vm, *arguments)
        await self._control("clear")
        return await run.wait()

    async def _opened(self) -> Run:
        command = self.seat.promotion(SHOP, "production")
        digest = self.seat.doing.plan(command).digest
        return await self.seat.doing.open(Confirmed(command=command, digest=digest))

    async def back(self) -> None:
        """Take it to staging again, and wait until that is seen."""
        await self.stands("production")
        status = await self.seat.do(self.seat.demotion(SHOP, "staging", Disks.KEEP))
        assert status.error is None, status.error
        await self.stands("staging")

    async def stands(self, stage: str, standing: Standing = Standing.WHOLE) -> None:
        def is_so() -> bool:
            card = self.seat.card(SHOP)
            return (card.stage, card.standing, card.run) == (stage, standing, None)

        await self.seat.until(is_so)

    async def settled(self, status: RunStatus) -> None:
        """Let a run that could not go on be finished, as soon as its pool is there again."""
        if status.state is RunState.INTERRUPTED:
            configuration = status.plan.intent.configuration
            await self.seat.until(lambda: self.seat.card(SHOP).standing is Standing.INTERRUPTED)
            run = await self.seat.doing.settle(Settle(configuration=configuration, direction=Direction.RESUME))
            status = await run.wait()
        assert status.state is RunState.DONE, status.error

    def call(self, method: str, vm: Uuid, *arguments: Any) -> None:
        """Let another client call something of a machine."""
        with self.pool.plain_session() as session:
            ref = session.xenapi.VM.get_by_uuid(vm)
            getattr(session.xenapi.VM, method)(ref, *arguments)

    def cancel(self, task: str) -> None:
        with self.pool.plain_session() as session:
            session.xenapi.task.cancel(task)

    def member(self, role: str) -> Uuid:
        return next(member.uuid for member in self.seat.card(SHOP).members if member.role == role)

    def snapshots(self) -> int:
        return sum(vm.is_a_snapshot for vm in self.seat.inventory.all(VM))

    def _snapshots_under_way(self) -> list[str]:
        tasks = self.seat.inventory.all(Task)
        return [task.ref for task in tasks if "VM.snapshot" in task.name_label and task.status == "pending"]

    async def _control(self, do: str, **arguments: object) -> None:
        await asyncio.to_thread(self.pool.control, do, **arguments)


async def test_what_other_clients_do_meanwhile_ends_it_whole_or_does_not_matter(tmp_path: Path) -> None:
    with embedded_pool("--speed", str(FAST)) as pool:
        async with seated(pool, tmp_path, "alice") as (seat,):
            it = Misfortunes(pool, seat)
            before = it.snapshots()
            roles = [member.role for member in seat.card(SHOP).members]
            last = it.member(roles[-1])

            status = await it.promoted(it.cancel)
            assert status.state is RunState.UNDONE
            assert isinstance(status.error, RunFailed)
            assert isinstance(status.error.cause, PoolFailed)
            assert status.error.cause.code == "TASK_CANCELLED"
            await it.stands("staging")
            await seat.until(lambda: it.snapshots() == before)

            status = await it.given_up()
            assert status.state is RunState.UNDONE
            assert isinstance(status.error, RunFailed)
            assert isinstance(status.error.cause, GivenUp)
            await it.stands("staging")
            await seat.until(lambda: it.snapshots() == before)

            write = ("member", "VM.add_to_blocked_operations")
            status = await it.promoted_beside(*write, "hard_shutdown", last)
            assert status.state is RunState.UNDONE
            assert isinstance(status.error, RunFailed)
            assert isinstance(status.error.cause, VerificationFailed)
            assert "does not run" in status.error.cause.differences[0]
            await it.stands("staging")

            start = ("start", "VM.start_on")
            status = await it.promoted_beside(*start, "start", last, False, False)
            assert status.state is RunState.DONE, status.error
            await it.back()

            await asyncio.to_thread(it.call, "hard_shutdown", last)
            await seat.until(lambda: "Halted" in {member.power_state for member in seat.card(SHOP).members})
            status = await it.promoted_beside(*start, "destroy", last)
            assert status.state is RunState.UNDONE
            assert isinstance(status.error, RunFailed)
            await it.stands("staging", Standing.INCOMPLETE)


async def test_whatever_becomes_of_the_pool_meanwhile_it_goes_on_or_can_be_finished(tmp_path: Path) -> None:
    with embedded_pool("--speed", str(FAST), "--hosts", "3") as pool:
        async with seated(pool, tmp_path, "alice") as (seat,):
            it = Misfortunes(pool, seat)
            second, third = pool.hosts[1].name, pool.hosts[2].name

            def rename(task: str) -> None:
                it.call("set_name_label", seat.card(SHOP).members[0].uuid, "renamed meanwhile")

            def road_breaks(task: str) -> None:
                pool.control("drop", method="task.get_record", when="before", nth=1)
                pool.control("drop", method="event.from", when="before", nth=1)

            for befall in (
                rename,
                road_breaks,
                lambda _: pool.control("restart"),  # no session and no task is known any more
                lambda _: pool.control("fail_over", to=second, old="live"),
            ):
                await it.settled(await it.promoted(befall))
                await it.back()
            status = await it.promoted(lambda _: pool.control("host", host=third, mode="dead"))
            assert status.state is RunState.UNDONE  # a member is there, and nobody knows whether it runs
            assert isinstance(status.error, RunFailed)
            cause = status.error.cause
            is_refused = isinstance(cause, PoolFailed) and cause.code == "HOST_OFFLINE"  # where it had still work to do
            assert is_refused or isinstance(cause, VerificationFailed)
            await it.stands("staging")
            assert "renamed meanwhile" in {member.name for member in seat.card(SHOP).members}
