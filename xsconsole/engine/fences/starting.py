"""Starting machines of a fence that stands: only where it is tight, and only where all of it comes on one host."""

from collections.abc import Sequence

from xsconsole.domain.acts import Act
from xsconsole.domain.board import Card
from xsconsole.domain.fence.proof import Fault, prove
from xsconsole.domain.fence.standing import FENCE_PREFIX, ROUTER_KEY, StandingFence, fence_on
from xsconsole.domain.ids import ConfigurationId, Uuid
from xsconsole.domain.inventory import VIF, VM, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.engine.fences.drawn import keys_of
from xsconsole.errors import NotPromotable

OPEN = frozenset({Fault.LEAK, Fault.STRANGER, Fault.CARD, Fault.ROUTER})
STARTS = frozenset({Act.START, Act.START_ON, Act.RESUME, Act.UNPAUSE, Act.REBOOT, Act.FORCE_REBOOT})
OFF = frozenset({"Halted", "Suspended"})


def fenced_on(inventory: Inventory) -> frozenset[ConfigurationId]:
    """Return the configurations around which fences stand, read of no more than the names of keys."""
    own = (key for key in keys_of(inventory) if key.startswith(FENCE_PREFIX))
    return frozenset(ConfigurationId(key.removeprefix(FENCE_PREFIX).rpartition(".")[0]) for key in own)


def demand_startable(vm: VM, card: Card | None, fenced: frozenset[ConfigurationId], inventory: Inventory) -> None:
    """Refuse to start one machine, a member of what stands in a fence or its router, where that is not safe.

    Raises:
        NotPromotable: with the mend.
    """
    of_card = card.id if card is not None else ConfigurationId("")
    configuration = ConfigurationId(vm.other_config.get(ROUTER_KEY, of_card))
    standing = fence_on(keys_of(inventory), configuration) if configuration in fenced else None
    if standing is not None and vm.uuid in (*standing.site.members.values(), standing.site.router):
        demand_tight(standing, inventory)
        demand_together(standing, [vm], inventory)


def demand_tight(standing: StandingFence, inventory: Inventory) -> None:
    """Refuse to start anything of a fence of which something is known to be outside.

    Raises:
        NotPromotable: naming the first breach.
    """
    proof = prove(standing.fence, standing.site, inventory)
    breach = next((one for one in proof.breaches if one.fault in OPEN), None)
    if breach is not None:
        raise NotPromotable(
            reason=f"The fence “{shortened(standing.fence.name, 60)}” is not tight: {breach.sentence}",
            mend="Put that right first; `xsconsole fence prove` tells all of it.",
        )


def demand_together(standing: StandingFence, machines: Sequence[VM], inventory: Inventory) -> None:
    """Refuse to start machines that could come on different hosts, where they would not see each other.

    XAPI brings a machine to where another one runs on its private network. Where none runs yet it chooses any host, and
    for each of those that start at once another one.

    Raises:
        NotPromotable: a redeployment names one host for all.
    """
    if standing.site.vlans:
        return
    uuids = (*standing.site.members.values(), *filter(None, (standing.site.router,)))
    running = [vm for uuid in uuids if (vm := inventory.by_uuid(VM, uuid)) is not None and vm.power_state == "Running"]
    inside = frozenset(standing.site.networks.values())
    pinned = {network for vm in running for network in _networks_of(vm, inventory) if network in inside}
    lone = next((vm for vm in machines if vm.power_state in OFF and not pinned & _networks_of(vm, inventory)), None)
    if lone is not None:
        raise NotPromotable(
            reason=f"Nothing runs on the networks of “{shortened(lone.name_label, 60)}” in the fence "
            f"“{shortened(standing.fence.name, 60)}”, so it could start on another host than the rest of it.",
            mend="Redeploy the fence, which starts its router first and all of it on one host; undeploy it with "
            "--keep before, where something of it runs.",
        )


def _networks_of(vm: VM, inventory: Inventory) -> frozenset[Uuid]:
    vifs = (inventory.get(VIF, ref) for ref in vm.VIFs)
    networks = (inventory.get(Network, vif.network) for vif in vifs if vif is not None)
    return frozenset(network.uuid for network in networks if network is not None)
