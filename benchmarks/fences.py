"""What a fence takes: to deploy it, beside the least that its plan can take, and to prove it anew on a large pool.

    python benchmarks/fences.py [FENCES] [VMS] [SPEED]

The proof needs no pool: so many fences of four members and a router stand among so many machines, and among a tenth of
them. A change moves a card of one member out and back; the ratio is a change on the large pool over one on the small
one, of processor time, and the other one all fences at once over a single change. Then a fence of four members is
deployed on an embedded pool whose time runs at SPEED of ours (at 0.1 a clone takes the four seconds that a plan reckons
with), beside the least that follows from how long its steps took; and a card is moved out by somebody else: how long it
takes from before that call until the fence is told as not tight, in our time.
"""

import asyncio
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from itertools import cycle

import msgspec
from pool_size import Served
from promotion import by_kind, configuration, passphrase, secret, seen, shortest_s, start

from xsconsole.console import Connection, Console, Estate, Pools, RunState, fences
from xsconsole.console.fencing import Fencing
from xsconsole.domain.disks import disks_of
from xsconsole.domain.fence.ground import Ground, Original
from xsconsole.domain.fence.live import FenceWatch
from xsconsole.domain.fence.proof import Site
from xsconsole.domain.fence.standing import StandingFence, fence_stem, standing_text
from xsconsole.domain.fence.values import Fence, FenceMode, Foothold, Outside, Segment
from xsconsole.domain.ids import ConfigurationId, Ref, StageId, Uuid
from xsconsole.domain.inventory import PIF, VIF, VM, Change, ChangeBatch, Inventory, Network, Pool, Record
from xsconsole.engine.commands import Deploy

MEMBERS = 4
ROUNDS = 200
AIM_S = 2.0
LAN = IPv4Network("10.250.0.0/16")
INSIDE = IPv4Network("10.1.0.0/24")
HOSTS = 4


def change(class_name: str, record: Record) -> Change:
    return Change(ref=record.ref, class_name=class_name, record=record)


def fence(number: int) -> tuple[StandingFence, list[Change]]:
    """Return a fence with all records that it stands on."""
    name, mac = f"f{number}", f"02:00:{number >> 8:02x}:{number & 255:02x}:00"
    network, router = Ref(f"{name}-net"), Uuid(f"{name}-router")
    outside = Outside(subnet=LAN, router=LAN[number * 8 + 10], mac=f"{mac}:00", pool=(LAN,))
    held = tuple(
        Foothold(member=f"m{at}", logical="net", mac=f"0a:00:00:00:00:{at:02x}", address=INSIDE[at + 10])
        for at in range(MEMBERS)
    )
    segment = Segment(logical="net", subnet=INSIDE, gateway=INSIDE[1], mac=f"{mac}:01")
    machines = {one.member: Uuid(f"{name}-{one.member}") for one in held}
    cards = [(machines[one.member], one.mac, network, "0") for one in held]
    cards += [(router, f"{mac}:00", Ref("lan"), "0"), (router, f"{mac}:01", network, "1")]
    vifs = [
        VIF(ref=Ref(name), uuid=Uuid(name), VM=Ref(vm), network=to, MAC=mac, device=device)
        for vm, mac, to, device in cards
        if (name := f"{vm}-vif{device}")
    ]
    vms = [
        VM(ref=Ref(vm), uuid=vm, name_label=str(vm), VIFs=tuple(one.ref for one in vifs if Ref(vm) == one.VM))
        for vm in (*machines.values(), router)
    ]
    inside = tuple(one.ref for one in vifs if one.network == network)
    made = [change("network", Network(ref=network, uuid=Uuid(network), name_label=network, VIFs=inside))]
    made += [change("vm", vm) for vm in vms] + [change("vif", vif) for vif in vifs]
    standing = StandingFence(
        configuration=ConfigurationId(name),
        origin=ConfigurationId("origin"),
        title="shop 1",
        service="shop",
        stage=StageId("staging"),
        fence=Fence(name=name, mode=FenceMode.OUT_ONLY, segments=(segment,), footholds=held, outside=outside),
        site=Site(networks={"net": Uuid(network)}, members=machines, router=router, outside=Uuid("lan")),
    )
    return standing, made


def pool_of(number: int, vms: int) -> Inventory:
    """Return a pool with so many fences, and so many machines on a network with a card of a host."""
    changes, keys, on = [], {}, []
    for at in range(number):
        standing, made = fence(at)
        keys[f"{fence_stem(standing.configuration)}.1"] = standing_text(standing)
        changes += made
    for at in range(vms):
        vm, vif = Ref(f"vm{at}"), Ref(f"vif{at}")
        on.append(vif)
        changes.append(change("vm", VM(ref=vm, uuid=Uuid(vm), name_label=vm, VIFs=(vif,))))
        changes.append(change("vif", VIF(ref=vif, uuid=Uuid(vif), VM=vm, network=Ref("lan"), device="0")))
    routers = tuple(Ref(f"f{at}-router-vif0") for at in range(number))
    card = PIF(ref=Ref("eth0"), uuid=Uuid("eth0"), device="eth0", VLAN=-1, network=Ref("lan"))
    lan = Network(ref=Ref("lan"), uuid=Uuid("lan"), name_label="lan", VIFs=(*on, *routers), PIFs=(card.ref,))
    pool = Pool(ref=Ref("pool"), uuid=Uuid("pool"), other_config=keys)
    inventory = Inventory()
    inventory.apply(ChangeBatch(changes=(change("pif", card), change("network", lan), change("pool", pool), *changes)))
    return inventory


def spent_ms(work: Callable[[], object], times: int = 1) -> float:
    """Return the processor time of one of so many, which are measured together: a clock of it may be coarse."""
    gc.collect()
    began_s = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began_s) * 1000 / times


def settle(watch: FenceWatch) -> None:
    while not watch.advance(1):
        pass


def proofs(number: int, vms: int) -> tuple[float, float, float]:
    """Return how long all of them take, one change to one, and one to a machine of no fence, in ms of the processor."""
    inventory = pool_of(number, vms)
    watch = FenceWatch(inventory)
    settle(watch)
    assert len(watch.taken()) == number
    assert all(found.proof.holds for found in watch.found.values())
    whole_ms = spent_ms(lambda: settle(FenceWatch(inventory)), 10)

    def hear(vif: VIF) -> None:
        """Let a card be where it is told to be; the pool tells of the networks that it left and came to as well."""
        before = inventory.get(VIF, vif.ref)
        found = [inventory.get(Network, ref) for ref in (before.network if before else vif.network, vif.network)]
        networks = [
            one
            if one.PIFs  # making the list anew of all that stand there would be no work of a console
            else msgspec.structs.replace(
                one, VIFs=(*(ref for ref in one.VIFs if ref != vif.ref), *([vif.ref] if one.ref == vif.network else []))
            )
            for one in found
            if one is not None
        ]
        batch = ChangeBatch(changes=(change("vif", vif), *(change("network", one) for one in networks)))
        inventory.apply(batch)
        watch.hear(batch)
        settle(watch)

    def look(vif: VIF, *, holds: bool) -> None:
        hear(vif)
        (told,) = watch.taken()
        assert watch.found[told].proof.holds is holds

    def move(at: int) -> None:
        """Move a card of a member out of its fence and back."""
        vif = inventory.by_uuid(VIF, Uuid(f"f{at}-m0-vif0"))
        assert vif is not None
        look(msgspec.structs.replace(vif, network=Ref("lan")), holds=False)
        look(vif, holds=True)

    around = cycle(range(number))
    moved_ms = spent_ms(lambda: move(next(around)), ROUNDS) / 2
    other = inventory.by_uuid(VIF, Uuid("vif0"))
    assert other is not None
    return whole_ms, moved_ms, spent_ms(lambda: hear(other), ROUNDS)


def show_proofs(number: int, vms: int) -> None:
    small, large = proofs(number, vms // 10), proofs(number, vms)
    print(
        f"{number} fences among {vms} machines: all proved in {large[0]:.0f} ms, a moved card in {large[1]:.2f} ms "
        f"(ratio {large[0] / large[1]:.0f}), a card of no fence in {large[2]:.2f} ms"
    )
    print(f"a moved card, pool of {vms} over {vms // 10} machines: ratio {large[1] / small[1]:.2f}")


# On a pool


def template_of(served: Served, console: Console, taken: set[Uuid]) -> Uuid:
    """Make a template of a machine that is off, which nobody needs."""
    machines = (vm for vm in console.inventory.all(VM) if vm.is_ordinary and vm.uuid not in taken)
    router = next(vm for vm in machines if vm.power_state == "Halted" and len(disks_of(console.inventory, vm)) == 1)
    served.post("VM.set_is_a_template", served.session, router.ref, True)
    return router.uuid


def ground_of(console: Console, networks: set[Uuid], router: Uuid) -> Ground:
    inventory = console.inventory
    outside = min((one for one in inventory.all(Network) if one.PIFs), key=lambda one: (one.uuid in networks, one.uuid))
    originals = tuple(
        Original(network=one, name=one, subnet=IPv4Network(f"10.{at}.0.0/16"), gateway=IPv4Address(f"10.{at}.0.1"))
        for at, one in enumerate(sorted(networks), 1)
    )
    return Ground(
        outside=outside.uuid,
        outside_name=outside.name_label,
        subnet=LAN,
        pool=(IPv4Network("10.250.1.0/24"),),
        router=router,
        originals=originals,
    )


async def deployed(served: Served, console: Console) -> None:
    """Deploy a configuration of four in a fence, and show how long that took beside the least."""
    made = await configuration(console, "bench", MEMBERS)
    card, inventory = console.board.cards[made], console.inventory
    cards = [
        (vm.uuid, vif.device, network.uuid)
        for member in card.members
        if (vm := inventory.get(VM, member.ref)) is not None
        for ref in vm.VIFs
        if (vif := inventory.get(VIF, ref)) is not None
        if (network := inventory.get(Network, vif.network)) is not None
    ]
    router = template_of(served, console, {vm for vm, _, _ in cards})
    await seen(lambda: (found := console.inventory.by_uuid(VM, router)) is not None and found.is_a_template)
    ground = ground_of(console, {network for _, _, network in cards}, router)
    await fences.write_ground(console, ground, None)
    await seen(lambda: fences.ground_of(console) is not None)
    subnets = {one.network: one.subnet for one in ground.originals}
    command = Deploy(
        configuration=card.id,
        revision=card.revision,
        target=card.stage,
        mode=FenceMode.IN_AND_OUT,
        addresses={(vm, device): subnets[net][at] for at, (vm, device, net) in enumerate(cards, 10)},
    )
    status = await console.finished(await start(console, replace(command, reason="a benchmark")))
    assert status.state is RunState.DONE, status.error
    assert status.ended_at is not None
    least_s, why = shortest_s(status.plan, status.took_s)
    took_s = (status.ended_at - status.started_at).total_seconds()
    print(
        f"a fence of {MEMBERS}, {len(status.plan.steps)} steps: {took_s:.1f} s, {took_s / least_s:.3f} times the least "
        f"of {least_s:.1f} s under its limits ({why})"
    )
    print(f"    {by_kind(status)}")


async def told(served: Served, estate: Estate, console: Console) -> None:
    """Move a card out of the fence and back as somebody else, and show how long it took until that was told."""
    fencing = Fencing(estate)
    (standing,) = (one.standing for one in fences.fences(console))
    await seen(lambda: fencing.of(standing.configuration) is not None and not _is_open(fencing, standing))
    vm = console.inventory.by_uuid(VM, next(iter(standing.site.members.values())))
    outside = console.inventory.by_uuid(Network, standing.site.outside or Uuid(""))
    assert vm is not None
    assert outside is not None
    inside = next(vif.network for ref in vm.VIFs if (vif := console.inventory.get(VIF, ref)) is not None)
    times = []
    for at in range(20):
        began_s = time.monotonic()
        to = inside if at % 2 else outside.ref
        await asyncio.to_thread(served.post, "VIF.move", served.session, vm.VIFs[0], to)
        await seen(lambda at=at: _is_open(fencing, standing) is (at % 2 == 0))  # type: ignore[misc]
        times.append(time.monotonic() - began_s)
    await fencing.settled()
    fencing.close()
    verdict = "met" if max(times) < AIM_S else "missed"
    print(
        f"from before the call until it is told: median {statistics.median(times):.2f} s, longest {max(times):.2f} s "
        f"of {len(times)}; the aim is under {AIM_S:g} s: {verdict}"
    )


def _is_open(fencing: Fencing, standing: StandingFence) -> bool:
    found = fencing.of(standing.configuration)
    return found is not None and not found.proof.holds


async def main(number: int, vms: int, speed: float) -> None:
    show_proofs(number, vms)
    served = Served(max(8 * MEMBERS, vms // 10), HOSTS, "--speed", "1000")
    try:
        with tempfile.TemporaryDirectory() as home:
            pools = Pools(await Console.open(home, passphrase=passphrase), equips_all=True)
            try:
                estate = Estate(pools)
                console = await pools.connect(Connection(url=served.pool["url"], user="root"), secret(served))
                served.control("speed", factor=speed)
                await deployed(served, console)
                served.control("speed", factor=1000)
                await told(served, estate, console)
            finally:
                await pools.close()
    finally:
        served.process.terminate()
        served.process.wait(30)


if __name__ == "__main__":
    given = (*sys.argv[1:4], *("100", "10000", "0.1")[len(sys.argv) - 1 :])
    asyncio.run(main(int(given[0]), int(given[1]), float(given[2])))
