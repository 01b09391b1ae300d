"""The ground on which tests build fences on the embedded pool, and what its machines say of their addresses."""

from ipaddress import IPv4Address, IPv4Network

from embedded import EmbeddedPool

from tests.engine.seats import Seat
from xsconsole.domain.disks import disks_of
from xsconsole.domain.fence.drawing import addresses_of
from xsconsole.domain.fence.ground import Ground, Original
from xsconsole.domain.fence.values import FenceMode
from xsconsole.domain.ids import StageId
from xsconsole.domain.inventory import PIF, VIF, VM, Network
from xsconsole.engine.commands import Deploy

OUTSIDE = "Management"


def ground_of(seat: Seat, pool: str = "198.51.100.16/28") -> Ground:
    """Return a ground: every network that a member is on has the subnet of its guests, and a gateway."""
    networks = [network for network in seat.inventory.all(Network) if network.PIFs]
    templates = [vm for vm in seat.inventory.all(VM) if vm.is_a_template and not vm.is_a_snapshot]
    router = min((vm for vm in templates if disks_of(seat.inventory, vm)), key=lambda vm: vm.name_label)
    outside = next(network for network in networks if network.name_label == OUTSIDE)
    return Ground(
        outside=outside.uuid,
        outside_name=OUTSIDE,
        subnet=IPv4Network("198.51.100.0/24"),
        pool=(IPv4Network(pool),),
        gateway=IPv4Address("198.51.100.1"),
        barred=(IPv4Network("10.0.0.0/8"),),
        router=router.uuid,
        originals=tuple(
            Original(
                network=network.uuid,
                name=network.name_label,
                subnet=IPv4Network(f"10.{tag}.0.0/16"),
                gateway=IPv4Address(f"10.{tag}.0.1"),
            )
            for network in sorted(networks, key=lambda one: one.name_label)
            if network.name_label != OUTSIDE
            for tag in (tag_of(seat, network),)
        ),
    )


def tag_of(seat: Seat, network: Network) -> int:
    """Return the VLAN of a network of the site, after which its guests have their addresses."""
    card = seat.inventory.get(PIF, network.PIFs[0])
    assert card is not None
    return card.VLAN


async def grounded(seat: Seat, ground: Ground) -> None:
    """Write a ground, and wait until the seat has heard of it."""
    await seat.doing.grounds.write(ground, None)
    await seat.until(lambda: "xsconsole.fence_ground.1" in seat.keys)


def deploying(seat: Seat, name: str, stage: str, ground: Ground, **more: object) -> Deploy:
    """Return the command, with an address for every card: the one that its guest tells, where it tells one."""
    card = seat.card(name)
    addresses, number = {}, 10
    for member in card.members:
        vm = seat.inventory.get(VM, member.ref)
        assert vm is not None
        for ref in vm.VIFs:
            vif = seat.inventory.get(VIF, ref)
            assert vif is not None
            network = seat.inventory.get(Network, vif.network)
            assert network is not None
            original = ground.original(network.uuid)
            assert original is not None, network.name_label
            number += 1
            told = addresses_of(seat.inventory, vm, vif.device)
            addresses[vm.uuid, vif.device] = told[0] if told else original.subnet[number]
    given = {"mode": FenceMode.IN_AND_OUT, "addresses": addresses, **more}
    return Deploy(configuration=card.id, revision=card.revision, target=StageId(stage), **given)


def networks_of(pool: EmbeddedPool) -> set[str]:
    with pool.plain_session() as session:
        return {record["name_label"] for record in session.xenapi.network.get_all_records().values()}
