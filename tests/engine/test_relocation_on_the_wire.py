"""Moves to other networks, storage and hosts on the embedded pool, over HTTP, with machines that run."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.console.pool_state import footprint
from tests.engine.seats import Seat, seated
from tests.engine.test_relocation import bound, workflow
from tests.workflows import put_on
from xsconsole.domain.board import Standing
from xsconsole.domain.disks import drives_of
from xsconsole.domain.inventory import SR, VDI, VIF, VM, Host, Network, Record
from xsconsole.domain.plan import Disks
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import Binding, EntryAction
from xsconsole.domain.workflow.values import NetworkEntry
from xsconsole.errors import PoolFailed, RunFailed

SHOP = "shop 1.3.0"


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "1000") as served:
        yield served


@pytest.fixture
async def alice(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[Seat]:
    async with seated(pool, tmp_path, "alice") as (seat,):
        await publish(pool, seat)
        yield seat


async def publish(pool: EmbeddedPool, seat: Seat) -> None:
    hosts = [one(seat, Host, "xen-1"), one(seat, Host, "xen-2")]
    staging = on(seat, "stage-net", "SAN-gold")
    production = msgspec.structs.replace(on(seat, "prod-data", "NFS-silver"), hosts=tuple(map(bound, hosts)))
    put_on(pool, workflow(staging, production, EntryAction.LEAVE))
    await seat.until(lambda: seat.board.workflow is not None and seat.board.workflow.version == 2)


def on(seat: Seat, network: str, storage: str) -> Binding:
    front = NetworkEntry(logical="front", network=bound(one(seat, Network, network)))
    return Binding(networks=(front,), sr=bound(one(seat, SR, storage)))


def one(seat: Seat, kind: type[Record], name: str) -> Record:
    return next(record for record in seat.inventory.all(kind) if getattr(record, "name_label", "") == name)


def places(seat: Seat) -> dict[str, tuple[object, ...]]:
    """Say of each machine: power, networks, MACs, storage of its disks, home."""
    found = {}
    for member in seat.card(SHOP).members:
        vm = seat.inventory.get(VM, member.ref)
        assert vm is not None
        vifs = [vif for vif in (seat.inventory.get(VIF, ref) for ref in vm.VIFs) if vif is not None]
        networks = [seat.inventory.get(Network, vif.network) for vif in vifs]
        storages = [seat.inventory.get(SR, disk.SR) for _, disk in drives_of(seat.inventory, vm)]
        home = seat.inventory.get(Host, vm.affinity)
        found[member.name] = (
            vm.power_state,
            tuple(network.name_label for network in networks if network is not None),
            tuple(vif.MAC for vif in vifs),
            tuple(sr.name_label for sr in storages if sr is not None),
            home.name_label if home is not None else "",
        )
    return found


def is_settled(seat: Seat, stage: str) -> bool:
    card = seat.card(SHOP)
    return card.stage == stage and card.run is None and card.standing is Standing.WHOLE


async def test_what_runs_goes_there_and_its_restore_point_brings_it_back(alice: Seat) -> None:
    before = places(alice)

    status = await alice.do(alice.promotion(SHOP, "production"))

    assert status.error is None
    await alice.until(lambda: is_settled(alice, "production"))
    after = places(alice)
    for name, (power, _, macs, storages, _) in before.items():
        assert after[name][:4] == (power, ("prod-data",), macs, ("NFS-silver",) * len(storages))
    hosts = {vm.resident_on for vm in machines(alice)}
    assert hosts <= {one(alice, Host, "xen-1").ref, one(alice, Host, "xen-2").ref}
    status = await alice.do(alice.demotion(SHOP, "staging", Disks.RESTORE))
    assert status.error is None
    await alice.until(lambda: is_settled(alice, "staging") and places(alice) == before)


def machines(seat: Seat) -> list[VM]:
    found = [seat.inventory.get(VM, member.ref) for member in seat.card(SHOP).members]
    return [vm for vm in found if vm is not None]


@pytest.mark.parametrize(
    ("call", "nth", "code"),
    [
        ("VIF.move", 3, "HOST_CANNOT_ATTACH_NETWORK"),
        ("VDI.pool_migrate", 3, "SR_BACKEND_FAILURE_44"),
    ],
)
async def test_what_fails_half_way_brings_everything_back(
    pool: EmbeddedPool, alice: Seat, call: str, nth: int, code: str
) -> None:
    before, at_the_pool = places(alice), footprint(pool)
    pool.control("fail", method=call, nth=nth, code=code, params=["1", "2", "3", "4"])

    status = await alice.do(alice.promotion(SHOP, "production"))

    assert status.state is RunState.UNDONE
    assert isinstance(status.error, RunFailed)
    assert isinstance(status.error.cause, PoolFailed)
    assert status.error.cause.code == code
    await alice.until(lambda: places(alice) == before)
    assert set(footprint(pool)["machines"]) == set(at_the_pool["machines"])


@pytest.mark.parametrize(("call", "when"), [("VDI.pool_migrate", "after"), ("VM.pool_migrate", "before")])
async def test_a_broken_road_moves_nothing_twice(pool: EmbeddedPool, alice: Seat, call: str, when: str) -> None:
    disks = sum(disk.managed and not disk.is_a_snapshot for disk in alice.inventory.all(VDI))
    pool.control("drop", method=call, nth=1, when=when)

    status = await alice.do(alice.promotion(SHOP, "production"))

    assert status.error is None
    await alice.until(lambda: is_settled(alice, "production"))
    await alice.until(lambda: sum(d.managed and not d.is_a_snapshot for d in alice.inventory.all(VDI)) == disks)
    assert {place[3] for place in places(alice).values()} == {("NFS-silver",), ("NFS-silver", "NFS-silver")}
