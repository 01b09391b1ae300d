"""Archives in a pool, over a real wire: made of what runs, compared with what others change, brought back, deleted."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from consoles import given_passphrase
from embedded import EmbeddedPool, embedded_pool

from tests.console.test_archives import carried_out
from tests.console.test_several_pools import access
from tests.told import until_told
from xsconsole.console import Console, Destination, PoolArchives, Pools
from xsconsole.domain.archive import ARCHIVED_KEY, Fault, Form, Pooled
from xsconsole.domain.board import Standing
from xsconsole.domain.comparison import Source
from xsconsole.domain.ids import StageId
from xsconsole.domain.manifest import LEFT_BEHIND, USUAL, difference, judge, manifest_of_card
from xsconsole.domain.naming import find_configuration
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import ArchiveInPool, Plannable
from xsconsole.errors import NotPromotable, Refused

NAME = "payroll@patch-testing"


@pytest.fixture(scope="module")
def served() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "500") as pool:
        yield pool


@pytest.fixture
async def console(served: EmbeddedPool, tmp_path: Path) -> AsyncIterator[Console]:
    pools = Pools(await Console.open(tmp_path / "home", passphrase=given_passphrase))
    try:
        await pools.connect(*access(served))
        yield pools.first
    finally:
        await pools.close()


async def done(console: Console, command: Plannable) -> None:
    status = await carried_out(console, command)
    assert status.error is None, explain(status.error)


async def the_one(room: PoolArchives) -> Pooled:
    found = [one for one in await room.listed() if one.called.startswith("payroll")]
    return found[0]


def templates(pool: EmbeddedPool) -> dict[str, dict[str, Any]]:
    """Return the templates of archives as a plain client of the pool sees them, by reference."""
    with pool.plain_session() as session:
        found = session.xenapi.VM.get_all_records()
    return {ref: vm for ref, vm in found.items() if ARCHIVED_KEY in vm["other_config"] and not vm["is_a_snapshot"]}


def disks(pool: EmbeddedPool) -> set[str]:
    with pool.plain_session() as session:
        return {vdi["uuid"] for vdi in session.xenapi.VDI.get_all_records().values() if vdi["managed"]}


async def test_it_is_archived_changed_by_others_brought_back_and_deleted(
    served: EmbeddedPool, console: Console
) -> None:
    room = PoolArchives(console.home, lambda: (console,))
    card, before = find_configuration(console.board, NAME), disks(served)
    command = ArchiveInPool(configuration=card.id, revision=card.revision, reason="the year has ended")

    await done(console, command)

    one = await the_one(room)
    assert (one.findings, one.is_own) == ((), True), one.sentence
    assert one.archive is not None
    assert (one.archive.form, one.archive.reason, one.archive.method) == (
        Form.COPY,
        "the year has ended",
        "linked-clone",
    )
    assert one.archive.record.rows > 0
    made = {ref: vm for ref, vm in templates(served).items() if vm["name_label"].startswith("payroll")}
    assert len(made) == len(card.members)
    for ref, vm in made.items():
        assert (vm["is_a_template"], vm["ha_restart_priority"], vm["power_state"]) == (True, "", "Halted")
        with served.plain_session() as session:
            for call in (session.xenapi.VM.destroy, lambda ref: session.xenapi.VM.start(ref, False, False)):
                with pytest.raises(Exception, match="OPERATION_BLOCKED"):
                    call(ref)
    assert (await room.verify(one)).is_whole
    assert (await the_one(room)).proven_at is not None
    (version,) = await room.versions_of(card.id, None)
    assert version.title == "payroll 2026.4 in Patch testing"
    present = manifest_of_card(card, console.inventory, console.board.workflow)
    assert (version.source, difference(version.manifest, present)) == (Source.ARCHIVE, ())

    # Somebody else changes a template: it is named, and nothing comes back of it until that is put right.
    ref, vm = next(iter(made.items()))
    with served.plain_session() as session:
        session.xenapi.VM.set_name_label(ref, "mine\u202e")
    await until_told(served, console)
    found = await room.verify(await the_one(room))
    assert [finding.fault for finding in found.findings] == [Fault.CHANGED]
    assert "name was" in found.sentence
    assert (await the_one(room)).damaged_at is not None
    to = Destination(target=StageId("integration"), networks={})
    with pytest.raises(Refused, match="is not as it was archived") as refused:
        console.plan(room.returning(found, to))
    assert "\u202e" not in refused.value.reason
    with served.plain_session() as session:
        session.xenapi.VM.set_name_label(ref, vm["name_label"])
    await until_told(served, console)

    await room.hold(found, "the audit")
    assert (await the_one(room)).held is not None
    with pytest.raises(NotPromotable, match="is held by root: the audit"):
        console.plan(room.deleting(found))
    await room.release(found, "")
    await room.keep(found, console.home.clock.now() + timedelta(days=1))
    assert await room.due() == ()
    with pytest.raises(NotPromotable, match="has not expired"):
        console.plan(room.expiring(found))
    with pytest.raises(Refused, match="over already"):
        await room.keep(found, console.home.clock.now() - timedelta(days=9999))
    await room.keep(found, None)
    returning = room.returning(await the_one(room), to, Method.FULL_COPY)
    await done(console, returning)
    back = next(one for one in console.board.cards.values() if one.origin and one.origin.archive == found.id)
    assert (back.stage, back.standing) == ("integration", Standing.WHOLE)
    came = manifest_of_card(back, console.inventory, None)
    drifting = [
        judged.change
        for judged in judge(difference(version.manifest, came), (*USUAL, *LEFT_BEHIND))
        if judged.verdict == "drift" and getattr(judged.change, "field", "") != "network"
    ]
    assert drifting == []

    await done(console, room.deleting(await the_one(room)))
    assert [one for one in await room.listed() if one.called.startswith("payroll")] == []
    assert not any(vm["name_label"].startswith("payroll") for vm in templates(served).values())
    await until_told(served, console)
    own = {disk for member in back.members for disk in disks_of(served, member.uuid)}
    assert disks(served) - own == before


async def test_a_retired_one_leaves_the_board_and_its_machines_are_the_archive(
    served: EmbeddedPool, console: Console
) -> None:
    room = PoolArchives(console.home, lambda: (console,))
    card = find_configuration(console.board, "shop@staging")
    machines = {member.uuid for member in card.members}
    with served.plain_session() as session:
        vapp = session.xenapi.VM_appliance.create({"name_label": "a vApp", "name_description": ""})
        session.xenapi.VM.set_appliance(session.xenapi.VM.get_by_uuid(card.members[0].uuid), vapp)
    await until_told(served, console)

    await done(console, ArchiveInPool(configuration=card.id, revision=card.revision, form=Form.RETIRED))

    one = next(one for one in await room.listed() if one.archive is not None and one.archive.configuration == card.id)
    assert one.is_whole, one.sentence
    assert card.id not in console.board.cards
    retired = [vm for vm in templates(served).values() if vm["uuid"] in machines]
    assert (len(retired), {vm["appliance"] for vm in retired}) == (len(machines), {"OpaqueRef:NULL"})
    await done(console, room.returning(one, Destination(target=StageId("integration"), networks={})))
    back = next(each for each in console.board.cards.values() if each.origin and each.origin.archive == one.id)
    assert len(back.members) == len(machines)


def disks_of(pool: EmbeddedPool, vm: str) -> set[str]:
    with pool.plain_session() as session:
        drives = session.xenapi.VM.get_VBDs(session.xenapi.VM.get_by_uuid(vm))
        return {
            session.xenapi.VDI.get_uuid(session.xenapi.VBD.get_VDI(vbd))
            for vbd in drives
            if session.xenapi.VBD.get_type(vbd) == "Disk"
        }
