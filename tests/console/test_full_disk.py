"""A disk that fills while acts on objects run: without an intent on record nothing is done, and no outcome is lost."""

import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.approving import approved_by
from tests.console.desk import Desk, seated
from tests.console.pool_state import footprint, runs_and_held_leases
from tests.console.test_points import version
from tests.workflows import put_on
from xsconsole.console import Batch, Estate, moves_to, planned_together
from xsconsole.domain.acts import Act, JobId, Kind, ObjectId
from xsconsole.domain.approval import Meaning
from xsconsole.domain.events import AuditFailed
from xsconsole.domain.ids import StageId
from xsconsole.domain.inventory import VM
from xsconsole.domain.jobs import ItemState
from xsconsole.domain.plan import Disks
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.requests.views import RequestState
from xsconsole.domain.workflow import RestorePointRule
from xsconsole.engine.commands import Ask, Confirmed, HoldBack, Operate
from xsconsole.errors import StoreFailed


@pytest.fixture(scope="module")
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "20") as served:
        yield served


@pytest.fixture
async def desk(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[Desk]:
    async with seated(pool, tmp_path / "home") as sitting:
        yield sitting


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file of this process grow: the first byte that is written anywhere is refused."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def tagging(desk: Desk, *names: str) -> Operate:
    vms = [vm for vm in desk.console.inventory.all(VM) if vm.is_ordinary and vm.name_label in names]
    assert len(vms) == len(names)
    return Operate(act=Act.TAG, objects=tuple(ObjectId(kind=Kind.VM, uuid=vm.uuid) for vm in vms), text="seen")


async def outcomes(desk: Desk, job: JobId) -> list[Outcome | None]:
    facts: list[Fact] = [row.fact for row in await desk.rows() if row.fact.event is AuditEvent.ACT_SETTLED]
    return [fact.outcome for fact in facts if (fact.details or {})["job"] == job]


async def test_an_act_whose_intent_cannot_be_recorded_is_not_done(pool: EmbeddedPool, desk: Desk) -> None:
    told: list[AuditFailed] = []
    desk.console.subscribe(AuditFailed, told.append)
    pool.calls()

    with full_disk(), pytest.raises(StoreFailed):
        await desk.console.acts.do(tagging(desk, "jumpbox"))

    assert [call["method"] for call in pool.calls() if call["method"].startswith("VM.")] == []
    assert desk.console.acts.jobs == ()
    assert len(told) == 1
    assert (await desk.console.acts.finished(await desk.console.acts.do(tagging(desk, "jumpbox")))).is_good
    assert all(verdict.is_good for verdict in await desk.console.verify_audit())


async def test_an_outcome_that_cannot_be_recorded_is_said_and_recorded_with_the_next_act(
    pool: EmbeddedPool, desk: Desk
) -> None:
    pool.control("delay", method="VM.add_tags", seconds=3600)

    job = await desk.console.acts.do(tagging(desk, "build-1", "build-2"))
    with full_disk():
        pool.control("clear")
        status = await desk.console.acts.finished(job)

    assert [item.state for item in status.items] == [ItemState.DONE, ItemState.DONE]
    for item in status.items:
        assert isinstance(item.error, StoreFailed)
        assert item.error.reason.startswith("What became of it is not on record yet.")
    assert await outcomes(desk, job) == []

    await desk.console.acts.finished(await desk.console.acts.do(tagging(desk, "old-wiki")))
    assert await outcomes(desk, job) == [Outcome.DONE, Outcome.DONE]
    assert all(verdict.is_good for verdict in await desk.console.verify_audit())


async def test_an_outcome_that_is_still_owed_is_recorded_when_the_console_ends(
    pool: EmbeddedPool, tmp_path: Path
) -> None:
    pool.control("delay", method="VM.add_tags", seconds=3600)
    async with seated(pool, tmp_path / "other") as desk:
        job = await desk.console.acts.do(replace(tagging(desk, "build-1"), text="late"))
        with full_disk():
            pool.control("clear")
            await desk.console.acts.finished(job)

    async with seated(pool, tmp_path / "other") as desk:
        assert await outcomes(desk, job) == [Outcome.DONE]


async def test_what_waits_goes_together_is_removed_held_or_approved_is_so_on_record_or_not_at_all(
    pool: EmbeddedPool, desk: Desk, tmp_path: Path
) -> None:
    async with seated(pool, tmp_path / "rita") as rita:
        console, estate = desk.console, Estate.of(desk.console)
        keys = {"ann": console.home.key_fingerprint, "rita": rita.console.home.key_fingerprint}
        put_on(pool, approved_by(keys, restore_point=RestorePointRule()))
        for one in (desk, rita):
            await one.until(lambda: version(one.console) == 2)  # noqa: B023
        moves = [desk.card(name) for name in ("crm 7.2-rc1", "payroll 2026.5")]
        workflow = console.board.workflow
        assert workflow is not None
        together = moves_to(moves, StageId("patch-testing"), workflow, "the release")
        batch = Batch(
            console, console.requests, together, planned_together(console, together), lambda _: None, goes_on=False
        )
        promotion = rita.promotion()
        digest = rita.console.plan(promotion).digest
        request = await rita.console.requests.ask(Ask(command=promotion, digest=digest))
        await desk.until(lambda: console.requests.of(request.intent.configuration))
        back = desk.demotion("crm 7.1.1", "patch-testing", Disks.KEEP)
        queued = Confirmed(command=back, digest=console.plan(back).digest)
        held = HoldBack(configuration=desk.card().id, reason="it lost orders")
        before, rows = footprint(pool), await desk.events()

        with full_disk():
            for attempt in (
                estate.queue.add(queued),
                batch.carry_out(),
                console.closings.do(held),
                console.requests.decide(request.id, Meaning.APPROVE, "fine"),
                desk.do(back),
            ):
                with pytest.raises(StoreFailed):
                    await attempt

        assert (footprint(pool), await desk.events()) == (before, rows)
        assert not runs_and_held_leases(pool)
        assert (estate.queue.entries, await console.home.waiting()) == ((), ())
        approved = await console.requests.decide(request.id, Meaning.APPROVE, "fine")
        assert approved.state is RequestState.APPROVED
        assert all(verdict.is_good for verdict in await console.verify_audit())
        await estate.queue.close()
