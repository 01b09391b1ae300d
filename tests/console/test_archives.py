"""Archives in files, over two real wires: made of what runs, verified, and brought back into another pool."""

import asyncio
import contextlib
import hashlib
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from consoles import given_passphrase
from embedded import EmbeddedPool, embedded_pools

from tests.console.pool_state import footprint, runs_and_held_leases
from tests.console.test_between_pools import until
from tests.console.test_several_pools import access
from tests.told import until_told
from tests.workflows import put_on
from xsconsole.console import ArchiveRoom, Console, Destination, Pools, past
from xsconsole.domain.actions.archives import ImportMember
from xsconsole.domain.archive import rows_of
from xsconsole.domain.board import Standing
from xsconsole.domain.comparison import Source
from xsconsole.domain.events import RunChanged
from xsconsole.domain.ids import RunId, StageId
from xsconsole.domain.inventory import VIF, Network
from xsconsole.domain.manifest import LEFT_BEHIND, USUAL, Manifest, difference, judge, manifest_of_card
from xsconsole.domain.naming import find_configuration
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import default_workflow
from xsconsole.engine.commands import Confirmed, Plannable, RestoreFromArchive
from xsconsole.errors import NotPromotable, Refused, RunFailed
from xsconsole.store.archives import FolderShelf

NAME = "payroll@patch-testing"


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[EmbeddedPool, ...]]:
    with embedded_pools("--speed", "500") as pools:
        put_on(pools[1], default_workflow())
        yield pools


@pytest.fixture
async def pools(served: tuple[EmbeddedPool, ...], tmp_path: Path) -> AsyncIterator[Pools]:
    opened = Pools(await Console.open(tmp_path / "home", passphrase=given_passphrase))
    try:
        for pool in served:
            await opened.connect(*access(pool))
        yield opened
    finally:
        await opened.close()
        for pool in served:
            pool.control("clear")


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def carried_out(console: Console, command: Plannable) -> RunStatus:
    digest = console.plan(command).digest
    status = await console.finished(await console.do(Confirmed(command=command, digest=digest)))
    await console.caught_up()  # else the run may not have been heard of yet, and is heard of afterwards
    await until(console, lambda: not any(card.run for card in console.board.cards.values()))
    return status


async def archived(console: Console, room: ArchiveRoom, place: Path) -> Path:
    command = room.archiving(find_configuration(console.board, NAME), place, reason="the year has ended")
    status = await carried_out(console, command)
    assert status.error is None, explain(status.error)
    return command.folder


async def returning(room: ArchiveRoom, folder: Path, there: Console) -> RestoreFromArchive:
    networks = {network.name_label: network.uuid for network in there.inventory.all(Network)}
    command = await room.returning(folder, Destination(target=StageId("integration"), networks={}))
    return replace(command, networks=dict.fromkeys(command.archive.networks, networks["prod-data"]))


@contextlib.contextmanager
def flipped(file: Path) -> Iterator[None]:
    """Have one bit in the middle of a file the other way round."""
    content = file.read_bytes()
    at = len(content) // 2
    file.chmod(0o600)
    file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    yield
    file.write_bytes(content)
    file.chmod(0o444)


def everything(pool: EmbeddedPool) -> dict[str, Any]:
    """Return what a run that went back must have left as it was, networks and templates among it."""
    with pool.plain_session() as session:
        networks = session.xenapi.network.get_all_records()
        machines = session.xenapi.VM.get_all_records()
    templates = {record["uuid"] for record in machines.values() if record["is_a_template"]}
    return {**footprint(pool), "networks": {one["uuid"] for one in networks.values()}, "templates": templates}


async def test_what_is_archived_comes_back_in_another_pool_as_it_was(
    served: tuple[EmbeddedPool, ...], pools: Pools, tmp_path: Path
) -> None:
    here, there = pools.all
    room = ArchiveRoom(here.home)
    before, source = footprint(served[0]), find_configuration(here.board, NAME)
    was = manifest_of_card(source, here.inventory, here.board.workflow)

    folder = await archived(here, room, tmp_path / "out")

    assert footprint(served[0]) == before
    assert names_in(folder.parent) == [folder.name]
    assert not any(file.stat().st_mode & 0o222 for file in (folder, *folder.rglob("*")))
    assert msgspec.json.decode((folder / "manifest.json").read_bytes(), type=Manifest) == was
    rows = rows_of((folder / "record.jsonl").read_bytes())
    assert {hashlib.sha256(row.canonical.encode()).hexdigest() for row in rows} == {row.digest for row in rows}
    command = await returning(room, folder, there)
    assert (command.archive.configuration, command.archive.reason) == (source.id, "the year has ended")
    (table,) = [warning for warning in there.plan(command).warnings if warning.startswith("Networks, archive → pool: ")]
    assert table.count(" → ") == 1 + len(command.archive.networks)

    # A bit in each file: named before anything is made of it.
    at_first = await asyncio.to_thread(everything, served[1])
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    assert len(files) == 4 + len(source.members)
    for file in files:
        with flipped(file):
            found = await room.verify(folder)
        assert [finding.file for finding in found.findings] == [file.relative_to(folder).as_posix()]
    with flipped(files[-1]):
        status = await carried_out(there, command)
    assert isinstance(status.error, RunFailed)
    assert f"{files[-1].relative_to(folder)} is damaged" in explain(status.error).failed
    assert not any(isinstance(status.plan.step(key).action, ImportMember) for key in status.settled)
    assert await asyncio.to_thread(everything, served[1]) == at_first
    assert (await room.verify(folder)).sentence.startswith("Whole: ")
    elsewhere = tmp_path / "elsewhere" / folder.name
    await asyncio.to_thread(shutil.copytree, folder, elsewhere)
    with flipped(elsewhere / files[-1].relative_to(folder)):
        assert not (await room.verify(elsewhere)).is_good
    assert "is damaged" in (await room.look(elsewhere)).damage
    (shelved,) = await room.listed()  # what was found of that copy says nothing of this one
    assert (shelved.proven_at is not None, shelved.damaged_at, shelved.is_own, shelved.problem) == (
        True,
        None,
        True,
        "",
    )

    # Cut off in the middle: nothing is left.
    served[1].control("fail", method="VM.set_order", nth=2, code="INTERNAL_ERROR")
    status = await carried_out(there, command)
    assert (status.state, type(status.error)) == (RunState.UNDONE, RunFailed)
    assert await asyncio.to_thread(everything, served[1]) == at_first
    await until_told(served[1], there)

    status = await carried_out(there, command)

    assert status.error is None, explain(status.error)
    made = status.plan.intent.configuration
    await until(there, lambda: made in there.board.cards and there.board.cards[made].standing is Standing.WHOLE)
    card = there.board.cards[made]
    assert card.origin is not None
    origin = (card.origin.archive, card.origin.configuration)
    assert (card.stage, *origin) == ("integration", command.archive.id, source.id)
    now = manifest_of_card(card, there.inventory, there.board.workflow)
    drift = [judged for judged in judge(difference(was, now), (*USUAL, *LEFT_BEHIND)) if not judged.rule]
    assert {getattr(judged.change, "field", "") for judged in drift} <= {"network"}, drift
    assert not {vif.MAC for vif in here.inventory.all(VIF)} & {nic.mac for one in now.members for nic in one.nics}
    assert (await asyncio.to_thread(everything, served[1]))["networks"] == at_first["networks"]
    assert runs_and_held_leases(served[1]) == []
    assert there.board.strays == ()

    # What it was in the archive is a time of it to compare with.
    (then,) = [version for version in await past(there, made) if version.source is Source.ARCHIVE]
    assert then.manifest == was

    # A second one is another configuration, and what cannot be is said before.
    again = there.plan(command).intent.configuration
    assert again != made
    with pytest.raises(NotPromotable, match="on which network of this pool the interfaces of"):
        there.plan(replace(command, networks={}))
    today = here.home.clock.now()
    with pytest.raises(Refused, match="That time is over already"):
        await room.hold(folder, "an audit was", today)
    await room.hold(folder, "an audit is coming", today + timedelta(days=1))
    with pytest.raises(Refused, match="an audit is coming"):
        await room.delete(folder, "")
    assert (await room.verify(folder)).is_good
    await room.release(folder, "")
    assert await room.delete(folder, "the time is over") > 0
    assert names_in(folder.parent) == []


FAULTS = (
    ("VM.snapshot", 2, "SR_BACKEND_FAILURE_44"),
    ("http/get_export", 2, "VDI_IN_USE"),
    ("VM.destroy", 1, "INTERNAL_ERROR"),
)


async def test_what_fails_on_the_way_into_an_archive_leaves_neither_files_nor_snapshots(
    served: tuple[EmbeddedPool, ...], pools: Pools, tmp_path: Path
) -> None:
    here, room, place = pools.first, ArchiveRoom(pools.first.home), tmp_path / "out"
    before = await asyncio.to_thread(everything, served[0])
    for call, nth, code in FAULTS:
        served[0].control("fail", method=call, nth=nth, code=code)

        status = await carried_out(here, room.archiving(find_configuration(here.board, NAME), place))

        assert isinstance(status.error, RunFailed), call
        assert names_in(place) == []
        assert await asyncio.to_thread(everything, served[0]) == before
        assert runs_and_held_leases(served[0]) == []

    # What another console put back lies there unfinished, is named so, and can be deleted.
    await FolderShelf().begin(place / "left", RunId("gone"))
    (left,) = await room.listed()
    assert (left.is_unfinished, "was never finished" in left.problem) == (True, True)
    with pytest.raises(Refused, match="is not given up"):
        await ArchiveRoom(here.home, lambda: {RunId("gone")}).delete(Path(left.folder), "")
    assert await room.delete(Path(left.folder), "") == len("gone")
    assert names_in(place) == []

    # A full disk says so.
    command = room.archiving(find_configuration(here.board, NAME), place)
    members = command.folder.with_name(command.folder.name + ".part") / "members"
    run = await here.do(Confirmed(command=command, digest=here.plan(command).digest))
    await until(here, members.is_dir, RunChanged)
    for number, member in enumerate(here.board.cards[command.configuration].members, start=1):
        (members / f"{number:02d}-{member.role}.xva.part").symlink_to("/dev/full")
    status = await here.finished(run)
    assert status.error is not None
    assert "There is no room left for" in explain(status.error).failed
    assert names_in(place) == []
    assert await asyncio.to_thread(everything, served[0]) == before
