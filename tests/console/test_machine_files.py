"""Machines to files and back as acts: whole or not at all, never over another file unasked, and with a way to stop."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.console.desk import Desk, seated
from xsconsole.domain.acts import Act, Kind, ObjectId
from xsconsole.domain.inventory import SR, VM, Task
from xsconsole.domain.jobs import ItemState, JobItem
from xsconsole.domain.record import AuditEvent, Outcome
from xsconsole.engine.commands import Operate
from xsconsole.errors import DiskFull, Refused, StoreFailed


@pytest.fixture(scope="module")
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "50") as served:
        yield served


@pytest.fixture
async def desk(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[Desk]:
    async with seated(pool, tmp_path / "home") as sitting:
        yield sitting
    pool.control("clear")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder without a file in it."""
    found = tmp_path / "files"
    found.mkdir()
    return found


def export(desk: Desk, file: Path, name: str = "old-wiki", **more: Any) -> Operate:
    vm = next(vm for vm in desk.console.inventory.all(VM) if vm.name_label == name and vm.is_ordinary)
    return Operate(act=Act.EXPORT, objects=(ObjectId(kind=Kind.VM, uuid=vm.uuid),), file=file, **more)


def import_(desk: Desk, file: Path, storage: str | None = None) -> Operate:
    found = [sr for sr in desk.console.inventory.all(SR) if sr.name_label == storage]
    pool = desk.console.inventory.pool
    assert pool is not None
    place = ObjectId(kind=Kind.SR, uuid=found[0].uuid) if found else ObjectId(kind=Kind.POOL, uuid=pool.uuid)
    return Operate(act=Act.IMPORT, objects=(place,), file=file)


async def done(desk: Desk, command: Operate) -> JobItem:
    status = await desk.console.acts.finished(await desk.console.acts.do(command))
    return status.items[0]


async def test_a_file_that_is_there_gives_way_only_where_that_was_said(desk: Desk, folder: Path) -> None:
    file = folder / "precious"
    file.write_text("precious")

    refused = await done(desk, export(desk, file))
    kept = file.read_text()
    replaced = await done(desk, export(desk, file, replaces=True))

    assert refused.state is ItemState.REFUSED
    assert kept == "precious"
    assert replaced.state is ItemState.DONE
    assert file.stat().st_size == replaced.found["size_bytes"]


async def test_a_machine_without_a_storage_named_goes_to_the_default_one(desk: Desk, folder: Path) -> None:
    await done(desk, export(desk, folder / "wiki.xva"))
    before = desk.console.inventory.count(VM)

    status = await desk.console.acts.finished(await desk.console.acts.do(import_(desk, folder / "wiki.xva")))

    assert status.is_good
    assert status.items[0].name == "wiki.xva to acme"
    await desk.until(lambda: desk.console.inventory.count(VM) == before + 1)


@pytest.mark.parametrize(("name", "mend"), [("jumpbox", "Shut it down or suspend it first")])
async def test_a_machine_that_runs_is_refused_with_the_mend(desk: Desk, folder: Path, name: str, mend: str) -> None:
    with pytest.raises(Refused) as refused:
        await desk.console.acts.do(export(desk, folder / "x", name))

    assert mend in refused.value.mend


async def test_a_storage_for_cd_images_is_refused(desk: Desk, folder: Path) -> None:
    with pytest.raises(Refused, match="images of CDs"):
        await desk.console.acts.do(import_(desk, folder / "x", "ISO library"))


async def test_what_cannot_be_read_or_written_is_said_and_leaves_nothing(desk: Desk, folder: Path) -> None:
    (folder / "full.xva.part").symlink_to("/dev/full")
    (folder / "letter").write_text("no machine " * 500)
    before = desk.console.inventory.count(VM)

    full = await done(desk, export(desk, folder / "full.xva"))
    nowhere = await done(desk, export(desk, folder / "none" / "wiki.xva"))
    missing = await done(desk, import_(desk, folder / "nothing"))
    letter = await done(desk, import_(desk, folder / "letter"))

    assert {one.state for one in (full, nowhere, missing, letter)} == {ItemState.FAILED}
    assert isinstance(full.error, DiskFull)
    assert isinstance(nowhere.error, StoreFailed)
    assert isinstance(missing.error, StoreFailed)
    assert letter.error is not None
    assert names_in(folder) == ["letter"]
    assert desk.console.inventory.count(VM) == before


async def test_an_export_can_be_cancelled(pool: EmbeddedPool, desk: Desk, folder: Path) -> None:
    await asyncio.to_thread(pool.control, "delay", method="http/get_export", seconds=60)

    job = await desk.console.acts.do(export(desk, folder / "wiki.xva"))
    await desk.until(lambda: desk.console.acts.jobs[0].items[0].state is ItemState.GOING)
    await until_task(desk)
    await desk.console.acts.cancel(job)
    status = await desk.console.acts.finished(job)

    assert status.items[0].state is ItemState.CANCELLED
    assert names_in(folder) == []
    assert await outcomes(desk) == [Outcome.CANCELLED]


async def until_task(desk: Desk) -> None:
    """Wait until the pool has a task of the export."""
    await desk.until(lambda: any("export" in task.name_label for task in desk.console.inventory.all(Task)))


async def outcomes(desk: Desk) -> list[Outcome | None]:
    return [row.fact.outcome for row in await desk.rows() if row.fact.event is AuditEvent.ACT_SETTLED]


def names_in(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]
