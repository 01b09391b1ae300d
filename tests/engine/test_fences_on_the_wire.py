"""Fences on the embedded pool, over HTTP: built, stopped, started again, taken away; and refused where they leak."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import msgspec
import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.console.pool_state import footprint
from tests.engine.fence_ground import deploying, ground_of, grounded, networks_of
from tests.engine.seats import Seat, seated
from xsconsole.domain.board import Standing
from xsconsole.domain.fence.proof import prove
from xsconsole.domain.fence.standing import CLAIM_PREFIX, ROUTER_KEY, StandingFence, fences_on, ground_on
from xsconsole.domain.ids import StageId
from xsconsole.domain.inventory import VBD, VDI, VIF, VM, Host, HostMetrics, Network
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import Binding, default_workflow
from xsconsole.domain.workflow.edits import change_stage
from xsconsole.domain.workflow.values import VlanRange
from xsconsole.engine.commands import Confirmed, Delete, Redeploy, Undeploy
from xsconsole.errors import NotPromotable, Refused

SHOP = "shop 1.3.0"


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "100") as served:
        yield served


@pytest.fixture
async def seats(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[tuple[Seat, Seat]]:
    async with seated(pool, tmp_path, "alice", "root") as (alice, root):
        yield alice, root


async def calm(*seats: Seat) -> None:
    for seat in seats:
        await seat.until(lambda seat=seat: all(card.run is None for card in seat.board.cards.values()))


def fenced(seat: Seat) -> StandingFence:
    (found,) = fences_on(seat.keys)
    return found


def is_silent(seat: Seat, host: Host) -> bool:
    metrics = seat.inventory.get(HostMetrics, host.metrics)
    return metrics is not None and not metrics.live


async def answered(seat: Seat, command: Undeploy | Redeploy) -> RunStatus:
    plan = seat.doing.plan(command)
    run = await seat.doing.open(Confirmed(command=command, digest=plan.digest, answers=plan.questions))
    return await run.wait()


def cards_of(seat: Seat, vm: VM) -> dict[str, tuple[object, ...]]:
    found = [vif for ref in vm.VIFs if (vif := seat.inventory.get(VIF, ref)) is not None]
    return {vif.device: (vif.MAC, vif.MTU, vif.locking_mode, vif.ipv4_allowed) for vif in found}


async def test_a_fence_has_the_addresses_of_its_original_comes_back_the_same_and_leaves_nothing(
    pool: EmbeddedPool, seats: tuple[Seat, Seat]
) -> None:
    alice, _ = seats
    ground = ground_of(alice)
    await grounded(alice, ground)
    before, networks, source = footprint(pool), networks_of(pool), alice.card(SHOP)
    with pool.plain_session() as session:  # the coordinator is not the one that dies
        session.xenapi.host.disable(session.xenapi.host.get_by_name_label("xen-1")[0])
    await alice.until(lambda: not all(host.enabled for host in alice.inventory.all(Host)))

    status = await alice.do(deploying(alice, SHOP, "staging", ground))

    assert status.error is None, explain(status.error)
    await calm(alice)
    standing = fenced(alice)
    card = alice.board.cards[standing.configuration]
    assert (card.standing, card.stage, len(card.members)) == (Standing.WHOLE, "staging", len(source.members))
    originals = {member.role: alice.inventory.get(VM, member.ref) for member in source.members}
    for member in card.members:
        vm, original = alice.inventory.get(VM, member.ref), originals[member.role]
        assert vm is not None
        assert original is not None
        assert cards_of(alice, vm) == cards_of(alice, original)
    assert prove(standing.fence, standing.site, alice.inventory).holds
    router = alice.inventory.by_uuid(VM, standing.site.router or "")
    assert router is not None
    assert router.other_config[ROUTER_KEY] == standing.configuration
    assert len(router.VIFs) == 2
    disks = [alice.inventory.get(VDI, drive.VDI) for ref in router.VBDs if (drive := alice.inventory.get(VBD, ref))]
    assert "cloud-init" in {disk.name_label for disk in disks if disk is not None}
    machines = [router, *(vm for member in card.members if (vm := alice.inventory.get(VM, member.ref)))]
    assert {vm.power_state for vm in machines} == {"Running"}
    assert len({vm.resident_on for vm in machines}) == 1
    claimed = {key.removeprefix(CLAIM_PREFIX) for key in alice.keys if key.startswith(CLAIM_PREFIX)}
    assert claimed == set(standing.shares)
    assert len(claimed) == 5
    with pytest.raises(NotPromotable, match="stands in its fence"):
        alice.doing.plan(Delete(configuration=card.id, revision=card.revision))

    # Its host dies: the pool goes on calling its machines running, and they start elsewhere once somebody says yes.
    (host,) = [one for one in alice.inventory.all(Host) if one.ref == machines[0].resident_on]
    pool.control("host", host=host.name_label, mode="dead")
    await alice.until(lambda: is_silent(alice, host))
    with pytest.raises(NotPromotable, match="nothing there can be shut down"):
        alice.doing.plan(Undeploy(configuration=card.id))
    again = await answered(alice, Redeploy(configuration=card.id))
    assert again.error is None, explain(again.error)
    await calm(alice)
    assert fenced(alice) == standing
    members = [vm for vm in alice.inventory.all(VM) if vm.uuid in standing.site.members.values()]
    (elsewhere,) = {vm.resident_on for vm in members}
    assert elsewhere != host.ref

    assert (await alice.do(Undeploy(configuration=card.id, keeps=True))).error is None
    await calm(alice)
    assert fenced(alice) == standing
    assert {vm.power_state for vm in alice.inventory.all(VM) if vm.uuid in standing.site.members.values()} == {"Halted"}
    assert (await answered(alice, Undeploy(configuration=card.id))).error is None
    await calm(alice)
    assert (footprint(pool), networks_of(pool)) == (before, networks)


async def test_nothing_starts_where_a_card_was_left_outside_and_of_two_who_deploy_at_once_none_has_what_the_other_has(
    pool: EmbeddedPool, seats: tuple[Seat, Seat]
) -> None:
    alice, bob = seats
    plain = ground_of(alice)
    ground = replace(plain, vlans=(3000, 3009), trunk=plain.outside, trunk_name=plain.outside_name)
    await grounded(alice, ground)
    flow = change_stage(default_workflow(), StageId("staging"), binding=Binding(vlans=VlanRange(first=3100, last=3101)))
    await alice.doing.publish(msgspec.structs.replace(flow, version=2), 1)
    for seat in (alice, bob):
        await seat.until(lambda seat=seat: seat.board.workflow.version == 2 and "xsconsole.fence_ground.1" in seat.keys)
    before, networks = footprint(pool), networks_of(pool)
    starts = len(_starts(pool))
    pool.control("delay", method="VDI.create", seconds=60)  # that of the router's disk: all others are fitted by then

    going = asyncio.create_task(alice.do(deploying(alice, SHOP, "staging", ground)))
    with pool.plain_session() as session:
        await alice.until(lambda: _fitted(alice) == 4)
        clone = next(vm for vm in alice.inventory.all(VM) if vm.name_label == "shop-db.stg (Staging)")
        outside = session.xenapi.network.get_by_uuid(ground.outside)
        record = {"device": "5", "network": outside, "VM": clone.ref, "MAC": "", "MTU": "1500", "other_config": {}}
        session.xenapi.VIF.create({**record, "qos_algorithm_type": "", "qos_algorithm_params": {}})
    pool.control("clear")
    status = await going

    assert status.state is RunState.UNDONE
    assert status.error is not None
    assert "leads to eth0" in str(explain(status.error))
    assert len(_starts(pool)) == starts
    await calm(alice, bob)
    assert (footprint(pool), networks_of(pool)) == (before, networks)

    first, second = await asyncio.gather(
        alice.do(deploying(alice, SHOP, "staging", ground)),
        bob.do(deploying(bob, "payroll 2026.4", "staging", ground)),
        return_exceptions=True,
    )
    await calm(alice, bob)
    standing = fences_on(alice.keys)
    shares = [share for one in standing for share in one.shares]
    assert len(shares) == len(set(shares))
    assert {f"vlan-{tag}" for tag in _tags(pool)} == {share for share in shares if share.startswith("vlan-")}
    assert all(prove(one.fence, one.site, alice.inventory).holds for one in standing)
    assert {tag for one in standing for tag in one.site.vlans.values()} <= {3100, 3101}
    ended = [one for one in (first, second) if isinstance(one, RunStatus)]
    assert len(standing) == sum(one.state is RunState.DONE for one in ended) >= 1
    refused = [one for one in (first, second) if not isinstance(one, RunStatus)]
    assert all(isinstance(one, Refused) for one in refused)
    assert {key.removeprefix(CLAIM_PREFIX) for key in alice.keys if key.startswith(CLAIM_PREFIX)} == set(shares)

    narrow = replace(ground, pool=(IPv4Network("198.51.100.16/31"),))
    await alice.doing.grounds.write(narrow, ground_on(alice.keys))
    await alice.until(lambda: "xsconsole.fence_ground.2" in alice.keys)
    with pytest.raises(NotPromotable, match="too few"):
        alice.doing.plan(deploying(alice, "crm 7.1.1", "staging", narrow))


def _starts(pool: EmbeddedPool) -> list[object]:
    with pool.plain_session() as session:
        vms = session.xenapi.VM.get_all_records().values()
    return [vm for vm in vms if vm["power_state"] == "Running" and not vm["is_control_domain"]]


def _tags(pool: EmbeddedPool) -> set[int]:
    with pool.plain_session() as session:
        return {int(pif["VLAN"]) for pif in session.xenapi.PIF.get_all_records().values() if int(pif["VLAN"]) >= 3000}


def _fitted(seat: Seat) -> int:
    """Count the copies that are on a network of a fence by now."""
    found = 0
    for vm in seat.inventory.all(VM):
        cards = [seat.inventory.get(VIF, ref) for ref in vm.VIFs]
        networks = [seat.inventory.get(Network, card.network) for card in cards if card is not None]
        is_inside = any(one is not None and one.name_label.startswith("Fence ") for one in networks)
        found += is_inside and vm.name_label.endswith("(Staging)")
    return found
