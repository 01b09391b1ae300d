"""Linked clones and full copies on the embedded pool, over HTTP: machines, disks, interfaces as XAPI makes them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.console.pool_state import footprint
from tests.engine.seats import Seat, seated
from tests.engine.test_copying import copying
from tests.workflows import put_on
from xsconsole.domain.actions.copies import StartCopy
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.disks import disks_of
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import VIF, VM, Network
from xsconsole.domain.manifest import LEFT_BEHIND, USUAL, Verdict, difference, judge, manifest_of_card
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import Binding, Method, PoolObject
from xsconsole.domain.workflow.values import NetworkEntry
from xsconsole.errors import PoolFailed, RunFailed

SHOP = "shop 1.3.0"


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "100") as served:
        yield served


@pytest.fixture
async def alice(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[Seat]:
    async with seated(pool, tmp_path, "alice") as (seat,):
        yield seat


async def publish(pool: EmbeddedPool, seat: Seat, method: Method, **stages: Binding) -> None:
    put_on(pool, copying(method, **stages))
    await seat.until(lambda: seat.board.workflow is not None and seat.board.workflow.version == 2)


def in_stage(seat: Seat, stage: str) -> Card | None:
    return next((card for card in seat.board.cards.values() if card.name == SHOP and card.stage == stage), None)


def stands(seat: Seat, stage: str) -> bool:
    card = in_stage(seat, stage)
    return card is not None and card.run is None and card.standing is Standing.WHOLE


@pytest.mark.parametrize("method", [Method.LINKED_CLONE, Method.FULL_COPY])
async def test_a_copy_of_what_runs_equals_its_source_but_for_what_a_rule_allows(
    pool: EmbeddedPool, alice: Seat, method: Method
) -> None:
    await publish(pool, alice, method)
    source = alice.card(SHOP)
    snapshots = sum(vm.is_a_snapshot for vm in alice.inventory.all(VM))

    status = await alice.do(alice.promotion(SHOP, "production"))

    assert status.error is None
    await alice.until(lambda: stands(alice, "staging") and stands(alice, "production"))
    await alice.until(lambda: sum(vm.is_a_snapshot for vm in alice.inventory.all(VM)) == snapshots)
    made = in_stage(alice, "production")
    assert made is not None
    assert {member.power_state for member in made.members} == {"Running"}
    workflow = alice.board.workflow
    changes = difference(
        manifest_of_card(source, alice.inventory, workflow), manifest_of_card(made, alice.inventory, workflow)
    )
    drift = [judged.change for judged in judge(changes, (*USUAL, *LEFT_BEHIND)) if judged.verdict is Verdict.DRIFT]
    assert drift == []
    assert made.origin is not None
    assert made.origin.frozen_at is not None
    macs = [vif.MAC for vif in alice.inventory.all(VIF)]
    assert len(macs) == len(set(macs))
    asked = [step.host for step in status.plan.steps if isinstance(step.action, StartCopy)]
    assert len(asked) == 4
    assert all(asked)


async def test_networks_are_those_of_production_when_it_starts(pool: EmbeddedPool, alice: Seat) -> None:
    networks = {network.name_label: network for network in alice.inventory.all(Network)}

    def bound(name: str) -> Binding:
        found = PoolObject(uuid=networks[name].uuid, name=name)
        return Binding(networks=(NetworkEntry(logical="front", network=found),))

    await publish(pool, alice, Method.LINKED_CLONE, staging=bound("stage-net"), production=bound("prod-data"))

    status = await alice.do(alice.promotion(SHOP, "production"))

    assert status.error is None
    await alice.until(lambda: stands(alice, "production"))
    made = in_stage(alice, "production")
    assert made is not None
    machines = [alice.inventory.get(VM, member.ref) for member in made.members]
    interfaces = [alice.inventory.get(VIF, ref) for vm in machines if vm is not None for ref in vm.VIFs]
    assert interfaces
    assert {vif.network for vif in interfaces if vif is not None} == {networks["prod-data"].ref}


@pytest.mark.parametrize(
    ("method", "call", "nth", "code"),
    [
        (Method.LINKED_CLONE, "VM.clone", 3, "SR_BACKEND_FAILURE_44"),
        (Method.FULL_COPY, "VM.copy", 2, "SR_BACKEND_FAILURE_44"),
        (Method.LINKED_CLONE, "VM.start_on", 3, "HOST_NOT_ENOUGH_FREE_MEMORY"),
        (Method.LINKED_CLONE, "VM.set_order", 2, "INTERNAL_ERROR"),
        (Method.LINKED_CLONE, "VM.snapshot", 4, "SR_BACKEND_FAILURE_44"),
    ],
)
async def test_what_fails_half_way_leaves_no_machine_disk_snapshot_or_key(
    pool: EmbeddedPool, alice: Seat, method: Method, call: str, nth: int, code: str
) -> None:
    await publish(pool, alice, method)
    before = footprint(pool)
    pool.control("fail", method=call, nth=nth, code=code, params=["1", "2", "3"])

    status = await alice.do(alice.promotion(SHOP, "production"))

    assert status.state is RunState.UNDONE
    assert isinstance(status.error, RunFailed)
    assert isinstance(status.error.cause, PoolFailed)
    assert status.error.cause.code == code
    assert footprint(pool) == before


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("method", ["VM.clone", "VM.start_on", "VM.set_order", "VM.add_to_other_config"])
async def test_a_broken_road_copies_nothing_twice(pool: EmbeddedPool, alice: Seat, method: str, when: str) -> None:
    await publish(pool, alice, Method.LINKED_CLONE)
    machines = sum(vm.is_ordinary for vm in alice.inventory.all(VM))
    pool.control("drop", method=method, nth=2, when=when)

    status = await alice.do(alice.promotion(SHOP, "production"))

    assert status.error is None
    await alice.until(lambda: stands(alice, "production"))
    assert sum(vm.is_ordinary for vm in alice.inventory.all(VM)) == machines + 4
    made = in_stage(alice, "production")
    assert made is not None
    disks = [disk for member in made.members for disk in _disks(alice, member.ref)]
    assert len(disks) == len(set(disks))


def _disks(seat: Seat, ref: Ref) -> list[Uuid]:
    vm = seat.inventory.get(VM, ref)
    return [disk.uuid for disk in disks_of(seat.inventory, vm)] if vm is not None else []
