"""A disk that fills while acts on objects run: without an intent on record nothing is done, and no outcome is lost."""

import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.console.desk import Desk, seated
from xsconsole.domain.acts import Act, JobId, Kind, ObjectId
from xsconsole.domain.events import AuditFailed
from xsconsole.domain.inventory import VM
from xsconsole.domain.jobs import ItemState
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.engine.commands import Operate
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
