"""A shop on the pool of values, and all that fences of it are built on."""

from ipaddress import IPv4Address, IPv4Network
from typing import Any

import msgspec
import pytest

from tests.engine.desks import Desk, Office
from tests.engine.memory_pool import MemoryPool
from tests.engine.test_provisioning import standing as everything
from xsconsole.domain.fence.ground import Ground, Original
from xsconsole.domain.fence.live import FenceWatch, WatchedFence
from xsconsole.domain.fence.standing import StandingFence, fences_on
from xsconsole.domain.fence.values import FenceMode
from xsconsole.domain.ids import ConfigurationId, StageId, Uuid
from xsconsole.domain.inventory import PIF, Host, Network
from xsconsole.domain.poolstate import lease_stem
from xsconsole.domain.runs import RunStatus
from xsconsole.engine.commands import Confirmed, Deploy, FenceCommand, Plannable
from xsconsole.errors import Refused

FRONT = IPv4Network("10.1.0.0/24")


class Scene:
    """A shop in staging on a network with a card of a host, an outside network, and a template for routers."""

    def __init__(self) -> None:
        self.office = Office()
        self.desk: Desk = self.office.desk()
        self.template = self.pool.add_vm("debian router", is_a_template=True)
        self.front, self.outside = self.pool.add_network("prod-front"), self.pool.add_network("LAN")
        for network, device in ((self.front, "eth0"), (self.outside, "eth1")):
            self.wire(network, device, self.pool.host)

    @property
    def pool(self) -> MemoryPool:
        return self.office.pool

    def wire(self, network: Network, device: str, host: Host) -> None:
        card = self.pool.put_anew(PIF(ref=network.ref, uuid=Uuid(""), device=device, VLAN=-1, host=host.ref))
        found = self.pool.records[network.ref]
        self.pool.put(msgspec.structs.replace(found, PIFs=(*found.PIFs, card.ref)))

    async def begin(self) -> "Scene":
        self.shop: ConfigurationId = await self.office.shop(self.desk)
        for member in self.desk.card(self.shop).members:
            self.pool.plug(member.uuid, self.front)
        await self.desk.engine.grounds.write(self.ground(), None, "the first one")
        return self

    def ground(self, **more: Any) -> Ground:
        given: dict[str, Any] = {
            "outside": self.outside.uuid,
            "outside_name": "LAN",
            "subnet": IPv4Network("192.0.2.0/24"),
            "pool": (IPv4Network("192.0.2.16/28"),),
            "router": self.template.uuid,
            "originals": (
                Original(network=self.front.uuid, name="prod-front", subnet=FRONT, gateway=IPv4Address("10.1.0.1")),
            ),
        }
        return Ground(**{**given, **more})

    def deploy(self, **more: Any) -> Deploy:
        card = self.desk.card(self.shop)
        addresses = {(member.uuid, "0"): FRONT[number] for number, member in enumerate(card.members, start=10)}
        given = {"target": StageId("staging"), "mode": FenceMode.IN_AND_OUT, "addresses": addresses, **more}
        return Deploy(configuration=card.id, revision=card.revision, reason="a trial", **given)

    def fence(self) -> StandingFence:
        (found,) = fences_on(self.pool.keys)
        return found

    async def do(self, command: FenceCommand) -> RunStatus:
        plan = self.desk.engine.plan(command)
        run = await self.desk.engine.open(Confirmed(command=command, digest=plan.digest, answers=plan.questions))
        return await run.wait()

    def refusal(self, command: Plannable) -> str:
        with pytest.raises(Refused) as refused:
            self.desk.engine.plan(command)
        return refused.value.reason


def watched(desk: Desk) -> WatchedFence:
    """Return the only fence as a window sees it."""
    watch = FenceWatch(desk.inventory)
    assert watch.advance(1)
    (found,) = watch.found.values()
    return found


def left(scene: Scene) -> dict[str, Any]:
    """Return all that a fence could leave behind: objects, keys, and leases of somebody who lives."""
    watch, prefix = scene.desk.engine.watch, lease_stem("")
    watch.look(scene.pool.keys)
    things = {key.removeprefix(prefix).rpartition(".")[0] for key in scene.pool.keys if key.startswith(prefix)}
    held = {thing for thing in things if watch.shown_holder_of(thing) is not None}
    return {**everything(scene.pool), "held": held}


def numbers_of(left: dict[str, Any]) -> dict[str, int]:
    """Return how much of each there is: of two pools on which the same stands, the same."""
    return {what: len(found) for what, found in left.items()}
