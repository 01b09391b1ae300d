"""Production runs, and three fenced clones of it beside, over HTTP; a fourth has no host with room for it."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.engine.fence_ground import deploying, ground_of, grounded
from tests.engine.memory_pool import GIB
from tests.engine.seats import Seat, seated
from xsconsole.domain.board import Standing
from xsconsole.domain.comparison import compare, version_now
from xsconsole.domain.fence.ground import Ground
from xsconsole.domain.fence.proof import prove
from xsconsole.domain.fence.standing import fences_on
from xsconsole.domain.inventory import VIF, VM
from xsconsole.domain.words import explain
from xsconsole.errors import NotPromotable

SHOP = "shop 1.3.0"


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "200") as served:
        yield served


@pytest.fixture
async def alice(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[Seat]:
    async with seated(pool, tmp_path, "alice") as (seat,):
        yield seat


async def test_three_clones_of_production_run_beside_it_and_a_fourth_is_refused_with_the_sum_per_host(
    pool: EmbeddedPool, alice: Seat
) -> None:
    ground = ground_of(alice, "198.51.100.64/26")
    await grounded(alice, ground)
    assert (await alice.do(alice.promotion(SHOP, "production"))).error is None
    await alice.until(lambda: alice.card(SHOP).stage == "production" and alice.card(SHOP).run is None)
    pool.calls()

    for number in (1, 2, 3):
        # No address is typed: those that the guests of production report are those of the clones.
        wanted = replace(deploying(alice, SHOP, "staging", ground), name=f"trial {number}", addresses={})
        status = await alice.do(wanted)
        assert status.error is None, explain(status.error)
        assert not status.remarks
        await alice.until(lambda: all(card.run is None for card in alice.board.cards.values()))

    # XAPI would bring machines that start at once on an empty private network to any hosts: each start names one.
    starts = [call["method"].removeprefix("Async.") for call in pool.calls()]
    assert (starts.count("VM.start_on"), starts.count("VM.start")) == (15, 0)
    source, standing = alice.card(SHOP), fences_on(alice.keys)
    original = version_now(source, alice.inventory, alice.board.workflow)
    assert {member.power_state for member in source.members} == {"Running"}
    assert len({share for one in standing for share in one.shares}) == 15
    for one in standing:
        card = alice.board.cards[one.configuration]
        assert (card.standing, card.stage) == (Standing.WHOLE, "staging")
        assert prove(one.fence, one.site, alice.inventory).holds
        assert compare(original, version_now(card, alice.inventory, alice.board.workflow)).drift == ()
        machines = [vm for vm in alice.inventory.all(VM) if vm.uuid in (*one.site.members.values(), one.site.router)]
        assert {vm.power_state for vm in machines} == {"Running"}
        assert len({vm.resident_on for vm in machines}) == 1
        assert macs(alice, set(one.site.members.values())) == macs(alice, {each.uuid for each in source.members})
        assert {(held.member, held.address) for held in one.fence.footholds} == {
            (held.member, held.address) for held in standing[0].fence.footholds
        }

    with pool.plain_session() as session:  # by the client of the pool's makers, and what it tells of guests
        own = worn(session.xenapi, {each.uuid for each in source.members})
        clones = [worn(session.xenapi, set(one.site.members.values())) for one in standing]
        assert len({mac for mac, _ in own}) == len({address for _, address in own}) == 4
        assert clones == [own] * 3
        fill(session.xenapi, 16 * GIB)
    await alice.until(lambda: against_a_fourth(alice, ground))
    refused = against_a_fourth(alice, ground)
    assert re.match(r"“trial 4” needs 20.2 GiB of memory; (xen-\d has [\d.]+ GiB(, | and | free)){4}", refused)
    assert re.search(r"The pool has [4-6]\d GiB free, but on several hosts\.$", refused)
    assert len(fences_on(alice.keys)) == 3


def macs(seat: Seat, machines: set[str]) -> list[str]:
    found = {vm.ref for vm in seat.inventory.all(VM) if vm.uuid in machines}
    return sorted(vif.MAC for vif in seat.inventory.all(VIF) if vif.VM in found)


def worn(x: Any, machines: set[str]) -> list[tuple[str, str]]:
    """Return MAC address and reported IP address of each card of machines, over XML-RPC."""
    found = []
    for uuid in machines:
        vm = x.VM.get_by_uuid(uuid)
        told = x.VM_guest_metrics.get_networks(x.VM.get_guest_metrics(vm))
        for vif in x.VM.get_VIFs(vm):
            record = x.VIF.get_record(vif)
            found.append((record["MAC"], told[f"{record['device']}/ip"]))
    return sorted(found)


def fill(x: Any, most: int) -> None:
    """Let other machines take what hosts have free beyond that."""
    (template,) = x.VM.get_by_name_label("Debian 12 golden")
    for host, record in x.host.get_all_records().items():
        size = int(x.host_metrics.get_record(record["metrics"])["memory_free"]) - most
        if size > 0:
            vm = x.VM.clone(template, "filler")
            x.VM.set_is_a_template(vm, False)
            x.VM.set_memory_limits(vm, *(str(size),) * 4)
            x.VM.start_on(vm, host, False, False)


def against_a_fourth(seat: Seat, ground: Ground) -> str:
    try:
        seat.doing.plan(replace(deploying(seat, SHOP, "staging", ground), name="trial 4"))
    except NotPromotable as refusal:
        return refusal.reason
    return ""
