"""A promotion by full copy from the pool for tests into the one for production, over two real wires."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from consoles import given_passphrase
from embedded import EmbeddedPool, embedded_pools

from tests.console.pool_state import footprint, runs_and_held_leases
from tests.console.test_several_pools import access
from tests.workflows import put_on
from xsconsole.console import Connection, Console, Estate, Pools, RunState, Secret
from xsconsole.domain.board import Card, Member, Standing
from xsconsole.domain.disks import repositories_of
from xsconsole.domain.events import BoardChanged, ClearanceChanged, Event, InventoryChanged
from xsconsole.domain.ids import NULL_REF, StageId
from xsconsole.domain.inventory import SR, VIF, VM, Inventory, Network, Record
from xsconsole.domain.naming import find_configuration
from xsconsole.domain.plan import Disks
from xsconsole.domain.workflow import Binding, Limits, Method, PoolObject, Workflow, default_workflow
from xsconsole.domain.workflow.afterwards import DemoteIncumbent
from xsconsole.domain.workflow.values import NetworkEntry, RestorePointRule
from xsconsole.engine.commands import Confirmed, Demote, Promote, Relocate
from xsconsole.errors import NotPermitted, NotPromotable, PoolFailed, RunFailed

SOURCE = "payroll@patch-testing"


@pytest.fixture
def served() -> Iterator[tuple[EmbeddedPool, ...]]:
    with embedded_pools("--speed", "200") as pools:
        yield pools


@pytest.fixture
async def pools(served: tuple[EmbeddedPool, ...], tmp_path: Path) -> AsyncIterator[Pools]:
    """A home that is connected to both, with a way that leads from one to the other."""
    opened = Pools(await Console.open(tmp_path, passphrase=given_passphrase))
    try:
        for pool in served:
            await opened.connect(*access(pool))
        workflow = crossing(*(console.inventory for console in opened.all))
        for pool, console in zip(served, opened.all, strict=True):
            put_on(pool, workflow)
            await until(console, lambda console=console: version_of(console) == workflow.version)
        yield opened
    finally:
        await opened.close()


def version_of(console: Console) -> int:
    return console.board.workflow.version if console.board.workflow else 0


def named(inventory: Inventory, kind: type[Record], name: str) -> PoolObject:
    uuid = next(record.uuid for record in inventory.all(kind) if getattr(record, "name_label", "") == name)
    return PoolObject(uuid=uuid, name=name)


def crossing(here: Inventory, there: Inventory, method: Method = Method.FULL_COPY, version: int = 2) -> Workflow:
    """Patch testing is in the one pool, staging in the other, and copies lead there, or machines and back."""
    assert here.pool is not None
    assert there.pool is not None
    base = default_workflow()
    homes = {
        "patch-testing": Binding(
            pool=PoolObject(uuid=here.pool.uuid, name=here.pool.name_label),
            networks=(NetworkEntry(logical="front", network=named(here, Network, "test-net")),),
        ),
        "staging": Binding(
            pool=PoolObject(uuid=there.pool.uuid, name=there.pool.name_label),
            sr=named(there, SR, "NFS-archive"),
            networks=(NetworkEntry(logical="front", network=named(there, Network, "prod-data")),),
        ),
    }
    stages = tuple(
        msgspec.structs.replace(stage, binding=homes.get(stage.id, Binding()), limits=Limits()) for stage in base.stages
    )
    ways = tuple(
        msgspec.structs.replace(way, method=method, restore_point=RestorePointRule() if method is Method.MOVE else None)
        if (way.source, way.target) == ("patch-testing", "staging")
        else way
        for way in base.transitions
    )
    return msgspec.structs.replace(base, version=version, networks=("front",), stages=stages, transitions=ways)


def taking(workflow: Workflow, version: int) -> Workflow:
    """The same by full copy into a place: staging takes one of a service, and sends who has it back."""
    stages = tuple(
        msgspec.structs.replace(stage, limits=Limits(per_service=1)) if stage.id == "staging" else stage
        for stage in workflow.stages
    )
    giving = {"method": Method.FULL_COPY, "afterwards": (DemoteIncumbent(),), "restore_point": None}
    ways = tuple(
        msgspec.structs.replace(way, **giving) if (way.source, way.target) == ("patch-testing", "staging") else way
        for way in workflow.transitions
    )
    return msgspec.structs.replace(workflow, version=version, stages=stages, transitions=ways)


async def until(console: Console, is_so: Callable[[], object], told_by: type[Event] = BoardChanged) -> None:
    changed = asyncio.Event()
    end = console.subscribe(told_by, lambda _: changed.set())
    try:
        async with asyncio.timeout(30):
            while not is_so():
                changed.clear()
                await changed.wait()
    finally:
        end()


def promotion(console: Console) -> Promote:
    card = find_configuration(console.board, SOURCE)
    return Promote(configuration=card.id, revision=card.revision, target=StageId("staging"), reason="the release")


async def promoted(pools: Pools) -> Any:
    command = promotion(pools.first)
    plan = pools.first.plan(command)
    run = await pools.first.do(Confirmed(command=command, digest=plan.digest))
    return await pools.first.finished(run)


def made(console: Console) -> Card | None:
    cards = console.board.cards.values()
    return next(
        (card for card in cards if card.service == "payroll" and card.stage == "staging" and card.members), None
    )


async def test_what_is_promoted_into_the_other_pool_runs_there_and_stays_here(
    served: tuple[EmbeddedPool, ...], pools: Pools
) -> None:
    here, there = pools.all
    before, networks = footprint(served[0]), {each.uuid for each in there.inventory.all(Network)}

    status = await promoted(pools)

    assert status.error is None, status.error
    await until(there, lambda: (card := made(there)) is not None and card.standing is Standing.WHOLE and not card.run)
    card = made(there)
    assert card is not None
    assert card.origin is not None
    machines = [there.inventory.get(VM, member.ref) for member in card.members]
    nics = [there.inventory.get(VIF, ref) for vm in machines if vm is not None for ref in vm.VIFs]
    assert {there.inventory.get(Network, nic.network).name_label for nic in nics if nic is not None} == {"prod-data"}
    assert not {nic.MAC for nic in nics if nic is not None} & {nic.MAC for nic in here.inventory.all(VIF)}
    assert footprint(served[0])["machines"] == before["machines"]
    for pool in served:
        assert runs_and_held_leases(pool) == []
    await until(there, lambda: {each.uuid for each in there.inventory.all(Network)} == networks)
    assert all(verdict.is_good for verdict in await here.verify_audit())


@pytest.mark.parametrize(
    ("at", "call", "nth", "code"),
    [(1, "VM.set_order", 2, "INTERNAL_ERROR"), (0, "VM.snapshot", 2, "SR_BACKEND_FAILURE_44")],
)
async def test_what_fails_in_either_pool_leaves_nothing_in_both(
    served: tuple[EmbeddedPool, ...], pools: Pools, at: int, call: str, nth: int, code: str
) -> None:
    before = [footprint(pool) for pool in served]
    served[at].control("fail", method=call, nth=nth, code=code, params=["1", "2", "3"])

    status = await promoted(pools)

    assert status.state is RunState.UNDONE
    assert isinstance(status.error, RunFailed)
    assert isinstance(status.error.cause, PoolFailed)
    assert status.error.cause.code == code
    assert [footprint(pool) for pool in served] == before


def places(console: Console, card: Card) -> dict[str, tuple[object, ...]]:
    """Say of each machine: uuid, MAC addresses, power, networks and storages."""
    found = {}
    for member in card.members:
        vm = console.inventory.get(VM, member.ref)
        assert vm is not None
        nics = [nic for nic in (console.inventory.get(VIF, ref) for ref in vm.VIFs) if nic is not None]
        networks = [console.inventory.get(Network, nic.network) for nic in nics]
        storages = repositories_of(console.inventory, vm)
        found[vm.name_label] = (
            vm.uuid,
            tuple(nic.MAC for nic in nics),
            vm.power_state,
            tuple(network.name_label for network in networks if network is not None),
            tuple(sr.name_label for sr in storages),
        )
    return found


async def done(console: Console, command: Promote | Demote) -> Any:
    run = await console.do(Confirmed(command=command, digest=console.plan(command).digest))
    return await console.finished(run)


def tagged(console: Console, member: Member) -> bool:
    vm = console.inventory.get(VM, member.ref)
    return vm is not None and "licensed" in vm.tags


def refusal_of(console: Console, card: Card) -> str:
    """Return why the card cannot go to staging, empty where it can."""
    refusal = next(target for target in console.targets(card.id) if target.stage == "staging").refusal
    return "" if refusal is None else refusal.reason


async def test_machines_move_there_and_come_back_or_stay_whole_where_they_are(
    served: tuple[EmbeddedPool, ...], pools: Pools
) -> None:
    here, there = pools.all
    workflow = crossing(here.inventory, there.inventory, Method.MOVE, version=3)
    for pool, console in zip(served, pools.all, strict=True):
        put_on(pool, workflow)
        await until(console, lambda console=console: version_of(console) == 3)
    served[1].calls()
    card = find_configuration(here.board, SOURCE)
    first_uuid = card.members[0].uuid
    served[0].control("fail", method="VM.assert_can_migrate", nth=1, code="LICENCE_RESTRICTION", params=["motion"])
    here.plan(promotion(here))  # nobody waits for the answer: it is told once it is there
    await until(here, lambda: refusal_of(here, card), ClearanceChanged)
    assert "go to pool “acme production”: The pool's licence does not include it: motion." in refusal_of(here, card)
    calls = [call["method"] for call in served[1].calls()]
    assert calls.count("session.logout") == calls.count("host.migrate_receive") > 0  # what was asked leaves none open
    with served[0].plain_session() as session:  # whatever changes about the machines lets it be asked anew
        first = session.xenapi.VM.get_by_uuid(first_uuid)
        vapp = session.xenapi.VM_appliance.create({"name_label": "payroll", "name_description": ""})
        session.xenapi.VM.set_appliance(first, vapp)
        nightly = session.xenapi.VMSS.create(
            {
                "name_label": "nightly",
                "name_description": "",
                "enabled": False,  # a day of this pool takes seven minutes: its snapshot would come into any test
                "type": "snapshot",
                "retained_snapshots": "3",
                "frequency": "daily",
                "schedule": {"min": "0", "hour": "2"},
            }
        )
        session.xenapi.VM.set_snapshot_schedule(first, nightly)
        for member in card.members:
            session.xenapi.VM.add_tags(session.xenapi.VM.get_by_uuid(member.uuid), "licensed")
    await until(here, lambda: all(tagged(here, member) for member in card.members), InventoryChanged)
    assert refusal_of(here, card) == ""
    await pools.answered()
    assert refusal_of(here, card) == ""
    served[0].control("fail", method="VM.assert_can_migrate", nth=1, code="LICENCE_RESTRICTION", params=["motion"])
    assert (await done(here, promotion(here))).state is RunState.UNDONE  # it was allowed a moment ago
    await until(here, lambda: find_configuration(here.board, SOURCE).standing is Standing.WHOLE)
    served[0].calls()
    here.plan(promotion(here))
    await pools.answered()
    assert "VM.assert_can_migrate" in [call["method"] for call in served[0].calls()]
    before, at_pools = places(here, find_configuration(here.board, SOURCE)), [footprint(pool) for pool in served]

    served[0].control("fail", method="VM.migrate_send", nth=2, code="MIRROR_FAILED", params=["1"])
    failed = await done(here, promotion(here))

    assert failed.state is RunState.UNDONE
    assert isinstance(failed.error, RunFailed)
    assert isinstance(failed.error.cause, PoolFailed)
    assert failed.error.cause.code == "MIRROR_FAILED"
    after = [footprint(pool) for pool in served]
    assert [one["machines"] for one in after] == [one["machines"] for one in at_pools]
    assert [one["keys"] for one in after] == [one["keys"] for one in at_pools]

    await until(here, lambda: find_configuration(here.board, SOURCE).standing is Standing.WHOLE)
    served[0].control("drop", method="VM.migrate_send", nth=1, when="after")
    status = await done(here, promotion(here))

    assert status.error is None, status.error
    await until(there, lambda: (card := made(there)) is not None and card.standing is Standing.WHOLE and not card.run)
    card = made(there)
    assert card is not None
    moved = places(there, card)
    assert {name: place[:2] for name, place in moved.items()} == {name: place[:2] for name, place in before.items()}
    assert {place[2:] for place in moved.values()} == {("Running", ("prod-data",), ("NFS-archive",))}
    await until(here, lambda: card.id not in here.board.cards)
    with served[1].plain_session() as session:
        vm = session.xenapi.VM.get_by_uuid(first_uuid)
        assert session.xenapi.VM_appliance.get_name_label(session.xenapi.VM.get_appliance(vm)) == "payroll"
        assert session.xenapi.VM.get_snapshot_schedule(vm) == NULL_REF

    with served[1].plain_session() as session:
        session.xenapi.VM.set_name_description(session.xenapi.VM.get_by_uuid(first_uuid), "serving since")
    command = Demote(
        configuration=card.id, revision=card.revision, target=StageId("patch-testing"), disks=Disks.RESTORE
    )
    assert any("Everything written since" in said for said in there.plan(command).warnings)
    status = await done(there, command)

    assert status.error is None, status.error
    await until(here, lambda: card.id in here.board.cards and here.board.cards[card.id].run is None)
    back = places(here, here.board.cards[card.id])
    assert {name: place[:4] for name, place in back.items()} == {name: place[:4] for name, place in before.items()}
    await until(there, lambda: card.id not in there.board.cards)
    with served[0].plain_session() as session:
        vm = session.xenapi.VM.get_by_uuid(first_uuid)
        assert (session.xenapi.VM.get_appliance(vm), session.xenapi.VM.get_snapshot_schedule(vm)) == (vapp, nightly)
        assert session.xenapi.VM.get_name_description(vm) != "serving since"
    (aside,) = here.board.cards[card.id].asides
    assert aside.is_whole
    for pool in served:
        assert runs_and_held_leases(pool) == []
    assert all(verdict.is_good for verdict in await here.verify_audit())


async def test_without_a_connection_to_the_other_pool_or_a_right_there_it_is_refused(
    served: tuple[EmbeddedPool, ...], pools: Pools
) -> None:
    here, there = pools.all
    await pools.leave(there)

    with pytest.raises(NotPromotable, match="to which this console has no connection"):
        here.plan(promotion(here))

    looking = await pools.connect(Connection(url=served[1].url, user="eve"), Secret(served[1].passwords["eve"]))
    command = promotion(here)
    digest = here.plan(command).digest
    with pytest.raises(NotPermitted, match="In pool “acme production”: The role read-only may not"):
        await here.do(Confirmed(command=command, digest=digest))
    leaving = Relocate(configuration=command.configuration, revision=command.revision, pool=looking.identity.pool)
    denial = Estate(pools).denial(leaving)
    assert denial is not None
    assert denial.mend == "Log in as somebody with the role pool-operator or higher."
    assert Estate(pools).denial(replace(leaving, pool=None)) is None


async def test_where_their_hosts_do_not_reach_each_other_machines_go_through_this_console(
    served: tuple[EmbeddedPool, ...], pools: Pools
) -> None:
    here, there = pools.all
    workflow = crossing(here.inventory, there.inventory, Method.MOVE, version=3)
    for pool, console in zip(served, pools.all, strict=True):
        pool.control("part")
        put_on(pool, workflow)
        await until(console, lambda console=console: version_of(console) == 3)
    card = find_configuration(here.board, SOURCE)
    before, at_pools = places(here, card), [footprint(pool) for pool in served]
    here.plan(promotion(here))
    await pools.answered()
    assert any("as a stream through this console" in said for said in here.plan(promotion(here)).warnings)
    first = here.inventory.get(VM, card.members[0].ref)
    assert first is not None
    with served[0].plain_session() as session:  # that hosts do not reach each other is about none of the machines
        session.xenapi.VM.add_tags(first.ref, "seen")
    await until(here, lambda: "seen" in getattr(here.inventory.get(VM, first.ref), "tags", ()), InventoryChanged)
    assert any("as a stream through this console" in said for said in here.plan(promotion(here)).warnings)
    await pools.answered()

    served[1].control("fail", method="VM.start_on", nth=2, code="NO_HOSTS_AVAILABLE", params=[])
    failed = await done(here, promotion(here))

    assert failed.state is RunState.UNDONE
    after = [footprint(pool) for pool in served]
    assert [set(one["machines"]) for one in after] == [set(one["machines"]) for one in at_pools]
    assert [one["keys"] for one in after] == [one["keys"] for one in at_pools]

    await until(here, lambda: find_configuration(here.board, SOURCE).standing is Standing.WHOLE)
    served[1].control("drop", method="VM.get_VIFs", nth=1, when="after")
    status = await done(here, promotion(here))

    assert status.error is None, status.error
    await until(there, lambda: (card := made(there)) is not None and card.standing is Standing.WHOLE and not card.run)
    arrived = made(there)
    assert arrived is not None
    moved = places(there, arrived)
    assert {name: place[:2] for name, place in moved.items()} == {name: place[:2] for name, place in before.items()}
    assert {place[2:] for place in moved.values()} == {("Running", ("prod-data",), ("NFS-archive",))}
    assert [point.is_whole for point in arrived.restore_points] == [True]
    await until(here, lambda: card.id not in here.board.cards)
    for pool in served:
        assert runs_and_held_leases(pool) == []
    assert footprint(served[0])["machines"].items() <= at_pools[0]["machines"].items()
    assert all(verdict.is_good for verdict in await here.verify_audit())
